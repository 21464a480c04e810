"""Steps that take noise away, their schedules and their exact laws: shapes, other libraries, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.diffusion import denoising, tweedie
from refimpl.diffusion.gaussian_law import ancestral_denoising_law, denoising_law
from refimpl.diffusion.schedules import march, noise_levels


def gaussian(x, sigma):
    """The denoiser of N(1, 2)."""
    return (2 * x + sigma**2) / (2 + sigma**2)


@settings(deadline=None)
@given(batch=st.lists(st.integers(1, 3), max_size=3), p=st.integers(1, 4))
def test_shapes(batch, p):
    x = np.ones((*batch, p))
    rng = np.random.default_rng(0)
    assert tweedie.denoising_step(gaussian, x, 2.0, 1.0).shape == x.shape
    assert tweedie.ancestral_denoising_step(gaussian, x, 2.0, 1.0, x).shape == x.shape
    assert denoising.denoise(gaussian, x, [2.0, 1.0, 0.0]).shape == x.shape
    assert denoising.ancestral_denoise(gaussian, x, [2.0, 1.0, 0.0], rng).shape == x.shape


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


def test_same_generator_same_samples_and_inputs_stay():
    x = np.ones((5, 2))
    first, second = (denoising.ancestral_denoise(gaussian, x, [2.0, 1.0, 0.5], np.random.default_rng(3)) for _ in "ab")
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(x, 1.0)


def test_noise_levels_end_in_zero():
    assert noise_levels(9.0, 1.0, 1).tolist() == [pytest.approx(9.0), 0.0]
    assert noise_levels(80.0, 0.002, 3, rho=0.02) == pytest.approx([80.0, 80.0 * 0.5**0.02, 0.002, 0.0])
    levels = noise_levels(80.0, 0.002, 18)
    assert len(levels) == 19
    assert (np.diff(levels) < 0).all()
    assert levels[[0, -2, -1]] == pytest.approx([80.0, 0.002, 0.0])


def test_divergence_is_reported_with_the_last_state():
    with pytest.raises(DivergedError) as caught:
        denoising.denoise(lambda x, sigma: 1e200 * x, [1.0], [3.0, 2.0, 1.0, 0.5])
    assert caught.value.step == 1
    assert np.isfinite(caught.value.last).all()
    with pytest.raises(DivergedError):
        denoising.ancestral_denoise(lambda x, sigma: x * np.nan, [1.0], [3.0, 2.0], np.random.default_rng(0))


def test_laws_of_many_coordinates_at_once():
    m, v, sigmas = np.array([1.0, 2.0]), np.array([0.5, 3.0]), [4.0, 2.0, 1.0, 0.0]
    for law in (denoising_law, ancestral_denoising_law):
        mean, variance = law(m, v, sigmas, 0.0, 16.0)
        for i in range(2):
            assert law(m[i], v[i], sigmas, 0.0, 16.0) == (mean[i], variance[i])


GOOD = {
    "denoiser": gaussian,
    "x": [1.0, 2.0],
    "sigma": 2.0,
    "sigma_next": 1.0,
    "z": [0.0, 0.0],
    "sigmas": [2.0, 1.0, 0.0],
    "rng": np.random.default_rng(0),
}
STEPS = (tweedie.denoising_step, tweedie.ancestral_denoising_step)
DRIVERS = (denoising.denoise, denoising.ancestral_denoise)


@pytest.mark.parametrize("function", STEPS + DRIVERS)
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise_levels(1.0, 2.0, 5), "sigma_min must be < sigma_max = 1, got 2"),
        (lambda: noise_levels(1.0, 0.0, 5), "sigma_min must be > 0"),
        (lambda: noise_levels(2.0, 1.0, 0), "num_steps must be >= 1"),
        (lambda: noise_levels(2.0, 1.0, 5, rho=0.0), "rho must be > 0"),
        (
            lambda: noise_levels(80.0, 0.002, 5, rho=1e-3),
            "rho must be larger for noise levels from 80 to 0.002, got 0.001",
        ),
        (lambda: march(None, [1.0], [2.0, 1.0]), "step must be callable"),
        (lambda: denoising_law(0.0, -1.0, [2.0, 1.0], 0.0, 1.0), "v must be >= 0, got -1"),
        (lambda: denoising_law(0.0, 1.0, [1.0, 2.0], 0.0, 1.0), "sigmas must be two"),
        (lambda: ancestral_denoising_law(0.0, 1.0, [2.0, 1.0], 0.0, -2.0), "v0 must be >= 0, got -2"),
        (lambda: ancestral_denoising_law(np.nan, 1.0, [2.0, 1.0], 0.0, 2.0), "m must be finite"),
    ],
)
def test_bad_schedules_and_laws_are_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
