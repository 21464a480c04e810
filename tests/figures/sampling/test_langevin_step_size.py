"""Histograms and the density, for growing steps."""

import numpy as np
import pytest

from figures.sampling import langevin_step_size


@pytest.fixture(scope="module")
def data() -> langevin_step_size.Data:
    return langevin_step_size.data("draft", np.random.default_rng(0))


def test_histograms_leave_the_density_as_the_step_grows(data: langevin_step_size.Data) -> None:
    distances = [langevin_step_size.distance(heights, data) for heights in data.histograms]
    assert (np.diff(distances) > 0.02).all()
    assert distances[0] < 0.04


def test_each_step_has_its_picture(data: langevin_step_size.Data) -> None:
    assert len(langevin_step_size.draw(data).axes) == len(langevin_step_size.ETAS)


def test_texts_are_there() -> None:
    assert all(
        len(text) > 15 for text in (langevin_step_size.SLIDE, langevin_step_size.CAPTION, langevin_step_size.ALT)
    )
