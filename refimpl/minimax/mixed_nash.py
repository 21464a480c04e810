"""Mixed strategies: finite games solved by a linear program, or played by entropic mirror descent and mirror-prox.

The row player p minimises and the column player q maximises the payoff pᵀAq, p and q on the simplex. A game on the
sets X and Y is the same with ⟨p, Gq⟩, where G takes the mean over the second player's strategy and G† that over the
first one's.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.array_domains import probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, function, integer, positive
from refimpl.parallel.threads import one_thread_each, operations


class Equilibrium(NamedTuple):
    """The value of a game, and optimal strategies p (m,) of the row and q (n,) of the column player."""

    value: float
    p: Array
    q: Array


class Strategies(NamedTuple):
    """Mixed strategies p (m,) of the row and q (n,) of the column player."""

    p: Array
    q: Array


_matrix = array("m n")
_points = array("... p")


@domain(payoff=function, x=_points, y=array("n d"), q=probabilities("n"))
def mixed_payoff(payoff: Callable, x: Any, y: Any, q: Any) -> Any:
    r"""The operator G: payoffs at points x against a mixed strategy of the second player.

    .. math:: (Gq)(x) = \mathbb{E}_{y \sim q} \Phi(x, y) = \sum_j q_j \Phi(x, y_j)

    Parameters
    ----------
    payoff : callable
        Φ(x, y) of x (..., p) and y (..., d), which broadcasts over the leading axes.
    x : (..., p) array
        Points of the first player.
    y, q : (n, d) array, (n,) array
        Support and probabilities of the second player's strategy.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Hsieh, Liu & Cevher 2019.

    Examples
    --------
    >>> mixed_payoff(lambda x, y: (x * y)[..., 0], [[1.0], [3.0]], [[1.0], [2.0]], [0.5, 0.5])
    array([1.5, 4.5])
    """
    return payoff(x[..., None, :], y) @ q


@domain(payoff=function, y=_points, x=array("m d"), p=probabilities("m"))
def mixed_payoff_adjoint(payoff: Callable, y: Any, x: Any, p: Any) -> Any:
    r"""The adjoint G†: payoffs at points y against a mixed strategy of the first player.

    .. math:: (G^\dagger p)(y) = \mathbb{E}_{x \sim p} \Phi(x, y) = \sum_i p_i \Phi(x_i, y)

    Parameters
    ----------
    payoff : callable
        Φ(x, y) of x (..., d) and y (..., p), which broadcasts over the leading axes.
    y : (..., p) array
        Points of the second player.
    x, p : (m, d) array, (m,) array
        Support and probabilities of the first player's strategy.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games"; Hsieh, Liu & Cevher 2019.

    Examples
    --------
    >>> mixed_payoff_adjoint(lambda x, y: (x * y)[..., 0], [[1.0], [3.0]], [[1.0], [2.0]], [0.5, 0.5])
    array([1.5, 4.5])
    """
    return payoff(x, y[..., None, :]) @ p


@domain(A=_matrix)
def lp_equilibrium(A: Array) -> Equilibrium:
    r"""A mixed equilibrium of a matrix game, by linear programming.

    .. math:: \min_{p, v} v \quad \text{subject to} \quad A^\top p \le v, \; \sum_i p_i = 1, \; p \ge 0

    The multipliers of the inequalities are q. The program is solved for A shifted and scaled to [1, 2], which leaves
    the equilibria where they are, makes v positive and gives the solver's tolerances a meaning.

    Parameters
    ----------
    A : (m, n) array
        Payoffs, to the column player.

    Returns
    -------
    Equilibrium

    References
    ----------
    Slide "An alternative proposal: From pure to mixed Nash equilibrium (NE)"; von Neumann 1928; Dantzig 1951.

    Examples
    --------
    >>> value, p, q = lp_equilibrium([[3.0, 0.0], [1.0, 2.0]])
    >>> value, p, q
    (1.5, array([0.25, 0.75]), array([0.5, 0.5]))
    """
    m, n = A.shape
    unit = 1 + (A / 2 - A.min() / 2) / ((A.max() / 2 - A.min() / 2) or 1.0)
    solution: Any = scipy.optimize.linprog(
        np.append(np.zeros(m), 1.0),
        A_ub=np.column_stack([unit.T, -np.ones(n)]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    p, q = _probabilities(solution.x[:m]), _probabilities(-solution.ineqlin.marginals)
    return Equilibrium(float(p @ A @ q), p, q)


def _probabilities(weights: Array) -> Array:
    """Weights without the solver's rounding: none below 0, sum 1."""
    w = np.maximum(weights, 0.0)
    return w / w.sum()


@domain(A=_matrix, p=probabilities("... m"), q=probabilities("... n"))
def duality_gap(A: Array, p: Array, q: Array) -> Any:
    r"""What the two players could gain by answering: 0 exactly at the equilibria, nowhere below.

    .. math:: \max_j (A^\top p)_j - \min_i (A q)_i

    Parameters
    ----------
    A : (m, n) array
        Payoffs, to the column player.
    p, q : (..., m) array, (..., n) array
        Mixed strategies.

    Returns
    -------
    (...,) array

    Raises
    ------
    ValueError
        When the leading axes of p and q do not broadcast.

    References
    ----------
    Slide "GAN training as infinite dimensional matrix games".

    Examples
    --------
    >>> float(duality_gap([[3.0, 0.0], [1.0, 2.0]], [1.0, 0.0], [0.0, 1.0]))
    3.0
    """
    won, paid = (p @ A).max(-1), (q @ A.T).min(-1)
    try:
        return won - paid
    except ValueError:
        raise ValueError(f"p and q must have leading axes that broadcast, got {p.shape} and {q.shape}") from None


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
    with one_thread_each(operations(1, [A])), np.errstate(over="ignore"):
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
