"""What the figure of attacks must show."""

import numpy as np
import pytest

from figures.robustness import adversarial_attacks as figure

pytestmark = pytest.mark.usefixtures("cache")


def test_attacks_stay_in_their_balls_and_below_the_worst():
    data = figure.data("draft", np.random.default_rng(0))
    for view, norm in ((data.inf, np.inf), (data.two, 2)):
        assert (np.linalg.norm(view.path - view.path[0], norm, axis=-1) <= figure.EPS * (1 + 1e-9)).all()
        assert (np.linalg.norm(view.points - view.points[0], norm, axis=-1) <= figure.EPS * (1 + 1e-9)).all()
        assert view.losses[0] < view.losses[1:3].min() <= view.losses.max() == pytest.approx(view.losses[3], rel=0.01)
    assert np.mean(np.sign(data.erm) != np.sign(data.robust)) > 0.001
    assert len(figure.draw(data).axes) == 3
