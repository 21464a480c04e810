"""LipSDP's matrix: bad input."""

import re

import numpy as np
import pytest

from refimpl.robustness.lipsdp_multipliers import lipsdp_matrix

GOOD = [np.ones((2, 3)), np.ones((1, 2))]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lipsdp_matrix(GOOD, 1.0, np.eye(3)), ValueError, "T must have shape (2, 2) for 2 hidden neurons"),
        (lambda: lipsdp_matrix(GOOD, -1.0, np.eye(2)), ValueError, "rho must be >= 0, got -1.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
