"""A training step of a score network 3-128-128-2 and its reverse diffusion, against the same in JAX, float64.

The step is timed as the driver runs it, whose arguments were checked once. Most of the time goes to matrix products,
so that the ratios are those of the two libraries' kernels: OpenBLAS takes those for AVX2 on processors that it does not
know, where XLA uses AVX-512.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from refimpl.arguments.domains import bare
from refimpl.backpropagation.activations import tanh
from refimpl.diffusion import score_network, training
from refimpl.diffusion.score_network import ScoreNetwork, random_score_network
from refimpl.diffusion.score_network_sampler import BLOCK, sample_network
from refimpl.diffusion.sde import vp
from refimpl.diffusion.training import learner_start, learning_step
from refimpl.parallel.threads import spread

BATCH, STEPS, POINTS, TIMES, T_END = 512, 20, 10_000, 500, 1e-3
NETWORK = random_score_network(vp(), (2, 128, 128), np.random.default_rng(0), activation=tanh)


def batches() -> list[tuple[np.ndarray, ...]]:
    rng = np.random.default_rng(1)
    draw = training.joint_draw(rng.standard_normal((5000, 2)), BATCH, -1, 0.0, T_END)
    return [draw(rng) for _ in range(STEPS)]


def test_training_steps_against_jax(race: Callable) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    drawn, x = batches(), score_network.parameters(NETWORK)
    objective = training.joint_objective(NETWORK)

    def ours() -> np.ndarray:
        state = learner_start(x)
        for batch in drawn:
            state, _ = bare(learning_step)(objective, state, batch, 1e-3, 0.99, run)
        return state.adam.x

    with spread() as run, jax.enable_x64(True):
        peer = jax_training(jax, x, [batch[:3] for batch in drawn])
        result = race(ours, jax=peer)
        np.testing.assert_allclose(result, peer(), atol=1e-9)


def test_reverse_diffusion_against_jax(race: Callable) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    rng = np.random.default_rng(2)
    x = score_network.parameters(NETWORK)
    h = score_network.with_parameters(NETWORK, x + 0.05 * rng.standard_normal(len(x)))
    with jax.enable_x64(True):
        peer = jax_sampler(jax, score_network.parameters(h))
        samples = partial(sample_network, h, POINTS, TIMES)
        layers = partial(bare_layers, h)
        a = race(lambda: samples(np.random.default_rng(3)), repetitions=1, jax=peer, bare_layers=layers)
        np.testing.assert_allclose(a.std(0), np.asarray(peer()).std(0), rtol=0.1)


def bare_layers(h: ScoreNetwork) -> None:
    """The products and the tanh of as many passes through the network, in blocks as many, and nothing else."""
    (V, _), (W, _), (X, _) = h.F.layers
    blocks = -(-POINTS // BLOCK)
    a = np.ones((POINTS // blocks, 3))
    u, v, w = np.empty((len(a), 128)), np.empty((len(a), 128)), np.empty((len(a), 2))

    for _ in range(TIMES * blocks):
        np.tanh(np.matmul(a, V.T, out=u), out=u)
        np.tanh(np.matmul(u, W.T, out=v), out=v)
        np.matmul(v, X.T, out=w)


def jax_score(jnp: Any, layers: Any, a: Any, t: Any) -> Any:
    """The score in JAX, with VP's kernel: c = 1."""
    B = 0.1 * t + 9.95 * t**2
    scale, std = jnp.exp(-B / 2), jnp.sqrt(-jnp.expm1(-B))
    u = jnp.concatenate([a, t], axis=1)
    for W, b in layers[:-1]:
        u = jnp.tanh(u @ W.T + b)
    W, b = layers[-1]
    return (u @ W.T + b) * scale / std - a, scale, std


def jax_layers(jnp: Any, x: Any) -> Any:
    """Weights and biases of 3-128-128-2."""
    layers, start = [], 0
    for p, m in ((3, 128), (128, 128), (128, 2)):
        layers.append((jnp.array(x[start : start + m * p]).reshape(m, p), jnp.array(x[start + m * p :][:m])))
        start += m * (p + 1)
    return layers


def jax_training(jax: Any, x: np.ndarray, drawn: list[Any]) -> Callable[[], np.ndarray]:
    """The same steps, compiled."""
    jnp = jax.numpy

    def loss(layers: Any, a: Any, t: Any, z: Any) -> Any:
        B = 0.1 * t + 9.95 * t**2
        scale, std = jnp.exp(-B / 2), jnp.sqrt(-jnp.expm1(-B))
        h, *_ = jax_score(jnp, layers, scale * a + std * z, t)
        return (std**2 * (h + z / std) ** 2).sum(-1).mean()

    @jax.jit
    def step(layers: Any, m: Any, v: Any, average: Any, k: Any, batch: Any) -> Any:
        g = jax.grad(loss)(layers, *batch)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, v, g)
        layers = jax.tree.map(
            lambda x, m, v: x - 1e-3 * (m / (1 - 0.9**k)) / (jnp.sqrt(v / (1 - 0.999**k)) + 1e-8), layers, m, v
        )
        gamma = jnp.minimum(0.99, k / (k + 9))
        return layers, m, v, jax.tree.map(lambda s, x: gamma * s + (1 - gamma) * x, average, layers)

    start, given = jax_layers(jnp, x), [tuple(map(jnp.array, batch)) for batch in drawn]
    zero = jax.tree.map(jnp.zeros_like, start)

    def run() -> np.ndarray:
        state = start, zero, zero, start
        for k, batch in enumerate(given):
            state = step(*state, k + 1.0, batch)
        return np.concatenate([np.ravel(part) for part in jax.tree.leaves(state[0])])

    return run


def jax_sampler(jax: Any, x: np.ndarray) -> Callable[[], Any]:
    """The same reverse diffusion, compiled."""
    jnp = jax.numpy
    layers, dt = jax_layers(jnp, x), (T_END - 1) / TIMES

    @jax.jit
    def run(key: Any) -> Any:
        def step(k: Any, a: Any) -> Any:
            t = jnp.full((POINTS, 1), 1 + k * dt)
            beta = 0.1 + 19.9 * t
            h, *_ = jax_score(jnp, layers, a, t)
            z = jax.random.normal(jax.random.fold_in(key, k), a.shape)
            return a - (beta / 2 * a + beta * h) * dt + jnp.sqrt(-beta * dt) * z

        return jax.lax.fori_loop(0, TIMES, step, jax.random.normal(key, (POINTS, 2)))

    key = jax.random.key(0)
    ready = run.lower(key).compile()
    return lambda: jax.block_until_ready(ready(key))
