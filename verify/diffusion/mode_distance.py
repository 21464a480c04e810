"""How many samples score matching needs, and maximum likelihood: slide "Weaknesses of score matching", remarks."""

import autograd
import autograd.numpy
import numpy as np

from refimpl.diffusion import mode_distance, mode_weight
from verify.claims import claim
from verify.diffusion.fisher_blindness import SLIDE, richardson
from verify.evidence import at_least, equal

SOURCE = "Koehler, Heckett & Risteski 2022; sandwich formula of estimating equations"


def pointwise(a, x, w):
    """log π, and ½s² + s′ of its score, at points x for modes at ±a, for automatic differentiation in a."""
    y = a * x + np.log(w / (1 - w)) / 2
    log_p = autograd.numpy.logaddexp(y, -y) - (x**2 + a**2) / 2
    s = a * autograd.numpy.tanh(y) - x
    return log_p, s**2 / 2 + a**2 * (1 - autograd.numpy.tanh(y) ** 2) - 1


def quadrature(a, w):
    """Nodes, and weights that sum to 1, for means under the two modes."""
    x = np.linspace(-a - 12, a + 12, 20001)
    density = w * np.exp(-((x - a) ** 2) / 2) + (1 - w) * np.exp(-((x + a) ** 2) / 2)
    return x, density / density.sum()


@claim("D26", slide=SLIDE, source=SOURCE)
def the_distance_of_modes_is_matched_as_well_as_it_is_fitted(
    rng,
    *,
    distance_likelihood_variance=mode_distance.distance_likelihood_variance,
    distance_score_matching_variance=mode_distance.distance_score_matching_variance,
):
    r"""n Var of â by both losses, by automatic differentiation; the match is never better, and → 1 like the other."""
    pairs = [(rng.uniform(0.3, 3), rng.uniform(0.02, 0.98)) for _ in range(6)] + [(0.1, 0.5), (0.2, 0.01), (8.0, 0.3)]
    fitted, matched = [], []
    for a, w in pairs:
        x, density = quadrature(a, w)
        at = np.full_like(x, a)
        slope = autograd.elementwise_grad(lambda a, x=x, w=w: pointwise(a, x, w)[0])(at)
        fitted.append(1 / (density @ slope**2))
        loss = autograd.elementwise_grad(lambda a, x=x, w=w: pointwise(a, x, w)[1])
        psi, bend = loss(at), autograd.elementwise_grad(loss)(at)
        matched.append((density @ psi**2) / (density @ bend) ** 2)
    found = [
        np.array([f(a, w) for a, w in pairs]) for f in (distance_likelihood_variance, distance_score_matching_variance)
    ]
    yield equal("n Var of the likelihood's", found[0], fitted, rtol=1e-8)
    yield equal("n Var of the match", found[1], matched, rtol=1e-8)
    yield at_least("n Var of the match, over the likelihood's", found[1] / found[0], 1.0, slack=1e-9, tight=1e-6)
    far = [
        f(a, 0.3) for f in (distance_likelihood_variance, distance_score_matching_variance) for a in (12.0, 100.0, 1e4)
    ]
    yield equal("distant modes: 1", far, 1.0, rtol=1e-9)


@claim("D26", slide=SLIDE, source=SOURCE)
def weights_of_modes_need_exponentially_many_samples(
    rng,
    *,
    likelihood_variance=mode_weight.likelihood_variance,
    score_matching_variance=mode_weight.score_matching_variance,
):
    r"""For the weight the ratio is √(2/π) a e^{a²/2} √(w(1 − w)) as a → ∞, and never below 1; rare modes too."""
    distance = np.geomspace(10, 36, 8)
    for w in (rng.uniform(0.3, 0.7), 0.02, 0.5, 0.99):
        ratio = np.array([score_matching_variance(a, w) / likelihood_variance(a, w) for a in distance])
        simple = np.sqrt(2 / np.pi * w * (1 - w)) * distance
        limit, error = richardson(distance, ratio / simple * np.exp(-(distance**2) / 2))
        yield equal(f"w = {w:.2f}: ratio over its asymptote", limit, 1.0, atol=error)
    near = [(a, w) for a in (0.02, 0.1, 0.5, 1.0, 2.0) for w in (0.05, 0.5, rng.uniform(0.1, 0.9))]
    ratios = [score_matching_variance(*one) / likelihood_variance(*one) for one in near]
    yield at_least("ratio for near modes", ratios, 1.0, slack=1e-9, tight=0.01)


the_distance_of_modes_is_matched_as_well_as_it_is_fitted.mutants(
    {
        "1: the modes known apart": lambda a, w: 1.0,
        "of equal weights": lambda a, w: mode_distance.distance_likelihood_variance(a, 0.5),
        "1 % too large": lambda a, w: 1.01 * mode_distance.distance_likelihood_variance(a, w),
    },
    replaces="distance_likelihood_variance",
)
the_distance_of_modes_is_matched_as_well_as_it_is_fitted.mutants(
    {
        "the likelihood's": mode_distance.distance_likelihood_variance,
        "1 % too small": lambda a, w: 0.99 * mode_distance.distance_score_matching_variance(a, w),
        "as bad as for the weight": mode_weight.score_matching_variance,
    },
    replaces="distance_score_matching_variance",
)
weights_of_modes_need_exponentially_many_samples.mutants(
    {
        "1/4": lambda a, w: 0.25,
        "information for its inverse": lambda a, w: 1 / mode_weight.likelihood_variance(a, w),
        "1 % too large": lambda a, w: 1.01 * mode_weight.likelihood_variance(a, w),
    },
    replaces="likelihood_variance",
)
weights_of_modes_need_exponentially_many_samples.mutants(
    {
        "the likelihood's": mode_weight.likelihood_variance,
        "1 % too large": lambda a, w: 1.01 * mode_weight.score_matching_variance(a, w),
    },
    replaces="score_matching_variance",
)
