"""Underdamped chains as samplers: slide "Iterative refinement like in optimization: MCMC", variants."""

import numpy as np
import scipy

from refimpl.sampling import linear_chains, underdamped
from verify.claims import claim
from verify.evidence import distribution, equal, mean, rate

SLIDE = "Iterative refinement like in optimization: MCMC"
A = np.array([[2.0, 0.5], [0.5, 1.2]])


def crooked(a):
    """The gradient of a potential without symmetry."""
    return np.stack([a[..., 0] + np.sin(a[..., 1]) - 0.4, 2 * a[..., 1] + a[..., 0] * np.cos(a[..., 1])], -1)


def without_noise(grad_f, a, v, h, gamma, num_steps):
    """BAOAB at temperature 0 and unit mass: leapfrog, point by point, with friction in the middle of each step."""
    for _ in range(num_steps):
        half = v - h / 2 * grad_f(a)
        middle = a + h / 2 * half
        half = half * np.exp(-gamma * h)
        a = middle + h / 2 * half
        v = half - h / 2 * grad_f(a)
    return a, v


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013")
def underdamped_chains_follow_their_exact_law(rng, *, underdamped_lmc=underdamped.underdamped_lmc):
    r"""Without noise chains are damped leapfrog; on N(0, A⁻¹) their law after k steps is the exact Gaussian."""
    a0, v0, cold = rng.standard_normal((5, 2)), rng.standard_normal((5, 2)), 1e-30
    for h, gamma, k in [(0.3, 0.8, 7), (0.1, 2.0, 1), (0.2, 1.0, 0)]:
        a, v = underdamped_lmc(lambda a: crooked(a) / cold, a0, v0, h, gamma, k, rng, u=cold)
        expected = without_noise(crooked, a0, v0, h, gamma, k)
        yield equal(f"a, v after {k} steps without noise", [a, v], np.array(expected), atol=1e-12)
    n, h, gamma, u = 400_000, 0.5, 1.1, 1.7
    for k in (1, 3):
        zero = np.zeros((n, 2))
        a, v = underdamped_lmc(lambda a: a @ A, zero, zero, h, gamma, k, rng, u=u)
        C = linear_chains.covariance_after(linear_chains.baoab_transition(A, h, gamma, u), k, np.zeros((4, 4)))
        for name, w in [("a₁", [1, 0, 0, 0]), ("v₂", [0, 0, 0, 1]), ("3a + v₁ − v₂", [3, 3, 1, -1])]:
            s = np.concatenate([a, v], -1) @ w
            width = np.sqrt(w @ C @ w)
            yield distribution(f"{name} after {k} steps", s, lambda s, w=width: scipy.special.ndtr(s / w), delta=0.015)


@claim("S08", slide=SLIDE, source="Leimkuhler & Matthews 2013")
def underdamped_chains_sample_any_target(rng, *, underdamped_lmc=underdamped.underdamped_lmc):
    r"""On the double well (a² − 1)² from one well: a ends in e^{−f}, v in N(0, u), by quadrature."""
    n, u = 20_000, 0.6
    start = np.full((n, 1), 1.0)
    a, v = underdamped_lmc(lambda a: 4 * a * (a**2 - 1), start, 0 * start, 0.1, 1.0, 500, rng, u=u)
    weight = [scipy.integrate.quad(lambda x: np.exp(-((x**2 - 1) ** 2)), 0, top)[0] for top in (0.5, 5.0)]
    yield mean("P(a > 0)", a[:, 0] > 0, 0.5, delta=0.06)
    yield mean("P(|a| < ½)", np.abs(a[:, 0]) < 0.5, weight[0] / weight[1], delta=0.06)
    yield distribution("v", v[:, 0], lambda v: scipy.special.ndtr(v / np.sqrt(u)), delta=0.06)


def chain(update):
    """A driver that can be spoiled: update(grad_f, a, v, h, gamma, u, z, memory)."""

    def run(grad_f, a0, v0, h, gamma, num_steps, rng, u=1.0):
        a, v, memory = a0, v0, {"g": grad_f(a0), "z": rng.standard_normal(a0.shape)}
        for _ in range(num_steps):
            a, v = update(grad_f, a, v, h, gamma, u, rng.standard_normal(a.shape), memory)
        return a, v

    return run


def step(grad_f, a, v, h, gamma, u, z):
    """BAOAB, in one line for each letter."""
    c = np.exp(-gamma * h)
    v = v - h / 2 * u * grad_f(a)
    a = a + h / 2 * v
    v = c * v + np.sqrt(u * (1 - c**2)) * z
    a = a + h / 2 * v
    return a, v - h / 2 * u * grad_f(a)


