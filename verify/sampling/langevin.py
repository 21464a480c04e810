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
    "one noise for the whole batch": shipped(
        lambda grad_f, a, eta, z: a - eta * grad_f(a) + np.sqrt(2 * eta) * z[(0,) * (z.ndim - 1)],
        project="cleanrl",
        thread="#279",
    ),
    "noise proportional to the step": shipped(
        lambda grad_f, a, eta, z: a - eta * grad_f(a) + 2 * eta * z, project="edward", thread="#722"
    ),
})


COUNT = 10**6


def whitened(lmc, rng):
    """COUNT chains on N(m, A⁻¹) after 12 steps from one point, near the edge of stability: (2, n), N(0, I) when exact.

    Near ηλ = 2 the law answers 1 % more of η with a fifth more variance.
    """
    k, l = 12, np.array([rng.uniform(0.5, 1), rng.uniform(1.5, 2)])
    Q = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    m, a0 = rng.standard_normal((2, 2))
    eta = rng.uniform(1.9, 1.95) / l[1]
    M = 1 - eta * l
    centre, spread = m + Q @ (M**k * (Q.T @ (a0 - m))), np.sqrt(2 * eta * (1 - M ** (2 * k)) / (1 - M**2))
    a = np.asarray(lmc(targets.gaussian(m, (Q / l) @ Q.T).grad_f, np.tile(a0, (COUNT, 1)), eta, k, rng))
    return ((a - centre) @ Q / spread).T


def standard_normal(name, x):
    """Values of law N(0, 1): E e^{−x²/2} = 1/√2, which is sensitive to the width, and P(x ≤ 0) = ½."""
    yield mean(f"E e^(−x²/2), {name}", np.exp(-(x**2) / 2), np.sqrt(0.5), delta=0.01)
    yield mean(f"P(x ≤ 0), {name}", x <= 0, 0.5, delta=0.02)


@claim("S03", slide=SLIDE, source="Gaussian laws under affine maps")
def chains_have_the_exact_law(rng, *, lmc=langevin.lmc):
    r"""On N(m, A⁻¹) last states, whitened by their exact law, are N(0, 1): two coordinates, two oblique directions."""
    x = whitened(lmc, rng)
    yield equal("different states among the chains", len(np.unique(np.ascontiguousarray(x.T).view(complex))), COUNT)
    yield from standard_normal("x₁", x[0])
    yield from standard_normal("x₂", x[1])
    yield from standard_normal("(x₁ + x₂)/√2", (x[0] + x[1]) / np.sqrt(2))
    yield from standard_normal("(x₁ − x₂)/√2", (x[0] - x[1]) / np.sqrt(2))
    for grad_f, p in ((targets.gaussian(np.zeros(2), np.eye(2)).grad_f, 2), (lambda b: b, 7)):
        given = rng.standard_normal((3, p))
        start = given.copy()
        yield equal(f"no steps, p = {p}", lmc(grad_f, start, 0.5, 0, rng), given)
        lmc(grad_f, start, 0.5, 2, rng)
        yield equal(f"the start is left alone, p = {p}", start, given)


def chains(grad_f, a, eta, num_steps, rng, scale=1.0, drift=1.0):
    """A plain loop, to be spoilt."""
    for _ in range(num_steps):
        a = a - drift * eta * grad_f(a) + scale * np.sqrt(2 * eta) * rng.standard_normal(a.shape)
    return a


def driven(noise):
    """Chains whose noise is drawn by noise(rng, n, p)."""

    def run(grad_f, a0, eta, num_steps, rng):
        for _ in range(num_steps):
            a0 = langevin.lmc_step(grad_f, a0, eta, noise(rng, *a0.shape))
        return a0

    return run


def same_noise_every_step(grad_f, a0, eta, num_steps, rng):
    z = rng.standard_normal(a0.shape)
    return driven(lambda rng, n, p: z)(grad_f, a0, eta, num_steps, rng)


def moves_the_start(grad_f, a0, eta, num_steps, rng):
    a0[...] = chains(grad_f, a0, eta, num_steps, rng)
    return a0


chains_have_the_exact_law.mutants({
    "noise 1 % too large": lambda grad_f, a0, eta, num_steps, rng: chains(grad_f, a0, eta, num_steps, rng, scale=1.01),
    "gradient 1 % too large": lambda grad_f, a0, eta, num_steps, rng: chains(
        grad_f, a0, eta, num_steps, rng, drift=1.01
    ),
    "one step too few": lambda grad_f, a0, eta, num_steps, rng: chains(grad_f, a0, eta, max(num_steps - 1, 0), rng),
    "the same noise at every step": same_noise_every_step,
    "the same noise for both coordinates": driven(lambda rng, n, p: np.tile(rng.standard_normal((n, 1)), p)),
    "moves the caller's array": moves_the_start,
})


