"""Distances from samples, against the laws that they come from; bad input."""

import re

import numpy as np
import pytest
import scipy

from refimpl.sampling import estimators, metrics


def test_estimators_agree_with_closed_forms_on_quantiles():
    u = (np.arange(100_000) + 0.5) / 100_000
    p, q = scipy.stats.norm(0, 1), scipy.stats.norm(1, 2)
    a, b = p.ppf(u)[:, None], q.ppf(u)[:, None]
    laws = ([0.0], [[1.0]], [1.0], [[4.0]])
    kl = estimators.sample_kl(lambda a: p.logpdf(a[:, 0]), lambda a: q.logpdf(a[:, 0]), a)
    np.testing.assert_allclose(kl, metrics.gaussian_kl(*laws), atol=2e-4)
    tv = estimators.sample_total_variation(lambda a: p.logpdf(a[:, 0]), lambda a: q.logpdf(a[:, 0]), a)
    np.testing.assert_allclose(tv, metrics.total_variation(p.pdf, q.pdf, np.linspace(-15, 15, 20001)), atol=2e-4)
    shuffled = np.random.default_rng(0).permutation(b)
    np.testing.assert_allclose(estimators.sample_w2(a, shuffled), metrics.gaussian_w2(*laws), atol=1e-3)


def test_samples_moved_by_the_gradient_of_a_convex_function_are_matched_to_themselves():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((200, 3))
    T = np.array([[1.0, 0.2, 0.0], [0.2, 0.5, 0.1], [0.0, 0.1, 2.0]])
    b = a @ T + [1.0, 2.0, 3.0]
    expected = np.sqrt(((a - b) ** 2).sum(1).mean())
    np.testing.assert_allclose(estimators.sample_w2(a, rng.permutation(b)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: estimators.sample_kl(lambda a: a, lambda a: a[:, 0], [[1.0]]), ValueError, "log_p must return shape"),
        (
            lambda: estimators.sample_w2([[1.0]], [[1.0]], weights=([0.5], [1.0])),
            ValueError,
            "weights[0] must sum to 1, got a sum of 0.5",
        ),
        (lambda: estimators.sample_w2([[1.0]], [[1.0]], weights=[1.0]), TypeError, "weights must be None or a pair"),
        (lambda: estimators.sample_w2([[1.0]], [[1.0], [2.0]]), ValueError, "b must have shape (n, p) with n = 1"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
