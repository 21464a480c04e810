"""Sampling with a denoiser: shapes, streams, divergence, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import denoising


def gaussian(x, sigma):
    """The denoiser of N(1, 2)."""
    return (2 * x + sigma**2) / (2 + sigma**2)


@settings(deadline=None)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 4))
def test_shapes(batch, p):
    x = np.ones((*batch, p))
    rng = np.random.default_rng(0)
    assert denoising.denoise(gaussian, x, [2.0, 1.0, 0.0]).shape == x.shape
    assert denoising.ancestral_denoise(gaussian, x, [2.0, 1.0, 0.0], rng).shape == x.shape


def test_same_generator_same_samples_and_inputs_stay():
    x = np.ones((5, 2))
    first, second = (denoising.ancestral_denoise(gaussian, x, [2.0, 1.0, 0.5], np.random.default_rng(3)) for _ in "ab")
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(x, 1.0)


def test_divergence_is_reported_with_the_last_state():
    with pytest.raises(DivergedError) as caught:
        denoising.denoise(lambda x, sigma: 1e200 * x, [1.0], [3.0, 2.0, 1.0, 0.5])
    assert caught.value.step == 1
    assert np.isfinite(caught.value.last).all()
    with pytest.raises(DivergedError):
        denoising.ancestral_denoise(lambda x, sigma: x * np.nan, [1.0], [3.0, 2.0], np.random.default_rng(0))


GOOD = {
    "denoiser": gaussian,
    "x": [1.0, 2.0],
    "sigmas": [2.0, 1.0, 0.0],
    "rng": np.random.default_rng(0),
}

DRIVERS = (denoising.denoise, denoising.ancestral_denoise)


@pytest.mark.parametrize("function", DRIVERS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"denoiser": 3.0}, "denoiser must be callable"),
        ({"denoiser": lambda x, sigma: x[:1]}, "denoiser must return"),
        ({"x": [np.nan, 1.0]}, "x must be finite"),
        ({"x": 1.0}, "x must have shape"),
        ({"sigmas": [1.0]}, "sigmas must be two numbers or more, falling"),
        ({"sigmas": [1.0, 2.0]}, "sigmas must be two numbers or more, falling"),
        ({"sigmas": [2.0, 2.0]}, "sigmas must be two numbers or more, falling"),
        ({"sigmas": [2.0, 0.0, -1.0]}, "sigmas must be two numbers or more, falling"),
        ({"sigmas": [np.inf, 0.0]}, "sigmas must be finite"),
        ({"sigmas": [[2.0, 1.0]]}, "sigmas must have shape"),
        ({"rng": None}, "rng must be a numpy.random.Generator"),
        ({"rng": 0}, "rng must be a numpy.random.Generator"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    if set(bad) <= set(function.domains):
        arguments = {name: value for name, value in (GOOD | bad).items() if name in function.domains}
        with pytest.raises((TypeError, ValueError), match=message):
            function(**arguments)
