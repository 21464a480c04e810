"""Entropic mirror descent and mirror-prox: both players of a matrix game multiply the weights of their strategies.

The row player p minimises and the column player q maximises the payoff pᵀAq, p and q on the simplex.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer, positive


class Strategies(NamedTuple):
    """Mixed strategies p (m,) of the row and q (n,) of the column player."""

    p: Array
    q: Array


_matrix = array("m n")


@domain(A=_matrix, eta=positive, num_steps=integer(1))
def mirror_descent(A: Array, eta: float, num_steps: int) -> Strategies:
    r"""Entropic mirror descent by both players at once, from uniform strategies: the average of p₀, q₀ … p_T₋₁, q_T₋₁.

    .. math:: p^+ \propto p \, e^{-\eta A q}, \qquad q^+ \propto q \, e^{\eta A^\top p}

    Its duality gap is at most (ln m + ln n)/(ηT) + η (max A − min A)²/4.

    Parameters
    ----------
    A : (m, n) array
        Payoffs, to the column player.
    eta : float
        Step size, > 0.
    num_steps : int
        Number T of steps, ≥ 1.

    Returns
    -------
    Strategies
        Averages over the steps.

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Nemirovski & Yudin 1983; Freund & Schapire 1999.

    Examples
    --------
    >>> mirror_descent([[3.0, 0.0], [1.0, 2.0]], 0.1, 1)
    Strategies(p=array([0.5, 0.5]), q=array([0.5, 0.5]))
    """
    return _average_play(A, eta, num_steps, lambda answer, p, q: (p, q))


@domain(A=_matrix, eta=positive, num_steps=integer(1))
def mirror_prox(A: Array, eta: float, num_steps: int) -> Strategies:
    r"""Entropic mirror-prox, from uniform strategies: the average of the extrapolated points p̄, q̄.

    .. math:: \bar p \propto p \, e^{-\eta A q}, \quad \bar q \propto q \, e^{\eta A^\top p}, \qquad
              p^+ \propto p \, e^{-\eta A \bar q}, \quad q^+ \propto q \, e^{\eta A^\top \bar p}

    Its duality gap is at most (ln m + ln n)/(ηT) if η ≤ 1/max|Aᵢⱼ|.

    Parameters
    ----------
    A, eta, num_steps
        As in `mirror_descent`.

    Returns
    -------
    Strategies
        Averages over the steps.

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Nemirovski 2004.

    Examples
    --------
    >>> p, q = mirror_prox([[1.0, -1.0], [-1.0, 1.0]], 0.5, 3)
    >>> p, q
    (array([0.5, 0.5]), array([0.5, 0.5]))
    """
    return _average_play(A, eta, num_steps, lambda answer, p, q: answer(p, q))


def _average_play(A: Array, eta: float, num_steps: int, played: Callable) -> Strategies:
    """Averages of what is played at each point (p, q) of mirror descent against all that was played before.

    `played(answer, p, q)` is p, q themselves or their answer to one step against p, q.
    """
    m, n = A.shape
    cost_p, cost_q, p_sum, q_sum = np.zeros(m), np.zeros(n), np.zeros(m), np.zeros(n)
    with np.errstate(over="ignore"):
        A, eta = _in_units(A, eta)

        def answer(p: Any, q: Any) -> tuple[Array, Array]:
            return _gibbs(cost_p + A @ q, eta), _gibbs(cost_q - p @ A, eta)

        for _ in range(num_steps):
            p, q = played(answer, _gibbs(cost_p, eta), _gibbs(cost_q, eta))
            cost_p += A @ q
            cost_q -= p @ A
            p_sum += p
            q_sum += q
    return Strategies(p_sum / num_steps, q_sum / num_steps)


def _in_units(A: Array, eta: float) -> tuple[Array, float]:
    """Payoffs in units of the largest one, whose sums cannot overflow, and the step size for these."""
    unit = np.abs(A).max() or 1.0
    return A / unit, min(eta * unit, np.finfo(float).max)


def _gibbs(cost: Array, eta: float) -> Array:
    """Probabilities ∝ exp(−η cost): the strategy that multiplicative updates from a uniform one have led to."""
    w = np.exp(-eta * (cost - cost.min()))
    return w / w.sum()
