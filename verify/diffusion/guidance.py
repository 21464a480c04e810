"""Guidance by a classifier and without one: slide "Modern tricks to generate appealing images"."""

import autograd
import numpy as np
import scipy

from refimpl.diffusion import guidance
from refimpl.diffusion.tweedie import mixture_score
from verify.calculus.mixtures import log_density, random_mixture
from verify.claims import claim, shipped
from verify.evidence import at_least, equal, rounding

SLIDE = "Modern tricks to generate appealing images"


def noised(mixture, t):
    """The law of a mixture under noise of standard deviation t."""
    weights, means, covariances = mixture
    return weights, means, covariances + t**2 * np.eye(means.shape[1])


def classifier_slope(mixture, y):
    """∇log p_t(y|a) of (a, t), by automatic differentiation of log p_t(a|y) − log p_t(a)."""

    def log_classifier(a, t):
        _, means, covariances = noised(mixture, t)
        return log_density(a, np.ones(1), means[[y]], covariances[[y]]) - log_density(a, *noised(mixture, t))

    return lambda a, t: autograd.elementwise_grad(lambda a: log_classifier(a, t))(a)


@claim("D21", slide=SLIDE, source="Bayes; Dhariwal & Nichol 2021")
def classifier_guidance_is_bayes_rule(
    rng,
    *,
    classifier_guided_score=guidance.classifier_guided_score,
    mixture_classifier_gradient=guidance.mixture_classifier_gradient,
):
    r"""∇log p_t(a|y) = ∇log p_t(a) + ∇log p_t(y|a) at scale 1, on mixtures noised to any t; scale γ weighs the last."""
    mixture, y, scale = random_mixture(rng), int(rng.integers(4)), rng.uniform(2, 4)
    by_autograd = classifier_slope(mixture, y)

    def score(a, t):
        return mixture_score(a, *noised(mixture, t))

    guided, stronger, off = (classifier_guided_score(score, by_autograd, one) for one in (1.0, scale, 0.0))
    for t in (0.0, *rng.uniform(0.1, 3, 3)):
        a = rng.standard_normal((50, 3)) * 3
        weights, means, covariances = noised(mixture, t)
        conditional = (means[y] - a) @ np.linalg.inv(covariances[y])
        error = rounding(1e4, 100)
        gradient = mixture_classifier_gradient(a, y, weights, means, covariances)
        yield equal(f"t = {t:.2g}: ∇log p_t(y|a)", gradient, by_autograd(a, t), atol=error)
        yield equal(f"t = {t:.2g}: scale 1, the score given y", guided(a, t), conditional, atol=error)
        mixed = scale * conditional + (1 - scale) * score(a, t)
        yield equal(f"t = {t:.2g}: scale {scale:.2g}", stronger(a, t), mixed, atol=scale * error)
        yield equal(f"t = {t:.2g}: scale 0, no guidance", off(a, t), score(a, t), atol=error)


def weights_left_out(x, y, weights, means, covariances):
    return guidance.mixture_classifier_gradient(x, y, np.full(len(weights), 1 / len(weights)), means, covariances)


classifier_guidance_is_bayes_rule.mutants(
    {
        "against the classifier": lambda score, grad_log_classifier, scale: (
            lambda a, t: score(a, t) - scale * grad_log_classifier(a, t)
        ),
        "scale left out": lambda score, grad_log_classifier, scale: (
            lambda a, t: score(a, t) + grad_log_classifier(a, t)
        ),
        "scale on the sum": lambda score, grad_log_classifier, scale: (
            lambda a, t: scale * (score(a, t) + grad_log_classifier(a, t))
        ),
        "1 + scale, as without a classifier": lambda score, grad_log_classifier, scale: (
            lambda a, t: score(a, t) + (1 + scale) * grad_log_classifier(a, t)
        ),
        "classifier of clean data at all t": lambda score, grad_log_classifier, scale: (
            lambda a, t: score(a, t) + scale * grad_log_classifier(a, 0.0)
        ),
        "scale 1 % too large": lambda score, grad_log_classifier, scale: (
            lambda a, t: score(a, t) + 1.01 * scale * grad_log_classifier(a, t)
        ),
    },
    replaces="classifier_guided_score",
)
classifier_guidance_is_bayes_rule.mutants(
    {
        "the next class": lambda x, y, weights, means, covariances: guidance.mixture_classifier_gradient(
            x, (y + 1) % len(weights), weights, means, covariances
        ),
        "weights left out": weights_left_out,
    },
    replaces="mixture_classifier_gradient",
)


