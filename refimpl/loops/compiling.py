"""One text per formula: the readable Python function is what numba compiles, lazily, with its result cached on disk.

A loop marked ``@compiled`` takes formulas as arguments (``formula(eg_step)``). Numba itself would give each such
argument a type that contains an address, and no later process would find the loop in its cache. Here the type contains
the content of the formula: its bytecode, constants, closure, and the formulas it calls. So the loop is found again,
with the formula inlined, and is compiled anew when the text changes. Numba is imported, and anything compiled, on the
first call only.
"""

import functools
import hashlib
import importlib.util
import os
import threading
import types
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from refimpl.arguments import arrays
from refimpl.arguments.domains import bare

F = TypeVar("F", bound=Callable[..., Any])
_one_at_a_time = threading.RLock()
_OVERLOADED = (arrays.split, arrays.join, arrays.linear, arrays.point, arrays.number)


def enabled() -> bool:
    """Whether loops are compiled; without numba, or with ``NUMBA_DISABLE_JIT=1``, the same text is plain Python."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") == "0" and _has_numba()


@functools.cache
def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def compiled(loop: Callable) -> Any:
    """Compile a loop on its first call for each combination of argument types."""

    @functools.cache
    def dispatcher() -> Callable:
        _teach(loop)
        numba_types = _numba_types()
        njit = functools.partial(numba_types.numba.njit, nogil=True, **numba_types.OPTIONS)
        try:
            return _with_files_of_its_own(njit(cache=True)(loop))
        except RuntimeError:  # there is no place where a cache could be written
            return njit()(loop)

    @functools.wraps(loop)
    def call(*args: Any) -> Any:
        if not enabled():
            return loop(*args)
        with _one_at_a_time:
            run = dispatcher()
        return run(*args)

    return call


def _with_files_of_its_own(dispatcher: Any) -> Any:
    """The dispatcher, whose cached code goes into files that no other process names.

    Numba numbers the files of one loop without a lock: two processes may take the same number at once, and then one
    formula would run as the other. An index that is overwritten only forgets.
    """
    file = dispatcher._cache._cache_file
    file._data_name = lambda number: f"{file._index_name.removesuffix('.nbi')}.{uuid.uuid4().hex}.nbc"
    return dispatcher


def planar(function: F) -> F:
    """Mark a formula that also runs on one planar point (`arrays.point`), so that compiled loops can use it.

    A step is such a formula when it only adds and scales points. A field is one when it is written with `arrays.split`
    and `arrays.join`.
    """
    body = bare(function)
    body.planar = body  # type: ignore[attr-defined]
    return function


def is_planar(function: Callable) -> bool:
    """Whether a compiled loop can run `function` on one planar point."""
    body = bare(function)
    return enabled() and getattr(body, "planar", None) is body and _digest(body) is not None


def formula(function: Callable) -> Any:
    """A formula as an argument of a compiled loop: its bare body, typed by its content."""
    return _formula(bare(function)) if enabled() else bare(function)


class Bound(NamedTuple):
    """The function formula(a, *parameters) of a alone.

    Compiled loops take formula and parameters apart, so that other parameters need no compiling.
    """

    formula: Callable
    parameters: tuple

    def __call__(self, a: Any) -> Any:
        return self.formula(a, *self.parameters)

    @property
    def planar(self) -> bool:
        """Whether the formula runs on one planar point; parameters of shape (2,) are then complex numbers."""
        return is_planar(self.formula)


def bind(function: Callable, *parameters: Any) -> Callable[[Any], Any]:
    """A formula of a and of parameters as a function of a alone."""
    return Bound(function, parameters)  # type: ignore[return-value]


def digest(function: Callable) -> str:
    """Hash of all that the compiled code of a function depends on: its text and the values that it names.

    Raises
    ------
    TypeError
        When it names a value whose content cannot be hashed.
    """
    named = [_content(value) for value in _named(function)]
    defaults = [
        _content(value) for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    ]
    text = (function.__module__, function.__qualname__, list(_codes(function.__code__)), named, defaults, _compiler())
    return hashlib.sha256(repr(text).encode()).hexdigest()[:16]


@functools.cache
def _compiler() -> str:
    """What else compiled code depends on: numba's options, and the operations on points that numba is taught."""
    return Path(__file__).with_name("numba_types.py").read_text(encoding="utf-8")


@functools.cache
def _digest(function: Callable) -> str | None:
    try:
        return digest(function)
    except TypeError:
        return None


def _content(value: Any) -> Any:
    """What stands for a value in a hash."""
    value = getattr(value, "py_func", value)
    if isinstance(value, types.FunctionType):
        return value.__qualname__ if _is_ours(value) else digest(bare(value))
    if isinstance(value, np.ndarray) and value.dtype != object:
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, tuple):
        return [_content(item) for item in value]
    if isinstance(value, bool | int | float | complex | str | bytes | np.generic | None):
        return repr(value)
    if isinstance(value, types.ModuleType | types.BuiltinFunctionType | np.ufunc | type):
        return value.__name__
    raise TypeError(f"a compiled formula cannot name {value!r}")


def _is_ours(function: Callable) -> bool:
    """Whether a function is one of the operations that numba is taught in `numba_types`."""
    return function in _OVERLOADED


def _codes(code: types.CodeType) -> Iterator[tuple]:
    """Bytecode, names and constants of a function and of the functions written inside it."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    yield code.co_code, code.co_names, [c for c in code.co_consts if c not in inner]
    for c in inner:
        yield from _codes(c)


def _named(function: Callable) -> list[Any]:
    """The global and enclosed values that a body names."""
    names = [name for _, names, _ in _codes(function.__code__) for name in names]
    read = [function.__globals__[name] for name in names if name in function.__globals__]
    return read + [cell.cell_contents for cell in function.__closure__ or ()]


def _called(function: Callable) -> list[Callable]:
    """The Python functions that a body names: each is compiled from its bare body."""
    return [v for v in _named(function) if isinstance(v, types.FunctionType) and not _is_ours(v) and v is not function]


def _numba_types() -> Any:
    from refimpl.loops import numba_types

    return numba_types


@functools.cache
def _formula(function: Callable) -> Any:
    _teach(function)
    return _numba_types().Formula(function, digest(function))


@functools.cache
def _teach(function: Callable) -> None:
    """Teach numba to use the bare body of each function that a body names, in place of its checks."""
    _numba_types()
    for called in _called(function):
        _teach_call(called)


@functools.cache
def _teach_call(called: Callable) -> None:
    body, numba_types = bare(called), _numba_types()
    _teach(body)
    numba_types.overload(called, strict=False, jit_options=numba_types.OPTIONS)(lambda *args: body)
