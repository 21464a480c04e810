"""Finite decision processes: shapes, purity, bad input; their theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.control.decision_processes import (
    action_values,
    discounted_return,
    performance,
    state_values,
    state_visits,
)

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


def test_returns_of_batches_and_of_nothing_that_follows():
    np.testing.assert_allclose(discounted_return([[1.0, 1.0], [0.0, 2.0]], 0.5), [1.5, 1.0])
    np.testing.assert_allclose(discounted_return([3.0, 5.0], 0.0), 3.0)


def test_arguments_stay_as_they_are():
    kept = [P.copy(), R.copy(), MU.copy()]
    state_values(P, R, GAMMA, MU)
    for array, copy in zip((P, R, MU), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: state_values(2 * P, R, GAMMA, MU), ValueError, "P must sum to 1"),
        (lambda: state_values(-P, R, GAMMA, MU), ValueError, "P must be probabilities, >= 0"),
        (lambda: state_values(P, R.T, GAMMA, MU), ValueError, "R must have shape (s, a) with s = 3, got (2, 3)"),
        (lambda: state_values(P, R, 1.0, MU), ValueError, "gamma must be >= 0 and < 1, got 1.0"),
        (lambda: state_values(P, R, GAMMA, MU[..., :1]), ValueError, "mu must have shape (..., s, a) with a = 2"),
        (lambda: performance(P, R, GAMMA, MU, D[:2]), ValueError, "D must have shape (s) with s = 3"),
        (lambda: discounted_return([], GAMMA), ValueError, "rewards must not be empty"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
