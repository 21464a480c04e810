"""Exact moments of input gradients: slides "initialization in deep ReLU NNs" and "average-case metric".

The oracles are networks run under every choice of signs of their weights, and Laplace transforms.
"""

import itertools

import numpy as np
import scipy

from refimpl.networks import gradient_moments
from refimpl.networks.gradient_law import Draws
from refimpl.networks.initialization import Scales
from verify.claims import claim
from verify.evidence import equal

SLIDE = "Robustness in deep learning: average-case metric"
TABLE = "Robustness in deep learning: initialization in deep ReLU NNs"
SIZES = [(1, 2, 2), (2, 2, 3), (2, 3, 3), (3, 2, 4), (2, 2, 5)]


def random_scales(rng):
    return Scales(*rng.uniform(0.5, 2, 4).tolist())


def dense(layers, a, alpha):
    """Outputs (N,) and gradients (N, p) of N networks with their weights (N, m, p), … at a point."""
    h, active = np.broadcast_to(a, (len(layers[0]), len(a))), []
    for X in layers:
        u = np.einsum("nij,nj->ni", X, h)
        active.append(u > 0)
        h = u * active[-1]
    g = np.ones((len(h), 1)) / alpha
    for X, fires in zip(layers[::-1], active[::-1], strict=True):
        g = np.einsum("nij,ni->nj", X, g * fires)
    return Draws(h[:, 0] / alpha, g)


def under_all_signs(rng, scales, p, m, L):
    """The mean of ‖∇h‖² over all signs of weights whose squares sum to their expectation in every row."""
    widths, betas = [p, *[m] * (L - 1), 1], [scales.beta_1, *[scales.beta] * (L - 2), scales.beta_L]
    shapes = [(k, j) for j, k in itertools.pairwise(widths)]
    squares = [rng.uniform(0.5, 2, shape) for shape in shapes]
    sizes = [b * np.sqrt(s * s.shape[1] / s.sum(1, keepdims=True)) for b, s in zip(betas, squares, strict=True)]
    count = sum(s.size for s in sizes)
    signs = 1 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    parts = np.split(signs, np.cumsum([s.size for s in sizes])[:-1], axis=1)
    layers = [s * part.reshape(-1, *s.shape) for s, part in zip(sizes, parts, strict=True)]
    return (dense(layers, rng.standard_normal(p), scales.alpha).gradient ** 2).sum(1).mean()


@claim("N02", slide=TABLE, source="Derived here; He et al. 2015 for the factor ½")
def second_moment_of_the_gradient_is_known(
    rng, *, expected_squared_gradient=gradient_moments.expected_squared_gradient
):
    r"""E‖∇h‖² = α⁻²(½β_L²m)(½β²m)^{L−2}(½β₁²p): the exact mean over all signs of the weights, and layer by layer."""
    for p, m, L in SIZES:
        scales = random_scales(rng)
        exact = under_all_signs(rng, scales, p, m, L)
        yield equal(f"p, m, L = {p}, {m}, {L}", expected_squared_gradient(scales, p, m, L), exact, rtol=1e-11)
    for p, m, L in [(784, 10**6, 10), (1, 1, 2), (10, 64, 4), (3, 999, 7)]:
        scales = random_scales(rng)._replace(beta=(rng.uniform(0.5, 3) / m) ** 0.5)
        k = np.arange(m + 1)
        active = scipy.stats.binom.pmf(k, m, 0.5) @ k  # mean of χ²(k)
        factors = [scales.beta**2 * active] * (L - 2) + [scales.beta_L**2 * active, scales.beta_1**2 * p]
        exact = 0.5 * np.prod(factors) / scales.alpha**2
        yield equal(f"p, m, L = {p}, {m}, {L}", expected_squared_gradient(scales, p, m, L), exact, rtol=1e-9)


def second_moment(formula):
    """A mutant of E‖∇h‖² with the scales taken apart."""
    return lambda scales, p, m, L: formula(*scales, p, m, L)


