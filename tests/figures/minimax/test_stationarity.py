"""What the figure of the quadratic saddle must show."""

import numpy as np
import pytest

from figures.minimax import stationarity


@pytest.fixture(scope="module")
def data():
    return stationarity.data("draft", np.random.default_rng(0))


def test_x_minimises_and_y_maximises_at_the_origin(data):
    middle = len(data.along_x) // 2
    assert data.along_x.argmin() == data.along_y.argmax() == middle
    assert data.along_x[middle] == data.along_y[middle] == 0
    assert data.verdict == "strict equilibrium"


def test_the_surface_is_the_difference_of_squares(data):
    np.testing.assert_allclose(data.payoff, (data.x + data.y) * (data.x - data.y), atol=1e-15)


def test_the_picture_tells_the_players_apart(data):
    (axes,) = stationarity.draw(data).axes
    along_x, along_y, origin = axes.lines
    assert (along_x.get_linestyle(), along_y.get_linestyle()) == ("-", "--")
    assert origin.get_label() == "strict equilibrium"
