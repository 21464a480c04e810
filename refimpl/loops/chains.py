"""Running many chains of a⁺ = move(a, gradient(a), eta, z): in blocks, on all cores, and compiled where possible.

Each block of chains has its own generator, made from the one given, so that the states do not depend on the number of
threads. A gradient made with `compiling.bind` runs compiled: chains in the plane one point after the other, all others
as arrays. Any other gradient runs in plain Python, on all chains at once. All three ways draw the same noise.

A run that diverges costs no more than one that does not. Plain Python looks at each state. Compiled runs are looked at
from time to time; the last finite state is then found by repeating, from the state and the generators of the last look,
not more steps than were made since.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field, number, point
from refimpl.arguments.domains import bare, from_start
from refimpl.arguments.errors import DivergedError
from refimpl.loops.compiling import Bound, compiled, enabled, formula
from refimpl.loops.generators import children
from refimpl.parallel.threads import cores

_BLOCK = 512  # most chains in a block: their states stay in the fast cache
_FEWEST = 4  # least number of blocks, where there are as many chains
_LOOKS = 16  # how often a long compiled run is looked at
_STEPS = 64  # least number of steps between two looks

Generators = Sequence[np.random.Generator]
Fill = Callable[[Array, int, Array], None]
"""fill(a, every, out) makes the states (t, n, p) of chains at a after `every`, 2 `every`, … steps."""


def trace(
    move: Callable,
    grad_f: Field,
    a0: Array,
    eta: float,
    every: int,
    rng: np.random.Generator,
    states: Array,
    threads: int | None = None,
) -> None:
    """Fill states (t, n, p) with those of n chains after `every`, 2 `every`, … steps.

    Raises
    ------
    DivergedError
        With the last states that were all finite, and their step.
    """
    generators = for_blocks(rng, len(a0))
    fill = _filled(move, grad_f, a0, eta, generators, threads)
    if fill is None:
        _run_plain(move, from_start(grad_f, a0), a0, eta, every, generators, states)
        return
    rows = max(len(states) // _LOOKS, -(-_STEPS // every))
    _run_compiled(fill, a0, generators, ((every, states[i : i + rows]) for i in range(0, len(states), rows)))


def last(
    move: Callable,
    grad_f: Field,
    a0: Array,
    eta: float,
    num_steps: int,
    rng: np.random.Generator,
    threads: int | None = None,
) -> Array:
    """States (n, p) after `num_steps` steps, drawn as in `trace`, which says what is raised."""
    generators = for_blocks(rng, len(a0))
    fill = _filled(move, grad_f, a0, eta, generators, threads)
    if fill is None:
        state = np.empty((min(num_steps, 1), *a0.shape))
        _run_plain(move, from_start(grad_f, a0), a0, eta, num_steps, generators, state)
        return state[0] if num_steps else a0.copy()
    most = max(num_steps // _LOOKS, _STEPS)
    steps = (min(most, num_steps - k) for k in range(0, num_steps, most))
    return _run_compiled(fill, a0, generators, ((n, np.empty((1, *a0.shape))) for n in steps)).copy()


def for_blocks(rng: np.random.Generator, num_chains: int) -> list[np.random.Generator]:
    """A generator for each block of chains."""
    return children(rng, min(num_chains, max(_FEWEST, -(-num_chains // _BLOCK))))


def _blocks(n: int, count: int) -> list[slice]:
    ends = [n * i // count for i in range(count + 1)]
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def _filled(move: Callable, grad_f: Field, a0: Array, eta: float, rng: Generators, threads: int | None) -> Fill | None:
    """The compiled loop over all blocks, if the gradient has one; its start is checked."""
    gradient = bare(grad_f)
    if not (enabled() and isinstance(gradient, Bound)):
        return None
    from_start(grad_f, a0)
    planar, parameters = a0.shape[1] == 2 and gradient.planar, gradient.parameters
    if planar:
        parameters = tuple(complex(*v) if np.shape(v) == (2,) else v for v in parameters)
    loop, fixed = _run_planar if planar else _run_batch, (formula(move), formula(gradient.formula), parameters)
    rows = _blocks(len(a0), len(rng))

    def fill(a: Array, every: int, out: Array) -> None:
        start, states = (np.ascontiguousarray(a), out)
        if planar:
            start, states = start.view(complex)[:, 0], out.view(complex)[..., 0]

        def run_block(block: slice, generator: np.random.Generator) -> None:
            loop(*fixed, start[block].copy(), eta, every, generator, states[:, block])

        with ThreadPoolExecutor(threads or cores()) as pool:
            list(pool.map(run_block, rows, rng))

    return fill


def _run_compiled(fill: Fill, a: Array, rng: Generators, parts: Iterator[tuple[int, Array]]) -> Array:
    """Run one part (every, out) after the other; the last states."""
    done = 0
    for every, out in parts:
        before = _states(rng)
        fill(a, every, out)
        if not np.isfinite(out[-1]).all():
            _restore(rng, before)
            raise _diverged(fill, a, done, every * len(out), rng)
        a, done = out[-1], done + every * len(out)
    return a


def _diverged(fill: Fill, a: Array, done: int, steps: int, rng: Generators) -> DivergedError:
    """The error of chains that were at a after `done` steps and are not finite after `steps` more.

    No state is finite after one that is not, so halving finds the last finite one, in not more than `steps` steps.
    """
    while steps > 1:
        before, out = _states(rng), np.empty((1, *a.shape))
        fill(a, steps // 2, out)
        if np.isfinite(out).all():
            a, done, steps = out[0], done + steps // 2, steps - steps // 2
        else:
            _restore(rng, before)
            steps //= 2
    return DivergedError(a.copy(), done)


def _states(rng: Generators) -> list[Any]:
    return [generator.bit_generator.state for generator in rng]


def _restore(rng: Generators, states: list[Any]) -> None:
    for generator, state in zip(rng, states, strict=True):
        generator.bit_generator.state = state


def _run_plain(move: Callable, grad_f: Field, a: Array, eta: float, every: int, rng: Generators, out: Array) -> None:
    shapes, a = [a[block].shape for block in _blocks(len(a), len(rng))], a.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(len(out) * every):
            z = np.concatenate([g.standard_normal(shape) for g, shape in zip(rng, shapes, strict=True)])
            after = move(a, grad_f(a), eta, z)
            if not np.isfinite(after).all():
                raise DivergedError(a, k)
            a = after
            if (k + 1) % every == 0:
                out[k // every] = a


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
