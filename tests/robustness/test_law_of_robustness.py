"""The law of robustness: data that no network fits, bad input."""

import re

import numpy as np
import pytest

from refimpl.robustness.law_of_robustness import flattest_interpolant, steepest_pair


def test_data_that_no_network_fits():
    found = flattest_interpolant([[1.0]], [[1.0], [2.0]], [1.0, 5.0], 1)
    assert found.v is None
    assert np.isposinf(found.L)
    assert steepest_pair([[1.0]], [3.0]) == 0.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: steepest_pair([[1.0], [1.0]], [0.0, 1.0]), ValueError, "a must hold different points"),
        (lambda: flattest_interpolant(np.eye(2), np.eye(2), [1.0], 1), ValueError, "b must have shape (n) with n = 2"),
        (lambda: flattest_interpolant(np.eye(2), np.eye(2), [1.0, 2.0], 2), ValueError, "norm must be 1 or inf"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
