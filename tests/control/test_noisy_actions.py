"""Noisy-action games on linear-quadratic control: when there is an equilibrium, bad input."""

import re

import numpy as np
import pytest

from refimpl.control.linear_quadratic import policy_value
from refimpl.control.noisy_actions import least_penalty, saddle, stacked_actions

A, B = np.array([[1.0, 0.1], [0.5, 1.0]]), np.array([[0.0], [0.1]])
Q, R, GAMMA, DELTA = np.diag([1.0, 0.1]), np.array([[0.1]]), 0.95, 0.1
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


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: stacked_actions(B, R, R, 1.5, 1.0), ValueError, "delta must be >= 0 and <= 1, got 1.5"),
        (lambda: stacked_actions(B, R, R, 0.1, 0.0), ValueError, "penalty must be > 0, got 0.0"),
        (lambda: stacked_actions(B, R, np.eye(2), 0.1, 1.0), ValueError, "R_u must have shape (m, m) with m = 1"),
        (lambda: saddle(A, B, Q, R, GAMMA), ValueError, "R must be of actions of two players, (2m, 2m), got (1, 1)"),
        (lambda: least_penalty(A, 0 * B, Q, R, GAMMA, R, 0.1), ValueError, "must have a stabilising solution"),
        (lambda: least_penalty(A, B, Q, R, GAMMA, R, 1.0), ValueError, "delta must be > 0 and < 1, got 1.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
