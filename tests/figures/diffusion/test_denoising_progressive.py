"""One jump against small steps: where the denoiser's answer falls, and how far the data are."""

import numpy as np
import pytest

from figures.diffusion import denoising_progressive as figure
from figures.rendering import seed


@pytest.fixture(scope="module")
def data() -> figure.Data:
    return figure.data("draft", np.random.default_rng(seed("diffusion/progressive_denoising")))


def at(data: figure.Data, k: int, x: float) -> float:
    return float(np.interp(x, data.grid, data.laws[k]))


def test_laws_have_mass_one_and_the_answer_as_their_mean(data: figure.Data) -> None:
    h = data.grid[1] - data.grid[0]
    np.testing.assert_allclose(data.laws.sum(axis=1) * h, 1, atol=2e-3)
    np.testing.assert_allclose(data.laws @ data.grid * h, data.answers, atol=2e-2)


def test_one_shot_answers_where_there_are_no_data(data: figure.Data) -> None:
    assert at(data, 0, data.answers[0]) < 0.05 * data.laws[0].max()


def test_small_steps_answer_where_their_law_peaks(data: figure.Data) -> None:
    for k in range(1, len(data.x)):
        assert at(data, k, data.answers[k]) > 0.9 * data.laws[k].max()


def test_more_steps_come_nearer(data: figure.Data) -> None:
    assert (np.diff(data.deterministic) < 0).all()
    assert data.deterministic[-1] < 0.03
    assert data.stochastic[-1] < 0.1
    assert data.deterministic[0] == pytest.approx(data.stochastic[0])


def test_the_last_distances_fall_like_one_over_n(data: figure.Data) -> None:
    assert data.deterministic[-2] / data.deterministic[-1] == pytest.approx(2, rel=0.1)


def test_the_alternative_text_tells_the_distance_of_one_step(data: figure.Data) -> None:
    assert f"from {data.deterministic[0]:.1f} with one step" in figure.ALT


def test_both_kinds_of_step_are_drawn(data: figure.Data) -> None:
    labels = {
        text.get_text() for axes in figure.draw(data).axes if axes.get_legend() for text in axes.get_legend().texts
    }
    assert labels == {"deterministic steps", "stochastic steps", "$1/n$"}
