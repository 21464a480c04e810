"""Three estimators of perturbation stability: slide "average-case metric".

The oracles are Mellin transforms of the laws of ‖∇h‖ and of a coordinate in a ball.
"""

import numpy as np
import scipy

from refimpl.networks import stability_estimators
from verify.claims import claim
from verify.evidence import at_most, distribution, equal, mean
from verify.networks.perturbation_stability import by_quadrature
from verify.networks.perturbation_stability_norms import norm_cdf
from verify.networks.perturbation_stability_second_moment import random_scales

SLIDE = "Robustness in deep learning: average-case metric"
SOURCE = "Zhu, Liu, Chrysos & Cevher 2022"


def coordinate_power(p):
    """E|u₁|^{it} of the uniform law in the unit ball of R^p, as a function of t."""
    log_gamma = scipy.special.loggamma

    def power(t):
        moved = log_gamma((1 + 1j * t) / 2) - log_gamma((p + 2 + 1j * t) / 2)
        return np.exp(moved - log_gamma(0.5 + 0j) + log_gamma(p / 2 + 1 + 0j))

    return power


@claim("N03", slide=SLIDE, source=SOURCE)
def three_estimators_have_the_laws_that_they_should(
    rng,
    *,
    plain_samples=stability_estimators.plain_samples,
    rao_blackwell_samples=stability_estimators.rao_blackwell_samples,
    conditional_samples=stability_estimators.conditional_samples,
):
    r"""Plain samples are ε‖∇h‖|u₁| and the others εc_p‖∇h‖, for any data: by Mellin inversion, and 0 as often."""
    n = 30_000
    for p, m, L in [(2, 3, 4), (5, 12, 2), (60, 30, 3)]:
        scales, eps = random_scales(rng)._replace(beta=(2 / m) ** 0.5), rng.uniform(0.05, 3)
        data = rng.standard_normal((7, p)) * np.geomspace(0.01, 100, 7)[:, None]
        size = eps * by_quadrature(p)
        laws = {
            "plain": (plain_samples, data, norm_cdf(scales, p, m, L, coordinate_power(p)), eps),
            "Rao-Blackwell": (rao_blackwell_samples, data, norm_cdf(scales, p, m, L), size),
            "conditional": (conditional_samples, p, norm_cdf(scales, p, m, L), size),
        }
        for name, (estimator, points, cdf, unit) in laws.items():
            samples, case = estimator(scales, points, eps, m, L, n, rng), f"{name}, p, m, L = {p}, {m}, {L}"
            yield equal(f"shape and negative ones, {case}", [*np.shape(samples), (samples < 0).sum()], [n, 0])
            yield mean(f"P(> 0), {case}", samples > 0, 0.5 * (1 - 0.5**m) ** (L - 1), delta=0.06)
            repeated = (samples > 0).sum() - np.unique(samples[samples > 0]).size
            yield at_most(f"samples that repeat (by rounding, 1e-8), {case}", repeated, 2, resolution=2.5)
            alive = samples[samples > 0][: int(0.38 * n)]
            yield distribution(f"law, {case}", alive / unit, cdf, delta=0.09)


def estimator(kind, change):
    """An estimator whose samples went through change(samples, eps, p, rng)."""

    def samples(scales, data, eps, m, L, n, rng):
        p = data if np.ndim(data) == 0 else np.shape(data)[-1]
        return change(getattr(stability_estimators, kind)(scales, data, eps, m, L, n, rng), eps, p, rng)

    return samples


def with_scales(kind, change):
    """An estimator for scales, width and depth that went through change(scales, m, L)."""

    def samples(scales, data, eps, m, L, n, rng):
        scales, m, L = change(scales, m, L)
        return getattr(stability_estimators, kind)(scales, data, eps, m, L, n, rng)

    return samples


def wrong(kind):
    """Versions of an estimator that are wrong whichever it is."""
    return {
        "ε twice": estimator(kind, lambda x, eps, p, rng: eps * x),
        "ε left out": estimator(kind, lambda x, eps, p, rng: x / eps),
        "squares": estimator(kind, lambda x, eps, p, rng: x**2),
        "signed": estimator(kind, lambda x, eps, p, rng: x * np.sign(rng.standard_normal(len(x)))),
        "zeros left out": estimator(kind, lambda x, eps, p, rng: rng.choice(x[x > 0], len(x))),
        "c_p twice": estimator(kind, lambda x, eps, p, rng: x * by_quadrature(p)),
        "a layer too many": with_scales(kind, lambda s, m, L: (s, m, L + 1)),
        "twice the width": with_scales(kind, lambda s, m, L: (s, 2 * m, L)),
        "α left out": with_scales(kind, lambda s, m, L: (s._replace(alpha=1.0), m, L)),
        "batch means for samples": estimator(kind, lambda x, eps, p, rng: np.repeat(x.reshape(-1, 4).mean(1), 4)),
        "each sample twice": estimator(kind, lambda x, eps, p, rng: np.repeat(x[::2], 2)),
        "15 % too large": estimator(kind, lambda x, eps, p, rng: 1.15 * x),
    }


def points_on_the_sphere(scales, data, eps, m, L, n, rng):
    norms = stability_estimators.conditional_samples(scales, np.shape(data)[-1], eps, m, L, n, rng)
    z = rng.standard_normal((n, np.shape(data)[-1]))
    return norms / by_quadrature(z.shape[1]) * np.abs(z[:, 0]) / np.linalg.norm(z, axis=1)


def radius_uniform(scales, data, eps, m, L, n, rng):
    plain = stability_estimators.plain_samples(scales, data, eps, m, L, n, rng)
    u = rng.random(n)
    return plain * u / u ** (1 / np.shape(data)[-1])


def norms_grow_with_the_points(scales, data, eps, m, L, n, rng):
    size = np.linalg.norm(data, axis=1)
    return stability_estimators.rao_blackwell_samples(scales, data, eps, m, L, n, rng) * rng.choice(size, n)


three_estimators_have_the_laws_that_they_should.mutants(
    {
        **wrong("plain_samples"),
        "points on the sphere": points_on_the_sphere,
        "no perturbed point drawn": lambda scales, data, eps, m, L, n, rng: stability_estimators.rao_blackwell_samples(
            scales, data, eps, m, L, n, rng
        ),
        "radius uniform": radius_uniform,
    },
    replaces="plain_samples",
)
three_estimators_have_the_laws_that_they_should.mutants(
    {**wrong("rao_blackwell_samples"), "‖∇h‖ grows with ‖a‖": norms_grow_with_the_points},
    replaces="rao_blackwell_samples",
)
three_estimators_have_the_laws_that_they_should.mutants(wrong("conditional_samples"), replaces="conditional_samples")