MUTANTS = {
    "the same noise at every step": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, y, u, m["z"])),
    "one noise for all chains": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, y, u, 0 * z + z[:1])),
    "no noise": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, y, u, 0 * z)),
    "noise of temperature 2": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, y, u, 1.414 * z)),
    "inverse mass forgotten": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, y, 1.0, z)),
    "ascends": chain(lambda g, a, v, h, y, u, z, m: step(lambda a: -g(a), a, v, h, y, u, z)),
    "gradient of the first point for ever": chain(
        lambda g, a, v, h, y, u, z, m: step(lambda a: m["g"], a, v, h, y, u, z)
    ),
    "overdamped": chain(lambda g, a, v, h, y, u, z, m: (a - h * u * g(a) + np.sqrt(2 * h * u) * z, v)),
}
DETERMINISTIC_MUTANTS = {
    "friction 1 % too large": chain(lambda g, a, v, h, y, u, z, m: step(g, a, v, h, 1.01 * y, u, z)),
    "gradient 1 % too large": chain(lambda g, a, v, h, y, u, z, m: step(lambda a: 1.01 * g(a), a, v, h, y, u, z)),
    "one step too many": lambda g, a, v, h, y, k, rng, u=1.0: underdamped.underdamped_lmc(g, a, v, h, y, k + 1, rng, u),
    "velocity starts at 0": lambda g, a, v, h, y, k, rng, u=1.0: underdamped.underdamped_lmc(
        g, a, 0 * v, h, y, k, rng, u
    ),
}

for _text, _mutant in (MUTANTS | DETERMINISTIC_MUTANTS).items():
    underdamped_chains_follow_their_exact_law.mutant(_text)(_mutant)
for _text in ("no noise", "noise of temperature 2", "inverse mass forgotten", "overdamped", "one noise for all chains"):
    underdamped_chains_sample_any_target.mutant(_text)(MUTANTS[_text])


KAPPA = np.geomspace(10, 1000, 15)


def divergence_after(M, Q, C0, target, k):
    """KL of the law after k steps from the target, by powers of M and a Lyapunov equation."""
    S = scipy.linalg.solve_discrete_lyapunov(M, Q)
    power = np.linalg.matrix_power(M, k)
    ratio = scipy.linalg.eigh(S + power @ (C0 - S) @ power.T, target, eigvals_only=True)
    return (ratio - 1 - np.log(ratio)).sum() / 2


@claim("S08", slide=SLIDE, source="Ma, Chatterji, Cheng, Flammarion, Bartlett & Jordan 2021")
def underdamped_langevin_takes_root_kappa_steps(rng, *, steps_to_accuracy=linear_chains.steps_to_accuracy):
    r"""Steps to KL ≤ ε from a start of twice the widths: order κ for LMC at η ∝ 1/L, √κ for BAOAB at h ∝ 1/√L."""
    eps = rng.uniform(0.04, 0.06)
    lmc, baoab, first = [], [], []
    for kappa in KAPPA:
        A = np.diag([1.0, kappa])
        overdamped = linear_chains.lmc_transition(A, 0.4 / kappa)
        underdamped = linear_chains.baoab_transition(A, 0.6 / np.sqrt(kappa), 2.0)
        for transition, target, counts in [
            (overdamped, np.linalg.inv(A), lmc),
            (underdamped, np.diag([1, 1 / kappa, 1, 1]), baoab),
        ]:
            counts.append(steps_to_accuracy(transition, 4 * target, target, eps))
            M, Q = transition.M, transition.N @ transition.N.T
            around = [divergence_after(M, Q, 4 * target, target, counts[-1] - back) for back in (1, 0)]
            first.append(around[1] <= eps < around[0])
    yield equal("the count is the first within ε", first, True)
    yield rate("steps of LMC in κ", KAPPA, lmc, 1.0)
    yield rate("steps of BAOAB in κ", KAPPA, baoab, 0.5)


@underdamped_langevin_takes_root_kappa_steps.mutant("off by one")
def _(step, C0, target, eps):
    return linear_chains.steps_to_accuracy(step, C0, target, eps) + 1


@underdamped_langevin_takes_root_kappa_steps.mutant("divergence the other way round")
def _(step, C0, target, eps):
    C, k = C0, 0
    while True:
        ratio = scipy.linalg.eigh(target, C, eigvals_only=True)
        if (ratio - 1 - np.log(ratio)).sum() / 2 <= eps:
            return k
        C, k = step.M @ C @ step.M.T + step.N @ step.N.T, k + 1


@underdamped_langevin_takes_root_kappa_steps.mutant("accuracy 2ε")
def _(step, C0, target, eps):
    return linear_chains.steps_to_accuracy(step, C0, target, 2 * eps)
