r"""Actions that an adversary perturbs once: the lecture's robust objective, as printed and as meant.

For rewards the policy maximises and the adversary minimises, for the costs of linear-quadratic control the reverse. The
slide prints a maximum for both.
"""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import integers
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain
from refimpl.control.linear_policies import system
from refimpl.control.policy_gradient_theorem import action_value

_attack = {**system, "K": array("m n"), "s": array("k n"), "nu": array("j m")}
_finite = {"Q": array("... s a"), "reach": integers(0)}


@domain(**_attack)
def robust_cost(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, s: Array, nu: Array) -> Any:
    r"""Mean cost of a linear policy whose first action is changed by the worst of some perturbations.

    .. math:: \mathbb{E}_{s \sim D} \max_{\nu \in \mathcal{N}} Q^K(s, -Ks + \nu)

    The cost is convex in ν, so that the vertices of a polytope are enough.

    Parameters
    ----------
    A, B, Q, R, gamma
        As for `linear_quadratic.policy_value`.
    K : (m, n) array
        Gain.
    s : (k, n) array
        Equally likely first states.
    nu : (j, m) array
        The perturbations 𝒩.

    Returns
    -------
    () array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much.

    References
    ----------
    Slide "Robust Reinforcement Learning", with min for its inner max (here max, of costs); Tessler, Efroni & Mannor
    2019.

    Examples
    --------
    >>> one = [[1.0]]
    >>> robust_cost(one, one, one, one, 0.5, one, one, [[-1.0], [0.0], [1.0]])  # Q(1, −2) = 1 + 4 + ½ · 2 · 1
    np.float64(6.0)
    """
    return _perturbed(A, B, Q, R, gamma, K, s, nu).max(-1).mean()


@domain(**_attack)
def printed_cost(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, s: Array, nu: Array) -> Any:
    r"""The objective as the slide prints it, for costs: the perturbation is the one that helps most.

    .. math:: \mathbb{E}_{s \sim D} \min_{\nu \in \mathcal{N}} Q^K(s, -Ks + \nu)

    Parameters
    ----------
    A, B, Q, R, gamma, K, s, nu
        As for `robust_cost`.

    Returns
    -------
    () array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much.

    References
    ----------
    Slide "Robust Reinforcement Learning", as printed.

    Examples
    --------
    >>> one = [[1.0]]
    >>> printed_cost(one, one, one, one, 0.5, one, one, [[-1.0], [0.0], [1.0]])  # Q(1, 0) = 1 + 0 + ½ · 2 · 1
    np.float64(2.0)
    """
    return _perturbed(A, B, Q, R, gamma, K, s, nu).min(-1).mean()


@domain(**_finite)
def worst_reachable(Q: Array, reach: Array) -> Array:
    r"""Values of actions that an adversary may exchange for the worst one in reach.

    .. math:: \min_{b \in \mathcal{N}(a)} Q(s, b)

    Parameters
    ----------
    Q : (..., S, A) array
        Values of actions, rewards.
    reach : (A, k) array of int
        The k actions in reach of each, itself among them.

    Returns
    -------
    (..., S, A) array

    References
    ----------
    Slide "Robust Reinforcement Learning", with min for its inner max.

    Examples
    --------
    >>> worst_reachable([[3.0, 1.0, 2.0]], [[0, 1], [1, 1], [2, 0]])
    array([[1., 1., 2.]])
    """
    return _reachable(Q, reach).min(-1)


@domain(**_finite)
def best_reachable(Q: Array, reach: Array) -> Array:
    r"""Values of actions that may be exchanged for the best one in reach, as the slide prints it.

    .. math:: \max_{b \in \mathcal{N}(a)} Q(s, b)

    Parameters
    ----------
    Q, reach
        As for `worst_reachable`.

    Returns
    -------
    (..., S, A) array

    References
    ----------
    Slide "Robust Reinforcement Learning", as printed.

    Examples
    --------
    >>> best_reachable([[3.0, 1.0, 2.0]], [[0, 1], [1, 1], [2, 0]])
    array([[3., 1., 3.]])
    """
    return _reachable(Q, reach).max(-1)


def _perturbed(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, s: Array, nu: Array) -> Any:
    """Q(sᵢ, −Ksᵢ + νⱼ), (k, j)."""
    states = np.broadcast_to(s[:, None], (len(s), len(nu), s.shape[1]))
    return action_value(A, B, Q, R, gamma, K, states, nu - (s @ K.T)[:, None])


def _reachable(Q: Array, reach: Array) -> Array:
    """Q(s, b) of all b in reach of a, (..., s, a, k)."""
    if reach.ndim != 2 or len(reach) != Q.shape[-1] or reach.max() >= len(reach):
        raise ValueError(f"reach must hold rows of actions < {Q.shape[-1]}, one row for each, got shape {reach.shape}")
    return Q[..., reach]
