"""How the error of score matching falls with samples: slide "Theoretical guarantees for score-matching"."""

import numpy as np
import scipy

from refimpl.diffusion import sample_complexity, score_matching
from verify.claims import claim
from verify.diffusion.score_matching import gaussian_points
from verify.evidence import at_most, equal, rate, rounding
from verify.sampling.metrics import random_law

SLIDE = "Theoretical guarantees for score-matching"


@claim("D20", slide=SLIDE, source="Hyvärinen 2005")
def score_matching_of_gaussians_is_maximum_likelihood(
    rng,
    *,
    gaussian_score_matching=sample_complexity.gaussian_score_matching,
    gaussian_score_error=sample_complexity.gaussian_score_error,
    implicit_loss=score_matching.implicit_loss,
):
    r"""Among h(x) = −B(x − m) the implicit loss on samples is least at their mean and covariance, like −likelihood."""
    for p in (1, 3):
        m, C = random_law(rng, p)
        a = m + rng.standard_normal((40, p)) @ np.linalg.cholesky(C).T
        mean, covariance = gaussian_score_matching(a)
        size = rounding(1e4, 10)
        yield equal(f"p = {p}: mean", mean, a.sum(0) / 40, atol=size)
        yield equal(f"p = {p}: covariance", np.atleast_2d(covariance), np.atleast_2d(np.cov(a.T, bias=True)), atol=size)
        B, E, e = np.linalg.inv(covariance), rng.standard_normal((p, p)), rng.standard_normal(p)

        def loss(t, mean=mean, B=B, E=E, e=e, a=a):
            return implicit_loss(lambda x: (mean - x) @ (B + t * E).T + t * e, a)

        excess = 0.25 * (np.trace(E @ np.atleast_2d(covariance) @ E.T) + e @ e) / 2
        more = np.array([loss(0.5) - loss(0.0), loss(-0.5) - loss(0.0)])
        yield equal(f"p = {p}: loss away from it", more, [excess, excess], atol=rounding(1e5, np.trace(B) + excess))
        points = gaussian_points(m, np.linalg.cholesky(C))
        gap = (mean - points) @ B - (m - points) @ np.linalg.inv(C)
        error = gaussian_score_error(m, C, mean, covariance)
        yield equal(f"p = {p}: error of the score", error, (gap**2).sum(-1).mean(), rtol=1e-9)


def divided_by_one_fewer(a):
    mean, C = sample_complexity.gaussian_score_matching(a)
    return sample_complexity.GaussianModel(mean, C * len(a) / (len(a) - 1))


score_matching_of_gaussians_is_maximum_likelihood.mutants(
    {
        "divided by n − 1": divided_by_one_fewer,
        "about 0": lambda a: sample_complexity.GaussianModel(a.mean(0), a.T @ a / len(a)),
    },
    replaces="gaussian_score_matching",
)
score_matching_of_gaussians_is_maximum_likelihood.mutants(
    {
        "no ½, as on the left of (5)": lambda score, a: (
            score_matching.implicit_loss(score, a) + (score(a) ** 2).sum(-1).mean() / 2
        )
    },
    replaces="implicit_loss",
)
score_matching_of_gaussians_is_maximum_likelihood.mutants(
    {
        "means left out": lambda m0, C0, m1, C1: sample_complexity.gaussian_score_error(m0, C0, m0, C1),
        "laws exchanged": lambda m0, C0, m1, C1: sample_complexity.gaussian_score_error(m1, C1, m0, C0),
        "½ in front": lambda m0, C0, m1, C1: sample_complexity.gaussian_score_error(m0, C0, m1, C1) / 2,
    },
    replaces="gaussian_score_error",
)


def wishart_error(p, n):
    """E tr (nW⁻¹ − I)² + (1/n)E tr (nW⁻¹)² over p, for p = 1, 2: by Bartlett's W = LLᵀ and quadrature over each χ²."""

    def moments(freedom):
        law, reach = scipy.stats.chi2(freedom), 12 * np.sqrt(2 * freedom)
        limits = max(freedom - reach, 0), freedom + reach + 60
        return [scipy.integrate.quad(lambda x, k=k: law.pdf(x) * x**-k, *limits, epsrel=1e-12)[0] for k in (1, 2)]

    u, uu = moments(n - 1)
    first, second = u, uu
    if p == 2:  # L⁻¹ = [[1/c, 0], [−z/(cd), 1/d]], u = 1/c², v = 1/d²
        v, vv = moments(n - 2)
        first = (u + u * v + v) / 2
        second = (uu * (1 + 2 * v + 3 * vv) + 2 * u * vv + vv) / 2
    return n**2 * second * (1 + 1 / n) - 2 * n * first + 1


