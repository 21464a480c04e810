"""Langevin Monte Carlo, its steps and its chains: slide "Iterative refinement like in optimization: MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import langevin, targets
from verify.claims import claim
from verify.evidence import equal, mean, rounding
from verify.probes import batched

SLIDE = "Iterative refinement like in optimization: MCMC"


def square(a):
    """A nonlinear gradient."""
    return a * a


@claim("S03", slide=SLIDE, source="definition of LMC")
def lmc_steps_down_the_gradient_with_noise_root_two_eta(rng, *, lmc_step=langevin.lmc_step):
    r"""On ∇f = a²: a⁺ = a − ηa² + √(2η)z; on N(0, A⁻¹) a step takes the covariance C to MCM + 2ηI, M = I − ηA."""
    a, z = rng.uniform(-2, 2, (2, 20, 30, 4))
    yield from batched("a⁺", lambda a, z: lmc_step(square, a, 0.3, z), a[0], z[0], rtol=rounding(16))
    for eta in 10 ** rng.uniform(-3, 1, 5):
        expected = a - eta * a**2 + np.sqrt(2.0) * np.sqrt(eta) * z
        yield equal("a⁺ for ∇f = a²", lmc_step(square, a, eta, z), expected, atol=rounding(16, 4 * (1 + eta)))
        A = rng.standard_normal((4, 4))
        A = A @ A.T
        drift = np.asarray(lmc_step(lambda a, A=A: a @ A, np.eye(4), eta, np.zeros((4, 4))))
        spread = np.asarray(lmc_step(lambda a, A=A: a @ A, np.zeros((4, 4)), eta, np.eye(4)))
        M = np.eye(4) - eta * A
        error = rounding(256, (1 + eta * np.abs(A).max()) ** 2)
        law = drift.T @ drift + spread.T @ spread
        yield equal("one step from covariance I", law, M @ M.T + 2 * eta * np.eye(4), atol=error)


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("noise √η")
def _(grad_f, a, eta, z):
    return a - eta * grad_f(a) + np.sqrt(eta) * z


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("noise η", shipped="google-research/ibc db89ddb, #6")
def _(grad_f, a, eta, z):
    return a - eta * grad_f(a) + eta * z


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("half a step: (η/2, √(2η))")
def _(grad_f, a, eta, z):
    return a - eta / 2 * grad_f(a) + np.sqrt(2 * eta) * z


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("up the potential")
def _(grad_f, a, eta, z):
    return a + eta * grad_f(a) + np.sqrt(2 * eta) * z


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("gradient where the noise has led")
def _(grad_f, a, eta, z):
    b = a + np.sqrt(2 * eta) * z
    return b - eta * grad_f(b)


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("no noise: gradient descent")
def _(grad_f, a, eta, z):
    return a - eta * grad_f(a)


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("noise 1 % too large")
def _(grad_f, a, eta, z):
    return a - eta * grad_f(a) + 1.01 * np.sqrt(2 * eta) * z


@lmc_steps_down_the_gradient_with_noise_root_two_eta.mutant("one noise for the whole batch")
def _(grad_f, a, eta, z):
    return a - eta * grad_f(a) + np.sqrt(2 * eta) * z[(0,) * (z.ndim - 1)]


@claim("S03", slide=SLIDE, source="Gaussian laws under affine maps")
def chains_have_the_exact_law(rng, *, lmc=langevin.lmc):
    r"""Last states of 10⁶ chains after k steps on N(m, A⁻¹), near the edge of stability, whitened by their exact law.

    Near ηλ = 2 the law answers 1 % more of η with a fifth more variance. E e^{−x²/2} = 1/√2 for x ~ N(0, 1); sums and
    differences of coordinates and of chains are tried too, for noise that is shared where it should not be.
    """
    n, k = 10**6, 12
    l = np.array([rng.uniform(0.5, 1), rng.uniform(1.5, 2)])
    Q = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    m, a0 = rng.standard_normal((2, 2))
    eta = rng.uniform(1.9, 1.95) / l[1]
    target = targets.gaussian(m, (Q / l) @ Q.T)
    M = 1 - eta * l
    centre, spread = m + Q @ (M**k * (Q.T @ (a0 - m))), np.sqrt(2 * eta * (1 - M ** (2 * k)) / (1 - M**2))
    start = np.tile(a0, (n, 1))
    a = np.asarray(lmc(target.grad_f, start, eta, k, rng))
    yield equal("the start is left alone", start, np.tile(a0, (n, 1)))
    yield equal("different states among the chains", len(np.unique(a.view(complex))), n)
    x = ((a - centre) @ Q / spread).T
    y = (x[:, : n // 2] + x[:, n // 2 :]) / np.sqrt(2)
    coordinates = {
        "x₁": x[0],
        "x₂": x[1],
        "(x₁ + x₂)/√2": (x[0] + x[1]) / np.sqrt(2),
        "(x₁ − x₂)/√2": (x[0] - x[1]) / np.sqrt(2),
    }
    neighbours = (x[0, 1:] - x[0, :-1])[::2] / np.sqrt(2)
    for name, values in {**coordinates, "chains half apart": y[0], "neighbouring chains": neighbours}.items():
        yield mean(f"E e^(−x²/2), {name}", np.exp(-(values**2) / 2), np.sqrt(0.5), delta=0.01)
        yield mean(f"P(x ≤ 0), {name}", values <= 0, 0.5, delta=0.02)
    blocks = x[0].reshape(100, 100, 100)
    for axis in range(3):
        total = blocks.sum(axis).ravel() / 10
        yield mean(
            f"E e^(−x²/2), sums of 100 chains {100 ** (2 - axis)} apart",
            np.exp(-(total**2) / 2),
            np.sqrt(0.5),
            delta=0.05,
        )
    z = np.asarray(lmc(lambda b: 0 * b, np.zeros((n, 4)), 0.5, 1, rng))
    yield mean("P(|z| > 4) of a single noise", np.abs(z) > 4, scipy.special.erfc(np.sqrt(8)), delta=5e-5)
    wide = np.asarray(lmc(lambda b: b, np.zeros((10**5, 7)), 0.5, 3, rng)) / np.sqrt(1 + 0.25 + 0.0625)
    yield mean("E e^(−x²/2) in 7 dimensions", np.exp(-(wide.ravel() ** 2) / 2), np.sqrt(0.5), delta=0.01)
    z = rng.standard_normal((3, 7))
    yield equal("no steps", lmc(lambda b: b, z, 0.5, 0, rng), z)


def chains(grad_f, a, eta, num_steps, rng, scale=1.0, drift=1.0):
    """A plain loop, to be spoilt."""
    for _ in range(num_steps):
        a = a - drift * eta * grad_f(a) + scale * np.sqrt(2 * eta) * rng.standard_normal(a.shape)
    return a


@chains_have_the_exact_law.mutant("noise 1 % too large")
def _(grad_f, a0, eta, num_steps, rng):
    return chains(grad_f, a0, eta, num_steps, rng, scale=1.01)


@chains_have_the_exact_law.mutant("gradient 1 % too large")
def _(grad_f, a0, eta, num_steps, rng):
    return chains(grad_f, a0, eta, num_steps, rng, drift=1.01)


@chains_have_the_exact_law.mutant("one step too few")
def _(grad_f, a0, eta, num_steps, rng):
    return chains(grad_f, a0, eta, max(num_steps - 1, 0), rng)


@chains_have_the_exact_law.mutant("the same noise at every step")
def _(grad_f, a0, eta, num_steps, rng):
    z = rng.standard_normal(a0.shape)
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, z)
    return a0


@chains_have_the_exact_law.mutant("the same noise for both halves of the chains")
def _(grad_f, a0, eta, num_steps, rng):
    half = chains(grad_f, a0[: len(a0) // 2], eta, num_steps, rng)
    return np.concatenate([half, half, a0[2 * len(half) :]])


@chains_have_the_exact_law.mutant("the same noise for neighbours")
def _(grad_f, a0, eta, num_steps, rng):
    half = chains(grad_f, a0[: (len(a0) + 1) // 2], eta, num_steps, rng)
    return np.repeat(half, 2, axis=0)[: len(a0)]


@chains_have_the_exact_law.mutant("the same noise for both coordinates")
def _(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, np.repeat(rng.standard_normal((len(a0), 1)), a0.shape[1], axis=1))
    return a0


@chains_have_the_exact_law.mutant("uniform noise of variance 1")
def _(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, rng.uniform(-np.sqrt(3), np.sqrt(3), a0.shape))
    return a0


@chains_have_the_exact_law.mutant("the same noise for chains i and i + 2")
def _(grad_f, a0, eta, num_steps, rng):
    quads = chains(grad_f, a0[: 2 * -(-len(a0) // 4)], eta, num_steps, rng).reshape(-1, 2, a0.shape[1])
    return np.concatenate([quads, quads], axis=1).reshape(-1, a0.shape[1])[: len(a0)]


@chains_have_the_exact_law.mutant("opposite noise for chains half apart")
def _(grad_f, a0, eta, num_steps, rng):
    half = (len(a0) + 1) // 2
    for _ in range(num_steps):
        z = rng.standard_normal((half, a0.shape[1]))
        a0 = langevin.lmc_step(grad_f, a0, eta, np.concatenate([z, -z])[: len(a0)])
    return a0


@chains_have_the_exact_law.mutant("noise clipped at 4")
def _(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, np.clip(rng.standard_normal(a0.shape), -4, 4))
    return a0


@chains_have_the_exact_law.mutant("moves the caller's array")
def _(grad_f, a0, eta, num_steps, rng):
    a0[...] = chains(grad_f, a0, eta, num_steps, rng)
    return a0
