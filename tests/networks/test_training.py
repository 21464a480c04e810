"""Gradient descent of networks, their lazy ratios, phase diagram and non-lazy bounds: shapes, purity, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.networks import fully_connected, lazy_training, non_lazy, phase_diagram, training
from refimpl.networks.initialization import Scales, sample_weights

UNIT = Scales(1.0, 1.0, 1.0, 1.0)
sizes = st.integers(1, 4)


def problem(k=None, p=3, m=4, L=2, n=5):
    rng, leading = np.random.default_rng(0), () if k is None else (k,)
    weights = sample_weights(UNIT, p, m, L, rng, num_networks=k)
    return weights, rng.standard_normal((*leading, n, p)), rng.standard_normal((*leading, n))


@given(st.sampled_from([None, 1, 3]), sizes, sizes, st.integers(2, 4))
def test_shapes(k, p, m, L):
    weights, a, b = problem(k, p, m, L)
    leading = () if k is None else (k,)
    path = training.gradient_descent(weights, a, b, 1e-3, 4, 2)
    assert [X.shape for X in path.weights] == [(3, *X.shape) for X in weights]
    assert np.shape(training.squared_loss(weights, a, b)) == leading
    assert lazy_training.relative_changes(path.weights).shape == (L, 3, *leading)
    assert lazy_training.lazy_ratio(path.weights).shape == (3, *leading)
    assert lazy_training.tangent_kernel(weights, a, a[..., :2, :]).shape == (*leading, 5, 2)
    assert lazy_training.linearised_outputs(weights, a, b, a[..., :2, :], 1e-3, 4).shape == (5, *leading, 2)


def test_several_networks_are_so_many_single_ones():
    weights, a, b = problem(3)
    together = training.gradient_descent_step(weights, a, b, [0.1, 0.2, 0.3])
    bounds = phase_diagram.curvature_bound(weights, a, b, 0.5)
    for i, eta in enumerate((0.1, 0.2, 0.3)):
        alone = [X[i] for X in weights]
        for X, Y in zip(together, training.gradient_descent_step(alone, a[i], b[i], eta), strict=True):
            np.testing.assert_allclose(X[i], Y, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(bounds[i], phase_diagram.curvature_bound(alone, a[i], b[i], 0.5), rtol=1e-12)


@given(st.sampled_from([None, 3]), sizes, sizes, st.integers(2, 4))
def test_factors_multiply_to_gradients(k, p, m, L):
    weights, a, b = problem(k, p, m, L)
    factors = fully_connected.gradient_factors(lambda h: h - b, weights, a)
    sums, whole = (f(lambda h: h - b, weights, a) for f in (fully_connected.weight_gradient, fully_connected.gradient))
    for delta, h, G, expected in zip(factors.delta, factors.h, sums, whole.weights, strict=True):
        np.testing.assert_allclose(np.einsum("...ni,...nj->...ij", delta, h), G, atol=1e-10)
        np.testing.assert_array_equal(G, expected)


def test_nothing_is_changed():
    weights, a, b = problem()
    kept = [x.copy() for x in (*weights, a, b)]
    path = training.gradient_descent(weights, a, b, 0.1, 3).weights
    lazy_training.relative_changes(path)
    lazy_training.linearised_outputs(weights, a, b, a, 0.1, 3)
    phase_diagram.curvature_bound(weights, a, b)
    assert all(map(np.array_equal, (*weights, a, b), kept))
    path[0][0] += 1
    assert np.array_equal(weights[0], kept[0])


def test_divergence_carries_the_last_finite_record():
    weights, a, b = problem()
    with pytest.raises(DivergedError) as caught:
        training.gradient_descent(weights, a, b, 1e200, 40, 40)
    assert all(np.isfinite(X).all() for X in caught.value.last)
    assert 0 <= caught.value.step < 40


W, A, B = problem()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training.gradient_descent_step(W, A, B, 0.0), "eta must be > 0, got 0.0"),
        (lambda: training.gradient_descent_step(W, A, B[:4], 0.1), "b must have shape (..., n) with n = 5, got (4,)"),
        (lambda: training.gradient_descent_step(W, A[:, :2], B, 0.1), "a must have shape (..., n, p) with p = 3"),
        (lambda: training.gradient_descent(W, A, B, 0.1, 0), "num_steps must be >= 1, got 0"),
        (lambda: training.gradient_descent(W, A, B, 0.1, 2, 3), "records must be <= num_steps = 2, got 3"),
        (lambda: training.gradient_descent_step(W, A, B, [0.1, 0.2]), "eta must be a number or of shape (), got shape"),
        (lambda: lazy_training.linearised_outputs(W, A, B, A, [0.1, 0.2], 3), "eta must be a number or of shape ()"),
        (lambda: fully_connected.weight_gradient(lambda h: h[:2], W, A), "loss_slope must return shape (5,), got"),
        (lambda: non_lazy.homogeneity_floor(1.0, [0.0, 0.0]), "a must hold points other than 0"),
        (lambda: non_lazy.homogeneity_floor([1.0, 2.0], [[1.0]]), "h must have shape (1,), one number a point, got"),
        (lambda: non_lazy.least_change([0 * W[0], W[1]], 1.0, 1.0), "weights must be other than 0"),
        (lambda: training.gradient_descent(W, A, B, 0.1, 1, 0), "records must be >= 1, got 0"),
        (lambda: training.squared_loss(W[:1], A, B), "weights must be those of L >= 2 layers, got 1"),
        (lambda: training.squared_loss(W, np.full_like(A, np.nan), B), "a must be finite, got nan"),
        (lambda: lazy_training.relative_changes(list(W)), "path must have time on a first axis"),
        (
            lambda: lazy_training.lazy_ratio([0 * np.stack([X, X]) for X in W]),
            "path must start at weights other than 0",
        ),
        (lambda: lazy_training.relative_changes([np.stack([X, X]) for X in W], "1"), "norm must be one of '2', 'fro'"),
        (lambda: phase_diagram.curvature_bound(problem(L=3)[0], A, B), "weights must be those of L = 2 layers, got 3"),
        (lambda: phase_diagram.exponents("xaver"), "did you mean 'xavier'?"),
        (lambda: phase_diagram.regime(np.nan, 0.0), "gamma must be finite, got nan"),
        (lambda: phase_diagram.scales_at(1.0, 0.0, 0), "m must be >= 1, got 0"),
        (lambda: non_lazy.non_lazy_ratio(UNIT, 4, 1), "L must be >= 2, got 1"),
        (lambda: non_lazy.printed_bound(0, 4, 2.0), "n must be >= 1, got 0"),
        (lambda: non_lazy.least_change(W, -1.0, 1.0), "h must be >= 0, got -1.0"),
        (lambda: non_lazy.least_change(W, 1.0, 0.0), "a_norm must be > 0, got 0.0"),
        (lambda: non_lazy.least_change(W[:1], 1.0, 1.0), "weights must be those of L >= 2 layers, got 1"),
        (lambda: non_lazy.homogeneity_floor(1.0, [1.0], eps=0.0), "eps must be > 0, got 0.0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training.squared_loss(W, A, B, output="relu"), "output must be an Activation, got 'relu'"),
        (lambda: training.gradient_descent(W, A, B, "fast", 3), "eta must hold real numbers, got 'fast'"),
        (lambda: fully_connected.gradient_factors(1.0, W, A), "loss_slope must be callable, got 1.0"),
        (lambda: fully_connected.weight_gradient(None, W, A), "loss_slope must be callable, got None"),
        (lambda: lazy_training.lazy_ratio(3.0), "path must be a list of arrays, got 3.0"),
        (lambda: phase_diagram.place("lecun"), "exponents must be Scales of exponents"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
