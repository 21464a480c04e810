"""A long step mixes well and is too wide."""

import numpy as np
import pytest

from figures.sampling import posterior


@pytest.fixture(scope="module")
def data() -> posterior.Data:
    return posterior.data("draft", np.random.default_rng(0))


def test_a_long_step_mixes_well_and_is_too_wide(data: posterior.Data) -> None:
    middles = (posterior.EDGES[1:] + posterior.EDGES[:-1]) / 2
    long, short, adjusted = data.heights @ middles**2 / data.heights.sum(1)
    assert long > 1.5
    assert abs(short - 1) < 0.25
    assert abs(adjusted - 1) < 0.15
    assert (data.rhat < 1.1).all()
    assert data.ess[0] > data.ess[2] > data.ess[1]


def test_the_picture_has_two_axes(data: posterior.Data) -> None:
    assert len(posterior.draw(data).axes) == 2


def test_texts_are_there() -> None:
    assert all(len(text) > 15 for text in (posterior.SLIDE, posterior.CAPTION, posterior.ALT))
