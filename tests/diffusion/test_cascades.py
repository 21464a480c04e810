"""Cascades: batches, purity, divergence, bad input."""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import cascades


def halve(x, sigma):
    return x / 2


def copy(x, y, sigma):
    return 0 * x + y[..., :1]


def test_pooling_keeps_batches_and_may_do_nothing():
    images = np.arange(48.0).reshape(2, 1, 4, 6)
    assert cascades.pool(images, 2).shape == (2, 1, 2, 3)
    np.testing.assert_array_equal(cascades.pool(images, 1), images)


def test_cascades_take_batches_and_change_nothing():
    y, x, z = np.ones((2, 3, 1)), np.ones((2, 3, 2)), np.ones((2, 3, 1))
    kept = y.copy(), x.copy(), z.copy()
    out = cascades.cascade(halve, copy, y, x, z, 0.5, [2.0, 1.0, 0.0])
    alone = cascades.cascade(halve, copy, y[0, 0], x[0, 0], z[0, 0], 0.5, [2.0, 1.0, 0.0])
    np.testing.assert_allclose(out.low[1, 2], alone.low)
    np.testing.assert_allclose(out.high[1, 2], alone.high)
    for given, was in zip((y, x, z), kept, strict=True):
        np.testing.assert_array_equal(given, was)


def test_divergence_of_the_second_stage_is_reported():
    with pytest.raises(DivergedError):
        cascades.cascade(halve, lambda x, y, sigma: x * np.inf, [1.0], [1.0], [0.0], 0.0, [1.0, 0.0])


POINTS = np.zeros((3, 2)), np.zeros((3, 1)), np.zeros((5, 2)), np.zeros((5, 1))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (cascades.pool, (np.zeros((28, 27)), 4), r"factor must divide the sides \(28, 27\)"),
        (cascades.pool, (np.zeros(784), 4), r"images must have shape \(..., h, w\)"),
        (cascades.pool, (np.zeros((4, 4)), 0), "factor must be >= 1"),
        (cascades.pool, (np.full((4, 4), np.nan), 2), "images must be finite"),
        (cascades.conditional_empirical_denoiser, (*POINTS[:3], np.zeros((4, 1)), 1.0, 1.0), "low must have shape"),
        (cascades.conditional_empirical_denoiser, (POINTS[0], np.zeros((2, 1)), *POINTS[2:], 1.0, 1.0), "y must have"),
        (cascades.conditional_empirical_denoiser, (*POINTS, 1.0, 0.0), "s must be > 0"),
        (cascades.conditional_empirical_denoiser, (*POINTS, 0.0, 1.0), "sigma must be > 0"),
        (cascades.cascade, (halve, copy, [1.0], [1.0], [0.0, 1.0], 0.0, [1.0, 0.0]), "z must have shape"),
        (cascades.cascade, (halve, copy, [1.0], [1.0], [0.0], -1.0, [1.0, 0.0]), "s must be >= 0"),
        (cascades.cascade, (halve, copy, [1.0], [1.0], [0.0], 0.0, [0.0, 1.0]), "sigmas must be two numbers or more"),
        (cascades.cascade, (halve, None, [1.0], [1.0], [0.0], 0.0, [1.0, 0.0]), "high_denoiser must be callable"),
        (cascades.cascade, (halve, halve, [1.0], [1.0], [0.0], 0.0, [1.0, 0.0]), "takes|argument"),
        (cascades.cascade, (lambda y, s: y[:0], copy, [1.0], [1.0], [0.0], 0.0, [1.0, 0.0]), "must return shape"),
        (cascades.cascade, (halve, lambda x, y, s: x[:0], [1.0], [1.0], [0.0], 0.0, [1.0, 0.0]), "must return shape"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
