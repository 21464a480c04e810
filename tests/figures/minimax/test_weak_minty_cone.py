"""What the picture of the weak Minty inequality must show."""

import numpy as np
import pytest

from figures.minimax import weak_minty_cone


@pytest.fixture(scope="module")
def data():
    return weak_minty_cone.data("draft", np.random.default_rng(0))


def test_the_field_points_away_from_the_solution(data):
    assert data.rho == pytest.approx(-1 / 3, rel=1e-12)
    assert data.minus_v @ (data.z_star - data.z) < 0


def test_its_tip_is_on_the_edge_of_the_disk_that_touches_the_point(data):
    for point in (data.z, data.z + data.minus_v):
        assert np.linalg.norm(point - data.centre) == pytest.approx(data.radius, rel=1e-12)


def test_it_draws(data):
    assert len(weak_minty_cone.draw(data).axes) == 1
