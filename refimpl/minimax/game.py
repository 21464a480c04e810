"""What a game min over x, max over y of Φ(x, y) is: its payoff, and its field V(z) = [∇ₓΦ, −∇ᵧΦ], z = (x, y)."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import autograd.numpy as np

from refimpl.arguments.arrays import Field
from refimpl.arguments.domains import Domain, array, domain, function, integer, number, optional
from refimpl.loops.compiling import planar

Payoff = Callable[[Any, Any], Any]


class Game(NamedTuple):
    """A name, a payoff Φ(x, y) that x minimises and y maximises (None where a field has none), and the field V(z).

    Payoffs take x (..., dim_x) and y (..., dim_y), those of planar games plain numbers too; fields take z (..., p).
    """

    name: str
    payoff: Payoff | None
    operator: Field


def _as_coordinate(name: str, value: Any, sizes: dict[str, int]) -> Any:
    """The number in a point of a one-dimensional space, given as (..., 1) or plainly."""
    if np.ndim(value):
        return array("... 1").check(name, value, {})[..., 0]
    return number("").check(name, value, sizes)


def _check_text(name: str, value: Any, sizes: dict[str, int]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {value!r}")
    return value


_coordinate = Domain("finite real number, or array of shape (..., 1)", _as_coordinate)
_text = Domain("string", _check_text)


@domain(name=_text, payoff=optional(function), operator=function)
def planar_game(name: str, payoff: Payoff | None, operator: Field) -> Game:
    """A game on the plane, from formulas of two numbers x, y and of a point z = (x, y).

    Parameters
    ----------
    name : str
        Its name.
    payoff : callable or None
        Φ(x, y) by arithmetic, which numbers, arrays and boxes of automatic differentiation take.
    operator : callable
        V(z) by arithmetic on the coordinates that `arguments.arrays.split` takes from z and `join` puts together.

    Returns
    -------
    Game
        It checks its arguments.

    Examples
    --------
    >>> from refimpl.arguments.arrays import join, split
    >>> planar_game("descent", lambda x, y: x**2, lambda z: join(2 * split(z)[0], 0 * split(z)[1])).operator([3.0, 2.0])
    array([6., 0.])
    """
    checked = payoff and domain(x=_coordinate, y=_coordinate)(payoff)
    return Game(name, checked, planar(domain(z=array("... 2"))(operator)))


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
        value = payoff(z[..., :dim_x], z[..., dim_x:])
        if np.size(value) != math.prod(z.shape[:-1]):
            raise ValueError(f"payoff must give one value a point, got {np.shape(value)} for points {z.shape}")
        return np.sum(value)

    @domain(z=array("... p"))
    def operator(z: Any) -> Any:
        if z.shape[-1] <= dim_x:
            raise ValueError(f"z must have more than dim_x = {dim_x} coordinates, got shape {z.shape}")
        gradient = autograd.grad(total)(z)
        return np.concatenate([gradient[..., :dim_x], -gradient[..., dim_x:]], -1)

    return operator
