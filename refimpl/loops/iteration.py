"""Running a step many times: trajectories, compiled when their ingredients are."""

import bisect
import contextlib
import inspect
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field, number, point
from refimpl.arguments.domains import bare
from refimpl.arguments.errors import DivergedError
from refimpl.loops.compiling import compiled, formula, is_planar
from refimpl.parallel.threads import cores

BLOCK = 1024
"""Number of starts that run together: so few that their states stay in a core's first cache."""

WORTH_THREADS = 2**21
"""From this number of steps on, threads save more time than it takes to start them."""


def orbit(step: Callable, V: Field, z0: Array, alpha: float, num_steps: int) -> Array:
    """States z₀, …, z_n of z⁺ = step(V, z, alpha), or of z⁺ = step(V, z, z_prev, alpha) with z₋₁ = z₀.

    Planar formulas run compiled: a point is two numbers in registers, and many starts run on vector units and on all
    cores. Any other formula runs in plain Python. The states of a start are the same, bit for bit, alone and among
    others.

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    step = bare(step)
    remembers = "z_prev" in inspect.signature(step).parameters
    if z0.shape[-1] == 2 and is_planar(step) and is_planar(V):
        return finite_states(_planar_orbit(step, V, z0, float(alpha), num_steps, remembers))
    states = np.full((num_steps + 1, *z0.shape), np.nan)
    loop = _orbit_with_memory if remembers else _orbit
    with until_diverged():
        loop.__wrapped__(step, at_finite_points(V), z0, alpha, states)
    return finite_states(states)


@contextlib.contextmanager
def until_diverged() -> Iterator[None]:
    """Let a loop end early, in silence, when it diverges.

    The loop fills an array of NaN; `finite_states` then tells how far it came.
    """
    with np.errstate(over="ignore", invalid="ignore"), contextlib.suppress(DivergedError):
        yield


def at_finite_points(V: Callable) -> Callable:
    """The function, which ends the run at a point that is not finite instead of being called there.

    A user's function may refuse such points.
    """

    def at_finite_point(z: Array, *arguments: Any) -> Array:
        if not np.isfinite(z).all():
            raise DivergedError(z, 0)
        return V(z, *arguments)

    return at_finite_point


def finite_states(z: Array) -> Array:
    """The states, when the last one is finite.

    Steps add to the state, so no state is finite after one that is not: when the last is finite, all are.

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    if not np.isfinite(z[-1]).all():
        finite = np.isfinite(z).reshape(len(z), -1).all(axis=1)
        last = int(np.argmin(finite)) - 1
        raise DivergedError(z[last].copy(), last)
    return z


def run_in_blocks(run: Callable[[int, int], None], num_steps: int, num_starts: int) -> None:
    """Run starts first … last − 1 by `run(first, last)`, block by block, on all cores where that pays."""
    first = range(0, num_starts, BLOCK)
    last = [min(j + BLOCK, num_starts) for j in first]
    if num_steps * num_starts < WORTH_THREADS:
        list(map(run, first, last))
    else:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(run, first, last))


def _planar_orbit(step: Callable, V: Field, z0: Array, alpha: float, num_steps: int, remembers: bool) -> Array:
    states = np.empty((num_steps + 1, *z0.shape))
    states[0], z = z0, complex_points(states)
    if z0.ndim == 1:
        loop = _orbit_with_memory if remembers else _orbit
        loop(formula(step), formula(V), z[0, 0], alpha, z[:, 0])
    else:
        loop = _orbits_with_memory if remembers else _orbits
        arguments = formula(step), formula(V), alpha, z
        run_in_blocks(lambda first, last: loop(*arguments, first, last), *z.shape)
    return states


def complex_points(z: Array) -> Any:
    """The planar points (n, ..., 2) of an array as complex numbers (n, starts) in the same memory."""
    return z.view(complex).reshape(len(z), math.prod(z.shape[1:]) // 2)


@compiled
def _orbit(step: Callable, V: Field, z0: Any, alpha: float, z: Any) -> None:
    z[0], z_k = z0, point(z0)
    for k in range(1, len(z)):
        z_k = step(V, z_k, alpha)
        z[k] = number(z_k)


@compiled
def _orbit_with_memory(step: Callable, V: Field, z0: Any, alpha: float, z: Any) -> None:
    z[0], z_k, z_prev = z0, point(z0), point(z0)
    for k in range(1, len(z)):
        z_k, z_prev = step(V, z_k, z_prev, alpha), z_k
        z[k] = number(z_k)


@compiled
def _orbits(step: Callable, V: Field, alpha: float, z: Any, first: int, last: int) -> None:
    z_k = z[0, first:last].copy()
    for k in range(1, len(z)):
        for j in range(len(z_k)):
            z_k[j] = number(step(V, point(z_k[j]), alpha))
        z[k, first:last] = z_k


@compiled
def _orbits_with_memory(step: Callable, V: Field, alpha: float, z: Any, first: int, last: int) -> None:
    z_k = z[0, first:last].copy()
    z_prev = z_k.copy()
    for k in range(1, len(z)):
        for j in range(len(z_k)):
            z_k[j], z_prev[j] = number(step(V, point(z_k[j]), point(z_prev[j]), alpha)), z_k[j]
        z[k, first:last] = z_k


def run_unless_diverged(run: Callable[[int], Array], num_steps: int) -> Array:
    """The state run(num_steps), when it is finite; run(k) makes k steps of one iteration, the same ones at every call.

    Raises
    ------
    DivergedError
        When that state is not finite. The error carries the last finite state and its step. Bisection finds that step,
        because no state is finite after one that is not.
    """
    state = run(num_steps)
    if np.isfinite(state).all():
        return state
    last = bisect.bisect_left(range(num_steps), True, key=lambda k: not np.isfinite(run(k + 1)).all())
    raise DivergedError(run(last), last)
