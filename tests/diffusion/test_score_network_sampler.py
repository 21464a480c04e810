"""Samples of networks: threads, blocks, guidance, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.diffusion import training
from refimpl.diffusion.data_sets import two_moons
from refimpl.diffusion.score_network import ScoreNetwork, random_score_network
from refimpl.diffusion.score_network_sampler import BLOCK, sample_network
from refimpl.diffusion.sde import vp
from refimpl.diffusion.training import Training

MOONS = two_moons(400, np.random.default_rng(0))


def small(hidden: int = 8, seed: int = 0) -> ScoreNetwork:
    return random_score_network(vp(), (2, hidden, hidden), np.random.default_rng(seed), 1, 2)


def trained() -> ScoreNetwork:
    plan = Training(1e-2, 0.9, iterations=4, records=3)
    return training.train(small(), MOONS.points, plan, np.random.default_rng(1), MOONS.labels, 300).network


def test_threads_change_no_sample() -> None:
    h = trained()
    one, other = (sample_network(h, 600, 5, np.random.default_rng(3), 1, 0.5, threads=k) for k in (1, 3))
    np.testing.assert_array_equal(one, other)


def test_one_sample_too_many_for_the_blocks_is_sampled_too() -> None:
    for n in (1, BLOCK + 1):
        assert sample_network(small(), n, 2, rng()).shape == (n, 2)


def test_guided_samples_use_both_scores() -> None:
    h = trained()
    a = sample_network(h, 50, 5, np.random.default_rng(0), 1, 0.5)
    b = sample_network(h, 50, 5, np.random.default_rng(0), 1, 0.0)
    assert a.shape == b.shape == (50, 2)
    assert not np.allclose(a, b)


def test_samples_follow_from_the_generators_state() -> None:
    g, h = np.random.default_rng(0), small()
    state = g.bit_generator.state
    first, second = (sample_network(h, 5, 2, g) for _ in "ab")
    assert not np.array_equal(first, second)
    g.bit_generator.state = state
    np.testing.assert_array_equal(sample_network(h, 5, 2, g), first)
    np.testing.assert_array_equal(sample_network(h, 5, 2, g), second)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sample_network(small(), 5, 5, rng(), 2), ValueError, "y must be >= -1 and < 2"),
        (lambda: sample_network(small(), 5, 5, rng(), [0, 1]), ValueError, "y must be one label or 5"),
        (lambda: sample_network(small(), 5, 5, rng(), w=1.0), ValueError, "y must be given"),
        (lambda: sample_network(small(), 5, 5, rng(), t_end=0.0), ValueError, "t_end must be > 0"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
