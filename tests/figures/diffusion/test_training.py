"""A network learns a score: what the draft shows."""

import numpy as np
import pytest

from figures.diffusion import training
from figures.rendering import seed


@pytest.fixture(scope="module")
def data() -> training.Data:
    return training.data("draft", np.random.default_rng(seed("diffusion/training")))


def test_every_loss_beats_the_gaussian_and_improves(data: training.Data) -> None:
    assert (data.errors[:, -1] < 0.25).all()
    assert (data.errors[:, -1] < data.errors[:, 3] / 1.5).all()
    assert 0.5 < data.gaussian_error < 1


def test_the_network_is_nearer_to_the_moons_than_the_gaussian(data: training.Data) -> None:
    moons, gaussian, network = data.distances
    assert moons < gaussian / 2
    assert network < 0.7 * gaussian


def test_it_draws(data: training.Data) -> None:
    assert len(training.draw(data).axes) == 4
