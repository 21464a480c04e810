"""Pictures noised and brought back: what the draft shows."""

import numpy as np
import pytest

from figures.diffusion import sampler_there_and_back
from figures.rendering import seed


@pytest.fixture(scope="module")
def data() -> sampler_there_and_back.Data:
    return sampler_there_and_back.data("draft", np.random.default_rng(seed("diffusion/there_and_back")))


def test_from_little_noise_the_same_picture_returns(data: sampler_there_and_back.Data) -> None:
    away = np.linalg.norm(data.returned - data.pictures, axis=2)
    noise = np.linalg.norm(data.noised - data.pictures, axis=2)
    assert (away[0] < noise[-1] / 2).all()
    assert away[0].mean() < away[-1].mean() / 2


def test_it_draws(data: sampler_there_and_back.Data) -> None:
    assert len(sampler_there_and_back.draw(data).axes) == 42
