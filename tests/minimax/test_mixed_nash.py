"""Mixed strategies in finite games: shapes, purity, extremes, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.minimax import mixed_nash
from refimpl.minimax.mixed_nash import duality_gap, lp_equilibrium, mirror_descent, mirror_prox

METHODS = [mirror_descent, mirror_prox]
matrices = arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-100, 100))


@pytest.mark.parametrize("method", [lp_equilibrium, *(lambda A, m=m: m(A, 0.1, 5) for m in METHODS)])
@settings(deadline=None)  # the first call imports the solver
@given(A=matrices)
def test_strategies_are_probabilities_and_the_matrix_stays(method, A):
    before = A.copy()
    *_, p, q = method(A)
    assert (p.shape, q.shape) == ((len(A),), (A.shape[1],))
    assert min(p.min(), q.min()) >= 0
    np.testing.assert_allclose([p.sum(), q.sum()], 1, rtol=1e-14)
    np.testing.assert_array_equal(A, before)
    assert duality_gap(A, p, q) >= -1e-12


@settings(deadline=None)  # the first call imports the solver
@given(A=matrices)
def test_linear_program_has_no_gap(A):
    value, p, q = lp_equilibrium(A)
    assert duality_gap(A, p, q) <= 1e-8 * (np.ptp(A) + 1e-6)
    assert A.min() - 1e-12 * np.abs(A).max() <= value <= A.max() + 1e-12 * np.abs(A).max()


@pytest.mark.parametrize("A", [[[5.0]], np.ones((2, 3)), np.zeros((3, 2)), [[1e308, -1e308], [-1e308, 1e308]]])
def test_degenerate_and_huge_games_are_solved(A):
    value, p, q = lp_equilibrium(A)
    assert duality_gap(A, p, q) == 0
    assert value == np.dot(p, np.dot(A, q))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_overflows_at_huge_steps_or_payoffs(method):
    A = np.array([[1.0, -2.0], [-3.0, 4.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for largest, eta in [(1.0, 1e3), (1.0, 1e308), (4e307, 1e-308), (4e307, 1e308)]:
            p, q = method(largest * A, eta, 50)
            assert np.isfinite([*p, *q]).all()


@pytest.mark.parametrize("method", METHODS)
def test_scale_of_the_game_and_step_size_cancel(method):
    A = np.random.default_rng(0).standard_normal((4, 3))
    for scale in (2.0**-900, 2.0**900):
        for measured, expected in zip(method(scale * A, 0.5 / scale, 20), method(A, 0.5, 20), strict=True):
            np.testing.assert_array_equal(measured, expected)


@pytest.mark.parametrize("method", METHODS)
def test_a_play_that_starts_at_the_equilibrium_stays(method):
    p, q = method([[1.0, -1.0], [-1.0, 1.0]], 0.7, 100)
    np.testing.assert_array_equal([p, q], np.full((2, 2), 0.5))


def test_gaps_of_a_batch():
    rng = np.random.default_rng(0)
    A, p, q = rng.standard_normal((3, 5)), rng.dirichlet(np.ones(3), (2, 4)), rng.dirichlet(np.ones(5), (2, 4))
    gaps = duality_gap(A, p, q)
    assert gaps.shape == (2, 4)
    np.testing.assert_allclose(gaps[1, 2], duality_gap(A, p[1, 2], q[1, 2]), rtol=1e-14)


def payoff(x, y):
    return (x * y).sum(-1)


def test_operators_take_batches_and_single_points():
    y, q = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.25, 0.75])
    x = np.random.default_rng(0).standard_normal((4, 3, 2))
    for apply in (mixed_nash.mixed_payoff, mixed_nash.mixed_payoff_adjoint):
        np.testing.assert_allclose(apply(payoff, x, y, q), x @ (q @ y), rtol=1e-13)
        np.testing.assert_allclose(apply(payoff, x[0, 0], y, q), x[0, 0] @ (q @ y), rtol=1e-13)


A = np.eye(2)
HALF = [0.5, 0.5]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lp_equilibrium([1.0, 2.0]), ValueError, "A must have shape (m, n), got (2,)"),
        (lambda: lp_equilibrium(np.ones((2, 2, 2))), ValueError, "A must have shape (m, n), got (2, 2, 2)"),
        (lambda: lp_equilibrium([[np.nan, 1.0]]), ValueError, "A must be finite, got nan"),
        (lambda: lp_equilibrium(np.ones((0, 3))), ValueError, "A must not be empty, got shape (0, 3)"),
        (lambda: lp_equilibrium([[1.0], [2.0, 3.0]]), ValueError, "A must be an array, got rows of different lengths"),
        (lambda: lp_equilibrium([["a"]]), TypeError, "A must hold real numbers"),
        (lambda: duality_gap(A, [0.5, 0.4], HALF), ValueError, "p must sum to 1, got a sum of 0.9"),
        (lambda: duality_gap(A, HALF, [1.5, -0.5]), ValueError, "q must be probabilities, >= 0, got -0.5"),
        (lambda: duality_gap(A, [1.0], HALF), ValueError, "p must have shape (..., m) with m = 2, got (1,)"),
        (lambda: duality_gap(A, [], HALF), ValueError, "p must not be empty"),
        (lambda: duality_gap(A, HALF, [np.nan, 1.0]), ValueError, "q must be finite, got nan"),
        (lambda: mirror_descent(A, 0.0, 5), ValueError, "eta must be > 0, got 0.0"),
        (lambda: mirror_prox(A, -0.1, 5), ValueError, "eta must be > 0, got -0.1"),
        (lambda: mirror_prox(A, np.inf, 5), ValueError, "eta must be finite, got inf"),
        (lambda: mirror_descent(A, 0.1, 0), ValueError, "num_steps must be >= 1, got 0"),
        (lambda: mirror_prox(A, 0.1, 2.5), TypeError, "num_steps must be an integer, got 2.5"),
        (lambda: mirror_prox([1.0], 0.1, 2), ValueError, "A must have shape (m, n), got (1,)"),
        (lambda: mixed_nash.mixed_payoff("f", A, A, HALF), TypeError, "payoff must be callable, got 'f'"),
        (lambda: mixed_nash.mixed_payoff(payoff, A, A, [1.0]), ValueError, "q must have shape (n) with n = 2"),
        (lambda: mixed_nash.mixed_payoff_adjoint(payoff, A, A, [2.0, -1.0]), ValueError, "p must be probabilities"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_batches_of_strategies_must_broadcast():
    with pytest.raises(ValueError, match=r"p and q must have leading axes that broadcast, got \(3, 2\) and \(4, 2\)"):
        mixed_nash.duality_gap(np.eye(2), np.full((3, 2), 0.5), np.full((4, 2), 0.5))


@pytest.mark.parametrize("method", [mixed_nash.mirror_descent, mixed_nash.mirror_prox])
def test_a_game_without_payoffs_is_played_uniformly(method):
    p, q = method(np.zeros((2, 4)), 1.0, 3)
    np.testing.assert_array_equal(p, np.full(2, 0.5))
    np.testing.assert_array_equal(q, np.full(4, 0.25))
