"""Domains of arguments, declared beside the formula and checked once, at the public boundary.

``@domain(alpha=positive, z=array("... p"))`` checks every call and hands the body arrays of float64. The body stays a
formula, and is what gets compiled (`bare` finds it). Arrays of the libraries that `foreign` knows pass as they are;
whatever else is given becomes NumPy's array, or is refused.
"""

import difflib
import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from refimpl.arguments.foreign import is_concrete, is_foreign, to_numpy, translated

F = TypeVar("F", bound=Callable[..., Any])
Sizes = dict[str, Any]


class Domain(NamedTuple):
    """What an argument must be (`text`), and the check that returns the value to use or raises."""

    text: str
    check: Callable[[str, Any, Sizes], Any]


def domain(**domains: Domain) -> Callable[[F], F]:
    """Declare the domain of each argument of a function and refuse what lies outside.

    Arguments are checked in the order of the signature, however they are given.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what it must be and what it was.
    """

    def declare(function: F) -> F:
        names = list(inspect.signature(function).parameters)
        if unknown := set(domains) - set(names):
            raise TypeError(f"{function.__name__} has no argument {sorted(unknown)}")

        def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
            sizes: Sizes = {}
            given = [_checked(domains, name, value, sizes) for name, value in zip(names, args, strict=False)]
            named = {name: _checked(domains, name, kwargs[name], sizes) for name in names if name in kwargs}
            return [*given, *args[len(given) :]], {**kwargs, **named}

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            args_, kwargs_ = check(args, kwargs)
            return function(*args_, **kwargs_)

        checked.domains, checked.check, checked.checked_layer = domains, check, (checked, function)  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return declare


def bare(function: F) -> F:
    """The formula under its checks; whatever else is wrapped around a formula stays."""
    while isinstance(layer := getattr(function, "checked_layer", None), tuple) and layer[0] is function:
        function = layer[1]
    return function


def _checked(domains: dict[str, Domain], name: str, value: Any, sizes: Sizes) -> Any:
    return domains[name].check(name, value, sizes) if name in domains else value


def same_size(name: str, axis: str, size: int, sizes: Sizes) -> None:
    """Remember the size of an axis for the arguments that follow, or refuse another than that of those before."""
    if (wanted := sizes.setdefault(axis, size)) != size:
        raise ValueError(f"{name} must have {axis} = {wanted}, got {size}")


def as_array(name: str, value: Any) -> np.ndarray:
    """NumPy's array of a value, of whatever entries; rows of different lengths and masked entries are refused."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be an array without a mask, got {shortened(value)}")
    try:
        return np.asarray(to_numpy(value))
    except ValueError:
        raise ValueError(f"{name} must be an array, got rows of different lengths") from None


def _real_array(name: str, value: Any) -> np.ndarray:
    a = as_array(name, value)
    if a.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers, got {shortened(value)} of dtype {a.dtype}")
    if a.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {a.shape}")
    if not np.isfinite(a).all():
        raise ValueError(f"{name} must be finite, got {a[~np.isfinite(a)].flat[0]}")
    return a.astype(float, copy=False)


def shortened(value: Any) -> str:
    """The value as errors show it."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def array(dims: str) -> Domain:
    """A finite real array whose axes are named: ``"... p"`` points, ``"n p"`` a matrix, ``"... 2"`` planar points.

    A letter used twice in one signature is one size: ``x=array("... p"), data=array("n p")``.
    """
    shape = f"({', '.join(dims.split())})"
    leading = dims.startswith("...")
    axes = dims.split()[leading:]

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        if is_foreign(value):
            return value
        a = _real_array(name, value)
        if a.ndim < len(axes) or (a.ndim > len(axes) and not leading):
            raise ValueError(f"{name} must have shape {shape}, got {a.shape}")
        for axis, size in zip(axes, a.shape[a.ndim - len(axes) :], strict=True):
            wanted = int(axis) if axis.isdigit() else sizes.setdefault(axis, size)
            if size != wanted:
                where = "" if axis.isdigit() else f" with {axis} = {wanted}"
                raise ValueError(f"{name} must have shape {shape}{where}, got {a.shape}")
        return a

    return Domain(f"finite real array of shape {shape}", check)


def numpy_array(dims: str) -> Domain:
    """An array as in `array`, made NumPy's whatever library it is of: for drivers, which write into arrays."""
    entries = array(dims)
    return entries._replace(check=lambda name, value, sizes: entries.check(name, to_numpy(value), sizes))


