"""Stationarity: batches, tolerance, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.minimax.games import bilinear, polar, quadratic_saddle, weird_saddle
from refimpl.minimax.stationarity import classify


def test_batches_are_points_side_by_side():
    z = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    before = z.copy()
    found, one = classify(weird_saddle().payoff, z), classify(weird_saddle().payoff, z[1, 2])
    np.testing.assert_array_equal(z, before)
    assert found.kind.shape == found.slope.shape == (3, 4)
    assert found.kind[1, 2] == one.kind
    np.testing.assert_allclose([f[1, 2] for f in found[:3]], one[:3], rtol=1e-13)


def test_flat_payoffs_are_judged_too():
    assert classify(lambda x, y: (x * y)[..., 0], np.zeros(2)).kind == "undecided"
    assert classify(lambda x, y: (x + y)[..., 0], np.zeros(2)).kind == "not critical"


def test_the_tolerance_says_what_is_zero():
    point = [1e-4, 0.0]
    assert classify(quadratic_saddle().payoff, point).kind == "not critical"
    assert classify(quadratic_saddle().payoff, point, tolerance=1e-3).kind == "strict equilibrium"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: classify(polar().payoff, np.zeros(2)), TypeError, "payoff must be callable, got None"),
        (lambda: classify(bilinear().payoff, [np.inf, 0.0]), ValueError, "z must be finite, got inf"),
        (lambda: classify(bilinear().payoff, [0.0]), ValueError, "z must have more than dim_x = 1 coordinates"),
        (lambda: classify(bilinear().payoff, [0.0, 0.0], 0), ValueError, "dim_x must be >= 1, got 0"),
        (lambda: classify(bilinear().payoff, [0.0, 0.0], tolerance=-1), ValueError, "tolerance must be >= 0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
