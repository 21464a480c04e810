"""The exact laws of a cascade of two resolutions: slide "Modern tricks to generate appealing images"."""

import numpy as np
import scipy

from refimpl.diffusion import cascade_laws as laws
from refimpl.sampling.metrics import gaussian_kl
from verify.calculus.mixtures import log_density, random_mixture
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.sampling.metrics import random_law

SLIDE = "Modern tricks to generate appealing images"
SOURCE = "Ho et al. 2022, Section 3"


def normal(x, m, C):
    """log N(x; m, C), of rows."""
    return scipy.stats.multivariate_normal(m, C).logpdf(x)


@claim("D23", slide=SLIDE, source="Bayes' rule")
def the_second_stage_is_bayes_rule(rng, *, conditional_mixture=laws.conditional_mixture):
    r"""On mixtures log p(x|y) = log p(x) + log N(y; Ax, s²I) − log p(y) at random points; A x = y where s = 0."""
    mixture = weights, means, covariances = random_mixture(rng, k=4, p=3)
    A, x = rng.standard_normal((2, 3)), rng.standard_normal((30, 3))
    for s in (0.3, 1.0, 5.0):
        y = A @ means[0] + rng.standard_normal(2)
        seen = weights, means @ A.T, A @ covariances @ A.T + s**2 * np.eye(2)
        expected = log_density(x, *mixture) + normal(y - x @ A.T, np.zeros(2), s**2 * np.eye(2))
        expected = expected - log_density(y[None], *seen)
        law = conditional_mixture(y, A, s, *mixture)
        yield equal(f"s = {s}: log p(x|y)", log_density(x, *law), expected, atol=rounding(1e6, 1 + np.abs(expected)))
    y = A @ means[0] + rng.standard_normal(2)
    sharp, nearly = (conditional_mixture(y, A, s, *mixture) for s in (0.0, 1e-5))
    size = rounding(1e4, np.abs(means).max() + np.abs(y).max() + np.linalg.cond(A) ** 2)
    yield equal("s = 0: A × means", sharp[1] @ A.T, np.tile(y, (4, 1)), atol=size)
    yield equal("s = 0: A × covariances", A @ sharp[2], np.zeros((4, 2, 3)), atol=size)
    change = 1e-10 * 1e3 * np.linalg.norm(np.linalg.inv(A @ covariances @ A.T), axis=(1, 2)).max() ** 2
    far = 1 + np.abs(y - means @ A.T).max() ** 2
    for name, measured, expected in zip(("weights", "means", "covariances"), sharp, nearly, strict=True):
        yield equal(f"s = 0: {name} as for s → 0", measured, expected, atol=size + change * far)


def covariances_of_one_component(y, A, s, weights, means, covariances):
    law = laws.conditional_mixture(y, A, s, weights, means, covariances)
    return law._replace(covariances=law.covariances[:1] + 0 * law.covariances)


def gain_too_large(y, A, s, weights, means, covariances):
    law = laws.conditional_mixture(y, A, s, weights, means, covariances)
    return law._replace(means=means + 1.01 * (law.means - means))


def determinants_left_out(y, A, s, weights, means, covariances):
    S = A @ covariances @ A.T + s**2 * np.eye(len(A))
    law = laws.conditional_mixture(y, A, s, weights, means, covariances)
    w = law.weights * np.sqrt(np.linalg.det(S))
    return law._replace(weights=w / w.sum())


the_second_stage_is_bayes_rule.mutants({
    "weights as before": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, s, weights, means, covariances
    )._replace(weights=weights),
    "s for s²": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, np.sqrt(s), weights, means, covariances
    ),
    "no noise in y": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, 0.0, weights, means, covariances
    ),
    "covariances as before": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, s, weights, means, covariances
    )._replace(covariances=covariances),
    "covariances of one component": covariances_of_one_component,
    "the gain K 1 % too large": gain_too_large,
    "weights by distance, without the determinants": determinants_left_out,
})


def by_precisions(m, C, A, s, stage_mean, stage_covariance):
    """Marginal of x when y ~ N(m₁, C₁ + s²I) and p(x|y) ∝ N(x; m, C) N(y; Ax, s²I): the joint law's precision."""
    q, p = A.shape
    P, back = np.linalg.inv(C), A.T / s**2
    Lambda = P + back @ A
    gain = np.linalg.solve(Lambda, back)
    prior = np.linalg.inv(stage_covariance + s**2 * np.eye(q))
    joint = np.block([[Lambda, -back], [-back.T, prior + back.T @ gain]])
    centre = np.linalg.solve(Lambda, P @ m) + gain @ stage_mean
    return centre, np.linalg.inv(joint)[:p, :p]


