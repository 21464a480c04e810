"""The robust objective: what no perturbation costs, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.control.linear_quadratic import policy_value, riccati_gain
from refimpl.control.robust_objective import best_reachable, printed_cost, robust_cost, worst_reachable

A, B = np.array([[1.0, 0.1], [0.5, 1.0]]), np.array([[0.0], [0.1]])
Q, R, GAMMA = np.diag([1.0, 0.1]), np.array([[0.1]]), 0.95
K = riccati_gain(A, B, Q, R, GAMMA)
VALUES = [[3.0, 1.0], [2.0, 0.5], [0.0, 4.0]]


@pytest.mark.parametrize("cost", [robust_cost, printed_cost])
def test_no_perturbation_costs_what_the_policy_does(cost):
    s = np.random.default_rng(0).standard_normal((7, 2))
    expected = policy_value(A, B, Q, R, GAMMA, K, s.T @ s / 7)
    np.testing.assert_allclose(cost(A, B, Q, R, GAMMA, K, s, [[0.0]]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: robust_cost(A, B, Q, R, GAMMA, K, [[0.0, 1.0]], [[0.0, 1.0]]), ValueError, "nu must have shape"),
        (lambda: worst_reachable(VALUES, [[0.0], [1.0]]), TypeError, "reach must hold integers"),
        (lambda: worst_reachable(VALUES, [[0], [-1]]), ValueError, "reach must be integers >= 0, got -1"),
        (lambda: best_reachable(VALUES, [[0], [2]]), ValueError, "reach must hold rows of actions < 2"),
        (lambda: best_reachable(VALUES, [0, 1]), ValueError, "reach must hold rows of actions < 2"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
