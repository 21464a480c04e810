"""Algorithms for GANs: a round leaves its arguments alone, and refuses bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.minimax import gan_algorithms
from refimpl.minimax.gan import Gan, Players, random_draw, random_players

SMALL = Gan((2, 8, 2), (2, 8, 1), batch=16)


def test_a_round_changes_nothing_that_it_is_given() -> None:
    rng = np.random.default_rng(0)
    z, draws = random_players(SMALL, rng), [random_draw(SMALL, rng) for _ in range(2)]
    copies = [z.x.copy(), z.y.copy(), draws[0].real.copy()]
    gan_algorithms.sgd_round(SMALL, z, draws, 0.1)
    for one, copy in zip((z.x, z.y, draws[0].real), copies, strict=True):
        np.testing.assert_array_equal(one, copy)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def prox_with_odd_draws() -> Players:
    z = Players(*map(gan_algorithms.RMSState, random_players(SMALL, rng()), random_players(SMALL, rng())))
    return gan_algorithms.mirror_prox_round(SMALL, z, [random_draw(SMALL, rng())], 1e-3, 0.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gan_algorithms.sgd_round(SMALL, random_players(SMALL, rng()), [], 0.1), TypeError, "draws must be"),
        (lambda: gan_algorithms.sgd_round(SMALL, 3, [], 0.1), TypeError, "z must be Players"),
        (
            lambda: gan_algorithms.mirror_round(SMALL, random_players(SMALL, rng()), [random_draw(SMALL, rng())], 1, 0),
            TypeError,
            "z must be Players of RMSStates, got",
        ),
        (lambda: prox_with_odd_draws(), ValueError, "draws must be of even number"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
