"""What the figure of the basic algorithms must show."""

import numpy as np
import pytest

from figures.minimax import algorithms


@pytest.fixture(scope="module")
def data():
    return algorithms.data("draft", np.random.default_rng(0))


@pytest.fixture(scope="module")
def norms(data):
    return {method: np.linalg.norm(getattr(data, method), axis=1) for method in algorithms.LOOKS}


def test_all_start_at_one_point(data):
    assert {tuple(getattr(data, method)[0]) for method in algorithms.LOOKS} == {(1, -1)}


@pytest.mark.parametrize(
    ("method", "factor"),
    [("gda", lambda a: 1 + a**2), ("eg", lambda a: 1 - a**2 + a**4), ("ppm", lambda a: 1 / (1 + a**2))],
)
def test_squared_distances_change_by_the_factor_of_the_method(method, factor, data, norms):
    np.testing.assert_allclose((norms[method][1:] / norms[method][:-1]) ** 2, factor(data.alpha), rtol=1e-12)


def test_gda_leaves_and_the_others_arrive(norms):
    assert (np.diff(norms["gda"]) > 0).all()
    for method in ("eg", "ppm", "ogda", "rfbs"):
        assert norms[method][-1] < norms[method][0] / 8
    assert (np.diff(norms["eg"]) < 0).all()


def test_ogda_swings_out_first_and_ends_nearest(norms):
    assert norms["ogda"][1] > norms["ogda"][0]
    assert norms["ogda"][-1] < min(norms["eg"][-1], norms["ppm"][-1])


def test_ogda_and_rfbs_are_one_sequence(data):
    np.testing.assert_allclose(data.ogda, data.rfbs, rtol=0, atol=1e-14)


def test_gda_is_drawn_until_its_sixth_step_leaves_the_square_at_the_top(data):
    plane = algorithms.draw(data).axes[0]
    drawn = {line.get_label(): line.get_xydata() for line in plane.get_lines()}
    assert len(drawn["GDA"]) == 6
    assert data.gda[6, 1] > algorithms.LIMIT > np.abs(data.gda[:6]).max()
    assert all(len(drawn[name]) == len(data.ppm) for name in ("OGDA", "RFBS", "EG", "PP"))
    assert drawn["critical point"].tolist() == [[0, 0]]


def test_no_two_algorithms_look_alike_without_colour():
    looks = {(look["marker"], look.get("linestyle"), look.get("linewidth")) for look in algorithms.LOOKS.values()}
    assert len(looks) == len(algorithms.LOOKS)
