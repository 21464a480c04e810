"""Divergences of paths and the theorem's bound: long times, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import girsanov


def test_long_times_do_not_overflow():
    assert girsanov.path_divergence([1.0], 0.5, 1000.0, 10**5, [0.0]) > 0


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (girsanov.path_divergence, ([0.0, 1.0], 1.0, 1.0, 5, [0.0]), "error must have shape"),
        (girsanov.path_divergence, (0.0, 1.0, 1.0, 5, [0.0]), "m must have shape"),
        (girsanov.path_divergence, ([np.nan], 1.0, 1.0, 5, [0.0]), "m must be finite"),
        (girsanov.total_variation_bound, (-1.0, 1.0, 1.0, 1, 1.0, 1, 0.0), "kl must be >= 0"),
        (girsanov.total_variation_bound, (1.0, 1.0, 1.0, 1, 1.0, 1, np.inf), "epsilon must be finite"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)


def test_bad_numbers_of_steps_are_refused():
    for arguments, message in (
        ((0.0, 3, 0.1), "L must be > 0, got 0"),
        ((1.0, 0, 0.1), "p must be >= 1, got 0"),
        ((1.0, 3, -0.1), "epsilon must be > 0, got -0.1"),
    ):
        with pytest.raises(ValueError, match=message):
            girsanov.enough_steps(*arguments)
