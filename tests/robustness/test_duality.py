"""Norms and their duals: shapes, norms by number or name, bad input; what they attain is claimed in `verify`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from refimpl.robustness.duality import dual_norm, steepest_direction

NORMS = {"inf": np.inf, "2": 2, "1": 1}


@given(array_shapes(max_dims=3, max_side=4), st.sampled_from(list(NORMS)))
def test_shapes_and_names_of_norms(shape, norm):
    g = np.linspace(0.1, 0.9, np.prod(shape)).reshape(shape)
    for one in (norm, NORMS[norm], np.float64(NORMS[norm])):
        assert steepest_direction(g, one).shape == shape
        assert dual_norm(g, one).shape == shape[:-1]


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="g must not be empty"):
        dual_norm(np.empty((0, 3)))
