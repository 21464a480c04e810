"""Cascades and their laws: batches, purity, singular cases, bad input."""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import cascade_laws, cascades

C = np.array([[1.0, 0.3], [0.3, 0.5]])
A = np.array([[1.0, 2.0]])
MIXTURE = [0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [np.eye(2), C]


def halve(x, sigma):
    return x / 2


def copy(x, y, sigma):
    return 0 * x + y[..., :1]


def test_pooling_keeps_batches_and_may_do_nothing():
    images = np.arange(48.0).reshape(2, 1, 4, 6)
    assert cascades.pool(images, 2).shape == (2, 1, 2, 3)
    np.testing.assert_array_equal(cascades.pool(images, 1), images)


def test_a_component_without_weight_stays_without():
    law = cascade_laws.conditional_mixture([100.0], A, 0.1, [0.0, 1.0], *MIXTURE[1:])
    np.testing.assert_array_equal(law.weights, [0.0, 1.0])
    far = cascade_laws.conditional_mixture([1e6], A, 0.1, *MIXTURE)
    assert np.isfinite(far.means).all()
    assert far.weights.sum() == pytest.approx(1)


def test_everything_seen_leaves_nothing_to_sample():
    law = cascade_laws.conditional_mixture([0.3, 0.7], np.eye(2), 0.0, *MIXTURE)
    np.testing.assert_allclose(law.means, [[0.3, 0.7]] * 2, atol=1e-14)
    np.testing.assert_allclose(law.covariances, 0, atol=1e-14)


def test_nothing_seen_leaves_the_data():
    mean, covariance = cascade_laws.cascade_law([1.0, 2.0], C, A, 1e9, [50.0], [[7.0]])
    np.testing.assert_allclose(mean, [1.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(covariance, C, atol=1e-6)


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
        (cascade_laws.conditional_mixture, ([0.0, 1.0], A, 0.1, *MIXTURE), "A must have shape"),
        (cascade_laws.conditional_mixture, ([0.0], A, -0.1, *MIXTURE), "s must be >= 0"),
        (cascade_laws.conditional_mixture, ([0.0], A, 0.1, [0.5, 0.4], *MIXTURE[1:]), "weights must sum to 1"),
        (cascade_laws.conditional_mixture, ([0.0], 0 * A, 0.0, *MIXTURE), "A must have independent rows"),
        (cascade_laws.cascade_law, ([0.0, 0.0], C, A, 0.0, [0.0], [[-1.0]]), "stage_covariance must be positive semi"),
        (cascade_laws.cascade_law, ([0.0, 0.0], -C, A, 0.0, [0.0], [[1.0]]), "C must be positive definite"),
        (
            cascade_laws.cascade_law,
            ([0.0, 0.0], C, np.ones((2, 2)), 0.0, [0.0, 0.0], C),
            "A must have independent rows",
        ),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
