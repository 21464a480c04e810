"""Fully connected networks: shapes, several networks at once, purity, bad input."""

import re

import autograd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation.activations import identity, relu, tanh
from refimpl.networks.fully_connected import forward, gradient, gradient_factors, input_gradient, weight_gradient
from refimpl.networks.initialization import Scales, sample_weights

sizes = st.integers(1, 5)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)


def network(p=3, m=4, L=4, k=None, seed=0):
    return sample_weights(UNIT, p, m, L, np.random.default_rng(seed), num_networks=k)


def points(*shape):
    return np.random.default_rng(1).standard_normal(shape)


@given(sizes, sizes, st.integers(2, 5), st.sampled_from([(), (1,), (5,), (2, 3)]))
def test_points_stand_on_leading_axes(p, m, L, leading):
    X, a = network(p, m, L), points(*leading, p)
    assert forward(X, a).shape == leading
    assert input_gradient(X, a).shape == a.shape
    found = gradient(np.cos, X, a)
    assert found.output.shape == leading
    assert found.input.shape == a.shape
    assert [G.shape for G in found.weights] == [W.shape for W in X]


@given(sizes, sizes, st.integers(2, 5), st.integers(1, 3), st.booleans())
def test_several_networks_are_so_many_single_ones(p, m, L, k, shared):
    X, a = network(p, m, L, k), points(2, p) if shared else points(k, 2, p)
    together = gradient(np.cos, X, a, alpha=2.0)
    assert forward(X, a).shape == (k, 2)
    for i in range(k):
        alone = gradient(np.cos, [W[i] for W in X], a if shared else a[i], alpha=2.0)
        np.testing.assert_allclose(together.output[i], alone.output, atol=1e-12)
        np.testing.assert_allclose(together.input[i], alone.input, atol=1e-12)
        for G, g in zip(together.weights, alone.weights, strict=True):
            np.testing.assert_allclose(G[i], g, rtol=1e-11, atol=1e-11)


@settings(deadline=None)
@given(st.integers(2, 4), st.sampled_from([relu, identity, tanh]), st.sampled_from([None, 2]))
def test_gradients_are_those_of_automatic_differentiation(L, output, k):
    X, a = network(L=L, k=k), points(5, 3)

    def loss(X, a):
        return autograd.numpy.sum(autograd.numpy.sin(forward(X, a, 0.7, output)))

    found = gradient(np.cos, X, a, 0.7, output)
    for G, g in zip(found.weights, autograd.grad(loss, 0)(X, a), strict=True):
        np.testing.assert_allclose(G, g, atol=1e-12)
    np.testing.assert_allclose(found.input.sum(0) if k else found.input, autograd.grad(loss, 1)(X, a), atol=1e-12)


@given(sizes, sizes, st.integers(2, 4), st.sampled_from([None, 3]))
def test_factors_multiply_to_gradients(p, m, L, k):
    X, a, b = network(p, m, L, k), points(*(() if k is None else (k,)), 5, p), points(5)
    factors = gradient_factors(lambda h: h - b, X, a)
    sums, whole = weight_gradient(lambda h: h - b, X, a), gradient(lambda h: h - b, X, a)
    for delta, h, G, expected in zip(factors.delta, factors.h, sums, whole.weights, strict=True):
        np.testing.assert_allclose(np.einsum("...ni,...nj->...ij", delta, h), G, atol=1e-10)
        np.testing.assert_array_equal(G, expected)


def test_nothing_is_changed():
    X, a = network(), points(5, 3)
    kept = [W.copy() for W in X], a.copy()
    for call in (forward, input_gradient, lambda X, a: gradient(np.cos, X, a)):
        call(X, a)
    assert all(map(np.array_equal, [*X, a], [*kept[0], kept[1]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: forward([np.ones((4, 3)), np.ones((1, 5))], points(3)),
            "weights's X_2 must have shape (..., n, m) with m = 4",
        ),
        (
            lambda: forward([np.ones((4, 3)), np.ones((2, 4))], points(3)),
            "weights's X_2 must have one row, got shape (2, 4)",
        ),
        (lambda: forward([np.ones((1, 3))], points(3)), "weights must be those of L >= 2 layers, got 1"),
        (lambda: forward([], points(3)), "weights must be those of L >= 2 layers, got 0"),
        (
            lambda: forward([np.ones(3), np.ones((1, 3))], points(3)),
            "weights's X_1 must have shape (..., m, p), got (3,)",
        ),
        (
            lambda: forward([np.full((4, 3), np.nan), np.ones((1, 4))], points(3)),
            "weights's X_1 must be finite, got nan",
        ),
        (lambda: forward([np.ones((2, 4, 3)), np.ones((3, 1, 4))], points(1, 3)), "must be of one network or all of k"),
        (lambda: forward(network(), points(4)), "a must have shape (..., p) with p = 3, got (4,)"),
        (lambda: forward(a=points(4), weights=network()), "a must have shape (..., p) with p = 3, got (4,)"),
        (lambda: forward(network(k=2), points(3)), "a must have shape (n, p) or (2, n, p) for 2 networks, got (3,)"),
        (lambda: input_gradient(network(k=2), points(3, 1, 3)), "a must have shape (n, p) or (2, n, p)"),
        (lambda: gradient(np.cos, network(), points(4)), "a must have shape (..., p) with p = 3, got (4,)"),
        (lambda: input_gradient(network(), points(3), alpha=0.0), "alpha must be > 0, got 0.0"),
        (
            lambda: weight_gradient(lambda h: h[:2], network(), points(5, 3)),
            "loss_slope must return shape (5,), got shape (2,)",
        ),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forward(3.0, points(3)), "weights must be a list of arrays, got 3.0"),
        (lambda: forward(network(), points(3), output="relu"), "output must be an Activation, got 'relu'"),
        (lambda: gradient(1.0, network(), points(3)), "loss_slope must be callable, got 1.0"),
        (lambda: gradient_factors(1.0, network(), points(3)), "loss_slope must be callable, got 1.0"),
        (lambda: weight_gradient(None, network(), points(3)), "loss_slope must be callable, got None"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
