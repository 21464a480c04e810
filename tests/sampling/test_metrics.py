"""Distances of known laws: equal laws, and bad input; closed forms are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling import metrics

M, C, X = [0.0, 1.0], np.eye(2), np.linspace(-5, 5, 11)


def flat(x):
    return 0.1 + 0 * x


def test_equal_laws_are_at_distance_zero():
    assert metrics.gaussian_kl(M, C, M, C) == 0
    assert metrics.gaussian_w2(M, C, M, C) < 1e-15
    assert metrics.total_variation(flat, flat, X) == 0
    assert metrics.kl_divergence(lambda x: 0.2 * (x > 0), flat, X) > 0
    assert metrics.kl_divergence(flat, lambda x: 0.1 * (x > 0), X) == np.inf


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.gaussian_kl(M, -C, M, C), ValueError, "C0 must be positive definite"),
        (lambda: metrics.gaussian_w2(M, C, M, [[1.0, 0.1], [0.0, 1.0]]), ValueError, "C1 must be symmetric"),
        (lambda: metrics.gaussian_kl(M, C, [0.0], C), ValueError, "m1 must have shape (p) with p = 2"),
        (lambda: metrics.total_variation(flat, flat, X[::-1]), ValueError, "grid must be two or more increasing"),
        (lambda: metrics.total_variation(flat, lambda x: -flat(x), X), ValueError, "density_q must be >= 0, got -0.1"),
        (lambda: metrics.total_variation(flat, lambda x: x[:2], X), ValueError, "density_q must return finite values"),
        (lambda: metrics.total_variation(flat, 0.1, X), TypeError, "density_q must be callable, got 0.1"),
        (lambda: metrics.fisher_divergence(flat, lambda x: x / 0.0, flat, X), ValueError, "score_q must return finite"),
        (
            lambda: metrics.gaussian_w2([0.0], [[-1.0]], [0.0], [[1.0]]),
            ValueError,
            "C0 must be positive semidefinite, got the eigenvalue -1",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
