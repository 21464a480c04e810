r"""The lecture's fully connected ReLU network without biases, and its gradients in the input and in the weights.

.. math:: h^{(0)} = a, \qquad h^{(l)} = \sigma(X_l h^{(l-1)}), \qquad h = \tfrac1\alpha \sigma(X_L h^{(L-1)})

with σ = max(·, 0). Points stand on leading axes. For k networks at once each X_l has a further first axis: (k, m, p).
Their points are then (n, p), the same for all of them, or (k, n, p).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, positive
from refimpl.backpropagation.activations import Activation, relu
from refimpl.backpropagation.layers import activation


class Factors(NamedTuple):
    """Outputs h(a), then δ₁, …, δ_L and h⁽⁰⁾, …, h⁽ᴸ⁻¹⁾: the gradient in X_l is δ_l h⁽ˡ⁻¹⁾ᵀ at each point."""

    output: Any
    delta: list[Any]
    h: list[Any]


class Gradient(NamedTuple):
    """Outputs h(a), and gradients of Σ ℓ(h(a)): in the weights one array a layer, in the points (..., p)."""

    output: Any
    weights: list[Any]
    input: Any


def _check_weights(name: str, value: Any, sizes: Sizes) -> list[Any]:
    """Weights of at least two layers that chain from inputs of size p, and of k networks or one."""
    try:
        value = list(value)
    except TypeError:
        raise TypeError(f"{name} must be a list of arrays, got {value!r}") from None
    weights: list[Any] = []
    for l, X in enumerate(value, start=1):
        axes, dims = ("... n m", {"m": np.shape(weights[-1])[-2]}) if weights else ("... m p", sizes)
        weights.append(array(axes).check(f"{name}'s X_{l}", X, dims))
    if len(weights) < 2:
        raise ValueError(f"{name} must be those of L >= 2 layers, got {len(weights)}")
    if (last := np.shape(weights[-1]))[-2] != 1:
        raise ValueError(f"{name}'s X_{len(weights)} must have one row, got shape {last}")
    if len(leading := {np.shape(X)[:-2] for X in weights}) > 1 or len(*leading) > 1:
        raise ValueError(f"{name} must be of one network or all of k, got shapes {[np.shape(X) for X in weights]}")
    return weights


network_weights = Domain("list of L >= 2 arrays that chain", _check_weights)
_points = array("... p")


@domain(weights=network_weights, a=_points, alpha=positive, output=activation)
def forward(weights: list[Any], a: Any, alpha: float = 1.0, output: Activation = relu) -> Any:
    r"""Outputs of the network.

    .. math:: h^{(0)} = a, \qquad h^{(l)} = \sigma(X_l h^{(l-1)}), \qquad h = \tfrac1\alpha \sigma(X_L h^{(L-1)})

    Parameters
    ----------
    weights : list of L arrays
        X₁ (m, p), X_l (m, m), X_L (1, m), or k networks of such on a further first axis.
    a : (..., p) array
        Points; for k networks (n, p) or (k, n, p).
    alpha : float
        Divisor α of the output, > 0.
    output : Activation
        The last σ: `activations.identity` makes the last layer linear.

    Returns
    -------
    (...,) array
        One number a point; for k networks (k, n).

    Raises
    ------
    ValueError
        The weights do not chain, or the points have another size.

    References
    ----------
    Slide "Robustness in deep learning: impact of the NN architecture", (L-Layer NN).

    Examples
    --------
    >>> X = [[[1.0], [-1.0]], [[2.0, 3.0]]]
    >>> forward(X, [[1.0], [-1.0]])  # 2 max(a, 0) + 3 max(−a, 0)
    array([2., 3.])
    """
    _refuse_unpaired(weights, a)
    return _trace(weights, a, alpha, output)[1]


@domain(weights=network_weights, a=_points, alpha=positive, output=activation)
def input_gradient(weights: list[Any], a: Any, alpha: float = 1.0, output: Activation = relu) -> Any:
    r"""Gradients of the outputs in the points.

    .. math:: \nabla_a h = \tfrac1\alpha X_1^\top D_1 X_2^\top D_2 \cdots X_L^\top D_L, \qquad
              D_l = \operatorname{diag} 1[X_l h^{(l-1)} > 0]

    Parameters
    ----------
    weights, a, alpha, output
        As in `forward`.

    Returns
    -------
    (..., p) array
        For k networks (k, n, p).

    References
    ----------
    Slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> X = [[[1.0], [-1.0]], [[2.0, 3.0]]]
    >>> input_gradient(X, [[1.0], [-1.0]], alpha=2.0)
    array([[ 1. ],
           [-1.5]])
    """
    return bare(gradient_factors)(np.ones_like, weights, a, alpha, output).delta[0] @ weights[0]


@domain(loss_slope=function, weights=network_weights, a=_points, alpha=positive, output=activation)
def gradient_factors(
    loss_slope: Callable[[Any], Any], weights: list[Any], a: Any, alpha: float = 1.0, output: Activation = relu
) -> Factors:
    r"""Factors of the gradients of ℓ(h(a)) in the weights, point by point.

    .. math:: \delta_L = \tfrac1\alpha \ell'(h) D_L, \qquad \delta_{l-1} = D_{l-1} X_l^\top \delta_l, \qquad
              \nabla_{X_l} \ell(h(a)) = \delta_l h^{(l-1)\top}

    Parameters
    ----------
    loss_slope : callable
        From the outputs h (...,) to ℓ'(h) of the same shape: `numpy.ones_like` for the gradients of h itself.
    weights, a, alpha, output
        As in `forward`.

    Returns
    -------
    Factors
        δ_l (..., m) and h⁽ˡ⁻¹⁾ (..., m); for k networks δ_l is (k, n, m).

    Examples
    --------
    >>> X = [[[1.0], [-1.0]], [[2.0, 3.0]]]
    >>> gradient_factors(np.ones_like, X, [[1.0], [-1.0]]).delta[0]
    array([[2., 0.],
           [0., 3.]])
    """
    _refuse_unpaired(weights, a)
    h, value, slope = _trace(weights, a, alpha, output)
    deltas = [np.expand_dims(bare(slope_of)(loss_slope, value), -1) * slope]
    for X, h_l in zip(weights[:0:-1], h[:0:-1], strict=True):
        deltas.append((deltas[-1] @ X) * (h_l > 0))
    return Factors(value, deltas[::-1], h)


@domain(loss_slope=function, weights=network_weights, a=_points, alpha=positive, output=activation)
def weight_gradient(
    loss_slope: Callable[[Any], Any], weights: list[Any], a: Any, alpha: float = 1.0, output: Activation = relu
) -> list[Any]:
    r"""Gradient in the weights of a loss Σ ℓ(h(a)) that is summed over the points: what training needs.

    .. math:: \nabla_{X_l} = \sum \delta_l h^{(l-1)\top}

    Parameters
    ----------
    loss_slope, weights, a, alpha, output
        As in `gradient_factors`.

    Returns
    -------
    list of L arrays
        For k networks each has its own sum.

    Examples
    --------
    >>> X = [[[1.0], [-1.0]], [[2.0, 3.0]]]
    >>> weight_gradient(lambda h: h - 1, X, [[1.0], [-1.0]])
    [array([[ 2.],
           [-6.]]), array([[1., 2.]])]
    """
    return _sums(weights, bare(gradient_factors)(loss_slope, weights, a, alpha, output))


@domain(loss_slope=function, weights=network_weights, a=_points, alpha=positive, output=activation)
def gradient(
    loss_slope: Callable[[Any], Any], weights: list[Any], a: Any, alpha: float = 1.0, output: Activation = relu
) -> Gradient:
    r"""Gradients of a loss Σ ℓ(h(a)): in the weights summed over the points, in the points one by one.

    .. math:: \nabla_{X_l} = \sum \delta_l h^{(l-1)\top}, \qquad \nabla_a = X_1^\top \delta_1

    Parameters
    ----------
    loss_slope, weights, a, alpha, output
        As in `gradient_factors`, such as ``lambda h: h - b`` for ½(h − b)².

    Returns
    -------
    Gradient
        With the outputs; for k networks each has its own sum.

    Examples
    --------
    >>> X = [[[1.0], [-1.0]], [[2.0, 3.0]]]
    >>> gradient(lambda h: h - 1, X, [[1.0], [-1.0]]).weights
    [array([[ 2.],
           [-6.]]), array([[1., 2.]])]
    """
    factors = bare(gradient_factors)(loss_slope, weights, a, alpha, output)
    return Gradient(factors.output, _sums(weights, factors), factors.delta[0] @ weights[0])


def _trace(weights: list[Any], a: Any, alpha: float, output: Activation) -> tuple[list[Any], Any, Any]:
    """h⁽⁰⁾, …, h⁽ᴸ⁻¹⁾, the outputs (...,), and the slopes (..., 1) of these in X_L h⁽ᴸ⁻¹⁾."""
    h = [a]
    for X in weights[:-1]:
        h.append(np.maximum(h[-1] @ np.swapaxes(X, -1, -2), 0))
    u = h[-1] @ np.swapaxes(weights[-1], -1, -2)
    return h, output.value(u)[..., 0] / alpha, output.slope(u) / alpha


@domain(loss_slope=function, value=Domain("array", lambda name, value, sizes: value))
def slope_of(loss_slope: Callable[[Any], Any], value: Any) -> Any:
    """ℓ'(h) of outputs h (...,), refused with a ValueError when it has another shape."""
    if np.shape(slope := loss_slope(value)) != np.shape(value):
        raise ValueError(f"loss_slope must return shape {np.shape(value)}, got shape {np.shape(slope)}")
    return slope


def _sums(weights: list[Any], factors: Factors) -> list[Any]:
    """Σ δ hᵀ over the points, layer by layer."""
    pairs: Iterable[Any] = zip(factors.delta, factors.h, strict=True)
    if np.ndim(weights[0]) == 2:
        pairs = ((delta.reshape(-1, delta.shape[-1]), h.reshape(-1, h.shape[-1])) for delta, h in pairs)
    return [np.swapaxes(delta, -1, -2) @ h for delta, h in pairs]


def _refuse_unpaired(weights: list[Any], a: Any) -> None:
    if (k := np.shape(weights[0])[:-2]) and (np.ndim(a) == 1 or np.shape(a)[:-2] not in ((), k)):
        raise ValueError(f"a must have shape (n, p) or ({k[0]}, n, p) for {k[0]} networks, got {np.shape(a)}")
