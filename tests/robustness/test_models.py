"""Linear models, small networks, quadratics and SAM: shapes, purity, edge cases, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation.activations import relu, tanh
from refimpl.backpropagation.layers import Network, flatten, random_layers
from refimpl.backpropagation.mlp import forward
from refimpl.robustness import linear_models, sharpness
from refimpl.robustness.landscapes import factorization
from refimpl.robustness.linear_models import hinge, logistic
from refimpl.robustness.worst_case_milp import preactivation_bounds, worst_case

X, A, B = np.array([1.0, -2.0]), np.array([[0.5, 1.0], [2.0, 0.3], [-1.0, 0.0]]), np.array([1.0, -1.0, 1.0])
H = Network(random_layers((2, 4, 1), np.random.default_rng(0)), relu)


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


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.floats(0, 2))
def test_worst_cases_lie_in_the_box(m, p, eps):
    h, a = Network(random_layers((p, m, 1), np.random.default_rng(m)), relu), np.full(p, 0.5)
    found = worst_case(h, a, eps, (0.0, 1.0))
    assert (np.abs(found.a - a) <= eps + 1e-15).all()
    assert ((found.a >= 0) & (found.a <= 1)).all()
    assert found.value <= forward(h, a)[0] + 1e-15
    assert found.value == pytest.approx(forward(h, found.a)[0], rel=1e-14, abs=1e-14)


@settings(deadline=None)
@given(st.integers(1, 5), st.floats(0.01, 3))
def test_the_worst_perturbation_of_a_quadratic_is_at_least_any_other(d, eps):
    rng = np.random.default_rng(d)
    A, g = rng.standard_normal((d, d)), rng.standard_normal(d)
    found, others = sharpness.quadratic_maximum(A + A.T, g, eps), rng.standard_normal((50, d))
    others *= eps / np.maximum(eps, np.linalg.norm(others, axis=1, keepdims=True))
    values = others @ g + np.einsum("ni,ij,nj->n", others, A, others)
    assert np.linalg.norm(found.eta) <= eps * (1 + 1e-9)
    assert (values <= found.value + 1e-9).all()


def test_sam_on_batches_and_at_critical_points():
    valley = factorization()
    assert sharpness.sam_step(valley.grad_f, np.ones((4, 3, 2)), 0.1, 0.1).shape == (4, 3, 2)
    np.testing.assert_array_equal(sharpness.sam_step(valley.grad_f, [1.0, 1.0], 0.5, 0.1), [1.0, 1.0])


def test_nothing_is_changed():
    kept = [part.copy() for part in (X, A, B, flatten(H.layers))]
    linear_models.adversarial_gradient(logistic, X, A, B, 0.1)
    worst_case(H, A[0], 0.3)
    sharpness.network_sam_gradient(H, A, lambda u: (u.sum(), np.ones_like(u)), 0.2)
    sharpness.quadratic_maximum(np.diag(X), X, 1.0)
    assert all(map(np.array_equal, (X, A, B, flatten(H.layers)), kept))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_models.robust_margins(X, A, [1.0, 0.0, 1.0], 0.1), "b must be 1 or -1, got 0.0"),
        (lambda: linear_models.robust_margins(X, A, B[:2], 0.1), "b must have shape (n) with n = 3, got (2,)"),
        (lambda: linear_models.worst_inputs(X, A[:, :1], B, 0.1), "a must have shape (n, p) with p = 2, got (3, 1)"),
        (lambda: linear_models.adversarial_risk(hinge, X, A, B, np.nan), "eps must be finite, got nan"),
        (lambda: linear_models.adversarial_risk(hinge, X, A, B, 0.1, 0), "norm must be 1 or 2 or inf"),
        (
            lambda: worst_case(H._replace(activation=tanh), A[0], 0.1),
            "h must be a ReLU network of one output, got tanh",
        ),
        (lambda: worst_case(H._replace(layers=H.layers[:1]), A[0], 0.1), "one output, got relu, 4 outputs"),
        (lambda: worst_case(H, A[0], 0.1, (0.0, 0.7)), "a must lie within bounds"),
        (lambda: worst_case(H, [1.0], 0.1), "a must have shape (p) with p = 2, got (1,)"),
        (lambda: preactivation_bounds(H, [0.0, np.inf], [1.0, 1.0]), "lower must be finite, got inf"),
        (lambda: preactivation_bounds(H, [0.0, 2.0], [1.0, 1.0]), "lower must be <= upper"),
        (lambda: sharpness.sam_perturbation([np.nan], 0.1), "g must be finite, got nan"),
        (lambda: sharpness.sam_step(np.sin, X, -1.0, 0.1), "eps must be >= 0, got -1.0"),
        (lambda: sharpness.sam_step(np.sin, X, 0.1, 0.0), "alpha must be > 0, got 0.0"),
        (lambda: sharpness.quadratic_maximum([[0.0, 1.0], [0.0, 0.0]], X, 1.0), "H must be symmetric, got"),
        (lambda: sharpness.quadratic_maximum(np.eye(3), X, 1.0), "g must have shape (d) with d = 3, got (2,)"),
        (lambda: sharpness.quadratic_maximum(np.eye(2), X, 0.0), "eps must be > 0, got 0.0"),
        (lambda: factorization().f([1.0, 2.0, 3.0]), "x must have shape (..., 2), got (3,)"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_models.adversarial_risk("hinge", X, A, B, 0.1), "loss must be a MarginLoss, got str"),
        (lambda: worst_case([[1.0]], A[0], 0.1), "h must be a Network, got list"),
        (lambda: sharpness.network_sam_gradient(H, A, 3, 0.1), "loss must be callable, got 3"),
        (lambda: sharpness.sam_gradient(None, X, 0.1), "grad_f must be callable, got None"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
