"""Games min over x, max over y of Φ(x, y), with their fields V(z) = [∇ₓΦ, −∇ᵧΦ], z = (x, y)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import autograd.numpy as np

from refimpl.arrays import Array, Field, join, namespace, split
from refimpl.compiling import planar
from refimpl.domains import array, domain, function, integer, optional


class Game(NamedTuple):
    """A name, a payoff Φ(x, y) that x minimises and y maximises, and the field V(z)."""

    name: str
    payoff: Callable[[Any, Any], Any]
    operator: Field


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
    return _product() if B is None else _matrix_game(B)


def _product() -> Game:
    def payoff(x: Any, y: Any) -> Any:
        return _coordinate(x) * _coordinate(y)

    @planar
    @domain(z=array("... 2"))
    def operator(z: Any) -> Any:
        x, y = split(z)
        return join(y, -x)

    return Game("bilinear", payoff, operator)


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


def _coordinate(x: Any) -> Any:
    """The number in a point of a one-dimensional space, given as (..., 1) or plainly."""
    return x[..., 0] if np.ndim(x) else x


@domain(payoff=function, dim_x=integer(1))
def operator_of(payoff: Callable[[Any, Any], Any], dim_x: int) -> Field:
    r"""Field of a game by automatic differentiation of its payoff.

    .. math:: V(z) = [\nabla_x \Phi(x, y), -\nabla_y \Phi(x, y)], \qquad z = [x, y]

    Parameters
    ----------
    payoff : callable
        Φ(x, y) of x (..., dim_x) and y (..., p − dim_x), written with ``autograd.numpy``; one value a point.
    dim_x : int
        Number of coordinates of the minimising player.

    Returns
    -------
    callable
        V(z) for z (..., p), p > dim_x.

    References
    ----------
    Slide "Basic algorithms for minimax".

    Examples
    --------
    >>> operator_of(lambda x, y: (x * y**2)[..., 0], dim_x=1)([3.0, 2.0])
    array([  4., -12.])
    """

    def total(z: Any) -> Any:
        return np.sum(payoff(z[..., :dim_x], z[..., dim_x:]))

    @domain(z=array("... p"))
    def operator(z: Any) -> Any:
        if z.shape[-1] <= dim_x:
            raise ValueError(f"z must have more than dim_x = {dim_x} coordinates, got shape {z.shape}")
        gradient = autograd.grad(total)(z)
        return np.concatenate([gradient[..., :dim_x], -gradient[..., dim_x:]], -1)

    return operator
