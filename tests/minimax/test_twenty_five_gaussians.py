"""The 25 Gaussians: their own samples, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.minimax.twenty_five_gaussians import mode_counts, quality, sample_gaussians


def test_true_samples_are_of_high_quality() -> None:
    measured = quality(sample_gaussians(10_000, np.random.default_rng(0)), least=100)
    assert measured.modes == 25
    assert measured.share > 0.99


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mode_counts([1.0, 2.0]), ValueError, "samples must have shape"),
        (lambda: quality(np.zeros((3, 2)), least=0), ValueError, "least must be >= 1"),
        (lambda: sample_gaussians(5, None), TypeError, "rng must be a numpy.random.Generator"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_samples_may_be_as_far_away_as_numbers_go():
    assert quality(np.array([[1e300, -1e300], [0.0, 0.0]])) == (1, 0.5)
