"""Underdamped chains as samplers: slide "Iterative refinement like in optimization: MCMC", variants."""

import numpy as np
import scipy

from refimpl.sampling import linear_chains, underdamped
from verify.claims import claim
from verify.evidence import distribution, equal, mean

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
