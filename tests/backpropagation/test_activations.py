"""Activations: bad input."""

import pytest

from refimpl.backpropagation.activations import leaky_relu


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="slope must be >= 0 and < 1"):
        leaky_relu(1.0)