@claim("D23", slide=SLIDE, source="laws of total expectation and covariance; chain rule of KL")
def composites_of_gaussian_stages_are_gaussian(rng, *, cascade_law=laws.cascade_law):
    r"""N(m + K(m₁ − Am), C − KAC + K(C₁ + s²I)Kᵀ): the data's law if the first stage is right; at s = 0 Ax has its law.

    At s = 0 the first stage's error passes through whole: KL(composite‖data) = KL(first stage‖right one). Noise s > 0
    lessens it to at most the KL of the two under that noise, and to 0 as s → ∞.
    """
    m, C = random_law(rng, 4)
    A = rng.standard_normal((2, 4))
    wrong = random_law(rng, 2)
    right = A @ m, A @ C @ A.T
    size = rounding(1e5, np.linalg.cond(right[1]) * (10 + np.abs(C).max()) * np.linalg.norm(A))
    for s in (0.4, 1.5):
        law, expected = cascade_law(m, C, A, s, *wrong), by_precisions(m, C, A, s, *wrong)
        yield equal(f"s = {s}: mean", law[0], expected[0], atol=100 * size)
        yield equal(f"s = {s}: covariance", law[1], expected[1], atol=100 * size)
    for s in (0.0, 0.4, 1.5):
        law = cascade_law(m, C, A, s, *right)
        yield equal(f"s = {s}: the right first stage, mean", law[0], m, atol=size)
        yield equal(f"s = {s}: the right first stage, covariance", law[1], C, atol=size)
    mean, covariance = cascade_law(m, C, A, 0.0, *wrong)
    yield equal("s = 0: A shows the first stage's mean", A @ mean, wrong[0], atol=size)
    yield equal("s = 0: A shows the first stage's covariance", A @ covariance @ A.T, wrong[1], atol=size)
    passed = [gaussian_kl(*cascade_law(m, C, A, s, *wrong), m, C) for s in (0.0, 0.01, 0.3, 1.0, 1e4)]
    blurred = [
        gaussian_kl(wrong[0], wrong[1] + s**2 * np.eye(2), right[0], right[1] + s**2 * np.eye(2))
        for s in (0.0, 0.01, 0.3, 1.0, 1e4)
    ]
    yield equal("KL(composite‖data) at s = 0", passed[0], blurred[0], rtol=1e4 * size)
    yield at_most("KL(composite‖data), s > 0", passed[1:], blurred[1:], slack=1e4 * size, resolution=1e-3 + blurred[-1])
    yield equal("KL(composite‖data) at s = 10⁴", passed[-1], 0.0, atol=1e-6 * (1 + blurred[0]))


def fresh_noise_left_out(m, C, A, s, stage_mean, stage_covariance):
    mean, covariance = laws.cascade_law(m, C, A, s, stage_mean, stage_covariance)
    K = C @ A.T @ np.linalg.inv(A @ C @ A.T + s**2 * np.eye(len(A)))
    return mean, covariance - s**2 * K @ K.T


def mean_about_0(m, C, A, s, stage_mean, stage_covariance):
    mean, covariance = laws.cascade_law(m, C, A, s, stage_mean, stage_covariance)
    return mean - m, covariance


composites_of_gaussian_stages_are_gaussian.mutants({
    "fresh noise between the stages left out": fresh_noise_left_out,
    "covariance of the second stage alone": lambda m, C, A, s, stage_mean, stage_covariance: (
        laws.cascade_law(m, C, A, s, stage_mean, stage_covariance)[0],
        C,
    ),
    "the first stage taken for right": lambda m, C, A, s, stage_mean, stage_covariance: (m, C),
    "conditional covariance alone": lambda m, C, A, s, stage_mean, stage_covariance: laws.cascade_law(
        m, C, A, s, stage_mean, 0 * stage_covariance
    ),
    "s for s²": lambda m, C, A, s, stage_mean, stage_covariance: laws.cascade_law(
        m, C, A, np.sqrt(s), stage_mean, stage_covariance
    ),
    "C₁ 1 % too large": lambda m, C, A, s, stage_mean, stage_covariance: laws.cascade_law(
        m, C, A, s, stage_mean, 1.01 * stage_covariance
    ),
    "mean about 0": mean_about_0,
})


@claim("D23", slide=SLIDE, source="p(x)∫N(y; Ax, s²I) p̂(y)/p(y) dy")
def composites_of_mixture_stages_have_known_densities(rng, *, conditional_mixture=laws.conditional_mixture):
    r"""∫p̂_s(y)p(x|y)dy by quadrature over y: p(x) where p̂_s is right, else p(x)∫N(y; Ax, s²) p̂_s(y)/p_s(y) dy."""
    mixture = weights, means, covariances = random_mixture(rng, k=3, p=2)
    A, s = rng.standard_normal((1, 2)), rng.uniform(0.3, 0.8)
    x = np.concatenate([rng.multivariate_normal(m, C, 4) for m, C in zip(means, covariances, strict=True)])
    seen = weights, means @ A.T, A @ covariances @ A.T + s**2 * np.eye(1)
    wrong = weights[::-1], seen[1] + 0.3, 0.8 * seen[2]
    centre, reach = seen[1].mean(), np.ptp(seen[1]) + 12 * np.sqrt(seen[2].max())
    y, h = np.linspace(centre - reach, centre + reach, 500, retstep=True)
    given = np.array([np.exp(log_density(x, *conditional_mixture(one, A, s, *mixture))) for one in y[:, None]])
    data = np.exp(log_density(x, *mixture))
    first = {name: np.exp(log_density(y[:, None], *law)) for name, law in {"right": seen, "wrong": wrong}.items()}
    yield equal("first stage right: the data's density", h * first["right"] @ given, data, rtol=1e-9)
    ratio = np.exp(log_density(y[:, None], *wrong) - log_density(y[:, None], *seen))
    likelihood = scipy.stats.norm.pdf(y, x @ A.T, s)
    yield equal("first stage wrong", h * first["wrong"] @ given, data * (likelihood @ ratio) * h, rtol=1e-9)


composites_of_mixture_stages_have_known_densities.mutants({
    "weights as before": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, s, weights, means, covariances
    )._replace(weights=weights),
    "y 1 % too large": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        1.01 * y, A, s, weights, means, covariances
    ),
    "s 2 % too small": lambda y, A, s, weights, means, covariances: laws.conditional_mixture(
        y, A, 0.98 * s, weights, means, covariances
    ),
})
