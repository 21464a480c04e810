"""Densities under noise, and the Gaussians they tend to."""

import numpy as np
import pytest

from figures.diffusion import denoising_growing_noise


@pytest.fixture(scope="module")
def data() -> denoising_growing_noise.Data:
    return denoising_growing_noise.data("draft", np.random.default_rng(0))


def test_densities_have_mass_one_and_the_gaussians_mean_and_variance(data: denoising_growing_noise.Data) -> None:
    for x, density, gaussian in zip(data.x, data.density, data.gaussian, strict=True):
        h = x[1] - x[0]
        mean, variance = gaussian @ x * h, gaussian @ (x - gaussian @ x * h) ** 2 * h
        assert density.sum() * h == pytest.approx(1, abs=1e-3)
        assert density @ x * h == pytest.approx(mean, abs=2e-2 * np.sqrt(variance))
        assert density @ (x - mean) ** 2 * h == pytest.approx(variance, rel=2e-2)


def test_they_become_gaussian(data: denoising_growing_noise.Data) -> None:
    assert (np.diff(data.distance) < 0).all()
    assert data.distance[0] > 0.4
    assert data.distance[-1] < 0.01


def test_the_alternative_text_tells_the_same_numbers(data: denoising_growing_noise.Data) -> None:
    assert f"{data.distance[0]:.2f}" in denoising_growing_noise.ALT


def test_each_panel_names_its_noise(data: denoising_growing_noise.Data) -> None:
    titles = [axes.get_title() for axes in denoising_growing_noise.draw(data).axes]
    assert all(f"$t = {t:g}$" in title for t, title in zip(data.noise, titles, strict=True))
