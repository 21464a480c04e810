r"""Lazy training: how far weights move, relatively, and the linearised network that lazy ones follow.

A path of weights is a list of L arrays with time on their first axis: (r, m, p), for k networks (r, k, m, p).
"""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, integer, one_of, positive
from refimpl.backpropagation.activations import Activation, identity
from refimpl.backpropagation.layers import activation
from refimpl.networks.fully_connected import forward, gradient_factors, network_weights
from refimpl.networks.training import refuse_unpaired_rate
from refimpl.parallel.threads import one_thread_each, operations


def _check_path(name: str, value: Any, sizes: Sizes) -> list[Array]:
    if not isinstance(value, list) or not value:
        raise TypeError(f"{name} must be a list of arrays, got {value!r}")
    path = [array("... m p").check(f"{name}'s X_{l}", X, {}) for l, X in enumerate(value, start=1)]
    if len({X.shape[:-2] for X in path}) > 1 or path[0].ndim < 3:
        raise ValueError(f"{name} must have time on a first axis of each array, got shapes {[X.shape for X in path]}")
    if not all(X[0].any(axis=(-2, -1)).all() for X in path):
        raise ValueError(f"{name} must start at weights other than 0, got a layer of zeros")
    return path


weights_path = Domain("list of L arrays (r, ..., m, p)", _check_path)
_problem = {"weights": network_weights, "alpha": positive, "output": activation}


@domain(path=weights_path, norm=one_of("2", "fro"))
def relative_changes(path: list[Any], norm: str = "2") -> Array:
    r"""Relative change of each layer since the start.

    .. math:: \frac{\|X_l(t) - X_l(0)\|}{\|X_l(0)\|}, \qquad l = 1, \dots, L

    Training is lazy when the supremum over t goes to 0 for every l as m → ∞.

    Parameters
    ----------
    path : list of L arrays
        Weights (r, m, p) or (r, k, m, p), the first of them not 0.
    norm : str
        ``"2"``, the spectral norm of the lecture's definition, or ``"fro"``, the Frobenius norm of its picture.

    Returns
    -------
    (L, r) or (L, r, k) array

    References
    ----------
    Slides "Robustness in deep learning: lazy-training" and "visualization for lazy training regime".

    Examples
    --------
    >>> relative_changes([np.array([[[3.0, 4.0]], [[3.0, 5.0]]])], norm="fro")
    array([[0. , 0.2]])
    """
    return np.stack([_size(X - X[0], norm) / _size(X[0], norm) for X in path])


@domain(path=weights_path)
def lazy_ratio(path: list[Any]) -> Array:
    r"""Lazy-training ratio κ of all layers together.

    .. math:: \kappa = \frac{\sum_l \|X_l(t) - X_l(0)\|_F}{\sum_l \|X_l(0)\|_F}

    Parameters
    ----------
    path : list of L arrays
        As in `relative_changes`.

    Returns
    -------
    (r,) or (r, k) array

    References
    ----------
    Slide "Robustness in deep learning: non-lazy training experiment".

    Examples
    --------
    >>> lazy_ratio([np.array([[[3.0, 4.0]], [[3.0, 5.0]]]), np.array([[[5.0]], [[4.0]]])])
    array([0. , 0.2])
    """
    moved = sum(_size(X - X[0], "fro") for X in path)
    start = sum(_size(X[0], "fro") for X in path)
    return np.asarray(moved / start)


def _size(X: Array, norm: str) -> Array:
    """Norms of matrices. The spectral one is the root of the largest eigenvalue of XXᵀ or XᵀX, whichever is smaller."""
    if norm == "fro":
        return np.linalg.norm(X, axis=(-2, -1))
    short = X if X.shape[-2] <= X.shape[-1] else X.mT
    return np.sqrt(np.linalg.eigvalsh(short @ short.mT)[..., -1])


