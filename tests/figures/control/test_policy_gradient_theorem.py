"""What the figure of policy gradients must show."""

import numpy as np

from figures.control import policy_gradient_theorem as figure


def drawn():
    data = figure.data("draft", np.random.default_rng(0))
    return data, figure.draw(data)


def test_two_paths_find_the_optimum_and_one_leaves():
    data, picture = drawn()
    own, natural, narrow = data.falls
    for path, fall in zip(data.paths[:2], (own, natural), strict=True):
        np.testing.assert_allclose(path[-1], data.best, atol=0.05)
        assert (np.diff(fall) < 0).all()
    assert len(narrow) < figure.NUM_STEPS
    assert (np.diff(narrow) > 0).all()
    assert narrow[-1] > 10 * narrow[0]
    assert np.nanmin(data.excess) >= 0
    assert (np.isnan(data.excess) == (data.growth >= 1)).all()
    assert len(picture.axes) == 2


def test_texts_are_there():
    assert all(len(text) > 15 for text in (figure.SLIDE, figure.CAPTION, figure.ALT))
