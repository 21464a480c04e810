"""Perturbation stability as an expectation: slide "average-case metric"."""

import math

import numpy as np
import scipy

from refimpl.networks import perturbation_stability
from refimpl.networks.initialization import NAMES
from refimpl.networks.initialization import scales as scales_of
from verify.claims import claim
from verify.evidence import equal, mean
from verify.networks.gradient_moments import rectified_norm
from verify.probes import batched

SLIDE = "Robustness in deep learning: average-case metric"
SOURCE = "Zhu, Liu, Chrysos & Cevher 2022"


def by_recursion(p):
    """c_p from c₁ = ½, c₂ = 4/(3π) and c_{q+2} = c_q (q + 2)/(q + 3)."""
    odd = p % 2
    start = 0.5 if odd else 4 / (3 * math.pi)
    return start * math.exp(math.fsum(-math.log1p(1 / (q + 2)) for q in range(1 if odd else 2, p, 2)))


def by_quadrature(p):
    """c_p as the mean of |u₁|, whose density in the ball is (1 − u²)^{(p − 1)/2}, with u = sin φ."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    phi = (nodes + 1) * np.pi / 4
    mass = weights * np.cos(phi) ** p
    return (mass @ np.sin(phi)) / mass.sum()


@claim("N03", slide=SLIDE, source="Derived here")
def mean_coordinate_in_a_ball_is_known(rng, *, ball_constant=perturbation_stability.ball_constant):
    r"""c_p = E|u₁| by quadrature, by its recursion up to p = 10⁶, and c_p√p → √(2/π) from below."""
    sizes = [1, 2, 3, 4, 7, 10, *map(int, rng.integers(11, 200, 4))]
    yield equal("c_p", [ball_constant(p) for p in sizes], [by_quadrature(p) for p in sizes], rtol=1e-12)
    sizes = [5, 39, 40, 41, 784, 3072, *map(int, rng.integers(10**3, 10**6, 3)), 10**6 - 1, 10**6]
    yield equal("c_p, large p", [ball_constant(p) for p in sizes], [by_recursion(p) for p in sizes], rtol=1e-13)
    p = np.array([10**3, 10**4, 10**5, 10**6])
    limit = np.sqrt(np.pi * p / 2) * [ball_constant(int(q)) for q in p]
    yield equal("p(1 − c_p√(πp/2))", p * (1 - limit), 0.75, rtol=2e-3, atol=1e-8)


def gamma_quotient(numerator, denominator):
    """exp(log Γ − log Γ)/√π with other arguments."""
    gammaln = scipy.special.gammaln
    return lambda p: float(np.exp(gammaln(numerator(p)) - gammaln(denominator(p))) / np.sqrt(np.pi))


WRONG_RATIOS = {
    "on the sphere": gamma_quotient(lambda p: p / 2, lambda p: (p + 1) / 2),
    "p one too small": gamma_quotient(lambda p: (p + 1) / 2, lambda p: p / 2 + 1),
    "Gaussian limit √(2/(πp))": lambda p: np.sqrt(2 / (np.pi * p)),
    "root mean square 1/√(p + 2)": lambda p: 1 / np.sqrt(p + 2),
}

mean_coordinate_in_a_ball_is_known.mutants({
    **WRONG_RATIOS,
    "p one too large": lambda p: perturbation_stability.ball_constant(p + 1),
    "√π left out": lambda p: np.sqrt(np.pi) * perturbation_stability.ball_constant(p),
    "upside down": lambda p: 1 / perturbation_stability.ball_constant(p),
    "of u₁², 1/(p + 2)": lambda p: 1 / (p + 2),
    "gamma functions that overflow": lambda p: float(
        scipy.special.gamma(p / 2 + 1) / scipy.special.gamma((p + 3) / 2) / np.sqrt(np.pi)
    ),
    "differences of log Γ, which cancel": gamma_quotient(lambda p: p / 2 + 1, lambda p: (p + 3) / 2),
    "a uniform coordinate": lambda p: 0.5,
    "1 % too large": lambda p: 1.01 * perturbation_stability.ball_constant(p),
})


@claim("N03", slide=SLIDE, source=SOURCE)
def perturbed_points_are_uniform_in_the_ball(rng, *, ball_point=perturbation_stability.ball_point):
    r"""‖â‖^p is the uniform noise and â points along the Gaussian one: a ball of radius r < 1 has the mass r^p."""
    for p in (1, 2, 5, 20):
        z, u = rng.standard_normal((40_000, p)), 1 - rng.random(40_000)
        points = ball_point(z, u)
        radius = np.sqrt((points**2).sum(1))
        yield equal(f"‖â‖^p, p = {p}", radius**p, u, rtol=1e-12 * p)
        towards = (points * z).sum(1) / np.sqrt((z**2).sum(1))
        yield equal(f"â along its noise, p = {p}", towards, radius, rtol=1e-12)
    yield from batched("â", ball_point, rng.standard_normal((4, 4)), 1 - rng.random(4), rtol=1e-13)


def scaled(direction, power):
    """Points along `direction` of the noise z, of the length u^power(p)."""
    return lambda z, u: direction(z) * np.asarray(u)[..., None] ** power(np.shape(z)[-1])


def unit(z):
    return z / np.linalg.norm(z, axis=-1, keepdims=True)


perturbed_points_are_uniform_in_the_ball.mutants({
    "u for the radius": scaled(unit, lambda p: 1),
    "√u, as in the plane": scaled(unit, lambda p: 1 / 2),
    "u^{1/(p+1)}": scaled(unit, lambda p: 1 / (p + 1)),
    "on the sphere": scaled(unit, lambda p: 0),
    "not normalised": scaled(lambda z: z, lambda p: 1 / p),
    "normalised by the largest entry": scaled(lambda z: z / np.abs(z).max(-1, keepdims=True), lambda p: 1 / p),
    "normalised by ‖z‖₁": scaled(lambda z: z / np.abs(z).sum(-1, keepdims=True), lambda p: 1 / p),
    "normalised by √p": scaled(lambda z: z / np.sqrt(np.shape(z)[-1]), lambda p: 1 / p),
    "the other side": lambda z, u: -perturbation_stability.ball_point(z, u),
})


@claim("N03", slide=SLIDE, source=SOURCE)
def perturbations_average_to_the_closed_form(
    rng,
    *,
    perturbation=perturbation_stability.perturbation,
    expected_perturbation=perturbation_stability.expected_perturbation,
):
    r"""E|⟨g, a − â⟩| = εc_p‖g‖ over uniform points of the ball: linear in ε, in every dimension."""
    for p in (1, 2, 5, 20):
        points = perturbation_stability.ball_point(rng.standard_normal((40_000, p)), 1 - rng.random(40_000))
        g, eps = rng.standard_normal(p) * 3, rng.uniform(0.1, 2)
        changes, size = perturbation(g, eps * points), eps * np.sqrt(g @ g) * by_quadrature(p)
        yield equal(f"|⟨g, a − â⟩|, p = {p}", changes, np.abs(eps * points @ g), atol=1e-12)
        expected = float(expected_perturbation(g, eps) / size)
        top = 1 / by_quadrature(p) * (1 + 1e-9)
        yield mean(f"E|⟨g, a − â⟩|, p = {p}", changes / size, expected, delta=0.2, support=(0.0, top))
        yield equal(f"εc_p‖g‖, p = {p}", expected, 1.0, rtol=1e-12)
    g = rng.standard_normal((4, 4))
    yield from batched("|⟨g, a − â⟩|", perturbation, g, g[::-1] + 1, rtol=1e-13, atol=1e-14)
    yield from batched("εc_p‖g‖", lambda g: expected_perturbation(g, 0.3), g, rtol=1e-13)


perturbations_average_to_the_closed_form.mutants(
    {
        "signed": lambda g, d: (np.asarray(g) * d).sum(-1),
        "squared": lambda g, d: (np.asarray(g) * d).sum(-1) ** 2,
        "norm of the product": lambda g, d: np.linalg.norm(np.asarray(g) * d, axis=-1),
        "bound of Cauchy and Schwarz": lambda g, d: np.linalg.norm(g, axis=-1) * np.linalg.norm(d, axis=-1),
        "sum of absolute values": lambda g, d: np.abs(np.asarray(g) * d).sum(-1),
        "1 % too large": lambda g, d: 1.01 * perturbation_stability.perturbation(g, d),
    },
    replaces="perturbation",
)

perturbations_average_to_the_closed_form.mutants(
    {
        "ε² for ε": lambda g, eps: perturbation_stability.expected_perturbation(g, eps**2),
        "ε left out": lambda g, eps: perturbation_stability.expected_perturbation(g, 1.0),
        "‖g‖²": lambda g, eps: perturbation_stability.expected_perturbation(g, eps) * np.linalg.norm(g, axis=-1),
        "‖g‖₁": lambda g, eps: eps * perturbation_stability.ball_constant(np.shape(g)[-1]) * np.abs(g).sum(-1),
        "norms over the batch, where it is as long as the points": lambda g, eps: (
            perturbation_stability.expected_perturbation(np.swapaxes(g, 0, -1) if np.ndim(g) == 2 else g, eps)
        ),
        "without c_p": lambda g, eps: eps * np.linalg.norm(g, axis=-1),
        "1/√(p + 2) for c_p": lambda g, eps: eps * np.linalg.norm(g, axis=-1) / np.sqrt(np.shape(g)[-1] + 2),
    },
    replaces="expected_perturbation",
)


@claim("N03", slide=SLIDE, source="Derived here")
def stability_at_initialisation_is_known(rng, *, stability=perturbation_stability.stability):
    r"""P = ε β₁β_L β^{L−2} μ_m^{L−1} p/((p + 1)α√(2π)): linear in ε, the same at every a, by Laplace transforms."""
    for name in NAMES:
        at_random = (*(int(size) for size in rng.integers(2, 99, 2)), 10)
        for p, m, L in [(784, 64, 2), (10, 1000, 5), (1, 2, 3), at_random]:
            eps, (beta_1, beta, beta_L, alpha) = rng.uniform(0.01, 3), scales_of(name, p, m, 0.7)
            mu = rectified_norm(m)
            exact = eps * beta_1 * beta_L * beta ** (L - 2) * mu ** (L - 1) * p / (p + 1) / np.sqrt(2 * np.pi) / alpha
            found = stability(scales_of(name, p, m, 0.7), p, m, L, eps)
            yield equal(f"{name}, p, m, L = {p}, {m}, {L}", found, exact, rtol=1e-9)
    yield equal("ε = 1 unless given", stability(scales_of("he", 5, 6), 5, 6, 3), found_at_one(5, 6, 3), rtol=1e-9)


def found_at_one(p, m, L):
    """P at ε = 1 under He, by the same transforms."""
    return (2 / m) ** ((L - 1) / 2) * rectified_norm(m) ** (L - 1) / np.sqrt(np.pi * p) * p / (p + 1)


stability_at_initialisation_is_known.mutants({
    "the root mean square of ‖∇h‖ for its mean": lambda s, p, m, L, eps=1.0: (
        eps
        * perturbation_stability.ball_constant(p)
        * perturbation_stability.expected_squared_gradient(s, p, m, L) ** 0.5
    ),
    "E‖∇h‖, without c_p": lambda s, p, m, L, eps=1.0: (
        perturbation_stability.stability(s, p, m, L, eps) / perturbation_stability.ball_constant(p)
    ),
    "root mean square over â": lambda s, p, m, L, eps=1.0: (
        perturbation_stability.stability(s, p, m, L, eps) / perturbation_stability.ball_constant(p) / (p + 2) ** 0.5
    ),
    "ε² for ε": lambda s, p, m, L, eps=1.0: perturbation_stability.stability(s, p, m, L, eps**2),
    "ε left out": lambda s, p, m, L, eps=1.0: perturbation_stability.stability(s, p, m, L),
    "the last neuron always fires": lambda s, p, m, L, eps=1.0: 2 * perturbation_stability.stability(s, p, m, L, eps),
    "p/(p + 1) left out": lambda s, p, m, L, eps=1.0: perturbation_stability.stability(s, p, m, L, eps) * (p + 1) / p,
    "a layer too few": lambda s, p, m, L, eps=1.0: perturbation_stability.stability(s, p, m, max(L - 1, 2), eps),
    "α left out": lambda s, p, m, L, eps=1.0: perturbation_stability.stability(s._replace(alpha=1.0), p, m, L, eps),
    "√(m/2) for μ_m": lambda s, p, m, L, eps=1.0: (
        eps * s.beta_1 * s.beta_L * s.beta ** (L - 2) * (m / 2) ** ((L - 1) / 2) * p / (p + 1) / 2.5066282746 / s.alpha
    ),
    "1 % too large": lambda s, p, m, L, eps=1.0: 1.01 * perturbation_stability.stability(s, p, m, L, eps),
})


@claim("N03", slide=SLIDE, source="Derived here; Blackwell 1947")
def averaging_over_the_ball_saves_a_factor_of_variance(rng, *, ball_constant=perturbation_stability.ball_constant):
    r"""The plain estimator's second moment is 1/((p + 2)c_p²) times the other's: from 4/3 up to π/2.

    For E⟨g, u⟩² = ‖g‖²/(p + 2), and (E|⟨g, u⟩|)² = c_p²‖g‖².
    """
    nodes, weights = np.polynomial.legendre.leggauss(400)
    phi = (nodes + 1) * np.pi / 4
    for p in (1, 2, 3, 50):
        mass = weights * np.cos(phi) ** p
        ratio = (mass @ np.sin(phi) ** 2) * mass.sum() / (mass @ np.sin(phi)) ** 2
        yield equal(f"ratio, p = {p}", 1 / ((p + 2) * ball_constant(p) ** 2), ratio, rtol=1e-11)
    ratios = 1 / ((np.array([1, 10**6]) + 2) * np.array([ball_constant(1), ball_constant(10**6)]) ** 2)
    yield equal("its ends", ratios, [4 / 3, np.pi / 2], rtol=1e-6)


averaging_over_the_ball_saves_a_factor_of_variance.mutants(WRONG_RATIOS)
