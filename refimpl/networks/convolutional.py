r"""A small convolutional ReLU network without biases, and its gradients in the images and in the weights.

.. math:: h^{(0)} = a, \qquad h^{(l)} = \sigma(X_l \ast h^{(l-1)}), \qquad h = \tfrac1\alpha \sigma(X_L h^{(L-1)})

The rows of X_l (m, 9c) are m filters of 3 × 3 pixels, and X_l * h applies them to the patch around each pixel. Outside
the picture there are zeros. The first two layers visit every second pixel in both directions. X_L (1, qm) reads all q
pixels of the last layer. A patch is written pixel by pixel, row by row, the c channels of a pixel together.

Inside this module pictures stand on the last axis, so that what is copied lies together in memory.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, generator, integer, positive
from refimpl.backpropagation.activations import Activation, relu
from refimpl.backpropagation.layers import activation
from refimpl.networks.fully_connected import Gradient, slope_of


def _check_filters(name: str, value: Any, sizes: Sizes) -> list[Array]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name} must be a list of arrays, got {value!r}")
    if len(value) < 3:
        raise ValueError(f"{name} must be those of L >= 3 layers, got {len(value)}")
    weights, inputs = [], 9
    for l, X in enumerate(value[:-1], start=1):
        weights.append(array("m c").check(f"{name}'s X_{l}", X, {"c": inputs}))
        inputs = 9 * len(weights[-1])
    last = array("1 q").check(f"{name}'s X_{len(value)}", value[-1], {})
    if last.shape[1] % (channels := len(weights[-1])):
        raise ValueError(f"{name}'s X_{len(value)} must have a multiple of {channels} entries, got {last.shape[1]}")
    return [*weights, last]


filters = Domain("list of L >= 3 arrays that chain", _check_filters)
_images = array("n height width")
_arguments = {"weights": filters, "a": _images, "alpha": positive, "output": activation}


@domain(m=integer(1), L=integer(3), height=integer(1), width=integer(1), rng=generator, gain=positive)
def sample_filters(m: int, L: int, height: int, width: int, rng: np.random.Generator, gain: float = 2.0) -> list[Array]:
    r"""Weights at initialisation, for pictures of one size. The gain is 2 for He, 1 for LeCun.

    .. math:: (X_l)_{ij} \sim N(0, \text{gain} / \text{number of columns of } X_l)

    Parameters
    ----------
    m, L : int
        Number of filters of each layer, ≥ 1, and number of layers, ≥ 3.
    height, width : int
        Size of the pictures, ≥ 1.
    rng : numpy.random.Generator
        Source of the weights.
    gain : float
        Variance of a weight times the number of weights of its row, > 0.

    Returns
    -------
    list of L arrays
        (m, 9), then (m, 9m), then (1, qm).

    Examples
    --------
    >>> [X.shape for X in sample_filters(5, 4, 28, 28, np.random.default_rng(0))]
    [(5, 9), (5, 45), (5, 45), (1, 245)]
    """
    pixels = -(-height // 4) * -(-width // 4)
    shapes = [(m, 9), *[(m, 9 * m)] * (L - 2), (1, pixels * m)]
    return [np.sqrt(gain / shape[1]) * rng.standard_normal(shape) for shape in shapes]


@domain(**_arguments)
def forward(weights: list[Array], a: Array, alpha: float = 1.0, output: Activation = relu) -> Array:
    r"""Outputs of the network.

    .. math:: h^{(l)} = \sigma(X_l \ast h^{(l-1)}), \qquad h = \tfrac1\alpha \sigma(X_L h^{(L-1)})

    Parameters
    ----------
    weights : list of L arrays
        X₁ (m, 9), X_l (m, 9m), X_L (1, qm).
    a : (n, height, width) array
        Pictures.
    alpha : float
        Divisor α of the output, > 0.
    output : Activation
        The last σ: `activations.identity` makes the last layer linear.

    Returns
    -------
    (n,) array

    Raises
    ------
    ValueError
        The weights do not chain, or belong to pictures of another size.

    References
    ----------
    Slide "Robustness in deep learning: lazy training experiment for CNN".

    Examples
    --------
    >>> middle = np.eye(9)[4:5]  # the filter that copies a pixel
    >>> forward([middle, middle, [[3.0]]], [[[2.0]]])
    array([6.])
    """
    return bare(gradient)(np.zeros_like, weights, a, alpha, output).output


@domain(**_arguments)
def input_gradient(weights: list[Array], a: Array, alpha: float = 1.0, output: Activation = relu) -> Array:
    """Gradients of the outputs in the pictures.

    Parameters
    ----------
    weights, a, alpha, output
        As in `forward`.

    Returns
    -------
    (n, height, width) array

    Examples
    --------
    >>> middle = np.eye(9)[4:5]
    >>> input_gradient([middle, middle, [[3.0]]], [[[2.0]]])
    array([[[3.]]])
    """
    return bare(gradient)(np.ones_like, weights, a, alpha, output).input


@domain(loss_slope=function, **_arguments)
def gradient(
    loss_slope: Callable[[Array], Array],
    weights: list[Array],
    a: Array,
    alpha: float = 1.0,
    output: Activation = relu,
) -> Gradient:
    r"""Gradients of a loss Σ ℓ(h(a)): in the weights summed over the pictures, in the pictures one by one.

    Parameters
    ----------
    loss_slope : callable
        From the outputs h (n,) to ℓ'(h) of the same shape.
    weights, a, alpha, output
        As in `forward`.

    Returns
    -------
    Gradient
        With the outputs.

    Examples
    --------
    >>> middle = np.eye(9)[4:5]
    >>> gradient(lambda h: h - 5, [middle, middle, [[3.0]]], [[[2.0]]]).weights[2]  # (6 − 5) · 2
    array([[2.]])
    """
    h = [np.ascontiguousarray(np.moveaxis(a, 0, -1)[None])]
    for l, X in enumerate(weights[:-1]):
        h.append(_convolved(X, h[-1], _stride(l)))
    if h[-1][..., 0].size != weights[-1].size:
        raise ValueError(f"a must suit X_L's {weights[-1].size} columns, got {h[-1][..., 0].size} pixels times filters")
    last = _channels_first(weights[-1], h[-1].shape)
    u = last @ h[-1].reshape(last.size, -1)
    value = output.value(u) / alpha
    delta = bare(slope_of)(loss_slope, value) * output.slope(u) / alpha
    gradients, delta = [_channels_last(h[-1] @ delta)], np.multiply.outer(last, delta).reshape(h[-1].shape)
    for l in range(len(weights) - 1)[::-1]:
        delta *= h[l + 1] > 0
        G, delta = _pulled_back(weights[l], h[l], delta, _stride(l))
        gradients.append(G)
    return Gradient(value, gradients[::-1], np.moveaxis(delta[0], -1, 0))


def _convolved(X: Array, h: Array, stride: int) -> Array:
    """σ(X ∗ h) of values (c, height, width, n)."""
    patches = _patches(h, stride)
    u = X @ patches.reshape(X.shape[1], -1)
    return np.maximum(u, 0, out=u).reshape(len(X), *patches.shape[3:])


def _pulled_back(X: Array, h: Array, delta: Array, stride: int) -> tuple[Array, Array]:
    """The gradients in X and in h.

    Patches are cut out a second time, and their gradients are written over them. Keeping them from the way forward
    would take fresh memory, which costs more than copying.
    """
    patches, delta = _patches(h, stride), delta.reshape(len(X), -1)
    flat = patches.reshape(X.shape[1], -1)
    G = delta @ flat.T
    np.matmul(X.T, delta, out=flat)
    return G, _scattered(patches, h.shape, stride)


def _stride(l: int) -> int:
    return 2 if l < 2 else 1


def _channels_first(X: Array, shape: tuple[int, ...]) -> Array:
    """The last layer's weights in the order in which values (c, height, width, n) lie."""
    c, height, width = shape[:3]
    return np.moveaxis(X.reshape(height, width, c), -1, 0).ravel()


def _channels_last(values: Array) -> Array:
    """The inverse: from (c, height, width) to a row pixel by pixel."""
    return np.moveaxis(values, 0, -1).reshape(1, -1)


def _patches(h: Array, stride: int) -> Array:
    """Patches (3, 3, c, height', width', n) around every pixel, or every second one, of h (c, height, width, n)."""
    c, height, width, n = h.shape
    rows, columns = -(-height // stride), -(-width // stride)
    padded, patches = np.zeros((c, height + 2, width + 2, n)), np.empty((3, 3, c, rows, columns, n))
    padded[:, 1:-1, 1:-1] = h
    for i, j in np.ndindex(3, 3):
        patches[i, j] = padded[:, i : i + stride * rows : stride, j : j + stride * columns : stride]
    return patches


def _scattered(patches: Array, shape: tuple[int, ...], stride: int) -> Array:
    """Sum (c, height, width, n) of patches at their places: the transpose of `_patches`."""
    c, height, width, n = shape
    rows, columns = patches.shape[3:5]
    padded = np.zeros((c, height + 2, width + 2, n))
    for i, j in np.ndindex(3, 3):
        padded[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += patches[i, j]
    return padded[:, 1:-1, 1:-1]
