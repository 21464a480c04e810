r"""Exploration: what is optimised when actions or parameters are noisy, exactly for linear-quadratic control.

Costs take the place of rewards, as in `linear_quadratic`; noise is N(0, σ²I).
"""

import itertools
from collections.abc import Callable

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, function, integer, nonnegative, number, positive
from refimpl.arguments.errors import DivergedError
from refimpl.control.linear_policies import correlation, gains, system, value_matrix

_noisy = {**system, "K": gains, "S0": correlation, "sigma": nonnegative}
_smoothing = {"J": function, "theta": array("..."), "sigma": positive, "num_nodes": integer(1)}


@domain(**{**_noisy, "gamma": number("> 0 and < 1")})
def action_noise_value(
    A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, S0: Array, sigma: float
) -> Array:
    r"""Cost of a linear policy with noise on every action, u = −Ks + σε.

    .. math:: \mathrm{tr}(P_K S_0) + \frac{\sigma^2}{1 - \gamma} \mathrm{tr}(R + \gamma B^\top P_K B)

    It is the cost without noise from starts of second moment S₀ + σ²γ/(1 − γ) BBᵀ, plus a constant.

    Parameters
    ----------
    A, B, Q, R, gamma, K, S0
        As for `linear_quadratic.policy_value`, but γ < 1: without discount noise costs infinitely much.
    sigma : float
        Standard deviation σ of the noise, ≥ 0.

    Returns
    -------
    (...,) array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much without noise.

    References
    ----------
    Slide "An optimization interpretation": noise injection in the action space.

    Examples
    --------
    >>> one = [[1.0]]
    >>> action_noise_value(one, one, one, one, 0.5, one, [[3.0]], 0.5)  # 2 · 3 + ¼ / ½ · (1 + ½ · 2)
    np.float64(7.0)
    """
    P = value_matrix(A, B, Q, R, gamma, K)
    return _trace(P @ S0) + sigma**2 / (1 - gamma) * _trace(R + gamma * B.T @ P @ B)


@domain(**_noisy)
def parameter_noise_value(
    A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, S0: Array, sigma: float
) -> Array:
    r"""Cost of a linear policy whose gain is drawn anew at each stage, u = −(K + σE)s.

    .. math:: \mathrm{tr}(P_K S_0)
              + \frac{\sigma^2 \, \mathrm{tr}(R + \gamma B^\top P_K B)}{1 - \gamma \sigma^2 \, \mathrm{tr}(B^\top X B)}
              \mathrm{tr}(X S_0), \qquad X = I + \gamma (A - BK)^\top X (A - BK)

    It is the cost of noise on actions with the deviation σ|s|. It is finite while γσ² tr(BᵀXB) < 1.

    Parameters
    ----------
    A, B, Q, R, gamma, K, S0, sigma
        As for `action_noise_value`.

    Returns
    -------
    (...,) array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much, with the noise or without it.

    References
    ----------
    Slide "An optimization interpretation": noise injection in the parameter space.

    Examples
    --------
    >>> one = [[1.0]]
    >>> parameter_noise_value(one, one, one, one, 0.5, one, [[3.0]], 1.0)  # 2 · 3 + (1 + ½ · 2) / (1 − ½) · 3
    np.float64(18.0)
    """
    P, X = value_matrix(A, B, Q, R, gamma, K), value_matrix(A, B, np.eye(len(A)), 0 * R, gamma, K)
    feedback = gamma * sigma**2 * _trace(B.T @ X @ B)
    if (feedback >= 1).any():
        raise DivergedError(K, 0)
    return _trace(P @ S0) + sigma**2 * _trace(R + gamma * B.T @ P @ B) / (1 - feedback) * _trace(X @ S0)


@domain(**system, K=gains, S0=correlation, num_steps=integer(0))
def finite_horizon_value(
    A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, S0: Array, num_steps: int
) -> Array:
    r"""Cost of the first T stages of a linear policy, a polynomial of degree 2T in its gain.

    .. math:: \sum_{t < T} \gamma^t \, \mathrm{tr}\big[(Q + K^\top R K) F^t S_0 (F^t)^\top\big], \qquad F = A - BK

    Parameters
    ----------
    A, B, Q, R, gamma, K, S0
        As for `linear_quadratic.policy_value`; any gain is good.
    num_steps : int
        Number T of stages, ≥ 0.

    Returns
    -------
    (...,) array

    Examples
    --------
    >>> one = [[1.0]]
    >>> finite_horizon_value(one, one, one, one, 0.5, [[[0.0]], [[1.0]]], one, 2)
    array([1.5, 2. ])
    """
    M, F, S, total = Q + K.mT @ R @ K, A - B @ K, S0, np.zeros(K.shape[:-2])
    for _ in range(num_steps):
        total, S = total + _trace(M @ S), gamma * F @ S @ F.mT
    return total


@domain(**_smoothing)
def smoothed(J: Callable, theta: Array, sigma: float, num_nodes: int) -> Array:
    r"""Mean of an objective over Gaussian parameters, by Gauss-Hermite quadrature in every coordinate.

    .. math:: J_\sigma(\theta) = \mathbb{E} J(\theta + \sigma \epsilon), \qquad \epsilon \sim N(0, I)

    It is exact for polynomials of degree below twice the number of nodes, and calls J once, at nodesᵈ points.

    Parameters
    ----------
    J : callable
        Objective of parameters (N, *shape of theta), to numbers (N,).
    theta : array
        Parameters, d of them; few.
    sigma : float
        Standard deviation σ, > 0.
    num_nodes : int
        Number of nodes in each coordinate, ≥ 1.

    Returns
    -------
    () array

    References
    ----------
    Slide "An optimization interpretation": noise injection in the parameter space, drawn once an episode.

    Examples
    --------
    >>> smoothed(lambda theta: theta[:, 0] ** 4, [0.0], 1.0, 3).round(12)
    np.float64(3.0)
    """
    eps, weights = _normal_nodes(theta, num_nodes)
    return weights @ J(theta + sigma * eps)


@domain(**_smoothing)
def smoothed_gradient(J: Callable, theta: Array, sigma: float, num_nodes: int) -> Array:
    r"""Gradient of the smoothed objective, from values of the objective alone.

    .. math:: \nabla J_\sigma(\theta) = \frac1\sigma \mathbb{E} \big[J(\theta + \sigma \epsilon) \, \epsilon\big]

    Parameters
    ----------
    J, theta, sigma, num_nodes
        As for `smoothed`.

    Returns
    -------
    array, of the shape of theta

    References
    ----------
    Slide "An optimization interpretation": progress in the gradient direction, with the exploration's noise.

    Examples
    --------
    >>> smoothed_gradient(lambda theta: theta[:, 0] ** 2, [3.0], 0.5, 2).round(12)
    array([6.])
    """
    eps, weights = _normal_nodes(theta, num_nodes)
    return np.tensordot(weights * J(theta + sigma * eps), eps, axes=1) / sigma


def _normal_nodes(theta: Array, num_nodes: int) -> tuple[Array, Array]:
    """Nodes (N, *shape) and weights (N,) of a product rule for N(0, I)."""
    x, w = np.polynomial.hermite_e.hermegauss(num_nodes)
    eps = np.array(list(itertools.product(x, repeat=theta.size)))
    weights = np.array(list(itertools.product(w / w.sum(), repeat=theta.size))).prod(-1)
    return eps.reshape(-1, *theta.shape), weights


def _trace(M: Array) -> Array:
    return np.trace(M, axis1=-2, axis2=-1)
