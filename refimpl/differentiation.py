"""Jacobians of a user's field, exact to rounding: by a complex step, or by automatic differentiation."""

import warnings
from collections.abc import Callable

import autograd
import autograd.numpy
import numpy as np

from refimpl.arrays import Array, Field
from refimpl.domains import bare
from refimpl.errors import DivergedError

_STEP = 2.0**-100
_REFUSALS = (TypeError, ValueError, AttributeError, NotImplementedError, np.exceptions.ComplexWarning)


def exact_jacobian(V: Field, z: Array) -> Callable[[Array], Array]:
    """The function z → JV(z), (..., p) → (..., p, p), for points of the shape of `z`.

    Of the two ways the first that V bears is taken: bears, that is, in agreement with central differences at `z`.

    Raises
    ------
    TypeError
        When V bears neither.
    DivergedError
        When V is not finite around `z`.
    """
    V = bare(V)
    with np.errstate(over="ignore", invalid="ignore"):
        approximate = central_jacobian(V, z)
    if not np.isfinite(approximate).all():
        raise DivergedError(z, 0)
    tolerance = 1e-5 * (np.abs(approximate).max() + np.abs(V(z)).max())
    for jacobian in (_by_complex_step, _by_autograd):
        try:
            with warnings.catch_warnings(action="error", category=np.exceptions.ComplexWarning):
                J = jacobian(V, z)
        except _REFUSALS:
            continue
        if J.dtype == float and (np.abs(J - approximate) <= tolerance).all():
            return lambda z: jacobian(V, z)
    raise TypeError("V must be differentiable, by arithmetic that takes complex numbers or written in autograd.numpy")


def central_jacobian(V: Field, z: Array) -> Array:
    """JV(z) by central differences, good to about ten digits."""
    h = np.cbrt(np.finfo(float).eps) * max(1.0, np.abs(z).max())
    return np.stack([(V(z + h * e) - V(z - h * e)) / (2 * h) for e in np.eye(z.shape[-1])], -1)


def _by_complex_step(V: Field, z: Array) -> Array:
    """∂ⱼV(z) = Im V(z + ihⱼ)/h for h so small that nothing else is left: no difference is taken, nothing cancels."""
    return np.stack([np.imag(V(z + 1j * _STEP * e)) / _STEP for e in np.eye(z.shape[-1])], -1)


def _by_autograd(V: Field, z: Array) -> Array:
    """The gradient of each coordinate's sum over the batch."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a coordinate that is constant
        rows = [autograd.grad(lambda z, i=i: autograd.numpy.sum(V(z)[..., i]))(z) for i in range(z.shape[-1])]
    return np.stack(rows, -2)
