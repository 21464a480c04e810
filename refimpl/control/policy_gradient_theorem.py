r"""The deterministic policy gradient, for any policy, and exactly for linear-quadratic control.

Costs take the place of rewards: what the lecture ascends is descended here.
"""

from collections.abc import Callable
from typing import Any

import autograd

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, function
from refimpl.control.linear_policies import correlation, gains, system, value_matrix
from refimpl.control.linear_quadratic import riccati_residual

_linear = {**system, "K": array("m n"), "s": array("... n"), "a": array("... m")}


@domain(policy=function, grad_a=function, theta=array("..."), s=array("k n"))
def deterministic_policy_gradient(policy: Callable, grad_a: Callable, theta: Any, s: Any) -> Any:
    r"""Estimate of the gradient of a deterministic policy's performance, from a critic at given states.

    .. math:: \frac1N \sum_i \nabla_\theta \mu_\theta(s_i) \, \nabla_a Q(s_i, a) \Big|_{a = \mu_\theta(s_i)}

    Parameters
    ----------
    policy : callable
        μ(θ, s) of all states at once, (N, n) to (N, m), written with ``autograd.numpy``.
    grad_a : callable
        ∇ₐQ(s, a) of the critic, (N, n) and (N, m) to (N, m).
    theta : array
        Parameters.
    s : (N, n) array
        States.

    Returns
    -------
    array, of the shape of theta

    Raises
    ------
    ValueError
        When the critic returns another shape than that of the actions, or what is not finite.

    References
    ----------
    Slide "Deterministic Policy Gradient"; Silver et al. 2014.

    Examples
    --------
    >>> deterministic_policy_gradient(lambda theta, s: theta * s, lambda s, a: 2 * a, [3.0], [[1.0], [2.0]])
    array([15.])
    """
    vjp, a = autograd.make_vjp(lambda theta: policy(theta, s))(theta)
    slopes = array("...").check("grad_a(s, a)", grad_a(s, a), {})
    if slopes.shape != a.shape:
        raise ValueError(f"grad_a must return the shape {a.shape} of the actions, got {slopes.shape}")
    return vjp(slopes) / len(s)


@domain(**_linear)
def action_value(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, s: Any, a: Any) -> Any:
    r"""Cost of an action and then of the linear policy.

    .. math:: Q^K(s, a) = s^\top Q s + a^\top R a + \gamma (As + Ba)^\top P_K (As + Ba)

    Parameters
    ----------
    A, B, Q, R, gamma
        As for `linear_quadratic.policy_value`.
    K : (m, n) array
        Gain.
    s, a : (..., n) array, (..., m) array
        States and actions.

    Returns
    -------
    (...,) array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much.

    References
    ----------
    Slide "Standard Reinforcement Learning": the state-action value function.

    Examples
    --------
    >>> float(action_value([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]], [1.0], [1.0]))  # 1 + 1 + ½ · 2 · 2²
    6.0
    """
    after = s @ A.T + a @ B.T
    return _form(Q, s) + _form(R, a) + gamma * _form(value_matrix(A, B, Q, R, gamma, K), after)


@domain(**_linear)
def action_gradient(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, s: Any, a: Any) -> Any:
    r"""Gradient of the cost of an action, then of the linear policy, in the action: the exact critic's ∇ₐQ.

    .. math:: \nabla_a Q^K(s, a) = 2 R a + 2 \gamma B^\top P_K (As + Ba)

    Parameters
    ----------
    A, B, Q, R, gamma, K, s, a
        As for `action_value`.

    Returns
    -------
    (..., m) array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much.

    References
    ----------
    Slide "Deterministic Policy Gradient".

    Examples
    --------
    >>> action_gradient([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]], [1.0], [1.0])  # 2 + 2 · ½ · 2 · 2
    array([6.])
    """
    after = s @ A.T + a @ B.T
    return 2 * a @ R + 2 * gamma * after @ value_matrix(A, B, Q, R, gamma, K) @ B


@domain(**system, K=gains, D=correlation)
def off_policy_gradient(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, D: Array) -> Array:
    r"""Mean of the deterministic policy gradient over states that need not be the policy's own.

    .. math:: \mathbb{E}_{s \sim D} \big[\nabla_K \mu(s) \, \nabla_a Q^K(s, a)|_{a = \mu(s)}\big] = 2 E_K D,
              \qquad D = \mathbb{E} s s^\top

    It is the gradient of the cost for D = Σ_K, the policy's own discounted states (`policy_gradient`), and the natural
    gradient for D = I; for D = S₀ it lacks 2γE_K(A − BK)Σ_K(A − BK)ᵀ.

    Parameters
    ----------
    A, B, Q, R, gamma, K
        As for `linear_quadratic.policy_value`.
    D : (n, n) array
        Second moment of the states, symmetric positive semidefinite.

    Returns
    -------
    (..., m, n) array

    Raises
    ------
    DivergedError
        When the policy costs infinitely much.

    References
    ----------
    Slide "Deterministic Policy Gradient": "off-policy", "biased".

    Examples
    --------
    >>> off_policy_gradient([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]], [[2.0]])
    array([[4.]])
    """
    return 2 * riccati_residual(A, B, Q, R, gamma, K) @ D


def _form(M: Array, s: Any) -> Any:
    return (s @ M * s).sum(-1)
