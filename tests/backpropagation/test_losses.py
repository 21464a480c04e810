"""The cross-entropy: logits of any size, and its gradient through a network."""

import numpy as np
import pytest

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, random_layers
from refimpl.backpropagation.losses import cross_entropy


def test_logits_of_any_size_have_a_finite_cross_entropy() -> None:
    loss, gradient = cross_entropy([[1e4, 0.0], [-1e4, 0.0]], [0, 0])
    assert loss == pytest.approx(5e3)
    np.testing.assert_allclose(gradient, [[0, 0], [-0.5, 0.5]])


def test_loss_gradient_is_backward() -> None:
    rng = np.random.default_rng(0)
    h, A, Y = Network(random_layers((5, 7, 3), rng), relu), rng.standard_normal((6, 5)), np.array([0, 1, 2, 0, 1, 2])
    loss, layers = mlp.loss_gradient(h, A, lambda u: cross_entropy(u, Y))
    expected, c = cross_entropy(mlp.forward(h, A), Y)
    assert loss == expected
    for one, other in zip(layers, mlp.backward(h, A, c).layers, strict=True):
        np.testing.assert_array_equal(one.W, other.W)
        np.testing.assert_array_equal(one.b, other.b)
