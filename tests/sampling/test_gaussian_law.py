"""The exact law: divergence and bad input; its theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling import gaussian_law

A, C = np.diag([1.0, 2.0]), np.eye(2)


def test_unstable_covariances_overflow_with_the_last_finite_one():
    with pytest.raises(DivergedError) as caught:
        gaussian_law.lmc_covariance(A, 5.0, 10**4, C)
    assert np.isfinite(caught.value.last).all()
    np.testing.assert_allclose(gaussian_law.lmc_covariance(A, 5.0, caught.value.step, C), caught.value.last)
    with pytest.raises(DivergedError):
        gaussian_law.lmc_mean(A, 5.0, 10**4, [1.0, 1.0], [0.0, 0.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian_law.lmc_stationary_covariance(A, 1.0), "eta must be < 2/λmax(A) = 1 "),
        (lambda: gaussian_law.lmc_stationary_covariance(A, 0.0), "eta must be > 0, got 0.0"),
        (lambda: gaussian_law.lmc_stationary_covariance(-A, 0.1), "A must be positive definite"),
        (lambda: gaussian_law.lmc_stationary_covariance([[1.0, 0.5], [0.0, 1.0]], 0.1), "A must be symmetric"),
        (lambda: gaussian_law.lmc_stationary_covariance([[1.0, 0.5]], 0.1), "A must have shape (p, p)"),
        (lambda: gaussian_law.lmc_covariance(A, 0.1, -1, C), "num_steps must be >= 0, got -1"),
        (lambda: gaussian_law.lmc_covariance(A, 0.1, 1, -C), "C0 must be positive semidefinite"),
        (lambda: gaussian_law.lmc_covariance(A, 0.1, 1, [[1.0, 1.0], [0.0, 1.0]]), "C0 must be symmetric"),
        (lambda: gaussian_law.lmc_covariance(A, 0.1, 1, [[1.0]]), "C0 must have shape (p, p) with p = 2"),
        (lambda: gaussian_law.lmc_mean(A, 0.1, 1, [1.0], [0.0, 0.0]), "m0 must have shape (p) with p = 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
