"""The digits of the picture: what is denoised from little noise and from much."""

import numpy as np
import pytest

from figures.diffusion import tweedie
from figures.rendering import seed
from refimpl.data import digits


@pytest.fixture(scope="module")
def data() -> tweedie.Data:
    return tweedie.data("draft", np.random.default_rng(seed("diffusion/tweedie")))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return digits.load().images


def is_a(image: np.ndarray, images: np.ndarray) -> bool:
    """Whether it is one of the images, to half a grey level."""
    return bool((np.abs(images - image).max(axis=1) < 0.5 / 255).any())


def test_little_noise_leaves_a_true_digit_other_than_the_one_shown(data: tweedie.Data, images: np.ndarray) -> None:
    for clean, denoised in zip(data.clean, data.denoised[:, 0], strict=True):
        assert is_a(denoised, images)
        assert is_a(clean, images)
        assert np.abs(denoised - clean).max() > 0.1
    assert (data.averaged[:, 0] < 1.05).all()  # shown as 1.0


def test_much_noise_leaves_nearly_the_mean_of_all(data: tweedie.Data, images: np.ndarray) -> None:
    distance = np.linalg.norm(data.denoised[:, -1] - images.mean(axis=0), axis=1)
    assert (distance < 0.2 * np.linalg.norm(images - images.mean(axis=0), axis=1).mean()).all()
    assert (data.averaged[:, -1] > 0.9 * len(images)).all()


def test_more_noise_averages_more_digits(data: tweedie.Data) -> None:
    assert (np.diff(np.log(data.averaged).mean(axis=0)) > 0).all()


def test_denoising_brings_the_digit_nearer_where_noise_is_larger_than_the_gaps_between_digits(
    data: tweedie.Data,
) -> None:
    def distance(x: np.ndarray) -> np.ndarray:
        return np.linalg.norm(x - data.clean[:, None], axis=2)

    assert (distance(data.denoised) < distance(data.noisy))[:, data.sigmas >= 0.5].all()


def test_the_same_noise_at_every_level(data: tweedie.Data) -> None:
    z = (data.noisy - data.clean[:, None]) / data.sigmas[:, None]
    np.testing.assert_allclose(z, z[:, :1].repeat(len(data.sigmas), axis=1), atol=1e-12)


def test_the_counts_stand_under_the_pictures(data: tweedie.Data) -> None:
    texts = [text.get_text() for axes in tweedie.draw(data).axes for text in axes.texts]
    assert f"{data.averaged[0, -1]:,.0f}" in texts
    assert texts.count("average of") == len(data.clean)
