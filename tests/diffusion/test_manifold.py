"""The circle under noise: limits, batches, bad input."""

import numpy as np
import pytest
import scipy

from refimpl.diffusion import manifold


def test_mass_of_the_noisy_circle():
    grid = np.linspace(-6, 6, 241)
    x = np.stack(np.meshgrid(grid, grid), -1)
    density = np.exp(manifold.circle_log_density(x, 1.5, 0.5))
    assert scipy.integrate.trapezoid(scipy.integrate.trapezoid(density, grid), grid) == pytest.approx(1, abs=1e-12)


def test_score_is_the_gradient():
    x, h = np.array([0.7, -1.1]), 1e-5
    slope = [
        (manifold.circle_log_density(x + h * e, 1.5, 0.4) - manifold.circle_log_density(x - h * e, 1.5, 0.4)) / (2 * h)
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(manifold.circle_score(x, 1.5, 0.4), slope, rtol=1e-8)


def test_the_centre_and_both_ends_of_the_noise():
    centre = np.zeros(2)
    np.testing.assert_array_equal(manifold.circle_denoiser(centre, 1.0, 0.1), centre)
    np.testing.assert_array_equal(manifold.circle_score(centre, 1.0, 0.1), centre)
    np.testing.assert_array_equal(manifold.nearest_on_circle(centre, 1.0), centre)
    x = np.array([[3.0, 4.0], [0.0, 0.5]])
    np.testing.assert_allclose(manifold.circle_denoiser(x, 1.0, 1e-9), manifold.nearest_on_circle(x, 1.0), rtol=1e-15)
    np.testing.assert_allclose(manifold.circle_denoiser(x, 1.0, 1e6), 0, atol=1e-11)
    assert np.isfinite(manifold.circle_log_density(x, 1.0, 1e-9)).all()


def test_batches():
    x = np.random.default_rng(0).standard_normal((3, 4, 2))
    assert manifold.circle_log_density(x, 1.0, 0.3).shape == (3, 4)
    for function in (manifold.circle_denoiser, manifold.circle_score):
        np.testing.assert_array_equal(function(x, 1.0, 0.3)[1, 2], function(x[1, 2], 1.0, 0.3))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (manifold.circle_log_density, ([1.0, 2.0, 3.0], 1.0, 1.0), r"x must have shape \(\.\.\., 2\)"),
        (manifold.circle_denoiser, ([1.0, np.nan], 1.0, 1.0), "x must be finite"),
        (manifold.circle_score, ([1.0, 2.0], 0.0, 1.0), "radius must be > 0, got 0"),
        (manifold.circle_score, ([1.0, 2.0], 1.0, 0.0), "sigma must be > 0, got 0"),
        (manifold.nearest_on_circle, ([1.0, 2.0], -1.0), "radius must be > 0, got -1"),
        (manifold.empirical_score, ([1.0], [[1.0, 2.0]], 1.0), "data must have shape"),
        (manifold.empirical_score, ([1.0], [[1.0]], 0.0), "sigma must be > 0"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
