"""The second moment of input gradients at initialisation: slide "initialization in deep ReLU NNs".

The oracle is a network run under every choice of signs of its weights.
"""

import itertools

import numpy as np
import scipy

from refimpl.networks import perturbation_stability
from refimpl.networks.gradient_law import Draws
from refimpl.networks.gradient_moments import expected_gradient_norm
from refimpl.networks.initialization import Scales
from verify.claims import claim
from verify.evidence import equal

SLIDE = "Robustness in deep learning: initialization in deep ReLU NNs"
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


@claim("N02", slide=SLIDE, source="Derived here; He et al. 2015 for the factor ½")
def second_moment_of_the_gradient_is_known(
    rng, *, expected_squared_gradient=perturbation_stability.expected_squared_gradient
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
    "one middle layer too many": lambda s, p, m, L: perturbation_stability.expected_squared_gradient(s, p, m, L + 1),
    "L for L − 2": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * m / 2 * (b**2 * m / 2) ** L * b1**2 * p / 2 / c**2
    ),
    "α for α²": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * m / 2 * (b**2 * m / 2) ** (L - 2) * b1**2 * p / 2 / c
    ),
    "α left out": lambda s, p, m, L: perturbation_stability.expected_squared_gradient(s._replace(alpha=1.0), p, m, L),
    "standard deviations for variances": lambda s, p, m, L: perturbation_stability.expected_squared_gradient(
        Scales(*np.sqrt(s)), p, m, L
    ),
    "first and last scales swapped, and m and p": second_moment(
        lambda b1, b, bL, c, p, m, L: bL**2 * p / 2 * (b**2 * m / 2) ** (L - 2) * b1**2 * m / 2 / c**2 * (bL / b1)
    ),
    "m for p": lambda s, p, m, L: perturbation_stability.expected_squared_gradient(s, m, m, L),
    "p left out: of h, not of its gradient": lambda s, p, m, L: (
        perturbation_stability.expected_squared_gradient(s, p, m, L) / p * (1 + (p == 1))
    ),
    "the last layer always fires": lambda s, p, m, L: 2 * perturbation_stability.expected_squared_gradient(s, p, m, L),
    "square of the mean": lambda s, p, m, L: expected_gradient_norm(s, p, m, L) ** 2,
    "m − 1 neurons": lambda s, p, m, L: (
        perturbation_stability.expected_squared_gradient(s, p, m, L) * (1 - 1 / (m + 1))
    ),
    "1 % too large": lambda s, p, m, L: 1.01 * perturbation_stability.expected_squared_gradient(s, p, m, L),
})
