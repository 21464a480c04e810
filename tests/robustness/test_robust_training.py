"""Adversarial training: shapes, purity, divergence, bad input."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation.activations import leaky_relu, relu
from refimpl.backpropagation.layers import Network, flatten, random_layers
from refimpl.robustness.robust_training import adversarial_training, attack, input_gradient, withstands

H = Network(random_layers((2, 4, 3), np.random.default_rng(0)), relu)
A, Y = np.random.default_rng(1).uniform(0, 1, (6, 2)), np.array([0, 1, 2, 0, 1, 2])


def rng():
    return np.random.default_rng(2)


def test_shapes_and_purity():
    a, x = A.copy(), flatten(H.layers)
    assert input_gradient(H, Y)(A).shape == attack(H, A, Y, 0.1).shape == (6, 2)
    assert withstands(H, A, Y, 0.1, 3, 2).tolist() == withstands(H, A, Y, 0.1, 3, "2").tolist()
    assert not np.shares_memory(attack(H, A, Y, 0.0), A)
    adversarial_training(H, A, Y, 0.1, rng(), 3, batch=4)
    assert np.array_equal(a, A)
    assert np.array_equal(x, flatten(H.layers))


def test_divergence_carries_the_last_finite_parameters():
    for eps in (0.0, 0.1):
        with pytest.raises(DivergedError) as caught:
            adversarial_training(H._replace(activation=leaky_relu()), A, Y, eps, rng(), 50, 1e200)
        assert np.isfinite(caught.value.last).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attack(H, A + 1, Y, 0.1), "a must lie within bounds"),
        (lambda: attack(H, A, Y[:3], 0.1), "labels must be (n,) classes < k for u (6, 3), got (3,)"),
        (lambda: attack(H, A, Y + 1, 0.1), "labels must be (n,) classes < k for u (6, 3), got (6,) up to 3"),
        (lambda: withstands(H, A, Y, 0.1, 0), "num_steps must be >= 1, got 0"),
        (lambda: adversarial_training(H, A, Y, 0.1, rng(), 0), "steps must be >= 1, got 0"),
        (lambda: adversarial_training(H, A, Y[:3], 0.1, rng(), 2), "labels must be one for each of 6 inputs, got (3,)"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: adversarial_training(H, A, Y, 0.1, None, 2), "rng must be a numpy.random.Generator, got None"),
        (lambda: attack(H, A, [0.5] * 6, 0.1), "labels must hold integers"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
