"""Inequalities between distances of laws: slide "Langevin Monte Carlo"."""

import numpy as np

from refimpl.sampling import metrics
from verify.claims import claim
from verify.evidence import at_most, rounding
from verify.sampling.metrics import SLIDE, normal_density, normal_score, random_law


@claim("S02", slide=SLIDE, source="Pinsker; Talagrand 1996; Gross 1975")
def distances_obey_pinsker_talagrand_and_log_sobolev(
    rng,
    *,
    total_variation=metrics.total_variation,
    kl_divergence=metrics.kl_divergence,
    fisher_divergence=metrics.fisher_divergence,
    gaussian_kl=metrics.gaussian_kl,
    gaussian_w2=metrics.gaussian_w2,
):
    r"""TV ≤ √(KL/2); W₂² ≤ (2/a)KL and KL ≤ FI/(2a) for ∇²f ⪰ a; tight for 1 ± ε and for shifted Gaussians."""
    half, unit = np.linspace(0, 1, 2000), lambda x: np.ones_like(x)
    for_pinsker = []
    for size in np.append(rng.uniform(0.1, 0.9, 5), 1e-3):

        def tilted(x, size=size):
            return 1 + size * np.sign(0.5 - x)

        for_pinsker.append((total_variation(tilted, unit, half), kl_divergence(tilted, unit, half)))
    tv, kl = np.array(for_pinsker).T
    yield at_most("Pinsker: TV", tv, np.sqrt(kl / 2), slack=rounding(1e5), tight=1e-5)
    transport, entropy, fisher_bound, on_line = [], [], [], np.linspace(-25, 25, 20001)
    for shifted in (False, False, False, True):
        m1, C1 = random_law(rng)
        l, Q = np.linalg.eigh(C1)
        m0, C0 = (m1 + Q[:, -1], C1) if shifted else random_law(rng)
        transport.append(gaussian_w2(m0, C0, m1, C1) ** 2)
        entropy.append(2 * l[-1] * gaussian_kl(m0, C0, m1, C1))
    yield at_most("Talagrand: W₂²", transport, entropy, slack=rounding(1e4, 10), tight=1e-9)
    entropy = []
    for shifted in (False, False, False, True):
        m, v, w, gap = rng.uniform(-1, 1), rng.uniform(0.5, 2), rng.uniform(0.2, 0.8), 0.0 if shifted else 2.0

        def p(x, w=w, v=v, gap=gap):
            return w * normal_density(-gap, v)(x) + (1 - w) * normal_density(gap, v)(x)

        def s_p(x, w=w, v=v, gap=gap):
            left, right = w * normal_density(-gap, v)(x), (1 - w) * normal_density(gap, v)(x)
            share = np.divide(left - right, left + right, out=np.sign(-x), where=left + right > 0)
            return (-x - gap * share) / v

        entropy.append(kl_divergence(p, normal_density(m, v), on_line))
        fisher_bound.append(fisher_divergence(s_p, normal_score(m, v), p, on_line) * v / 2)
    yield at_most("log-Sobolev: KL", entropy, fisher_bound, slack=rounding(1e6), tight=1e-9)


distances_obey_pinsker_talagrand_and_log_sobolev.mutants(
    {"∫|p − q|": lambda density_p, density_q, grid: 2 * metrics.total_variation(density_p, density_q, grid)},
    replaces="total_variation",
)
distances_obey_pinsker_talagrand_and_log_sobolev.mutants(
    {
        "½ in front": lambda score_p, score_q, density_p, grid: (
            metrics.fisher_divergence(score_p, score_q, density_p, grid) / 2
        )
    },
    replaces="fisher_divergence",
)
distances_obey_pinsker_talagrand_and_log_sobolev.mutants(
    {"KL half as large": lambda m0, C0, m1, C1: metrics.gaussian_kl(m0, C0, m1, C1) / 2}, replaces="gaussian_kl"
)
distances_obey_pinsker_talagrand_and_log_sobolev.mutants(
    {"1 % too large": lambda m0, C0, m1, C1: 1.01 * metrics.gaussian_w2(m0, C0, m1, C1)}, replaces="gaussian_w2"
)
distances_obey_pinsker_talagrand_and_log_sobolev.mutants(
    {"in bits": lambda density_p, density_q, grid: metrics.kl_divergence(density_p, density_q, grid) / np.log(2)},
    replaces="kl_divergence",
)
