"""Action-robust finite processes: shapes, purity, far horizons, bad input; their theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.control.action_robust_processes import mixture, robust_bellman, robust_solution

RNG = np.random.default_rng(0)
P, R, D = RNG.dirichlet(np.ones(3), (3, 2)), RNG.standard_normal((3, 2)), np.array([0.5, 0.3, 0.2])
GAMMA = 0.8


def test_values_come_in_batches():
    V = RNG.standard_normal((4, 5, 3))
    together = robust_bellman(P, R, GAMMA, 0.1, V)
    assert together.shape == V.shape
    np.testing.assert_allclose(together[1, 2], robust_bellman(P, R, GAMMA, 0.1, V[1, 2]), rtol=1e-13)


def test_arguments_stay_as_they_are():
    kept = [P.copy(), R.copy()]
    robust_solution(P, R, GAMMA, 0.1)
    for array, copy in zip((P, R), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_far_horizon_is_solved_too():
    V, mu, nu = robust_solution(P, R, 0.999, 0.1)
    np.testing.assert_allclose(robust_bellman(P, R, 0.999, 0.1, V), V, rtol=1e-9)
    np.testing.assert_array_equal(mixture(mu, nu, 0.1).sum(-1), np.ones(3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: robust_bellman(P, R, GAMMA, 1.1, D), ValueError, "delta must be >= 0 and <= 1, got 1.1"),
        (lambda: mixture([1.0, 0.0], [1.0], 0.1), ValueError, "nu must have the shape (2,)"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
