"""Running a step many times: trajectories, compiled when their ingredients are."""

import bisect
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arrays import Array, Field
from refimpl.compiling import compiled, formula, is_planar
from refimpl.domains import bare
from refimpl.errors import DivergedError


def orbit(step: Callable, V: Field, z0: Array, alpha: float, num_steps: int) -> Array:
    """States z₀, …, z_n of z⁺ = step(V, z, alpha), or of z⁺ = step(V, z, z_prev, alpha) with z₋₁ = z₀.

    Planar formulas run compiled, on one complex number; any others run in plain Python.

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    step = bare(step)
    loop = _orbit_with_memory if "z_prev" in inspect.signature(step).parameters else _orbit
    if z0.shape == (2,) and is_planar(step) and is_planar(V):
        z = np.empty(num_steps + 1, complex)
        loop(formula(step), formula(V), complex(*z0), float(alpha), z)
        return _finite(z.view(float).reshape(-1, 2))
    states = np.empty((num_steps + 1, *z0.shape))
    with np.errstate(over="ignore", invalid="ignore"):
        loop.__wrapped__(step, V, z0, alpha, states)
    return _finite(states)


@compiled
def _orbit(step: Callable, V: Field, z0: Any, alpha: float, z: Any) -> None:
    z[0] = z_k = z0
    for k in range(1, len(z)):
        z_k = step(V, z_k, alpha)
        z[k] = z_k


@compiled
def _orbit_with_memory(step: Callable, V: Field, z0: Any, alpha: float, z: Any) -> None:
    z[0] = z_k = z_prev = z0
    for k in range(1, len(z)):
        z_k, z_prev = step(V, z_k, z_prev, alpha), z_k
        z[k] = z_k


def _finite(z: Array) -> Array:
    """The states, unless the last one is not finite (none can be after one that is not: steps add to the state)."""
    if not np.isfinite(z[-1]).all():
        finite = np.isfinite(z).reshape(len(z), -1).all(axis=1)
        last = int(np.argmin(finite)) - 1
        raise DivergedError(z[last].copy(), last)
    return z


def furthest(run: Callable[[int], Array], num_steps: int) -> Array:
    """State run(num_steps) after that many steps of an iteration that `run` can repeat.

    Raises
    ------
    DivergedError
        When it is not finite; the last finite state is found by bisection, as none is finite after one that is not.
    """
    state = run(num_steps)
    if np.isfinite(state).all():
        return state
    last = bisect.bisect_left(range(num_steps), True, key=lambda k: not np.isfinite(run(k + 1)).all())
    raise DivergedError(run(last), last)
