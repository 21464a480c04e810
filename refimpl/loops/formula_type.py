"""The numba type of a formula given to a compiled loop; imported only when something is compiled."""

from collections.abc import Callable
from typing import Any

import numba
from numba.core import types
from numba.core.datamodel import models
from numba.extending import NativeValue, register_model, typeof_impl, unbox

from refimpl.loops.compiling import OPTIONS


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
