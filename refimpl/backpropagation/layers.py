"""Networks as explicit layers (W, b), and the same parameters as one vector, as optimizers want them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, generator, positive, same_size
from refimpl.backpropagation.activations import Activation


class Layer(NamedTuple):
    """Weights W (m, p) and biases b (m,) of one layer, or the gradients in them."""

    W: Any
    b: Any


class Network(NamedTuple):
    """Layers, first to last, and the activation between them; the last layer is linear."""

    layers: tuple[Layer, ...]
    activation: Activation


def _check_network(name: str, value: Any, sizes: Sizes) -> Network:
    """A network whose layers fit; its inputs have size p and its outputs size m in the signature."""
    if not isinstance(value, Network):
        raise TypeError(f"{name} must be a Network, got {type(value).__name__}")
    activation.check(f"{name}'s activation", value.activation, {})
    if not isinstance(value.layers, Sequence) or not all(
        isinstance(one, tuple) and len(one) == 2 for one in value.layers
    ):
        raise TypeError(f"{name}.layers must be a tuple of Layer, got {value.layers!r:.40}")
    if not value.layers:
        raise ValueError(f"{name} must have a layer, got none")
    layers: list[Layer] = []
    for l, (W, b) in enumerate(value.layers, start=1):
        dims: Sizes = {"p": np.shape(layers[-1].W)[0]} if layers else {}
        W = array("m p").check(f"{name}'s W_{l}", W, dims)
        layers.append(Layer(W, array("m").check(f"{name}'s b_{l}", b, dims)))
    same_size(f"{name}'s inputs", "p", np.shape(layers[0].W)[1], sizes)
    same_size(f"{name}'s outputs", "m", np.shape(layers[-1].W)[0], sizes)
    return Network(tuple(layers), value.activation)


def _check_activation(name: str, value: Any, sizes: Sizes) -> Activation:
    if not isinstance(value, Activation):
        raise TypeError(f"{name} must be an Activation, got {value!r}")
    return value


def _check_widths(name: str, value: Any, sizes: Sizes) -> tuple[int, ...]:
    if not isinstance(value, Sequence) or len(value) < 2:
        raise TypeError(f"{name} must be a sequence of at least two integers, got {value!r}")
    if not all(isinstance(m, int | np.integer) and not isinstance(m, bool) and m > 0 for m in value):
        raise ValueError(f"{name} must be integers > 0, got {value!r}")
    return tuple(int(m) for m in value)


network = Domain("Network", _check_network)
activation = Domain("Activation", _check_activation)
widths = Domain("sequence of at least two integers > 0", _check_widths)


@domain(widths=widths, rng=generator, gain=positive)
def random_layers(widths: Sequence[int], rng: np.random.Generator, gain: float = 2.0) -> tuple[Layer, ...]:
    r"""Independent Gaussian weights (gain 2: He's), zero biases.

    .. math:: W_{ij} \sim N(0, \text{gain} / p), \qquad b = 0

    Parameters
    ----------
    widths : sequence of int
        Sizes of the input, of the hidden layers and of the output.
    rng : numpy.random.Generator
        Source of the weights.
    gain : float
        Variance of a weight times the number p of its layer's inputs, > 0.

    Returns
    -------
    tuple of Layer
    """
    return tuple(Layer(np.sqrt(gain / p) * rng.standard_normal((m, p)), np.zeros(m)) for p, m in pairwise(widths))


def flatten(layers: Sequence[Layer]) -> Array:
    """All parameters as one vector: W₁ row by row, b₁, W₂, ….

    Examples
    --------
    >>> flatten([Layer(np.array([[1.0, 2.0]]), np.array([3.0]))])
    array([1., 2., 3.])
    """
    return np.concatenate([np.ravel(part) for layer in layers for part in layer])


def sizes_of(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Sizes of the input, of the hidden layers and of the output.

    Examples
    --------
    >>> sizes_of([Layer(np.ones((3, 2)), np.ones(3)), Layer(np.ones((1, 3)), np.ones(1))])
    (2, 3, 1)
    """
    return (layers[0].W.shape[1], *(len(layer.W) for layer in layers))


@domain(x=array("d"), widths=widths)
def unflatten(x: Any, widths: Sequence[int]) -> tuple[Layer, ...]:
    """Layers whose parameters are views into one vector: the inverse of `flatten`.

    Parameters
    ----------
    x : (d,) array
        Parameters.
    widths : sequence of int
        Sizes of the input, of the hidden layers and of the output.

    Returns
    -------
    tuple of Layer

    Raises
    ------
    ValueError
        When the layers of these widths have another number of parameters.

    Examples
    --------
    >>> unflatten([1.0, 2.0, 3.0], [2, 1])
    (Layer(W=array([[1., 2.]]), b=array([3.])),)
    """
    needed = sum(m * (p + 1) for p, m in pairwise(widths))
    if len(x) != needed:
        raise ValueError(f"x must have {needed} entries for widths {tuple(widths)}, got {len(x)}")
    layers, start = [], 0
    for p, m in pairwise(widths):
        middle, end = start + m * p, start + m * (p + 1)
        layers.append(Layer(x[start:middle].reshape(m, p), x[middle:end]))
        start = end
    return tuple(layers)
