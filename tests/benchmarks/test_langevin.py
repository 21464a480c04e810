"""Langevin chains against the same normals alone, against JAX's scan and against Blackjax."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.loops.chains import for_blocks
from refimpl.loops.compiling import compiled
from refimpl.sampling.langevin import lmc
from refimpl.sampling.targets import double_well, gaussian

ETA = 0.1
TARGET = gaussian(np.array([1.0, -1.0]), np.array([[1.0, 0.3], [0.3, 0.5]]))
SIZES = [(10**4, 10**3), (10, 10**5)]


@pytest.mark.parametrize(("n", "num_steps"), SIZES)
def test_lmc_against_its_normals_alone(race: Callable, n: int, num_steps: int) -> None:
    """One thread each."""
    generators = for_blocks(np.random.default_rng(0), n)
    blocks = np.array_split(np.empty((n, 2)), len(generators))
    draw = compiled(_draw)
    race(
        lambda: lmc(TARGET.grad_f, np.zeros((n, 2)), ETA, num_steps, np.random.default_rng(0), threads=1),
        normals=lambda: [draw(rng, z, num_steps) for rng, z in zip(generators, blocks, strict=True)],
    )


def _draw(rng, z, num_steps):
    for _ in range(num_steps):
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                z[i, j] = rng.standard_normal()


@pytest.mark.parametrize(("n", "num_steps"), SIZES)
def test_lmc_against_jax(race: Callable, n: int, num_steps: int) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    A, m = np.linalg.inv(np.array([[1.0, 0.3], [0.3, 0.5]])), np.array([1.0, -1.0])

    def peer(dtype: type) -> Callable[[], np.ndarray]:
        A_j, m_j = jax.numpy.asarray(A, dtype), jax.numpy.asarray(m, dtype)

        def step(state, _):
            key, a = state
            key, subkey = jax.random.split(key)
            return (key, a - ETA * (a - m_j) @ A_j + np.sqrt(2 * ETA) * jax.random.normal(subkey, a.shape, dtype)), None

        def run(key):
            return jax.lax.scan(step, (key, jax.numpy.zeros((n, 2), dtype)), length=num_steps)[0][1]

        scan, key = jax.jit(run), jax.random.key(0)

        def timed() -> np.ndarray:
            with jax.enable_x64(dtype is np.float64):
                return np.asarray(scan(key))

        return timed

    with jax.enable_x64(True):
        double = peer(np.float64)
    single = peer(np.float32)
    double(), single()
    a = race(
        lambda: lmc(TARGET.grad_f, np.zeros((n, 2)), ETA, num_steps, np.random.default_rng(0)),
        repetitions=5,
        jax_float64=double,
        jax_float32=single,
    )
    assert np.abs(a.mean(0) - m).max() < 8 / np.sqrt(n)
    assert np.abs(double().mean(0) - m).max() < 8 / np.sqrt(n)


def test_lmc_against_blackjax(race: Callable) -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    blackjax = pytest.importorskip("blackjax", reason="blackjax is not installed")
    n, num_steps, A, m = 10**3, 10**3, np.linalg.inv(np.array([[1.0, 0.3], [0.3, 0.5]])), np.array([1.0, -1.0])
    with jax.enable_x64(True):
        kernel = blackjax.sgmcmc.diffusions.overdamped_langevin()

        def step(state, key):
            keys = jax.random.split(key, n)
            return jax.vmap(lambda k, a: kernel(k, a, -(a - m) @ A, ETA))(keys, state), None

        scan = jax.jit(lambda key: jax.lax.scan(step, jax.numpy.zeros((n, 2)), jax.random.split(key, num_steps))[0])
        key = jax.random.key(0)
        np.asarray(scan(key))
        race(
            lambda: lmc(TARGET.grad_f, np.zeros((n, 2)), ETA, num_steps, np.random.default_rng(0)),
            repetitions=5,
            blackjax=lambda: np.asarray(scan(key)),
        )


@pytest.mark.parametrize("grown", ["chains", "steps", "p"])
def test_cost_is_linear(race: Callable, benchmark, capsys: pytest.CaptureFixture[str], grown: str) -> None:
    """Sizes from where the work outweighs what a call or a step costs whatever its size."""
    base = {"chains": 1024, "steps": 200, "p": 32}

    def run(size: int) -> Callable[[], np.ndarray]:
        n, num_steps, p = (value * size if grown == name else value for name, value in base.items())
        target = double_well(p)
        return lambda: lmc(target.grad_f, np.zeros((n, p)), 0.01, num_steps, np.random.default_rng(0), threads=1)

    race(run(1), repetitions=5, **{f"times_{size}": run(size) for size in (2, 4, 8, 16)})
    if not benchmark.disabled:
        seconds = list(benchmark.extra_info["seconds"].values())
        exponent = np.polyfit(np.log([1, 2, 4, 8, 16]), np.log(seconds), 1)[0]
        benchmark.extra_info.update(exponent=exponent)
        with capsys.disabled():
            print(f"\n{grown}: cost grows with exponent {exponent:.3f}", end="")
