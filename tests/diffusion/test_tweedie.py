"""Tweedie's formula, on NumPy and on what only looks like it."""

import autograd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.diffusion import tweedie
from refimpl.diffusion.tweedie import tweedie_covariance, tweedie_denoiser

COVARIANCE = np.array([[2.0, 0.7], [0.7, 1.0]])


def gaussian_score(sigma):
    precision = np.linalg.inv(COVARIANCE + sigma**2 * np.eye(2))
    return lambda x: -x @ precision


def gaussian_jacobian(sigma):
    return lambda x: np.broadcast_to(-np.linalg.inv(COVARIANCE + sigma**2 * np.eye(2)), (*x.shape, 2))


def test_posterior_of_a_gaussian():
    rng = np.random.default_rng(0)
    x, sigma = rng.standard_normal((5, 2)), 0.6
    gain = COVARIANCE @ np.linalg.inv(COVARIANCE + sigma**2 * np.eye(2))
    np.testing.assert_allclose(tweedie_denoiser(x, gaussian_score(sigma), sigma), x @ gain.T, rtol=1e-13)
    posterior = COVARIANCE - gain @ COVARIANCE
    C = tweedie_covariance(x, gaussian_jacobian(sigma), sigma)
    np.testing.assert_allclose(C, np.broadcast_to(posterior, (5, 2, 2)), rtol=1e-13)


@settings(deadline=None)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 4))
def test_shapes(batch, p):
    x = np.ones((*batch, p))
    assert tweedie_denoiser(x, np.negative, 0.5).shape == x.shape
    assert tweedie_covariance(x, lambda x: -np.eye(p) + 0 * x[..., None], 0.5).shape == (*batch, p, p)


def test_other_libraries_run_the_same_formulas():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = np.array([1.0, -2.0])
    D, C = tweedie_denoiser(x, lambda x: -(x**3), 0.5), tweedie_covariance(x, gaussian_jacobian(0.5), 0.5)
    on_torch = tweedie_denoiser(torch.tensor(x), lambda x: -(x**3), 0.5)
    np.testing.assert_allclose(on_torch, D, rtol=1e-15)
    np.testing.assert_allclose(tweedie_denoiser(jax.numpy.asarray(x), lambda x: -(x**3), 0.5), D, rtol=1e-6)
    J = torch.tensor(gaussian_jacobian(0.5)(x))
    np.testing.assert_allclose(tweedie_covariance(torch.tensor(x), lambda x: J, 0.5), C, rtol=1e-15)


def test_covariance_is_the_jacobian_of_the_denoiser():
    x, sigma = np.array([0.3, -1.1]), 0.7
    J = autograd.jacobian(lambda x: tweedie_denoiser(x, gaussian_score(sigma), sigma))(x)
    np.testing.assert_allclose(tweedie_covariance(x, gaussian_jacobian(sigma), sigma), sigma**2 * J, rtol=1e-13)


def test_more_noise_than_squares_can_hold():
    D = tweedie_denoiser([3.0], lambda x: -x / 2 / 1e155 / 1e155, 1e155)
    np.testing.assert_allclose(D, [1.5], rtol=1e-12)


def test_the_point_stays_as_it_was():
    x = np.array([1.0, 2.0])
    tweedie_denoiser(x, np.negative, 0.5)
    tweedie_covariance(x, lambda x: np.eye(2), 0.5)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize(
    "name",
    ["tweedie_denoiser", "mixture_score", "empirical_denoiser", "denoising_step", "ancestral_denoising_step"],
)
def test_names_that_other_code_calls_have_their_home_here(name):
    assert getattr(tweedie, name).__module__ == tweedie.__name__


GOOD = {"x": [1.0, 2.0], "score": np.negative, "score_jacobian": lambda x: np.eye(2), "sigma": 1.0}


@pytest.mark.parametrize(
    ("function", "bad", "message"),
    [
        (f, bad, message)
        for f in (tweedie_denoiser, tweedie_covariance)
        for bad, message in [
            ({"x": [1.0, np.nan]}, "x must be finite, got nan"),
            ({"x": [np.inf]}, "x must be finite"),
            ({"x": []}, "x must not be empty"),
            ({"x": 1.0}, r"x must have shape \(\.\.\., p\)"),
            ({"x": ["a"]}, "x must hold real numbers"),
            ({"sigma": 0.0}, "sigma must be > 0, got 0"),
            ({"sigma": -0.1}, "sigma must be > 0, got -0.1"),
            ({"sigma": np.nan}, "sigma must be finite"),
            ({"sigma": "1"}, "sigma must"),
            ({"sigma": True}, "sigma must be a real number"),
            ({"sigma": [1.0, 2.0]}, "sigma must be one number"),
        ]
    ]
    + [
        (tweedie_denoiser, {"score": 3.0}, "score must be callable"),
        (tweedie_denoiser, {"score": lambda x: x[:1]}, "score must return"),
        (tweedie_covariance, {"score_jacobian": None}, "score_jacobian must be callable"),
        (tweedie_covariance, {"score_jacobian": np.negative}, "score_jacobian must return"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    arguments = {name: value for name, value in (GOOD | bad).items() if name in function.domains}
    with pytest.raises((TypeError, ValueError), match=message):
        function(**arguments)
