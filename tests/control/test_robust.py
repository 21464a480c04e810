"""Games and attacks on linear-quadratic control, and exploration: bad input, refusals, shapes."""

import re

import numpy as np
import pytest

from refimpl.control.exploration import smoothed, smoothed_gradient
from refimpl.control.linear_quadratic import policy_value, riccati_gain
from refimpl.control.noisy_actions import least_penalty, saddle, stacked_actions
from refimpl.control.policy_gradient_theorem import deterministic_policy_gradient
from refimpl.control.robust import printed_cost, robust_cost

A, B = np.array([[1.0, 0.1], [0.5, 1.0]]), np.array([[0.0], [0.1]])
Q, R, GAMMA, DELTA = np.diag([1.0, 0.1]), np.array([[0.1]]), 0.95, 0.1
K = riccati_gain(A, B, Q, R, GAMMA)
FREE = 0 * R


def test_a_saddle_is_an_equilibrium_only_if_the_policy_alone_is_good():
    limit = least_penalty(A, B, Q, FREE, GAMMA, R, DELTA)
    for times, exists in ((1.01, True), (0.99, False)):
        B2, R2 = stacked_actions(B, FREE, R, DELTA, times * limit)
        if exists:
            P, u, v = saddle(A, B2, Q, R2, GAMMA)
            np.testing.assert_allclose(policy_value(A, B2, Q, R2, GAMMA, np.vstack([u, v]), np.eye(2)), np.trace(P))
            assert np.isfinite(policy_value(A, B2[:, :1], Q, R2[:1, :1], GAMMA, u, np.eye(2)))
        else:
            with pytest.raises(ValueError, match="for an equilibrium to exist"):
                saddle(A, B2, Q, R2, GAMMA)


@pytest.mark.parametrize("delta", [1e-8, 1e-3, 0.999999])
def test_the_least_penalty_is_exact_for_every_share(delta):
    one = np.eye(1)
    limit = least_penalty(one, one, one, one, 0.5, 0 * one, delta)
    np.testing.assert_allclose(limit, delta**2 * (1 + np.sqrt(0.5)), rtol=1e-9)


def test_a_spurious_solution_of_the_games_equation_is_refused():
    system, torque = np.array([[1.0, 0.05], [0.4905, 1.0]]), np.array([[0.0], [0.05]])
    one = np.eye(1)
    B2, R2 = stacked_actions(torque, 0 * one, one, 0.1, 0.0055)
    with pytest.raises(ValueError, match=r"equilibrium|stabilising"):
        saddle(system, B2, np.diag([1.0, 0.1]), R2, 0.9)


@pytest.mark.parametrize("cost", [robust_cost, printed_cost])
def test_no_perturbation_costs_what_the_policy_does(cost):
    s = np.random.default_rng(0).standard_normal((7, 2))
    expected = policy_value(A, B, Q, R, GAMMA, K, s.T @ s / 7)
    np.testing.assert_allclose(cost(A, B, Q, R, GAMMA, K, s, [[0.0]]), expected, rtol=1e-12)


def sloped(grad_a):
    """The policy gradient of a = θs at one state, with a critic."""
    return deterministic_policy_gradient(lambda theta, s: theta * s, grad_a, [3.0], [[1.0]])


def test_smoothing_keeps_the_parameters_shape():
    theta = np.array([[0.1, 0.2], [0.3, 0.4]])
    kept = theta.copy()
    value = smoothed(lambda x: (x**2).sum((1, 2)), theta, 0.5, 2)
    np.testing.assert_allclose(value, (theta**2).sum() + 4 * 0.25)
    np.testing.assert_allclose(smoothed_gradient(lambda x: (x**2).sum((1, 2)), theta, 0.5, 2), 2 * theta)
    np.testing.assert_array_equal(theta, kept)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: stacked_actions(B, R, R, 1.5, 1.0), ValueError, "delta must be >= 0 and <= 1, got 1.5"),
        (lambda: stacked_actions(B, R, R, 0.1, 0.0), ValueError, "penalty must be > 0, got 0.0"),
        (lambda: stacked_actions(B, R, np.eye(2), 0.1, 1.0), ValueError, "R_u must have shape (m, m) with m = 1"),
        (lambda: saddle(A, B, Q, R, GAMMA), ValueError, "R must be of actions of two players, (2m, 2m), got (1, 1)"),
        (lambda: least_penalty(A, 0 * B, Q, R, GAMMA, R, 0.1), ValueError, "must have a stabilising solution"),
        (lambda: least_penalty(A, B, Q, R, GAMMA, R, 1.0), ValueError, "delta must be > 0 and < 1, got 1.0"),
        (lambda: robust_cost(A, B, Q, R, GAMMA, K, [[0.0, 1.0]], [[0.0, 1.0]]), ValueError, "nu must have shape"),
        (lambda: smoothed(3.0, K, 0.1, 2), TypeError, "J must be callable, got 3.0"),
        (lambda: smoothed(abs, K, 0.0, 2), ValueError, "sigma must be > 0, got 0.0"),
        (lambda: smoothed(abs, K, 0.1, 0), ValueError, "num_nodes must be >= 1, got 0"),
        (lambda: deterministic_policy_gradient(1.0, abs, K, [[1.0]]), TypeError, "policy must be callable"),
        (lambda: sloped(lambda s, a: a * np.nan), ValueError, "grad_a(s, a) must be finite, got nan"),
        (lambda: sloped(lambda s, a: 1.0), ValueError, "grad_a must return the shape (1, 1) of the actions, got ()"),
        (lambda: deterministic_policy_gradient(abs, abs, K, [1.0]), ValueError, "s must have shape (k, n)"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
