"""Convolutional networks: shapes, pictures one by one, purity, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.networks.convolutional import forward, gradient, input_gradient, sample_filters


def network(m=3, L=4, height=7, width=5, n=4):
    rng = np.random.default_rng(0)
    return sample_filters(m, L, height, width, rng), rng.standard_normal((n, height, width))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(3, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 3))
def test_shapes_for_any_picture(m, L, height, width, n):
    weights, a = network(m, L, height, width, n)
    found = gradient(np.cos, weights, a)
    assert found.output.shape == forward(weights, a).shape == (n,)
    assert found.input.shape == input_gradient(weights, a).shape == a.shape
    assert [G.shape for G in found.weights] == [X.shape for X in weights]


def test_pictures_do_not_meet():
    weights, a = network()
    alone = [input_gradient(weights, a[i : i + 1])[0] for i in range(len(a))]
    np.testing.assert_allclose(input_gradient(weights, a), alone, atol=1e-14)


def test_nothing_is_changed():
    weights, a = network()
    kept = [x.copy() for x in (*weights, a)]
    gradient(np.cos, weights, a)
    assert all(map(np.array_equal, (*weights, a), kept))


X, A = network()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forward(X, A[0]), "a must have shape (n, height, width), got (7, 5)"),
        (lambda: forward(X, np.ones((2, 28, 28))), "a must suit X_L's 12 columns, got 147 pixels times filters"),
        (lambda: forward(X[:2], A), "weights must be those of L >= 3 layers, got 2"),
        (lambda: forward([X[0], X[1][:, :9], *X[2:]], A), "weights's X_2 must have shape (m, c) with c = 27"),
        (lambda: forward([*X[:-1], np.ones((1, 7))], A), "weights's X_4 must have a multiple of 3 entries, got 7"),
        (lambda: gradient(lambda h: h[:1], X, A), "loss_slope must return shape (4,), got shape (1,)"),
        (lambda: forward(X, A, alpha=-1.0), "alpha must be > 0, got -1.0"),
        (lambda: sample_filters(3, 2, 8, 8, np.random.default_rng(0)), "L must be >= 3, got 2"),
        (lambda: sample_filters(3, 3, 8, 8, np.random.default_rng(0), gain=0.0), "gain must be > 0, got 0.0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forward(1.0, A), "weights must be a list of arrays, got 1.0"),
        (lambda: gradient(1.0, X, A), "loss_slope must be callable, got 1.0"),
        (lambda: sample_filters(3, 3, 8, 8, 0), "rng must be a numpy.random.Generator, got 0"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
