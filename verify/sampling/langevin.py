"""Langevin Monte Carlo, its steps and its chains: slide "Iterative refinement like in optimization: MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import langevin, targets
from verify.claims import claim, shipped
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


def gradient_where_noise_has_led(grad_f, a, eta, z):
    b = a + np.sqrt(2 * eta) * z
    return b - eta * grad_f(b)


lmc_steps_down_the_gradient_with_noise_root_two_eta.mutants({
    "noise √η": lambda grad_f, a, eta, z: a - eta * grad_f(a) + np.sqrt(eta) * z,
    "noise η": shipped(
        lambda grad_f, a, eta, z: a - eta * grad_f(a) + eta * z,
        project="google-research/ibc",
        version="db89ddb",
        thread="#6",
    ),
    "half a step: (η/2, √(2η))": lambda grad_f, a, eta, z: a - eta / 2 * grad_f(a) + np.sqrt(2 * eta) * z,
    "up the potential": lambda grad_f, a, eta, z: a + eta * grad_f(a) + np.sqrt(2 * eta) * z,
    "gradient where the noise has led": gradient_where_noise_has_led,
    "no noise: gradient descent": lambda grad_f, a, eta, z: a - eta * grad_f(a),
    "noise 1 % too large": lambda grad_f, a, eta, z: a - eta * grad_f(a) + 1.01 * np.sqrt(2 * eta) * z,
    "one noise for the whole batch": lambda grad_f, a, eta, z: (
        a - eta * grad_f(a) + np.sqrt(2 * eta) * z[(0,) * (z.ndim - 1)]
    ),
})


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


def same_noise_every_step(grad_f, a0, eta, num_steps, rng):
    z = rng.standard_normal(a0.shape)
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, z)
    return a0


def same_noise_both_halves_chains(grad_f, a0, eta, num_steps, rng):
    half = chains(grad_f, a0[: len(a0) // 2], eta, num_steps, rng)
    return np.concatenate([half, half, a0[2 * len(half) :]])


def same_noise_neighbours(grad_f, a0, eta, num_steps, rng):
    half = chains(grad_f, a0[: (len(a0) + 1) // 2], eta, num_steps, rng)
    return np.repeat(half, 2, axis=0)[: len(a0)]


def same_noise_both_coordinates(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, np.repeat(rng.standard_normal((len(a0), 1)), a0.shape[1], axis=1))
    return a0


def uniform_noise_variance_1(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, rng.uniform(-np.sqrt(3), np.sqrt(3), a0.shape))
    return a0


def same_noise_chains_i_i_2(grad_f, a0, eta, num_steps, rng):
    quads = chains(grad_f, a0[: 2 * -(-len(a0) // 4)], eta, num_steps, rng).reshape(-1, 2, a0.shape[1])
    return np.concatenate([quads, quads], axis=1).reshape(-1, a0.shape[1])[: len(a0)]


def opposite_noise_chains_half_apart(grad_f, a0, eta, num_steps, rng):
    half = (len(a0) + 1) // 2
    for _ in range(num_steps):
        z = rng.standard_normal((half, a0.shape[1]))
        a0 = langevin.lmc_step(grad_f, a0, eta, np.concatenate([z, -z])[: len(a0)])
    return a0


def noise_clipped_4(grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = langevin.lmc_step(grad_f, a0, eta, np.clip(rng.standard_normal(a0.shape), -4, 4))
    return a0


def moves_callers_array(grad_f, a0, eta, num_steps, rng):
    a0[...] = chains(grad_f, a0, eta, num_steps, rng)
    return a0


chains_have_the_exact_law.mutants({
    "noise 1 % too large": lambda grad_f, a0, eta, num_steps, rng: chains(grad_f, a0, eta, num_steps, rng, scale=1.01),
    "gradient 1 % too large": lambda grad_f, a0, eta, num_steps, rng: chains(
        grad_f, a0, eta, num_steps, rng, drift=1.01
    ),
    "one step too few": lambda grad_f, a0, eta, num_steps, rng: chains(grad_f, a0, eta, max(num_steps - 1, 0), rng),
    "the same noise at every step": same_noise_every_step,
    "the same noise for both halves of the chains": same_noise_both_halves_chains,
    "the same noise for neighbours": same_noise_neighbours,
    "the same noise for both coordinates": same_noise_both_coordinates,
    "uniform noise of variance 1": uniform_noise_variance_1,
    "the same noise for chains i and i + 2": same_noise_chains_i_i_2,
    "opposite noise for chains half apart": opposite_noise_chains_half_apart,
    "noise clipped at 4": noise_clipped_4,
    "moves the caller's array": moves_callers_array,
})
