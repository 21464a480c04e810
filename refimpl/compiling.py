"""One text per formula: the readable Python function is what numba compiles, lazily, with its result cached on disk.

A loop marked ``@compiled`` takes formulas as arguments (``formula(eg_step)``). Numba would give each such argument a
type that carries an address, so that no later process finds the loop in its cache; here the type carries the content of
the formula (its bytecode, constants, closure, and the formulas it calls), so that it is found again, inlined, and made
anew when the text changes. Numba is imported, and anything compiled, on the first call only.
"""

import functools
import hashlib
import inspect
import os
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from refimpl import arrays

F = TypeVar("F", bound=Callable[..., Any])
_OVERLOADED = (arrays.split, arrays.join, arrays.linear)


def enabled() -> bool:
    """Whether loops are compiled (``NUMBA_DISABLE_JIT=1`` runs the same text as plain Python)."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"


def compiled(loop: Callable) -> Any:
    """Compile a loop on its first call for each combination of argument types."""

    @functools.cache
    def dispatcher() -> Callable:
        _teach(loop)
        return _numba().njit(cache=True, nogil=True, error_model="numpy")(loop)

    @functools.wraps(loop)
    def call(*args: Any) -> Any:
        return dispatcher()(*args) if enabled() else loop(*args)

    return call


def planar(function: F) -> F:
    """Mark a formula that also runs on planar points given as one complex number, as compiled loops want it.

    Steps are such when they only add and scale points; fields when they are written with `arrays.split` and
    `arrays.join`.
    """
    inspect.unwrap(function).planar = True  # type: ignore[attr-defined]
    return function


def is_planar(function: Callable) -> bool:
    """Whether a compiled loop can run `function` on one complex number."""
    return enabled() and getattr(inspect.unwrap(function), "planar", False)


def formula(function: Callable) -> Any:
    """A formula as an argument of a compiled loop: its bare body, typed by its content."""
    return _formula(inspect.unwrap(function)) if enabled() else inspect.unwrap(function)


class Bound(NamedTuple):
    """The function formula(a, *parameters) of a alone; compiled loops take it apart, so that other parameters
    need no compiling."""

    formula: Callable
    parameters: tuple

    def __call__(self, a: Any) -> Any:
        return self.formula(a, *self.parameters)

    @property
    def planar(self) -> bool:
        """Whether the formula runs on complex numbers, its parameters of shape (2,) being such too."""
        return getattr(inspect.unwrap(self.formula), "planar", False)


def bind(function: Callable, *parameters: Any) -> Callable[[Any], Any]:
    """A formula of a and of parameters as a function of a alone."""
    return Bound(function, parameters)  # type: ignore[return-value]


def digest(function: Callable) -> str:
    """Hash of all that the compiled code of a function depends on."""
    plain = [_content(value) for value in _closure(function) if not isinstance(value, types.FunctionType)]
    text = repr((function.__name__, list(_codes(function.__code__)), plain, function.__defaults__))
    return hashlib.sha256((text + "".join(digest(inspect.unwrap(f)) for f in _called(function))).encode()).hexdigest()[
        :16
    ]


def _content(value: Any) -> Any:
    """What tells a value of a closure from others: of an array all its entries, which `repr` would leave out."""
    return (value.shape, value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value


def _closure(function: Callable) -> list[Any]:
    return [cell.cell_contents for cell in function.__closure__ or ()]


def _codes(code: types.CodeType) -> Iterator[tuple]:
    """Bytecode, names and constants of a function and of the functions written inside it."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    yield code.co_code, code.co_names, [c for c in code.co_consts if c not in inner]
    for c in inner:
        yield from _codes(c)


def _called(function: Callable) -> list[Callable]:
    """The Python functions of this package's kind that a body names: each is compiled from its bare body."""
    names = [name for _, names, _ in _codes(function.__code__) for name in names]
    values = [function.__globals__.get(name) for name in names] + _closure(function)
    return [
        v for v in values if isinstance(v, types.FunctionType) and v not in (arrays.split, arrays.join, arrays.linear)
    ]


@functools.cache
def _numba() -> Any:
    import numba
    from numba.core.types import Complex
    from numba.extending import overload

    @overload(arrays.split)
    def split(z):  # type: ignore[no-untyped-def]
        return (lambda z: (z.real, z.imag)) if isinstance(z, Complex) else (lambda z: (z[..., 0], z[..., 1]))

    @overload(arrays.join)
    def join(x, y):  # type: ignore[no-untyped-def]
        return lambda x, y: complex(x, y)

    @overload(arrays.linear)
    def linear(A, a):  # type: ignore[no-untyped-def]
        def on_point(A, a):  # type: ignore[no-untyped-def]
            return complex(A[0, 0] * a.real + A[0, 1] * a.imag, A[1, 0] * a.real + A[1, 1] * a.imag)

        def on_batch(A, a):  # type: ignore[no-untyped-def]
            b = np.zeros((len(a), len(A)))
            for i in range(len(a)):
                for j in range(len(A)):
                    for k in range(len(a[i])):
                        b[i, j] += A[j, k] * a[i, k]
            return b

        return on_point if isinstance(a, Complex) else on_batch

    return numba


@functools.cache
def _formula(function: Callable) -> Any:
    from refimpl import formula_type

    _teach(function)
    return formula_type.Formula(function, digest(function))


@functools.cache
def _teach(function: Callable) -> None:
    """Let numba resolve the functions that a body names, checked ones included, to their bare bodies."""
    _numba()
    for called in _called(function):
        _teach_call(called)


@functools.cache
def _teach_call(called: Callable) -> None:
    from numba.extending import overload

    bare = inspect.unwrap(called)
    _teach(bare)
    overload(called, strict=False, jit_options={"error_model": "numpy"})(lambda *args: bare)
