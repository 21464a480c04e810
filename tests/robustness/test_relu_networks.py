"""Gradients of patterns come in batches."""

import numpy as np

from refimpl.robustness.relu_networks import pattern_gradient


def test_patterns_come_in_batches():
    s = np.array([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(pattern_gradient([np.eye(2), [[3.0, 4.0]]], [s]), [[3.0, 0.0], [3.0, 4.0]])
