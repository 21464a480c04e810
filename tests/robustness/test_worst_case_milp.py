"""Exact worst cases of small ReLU networks: in the box, purity, bad input."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.backpropagation.activations import relu, tanh
from refimpl.backpropagation.layers import Network, flatten, random_layers
from refimpl.backpropagation.mlp import forward
from refimpl.robustness.worst_case_milp import preactivation_bounds, worst_case

A = np.array([[0.5, 1.0], [2.0, 0.3], [-1.0, 0.0]])
H = Network(random_layers((2, 4, 1), np.random.default_rng(0)), relu)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.floats(0, 2))
def test_worst_cases_lie_in_the_box(m, p, eps):
    h, a = Network(random_layers((p, m, 1), np.random.default_rng(m)), relu), np.full(p, 0.5)
    found = worst_case(h, a, eps, (0.0, 1.0))
    assert (np.abs(found.a - a) <= eps + 1e-15).all()
    assert ((found.a >= 0) & (found.a <= 1)).all()
    assert found.value <= forward(h, a)[0] + 1e-15
    assert found.value == pytest.approx(forward(h, found.a)[0], rel=1e-14, abs=1e-14)


def test_nothing_is_changed():
    kept = [A.copy(), flatten(H.layers)]
    worst_case(H, A[0], 0.3)
    assert all(map(np.array_equal, (A, flatten(H.layers)), kept))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: worst_case(H._replace(activation=tanh), A[0], 0.1),
            "h must be a ReLU network of one output, got tanh",
        ),
        (lambda: worst_case(H._replace(layers=H.layers[:1]), A[0], 0.1), "one output, got relu, 4 outputs"),
        (lambda: worst_case(H, A[0], 0.1, (0.0, 0.7)), "a must lie within bounds"),
        (lambda: worst_case(H, [1.0], 0.1), "a must have shape (p) with p = 2, got (1,)"),
        (lambda: preactivation_bounds(H, [0.0, np.inf], [1.0, 1.0]), "lower must be finite, got inf"),
        (lambda: preactivation_bounds(H, [0.0, 2.0], [1.0, 1.0]), "lower must be <= upper"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: worst_case([[1.0]], A[0], 0.1), "h must be a Network, got list"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
