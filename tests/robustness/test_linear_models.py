"""Linear models under attack: any sizes, purity, edge cases, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.robustness import linear_models
from refimpl.robustness.linear_models import hinge, logistic

X, A, B = np.array([1.0, -2.0]), np.array([[0.5, 1.0], [2.0, 0.3], [-1.0, 0.0]]), np.array([1.0, -1.0, 1.0])


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.floats(0, 2), st.sampled_from([1, 2, np.inf]))
def test_linear_models_take_any_sizes(p, n, eps, norm):
    x, a, b = np.arange(1.0, p + 1), np.ones((n, p)), np.ones(n)
    assert linear_models.robust_margins(x, a, b, eps, norm).shape == (n,)
    assert linear_models.worst_inputs(x, a, b, eps, norm).shape == (n, p)
    assert linear_models.adversarial_gradient(hinge, x, a, b, eps, norm).shape == (p,)
    assert linear_models.adversarial_risk(logistic, x, a, b, eps, norm) >= 0


def test_a_model_without_weights_cannot_be_attacked():
    assert linear_models.adversarial_risk(hinge, 0 * X, A, B, 3.0) == 1.0
    np.testing.assert_array_equal(linear_models.worst_inputs(0 * X, A, B, 3.0, 2), A)


def test_nothing_is_changed():
    kept = [part.copy() for part in (X, A, B)]
    linear_models.adversarial_gradient(logistic, X, A, B, 0.1)
    assert all(map(np.array_equal, (X, A, B), kept))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_models.robust_margins(X, A, [1.0, 0.0, 1.0], 0.1), "b must be 1 or -1, got 0.0"),
        (lambda: linear_models.robust_margins(X, A, B[:2], 0.1), "b must have shape (n) with n = 3, got (2,)"),
        (lambda: linear_models.worst_inputs(X, A[:, :1], B, 0.1), "a must have shape (n, p) with p = 2, got (3, 1)"),
        (lambda: linear_models.adversarial_risk(hinge, X, A, B, np.nan), "eps must be finite, got nan"),
        (lambda: linear_models.adversarial_risk(hinge, X, A, B, 0.1, 0), "norm must be 1 or 2 or inf"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_models.adversarial_risk("hinge", X, A, B, 0.1), "loss must be a MarginLoss, got str"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
