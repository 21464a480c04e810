r"""Discounted linear-quadratic control: costs of linear policies, their gradients and optima, exactly.

States follow s⁺ = As + Bu from a random start with E s₀s₀ᵀ = S₀, the policy is u = −Ks, and its cost, the lecture's −J,
is E Σ γᵗ(sₜᵀQsₜ + uₜᵀRuₜ).
"""

from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import domain
from refimpl.arguments.errors import DivergedError
from refimpl.control.linear_policies import (
    correlation,
    gains,
    state_correlation,
    system,
    value_matrix,
)

_UNSOLVED = "A, B, Q, R, gamma must have a stabilising solution of the Riccati equation, got ones without"


class Riccati(NamedTuple):
    """A solution P of the discounted Riccati equation, and its gain K."""

    P: Array
    K: Array


@domain(**system, K=gains, S0=correlation)
def policy_value(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, S0: Array) -> Array:
    r"""Cost of a linear policy.

    .. math:: \mathbb{E} \sum_t \gamma^t (s_t^\top Q s_t + u_t^\top R u_t) = \mathrm{tr}(P_K S_0), \qquad u_t = -K s_t

    Parameters
    ----------
    A, B : (n, n) array, (n, m) array
        Dynamics.
    Q, R : (n, n) array, (m, m) array
        Costs of states and actions, symmetric.
    gamma : float
        Discount factor, in (0, 1]; at 1 costs are finite where A − BK is stable.
    K : (..., m, n) array
        Gains.
    S0 : (n, n) array
        Second moment E s₀s₀ᵀ of the start, symmetric positive semidefinite.

    Returns
    -------
    (...,) array

    Raises
    ------
    DivergedError
        When `closed_loop_growth` is 1 or more; some start then costs infinitely much, if Q is positive definite.

    References
    ----------
    Slide "Standard Reinforcement Learning": J = E V(s), with costs for rewards.

    Examples
    --------
    >>> policy_value([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[0.0]], [[3.0]]).round(12)  # 3 · (1 + ½ + ¼ + …)
    np.float64(6.0)
    """
    return np.trace(value_matrix(A, B, Q, R, gamma, K) @ S0, axis1=-2, axis2=-1)


@domain(**system, K=gains)
def riccati_residual(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array) -> Array:
    r"""Residual of a gain in the Riccati equation; at −Ks the slope of the action-value in the action is −2E_K s.

    .. math:: E_K = (R + \gamma B^\top P_K B) K - \gamma B^\top P_K A

    Parameters
    ----------
    A, B, Q, R, gamma, K
        As for `policy_value`.

    Returns
    -------
    (..., m, n) array

    Raises
    ------
    DivergedError
        When `closed_loop_growth` is 1 or more.

    References
    ----------
    Fazel, Ge, Kakade & Mesbahi 2018.

    Examples
    --------
    >>> riccati_residual([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]])  # (1 + ½ · 2) · 1 − ½ · 2
    array([[1.]])
    """
    P = value_matrix(A, B, Q, R, gamma, K)
    return (R + gamma * B.T @ P @ B) @ K - gamma * B.T @ P @ A


@domain(**system, K=gains, S0=correlation)
def policy_gradient(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array, S0: Array) -> Array:
    r"""Gradient of the cost of a linear policy in its gain.

    .. math:: \nabla_K \mathrm{tr}(P_K S_0) = 2 \big[(R + \gamma B^\top P_K B) K - \gamma B^\top P_K A\big] \Sigma_K

    Parameters
    ----------
    A, B, Q, R, gamma, K, S0
        As for `policy_value`.

    Returns
    -------
    (..., m, n) array

    Raises
    ------
    DivergedError
        When `closed_loop_growth` is 1 or more.

    References
    ----------
    Slide "An optimization interpretation"; Fazel, Ge, Kakade & Mesbahi 2018, Lemma 1.

    Examples
    --------
    >>> policy_gradient([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]], [[3.0]])  # 2 · 1 · 3
    array([[6.]])
    """
    return 2 * riccati_residual(A, B, Q, R, gamma, K) @ state_correlation(A, B, gamma, K, S0)


@domain(**system)
def stabilising_solution(A: Array, B: Array, Q: Array, R: Array, gamma: float) -> Riccati:
    r"""The solution of the discounted Riccati equation whose gain keeps costs finite; R may be indefinite, as in games.

    .. math:: P = Q + \gamma A^\top P A - \gamma A^\top P B K, \qquad
              K = \gamma (R + \gamma B^\top P B)^{-1} B^\top P A

    What the solver finds is checked and improved by Newton's method: the value of a gain, then the gain for that value.

    Parameters
    ----------
    A, B, Q, R, gamma
        As for `policy_value`.

    Returns
    -------
    Riccati

    Raises
    ------
    ValueError
        When there is no such solution, as where an unstable mode is out of the actions' reach.

    Examples
    --------
    >>> stabilising_solution([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5).P.round(12)  # P = 1 + P/(2 + P), so P² = 2
    array([[1.41421356]])
    """
    root, scale = np.sqrt(gamma), max(np.abs(Q).max(), np.abs(R).max()) or 1.0
    try:
        P: Any = scale * scipy.linalg.solve_discrete_are(root * A, root * B, Q / scale, R / scale)
        return _polished(A, B, Q, R, gamma, _greedy_gain(A, B, R, gamma, P))
    except (np.linalg.LinAlgError, ValueError, DivergedError):
        raise ValueError(_UNSOLVED) from None


@domain(**system)
def riccati_gain(A: Array, B: Array, Q: Array, R: Array, gamma: float) -> Array:
    r"""The gain of least cost among those that keep √γ(A − BK) stable, the same for every start.

    .. math:: K = \gamma (R + \gamma B^\top P B)^{-1} B^\top P A, \qquad P \text{ the stabilising solution}

    Parameters
    ----------
    A, B, Q, R, gamma
        As for `policy_value`.

    Returns
    -------
    (m, n) array

    Raises
    ------
    ValueError
        When the Riccati equation has no stabilising solution, or R + γBᵀPB is not positive definite there, so that no
        gain costs least.

    References
    ----------
    Slide "An optimization interpretation": its maximiser, for linear-quadratic control.

    Examples
    --------
    >>> riccati_gain([[1.0]], [[1.0]], [[0.0]], [[1.0]], 0.5)
    array([[0.]])
    """
    P, K = stabilising_solution(A, B, Q, R, gamma)
    if (lowest := np.linalg.eigvalsh(R + gamma * B.T @ P @ B)[0]) <= 0:
        raise ValueError(
            f"R must make R + γBᵀPB positive definite for a gain to cost least, got eigenvalue {lowest:.6g}"
        )
    return K


def _polished(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array) -> Riccati:
    """The solution near a gain; an ill-conditioned one is known to fewer digits."""
    for _ in range(20):
        P, before = value_matrix(A, B, Q, R, gamma, K), K
        K = _greedy_gain(A, B, R, gamma, P)
        change, size = np.abs(K - before).max(), np.abs(K).max()
        if change <= 1e-7 * size:
            break
    if change > 1e-3 * size:
        raise ValueError(_UNSOLVED)
    return Riccati(P, K)


def _greedy_gain(A: Array, B: Array, R: Array, gamma: float, P: Array) -> Any:
    """K of u = −Ks, stationary for the cost of one stage and then sᵀPs."""
    return np.linalg.solve(R + gamma * B.T @ P @ B, gamma * B.T @ P @ A)
