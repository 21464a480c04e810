"""Targets: batches and bad input; that gradients are scores is a claim in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling import targets

MIXTURE = ([0.5, 0.5], [[0.0, 1.0], [2.0, 0.0]], [np.eye(2), 2 * np.eye(2)])
TARGETS = {
    "Gaussian": targets.gaussian([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]]),
    "mixture": targets.gaussian_mixture(*MIXTURE),
    "wells": targets.double_well(2),
    "posterior": targets.logistic_regression([[1.0, 2.0], [0.0, 1.0]], [1.0, -1.0]),
    "Dirichlet": targets.dirichlet([2.0, 3.0, 0.5]),
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_batches_are_points_side_by_side(target):
    a = np.random.default_rng(0).uniform(0, 0.5, (3, 4, 2))
    assert target.f(a).shape == (3, 4)
    np.testing.assert_allclose(target.f(a)[2, 1], target.f(a[2, 1]), rtol=1e-12)
    np.testing.assert_allclose(target.grad_f(a)[2, 1], target.grad_f(a[2, 1]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: targets.gaussian([0.0], [[-1.0]]), ValueError, "covariance must be positive definite"),
        (lambda: targets.gaussian([0.0], np.eye(2)), ValueError, "covariance must have shape (p, p) with p = 1"),
        (lambda: targets.gaussian_mixture([0.5, 0.6], *MIXTURE[1:]), ValueError, "weights must sum to 1"),
        (lambda: targets.gaussian_mixture([1.0], *MIXTURE[1:]), ValueError, "means must have shape (k, p) with k = 1"),
        (lambda: targets.double_well(0), ValueError, "p must be >= 1, got 0"),
        (lambda: targets.double_well(1, -1.0), ValueError, "barrier must be > 0, got -1.0"),
        (lambda: targets.logistic_regression([[1.0]], [0.0]), ValueError, "labels must be −1 or 1, got 0.0"),
        (lambda: targets.dirichlet([1.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: targets.dirichlet([1.0, 0.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: TARGETS["Dirichlet"].f([0.5, 0.5]), ValueError, "a must be inside the simplex"),
        (lambda: TARGETS["Dirichlet"].grad_f([-0.1, 0.5]), ValueError, "a must be inside the simplex"),
        (lambda: TARGETS["Gaussian"].grad_f([1.0]), ValueError, "a must have shape (..., 2)"),
        (lambda: targets.log_density(TARGETS["posterior"]), ValueError, "target must know log ∫ e^(−f)"),
        (lambda: targets.score(3), TypeError, "target must be a Target, got int"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
