"""Denoising 256 queries by ten thousand digits, against what no implementation can do without, and against torch."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.data import digits
from refimpl.diffusion.tweedie import empirical_denoiser

SIGMAS = [0.03, 0.3, 1.0, 3.0, 10.0]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return digits.load().images


def noisy(images: np.ndarray, sigma: float) -> np.ndarray:
    """256 digits under noise."""
    rng = np.random.default_rng(0)
    chosen = images[rng.choice(len(images), 256, replace=False)]
    return chosen + sigma * rng.standard_normal(chosen.shape)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_empirical_denoiser_against_two_bare_products(race: Callable, images: np.ndarray, sigma: float) -> None:
    x, w = noisy(images, sigma), np.random.default_rng(1).random((256, len(images)))
    D = race(lambda: empirical_denoiser(x, images, sigma), bare_products=lambda: (x @ images.T, w @ images))
    assert D.shape == x.shape


@pytest.mark.parametrize("sigma", SIGMAS)
def test_empirical_denoiser_against_torch(race: Callable, images: np.ndarray, sigma: float) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = noisy(images, sigma)
    queries, data = torch.from_numpy(x), torch.from_numpy(images)

    def denoise() -> np.ndarray:
        squares = (queries**2).sum(1)[:, None] - 2 * (queries @ data.T) + (data**2).sum(1)
        return (torch.softmax(squares / (-2 * sigma**2), dim=1) @ data).numpy()

    D = race(lambda: empirical_denoiser(x, images, sigma), torch=denoise)
    np.testing.assert_allclose(D, denoise(), atol=1e-11 / min(sigma, 1) ** 2)
