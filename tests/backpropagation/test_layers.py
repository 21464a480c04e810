"""Layers and their vector: inverse functions, bad input."""

import numpy as np
import pytest

from refimpl.backpropagation.layers import flatten, random_layers, unflatten


def test_flatten_and_unflatten_are_inverse() -> None:
    x = np.arange(3.0 * 6 + 6 + 6 * 5 + 5 + 5 * 2 + 2)
    np.testing.assert_array_equal(flatten(unflatten(x, [3, 6, 5, 2])), x)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="x must have 6 entries"):
        unflatten(np.zeros(5), [2, 2])
    with pytest.raises(ValueError, match="widths must be integers > 0"):
        random_layers([2, 0], np.random.default_rng())
    with pytest.raises(TypeError, match="widths must be a sequence"):
        random_layers(3, np.random.default_rng(0))  # type: ignore[arg-type]
