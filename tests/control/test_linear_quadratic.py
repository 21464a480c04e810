"""Linear-quadratic control: shapes, purity, bad input, infinite costs; its theorems are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.control.linear_policies import closed_loop_growth
from refimpl.control.linear_quadratic import (
    policy_gradient,
    policy_value,
    riccati_gain,
    riccati_residual,
    stabilising_solution,
)

A, B = np.array([[0.9, 0.2], [-0.1, 0.8]]), np.array([[0.5], [1.0]])
Q, R, GAMMA, S0 = np.diag([1.0, 2.0]), np.array([[3.0]]), 0.9, np.array([[2.0, 0.5], [0.5, 1.0]])
PROBLEM = (A, B, Q, R, GAMMA)
K = np.array([[0.1, 0.2]])
ONE = np.eye(1)


FUNCTIONS = {
    "riccati_residual": lambda lq, gains: riccati_residual(*lq.problem, gains),
    "policy_value": lambda lq, gains: policy_value(*lq.problem, gains, lq.S0),
    "policy_gradient": lambda lq, gains: policy_gradient(*lq.problem, gains, lq.S0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gains_come_in_batches_and_stay_as_they_are(name, lq, takes_batches):
    takes_batches(lambda gains: FUNCTIONS[name](lq, gains))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_infinite_costs_are_refused_with_the_gains(name, lq, refuses_infinite_costs):
    refuses_infinite_costs(lambda gains: FUNCTIONS[name](lq, gains))


@given(st.floats(0.1, 2.0), st.floats(0.1, 2.0), st.floats(0.1, 5.0), st.floats(0.05, 0.95))
def test_one_state_has_the_gain_of_a_quadratic_equation(a, b, r, gamma):
    gain = riccati_gain(a * ONE, b * ONE, ONE, r * ONE, gamma)
    c = r - gamma * a**2 * r - gamma * b**2
    P = (-c + np.sqrt(c**2 + 4 * gamma * b**2 * r)) / (2 * gamma * b**2)
    np.testing.assert_allclose(gain, [[gamma * a * b * P / (r + gamma * b**2 * P)]], rtol=1e-6, atol=1e-9)


def test_lists_do():
    lists = [M.tolist() for M in (A, B, Q, R)]
    np.testing.assert_array_equal(policy_value(*lists, GAMMA, K.tolist(), S0.tolist()), policy_value(*PROBLEM, K, S0))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"A": A[:1]}, ValueError, "A must have shape (n, n)"),
        ({"B": B[:1]}, ValueError, "B must have shape (n, m) with n = 2, got (1, 1)"),
        ({"Q": [[1.0, 1.0], [0.0, 1.0]]}, ValueError, "Q must be symmetric"),
        ({"R": [[1.0, 1.0], [0.0, 1.0]]}, ValueError, "R must have shape (m, m) with m = 1"),
        ({"R": [[np.nan]]}, ValueError, "R must be finite, got nan"),
        ({"gamma": 1.0 + 1e-15}, ValueError, "gamma must be > 0 and <= 1, got 1.000000000000001"),
        ({"gamma": 0.0}, ValueError, "gamma must be > 0 and <= 1, got 0.0"),
        ({"gamma": "0.9"}, TypeError, "gamma must be a real number"),
        ({"K": K.T}, ValueError, "K must have shape (..., m, n)"),
        ({"K": np.empty((0, 1, 2))}, ValueError, "K must not be empty"),
        ({"S0": -S0}, ValueError, "S0 must be positive semidefinite"),
        ({"S0": [[1.0, 1.0], [0.0, 1.0]]}, ValueError, "S0 must be symmetric"),
    ],
)
@pytest.mark.parametrize("function", [policy_value, policy_gradient])
def test_bad_input_is_refused_by_name(function, changes, error, message):
    arguments = {"A": A, "B": B, "Q": Q, "R": R, "gamma": GAMMA, "K": K, "S0": S0}
    with pytest.raises(error, match=re.escape(message)):
        function(**{**arguments, **changes})


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ((2 * ONE, 0 * ONE, ONE, ONE, 0.9), "must have a stabilising solution"),
        ((ONE, ONE, 0 * ONE, 0 * ONE, 0.9), "must have a stabilising solution"),
        ((ONE, [[1.0, 2.0]], ONE, np.zeros((2, 2)), 0.5), "must have a stabilising solution"),
        ((ONE, ONE, -ONE, 5 * ONE, 0.5), "must have a stabilising solution"),  # P²/2 + 3P + 5 = 0 has no root
        ((ONE, ONE, ONE, -9 * ONE, 0.5), "R must make R + γBᵀPB positive definite"),
        ((A, B, [[1.0, 1.0], [0.0, 1.0]], R, GAMMA), "Q must be symmetric"),
    ],
)
def test_problems_without_a_best_gain_are_refused(problem, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        riccati_gain(*problem)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_the_unit_of_cost_does_not_matter(scale):
    P, gain = stabilising_solution(ONE, ONE, scale * ONE, scale * ONE, 0.5)
    np.testing.assert_allclose(gain, (np.sqrt(2) - 1) * ONE, rtol=1e-12)
    np.testing.assert_allclose(P, scale * np.sqrt(2) * ONE, rtol=1e-12)


@pytest.mark.parametrize("q", [1e-30, 1e-20, 1e-10, 1e10])
def test_costs_of_very_different_sizes(q):
    rough = stabilising_solution(ONE, ONE, q * ONE, ONE, 0.5)
    c = 1 - 0.5 - 0.5 * q
    P = (-c + np.sqrt(c**2 + 2 * q)) if q > 1 else 2 * q / (c + np.sqrt(c**2 + 2 * q))
    np.testing.assert_allclose(rough, [P * ONE, 0.5 * P / (1 + 0.5 * P) * ONE], rtol=1e-12)


def test_without_discount_costs_are_finite_where_the_loop_is_stable():
    loop = A - B @ K
    P = np.zeros((2, 2))
    for _ in range(2000):
        P = Q + K.T @ R @ K + loop.T @ P @ loop
    np.testing.assert_allclose(policy_value(A, B, Q, R, 1, K, S0), np.trace(P @ S0))
    with pytest.raises(DivergedError) as caught:
        policy_value(ONE, ONE, ONE, ONE, 1.0, [[0.0]], ONE)
    assert caught.value.__notes__ == ["K must make √γρ(A − BK) < 1 for costs to be finite, got 1"]
    np.testing.assert_allclose(riccati_gain(ONE, ONE, ONE, ONE, 1), (np.sqrt(5) - 1) / 2 * ONE)  # P = 1 + P/(1 + P)


def test_an_indefinite_cost_has_a_stabilising_solution_all_the_same():
    P, gain = stabilising_solution(ONE, ONE, ONE, -9 * ONE, 0.5)
    assert closed_loop_growth(ONE, ONE, 0.5, gain) < 1
    np.testing.assert_allclose(P, 1 + 0.5 * P - 0.5 * P @ gain)
