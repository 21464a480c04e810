"""What the picture of the methods on weak Minty games must show."""

import numpy as np
import pytest

from figures.minimax import weak_minty_methods


@pytest.fixture(scope="module")
def data():
    return weak_minty_methods.data("draft", np.random.default_rng(0))


def distances(panel):
    return {
        name: np.linalg.norm(path - panel.z_star, axis=-1)
        for name, path in zip(weak_minty_methods.METHODS, panel.paths, strict=True)
    }


def test_curvature_finds_every_solution(data):
    for panel in data:
        distance = distances(panel)["CurvatureEG+"]
        assert distance[-1] < 0.1 * distance[0]


def test_the_others_go_round_on_forsaken(data):
    for method in ("GDA", "EG", "CEG+"):
        assert distances(data.forsaken)[method].min() > 0.4


def test_only_gda_and_eg_stay_on_cycles_of_the_polar_game(data):
    far = distances(data.polar)
    assert far["GDA"][-500:].min() > 0.9
    assert far["EG"][-500:].min() > 0.7
    assert far["CEG+"][-1] < 1e-3


def test_gda_and_eg_leave_the_quadratic_game_and_ceg_plus_arrives(data):
    far = distances(data.lower_bound)
    assert far["GDA"][-1] > far["GDA"][0] < far["EG"][-1]
    assert (np.diff(far["CEG+"]) < 0).all()


def test_rho_l(data):
    assert [panel.rho_L for panel in data] == pytest.approx([-18.858927, -0.4995872, -0.4], rel=1e-6)


def test_it_draws(data):
    axes = weak_minty_methods.draw(data).axes
    assert len(axes) == 3
    assert len({line.get_linestyle() for line in axes[0].get_lines()[:4]}) == 4
