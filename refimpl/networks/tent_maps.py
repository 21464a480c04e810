r"""Depth against width on the line: the tent map, composed layer by layer, and what one hidden layer needs for it.

.. math:: T(x) = 2 \sigma(x) - 4 \sigma(x - \tfrac12), \qquad T^L = T \circ \cdots \circ T \quad \text{on } [0, 1]

T^L has 2^L linear pieces from 2L neurons. One hidden layer has at most one piece more than neurons, so that it needs
2^L − 1 of them, and in fact 2^L: each kink of T^L is a change of slope by ±2^(L+1), and slopes of a layer of neurons
that all have their kinks there are multiples of that, while those of T^L are ±2^L.
"""

import numpy as np

from refimpl.arguments.array_domains import nonnegative_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer


@domain(x=nonnegative_array("..."), L=integer(1))
def deep_tent(x: Array, L: int) -> Array:
    r"""The tent map composed L times: a network of L layers of two neurons.

    .. math:: h^{(0)} = x, \qquad h^{(l)} = 2 \sigma(h^{(l-1)}) - 4 \sigma(h^{(l-1)} - \tfrac12), \quad T^L(x) = h^{(L)}

    Parameters
    ----------
    x : (...,) array
        Numbers in [0, 1].
    L : int
        Number of layers, ≥ 1.

    Returns
    -------
    (...,) array
        In [0, 1]; exact where x is a multiple of a power of ½ that float64 holds.

    Raises
    ------
    ValueError
        Some x is not in [0, 1].

    References
    ----------
    Slide "Robustness in deep learning: width and depth & other trade-offs"; Telgarsky 2016.

    Examples
    --------
    >>> deep_tent([0.0, 0.125, 0.25, 0.5], 2)
    array([0. , 0.5, 1. , 0. ])
    """
    h = _in_unit_interval(x)
    for _ in range(L):
        h = 2 * np.maximum(h, 0) - 4 * np.maximum(h - 0.5, 0)
    return h


@domain(x=nonnegative_array("..."), L=integer(1))
def shallow_tent(x: Array, L: int) -> Array:
    r"""The same function by one hidden layer, of 2^L neurons.

    .. math:: T^L(x) = 2^L \sigma(x) + 2^{L+1} \sum_{k=1}^{2^L - 1} (-1)^k \sigma(x - 2^{-L} k)

    Parameters
    ----------
    x : (...,) array
        Numbers in [0, 1].
    L : int
        Number of compositions, ≥ 1: time and memory grow like 2^L.

    Returns
    -------
    (...,) array

    References
    ----------
    As of `deep_tent`.

    Examples
    --------
    >>> shallow_tent([0.0, 0.125, 0.25, 0.5], 2)
    array([0. , 0.5, 1. , 0. ])
    """
    k = np.arange(2**L)
    v = 2.0 ** (L + 1) * (-1.0) ** k
    v[0] /= 2
    return np.maximum(_in_unit_interval(x)[..., None] - k / 2**L, 0) @ v


@domain(w=array("m"), b=array("m"), v=array("m"))
def shallow_pieces(w: Array, b: Array, v: Array) -> int:
    r"""Number of linear pieces on (0, 1) of one hidden layer: one more than its kinks.

    .. math:: h(x) = \sum_{k=1}^m v_k \, \sigma(w_k x + b_k), \qquad
              h'(t^+) - h'(t^-) = \sum_{k : \, -b_k / w_k = t} v_k |w_k|

    At most m + 1, which any m different kinks attain.

    Parameters
    ----------
    w, b, v : (m,) array
        Weights, biases and output weights. Kinks are one where −b_k/w_k are equal in float64.

    Returns
    -------
    int

    References
    ----------
    Slide "Robustness in deep learning: width and depth & other trade-offs".

    Examples
    --------
    >>> shallow_pieces([1.0, 1.0], [0.0, -0.5], [2.0, -4.0])  # the tent
    2
    """
    bent = w != 0
    t, at = np.unique(-b[bent] / w[bent], return_inverse=True)
    change = np.bincount(at, weights=(v * np.abs(w))[bent], minlength=len(t))
    return 1 + int(np.sum((t > 0) & (t < 1) & (change != 0)))


def _in_unit_interval(x: Array) -> Array:
    if (x > 1).any():
        raise ValueError(f"x must be in [0, 1], got {x.max()}")
    return x
