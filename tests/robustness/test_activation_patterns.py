"""Activation patterns: conditions on signs, patterns that never occur."""

import numpy as np

from refimpl.robustness.activation_patterns import cells, common_sign


def test_sign_conditions():
    assert common_sign(np.eye(3)).conflict == []
    assert common_sign([[1.0], [-1.0]]).point is None


def test_patterns_that_never_occur_do_not_count():
    assert len(cells([[[1.0, 2.0], [1.0, 2.0]], [[1.0, 1.0]]])) == 2
