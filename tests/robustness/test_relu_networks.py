"""Gradients of patterns come in batches; patterns that do not fit are refused."""

import re

import numpy as np
import pytest

from refimpl.robustness.relu_networks import pattern_gradient


def test_patterns_come_in_batches():
    s = np.array([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(pattern_gradient([np.eye(2), [[3.0, 4.0]]], [s]), [[3.0, 0.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("pattern", "error", "message"),
    [
        ([], ValueError, "pattern must hold slopes for layers of [2] neurons, got []"),
        ([[1, 0], [1]], ValueError, "pattern must hold slopes for layers of [2] neurons, got [2, 1]"),
        ([[1, 0, 1]], ValueError, "pattern must hold slopes for layers of [2] neurons, got [3]"),
        ([[np.nan, 0]], ValueError, "pattern's s_1 must be finite, got nan"),
        (None, TypeError, "pattern must be a list of arrays, got None"),
    ],
)
def test_patterns_that_do_not_fit_are_refused(pattern, error, message):
    with pytest.raises(error, match=re.escape(message)):
        pattern_gradient([np.eye(2), [[3.0, 4.0]]], pattern)