def number(condition: str) -> Domain:
    """A finite real number satisfying a condition such as ``"> 0"`` or ``">= 0 and < 1"``."""
    relations = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
    terms = [(relations[term.split()[0]], float(term.split()[1])) for term in condition.split(" and ") if term]

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        if is_foreign(value) and not is_concrete(value):
            return value
        if isinstance(value, bool | np.bool_):
            raise TypeError(f"{name} must be a real number, got {value}")
        if isinstance(value, str) or value is None:
            raise TypeError(f"{name} must be a real number, got {shortened(value)}")
        a = _real_array(name, value)
        if a.ndim:
            raise ValueError(f"{name} must be one number, got an array of shape {a.shape}")
        if not all(relation(a, limit) for relation, limit in terms):
            raise ValueError(f"{name} must be {condition}, got {shortened(value)}")
        return a.item()

    return Domain(f"finite real number {condition}".strip(), check)


def integer(minimum: int) -> Domain:
    """An integer not below a minimum."""

    def check(name: str, value: Any, sizes: Sizes) -> int:
        if isinstance(value, bool | np.ma.MaskedArray) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be an integer, got {shortened(value)}")
        if value < minimum:
            raise ValueError(f"{name} must be >= {minimum}, got {value}")
        return int(value)

    return Domain(f"integer >= {minimum}", check)


def one_of(*names: str) -> Domain:
    """One of a few names."""

    def check(name: str, value: Any, sizes: Sizes) -> str:
        if not isinstance(value, str) or value not in names:
            close = difflib.get_close_matches(str(value), names, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise ValueError(f"{name} must be one of {', '.join(map(repr, names))}, got {shortened(value)}{hint}")
        return value

    return Domain(f"one of {', '.join(map(repr, names))}", check)


def _check_function(name: str, value: Any, sizes: Sizes) -> Any:
    if not callable(value):
        raise TypeError(f"{name} must be callable, got {shortened(value)}")
    return value


def _check_field(name: str, value: Any, sizes: Sizes) -> Any:
    return _shaped(name, value, lambda shape: shape)


def _shaped(name: str, value: Any, wanted: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Any:
    """A function of the user that returns real arrays, of a shape that follows from that of its first argument.

    It is given a copy of its point, which it may change, and what it raises is raised.
    """
    declared = translated(_check_function(name, value, {}))

    def as_arrays(function: Callable) -> Any:
        @functools.wraps(bare(value), updated=())
        def shaped(z: Any, *args: Any) -> Any:
            v = function(z.copy() if type(z) is np.ndarray else z, *args)
            if not is_foreign(z):
                v = to_numpy(v)
            if not is_foreign(v):
                v = np.asarray(v)
                if v.dtype.kind not in "fiu":
                    raise TypeError(f"{name} must return real numbers, got dtype {v.dtype}")
            if np.shape(v) != wanted(np.shape(z)):
                raise ValueError(f"{name} must return shape {wanted(np.shape(z))} for {np.shape(z)}, got {np.shape(v)}")
            return v

        return shaped

    guarded, inner = as_arrays(declared), as_arrays(bare(declared))
    guarded.checked_layer, inner.checked_layer = (guarded, inner), (inner, bare(declared))
    guarded.check = getattr(declared, "check", None)
    return guarded


def from_start(function: Callable, z: Any) -> Callable:
    """A field or a potential for a loop that starts at z: that point is checked now, those that follow are not.

    A chain may come to points where a formula has no value; there it gives NaN or ∞ and refuses nothing.
    """
    if check := getattr(function, "check", None):
        check((z,), {})
    return function.checked_layer[1] if hasattr(function, "checked_layer") else function


def _check_potential(name: str, value: Any, sizes: Sizes) -> Any:
    return _shaped(name, value, lambda shape: shape[:-1])


def _check_jacobian(name: str, value: Any, sizes: Sizes) -> Any:
    return _shaped(name, value, lambda shape: (*shape, shape[-1]))


def _check_generator(name: str, value: Any, sizes: Sizes) -> Any:
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, got {shortened(value)}")
    return value


def optional(inner: Domain) -> Domain:
    """None, or a value of another domain."""
    return Domain(
        f"None or {inner.text}", lambda name, value, sizes: None if value is None else inner.check(name, value, sizes)
    )


positive = number("> 0")
nonnegative = number(">= 0")
function = Domain("callable", _check_function)
field = Domain("callable that keeps the shape of its first argument", _check_field)
potential = Domain("callable from points (..., p) to numbers (...,)", _check_potential)
jacobian = Domain("callable from points (..., p) to matrices (..., p, p)", _check_jacobian)
generator = Domain("numpy.random.Generator", _check_generator)
