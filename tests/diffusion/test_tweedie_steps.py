"""The steps that take noise away: shapes, ends, other libraries, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.diffusion import tweedie


def gaussian(x, sigma):
    """The denoiser of N(1, 2)."""
    return (2 * x + sigma**2) / (2 + sigma**2)


@settings(deadline=None)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 4))
def test_shapes(batch, p):
    x = np.ones((*batch, p))
    assert tweedie.denoising_step(gaussian, x, 2.0, 1.0).shape == x.shape
    assert tweedie.ancestral_denoising_step(gaussian, x, 2.0, 1.0, x).shape == x.shape


def test_ends_of_a_step():
    x, z = np.array([3.0, -1.0]), np.ones(2)
    np.testing.assert_array_equal(tweedie.denoising_step(gaussian, x, 2.0, 2.0), x)
    np.testing.assert_array_equal(tweedie.denoising_step(gaussian, x, 2.0, 0.0), gaussian(x, 2.0))
    np.testing.assert_array_equal(tweedie.ancestral_denoising_step(gaussian, x, 2.0, 2.0, z), x)
    np.testing.assert_array_equal(tweedie.ancestral_denoising_step(gaussian, x, 2.0, 0.0, z), gaussian(x, 2.0))


def test_torch_runs_the_same_steps():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x, z = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    on_torch = tweedie.denoising_step(gaussian, torch.tensor(x), 2.0, 1.0)
    np.testing.assert_allclose(on_torch, tweedie.denoising_step(gaussian, x, 2.0, 1.0), rtol=1e-15)
    on_torch = tweedie.ancestral_denoising_step(gaussian, torch.tensor(x), 2.0, 1.0, torch.tensor(z))
    np.testing.assert_allclose(on_torch, tweedie.ancestral_denoising_step(gaussian, x, 2.0, 1.0, z), rtol=1e-15)


@pytest.mark.parametrize("ratio", [1e7, 3e7, 1e8, 1e12])
def test_long_stochastic_steps_keep_their_digits(ratio):
    x = np.array([1.0, -3.0])
    step = tweedie.ancestral_denoising_step(lambda x, sigma: 0 * x, x, 1.0, 1 / ratio, 0 * x)
    np.testing.assert_allclose(step, x / ratio**2, rtol=1e-14)


def test_short_stochastic_steps_keep_their_digits():
    step = tweedie.ancestral_denoising_step(lambda x, sigma: 0 * x, [0.0], 1.0, 1 - 2.0**-50, [1.0])
    np.testing.assert_allclose(step, 2.0**-24.5, rtol=1e-14)


GOOD = {
    "denoiser": gaussian,
    "x": [1.0, 2.0],
    "sigma": 2.0,
    "sigma_next": 1.0,
    "z": [0.0, 0.0],
}

STEPS = (tweedie.denoising_step, tweedie.ancestral_denoising_step)


@pytest.mark.parametrize("function", STEPS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"denoiser": 3.0}, "denoiser must be callable"),
        ({"denoiser": lambda x, sigma: x[:1]}, "denoiser must return"),
        ({"x": [np.nan, 1.0]}, "x must be finite"),
        ({"x": 1.0}, "x must have shape"),
        ({"sigma": 0.0}, "sigma must be > 0, got 0"),
        ({"sigma_next": -1.0}, "sigma_next must be >= 0, got -1"),
        ({"sigma_next": 3.0}, "sigma_next must be <= sigma = 2, got 3"),
        ({"z": [0.0]}, "z must have shape"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    if set(bad) <= set(function.domains):
        arguments = {name: value for name, value in (GOOD | bad).items() if name in function.domains}
        with pytest.raises((TypeError, ValueError), match=message):
            function(**arguments)
