"""What all bounds on Lipschitz constants share: ReLU networks whose last layer is linear.

.. math:: h(a) = W_L \\sigma(W_{L-1} \\cdots \\sigma(W_1 a)), \\qquad
          \\nabla h = W_1^\\top D_1 \\cdots W_{L-1}^\\top D_{L-1} W_L^\\top

where the pattern D_l = diag(s_l) has s_l = 1 at the active neurons of layer l and 0 at the others. There are no biases.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, same_size, shortened

Weights = list[Array]


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
