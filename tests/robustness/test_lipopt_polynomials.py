"""Polynomials on cubes and their bounds: zeros, bad input."""

import re

import pytest

from refimpl.robustness.lipopt_polynomials import gradient_polynomial, krivine_bound


def test_coefficients_that_are_0_stay():
    assert gradient_polynomial([[[0.0, 2.0]]]) == {1: 0.0, 2: 2.0}


@pytest.mark.parametrize("f", [{1: 0.0}, {3: 0.0, 1: 0.0}])
def test_nothing_is_bounded_by_0(f):
    assert krivine_bound(f, 2, 2) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: krivine_bound([1.0], 2, 2), TypeError, "f must be a dict from monomials to coefficients, got [1.0]"),
        (lambda: krivine_bound({}, 2, 2), TypeError, "f must be a dict from monomials to coefficients"),
        (lambda: krivine_bound({1: float("nan")}, 2, 2), ValueError, "f's coefficients must be finite, got nan"),
        (lambda: krivine_bound({1: 1.0}, 2, 0), ValueError, "degree must be >= 1, got 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
