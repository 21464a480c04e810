"""Inequalities between distances of laws: slide "Langevin Monte Carlo"."""

import numpy as np

from refimpl.sampling import metrics
from verify.claims import claim
from verify.evidence import at_most, rounding
from verify.sampling.metrics import SLIDE, normal_density, normal_score, random_law


@claim("S02", slide=SLIDE, source="Pinsker 1960")
def total_variation_obeys_pinsker(rng, *, total_variation=metrics.total_variation, kl_divergence=metrics.kl_divergence):
    r"""TV ≤ √(KL/2); tight for the densities 1 ± ε on the halves of [0, 1] against the uniform law, as ε → 0."""
    half, unit = np.linspace(0, 1, 2000), lambda x: np.ones_like(x)
    pairs = []
    for size in np.append(rng.uniform(0.1, 0.9, 5), 1e-3):

        def tilted(x, size=size):
            return 1 + size * np.sign(0.5 - x)

        pairs.append((total_variation(tilted, unit, half), kl_divergence(tilted, unit, half)))
    tv, kl = np.array(pairs).T
    yield at_most("Pinsker: TV", tv, np.sqrt(kl / 2), slack=rounding(1e5), tight=1e-5)


total_variation_obeys_pinsker.mutants(
    {"∫|p − q|": lambda density_p, density_q, grid: 2 * metrics.total_variation(density_p, density_q, grid)},
    replaces="total_variation",
)
total_variation_obeys_pinsker.mutants(
    {"1 % too small": lambda density_p, density_q, grid: 0.99 * metrics.kl_divergence(density_p, density_q, grid)},
    replaces="kl_divergence",
)


@claim("S02", slide=SLIDE, source="Talagrand 1996")
def transport_obeys_talagrand(rng, *, gaussian_kl=metrics.gaussian_kl, gaussian_w2=metrics.gaussian_w2):
    r"""W₂² ≤ (2/a)KL to a Gaussian with ∇²f ⪰ a; tight for a shift along its flattest axis."""
    transport, entropy = [], []
    for shifted in (False, False, False, True):
        m1, C1 = random_law(rng)
        l, Q = np.linalg.eigh(C1)
        m0, C0 = (m1 + Q[:, -1], C1) if shifted else random_law(rng)
        transport.append(gaussian_w2(m0, C0, m1, C1) ** 2)
        entropy.append(2 * l[-1] * gaussian_kl(m0, C0, m1, C1))
    yield at_most("Talagrand: W₂²", transport, entropy, slack=rounding(1e4, 10), tight=1e-9)


transport_obeys_talagrand.mutants(
    {"KL half as large": lambda m0, C0, m1, C1: metrics.gaussian_kl(m0, C0, m1, C1) / 2}, replaces="gaussian_kl"
)
transport_obeys_talagrand.mutants(
    {"1 % too large": lambda m0, C0, m1, C1: 1.01 * metrics.gaussian_w2(m0, C0, m1, C1)}, replaces="gaussian_w2"
)


def two_bumps(w, v, gap):
    """Density and score of wN(−gap, v) + (1 − w)N(gap, v)."""
    left, right = normal_density(-gap, v), normal_density(gap, v)

    def score(x):
        l, r = w * left(x), (1 - w) * right(x)
        share = np.divide(l - r, l + r, out=np.sign(-x), where=l + r > 0)
        return (-x - gap * share) / v

    return lambda x: w * left(x) + (1 - w) * right(x), score


@claim("S02", slide=SLIDE, source="Gross 1975")
def divergence_obeys_log_sobolev(
    rng, *, kl_divergence=metrics.kl_divergence, fisher_divergence=metrics.fisher_divergence
):
    r"""KL ≤ FI/(2a) from mixtures to a Gaussian on the line with f'' = a; tight for a shift."""
    entropy, bound, x = [], [], np.linspace(-25, 25, 20001)
    for gap in (2.0, 2.0, 2.0, 0.0):
        m, v, w = rng.uniform(-1, 1), rng.uniform(0.5, 2), rng.uniform(0.2, 0.8)
        p, s_p = two_bumps(w, v, gap)
        entropy.append(kl_divergence(p, normal_density(m, v), x))
        bound.append(fisher_divergence(s_p, normal_score(m, v), p, x) * v / 2)
    yield at_most("log-Sobolev: KL", entropy, bound, slack=rounding(1e6), tight=1e-9)


divergence_obeys_log_sobolev.mutants(
    {"in bits": lambda density_p, density_q, grid: metrics.kl_divergence(density_p, density_q, grid) / np.log(2)},
    replaces="kl_divergence",
)
divergence_obeys_log_sobolev.mutants(
    {
        "½ in front": lambda score_p, score_q, density_p, grid: (
            metrics.fisher_divergence(score_p, score_q, density_p, grid) / 2
        )
    },
    replaces="fisher_divergence",
)
