"""Games min over x, max over y of Φ(x, y), with their fields V(z) = [∇ₓΦ, −∇ᵧΦ], z = (x, y).

The bilinear game; what a `game` is, the `saddles` and the `cyclic_games` have their own modules.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, join, namespace, split
from refimpl.arguments.domains import array, domain, optional
from refimpl.minimax.cyclic_games import almost_bilinear, forsaken, global_forsaken, lower_bound, polar
from refimpl.minimax.game import Game, Payoff, operator_of, planar_game
from refimpl.minimax.saddles import monkey_saddle, quadratic_saddle, trap, weird_saddle

__all__ = [
    "Game",
    "Payoff",
    "almost_bilinear",
    "bilinear",
    "forsaken",
    "global_forsaken",
    "lower_bound",
    "monkey_saddle",
    "operator_of",
    "polar",
    "quadratic_saddle",
    "trap",
    "weird_saddle",
]


@domain(B=optional(array("m n")))
def bilinear(B: Array | None = None) -> Game:
    r"""Bilinear game.

    .. math:: \Phi(x, y) = x^\top B y, \qquad V(x, y) = (B y, -B^\top x)

    Parameters
    ----------
    B : (m, n) array, optional
        The matrix; None is the game :math:`\Phi = xy` on the plane.

    Returns
    -------
    Game
        Its payoff takes x (..., m) and y (..., n), for B = None plain numbers too; its field takes z (..., m + n).

    References
    ----------
    Slide "Basic algorithms for minimax".

    Examples
    --------
    >>> bilinear().operator([3.0, 2.0])
    array([ 2., -3.])
    """
    return _product() if B is None else _matrix_game(np.array(B))


def _product() -> Game:
    def payoff(x: Any, y: Any) -> Any:
        return x * y

    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y, -x)

    return planar_game("bilinear", payoff, operator)


def _matrix_game(B: Array) -> Game:
    m, n = B.shape

    @domain(x=array(f"... {m}"), y=array(f"... {n}"))
    def payoff(x: Any, y: Any) -> Any:
        return ((x @ B) * y).sum(-1)

    @domain(z=array(f"... {m + n}"))
    def operator(z: Any) -> Any:
        x, y = z[..., :m], z[..., m:]
        return namespace(z).concatenate([y @ B.T, -(x @ B)], -1)

    return Game("bilinear", payoff, operator)
