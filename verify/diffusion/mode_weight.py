"""Who can fit the weight of a distant mode: slide "Weaknesses of score matching", remarks."""

import autograd
import autograd.numpy
import numpy as np
import scipy

from refimpl.calculus import mixtures
from refimpl.diffusion import fisher_blindness, mode_weight, score_matching
from verify.claims import claim
from verify.diffusion.fisher_blindness import SLIDE, richardson, two_modes
from verify.evidence import at_least, equal, mean, rounding


def pointwise_loss(w, x, a):
    """½s² + s′ of the score s of two modes, written for automatic differentiation in w."""
    t = autograd.numpy.tanh(a * x + autograd.numpy.log(w / (1 - w)) / 2)
    return (a * t - x) ** 2 / 2 + a**2 * (1 - t**2) - 1


def around(weight):
    """A weight, and weights near it on both sides."""
    return weight + np.array([0, -1e-3, 1e-3, -1e-5, 1e-5])


@claim("D06", slide=SLIDE, source="definition of both fits")
def fitted_weights_are_the_best_by_their_losses(
    rng,
    *,
    weight_by_likelihood=mode_weight.weight_by_likelihood,
    weight_by_score_matching=mode_weight.weight_by_score_matching,
):
    r"""The log-likelihood is largest at the weight fitted by it, of a rare mode too, and the implicit loss least."""
    a, w = rng.uniform(1, 1.5), rng.uniform(0.3, 0.7)
    x = rng.standard_normal(1000) + a * np.where(rng.random(1000) < w, 1, -1)

    def log_likelihoods(x, a):
        weights = around(weight_by_likelihood(x, a))
        return np.array([mixtures.mixture_log_density(x[:, None], *two_modes(a, one)).mean() for one in weights])

    L = log_likelihoods(x, a)
    yield at_least("log-likelihood at its fit", L[0] - L[1:], 0.0, slack=rounding(64, 5), resolution=1e-8)
    rare = rng.standard_normal(1000) + 4 * np.where(np.arange(1000) < 985, 1, -1)
    L = log_likelihoods(rare, 4.0)
    yield at_least("log-likelihood of a rare mode", L[0] - L[1:], 0.0, slack=rounding(64, 5), resolution=1e-7)
    loss = np.array([
        score_matching.implicit_loss(lambda x, one=one: fisher_blindness.mode_score(x, a, one), x[:, None])
        for one in around(weight_by_score_matching(x, a))
    ])
    yield at_least("implicit loss around its fit", loss[1:] - loss[0], 0.0, slack=rounding(64, 5), resolution=1e-8)


@claim("D06", slide=SLIDE, source="Koehler, Heckett & Risteski 2022; sandwich formula of estimating equations")
def maximum_likelihood_sees_the_weight_and_score_matching_hardly(
    rng,
    *,
    likelihood_variance=mode_weight.likelihood_variance,
    score_matching_variance=mode_weight.score_matching_variance,
):
    r"""n Var → w(1 − w) by likelihood, but √(2/π) a e^{a²/2} (w(1 − w))^{3/2} by score matching."""
    a, w = rng.uniform(1, 1.5), rng.uniform(0.3, 0.7)
    nodes = np.linspace(-12, 12, 4001)
    density = fisher_blindness.mode_density(nodes, a, w) * (nodes[1] - nodes[0])
    slope = autograd.elementwise_grad(pointwise_loss)
    psi, bend = (g(np.full_like(nodes, w), nodes, a) for g in (slope, autograd.elementwise_grad(slope)))
    sandwich = (density @ psi**2) / (density @ bend) ** 2
    yield equal("n Var of the match", score_matching_variance(a, w), sandwich, rtol=1e-10)
    log_slope = (np.exp(-((nodes - a) ** 2) / 2) - np.exp(-((nodes + a) ** 2) / 2)) / np.sqrt(2 * np.pi)
    information = (density * (log_slope / fisher_blindness.mode_density(nodes, a, w)) ** 2).sum()
    yield equal("n Var of the likelihood's", likelihood_variance(a, w), 1 / information, rtol=1e-10)
    far = [likelihood_variance(one, w) for one in (10.0, 1e4)]
    yield equal("the same at a = 10 and 10⁴: w(1 − w)", far, w * (1 - w), rtol=rounding(1e4))
    distance = np.geomspace(10, 36, 8)
    simple = np.sqrt(2 / np.pi) * distance * np.exp(distance**2 / 2) * (w * (1 - w)) ** 1.5
    limit, error = richardson(distance, np.array([score_matching_variance(one, w) for one in distance]) / simple)
    yield equal("n Var of the match over its asymptote as a → ∞", limit, 1.0, atol=error)


