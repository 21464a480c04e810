"""Hand-written networks: directional differences, batching, purity, bad input."""

from collections.abc import Callable

import autograd
import numpy as np
import pytest

from refimpl.backpropagation import activations, mlp
from refimpl.backpropagation.layers import Layer, Network, flatten, random_layers, unflatten

SMOOTH = [activations.tanh, activations.softplus, activations.silu, activations.identity]
WIDTHS = [3, 6, 5, 2]


def instance(activation: activations.Activation, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    x = flatten(random_layers(WIDTHS, rng)) + 0.1 * rng.standard_normal(3 * 6 + 6 + 6 * 5 + 5 + 5 * 2 + 2)
    return x, rng.standard_normal((4, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))


def difference(f: Callable[[float], float], order: float = 1e-3) -> float:
    """Richardson's extrapolation of central differences: error of order step⁴."""
    coarse, fine = ((f(s) - f(-s)) / (2 * s) for s in (order, order / 2))
    return (4 * fine - coarse) / 3


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda one: one.name)
def test_gradients_along_a_direction(activation: activations.Activation) -> None:
    x, a, v, c = instance(activation)
    rng = np.random.default_rng(1)
    dx, da = rng.standard_normal(x.shape), rng.standard_normal(a.shape)

    def network(x: np.ndarray) -> Network:
        return Network(unflatten(x, WIDTHS), activation)

    gradient = mlp.backward(network(x), a, c)
    slope = difference(lambda s: (c * mlp.forward(network(x + s * dx), a + s * da)).sum())
    assert flatten(gradient.layers) @ dx + (gradient.input * da).sum() == pytest.approx(slope, rel=1e-7)
    second = mlp.jvp_backward(network(x), a, v, c)
    slope = difference(lambda s: (c * mlp.jvp(network(x + s * dx), a + s * da, v)).sum())
    assert flatten(second.layers) @ dx + (second.input * da).sum() == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda one: one.name)
@pytest.mark.parametrize("part", range(8))
def test_automatic_differentiation_follows_each_weight_and_the_inputs_alone(
    activation: activations.Activation, part: int
) -> None:
    x, a, v, c = instance(activation)
    leaves = [*(leaf for layer in unflatten(x, WIDTHS) for leaf in layer), a, c]

    def loss(leaf: np.ndarray) -> float:
        W_1, b_1, W_2, b_2, W_3, b_3, a, c = [*leaves[:part], leaf, *leaves[part + 1 :]]
        h = Network((Layer(W_1, b_1), Layer(W_2, b_2), Layer(W_3, b_3)), activation)
        return (mlp.forward(h, a) * c).sum() + (mlp.vjp(h, a, c) * v).sum()

    direction = np.random.default_rng(1).standard_normal(leaves[part].shape)
    slope = difference(lambda s: loss(leaves[part] + s * direction))
    assert (autograd.grad(loss)(leaves[part]) * direction).sum() == pytest.approx(slope, rel=1e-7)


def test_batches_of_any_shape_are_their_rows() -> None:
    x, a, v, c = instance(activations.relu)
    h = Network(unflatten(x, WIDTHS), activations.relu)
    square = [one.reshape(2, 2, -1) for one in (a, v, c)]
    np.testing.assert_allclose(mlp.forward(h, square[0]).reshape(4, -1), [mlp.forward(h, one) for one in a], rtol=1e-13)
    whole, rows = mlp.jvp_backward(h, *square), [mlp.jvp_backward(h, *one) for one in zip(a, v, c, strict=True)]
    np.testing.assert_allclose(flatten(whole.layers), sum(flatten(one.layers) for one in rows), atol=1e-13)


def test_one_cotangent_serves_the_whole_batch() -> None:
    x, a, _, c = instance(activations.tanh)
    h = Network(unflatten(x, WIDTHS), activations.tanh)
    np.testing.assert_array_equal(mlp.vjp(h, a, c[0]), mlp.vjp(h, a, np.tile(c[0], (4, 1))))


def test_arguments_stay_as_they_are() -> None:
    x, a, v, c = instance(activations.silu)
    copies = [one.copy() for one in (x, a, v, c)]
    mlp.jvp_backward(Network(unflatten(x, WIDTHS), activations.silu), a, v, c)
    for one, copy in zip((x, a, v, c), copies, strict=True):
        np.testing.assert_array_equal(one, copy)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda h: mlp.forward(h, np.zeros((4, 2))), "a must have shape"),
        (lambda h: mlp.forward(h, [[np.nan, 0, 0]]), "a must be finite"),
        (lambda h: mlp.backward(h, np.zeros((4, 3)), np.zeros((4, 3))), "c must have shape"),
        (lambda h: mlp.jvp(h, np.zeros((4, 3)), np.zeros((4, 2))), "v must have shape"),
        (lambda h: mlp.backward(h, np.zeros((4, 3)), np.zeros((5, 2))), "broadcast"),
        (lambda h: mlp.forward(h._replace(layers=()), np.zeros(3)), "h must have a layer"),
        (lambda h: mlp.forward(h._replace(layers=h.layers[::-1]), np.zeros(3)), "h's W_2 must have shape"),
        (lambda h: mlp.forward(h._replace(layers=(Layer(np.zeros((2, 3)), np.zeros(3)),)), np.zeros(3)), "b_1"),
    ],
)
def test_bad_values_are_refused(call: Callable[[Network], object], message: str) -> None:
    h = Network(random_layers(WIDTHS, np.random.default_rng(0)), activations.relu)
    with pytest.raises(ValueError, match=message):
        call(h)


def test_bad_types_are_refused() -> None:
    with pytest.raises(TypeError, match="h must be a Network"):
        mlp.forward([np.zeros((2, 3))], np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="activation must be an Activation"):
        mlp.forward(Network(random_layers([2, 2], np.random.default_rng(0)), np.tanh), np.zeros(2))  # type: ignore[arg-type]
