"""Linear chains: shapes, divergence, bad input; the laws are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling.linear_chains import (
    Transition,
    baoab_stationary_covariance,
    baoab_transition,
    covariance_after,
    lmc_transition,
    steps_to_accuracy,
)

A = np.array([[2.0, 0.5], [0.5, 1.0]])


def test_shapes_and_purity():
    before = A.copy()
    M, N = baoab_transition(A, 0.3, 1.0)
    assert (M.shape, N.shape) == ((4, 4), (4, 2))
    assert baoab_stationary_covariance(A, 0.3).shape == (4, 4)
    assert lmc_transition(A, 0.1).M.shape == (2, 2)
    np.testing.assert_array_equal(A, before)


def test_the_stationary_law_stays_and_the_limit_is_reached():
    step, C = baoab_transition(A, 0.3, 1.0, 2.0), baoab_stationary_covariance(A, 0.3, 2.0)
    np.testing.assert_allclose(covariance_after(step, 5, C), C, atol=1e-14)
    np.testing.assert_allclose(covariance_after(step, 500, np.eye(4)), C, atol=1e-12)


def test_no_steps_are_needed_where_the_chain_starts_at_its_target():
    assert steps_to_accuracy(lmc_transition(A, 0.1), np.linalg.inv(A), np.linalg.inv(A), 1e-12) == 0


def test_an_unstable_chain_diverges_and_says_when():
    step = lmc_transition([[1.0]], 100.0)
    with pytest.raises(DivergedError) as caught:
        covariance_after(step, 1000, [[1.0]])
    assert np.isfinite(caught.value.last).all()
    np.testing.assert_array_equal(covariance_after(step, caught.value.step, [[1.0]]), caught.value.last)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lmc_transition([[1.0, 2.0], [0.0, 1.0]], 0.1), ValueError, "A must be symmetric"),
        (lambda: lmc_transition([[-1.0]], 0.1), ValueError, "A must be positive definite"),
        (lambda: lmc_transition(A, 0.0), ValueError, "eta must be > 0, got 0.0"),
        (lambda: baoab_transition(A, 0.1, -1.0), ValueError, "gamma must be > 0, got -1.0"),
        (lambda: baoab_transition(A, np.nan, 1.0), ValueError, "h must be finite, got nan"),
        (lambda: baoab_stationary_covariance([[1.0]], 2.0), ValueError, "h must be < 2/√(uλmax(A)) = 2"),
        (lambda: covariance_after(A, 3, A), TypeError, "step must be a Transition (M, N)"),
        (lambda: covariance_after(Transition(A, A), 3, [[1.0]]), ValueError, "C0 must have shape (q, q) with q = 2"),
        (lambda: covariance_after(Transition(A, A), 3, [[1.0, 1.0], [0.0, 1.0]]), ValueError, "C0 must be symmetric"),
        (lambda: covariance_after(Transition(A, A), -1, A), ValueError, "num_steps must be >= 0, got -1"),
        (
            lambda: steps_to_accuracy(lmc_transition([[1.0]], 1.5), [[9.0]], [[1.0]], 1e-9, 7),
            ValueError,
            "max_steps must suffice for KL <= 1e-09, got 7",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
