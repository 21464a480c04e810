r"""Noisy-action robust linear-quadratic control: (1 − δ) of the action is the policy's and δ an adversary's.

The two play a game. The Riccati equation of the stacked actions (u, v) gives its equilibrium.
"""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.array_domains import symmetric
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number, positive
from refimpl.control.linear_policies import closed_loop_growth, system
from refimpl.control.linear_quadratic import riccati_gain, stabilising_solution


class Stacked(NamedTuple):
    """Dynamics B (n, 2m) and costs R (2m, 2m) of the actions (u, v) of two players."""

    B: Array
    R: Array


class Saddle(NamedTuple):
    """Value matrix P and gains of both players, u = −Ks and v = −Ls, at their equilibrium."""

    P: Array
    K: Array
    L: Array


@domain(B=array("n m"), R=symmetric("m m"), R_u=symmetric("m m"), delta=number(">= 0 and <= 1"), penalty=positive)
def stacked_actions(B: Array, R: Array, R_u: Array, delta: float, penalty: float) -> Stacked:
    r"""Dynamics and costs of stacked actions (u, v), of a policy and an adversary: a = (1 − δ)u + δv is done.

    .. math:: (B W, \; W^\top R W + \mathrm{diag}(R_u, -\lambda I)), \qquad W = [(1 - \delta) I, \; \delta I]

    Costs are aᵀRa + uᵀR_u u − λ|v|²; with them `linear_quadratic.policy_value` takes the stacked gains (K, L).

    Parameters
    ----------
    B : (n, m) array
        Dynamics.
    R, R_u : (m, m) array
        Costs of the action that is done, and of the policy's own, symmetric.
    delta : float
        The adversary's share δ, in [0, 1].
    penalty : float
        The adversary's cost λ, > 0.

    Returns
    -------
    Stacked

    References
    ----------
    Slide "Application: Noisy action robust reinforcement learning".

    Examples
    --------
    >>> stacked_actions([[4.0]], [[16.0]], [[1.0]], 0.25, 2.0)
    Stacked(B=array([[3., 1.]]), R=array([[10.,  3.],
           [ 3., -1.]]))
    """
    m = len(R)
    W = np.hstack([(1 - delta) * np.eye(m), delta * np.eye(m)])
    return Stacked(B @ W, W.T @ R @ W + np.block([[R_u, 0 * R], [0 * R, -penalty * np.eye(m)]]))


@domain(**system)
def saddle(A: Array, B: Array, Q: Array, R: Array, gamma: float) -> Saddle:
    r"""Equilibrium of a linear-quadratic game of stacked actions (u, v), the same for every start.

    .. math:: \min_u \max_v \, \mathbb{E} \sum_t \gamma^t (s^\top Q s + (u, v)^\top R (u, v)), \qquad
              s^+ = A s + B (u, v)

    Its Riccati equation is the usual one, with an indefinite R. The stabilising solution P is the value of the game
    only where stages are convex in u and concave in v, and u = −Ks alone keeps costs finite; all three are checked.

    Parameters
    ----------
    A, B : (n, n) array, (n, 2m) array
        Dynamics.
    Q, R : (n, n) array, (2m, 2m) array
        Costs, symmetric.
    gamma : float
        Discount factor, in (0, 1).

    Returns
    -------
    Saddle

    Raises
    ------
    ValueError
        When there is no equilibrium, as where the adversary wins without bound (`least_penalty`).

    References
    ----------
    Slide "Application: Noisy action robust reinforcement learning"; Başar & Bernhard 1995, §3.2.

    Examples
    --------
    >>> B, R = stacked_actions([[1.0]], [[1.0]], [[0.0]], 0.5, 1.0)
    >>> P, K, L = saddle([[1.0]], B, [[1.0]], R, 0.5)  # √2 and √2 − 1 without an adversary
    >>> P.round(8), K.round(8), abs(L).round(8)
    (array([[1.41421356]]), array([[0.82842712]]), array([[0.]]))
    """
    m = len(R) // 2
    if len(R) != 2 * m:
        raise ValueError(f"R must be of actions of two players, (2m, 2m), got {R.shape}")
    P, gains = stabilising_solution(A, B, Q, R, gamma)
    H = R + gamma * B.T @ P @ B
    if np.linalg.eigvalsh(H[:m, :m])[0] <= 0 or np.linalg.eigvalsh(H[m:, m:])[-1] >= 0:
        raise ValueError("R must make stages convex in u and concave in v for an equilibrium to exist, got one without")
    if closed_loop_growth(A, B[:, :m], gamma, gains[:m]) >= 1:
        raise ValueError("R must let u keep costs finite on its own for an equilibrium to exist, got one without")
    return Saddle(P, gains[:m], gains[m:])


@domain(**system, R_u=symmetric("m m"), delta=number("> 0 and < 1"))
def least_penalty(A: Array, B: Array, Q: Array, R: Array, gamma: float, R_u: Array, delta: float) -> float:
    r"""The adversary's cost λ above which the noisy-action game has an equilibrium, by bisection.

    Below it an adversary who answers the policy wins without bound. Where the policy's own action is free, and Q and R
    are semidefinite, it is δ²λmax(R + γBᵀPB), with the P of no adversary.

    Parameters
    ----------
    A, B, Q, R, gamma
        As for `linear_quadratic.policy_value`.
    R_u : (m, m) array
        Cost of the policy's own action, symmetric.
    delta : float
        The adversary's share δ, in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When without an adversary there is no best policy either.

    References
    ----------
    Slide "Application: Noisy action robust reinforcement learning"; Başar & Bernhard 1995: H∞ control.

    Examples
    --------
    >>> one, zero = [[1.0]], [[0.0]]
    >>> round(least_penalty(one, one, one, one, 0.5, zero, 0.5), 9)  # ¼ (1 + ½ · √2)
    0.426776695
    """

    def has_none(penalty: float) -> bool:
        B2, R2 = stacked_actions(B, R, R_u, delta, penalty)
        try:
            saddle(A, B2, Q, R2, gamma)
        except ValueError:
            return True
        return False

    riccati_gain(A, (1 - delta) * B, Q, (1 - delta) ** 2 * R + R_u, gamma)
    upper = delta**2 * float(np.abs(R).max() + np.abs(R_u).max() + np.abs(Q).max() or 1.0)
    while has_none(upper):
        upper *= 2
    lower = 0.0
    for _ in range(60):
        middle = (lower + upper) / 2
        lower, upper = (middle, upper) if has_none(middle) else (lower, middle)
    return upper
