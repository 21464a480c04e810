"""Contraction on linear fields: shapes and bad input; that it is true is claimed in `verify`."""

import re

import numpy as np
import pytest

from refimpl.minimax.algorithms import STEPS
from refimpl.minimax.linear_rates import contraction, iterations


@pytest.mark.parametrize("method", STEPS)
def test_one_factor_an_eigenvalue(method):
    nu = np.array([[0.5, 1j], [1 - 2j, -0.3]])
    factors = contraction(method, nu, 0.2)
    assert factors.shape == (2, 2)
    assert factors[1, 0] == contraction(method, 1 - 2j, 0.2)
    np.testing.assert_allclose(contraction(method, nu.conj(), 0.2), factors, rtol=1e-15)


@pytest.mark.parametrize("method", STEPS)
def test_a_zero_eigenvalue_stays(method):
    assert contraction(method, 0.0, 0.3) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: contraction("pp", 1j, 0.1), ValueError, "method must be one of"),
        (lambda: contraction("eg", np.nan, 0.1), ValueError, "nu must be finite"),
        (lambda: contraction("eg", [], 0.1), ValueError, "nu must be finite and not empty"),
        (lambda: contraction("eg", "1j", 0.1), TypeError, "nu must hold complex numbers, got '1j'"),
        (lambda: contraction("eg", 1j, -0.1), ValueError, "alpha must be > 0, got -0.1"),
        (lambda: iterations(1.0, 0.1), ValueError, "factor must be > 0 and < 1, got 1.0"),
        (lambda: iterations(0.5, 0.0), ValueError, "eps must be > 0 and <= 1, got 0.0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
