"""Training of GANs: resuming, divergence, bad input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.minimax.gan import Gan
from refimpl.minimax.gan_training import ALGORITHMS, Training, train

SMALL = Gan((2, 8, 2), (2, 8, 1), batch=16)


def small(algorithm: str) -> Training:
    return Training(algorithm, 1e-3, 1e-6, inner=2, iterations=4, records=3, gan=SMALL)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_training_resumes_where_it_stopped(algorithm: str, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(records: int) -> None:
        if records == 2:
            raise Stop

    file = tmp_path / "partial.npz"
    whole = train(small(algorithm), np.random.default_rng(1), 50)
    with pytest.raises(Stop):
        train(small(algorithm), np.random.default_rng(1), 50, stop, file)
    seen: list[int] = []
    resumed = train(small(algorithm), np.random.default_rng(1), 50, seen.append, file)
    assert seen == [3]
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.samples.shape == (4, 50, 2)
    assert list(whole.iterations) == [0, 4, 8, 12]
    assert [path.name for path in tmp_path.iterdir()] == ["partial.npz"]
    with pytest.raises(ValueError, match="path must hold partial results of this training"):
        train(small(algorithm), np.random.default_rng(2), 50, path=file)


def test_training_that_diverges_says_where() -> None:
    training = small("sgd")._replace(step=1e3, iterations=40)
    with pytest.raises(DivergedError) as caught:
        train(training, np.random.default_rng(0), 50)
    assert caught.value.step == caught.value.last.iterations[-1]
    assert np.isfinite(caught.value.last.x).all()


def test_what_diverged_had_gone_the_way_of_a_shorter_training() -> None:
    training = small("sgd")._replace(step=30.0, iterations=2, records=40)
    with pytest.raises(DivergedError) as caught:
        train(training, np.random.default_rng(0), 50)
    last, records = caught.value.last, caught.value.step // 2
    assert 1 <= records < 40
    shorter = train(training._replace(records=records), np.random.default_rng(0), 50)
    for one, other in zip(last, shorter, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_drawn_follows_from_the_state_of_the_generator() -> None:
    one = np.random.default_rng(5)
    one.random(7)
    state = one.bit_generator.state
    first, second = (train(small("sgd"), one, 5) for _ in range(2))
    assert (first.samples != second.samples).any()
    one.bit_generator.state = state
    np.testing.assert_array_equal(train(small("sgd"), one, 5).samples, first.samples)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train(small("rmsprop"), rng()), ValueError, "training.algorithm must be one of"),
        (lambda: train(small("sgd")._replace(step=0), rng()), ValueError, "training.step must be > 0"),
        (lambda: train(small("mirror_prox")._replace(inner=3), rng()), ValueError, "a multiple of a round's 6"),
        (lambda: train(small("sgd")._replace(gan=SMALL._replace(batch=0)), rng()), ValueError, "batch must be >= 1"),
        (lambda: train(small("sgd"), None), TypeError, "rng must be"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
