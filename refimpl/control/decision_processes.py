r"""Finite decision processes: returns, values and performance of policies, exactly.

In state s the action a earns the expected reward R(s, a) and leads to s' with probability P(s, a, s'). A policy is the
table μ(s, a) of its actions' probabilities; a deterministic one has rows of a single 1, and then Σ_a μ(s, a) Q(s, a)
is the lecture's Q(s, μ(s)).
"""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number

discount = number(">= 0 and < 1")
process = {"P": probabilities("s a s"), "R": array("s a"), "gamma": discount}
policy = probabilities("... s a")


@domain(rewards=array("... t"), gamma=discount)
def discounted_return(rewards: Array, gamma: float) -> Array:
    r"""Discounted return of a run.

    .. math:: Z = \sum_{t \ge 1} \gamma^{t-1} R_t

    Parameters
    ----------
    rewards : (..., t) array
        Rewards R₁, R₂, …; those that follow are 0.
    gamma : float
        Discount factor, in [0, 1).

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Standard Reinforcement Learning".

    Examples
    --------
    >>> float(discounted_return([1.0, 2.0, 4.0], 0.5))
    3.0
    """
    return rewards @ gamma ** np.arange(rewards.shape[-1])


@domain(**process, mu=policy)
def state_values(P: Array, R: Array, gamma: float, mu: Array) -> Array:
    r"""Expected return of a policy from each state.

    .. math:: V^\mu(s) = \mathbb{E}[Z \mid S_1 = s; \mu], \qquad V^\mu = (I - \gamma P_\mu)^{-1} R_\mu,

    .. math:: P_\mu(s, s') = \sum_a \mu(s, a) P(s, a, s'), \qquad R_\mu(s) = \sum_a \mu(s, a) R(s, a)

    Parameters
    ----------
    P : (S, A, S) array
        Transition probabilities.
    R : (S, A) array
        Expected rewards.
    gamma : float
        Discount factor, in [0, 1).
    mu : (..., S, A) array
        Policies.

    Returns
    -------
    (..., S) array

    References
    ----------
    Slide "Standard Reinforcement Learning".

    Examples
    --------
    >>> state_values([[[1.0], [1.0]]], [[1.0, 3.0]], 0.5, [[0.0, 1.0]])
    array([6.])
    """
    rewards = (mu * R).sum(-1)
    return np.linalg.solve(_one_minus_gamma_p(P, gamma, mu), rewards[..., None])[..., 0]


@domain(**process, V=array("... s"))
def action_values(P: Array, R: Array, gamma: float, V: Array) -> Array:
    r"""Expected return of an action after which states are worth V; for V = V^μ it is Q^μ.

    .. math:: Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s, a, s') V(s')

    Parameters
    ----------
    P, R, gamma
        As for `state_values`.
    V : (..., S) array
        Values of states.

    Returns
    -------
    (..., S, A) array

    References
    ----------
    Slide "Standard Reinforcement Learning".

    Examples
    --------
    >>> action_values([[[1.0], [1.0]]], [[1.0, 3.0]], 0.5, [6.0])
    array([[4., 6.]])
    """
    return R + gamma * np.einsum("sat,...t->...sa", P, V)


@domain(**process, mu=policy, D=probabilities("s"))
def performance(P: Array, R: Array, gamma: float, mu: Array, D: Array) -> Array:
    r"""Performance of a policy: its expected return from a random state.

    .. math:: J(\mu) = \mathbb{E}_{s \sim D} V^\mu(s)

    Parameters
    ----------
    P, R, gamma, mu
        As for `state_values`.
    D : (S,) array
        Distribution of the first state.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Standard Reinforcement Learning".

    Examples
    --------
    >>> float(performance([[[1.0], [1.0]]], [[1.0, 3.0]], 0.5, [[0.5, 0.5]], [1.0]))
    4.0
    """
    return state_values(P, R, gamma, mu) @ D


@domain(P=probabilities("s a s"), gamma=discount, mu=policy, D=probabilities("s"))
def state_visits(P: Array, gamma: float, mu: Array, D: Array) -> Array:
    r"""Discounted expected number of visits of each state.

    .. math:: d^\mu(s) = \sum_{t \ge 1} \gamma^{t-1} \Pr[S_t = s], \qquad d^\mu = (I - \gamma P_\mu^\top)^{-1} D

    Parameters
    ----------
    P, gamma, mu, D
        As for `performance`.

    Returns
    -------
    (..., S) array

    References
    ----------
    Silver et al. 2014: (unnormalised) discounted state distribution.

    Examples
    --------
    >>> state_visits([[[1.0], [1.0]]], 0.5, [[0.5, 0.5]], [1.0])
    array([2.])
    """
    return np.linalg.solve(_one_minus_gamma_p(P, gamma, mu).mT, D[:, None])[..., 0]


def _one_minus_gamma_p(P: Array, gamma: float, mu: Array) -> Any:
    """I − γP_μ, the inverse of the discounted sum of the policy's transitions."""
    return np.eye(len(P)) - gamma * np.einsum("...sa,sat->...st", mu, P)
