"""What the figure of the monkey saddle and the weird saddle must show."""

import numpy as np
import pytest

from figures.minimax import games


@pytest.fixture(scope="module")
def data():
    return games.data("draft", np.random.default_rng(0))


def test_the_monkey_has_three_ways_up_and_three_down(data):
    x, y, payoff = data.monkey.x, data.monkey.y, data.monkey.payoff
    np.testing.assert_allclose(payoff, ((x + 1j * y) ** 3).real, atol=1e-14)
    rim = np.concatenate([payoff[0], payoff[1:, -1], payoff[-1, -2::-1], payoff[-2:0:-1, 0]])
    assert ((rim > 1e-9) != np.roll(rim > 1e-9, 1)).sum() == 6


def test_the_weird_saddle_is_flat_along_the_axes_and_critical_on_the_ridge(data):
    assert (data.weird.along_x == 0).all()
    assert (data.weird.along_y == 0).all()
    np.testing.assert_allclose(data.ridge[:, 0] * data.ridge[:, 1], 0.5)
    np.testing.assert_allclose(data.ridge[:, 2], 0.25)
    assert data.weird.payoff.max() <= 0.25


def test_the_picture_has_both_surfaces_side_by_side(data):
    left, right = games.draw(data).axes
    assert left.get_title().startswith("monkey saddle")
    assert right.get_title().startswith("weird saddle")
    assert [line.get_linestyle() for line in right.lines].count("--") == 2
