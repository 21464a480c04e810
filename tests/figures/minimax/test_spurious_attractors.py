"""What the phase portraits of the almost bilinear and the forsaken game must show."""

import numpy as np
import pytest

from figures.minimax import spurious_attractors


@pytest.fixture(scope="module")
def data():
    return spurious_attractors.data("draft", np.random.default_rng(0))


def test_the_almost_bilinear_origin_repels_and_its_cycle_attracts(data):
    portrait = data.almost_bilinear
    assert not portrait.attracts
    assert portrait.multipliers[0] < 1
    np.testing.assert_allclose(portrait.point, [0, 0], atol=1e-14)
    np.testing.assert_allclose(np.hypot(*portrait.cycles[0].T), np.sqrt(4 / 3), rtol=0.002)


def test_the_forsaken_point_attracts_inside_a_cycle_that_repels_inside_one_that_attracts(data):
    portrait = data.forsaken
    assert portrait.attracts
    assert portrait.multipliers[0] > 1 > portrait.multipliers[1]
    inner, outer = (np.hypot(*(z - portrait.point).T) for z in portrait.cycles)
    assert 0 < inner.max() < outer.min()


def test_the_flow_turns_anticlockwise_around_the_origin(data):
    x, y = np.moveaxis(data.almost_bilinear.points, -1, 0)
    u, v = np.moveaxis(data.almost_bilinear.flow, -1, 0)
    assert (x * v - y * u > 0).all()


def test_the_alternative_text_tells_the_numbers(data):
    x, y = data.forsaken.point
    assert f"({x:.2f}, {y:.2f})" in spurious_attractors.ALT
    z = data.forsaken.cycles[1]
    assert (z.min().round(1), z.max().round(1)) == (-1.3, 1.5)


def test_attracting_cycles_are_solid_and_repelling_ones_dashed(data):
    left, right = spurious_attractors.draw(data).axes
    assert [line.get_linestyle() for line in left.lines] == ["-", "None"]
    assert [line.get_linestyle() for line in right.lines] == ["--", "-", "None"]
    assert left.lines[-1].get_markerfacecolor() == "white"
    assert right.lines[-1].get_markerfacecolor() == "black"