def end_of(guided, S, noise):
    """Mean and variance at s = 0 of da = −(1 + noise)/2 · score ds + √noise dw, run from N(0, S) at s = S down.

    The score is affine in a; s is the variance of the noise, and the integration is in log(1 + s).
    """

    def slope(u, state):
        s = np.expm1(u)
        shift, at_one = guided(np.array([[0.0], [1.0]]), s)[:, 0]
        mean, variance = state
        bend = at_one - shift
        change = np.array([-(bend * mean + shift), -2 * bend * variance]) * (1 + noise) / 2 - [0, noise]
        return change * np.exp(u)

    span = (np.log1p(S), 0.0)
    return scipy.integrate.solve_ivp(slope, span, [0.0, S], method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]


def scores_of(m, v, V):
    """Exact scores of (a, s): of the condition N(m, v), and of all data N(0, V), under noise of variance s."""
    return lambda a, s: (m - a) / (v + s), lambda a, s: -a / (V + s)


def laws_and_strengths(rng):
    """Numbers m, v, V, w: those of the table, and generic ones; with v < V and w > −1, or v > V and w small."""
    yield rng.uniform([0.5, 1.2, 0.9, 0.3], [2, 1.5, 1.1, 0.8])
    yield 0.0, 1.0, 2.0, 1.0
    for w in (0.0, rng.uniform(0.2, 4), rng.uniform(0.2, 4), -rng.uniform(0, 0.9)):
        yield rng.uniform(0.5, 2), rng.uniform(0.3, 1), rng.uniform(1.2, 3), w


@claim("D22", slide=SLIDE, source="Ho & Salimans 2022; linear SDEs")
def classifier_free_guidance_misses_the_tilted_law(
    rng,
    *,
    classifier_free_score=guidance.classifier_free_score,
    tilted_law=guidance.tilted_law,
    guided_flow_law=guidance.guided_flow_law,
    guided_diffusion_law=guidance.guided_diffusion_law,
):
    r"""By (1 + w)s_c − w s_u: end variances 1/2 (flow), 7/12 (SDE), not 2/3 (tilted), at v, V, w = 1, 2, 1.

    Condition N(m, v), all data N(0, V), noise of variance s added, exact scores; generic m, v, V and w besides.
    """
    table = [law(0.0, 1.0, 2.0, 1.0)[1] for law in (guided_flow_law, guided_diffusion_law, tilted_law)]
    yield equal("end variances by flow, by SDE; tilted", table, [1 / 2, 7 / 12, 2 / 3], atol=rounding(64))
    for m, v, V, w in laws_and_strengths(rng):
        guided = classifier_free_score(*scores_of(m, v, V), w)
        error = 1e-8 * (1 + np.abs(m)) * (1 + V / v) ** abs(w) if v < V else 1e-7
        for kind, law, noise in (("flow", guided_flow_law, 0.0), ("SDE", guided_diffusion_law, 1.0)):
            what = f"v = {v:.3g}, V = {V:.3g}, w = {w:.3g}, {kind}: mean, variance"
            yield equal(what, law(m, v, V, w), end_of(guided, 1e20, noise), atol=error)
        if w > 0 and v < V:
            gaps = [tilted_law(m, v, V, w)[1] - law(m, v, V, w)[1] for law in (guided_diffusion_law, guided_flow_law)]
            yield at_least(f"w = {w:.3g}: variance too small, SDE and flow", gaps, 0.0, resolution=1.0)


