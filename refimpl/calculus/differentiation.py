"""Jacobians of a user's field: exact to rounding, by automatic differentiation or by a complex step; by differences."""

import warnings
from collections.abc import Callable

import autograd
import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, bare, domain, field
from refimpl.arguments.errors import DivergedError

_STEP = 2.0**-100
_REFUSALS = (TypeError, ValueError, AttributeError, NotImplementedError, np.exceptions.ComplexWarning)


@domain(V=field, z=array("... p"))
def jacobian(V: Field, z: Array) -> Array:
    r"""Jacobians of a field, by automatic differentiation.

    .. math:: JV(z)_{ij} = \frac{\partial V_i}{\partial z_j}

    Parameters
    ----------
    V : callable
        Field, written with ``autograd.numpy``; it must take batches of points.
    z : (..., p) array
        Points.

    Returns
    -------
    (..., p, p) array

    Examples
    --------
    >>> jacobian(lambda z: z**2, [1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """
    vjp, _ = autograd.make_vjp(lambda z: V(z) + 0 * z)(z)  # + 0 z: a constant field, too, must depend on z
    return np.stack([vjp(np.broadcast_to(row, z.shape)) for row in np.eye(z.shape[-1])], -2)


def exact_jacobian(V: Field, z: Array) -> Callable[[Array], Array]:
    """The function z → JV(z), (..., p) → (..., p, p), for points of the shape of `z`.

    A complex step is tried first, then automatic differentiation. The first of them is taken that agrees with central
    differences at `z`.

    Raises
    ------
    TypeError
        When neither agrees.
    DivergedError
        When V is not finite around `z`.
    """
    V = bare(V)
    with np.errstate(over="ignore", invalid="ignore"):
        approximate = central_jacobian(V, z)
    if not np.isfinite(approximate).all():
        raise DivergedError(z, 0)
    tolerance = 1e-5 * (np.abs(approximate).max() + np.abs(V(z)).max())
    for derivative in (_by_complex_step, bare(jacobian)):
        try:
            with warnings.catch_warnings(action="error", category=np.exceptions.ComplexWarning):
                J = derivative(V, z)
        except _REFUSALS:
            continue
        if J.dtype == float and (np.abs(J - approximate) <= tolerance).all():
            return lambda z: derivative(V, z)
    raise TypeError("V must be differentiable, by arithmetic that takes complex numbers or written in autograd.numpy")


def central_jacobian(V: Field, z: Array) -> Array:
    """JV(z), (..., p, p), by central differences, good to about ten digits; each point has a step of its own."""
    h = np.cbrt(np.finfo(float).eps) * np.maximum(1, np.abs(z).max(-1, keepdims=True))
    return np.stack([(V(z + h * e) - V(z - h * e)) / (2 * h) for e in np.eye(z.shape[-1])], -1)


def _by_complex_step(V: Field, z: Array) -> Array:
    """∂ⱼV(z) = Im V(z + iheⱼ)/h. No difference is taken, so nothing cancels, and h can be far below rounding."""
    return np.stack([np.imag(V(z + 1j * _STEP * e)) / _STEP for e in np.eye(z.shape[-1])], -1)
