"""Lazy ratios, tangent kernels and linearised training: shapes, purity, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import lazy_training
from refimpl.networks.initialization import Scales, sample_weights
from refimpl.networks.training import gradient_descent

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
    path = gradient_descent(weights, a, b, 1e-3, 4, 2)
    assert lazy_training.relative_changes(path.weights).shape == (L, 3, *leading)
    assert lazy_training.lazy_ratio(path.weights).shape == (3, *leading)
    assert lazy_training.tangent_kernel(weights, a, a[..., :2, :]).shape == (*leading, 5, 2)
    assert lazy_training.linearised_outputs(weights, a, b, a[..., :2, :], 1e-3, 4).shape == (5, *leading, 2)


def test_nothing_is_changed():
    weights, a, b = problem()
    path = gradient_descent(weights, a, b, 0.1, 3).weights
    kept = [x.copy() for x in (*weights, a, b, *path)]
    lazy_training.relative_changes(path)
    lazy_training.linearised_outputs(weights, a, b, a, 0.1, 3)
    assert all(map(np.array_equal, (*weights, a, b, *path), kept))


W, A, B = problem()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lazy_training.linearised_outputs(W, A, B, A, [0.1, 0.2], 3), "eta must be a number or of shape ()"),
        (lambda: lazy_training.relative_changes(list(W)), "path must have time on a first axis"),
        (
            lambda: lazy_training.lazy_ratio([0 * np.stack([X, X]) for X in W]),
            "path must start at weights other than 0",
        ),
        (lambda: lazy_training.relative_changes([np.stack([X, X]) for X in W], "1"), "norm must be one of '2', 'fro'"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lazy_training.lazy_ratio(3.0), "path must be a list of arrays, got 3.0"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