@claim("D22", slide=SLIDE, source="Ho & Salimans 2022")
def guided_scores_are_the_tilted_laws_without_noise_alone(
    rng, *, classifier_free_score=guidance.classifier_free_score, tilted_law=guidance.tilted_law
):
    r"""(1 + w)s_c − w s_u is the score of p_c^{1+w} p_u^{−w} at noise 0; with noise s it is too narrow.

    Its variance is too small by s w(1 + w)(V − v)²/(D(D + s)), D = (1 + w)V − wv.
    """
    a = rng.standard_normal((20, 1)) * 2
    for m, v, V, w in laws_and_strengths(rng):
        guided, tilted = classifier_free_score(*scores_of(m, v, V), w), tilted_law(m, v, V, w)
        if v < V:
            expected = (tilted[0] - a) / tilted[1]
            yield equal(f"w = {w:.3g}: s = 0, the tilted law's", guided(a, 0.0), expected, atol=rounding(1e3, 100))
        if v < V and w > 0:
            D, unit = (1 + w) * V - w * v, np.array([[0.0], [1.0]])
            s = np.append(10 ** rng.uniform(-3, 3, 5), 1.0)
            narrow = [-1 / np.diff(np.ravel(guided(unit, one))).item() for one in s]
            missing = s * w * (1 + w) * (V - v) ** 2 / (D * (D + s))
            size = rounding(1e3, (v + V + s) * (1 + w) ** 2 * V / v)
            yield equal(f"w = {w:.3g}: variance missing at noise s", tilted[1] + s - narrow, missing, atol=size)


def precisions_added(m, v, V, w):
    precision = (1 + w) / v + w / V
    return guidance.Gaussian((1 + w) * m / v / precision, 1 / precision)


def variance_too_large(m, v, V, w):
    law = guidance.guided_diffusion_law(m, v, V, w)
    return law._replace(variance=1.01 * law.variance)


classifier_free_guidance_misses_the_tilted_law.mutants(
    {
        "towards the unconditional score": shipped(
            lambda score_cond, score_uncond, w: lambda a, t: (1 - w) * score_cond(a, t) + w * score_uncond(a, t),
            project="labmlai",
            version="in the text",
            thread="#177",
        ),
        "the scores exchanged": lambda score_cond, score_uncond, w: (
            lambda a, t: (1 + w) * score_uncond(a, t) - w * score_cond(a, t)
        ),
        "the other convention, 1 for no guidance": lambda score_cond, score_uncond, w: (
            lambda a, t: w * score_cond(a, t) + (1 - w) * score_uncond(a, t)
        ),
        "nothing subtracted": lambda score_cond, score_uncond, w: lambda a, t: (1 + w) * score_cond(a, t),
        "adds the unconditional score": lambda score_cond, score_uncond, w: (
            lambda a, t: (1 + w) * score_cond(a, t) + w * score_uncond(a, t)
        ),
        "w 1 % too large": lambda score_cond, score_uncond, w: guidance.classifier_free_score(
            score_cond, score_uncond, 1.01 * w
        ),
    },
    replaces="classifier_free_score",
)
classifier_free_guidance_misses_the_tilted_law.mutants(
    {
        "the tilted law": lambda m, v, V, w: guidance.tilted_law(m, v, V, w),
        "the SDE's law": lambda m, v, V, w: guidance.guided_diffusion_law(m, v, V, w),
        "V for v outside": lambda m, v, V, w: guidance.guided_flow_law(m, v, V, w)._replace(variance=V * (v / V) ** w),
    },
    replaces="guided_flow_law",
)
classifier_free_guidance_misses_the_tilted_law.mutants(
    {
        "its mean": lambda m, v, V, w: guidance.guided_diffusion_law(m, v, V, w)._replace(
            mean=guidance.guided_flow_law(m, v, V, w).mean
        ),
        "the tilted law": lambda m, v, V, w: guidance.tilted_law(m, v, V, w),
        "variance 1 % too large": variance_too_large,
    },
    replaces="guided_diffusion_law",
)
classifier_free_guidance_misses_the_tilted_law.mutants({"precisions added": precisions_added}, replaces="tilted_law")
guided_scores_are_the_tilted_laws_without_noise_alone.mutants(
    {
        "mean of the condition": lambda m, v, V, w: guidance.tilted_law(m, v, V, w)._replace(mean=m),
        "precisions added": precisions_added,
    },
    replaces="tilted_law",
)
guided_scores_are_the_tilted_laws_without_noise_alone.mutants(
    {
        "w 1 % too large": lambda score_cond, score_uncond, w: guidance.classifier_free_score(
            score_cond, score_uncond, 1.01 * w
        )
    },
    replaces="classifier_free_score",
)