@claim("D20", slide=SLIDE, source="moments of the inverse Wishart law")
def gaussian_scores_are_learnt_at_rate_one_over_n(rng, *, expected_score_error=sample_complexity.expected_score_error):
    r"""E‖∇log p̂ − ∇log p‖² = (p + 2)/n · tr C⁻¹ + O(1/n²), exact at every n: below the bound's 1/√n, which is loose."""
    for p in (1, 2):
        _, C = random_law(rng, p)
        size = np.trace(np.linalg.inv(C))
        for n in (12, 40, 300):
            expected = size * wishart_error(p, n)
            yield equal(
                f"p = {p}, n = {n}", expected_score_error(C, n), expected, atol=rounding(1e6, size) + 1e-8 * size
            )
    p = int(rng.integers(3, 8))
    _, C = random_law(rng, p)
    size, n = np.trace(np.linalg.inv(C)), 1000 * 4 ** np.arange(8)
    error = np.array([expected_score_error(C, int(one)) for one in n])
    yield rate(f"p = {p}: error against n", n, error, -1.0)
    leading = np.full(8, (p + 2) * size)
    later = (p + 2) * size * 4 * (p + 3) / n
    yield equal(f"p = {p}: n times the error", error * n, leading, atol=later + rounding(1e3, size) * n)
    bound = (p + 2) * size * (1 + 4 * (p + 3) / n[0]) / np.sqrt(n[0])
    yield at_most(f"p = {p}: √n times the error, n ≥ 1000", np.sqrt(n) * error, bound, tight=0.1)


def mean_known(C, n):
    p = len(C)
    second = n * n * (n - 2) / ((n - p - 1) * (n - p - 2) * (n - p - 4))
    return np.trace(np.linalg.inv(C)) * (second - 2 * n / (n - p - 2) + 1)


gaussian_scores_are_learnt_at_rate_one_over_n.mutants({
    "its leading term": lambda C, n: (len(C) + 2) / n * np.trace(np.linalg.inv(C)),
    "1/√n": lambda C, n: (len(C) + 2) / np.sqrt(n) * np.trace(np.linalg.inv(C)),
    "the mean known": mean_known,
    "tr C for tr C⁻¹": lambda C, n: sample_complexity.expected_score_error(np.linalg.inv(C), n),
    "1 % too small": lambda C, n: 0.99 * sample_complexity.expected_score_error(C, n),
})


@claim("D20", slide=SLIDE, source="Zhu, Locatello & Cevher 2023; Vincent 2011")
def the_kernels_score_cannot_be_learnt_and_the_marginals_can(
    rng,
    *,
    least_kernel_error=sample_complexity.least_kernel_error,
    denoising_loss=score_matching.denoising_loss,
    expected_score_error=sample_complexity.expected_score_error,
):
    r"""Printed: the error against ∇log p_{0→t}(a_t|a_0) is O(1/√n); but no n brings it below p log(…)/(T − t₀) > 0.

    Against ∇log p_t(a_t) it does fall, on Gaussians like 1/n. As t₀ → 0 the integral diverges like −p log t₀.
    """
    p, v, T = 3, rng.uniform(0.5, 2), rng.uniform(1, 3)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    a, z = np.split(gaussian_points(np.zeros(2 * p), np.diag([np.sqrt(v)] * p + [1.0] * p)), 2, axis=1)
    for t0 in (0.5, 0.1, 0.01):
        log_t = (np.log(T / t0) * nodes + np.log(T * t0)) / 2
        for name, slope, floor in (("least", 1.0, 0.0), ("1 % off", 1.01, 1e-5)):
            errors = [
                2 * denoising_loss(lambda x, t=t, c=slope: -c * x / (v + t), a, z, np.sqrt(t)) * t
                for t in np.exp(log_t)
            ]
            average = weights @ np.array(errors) * np.log(T / t0) / 2 / (T - t0)
            least = least_kernel_error(v, p, t0, T)
            if floor:
                yield at_most(f"t₀ = {t0}: least, against the score {name}", least, average, tight=0.1)
            else:
                yield equal(f"t₀ = {t0}: error of the true score, as printed", average, least, rtol=1e-10)
    n = 10**6
    learnt = np.array([expected_score_error((v + t) * np.eye(p), n) for t in (0.01, 0.1, 0.5)])
    yield at_most("error of the learnt score of p_t, n = 10⁶", learnt, 1e-4 * least, resolution=1e-2)
    t0 = np.array([1e-6, 1e-9, 1e-12])
    integrals = np.array([least_kernel_error(v, p, t, T) * (T - t) for t in t0])
    yield equal("growth of the integral per −log t₀", np.diff(integrals) / -np.diff(np.log(t0)), [3.0, 3.0], rtol=1e-5)


the_kernels_score_cannot_be_learnt_and_the_marginals_can.mutants(
    {
        "that of p = 1": lambda v, p, t0, T: sample_complexity.least_kernel_error(v, 1, t0, T),
        "not averaged over time": lambda v, p, t0, T: (T - t0) * sample_complexity.least_kernel_error(v, p, t0, T),
        "the kernel's whole energy": lambda v, p, t0, T: p / (T - t0) * np.log(T / t0),
        "1 % too large": lambda v, p, t0, T: 1.01 * sample_complexity.least_kernel_error(v, p, t0, T),
    },
    replaces="least_kernel_error",
)
the_kernels_score_cannot_be_learnt_and_the_marginals_can.mutants(
    {
        "the noise with the wrong sign": lambda score, a, z, sigma: (
            ((score(a + sigma * z) - z / sigma) ** 2).sum(-1).mean() / 2
        )
    },
    replaces="denoising_loss",
)
the_kernels_score_cannot_be_learnt_and_the_marginals_can.mutants(
    {"1/√n": lambda C, n: (len(C) + 2) / np.sqrt(n) * np.trace(np.linalg.inv(C))}, replaces="expected_score_error"
)
