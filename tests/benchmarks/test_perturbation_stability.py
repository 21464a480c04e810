"""Gradients at initialisation without matrices, and the plain Monte Carlo estimator of perturbation stability."""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from refimpl.networks.fully_connected import gradient, input_gradient
from refimpl.networks.gradient_law import sample_gradients_by_neurons
from refimpl.networks.initialization import sample_weights, scales
from refimpl.networks.perturbation_stability import sample_gradient_norms
from refimpl.networks.stability_estimators import plain_samples

SAMPLERS = ["norms", "neurons"]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def draw(kind: str, p: int, m: int, L: int, n: int) -> np.ndarray:
    """Norms of n gradients by one of the two samplers."""
    if kind == "norms":
        return sample_gradient_norms(scales("he", p, m), p, m, L, n, rng())
    return sample_gradients_by_neurons(scales("he", p, m), np.ones(p), m, L, n, rng()).gradient


@pytest.mark.parametrize("kind", SAMPLERS)
def test_one_hundred_networks_against_dense_ones(race: Callable, kind: str) -> None:
    p, m, L = 784, 512, 6

    def dense() -> np.ndarray:  # four of the hundred
        s, a = scales("he", p, m), np.ones(p)
        return np.array([input_gradient(sample_weights(s, p, m, L, rng()), a) for _ in range(4)])

    assert len(race(lambda: draw(kind, p, m, L, 100), repetitions=5, a_25th_dense=dense)) == 100


@pytest.mark.parametrize("kind", SAMPLERS)
def test_one_network_of_a_million_neurons_against_its_normals(race: Callable, kind: str) -> None:
    p, m, L = 784, 10**6, 6

    def normals() -> None:
        for _ in range(2 * (L - 1)):
            rng().standard_normal(m)

    assert len(race(lambda: draw(kind, p, m, L, 1), repetitions=5, its_normals=normals)) == 1


@pytest.mark.parametrize("kind", SAMPLERS)
def test_memory_of_one_network_of_a_million_neurons(kind: str, benchmark: pytest.FixtureRequest) -> None:
    tracemalloc.start()
    try:
        benchmark(draw, kind, 784, 10**6, 6, 1)
        mebibytes = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    benchmark.extra_info.update(mebibytes=mebibytes)
    assert mebibytes < 300


@pytest.mark.parametrize("kind", SAMPLERS)
def test_cost_by_width(kind: str, benchmark: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark(draw, kind, 10, 1000, 6, 1)
    if benchmark.disabled:
        return
    widths = np.geomspace(30_000, 3_000_000, 5).astype(int)
    seconds = []
    for m in widths.tolist():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            draw(kind, 10, m, 6, 1)
            times.append(time.perf_counter() - start)
        seconds.append(min(times))
    exponent = np.polyfit(np.log(widths), np.log(seconds), 1)[0]
    benchmark.extra_info.update(exponent=exponent)
    with capsys.disabled():
        print(f"\ncost of {kind} grows like m^{exponent:.2f}", end="")


@pytest.mark.parametrize(
    ("p", "m", "L", "n"), [(10, 64, 4, 1000), (60, 30, 3, 5000), (784, 128, 4, 60), (784, 512, 6, 4)]
)
def test_plain_samples_against_torch(race: Callable, p: int, m: int, L: int, n: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    s, data = scales("he", p, m), np.ones((5, p))
    points = torch.from_numpy(data)

    def block(k: int):
        sizes, betas = [p, *[m] * (L - 1), 1], [s.beta_1, *[s.beta] * (L - 2), s.beta_L]
        X = [b * torch.randn(k, j, i, dtype=torch.float64) for b, i, j in zip(betas, sizes, sizes[1:], strict=False)]
        h, active = points[torch.randint(len(points), (k,))][:, None], []
        for W in X:
            active.append((u := h @ W.mT) > 0)
            h = torch.relu(u)
        g = torch.ones(k, 1, 1, dtype=torch.float64) / s.alpha
        for W, fires in zip(X[::-1], active[::-1], strict=True):
            g = (g * fires) @ W
        z, u = torch.randn(k, p, dtype=torch.float64), torch.rand(k, 1, dtype=torch.float64)
        return (g[:, 0] * 0.1 * z / z.norm(dim=1, keepdim=True) * u ** (1 / p)).sum(1).abs()

    size = max(1, 2**18 // (p * m + (L - 2) * m * m + m))
    sizes = [min(size, n - start) for start in range(0, n, size)]
    samples = race(
        lambda: plain_samples(s, data, 0.1, m, L, n, rng()), torch=lambda: torch.cat([block(k) for k in sizes])
    )
    assert samples.shape == (n,)


@pytest.mark.parametrize(("p", "m", "L", "n"), [(784, 256, 4, 64), (784, 64, 6, 256)])
def test_training_gradient_against_torch(race: Callable, p: int, m: int, L: int, n: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X = sample_weights(scales("he", p, m)._replace(beta_L=1.0), p, m, L, rng())
    a, b = rng().standard_normal((n, p)), rng().standard_normal(n)
    weights, points, labels = [torch.tensor(W, requires_grad=True) for W in X], torch.tensor(a), torch.tensor(b)

    def by_torch() -> list:
        h = points
        for W in weights:
            h = torch.relu(h @ W.T)
        return torch.autograd.grad(((h[:, 0] - labels) ** 2).sum() / 2, weights)

    ours = race(lambda: gradient(lambda h: h - b, X, a), torch=by_torch).weights
    for G, g in zip(ours, by_torch(), strict=True):
        np.testing.assert_allclose(G, g.numpy(), rtol=1e-8, atol=1e-8 * abs(G).max())
