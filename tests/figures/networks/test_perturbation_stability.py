"""What the figure of bounds and exact values must show."""

import numpy as np

from figures.networks import perturbation_stability as figure


def test_bounds_turn_and_exact_values_do_not():
    data = figure.data("draft", np.random.default_rng(0))
    assert (np.diff(data.exact_by_width, axis=-1) > 0).all()
    assert (np.diff(data.exact_by_depth, axis=-1) < 0).all()
    peaks = data.m[data.bound_by_width.argmax(-1)]
    np.testing.assert_allclose(peaks, np.broadcast_to(np.array(figure.DEPTHS) ** 3 / 2, peaks.shape), rtol=0.2)
    assert (data.exact_by_width < data.bound_by_width).all()


def test_there_is_a_column_for_each_initialisation():
    drawn = figure.draw(figure.data("draft", np.random.default_rng(0)))
    assert len(drawn.axes) == 6
    assert [axes.get_title(loc="left") for axes in drawn.axes[:3]] == ["LeCun", "He", "NTK"]
