r"""Action-robust finite decision processes: with probability δ an adversary chooses what is done."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import alike
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number
from refimpl.control.decision_processes import action_values, process, state_values

_share = number(">= 0 and <= 1")


class RobustSolution(NamedTuple):
    """Robust values V (S,), and the tables (S, A) of the deterministic policies μ and ν that attain them."""

    V: Array
    mu: Array
    nu: Array


@domain(mu=alike("..."), nu=alike("..."), delta=_share)
def mixture(mu: Any, nu: Any, delta: float) -> Any:
    r"""What is done when a policy and an adversary act together.

    .. math:: (1 - \delta) \mu + \delta \nu

    Parameters
    ----------
    mu, nu : array
        Actions, gains or tables of probabilities, of the policy and of the adversary; of one shape.
    delta : float
        The adversary's share δ, in [0, 1].

    Returns
    -------
    array

    References
    ----------
    Slide "Application: Noisy action robust reinforcement learning"; Tessler, Efroni & Mannor 2019.

    Examples
    --------
    >>> mixture([1.0, 0.0], [0.0, 1.0], 0.25)
    array([0.75, 0.25])
    """
    return (1 - delta) * mu + delta * nu


@domain(**process, delta=_share, V=array("... s"))
def robust_bellman(P: Array, R: Array, gamma: float, delta: float, V: Array) -> Array:
    r"""One sweep of robust value iteration.

    .. math:: (TV)(s) = (1 - \delta) \max_a Q(s, a) + \delta \min_a Q(s, a), \qquad
              Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s, a, s') V(s')

    Parameters
    ----------
    P : (S, A, S) array
        Transition probabilities.
    R : (S, A) array
        Expected rewards.
    gamma : float
        Discount factor, in [0, 1).
    delta : float
        The adversary's share δ, in [0, 1].
    V : (..., S) array
        Values.

    Returns
    -------
    (..., S) array

    References
    ----------
    Tessler, Efroni & Mannor 2019.

    Examples
    --------
    >>> robust_bellman([[[1.0], [1.0]]], [[1.0, 3.0]], 0.5, 0.25, [2.0])  # ¾ · 4 + ¼ · 2
    array([3.5])
    """
    Q = action_values(P, R, gamma, V)
    return mixture(Q.max(-1), Q.min(-1), delta)


@domain(**process, delta=_share)
def robust_solution(P: Array, R: Array, gamma: float, delta: float) -> RobustSolution:
    r"""Optimal policy against the worst adversary of share δ, and both players' best policies.

    .. math:: V = \max_\mu \min_\nu V^{(1 - \delta) \mu + \delta \nu}

    Value iteration goes on until the values of the greedy policies solve V = TV (`robust_bellman`) to rounding, or for
    n sweeps, γⁿ ≤ e⁻³⁶.

    Parameters
    ----------
    P, R, gamma, delta
        As for `robust_bellman`.

    Returns
    -------
    RobustSolution

    References
    ----------
    Tessler, Efroni & Mannor 2019: probabilistic action robust decision processes.

    Examples
    --------
    >>> robust_solution([[[1.0], [1.0]]], [[1.0, 3.0]], 0.5, 0.25).V  # (¾ · 3 + ¼ · 1) · 2
    array([5.])
    """
    V, actions = np.zeros(len(P)), np.eye(R.shape[1])
    for _ in range(1 + int(36 / (1 - gamma))):
        V = robust_bellman(P, R, gamma, delta, V)
        Q = action_values(P, R, gamma, V)
        mu, nu = actions[Q.argmax(-1)], actions[Q.argmin(-1)]
        W = state_values(P, R, gamma, mixture(mu, nu, delta))
        if np.abs(robust_bellman(P, R, gamma, delta, W) - W).max() <= 1e-14 * (np.abs(R).max() + np.abs(W).max()):
            break
    return RobustSolution(W, mu, nu)
