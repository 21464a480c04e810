"""Perturbed gradient descent: batches and bad input; what it is is a claim in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.sampling.perturbed_sgd import perturbed_sgd_step

A = np.array([[1.0, 2.0]])
batches = arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-9, 9))


@given(a=batches)
def test_batches_are_points_side_by_side(a):
    before = a.copy()
    batch = perturbed_sgd_step(np.arctan, a, 0.3, 2.0, a - 1)
    np.testing.assert_array_equal(a, before)
    alone = perturbed_sgd_step(np.arctan, a[-1, 0], 0.3, 2.0, a[-1, 0] - 1)
    np.testing.assert_allclose(batch[-1, 0], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: perturbed_sgd_step(np.arctan, A, 0.1, 0.0, A), "sigma must be > 0"),
        (lambda: perturbed_sgd_step(np.arctan, A, 0.1, 1.0, A[0]), "z must have the shape (1, 2)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
