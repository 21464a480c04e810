"""Numba's types of what compiled loops are given, formulas and planar points; imported when something is compiled.

A formula's type carries its content, so that a later process finds the loop in its cache. A planar point is two numbers
that real factors scale: numba multiplies a complex number by a real one as by a complex one, which takes three times as
long.
"""
# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

import functools
import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import (
    NativeValue,
    intrinsic,
    make_attribute_wrapper,
    overload,
    register_model,
    typeof_impl,
    unbox,
)

from refimpl.arguments import arrays
from refimpl.arguments.arrays import split

OPTIONS: Any = {"error_model": "numpy"}
"""How numba compiles: division by zero as NumPy does it. To let x + yz be rounded once would be faster still, but a
point would not take the same path alone and among others."""


class FormulaType(types.Callable):
    """Type of one formula; equal in every process in which the formula's content is."""

    def __init__(self, name: str):
        super().__init__(name)

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        return _dispatcher_type(self.name).get_call_type(context, args, kws)

    def get_call_signatures(self) -> Any:
        return _dispatcher_type(self.name).get_call_signatures()

    def get_impl_key(self, sig: Any) -> Any:
        return _dispatcher_type(self.name).get_impl_key(sig)


class Formula:
    """A function with the type of its content."""

    def __init__(self, function: Callable, digest: str):
        self.type = FormulaType(f"{function.__qualname__}:{digest}")
        _dispatchers[self.type.name] = numba.njit(**OPTIONS)(function)


_dispatchers: dict[str, Any] = {}


def _dispatcher_type(name: str) -> types.Dispatcher:
    return types.Dispatcher(_dispatchers[name])


register_model(FormulaType)(models.OpaqueModel)


@typeof_impl.register(Formula)
def _type_of(value: Formula, context: Any) -> FormulaType:
    return value.type


@unbox(FormulaType)
def _unbox(typ: FormulaType, value: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())


class PointType(types.Type):
    """Type of one planar point (x, y)."""


POINT = PointType("planar point")


@register_model(PointType)
class _Model(models.StructModel):
    def __init__(self, manager: Any, point_type: PointType):
        super().__init__(manager, point_type, [("x", types.float64), ("y", types.float64)])


make_attribute_wrapper(PointType, "x", "x")
make_attribute_wrapper(PointType, "y", "y")


@intrinsic
def planar_point(typing_context: Any, x: Any, y: Any) -> Any:
    """The point (x, y)."""

    def code(context: Any, builder: Any, signature: Any, coordinates: Any) -> Any:
        z = cgutils.create_struct_proxy(POINT)(context, builder)
        z.x, z.y = coordinates
        return z._getvalue()

    return POINT(types.float64, types.float64), code


def is_planar(*kinds: Any) -> bool:
    """Whether all are types of a point, as such or as a complex number."""
    return all(isinstance(kind, PointType | types.Complex) for kind in kinds)


_operation = functools.partial(overload, jit_options=OPTIONS)
_REAL = types.Float | types.Integer


@_operation(operator.add)
def _add(a, b):
    def add(a, b):
        (x, y), (u, v) = split(a), split(b)
        return planar_point(x + u, y + v)

    return add if is_planar(a, b) else None


@_operation(operator.sub)
def _subtract(a, b):
    def subtract(a, b):
        (x, y), (u, v) = split(a), split(b)
        return planar_point(x - u, y - v)

    return subtract if is_planar(a, b) else None


@_operation(operator.mul)
def _multiply(a, b):
    def scale(a, b):
        x, y = split(b)
        return planar_point(a * x, a * y)

    def scaled(a, b):
        x, y = split(a)
        return planar_point(x * b, y * b)

    if isinstance(a, _REAL) and isinstance(b, PointType):
        return scale
    return scaled if isinstance(a, PointType) and isinstance(b, _REAL) else None


@_operation(operator.truediv)
def _divide(a, b):
    def divide(a, b):
        x, y = split(a)
        return planar_point(x / b, y / b)

    return divide if isinstance(a, PointType) and isinstance(b, _REAL) else None


@_operation(operator.neg)
def _negate(a):
    def negate(a):
        x, y = split(a)
        return planar_point(-x, -y)

    return negate if isinstance(a, PointType) else None


@_operation(arrays.point)
def _point(z):
    return (lambda z: planar_point(z.real, z.imag)) if isinstance(z, types.Complex) else None


@_operation(arrays.number)
def _number(z):
    return (lambda z: complex(z.x, z.y)) if isinstance(z, PointType) else None


@_operation(arrays.split)
def _split(z):
    if isinstance(z, PointType):
        return lambda z: (z.x, z.y)
    return (lambda z: (z.real, z.imag)) if isinstance(z, types.Complex) else (lambda z: (z[..., 0], z[..., 1]))


@_operation(arrays.join)
def _join(x, y):
    return lambda x, y: planar_point(x, y)


@_operation(arrays.linear)
def _linear(A, a):
    def on_point(A, a):
        x, y = split(a)
        return planar_point(A[0, 0] * x + A[0, 1] * y, A[1, 0] * x + A[1, 1] * y)

    def on_batch(A, a):
        b = np.zeros((len(a), len(A)))
        for i in range(len(a)):
            for j in range(len(A)):
                for k in range(len(a[i])):
                    b[i, j] += A[j, k] * a[i, k]
        return b

    return on_point if is_planar(a) else on_batch
