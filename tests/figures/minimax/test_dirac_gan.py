"""What the figure of the Dirac-GAN must show."""

import numpy as np
import pytest

from figures.minimax import dirac_gan


@pytest.fixture(scope="module")
def data():
    return dirac_gan.data("draft", np.random.default_rng(0))


def test_both_runs_make_500_steps_from_the_same_start(data):
    assert data.simultaneous.shape == data.alternating.shape == (501, 2)
    assert data.simultaneous[0].tolist() == data.alternating[0].tolist() == [1, 1]


def test_simultaneous_steps_lead_ever_further_away(data):
    norms = np.linalg.norm(data.simultaneous, axis=1)
    assert (np.diff(norms) > 0).all()
    slopes = 1 / (1 + np.exp(data.simultaneous.prod(1)))
    np.testing.assert_allclose(norms[1:] / norms[:-1], np.sqrt(1 + (data.h * slopes[:-1]) ** 2), rtol=1e-13)


def test_alternating_steps_stay_on_a_ring_and_go_round(data):
    norms = np.linalg.norm(data.alternating, axis=1)
    assert norms.max() / norms.min() < 1.1
    angles = np.unwrap(np.arctan2(*data.alternating.T[::-1]))
    assert (np.diff(angles) > 0).all()
    assert angles[-1] - angles[0] > 4 * 2 * np.pi


def test_the_arrows_are_tangent_to_circles_and_turn_anticlockwise(data):
    x, y = np.moveaxis(data.points, -1, 0)
    u, v = np.moveaxis(data.field, -1, 0)
    np.testing.assert_allclose(x * u + y * v, 0, atol=1e-14)
    assert (x * v - y * u >= 0).all()


def test_the_alternative_text_tells_the_numbers(data):
    start, *_, end = np.linalg.norm(data.simultaneous, axis=1)
    assert f"from distance {start:.1f} to distance {end:.1f}" in dirac_gan.ALT
    assert np.linalg.norm(data.alternating, axis=1).mean().round(1) == 1.4


def test_the_picture_shows_both_runs_whole_on_the_same_axes(data):
    left, right, *_ = dirac_gan.draw(data).axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert np.abs(data.simultaneous).max() < left.get_xlim()[1]
    assert left.get_title().startswith("SimGD")
    assert right.get_title().startswith("AltGD")
    assert left.get_lines()[1].get_color() == "red"
    assert left.get_lines()[1].get_xydata().tolist() == [[1, 1]]