@claim("D06", slide=SLIDE, source="central limit theorem for estimating equations")
def fitted_weights_scatter_by_their_variances(
    rng,
    *,
    weight_by_likelihood=mode_weight.weight_by_likelihood,
    weight_by_score_matching=mode_weight.weight_by_score_matching,
    likelihood_variance=mode_weight.likelihood_variance,
    score_matching_variance=mode_weight.score_matching_variance,
):
    r"""Of 300 fits to 1500 samples, 68 % lie within one standard deviation of the true weight, by either loss."""
    w, n, runs = rng.uniform(0.3, 0.7), 1500, 300
    x = rng.standard_normal((runs, n)) + 2 * np.where(rng.random((runs, n)) < w, 1, -1)
    kinds = {
        "likelihood": (weight_by_likelihood, likelihood_variance),
        "score matching": (weight_by_score_matching, score_matching_variance),
    }
    for name, (fit, variance) in kinds.items():
        error = np.array([fit(one, 2.0) - w for one in x])
        inside = np.abs(error) < np.sqrt(variance(2.0, w) / n)
        yield mean(f"{name}: fits within one standard deviation", inside, scipy.special.erf(0.5**0.5), delta=0.35)


def inverse_curvature_alone(a, w):
    x = np.linspace(-a - 10, a + 10, 20001)
    bell = np.cosh(np.minimum(np.abs(a * x + np.arctanh(2 * w - 1)), 300)) ** -2
    density = fisher_blindness.mode_density(x, a, w) * (x[1] - x[0])
    return 1 / ((a / (2 * w * (1 - w))) ** 2 * (density @ bell**2))


fitted_weights_are_the_best_by_their_losses.mutants(
    {
        "share of samples above 0": lambda x, a: (x > 0).mean(),
        "0.1 % off": lambda x, a: 1.001 * mode_weight.weight_by_likelihood(x, a),
    },
    replaces="weight_by_likelihood",
)
fitted_weights_are_the_best_by_their_losses.mutants(
    {
        "the other mode's weight": lambda x, a: 1 - mode_weight.weight_by_score_matching(x, a),
        "likelihood in its place": lambda x, a: mode_weight.weight_by_likelihood(x, a),
    },
    replaces="weight_by_score_matching",
)
maximum_likelihood_sees_the_weight_and_score_matching_hardly.mutants(
    {
        "w(1 − w)": lambda a, w: w * (1 - w),
        "information for its inverse": lambda a, w: 1 / mode_weight.likelihood_variance(a, w),
    },
    replaces="likelihood_variance",
)
maximum_likelihood_sees_the_weight_and_score_matching_hardly.mutants(
    {
        "inverse curvature of the loss, no sandwich": inverse_curvature_alone,
        "1 % too large": lambda a, w: 1.01 * mode_weight.score_matching_variance(a, w),
    },
    replaces="score_matching_variance",
)
fitted_weights_scatter_by_their_variances.mutants(
    {"a tenth of the samples": lambda x, a: mode_weight.weight_by_likelihood(x[::10], a)},
    replaces="weight_by_likelihood",
)
fitted_weights_scatter_by_their_variances.mutants(
    {"a tenth of the samples": lambda x, a: mode_weight.weight_by_score_matching(x[::10], a)},
    replaces="weight_by_score_matching",
)
fitted_weights_scatter_by_their_variances.mutants(
    {"information for its inverse": lambda a, w: 1 / mode_weight.likelihood_variance(a, w)},
    replaces="likelihood_variance",
)
fitted_weights_scatter_by_their_variances.mutants(
    {"likelihood's in its place": lambda a, w: mode_weight.likelihood_variance(a, w)},
    replaces="score_matching_variance",
)
