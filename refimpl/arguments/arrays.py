"""Array types, and the operations in which the text of a planar formula depends on the kind of its points."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import autograd.numpy
import numpy.typing as npt
from numpy import empty, float64

Array = npt.NDArray[float64]
Field = Callable[[Array], Array]
Score = Callable[[Any, float], Any]


def namespace(a: Any) -> Any:
    """The module whose functions act on `a`: NumPy's (seen by automatic differentiation), torch's or JAX's."""
    if hasattr(a, "__array_namespace__") and not isinstance(a, autograd.numpy.ndarray):
        return a.__array_namespace__()
    return sys.modules["torch"] if type(a).__module__.startswith("torch") else autograd.numpy


def split(z: Any) -> tuple[Any, Any]:
    """Coordinates (x, y) of planar points z (..., 2); in compiled loops of one `point`."""
    return z[..., 0], z[..., 1]


def join(x: Any, y: Any) -> Any:
    """Planar points (..., 2) with coordinates x, y; in compiled loops one `point`."""
    return namespace(x).stack([x, y], -1)


def linear(A: Any, a: Any) -> Any:
    """A applied to points a (..., p); in compiled loops to one `point`, or to a batch (n, p)."""
    return a @ A.T


def point(z: Any) -> Any:
    """Planar points as they are; in compiled loops one of them, from the complex number x + iy."""
    return z


def number(z: Any) -> Any:
    """Planar points as they are; in compiled loops one of them as the complex number x + iy."""
    return z


@functools.cache
def keep_freed_memory() -> None:
    """Have temporary arrays reuse memory instead of fetching new pages from the system each time.

    The C library of Linux hands freed memory back at once until it has seen a large array freed, up to 32 MB: here is
    one, never touched. Elsewhere this does nothing.
    """
    empty(2**25 - 2**16, "uint8")