@domain(**_problem, a=array("... n p"), a_prime=array("... q p"))
def tangent_kernel(
    weights: list[Any], a: Any, a_prime: Any, alpha: float = 1.0, output: Activation = identity
) -> Array:
    r"""Neural tangent kernel: inner products of the outputs' gradients in all weights.

    .. math:: K(a, a') = \langle \nabla_x h(a), \nabla_x h(a') \rangle
              = \sum_l \langle \delta_l, \delta_l' \rangle \langle h^{(l-1)}, h'^{(l-1)} \rangle

    Parameters
    ----------
    weights : list of L arrays
        One network, or k networks on a further first axis.
    a, a_prime : (n, p), (q, p) array
        Points; for k networks (k, n, p), (k, q, p) too.
    alpha : float
        Divisor α of the output, > 0.
    output : Activation
        The last σ; the identity by default.

    Returns
    -------
    (n, q) or (k, n, q) array

    References
    ----------
    Jacot, Gabriel & Hongler 2018.

    Examples
    --------
    >>> tangent_kernel([[[2.0]], [[3.0]]], [[1.0]], [[1.0], [-1.0]])  # 2² + 3², and an inactive neuron
    array([[13.,  0.]])
    """
    here, there = (bare(gradient_factors)(np.ones_like, weights, points, alpha, output) for points in (a, a_prime))
    pairs = zip(here.delta, here.h, there.delta, there.h, strict=True)
    return sum((d @ np.swapaxes(e, -1, -2)) * (h @ np.swapaxes(g, -1, -2)) for d, h, e, g in pairs)


@domain(
    **_problem,
    a=array("... n p"),
    b=array("... n"),
    at=array("... q p"),
    eta=positive_array("..."),
    num_steps=integer(1),
)
def linearised_outputs(
    weights: list[Any],
    a: Any,
    b: Any,
    at: Any,
    eta: Any,
    num_steps: int,
    alpha: float = 1.0,
    output: Activation = identity,
) -> Array:
    r"""Outputs of the network's linearisation in its weights, which is trained by gradient descent.

    .. math:: \bar h_x(a) = h_{x_0}(a) + \langle \nabla_x h_{x_0}(a), x - x_0 \rangle

    .. math:: u^+(a') = u(a') - \frac\eta n \sum_i K(a', a_i) (u(a_i) - b_i), \qquad u_0 = h_{x_0}

    Parameters
    ----------
    weights, alpha, output
        As in `tangent_kernel`.
    a : (n, p) array
        Points of the squared loss; for k networks (k, n, p) too.
    b : (n,) or (k, n) array
        Their labels.
    at : (q, p) array
        Points a' at which outputs are wanted.
    eta : float or (k,) array
        Step size, > 0.
    num_steps : int
        Number of steps, ≥ 1.

    Returns
    -------
    (num_steps + 1, q) or (num_steps + 1, k, q) array

    References
    ----------
    Slide "Robustness in deep learning: lazy-training"; Chizat, Oyallon & Bach 2019.

    Examples
    --------
    >>> linearised_outputs([[[1.0]], [[1.0]]], [[1.0]], [2.0], [[3.0]], 0.25, num_steps=1)  # K(1, 1) = 2, K(3, 1) = 6
    array([[3. ],
           [4.5]])
    """
    bare(refuse_unpaired_rate)(eta, weights)
    with one_thread_each(operations(max(a.shape[-2], at.shape[-2]), weights)):
        return _linearised(weights, a, b, at, eta, num_steps, alpha, output)


def _linearised(
    weights: list[Any], a: Any, b: Any, at: Any, eta: Any, num_steps: int, alpha: float, output: Activation
) -> Array:
    kernel = bare(tangent_kernel)
    K, K_at = kernel(weights, a, a, alpha, output), kernel(weights, at, a, alpha, output)
    e, u = forward(weights, a, alpha, output) - b, [forward(weights, at, alpha, output)]
    rate = np.asarray(eta)[..., None] / np.shape(b)[-1]
    for _ in range(num_steps):
        u.append(u[-1] - rate * _apply(K_at, e))
        e = e - rate * _apply(K, e)
    return np.stack(u)


def _apply(K: Array, e: Any) -> Any:
    return (K @ e[..., None])[..., 0]
