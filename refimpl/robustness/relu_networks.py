"""What all bounds on Lipschitz constants share: ReLU networks whose last layer is linear.

.. math:: h(a) = W_L \\sigma(W_{L-1} \\cdots \\sigma(W_1 a)), \\qquad
          \\nabla h = W_1^\\top D_1 \\cdots W_{L-1}^\\top D_{L-1} W_L^\\top

where the pattern D_l = diag(s_l) has s_l = 1 at the active neurons of layer l and 0 at the others. There are no biases.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, optional, same_size, shortened

Weights = list[Array]
_MOST_SWEEPS = 1000
_BALANCED = 1.5  # powers of 2 between inputs and outputs that are left


def _check_weights(name: str, value: Any, sizes: Sizes) -> Weights:
    """Weights of layers that chain, from inputs of size p to one output."""
    try:
        value = list(value)
    except TypeError:
        raise TypeError(f"{name} must be a list of arrays, got {shortened(value)}") from None
    if not value:
        raise ValueError(f"{name} must be those of at least one layer, got none")
    weights: Weights = []
    for l, W in enumerate(value, start=1):
        dims: Sizes = {"m": len(weights[-1])} if weights else {}
        weights.append(np.asarray(array("n m").check(f"{name}'s W_{l}", W, dims), dtype=float))
    if (last := weights[-1].shape)[0] != 1:
        raise ValueError(f"{name}'s W_{len(weights)} must have one row, got shape {last}")
    same_size(f"{name}'s inputs", "p", weights[0].shape[1], sizes)
    return weights


def _check_biases(name: str, value: Any, sizes: Sizes) -> list[Array]:
    try:
        value = list(value)
    except TypeError:
        raise TypeError(f"{name} must be a list of arrays, got {shortened(value)}") from None
    return [array("m").check(f"{name}'s b_{l}", b, {}) for l, b in enumerate(value, start=1)]


layer_biases = optional(Domain("list of L vectors", _check_biases))
network_weights = Domain("list of L >= 1 matrices that chain, the last of one row", _check_weights)


def _check_pattern(name: str, value: Any, sizes: Sizes) -> list[Array]:
    try:
        value = list(value)
    except TypeError:
        raise TypeError(f"{name} must be a list of arrays, got {shortened(value)}") from None
    return [array("... m").check(f"{name}'s s_{l}", s, {}) for l, s in enumerate(value, start=1)]


@domain(weights=network_weights, pattern=Domain("list of L - 1 arrays of slopes", _check_pattern))
def pattern_gradient(weights: Weights, pattern: Sequence[Array]) -> Array:
    r"""The gradient of a network on the inputs of an activation pattern.

    .. math:: \nabla h = W_1^\top D_1 \cdots W_{L-1}^\top D_{L-1} W_L^\top

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).
    pattern : list of L − 1 arrays
        Slopes s_l (..., m), 1 at active neurons and 0 at others.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ValueError
        A layer has no slopes or another number of them than neurons.

    Examples
    --------
    >>> pattern_gradient([[[1.0, 2.0], [3.0, 4.0]], [[5.0, -1.0]]], [[1, 0]])
    array([ 5., 10.])
    """
    widths, given = [len(W) for W in weights[:-1]], [s.shape[-1] for s in pattern]
    if given != widths:
        raise ValueError(f"pattern must hold slopes for layers of {widths} neurons, got {given}")
    g = weights[-1][0]
    for W, s in zip(weights[-2::-1], pattern[::-1], strict=True):
        g = (g * s) @ W
    return g


class Rescaled(NamedTuple):
    """Weights that were rescaled by powers of 2, and the exponents: of layers, or of the neurons of hidden layers."""

    weights: Weights
    exponents: np.ndarray


@domain(weights=network_weights)
def of_unit_size(weights: Weights) -> Rescaled:
    r"""Layers whose largest entry is in [½, 1), or 0.

    .. math:: W_l = 2^{e_l} W_l'

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).

    Returns
    -------
    Rescaled
        W', and e (L,).

    Examples
    --------
    >>> of_unit_size([[[2.0, -3.0]], [[0.5]]])
    Rescaled(weights=[array([[ 0.5 , -0.75]]), array([[0.5]])], exponents=array([2, 0]))
    """
    exponents = np.array([int(np.frexp(np.abs(W).max())[1]) for W in weights])
    return Rescaled([np.ldexp(W, -e) for W, e in zip(weights, exponents, strict=True)], exponents)


@domain(weights=network_weights)
def balance(weights: Weights) -> Rescaled:
    r"""The same network with neurons rescaled by powers of 2, so that each is as large at its input as at its output.

    .. math:: W_l \leftarrow S_l W_l S_{l-1}^{-1}, \qquad
              \|(W_l)_{i \cdot}\|_\infty \approx \|(W_{l+1})_{\cdot i}\|_\infty, \qquad
              S_l = \operatorname{diag}(2^{k_i})

    Rescaling leaves the function as it is, relu(sx)/s = relu(x), and by powers of 2 there is no rounding. Neurons
    without inputs or without outputs stay as they are.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).

    Returns
    -------
    Rescaled
        The weights, and k (n,) of the neurons of all hidden layers.

    Examples
    --------
    >>> balance([[[1024.0], [1.0]], [[1.0, 1.0]]])
    Rescaled(weights=[array([[32.],
           [ 1.]]), array([[32.,  1.]])], exponents=array([-5,  0]))
    """
    balanced = [W.copy() for W in weights]
    exponents = [np.zeros(len(W), int) for W in weights[:-1]]
    for _ in range(_MOST_SWEEPS):
        moved = False
        for (W, V), total in zip(pairwise(balanced), exponents, strict=True):
            rows, columns = np.abs(W).max(axis=1), np.abs(V).max(axis=0)
            alive = (rows > 0) & (columns > 0)
            ratio = np.log2(np.where(alive, columns, 1.0)) - np.log2(np.where(alive, rows, 1.0))
            k = np.where(np.abs(ratio) > _BALANCED, np.round(ratio / 2), 0).astype(int)
            W[:], V[:], total[:] = np.ldexp(W, k[:, None]), np.ldexp(V, -k), total + k
            moved = moved or bool(k.any())
        if not moved:
            break
    return Rescaled(balanced, np.concatenate([np.zeros(0, int), *exponents]))


@domain(weights=network_weights, biases=layer_biases)
def homogeneous(weights: Weights, biases: Any) -> Weights:
    r"""A network without biases of the inputs (a, 1), equal to one with biases of the inputs a.

    .. math:: W_l \leftarrow \begin{bmatrix} W_l & b_l \\ 0 & 1 \end{bmatrix}, \qquad
              W_L \leftarrow [W_L \; b_L]

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).
    biases : list of L arrays
        b₁ (m,), …, b_L (1,).

    Returns
    -------
    list of L arrays

    Raises
    ------
    ValueError
        Not a bias for each neuron and the output.

    Examples
    --------
    >>> homogeneous([[[2.0]], [[3.0]]], [[-1.0], [0.0]])
    [array([[ 2., -1.],
           [ 0.,  1.]]), array([[3., 0.]])]
    """
    wanted, given = [len(W) for W in weights], [len(b) for b in biases]
    if given != wanted:
        raise ValueError(f"biases must be of layers of {wanted} neurons, got {given}")
    joined = [np.column_stack([W, b]) for W, b in zip(weights, biases, strict=True)]
    return [np.vstack([W, np.eye(W.shape[1])[-1]]) for W in joined[:-1]] + joined[-1:]
