"""Extragradient on the game xy: the compiled trajectory against JAX's scan and against plain Python."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import bilinear

ALPHA = 1e-3
START = np.array([1.0, 0.5])


def rounding(num_steps: int) -> float:
    return 8 * num_steps * float(np.finfo(float).eps)


def test_extragradient_against_jax(race: Callable) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    num_steps, V = 10**6, bilinear().operator

    def step(z, _):
        x, y = z
        u, v = x - ALPHA * y, y + ALPHA * x
        z = x - ALPHA * v, y + ALPHA * u
        return z, z

    def on_array(z, _):
        def field(z):
            return jax.numpy.stack([z[1], -z[0]])

        z = z - ALPHA * field(z - ALPHA * field(z))
        return z, z

    with jax.enable_x64(True):
        z0 = jax.numpy.array(START)
        numbers = jax.jit(lambda: jax.lax.scan(step, (z0[0], z0[1]), length=num_steps)[1])
        arrays = jax.jit(lambda: jax.lax.scan(on_array, z0, length=num_steps)[1])
        expected = np.stack(jax.block_until_ready(numbers()), axis=1)
        np.testing.assert_allclose(jax.block_until_ready(arrays()), expected, atol=rounding(num_steps))
        z = race(
            lambda: trajectory("eg", V, START, ALPHA, num_steps),
            jax_on_numbers=lambda: jax.block_until_ready(numbers()),
            jax_on_arrays=lambda: jax.block_until_ready(arrays()),
        )
    np.testing.assert_allclose(z[1:], expected, atol=rounding(num_steps))


def test_extragradient_against_plain_python(race: Callable) -> None:
    num_steps, V = 10**5, bilinear().operator

    def plain() -> list[tuple[float, float]]:
        x, y = START.tolist()
        z = [(x, y)]
        for _ in range(num_steps):
            u, v = x - ALPHA * y, y + ALPHA * x
            x, y = x - ALPHA * v, y + ALPHA * u
            z.append((x, y))
        return z

    z = race(lambda: trajectory("eg", V, START, ALPHA, num_steps), plain_python=plain)
    np.testing.assert_allclose(z, plain(), atol=rounding(num_steps))
