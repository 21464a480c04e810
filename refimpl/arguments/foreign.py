"""Arrays and functions of other libraries: which are known, and how they become NumPy's.

Known are boxes of automatic differentiation (autograd), torch tensors and JAX arrays. No library is imported here: an
array of one that was never imported cannot exist.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def _kind(library: str, name: str) -> tuple[type, ...]:
    """The type of that name, if the library is loaded."""
    kind = getattr(sys.modules.get(library), name, None)
    return (kind,) if isinstance(kind, type) else ()


def is_box(value: Any) -> bool:
    """Whether a value is a box of autograd."""
    tracer = sys.modules.get("autograd.tracer")
    return tracer is not None and tracer.isbox(value)


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor."""
    return isinstance(value, _kind("torch", "Tensor"))


def is_jax(value: Any) -> bool:
    """Whether a value is a JAX array, a traced one included."""
    return isinstance(value, _kind("jax", "Array"))


def is_foreign(value: Any) -> bool:
    """Whether a value is an array of a known library, and so passes formulas as it is."""
    return type(value) is not np.ndarray and (is_box(value) or is_tensor(value) or is_jax(value))


def is_concrete(value: Any) -> bool:
    """Whether an array of torch or JAX has values, and nothing is differentiated through it."""
    if is_tensor(value):
        return not value.requires_grad
    return is_jax(value) and not isinstance(value, _kind("jax.core", "Tracer"))


def to_numpy(value: Any) -> Any:
    """NumPy's float64 array of a torch tensor (detached) or of a JAX array; any other value as it is."""
    if is_tensor(value):
        return value.detach().cpu().double().numpy()
    return np.asarray(value, float) if is_jax(value) and is_concrete(value) else value


def translated(function: Callable) -> Callable:
    """A torch module or a jitted JAX function as a function of NumPy's arrays; any other function as it is.

    It is given arrays of its own kind (in a module's precision and on its device) and gives NumPy's float64 back.
    """
    if isinstance(function, _kind("torch.nn", "Module")):
        return _of_tensors(function)
    if hasattr(function, "lower") and type(function).__module__.partition(".")[0] in ("jax", "jaxlib"):
        return _with_arrays(function, sys.modules["jax"].numpy.asarray)
    return function


def _of_tensors(module: Any) -> Callable:
    torch: Any = sys.modules["torch"]
    example = next(module.parameters(), torch.zeros(0, dtype=torch.float64))
    call = _with_arrays(module, lambda a: torch.as_tensor(a, dtype=example.dtype, device=example.device))

    def without_gradients(*args: Any) -> Any:
        with torch.no_grad():
            return call(*args)

    return without_gradients


def _with_arrays(function: Callable, convert: Callable[[Any], Any]) -> Callable:
    @functools.wraps(function, updated=())
    def call(*args: Any) -> Any:
        return to_numpy(function(*(convert(a) if isinstance(a, np.ndarray | float) else a for a in args)))

    return call
