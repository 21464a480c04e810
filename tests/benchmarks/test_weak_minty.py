"""CEG+ on the forsaken game: the compiled run against JAX's scan and against plain Python."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.minimax.games import forsaken
from refimpl.minimax.weak_minty import ceg_plus

GAMMA, ALPHA = 0.05, 0.5
START = [0.1, 0.4]


def field(x, y):
    return y - 0.45 + (x / 2 - 2 * x**3 + x**5), -x + (y / 2 - 2 * y**3 + y**5)


def step(x, y):
    u, v = field(x, y)
    x_bar, y_bar = x - GAMMA * u, y - GAMMA * v
    u, v = field(x_bar, y_bar)
    d = -GAMMA * u, -GAMMA * v
    return (x + ALPHA * d[0], y + ALPHA * d[1]), (x_bar, y_bar), d


def test_ceg_plus_against_jax(race: Callable) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    num_steps, V = 10**6, forsaken().operator

    def on_numbers(z, _):
        z, z_bar, d = step(*z)
        return z, (z, z_bar, d)

    def on_array(z, _):
        def V(z):
            return jax.numpy.stack(field(z[0], z[1]))

        z_bar = z - GAMMA * V(z)
        d = -GAMMA * V(z_bar)
        z = z + ALPHA * d
        return z, (z, z_bar, d)

    with jax.enable_x64(True):
        z0 = jax.numpy.array(START)
        numbers = jax.jit(lambda: jax.lax.scan(on_numbers, (z0[0], z0[1]), length=num_steps)[1])
        arrays = jax.jit(lambda: jax.lax.scan(on_array, z0, length=num_steps)[1])
        expected = np.stack(jax.block_until_ready(numbers())[0], axis=1)
        jax.block_until_ready(arrays())
        done = race(
            lambda: ceg_plus(V, START, GAMMA, ALPHA, num_steps),
            jax_on_numbers=lambda: jax.block_until_ready(numbers()),
            jax_on_arrays=lambda: jax.block_until_ready(arrays()),
        )
    np.testing.assert_allclose(done.z[1:], expected, atol=1e-9)


def test_ceg_plus_against_plain_python(race: Callable) -> None:
    num_steps, V = 10**5, forsaken().operator

    def plain() -> list[tuple]:
        z, states = tuple(START), []
        for _ in range(num_steps):
            z, z_bar, d = step(*z)
            states.append((z, z_bar, d))
        return states

    done = race(lambda: ceg_plus(V, START, GAMMA, ALPHA, num_steps), plain_python=plain)
    np.testing.assert_allclose(done.z[1:], [z for z, _, _ in plain()], atol=1e-9)


def test_many_starts_against_one(race: Callable) -> None:
    V, z0 = forsaken().operator, np.random.default_rng(0).uniform(-0.5, 0.5, (10**4, 2))
    done = race(
        lambda: ceg_plus(V, z0, GAMMA, ALPHA, 100),
        one_start_as_many_steps=lambda: ceg_plus(V, START, GAMMA, ALPHA, 10**6),
    )
    np.testing.assert_array_equal(done.z[:, 7], ceg_plus(V, z0[7], GAMMA, ALPHA, 100).z)
