"""Finite decision processes, plain and robust: shapes, purity, bad input; their theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.control.markov import action_values, discounted_return, performance, state_values, state_visits
from refimpl.control.robust import best_reachable, worst_reachable
from refimpl.control.robust_values import mixture, robust_bellman, robust_solution

RNG = np.random.default_rng(0)
P, R, D = RNG.dirichlet(np.ones(3), (3, 2)), RNG.standard_normal((3, 2)), np.array([0.5, 0.3, 0.2])
MU = RNG.dirichlet(np.ones(2), (4, 5, 3))
GAMMA = 0.8


def test_policies_come_in_batches():
    V = state_values(P, R, GAMMA, MU)
    Q = action_values(P, R, GAMMA, V)
    J, d = performance(P, R, GAMMA, MU, D), state_visits(P, GAMMA, MU, D)
    assert (V.shape, Q.shape, J.shape, d.shape) == ((4, 5, 3), (4, 5, 3, 2), (4, 5), (4, 5, 3))
    np.testing.assert_allclose(V[1, 2], state_values(P, R, GAMMA, MU[1, 2]), rtol=1e-13)
    np.testing.assert_allclose(d.sum(-1), 1 / (1 - GAMMA), rtol=1e-12)
    assert robust_bellman(P, R, GAMMA, 0.1, V).shape == V.shape


def test_returns_of_batches_and_of_nothing_that_follows():
    np.testing.assert_allclose(discounted_return([[1.0, 1.0], [0.0, 2.0]], 0.5), [1.5, 1.0])
    np.testing.assert_allclose(discounted_return([3.0, 5.0], 0.0), 3.0)


def test_arguments_stay_as_they_are():
    kept = [P.copy(), R.copy(), MU.copy()]
    state_values(P, R, GAMMA, MU)
    robust_solution(P, R, GAMMA, 0.1)
    for array, copy in zip((P, R, MU), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_far_horizon_is_solved_too():
    V, mu, nu = robust_solution(P, R, 0.999, 0.1)
    np.testing.assert_allclose(robust_bellman(P, R, 0.999, 0.1, V), V, rtol=1e-9)
    np.testing.assert_array_equal(mixture(mu, nu, 0.1).sum(-1), np.ones(3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: state_values(2 * P, R, GAMMA, MU), ValueError, "P must sum to 1"),
        (lambda: state_values(-P, R, GAMMA, MU), ValueError, "P must be probabilities, >= 0"),
        (lambda: state_values(P, R.T, GAMMA, MU), ValueError, "R must have shape (s, a) with s = 3, got (2, 3)"),
        (lambda: state_values(P, R, 1.0, MU), ValueError, "gamma must be >= 0 and < 1, got 1.0"),
        (lambda: state_values(P, R, GAMMA, MU[..., :1]), ValueError, "mu must have shape (..., s, a) with a = 2"),
        (lambda: performance(P, R, GAMMA, MU, D[:2]), ValueError, "D must have shape (s) with s = 3"),
        (lambda: robust_bellman(P, R, GAMMA, 1.1, D), ValueError, "delta must be >= 0 and <= 1, got 1.1"),
        (lambda: mixture([1.0, 0.0], [1.0], 0.1), ValueError, "nu must have the shape (2,)"),
        (lambda: worst_reachable(R, [[0.0], [1.0]]), TypeError, "reach must hold integers"),
        (lambda: worst_reachable(R, [[0], [-1]]), ValueError, "reach must be integers >= 0, got -1"),
        (lambda: best_reachable(R, [[0], [2]]), ValueError, "reach must hold rows of actions < 2"),
        (lambda: best_reachable(R, [0, 1]), ValueError, "reach must hold rows of actions < 2"),
        (lambda: discounted_return([], GAMMA), ValueError, "rewards must not be empty"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
