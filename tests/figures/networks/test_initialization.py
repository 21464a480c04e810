"""What the figure of six initialisations must show."""

import numpy as np

from figures.networks import initialization as figure


def test_two_explode_with_the_width_and_four_do_not():
    data = figure.data("draft", np.random.default_rng(0))
    wide = data.m >= 10**4
    slopes = [np.polyfit(np.log(data.m[wide]), np.log(curve[wide]), 1)[0] for curve in data.stability.reshape(12, -1)]
    levels = [0, 0, 0, -0.5]  # Xavier's first layer shrinks with m where m > p
    np.testing.assert_allclose(slopes, [*levels, -0.5, 0.5, *levels, 1.5, 2.5], atol=0.02)
    drawn = figure.draw(data)
    assert [line.get_label() for line in drawn.axes[1].get_lines()] == list(figure.LABELS.values())