second_moment_of_the_gradient_is_known.mutants({
    "without the halves": second_moment(lambda b1, b, bL, c, p, m, L: bL**2 * m * (b**2 * m) ** (L - 2) * b1**2 * p),
    "½ forgotten in the first layer": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * m * (b**2 * m / 2) ** (L - 2) * b1**2 * p / 2 / c**2
    ),
    "one middle layer too many": lambda s, p, m, L: gradient_moments.expected_squared_gradient(s, p, m, L + 1),
    "L for L − 2": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * m / 2 * (b**2 * m / 2) ** L * b1**2 * p / 2 / c**2
    ),
    "α for α²": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * m / 2 * (b**2 * m / 2) ** (L - 2) * b1**2 * p / 2 / c
    ),
    "α left out": lambda s, p, m, L: gradient_moments.expected_squared_gradient(s._replace(alpha=1.0), p, m, L),
    "standard deviations for variances": lambda s, p, m, L: gradient_moments.expected_squared_gradient(
        Scales(*np.sqrt(s)), p, m, L
    ),
    "first and last scales swapped, and m and p": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * p / 2 * (b**2 * m / 2) ** (L - 2) * b1**2 * m / 2 / c**2 * (bL / b1)
    ),
    "m for p": lambda s, p, m, L: gradient_moments.expected_squared_gradient(s, m, m, L),
    "p left out: of h, not of its gradient": lambda s, p, m, L: (
        gradient_moments.expected_squared_gradient(s, p, m, L) / p * (1 + (p == 1))
    ),
    "the last layer always fires": lambda s, p, m, L: 2 * gradient_moments.expected_squared_gradient(s, p, m, L),
    "square of the mean": lambda s, p, m, L: gradient_moments.expected_gradient_norm(s, p, m, L) ** 2,
    "m − 1 neurons": lambda s, p, m, L: gradient_moments.expected_squared_gradient(s, p, m, L) * (1 - 1 / (m + 1)),
    "1 % too large": lambda s, p, m, L: 1.01 * gradient_moments.expected_squared_gradient(s, p, m, L),
})


def laplace_norm(transform):
    """E√S of S ≥ 0 from t ↦ 1 − Ee^{−tS}: (1/2√π) ∫ t^{−3/2}(1 − Ee^{−tS}) dt, on t = e^x, by the trapezoid rule."""
    x = np.linspace(-90, 70, 6401)
    return (np.exp(-x / 2) * transform(np.exp(x))).sum() * (x[1] - x[0]) / (2 * np.sqrt(np.pi))


@claim("N05", slide=SLIDE, source="Derived here")
def first_moment_of_the_gradient_is_known(rng, *, expected_gradient_norm=gradient_moments.expected_gradient_norm):
    r"""E‖∇h‖ = β_Lμ_m(βμ_m)^{L−2}β₁κ_p/(2α), μ_m and κ_p from Laplace transforms, for widths up to 10⁶."""
    for p, m, L in [(1, 1, 2), (2, 3, 4), (784, 10**6, 10), (10, 64, 6), (10**6, 999, 3), (3, 41, 2)]:
        scales = random_scales(rng)._replace(beta=(rng.uniform(0.5, 3) / m) ** 0.5)
        kappa = laplace_norm(lambda t, p=p: -np.expm1(-p / 2 * np.log1p(2 * t)))
        mu = laplace_norm(lambda t, m=m: -np.expm1(m * np.log1p(np.expm1(-np.log1p(2 * t) / 2) / 2)))
        exact = scales.beta_L * mu * (scales.beta * mu) ** (L - 2) * scales.beta_1 * kappa / (2 * scales.alpha)
        yield equal(f"p, m, L = {p}, {m}, {L}", expected_gradient_norm(scales, p, m, L), exact, rtol=1e-10)


def first_moment(mu=gradient_moments._rectified_norm, kappa=gradient_moments.chi_mean, half=0.5, power=2):
    """E‖∇h‖ with other factors."""

    def expected(s, p, m, L):
        return half * s.beta_L * mu(m) * (s.beta * mu(m)) ** (L - power) * s.beta_1 * float(kappa(p)) / s.alpha

    return expected


first_moment_of_the_gradient_is_known.mutants({
    "the root of the second moment": lambda s, p, m, L: gradient_moments.expected_squared_gradient(s, p, m, L) ** 0.5,
    "√(m/2) for μ_m": first_moment(mu=lambda m: np.sqrt(m / 2)),
    "μ_m to the order 1/m": first_moment(mu=lambda m: np.sqrt(m / 2) * (1 - 5 / (8 * m))),
    "κ at m/2 for μ_m": first_moment(mu=lambda m: gradient_moments.chi_mean(m / 2)),
    "κ_m for μ_m: every neuron fires": first_moment(mu=gradient_moments.chi_mean),
    "√p for κ_p": first_moment(kappa=np.sqrt),
    "κ_{p−1}": first_moment(kappa=lambda p: gradient_moments.chi_mean(p - 1)),
    "the last neuron always fires": first_moment(half=1.0),
    "1/√2 for its probability": first_moment(half=2**-0.5),
    "a layer too few": first_moment(power=3),
    "α² for α": lambda s, p, m, L: gradient_moments.expected_gradient_norm(s._replace(alpha=s.alpha**2), p, m, L),
})
