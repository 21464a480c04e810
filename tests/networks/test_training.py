"""Gradient descent of networks, one or several at once: shapes, purity, divergence, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.networks import training
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


def test_several_networks_are_so_many_single_ones():
    weights, a, b = problem(3)
    together = training.gradient_descent_step(weights, a, b, [0.1, 0.2, 0.3])
    for i, eta in enumerate((0.1, 0.2, 0.3)):
        alone = training.gradient_descent_step([X[i] for X in weights], a[i], b[i], eta)
        for X, Y in zip(together, alone, strict=True):
            np.testing.assert_allclose(X[i], Y, rtol=1e-12, atol=1e-13)


def test_nothing_is_changed():
    weights, a, b = problem()
    kept = [x.copy() for x in (*weights, a, b)]
    path = training.gradient_descent(weights, a, b, 0.1, 3).weights
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
        (lambda: training.gradient_descent(W, A, B, 0.1, 1, 0), "records must be >= 1, got 0"),
        (lambda: training.squared_loss(W[:1], A, B), "weights must be those of L >= 2 layers, got 1"),
        (lambda: training.squared_loss(W, np.full_like(A, np.nan), B), "a must be finite, got nan"),
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
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
