"""Planar orbits: one start against JAX and plain Python, ten thousand starts against one, and threads against none."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from refimpl.arguments.arrays import join, split
from refimpl.loops import iteration
from refimpl.loops.compiling import planar
from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import bilinear

ALPHA = 1e-3
START = (1.0, 0.5)


def eg(V: Callable, x: Any, y: Any, _x: Any, _y: Any) -> Any:
    u, v = V(x, y)
    u, v = V(x - ALPHA * u, y - ALPHA * v)
    return x - ALPHA * u, y - ALPHA * v


def ogda(V: Callable, x: Any, y: Any, x_prev: Any, y_prev: Any) -> Any:
    (u, v), (u_prev, v_prev) = V(x, y), V(x_prev, y_prev)
    return x - ALPHA * (2 * u - u_prev), y - ALPHA * (2 * v - v_prev)


def rfbs(V: Callable, x: Any, y: Any, x_prev: Any, y_prev: Any) -> Any:
    u, v = V(2 * x - x_prev, 2 * y - y_prev)
    return x - ALPHA * u, y - ALPHA * v


def xy(x: Any, y: Any) -> Any:
    return y, -x


def cubic(x: Any, y: Any) -> Any:
    return y + 0.1 * x**3, -x + 0.1 * y**3


@planar
def cubic_field(z: Any) -> Any:
    x, y = split(z)
    return join(y + 0.1 * x**3, -x + 0.1 * y**3)


PEERS = {"eg": eg, "ogda": ogda, "rfbs": rfbs}
FIELDS = {"xy": (bilinear().operator, xy), "cubic": (cubic_field, cubic)}
methods = pytest.mark.parametrize("method", PEERS)
fields = pytest.mark.parametrize("field", FIELDS)


def rounding(num_steps: int) -> float:
    return 16 * num_steps * float(np.finfo(float).eps)


@methods
@fields
def test_one_start_against_jax(race: Callable, method: str, field: str) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    (ours, theirs), num_steps = FIELDS[field], 10**6

    def body(state: Any, _: None) -> Any:
        x, y, x_prev, y_prev = state
        z = PEERS[method](theirs, x, y, x_prev, y_prev)
        return (*z, x, y), z

    with jax.enable_x64(True):
        start = tuple(jax.numpy.asarray(c) for c in 2 * START)
        scan = jax.jit(lambda: jax.lax.scan(body, start, length=num_steps)[1])
        expected = np.stack(jax.block_until_ready(scan()), axis=1)
        z = race(lambda: trajectory(method, ours, START, ALPHA, num_steps), jax=lambda: jax.block_until_ready(scan()))
    np.testing.assert_allclose(z[1:], expected, atol=rounding(num_steps))


@methods
@fields
def test_one_start_against_plain_python(race: Callable, method: str, field: str) -> None:
    (ours, theirs), num_steps = FIELDS[field], 10**5

    def plain() -> list[tuple[float, float]]:
        z = [START, START]
        for _ in range(num_steps):
            z.append(PEERS[method](theirs, *z[-1], *z[-2]))
        return z[1:]

    z = race(lambda: trajectory(method, ours, START, ALPHA, num_steps), repetitions=3, plain_python=plain)
    np.testing.assert_allclose(z, plain(), atol=rounding(num_steps))


@methods
@fields
@pytest.mark.parametrize("num_steps", [100, 1000])
def test_ten_thousand_starts_against_one_with_as_many_steps(
    race: Callable, method: str, field: str, num_steps: int
) -> None:
    starts, V = np.random.default_rng(0).uniform(-1, 1, (10_000, 2)), FIELDS[field][0]
    z = race(
        lambda: trajectory(method, V, starts, ALPHA, num_steps),
        repetitions=5,
        one_start=lambda: trajectory(method, V, starts[0], ALPHA, num_steps * len(starts)),
    )
    np.testing.assert_array_equal(z[:, 3], trajectory(method, V, starts[3], ALPHA, num_steps))


@fields
def test_threads_against_one(race: Callable, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, V = np.random.default_rng(0).uniform(-1, 1, (10_000, 2)), FIELDS[field][0]

    def alone() -> np.ndarray:
        with monkeypatch.context() as patch:
            patch.setattr(iteration, "WORTH_THREADS", float("inf"))
            return trajectory("eg", V, starts, ALPHA, 1000)

    z = race(lambda: trajectory("eg", V, starts, ALPHA, 1000), repetitions=5, one_thread=alone)
    np.testing.assert_array_equal(z, alone())
