"""Distances fall to floors that the exact law predicts."""

import numpy as np
import pytest

from figures.sampling import gaussian_law_bias


@pytest.fixture(scope="module")
def data() -> gaussian_law_bias.Data:
    return gaussian_law_bias.data("draft", np.random.default_rng(0))


def test_distances_fall_to_their_floors(data: gaussian_law_bias.Data) -> None:
    for distance, floor in ((data.kl, data.kl_floor), (data.w2, data.w2_floor)):
        np.testing.assert_allclose(distance[:, -1], floor, rtol=1e-6)
        assert (np.diff(distance, axis=1) <= 1e-9 * distance[:, :1]).all()
    np.testing.assert_allclose(data.w2_floor[:-1] / data.w2_floor[1:], 10, rtol=0.2)
    np.testing.assert_allclose(data.kl_floor[:-1] / data.kl_floor[1:], 100, rtol=0.4)
    assert (data.bound > data.kl[-1]).all()


def test_either_distance_has_its_picture(data: gaussian_law_bias.Data) -> None:
    assert len(gaussian_law_bias.draw(data).axes) == 2


def test_texts_are_there() -> None:
    assert all(len(text) > 15 for text in (gaussian_law_bias.SLIDE, gaussian_law_bias.CAPTION, gaussian_law_bias.ALT))
