r"""Linear policies u = −Ks of the system s⁺ = As + Bu: what they cost from a state, and which states they visit.

Costs are Σ γᵗ(sₜᵀQsₜ + uₜᵀRuₜ), finite from every start where √γ(A − BK) is stable.
"""

import numpy as np
import scipy

from refimpl.arguments.array_domains import semidefinite, symmetric
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number
from refimpl.arguments.errors import DivergedError

discount = number("> 0 and <= 1")
system = {"A": array("n n"), "B": array("n m"), "Q": symmetric("n n"), "R": symmetric("m m"), "gamma": discount}
gains = array("... m n")
correlation = semidefinite("n n")


@domain(A=array("n n"), B=array("n m"), gamma=discount, K=gains)
def closed_loop_growth(A: Array, B: Array, gamma: float, K: Array) -> Array:
    r"""Factor by which discounted states grow in the long run; costs are finite below 1.

    .. math:: \sqrt\gamma \, \rho(A - BK)

    Parameters
    ----------
    A, B : (n, n) array, (n, m) array
        Dynamics.
    gamma : float
        Discount factor, in (0, 1]; at 1 costs are finite where A − BK is stable.
    K : (..., m, n) array
        Gains.

    Returns
    -------
    (...,) array

    Examples
    --------
    >>> closed_loop_growth([[2.0]], [[1.0]], 0.25, [[[1.0]], [[0.0]]])
    array([0.5, 1. ])
    """
    return np.sqrt(gamma) * np.abs(np.linalg.eigvals(A - B @ K)).max(-1)


@domain(**system, K=gains)
def value_matrix(A: Array, B: Array, Q: Array, R: Array, gamma: float, K: Array) -> Array:
    r"""Matrix of the cost sᵀPs of a linear policy from a state s.

    .. math:: P = Q + K^\top R K + \gamma (A - BK)^\top P (A - BK)

    Parameters
    ----------
    A, B, gamma, K
        As for `closed_loop_growth`.
    Q, R : (n, n) array, (m, m) array
        Costs of states and actions, symmetric.

    Returns
    -------
    (..., n, n) array

    Raises
    ------
    DivergedError
        When `closed_loop_growth` is 1 or more: states from some starts outgrow the discount. `last` holds the gains.

    References
    ----------
    Slide "Standard Reinforcement Learning": V of a linear policy, up to the sign.

    Examples
    --------
    >>> value_matrix([[1.0]], [[1.0]], [[1.0]], [[1.0]], 0.5, [[1.0]])
    array([[2.]])
    """
    _refuse_infinite_cost(A, B, gamma, K)
    return _discounted_sum((A - B @ K).mT, Q + K.mT @ R @ K, gamma)


@domain(A=array("n n"), B=array("n m"), gamma=discount, K=gains, S0=correlation)
def state_correlation(A: Array, B: Array, gamma: float, K: Array, S0: Array) -> Array:
    r"""Discounted sum of the states' second moments under a linear policy.

    .. math:: \Sigma_K = \sum_t \gamma^t \, \mathbb{E} s_t s_t^\top
              = S_0 + \gamma (A - BK) \Sigma_K (A - BK)^\top

    Parameters
    ----------
    A, B, gamma, K
        As for `closed_loop_growth`.
    S0 : (n, n) array
        Second moment of the start, symmetric positive semidefinite.

    Returns
    -------
    (..., n, n) array

    Raises
    ------
    DivergedError
        When `closed_loop_growth` is 1 or more.

    Examples
    --------
    >>> state_correlation([[1.0]], [[1.0]], 0.5, [[0.0]], [[1.0]])
    array([[2.]])
    """
    _refuse_infinite_cost(A, B, gamma, K)
    return _discounted_sum(A - B @ K, np.broadcast_to(S0, (*K.shape[:-2], *S0.shape)), gamma)


def _refuse_infinite_cost(A: Array, B: Array, gamma: float, K: Array) -> None:
    if (growth := closed_loop_growth(A, B, gamma, K).max()) >= 1:
        error = DivergedError(K, 0)
        error.add_note(f"K must make √γρ(A − BK) < 1 for costs to be finite, got {growth:.6g}")
        raise error


def _discounted_sum(F: Array, M: Array, gamma: float) -> Array:
    """Σ γᵗ Fᵗ M (Fᵗ)ᵀ, the solution of X = M + γFXFᵀ."""
    solve = np.vectorize(scipy.linalg.solve_discrete_lyapunov, signature="(n,n),(n,n)->(n,n)")
    X = solve(np.sqrt(gamma) * F, M)
    return (X + X.mT) / 2
