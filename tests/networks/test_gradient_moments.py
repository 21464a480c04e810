"""Moments of the χ law: values, bad input."""

import re

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.networks import gradient_moments
from refimpl.networks.initialization import Scales


@settings(deadline=None)
@given(st.floats(0.01, 1e6))
def test_ratio_of_gamma_functions_is_that_of_logarithms(x):
    expected = np.exp(scipy.special.gammaln(x + 0.5) - scipy.special.gammaln(x))
    np.testing.assert_allclose(gradient_moments.gamma_ratio(np.array(x)), expected, rtol=1e-8)


def test_bad_values():
    with pytest.raises(ValueError, match=re.escape("m must be >= 1, got 0")):
        gradient_moments.expected_gradient_norm(Scales(1.0, 1.0, 1.0, 1.0), 3, 0, 2)
