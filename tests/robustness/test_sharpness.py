"""Sharpness-aware minimisation and quadratics: batches, purity, critical points, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, flatten, random_layers
from refimpl.robustness import sharpness
from refimpl.robustness.landscapes import factorization

X, A = np.array([1.0, -2.0]), np.array([[0.5, 1.0], [2.0, 0.3], [-1.0, 0.0]])
H = Network(random_layers((2, 4, 1), np.random.default_rng(0)), relu)


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


def test_parameters_of_several_axes_have_one_norm():
    W = np.arange(1.0, 7.0).reshape(2, 3)
    eta = sharpness.sam_perturbation(W, 0.05, point_ndim=2)
    np.testing.assert_allclose(eta, 0.05 * W / np.linalg.norm(W))
    for function in (sharpness.sam_gradient, lambda *given, **kw: sharpness.sam_step(*given, 0.1, **kw)):
        expected = function(np.sin, W.ravel(), 0.5).reshape(W.shape)
        np.testing.assert_allclose(function(np.sin, W, 0.5, point_ndim=2), expected)
        np.testing.assert_allclose(function(np.sin, np.stack([W, W]), 0.5, point_ndim=2)[1], expected)
    with pytest.raises(ValueError, match="a must have at least point_ndim = 3 axes"):
        sharpness.sam_perturbation(W, 0.05, point_ndim=3)


def test_nothing_is_changed():
    kept = [X.copy(), A.copy(), flatten(H.layers)]
    sharpness.network_sam_gradient(H, A, lambda u: (u.sum(), np.ones_like(u)), 0.2)
    sharpness.quadratic_maximum(np.diag(X), X, 1.0)
    assert all(map(np.array_equal, (X, A, flatten(H.layers)), kept))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sharpness.sam_perturbation([np.nan], 0.1), "g must be finite, got nan"),
        (lambda: sharpness.sam_step(np.sin, X, -1.0, 0.1), "eps must be >= 0, got -1.0"),
        (lambda: sharpness.sam_step(np.sin, X, 0.1, 0.0), "alpha must be > 0, got 0.0"),
        (lambda: sharpness.quadratic_maximum([[0.0, 1.0], [0.0, 0.0]], X, 1.0), "H must be symmetric, got"),
        (lambda: sharpness.quadratic_maximum(np.eye(3), X, 1.0), "g must have shape (d) with d = 3, got (2,)"),
        (lambda: sharpness.quadratic_maximum(np.eye(2), X, 0.0), "eps must be > 0, got 0.0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sharpness.network_sam_gradient(H, A, 3, 0.1), "loss must be callable, got 3"),
        (lambda: sharpness.sam_gradient(None, X, 0.1), "grad_f must be callable, got None"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
