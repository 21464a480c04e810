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
}
UNKNOWN = TARGETS["wells"]._replace(log_normalizer=None)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_batches_are_points_side_by_side(target, assert_points_side_by_side):
    assert_points_side_by_side(target)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: targets.gaussian([0.0], [[-1.0]]), ValueError, "covariance must be positive definite"),
        (lambda: targets.gaussian([0.0], np.eye(2)), ValueError, "covariance must have shape (p, p) with p = 1"),
        (lambda: targets.gaussian_mixture([0.5, 0.6], *MIXTURE[1:]), ValueError, "weights must sum to 1"),
        (lambda: targets.gaussian_mixture([1.0], *MIXTURE[1:]), ValueError, "means must have shape (k, p) with k = 1"),
        (lambda: targets.double_well(0), ValueError, "p must be >= 1, got 0"),
        (lambda: targets.double_well(1, -1.0), ValueError, "barrier must be > 0, got -1.0"),
        (lambda: TARGETS["Gaussian"].grad_f([1.0]), ValueError, "a must have shape (..., 2)"),
        (lambda: targets.log_density(UNKNOWN), ValueError, "target must know log ∫ e^(−f)"),
        (lambda: targets.score(3), TypeError, "target must be a Target, got int"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_targets_keep_copies_of_what_they_are_given(assert_copies_are_kept):
    mean, covariance, weights = np.array([0.3, -0.2]), 2 * np.eye(2), np.array([0.3, 0.7])
    means, covariances = np.eye(2), np.stack([np.eye(2)] * 2)
    laws = [targets.gaussian(mean, covariance), targets.gaussian_mixture(weights, means, covariances)]
    assert_copies_are_kept(laws, mean, covariance, weights, means, covariances)