@claim("S03", slide=SLIDE, source="sums of independent normal variables")
def chains_are_independent(rng, *, lmc=langevin.lmc):
    r"""Sums and differences of chains that are neighbours, half apart, or 1, 100, 10⁴ apart are N(0, 1), whitened."""
    x = whitened(lmc, rng)[0]
    half = COUNT // 2
    yield from standard_normal("chains half apart", (x[:half] + x[half:]) / np.sqrt(2))
    yield from standard_normal("neighbouring chains", (x[1:] - x[:-1])[::2] / np.sqrt(2))
    blocks = x.reshape(100, 100, 100)
    for axis, apart in ((2, 1), (1, 100), (0, 10_000)):
        total = blocks.sum(axis).ravel() / 10
        name = f"E e^(−x²/2), sums of 100 chains {apart} apart"
        yield mean(name, np.exp(-(total**2) / 2), np.sqrt(0.5), delta=0.05)


def first_half(rng, n, p):
    """Noise of half of n chains."""
    return rng.standard_normal(((n + 1) // 2, p))


def opposite(z):
    return np.concatenate([z, -z])


def same_noise_two_apart(rng, n, p):
    pairs = rng.standard_normal((-(-n // 4), 1, 2, p))
    return np.tile(pairs, (1, 2, 1, 1)).reshape(-1, p)[:n]


chains_are_independent.mutants({
    "the same noise for both halves of the chains": driven(
        lambda rng, n, p: np.tile(first_half(rng, n, p), (2, 1))[:n]
    ),
    "the same noise for neighbours": driven(lambda rng, n, p: np.repeat(first_half(rng, n, p), 2, axis=0)[:n]),
    "the same noise for chains i and i + 2": driven(same_noise_two_apart),
    "opposite noise for chains half apart": driven(lambda rng, n, p: opposite(first_half(rng, n, p))[:n]),
})


@claim("S03", slide=SLIDE, source="the normal distribution")
def noise_of_chains_is_normal(rng, *, lmc=langevin.lmc):
    r"""P(|z| > 4) = erfc(√8) for the noise of one step, and E e^{−x²/2} = 1/√2 after three steps on N(0, I₇)."""
    z = np.asarray(lmc(lambda b: 0 * b, np.zeros((COUNT, 4)), 0.5, 1, rng))
    yield mean("P(|z| > 4) of a single noise", np.abs(z) > 4, scipy.special.erfc(np.sqrt(8)), delta=5e-5)
    x = np.asarray(lmc(lambda b: b, np.zeros((10**5, 7)), 0.5, 3, rng)) / np.sqrt(1 + 0.25 + 0.0625)
    yield mean("E e^(−x²/2) in 7 dimensions", np.exp(-(x.ravel() ** 2) / 2), np.sqrt(0.5), delta=0.01)


noise_of_chains_is_normal.mutants({
    "uniform noise of variance 1": driven(lambda rng, n, p: rng.uniform(-np.sqrt(3), np.sqrt(3), (n, p))),
    "noise clipped at 4": driven(lambda rng, n, p: np.clip(rng.standard_normal((n, p)), -4, 4)),
})


@claim("S03", slide=SLIDE, source="the normal distribution")
def noise_of_few_chains_is_normal(rng, *, lmc=langevin.lmc):
    r"""E e^{−z²/2} = 1/√2 and P(z ≤ 0) = ½ for one step's noise of n = 1, 2, 3 chains: none sees the others."""
    for n in (1, 2, 3):
        runs = [lmc(np.zeros_like, np.zeros((n, 1)), 0.5, 1, rng) for _ in range(4000)]
        z = np.ravel(np.array(runs, float))
        yield mean(f"E e^(−z²/2), n = {n}", np.exp(-(z**2) / 2), np.sqrt(0.5), delta=0.08)
        yield mean(f"P(z ≤ 0), n = {n}", z <= 0, 0.5, delta=0.1)


def over_its_own_deviation(rng, n, p):
    z = rng.standard_normal((n, p))
    return z / z.std(axis=0) if n > 1 else z


def less_its_own_mean(rng, n, p):
    z = rng.standard_normal((n, p))
    return z - z.mean(axis=0) if n > 1 else z


noise_of_few_chains_is_normal.mutants({
    "noise over its batch's own deviation": driven(over_its_own_deviation),
    "noise less its batch's own mean": driven(less_its_own_mean),
})
