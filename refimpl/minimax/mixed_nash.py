"""Mixed strategies: finite games solved by a linear program, or by playing them (`mirror_methods`).

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
from refimpl.arguments.domains import array, domain, function
from refimpl.minimax.mirror_methods import Strategies, mirror_descent, mirror_prox

__all__ = [
    "Equilibrium",
    "Strategies",
    "duality_gap",
    "lp_equilibrium",
    "mirror_descent",
    "mirror_prox",
    "mixed_payoff",
    "mixed_payoff_adjoint",
]


class Equilibrium(NamedTuple):
    """The value of a game, and optimal strategies p (m,) of the row and q (n,) of the column player."""

    value: float
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
