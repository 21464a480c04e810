"""Losses of two parameters whose minima differ in sharpness, for methods that should tell them apart."""

from collections.abc import Callable
from typing import Any, NamedTuple

from refimpl.arguments.arrays import Array, join, split
from refimpl.arguments.domains import array, domain


class Landscape(NamedTuple):
    """A name, a loss of points (..., 2), its gradient, and the trace of its Hessian."""

    name: str
    f: Callable[[Any], Any]
    grad_f: Callable[[Any], Any]
    trace: Callable[[Any], Any]


def factorization() -> Landscape:
    r"""The squared loss of a network of one hidden linear neuron, with minima on a curve from flat to sharp.

    .. math:: f(x) = \tfrac12 (x_1 x_2 - 1)^2, \qquad \nabla f = (x_1 x_2 - 1) (x_2, x_1), \qquad
              \operatorname{tr} \nabla^2 f = x_1^2 + x_2^2

    On the minima x₁x₂ = 1 the trace is the only eigenvalue other than 0; it is least, 2, at ±(1, 1). The gradient flow
    keeps x₁² − x₂².

    Returns
    -------
    Landscape

    Examples
    --------
    >>> valley = factorization()
    >>> valley.grad_f([2.0, 1.0]), float(valley.trace([2.0, 0.5]))
    (array([1., 2.]), 4.25)
    """
    return Landscape("factorization", _loss, _gradient, _trace)


_points = array("... 2")


@domain(x=_points)
def _loss(x: Any) -> Any:
    u, v = split(x)
    return (u * v - 1) ** 2 / 2


@domain(x=_points)
def _gradient(x: Any) -> Array:
    u, v = split(x)
    return join((u * v - 1) * v, (u * v - 1) * u)


@domain(x=_points)
def _trace(x: Any) -> Any:
    return (x * x).sum(-1)
