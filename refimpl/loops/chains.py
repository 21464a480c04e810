"""Running many chains of a⁺ = move(a, gradient(a), eta, z): in blocks, on all cores, and compiled where possible.

Each block of chains has its own generator, made from the one given, so that the states do not depend on the number of
threads. A gradient made with `compiling.bind` runs compiled: chains in the plane one point after the other, all others
as arrays. Any other gradient runs in plain Python, on all chains at once. All three ways draw the same noise.
"""

import copy
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field, number, point
from refimpl.arguments.domains import bare, from_start
from refimpl.arguments.errors import DivergedError
from refimpl.loops.compiling import Bound, compiled, enabled, formula
from refimpl.parallel.threads import cores

_BLOCK = 512  # most chains in a block: their states stay in the fast cache
_FEWEST = 4  # least number of blocks, where there are as many chains


def run(
    move: Callable,
    grad_f: Field,
    a0: Array,
    eta: float,
    every: int,
    rng: Sequence[np.random.Generator],
    states: Array,
    threads: int | None = None,
) -> None:
    """Fill states (t, n, p) with those of n chains after `every`, 2 `every`, … steps; `spawn` makes the generators."""
    a0, rng = np.ascontiguousarray(a0), copy.deepcopy(rng)
    rows = _blocks(len(a0), len(rng))
    gradient, grad_f = bare(grad_f), from_start(grad_f, a0)
    if not (enabled() and isinstance(gradient, Bound)):
        with np.errstate(over="ignore", invalid="ignore"):
            _run_plain(move, grad_f, a0, eta, every, rng, states)
        return
    if a0.shape[1] == 2 and gradient.planar:
        loop, start, out = _run_planar, a0.view(complex)[:, 0], states.view(complex)[..., 0]
        parameters = tuple(complex(*v) if np.shape(v) == (2,) else v for v in gradient.parameters)
    else:
        loop, start, out, parameters = _run_batch, a0, states, gradient.parameters
    fixed = formula(move), formula(gradient.formula), parameters

    def run_block(block: slice, generator: np.random.Generator) -> None:
        loop(*fixed, start[block].copy(), eta, every, generator, out[:, block])

    with ThreadPoolExecutor(threads or cores()) as pool:
        list(pool.map(run_block, rows, rng))


def last(
    move: Callable,
    grad_f: Field,
    a0: Array,
    eta: float,
    num_steps: int,
    rng: Sequence[np.random.Generator],
    threads: int | None,
) -> Array:
    """States (n, p) after `num_steps` steps."""
    states = np.empty((1, *a0.shape))
    run(move, grad_f, a0, eta, num_steps, rng, states, threads)
    return states[0]


def spawn(rng: np.random.Generator, num_chains: int) -> list[np.random.Generator]:
    """A generator for each block of chains."""
    return rng.spawn(min(num_chains, max(_FEWEST, -(-num_chains // _BLOCK))))


def _blocks(n: int, count: int) -> list[slice]:
    ends = [n * i // count for i in range(count + 1)]
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def _run_plain(
    move: Callable, grad_f: Field, a: Array, eta: float, every: int, rng: Sequence[np.random.Generator], out: Array
) -> None:
    shapes = [a[block].shape for block in _blocks(len(a), len(rng))]
    for k in range(len(out)):
        for _ in range(every):
            if not np.isfinite(a).all():
                out[k:] = np.nan
                return
            z = np.concatenate([g.standard_normal(shape) for g, shape in zip(rng, shapes, strict=True)])
            a = move(a, grad_f(a), eta, z)
        out[k] = a


@compiled
def _run_batch(
    move: Callable, gradient: Callable, parameters: tuple, a: Array, eta: float, every: int, rng: Any, out: Array
) -> None:
    for k in range(len(out)):
        for _ in range(every):
            a = move(a, gradient(a, *parameters), eta, rng.standard_normal(a.shape))
        out[k] = a


@compiled
def _run_planar(
    move: Callable, gradient: Callable, parameters: tuple, a: Any, eta: float, every: int, rng: Any, out: Any
) -> None:
    z = np.empty_like(a)
    for k in range(len(out)):
        for _ in range(every):
            for i in range(len(a)):
                z[i] = complex(rng.standard_normal(), rng.standard_normal())
            for i in range(len(a)):
                a_i = point(a[i])
                a[i] = number(move(a_i, gradient(a_i, *parameters), eta, point(z[i])))
        out[k] = a


def last_state(step: Callable[[Array, Array], Array], state: Array, num_steps: int, rng: np.random.Generator) -> Array:
    """The state after `num_steps` steps s⁺ = step(s, z), each with new noise z ~ N(0, I) of shape (n, p).

    Raises
    ------
    DivergedError
        With the last finite state and its step.
    """
    state = state.copy()
    for k in range(num_steps):
        with np.errstate(over="ignore", invalid="ignore"):
            after = step(state, rng.standard_normal(state.shape[-2:]))
        if not np.isfinite(after).all():
            raise DivergedError(state, k)
        state = after
    return state
