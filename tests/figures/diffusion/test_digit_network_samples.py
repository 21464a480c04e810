"""Digits sampled by a network: what the draft shows."""

import numpy as np
import pytest

from figures.diffusion import digit_network_samples
from figures.rendering import seed


@pytest.fixture(scope="module")
def data() -> digit_network_samples.Data:
    return digit_network_samples.data("draft", np.random.default_rng(seed("diffusion/digit_samples")))


def test_the_network_is_nearer_to_held_out_digits_than_a_gaussian(data: digit_network_samples.Data) -> None:
    held_out, gaussian, network, _ = data.distance
    assert held_out == 0
    assert data.floor < gaussian
    assert network < gaussian


def test_it_copies_no_more_than_held_out_digits_do(data: digit_network_samples.Data) -> None:
    assert data.nearest[2] > 0.8 * data.nearest[0]


def test_it_draws(data: digit_network_samples.Data) -> None:
    assert data.images.shape == (4, 40, 784)
    assert len(digit_network_samples.draw(data).axes) == 4
