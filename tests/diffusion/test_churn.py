"""Steps that first add noise: shapes, ends, other libraries, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import churn, tweedie


def gaussian(x, sigma):
    """The denoiser of N(1, 2)."""
    return (2 * x + sigma**2) / (2 + sigma**2)


@pytest.mark.parametrize("shape", [(1,), (7, 2), (2, 3, 4)])
def test_shapes(shape):
    x = np.ones(shape)
    assert churn.churn_step(gaussian, x, 2.0, 1.0, 0.2, x).shape == shape


def test_ends_of_a_step():
    x, z = np.array([3.0, -1.0]), np.ones(2)
    np.testing.assert_array_equal(churn.churn_step(gaussian, x, 2.0, 2.0, 0.0, z), x)
    np.testing.assert_array_equal(churn.churn_step(gaussian, x, 2.0, 0.0, 0.0, z), gaussian(x, 2.0))
    euler = tweedie.denoising_step(gaussian, x, 2.0, 1.0)
    d, later = (x - gaussian(x, 2.0)) / 2, euler - gaussian(euler, 1.0)
    np.testing.assert_allclose(churn.churn_step(gaussian, x, 2.0, 1.0, 0.0, z), x - (d + later) / 2, rtol=1e-14)


def test_torch_runs_the_same_steps():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x, z = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    on_torch = churn.churn_step(gaussian, torch.tensor(x), 2.0, 1.0, 0.3, torch.tensor(z))
    np.testing.assert_allclose(on_torch, churn.churn_step(gaussian, x, 2.0, 1.0, 0.3, z), rtol=1e-14)


GOOD = {"denoiser": gaussian, "x": [1.0, 2.0], "sigma": 2.0, "sigma_next": 1.0, "gamma": 0.1, "z": [0.0, 0.0]}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"denoiser": lambda x, sigma: x[:1]}, "denoiser must return"),
        ({"x": [np.nan, 1.0]}, "x must be finite"),
        ({"sigma": 0.0}, "sigma must be > 0, got 0"),
        ({"sigma_next": 3.0}, "sigma_next must be <= sigma = 2, got 3"),
        ({"gamma": -0.1}, "gamma must be >= 0, got -0.1"),
        ({"z": [0.0]}, "z must have shape"),
    ],
)
def test_bad_input_is_refused(bad, message):
    with pytest.raises((TypeError, ValueError), match=message):
        churn.churn_step(**GOOD | bad)


def test_bad_amounts_are_refused():
    for arguments, message in (((-1.0, 4), "churn must be >= 0, got -1"), ((1.0, 0), "num_steps must be >= 1, got 0")):
        with pytest.raises(ValueError, match=message):
            churn.churn_amount(*arguments)
