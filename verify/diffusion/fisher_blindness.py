"""Two distant modes, and who sees their weights: slide "Weaknesses of score matching"."""

import autograd
import autograd.numpy
import numpy as np
import scipy

from refimpl import mixtures
from refimpl.diffusion import fisher_blindness, mode_weight, score_matching
from refimpl.sampling import metrics
from verify.claims import claim
from verify.evidence import at_least, equal, mean, rate, rounding

SLIDE = "Weaknesses of score matching"
SOURCE = "Wenliang & Kanagawa 2020"


def two_modes(a, w):
    """Weights, means and covariances of w N(a, 1) + (1 − w) N(−a, 1)."""
    return [w, 1 - w], [[a], [-a]], [[[1.0]], [[1.0]]]


def two_weights(rng):
    """Weights that are not close to each other, in any order."""
    return rng.permutation([rng.uniform(0.1, 0.4), rng.uniform(0.6, 0.9)])


def on_line(function, *mixture):
    """A function of a mixture, on numbers."""
    return lambda x: function(x[:, None], *mixture).reshape(len(x))


@claim("D06", slide=SLIDE, source=SOURCE)
def distances_of_two_modes_are_those_of_the_mixtures(
    rng,
    *,
    mode_density=fisher_blindness.mode_density,
    mode_score=fisher_blindness.mode_score,
    mode_fisher_divergence=fisher_blindness.mode_fisher_divergence,
    mode_kl=fisher_blindness.mode_kl,
    mode_total_variation=fisher_blindness.mode_total_variation,
):
    r"""Density, score, Fisher divergence, KL and TV against the general mixture's, by quadrature on the line."""
    x = np.linspace(-25, 25, 20001)
    for a in rng.uniform(0.2, 6, 4):
        w, v = two_weights(rng)
        pi, mu = two_modes(a, w), two_modes(a, v)
        log_p, log_q = (on_line(mixtures.mixture_log_density, *law) for law in (pi, mu))
        s_p, s_q = (on_line(mixtures.mixture_score, *law) for law in (pi, mu))

        def p(x, log_p=log_p):
            return np.exp(log_p(x))

        def q(x, log_q=log_q):
            return np.exp(log_q(x))

        yield equal("density", mode_density(x, a, w), p(x), atol=rounding(64))
        yield equal("score", mode_score(x, a, w), s_p(x), atol=rounding(64, a * (1 + a) * 25))
        fisher = metrics.fisher_divergence(s_p, s_q, p, x)
        yield equal("Fisher divergence", mode_fisher_divergence(a, w, v), fisher, rtol=1e-9)
        yield equal("KL", mode_kl(a, w, v), metrics.kl_divergence(p, q, x), atol=rounding(1e4))
        tv = metrics.total_variation(p, q, x)
        kink = (x[1] - x[0]) ** 2  # of |π − μ|, at 0
        yield equal("TV", mode_total_variation(a, w, v), tv, atol=kink)


@distances_of_two_modes_are_those_of_the_mixtures.mutant("½ in front", replaces="mode_fisher_divergence")
def _(a, w, v):
    return fisher_blindness.mode_fisher_divergence(a, w, v) / 2


@distances_of_two_modes_are_those_of_the_mixtures.mutant("the laws exchanged", replaces="mode_fisher_divergence")
def _(a, w, v):
    return fisher_blindness.mode_fisher_divergence(a, v, w)


@distances_of_two_modes_are_those_of_the_mixtures.mutant("no a² in front", replaces="mode_fisher_divergence")
def _(a, w, v):
    return fisher_blindness.mode_fisher_divergence(a, w, v) / a**2


@distances_of_two_modes_are_those_of_the_mixtures.mutant("the laws exchanged", replaces="mode_kl")
def _(a, w, v):
    return fisher_blindness.mode_kl(a, v, w)


@distances_of_two_modes_are_those_of_the_mixtures.mutant("its limit", replaces="mode_kl")
def _(a, w, v):
    return float(scipy.special.rel_entr([w, 1 - w], [v, 1 - v]).sum())


@distances_of_two_modes_are_those_of_the_mixtures.mutant("its limit", replaces="mode_total_variation")
def _(a, w, v):
    return abs(w - v)


@distances_of_two_modes_are_those_of_the_mixtures.mutant("log w/(1 − w), not half of it", replaces="mode_score")
def _(x, a, w):
    return a * np.tanh(a * x + np.log(w / (1 - w))) - x


@distances_of_two_modes_are_those_of_the_mixtures.mutant("score of equal weights", replaces="mode_score")
def _(x, a, w):
    return a * np.tanh(a * x) - x


@distances_of_two_modes_are_those_of_the_mixtures.mutant("weights exchanged", replaces="mode_density")
def _(x, a, w):
    return fisher_blindness.mode_density(x, a, 1 - w)


@claim(
    "D06", slide=SLIDE, source="Laplace's method at the point halfway; the rate is derived in `mode_fisher_asymptote`"
)
def fisher_divergence_forgets_the_weights_and_kl_does_not(
    rng,
    *,
    mode_fisher_divergence=fisher_blindness.mode_fisher_divergence,
    mode_fisher_asymptote=fisher_blindness.mode_fisher_asymptote,
    mode_kl=fisher_blindness.mode_kl,
    mode_total_variation=fisher_blindness.mode_total_variation,
):
    r"""J(π‖μ) ~ C(w, v) a e^{−a²/2}: exponentially small in the distance squared; KL → .5108 and TV → .4 remain.

    The weights are (.5, .5) against (.9, .1), and generic ones.
    """
    at_3 = [mode_fisher_divergence(3.0, 0.5, 0.9), mode_kl(3.0, 0.5, 0.9), mode_total_variation(3.0, 0.5, 0.9)]
    at_5 = [mode_fisher_divergence(5.0, 0.5, 0.9), mode_kl(5.0, 0.5, 0.9), mode_total_variation(5.0, 0.5, 0.9)]
    yield equal("J, KL, TV at a = 3", at_3, [2.63e-2, 0.508, 0.399], atol=np.array([5e-5, 5e-4, 5e-4]))
    yield equal("J, KL, TV at a = 5", at_5, [1.52e-5, 0.5108, 0.4], atol=np.array([5e-8, 5e-5, 5e-5]))
    distance = np.geomspace(10, 35, 8)
    for w, v in ((0.5, 0.9), two_weights(rng)):
        J = np.array([mode_fisher_divergence(a, w, v) for a in distance])
        simple = np.array([mode_fisher_asymptote(a, w, v) for a in distance])
        limit, error = richardson(distance, J / simple)
        yield equal(f"J over its asymptote as a → ∞, w = {w:.3g}, v = {v:.3g}", limit, 1.0, atol=error)
        yield rate("1 − that ratio, against a", distance, np.abs(1 - J / simple), -2.0)
        slope = np.diff(np.log(J / distance)) / np.diff(distance**2)
        yield equal("log(J/a) per a²", slope, -0.5, atol=2 / distance[0] ** 4)
        coins = scipy.special.rel_entr([w, 1 - w], [v, 1 - v]).sum()
        yield equal("KL at a = 10: that of two coins", mode_kl(10.0, w, v), coins, atol=rounding(1e4))
        yield equal("TV at a = 10: |w − v|", mode_total_variation(10.0, w, v), abs(w - v), atol=rounding(64))


def richardson(a, ratio):
    """Limit of c₀ + c₁a⁻² + c₂a⁻⁴ + … from eight values, and the change that one term fewer makes."""
    values = [np.polynomial.polynomial.polyfit(1 / a**2, ratio, degree)[0] for degree in (3, 4)]
    return values[1], abs(values[1] - values[0]) + rounding(1e4)


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("e^{−a²}", replaces="mode_fisher_asymptote")
def _(a, w, v):
    return fisher_blindness.mode_fisher_asymptote(a, w, v) * np.exp(-(a**2) / 2)


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant(
    "no a before the exponential", replaces="mode_fisher_asymptote"
)
def _(a, w, v):
    return fisher_blindness.mode_fisher_asymptote(a, w, v) / a


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("(w − v)² alone", replaces="mode_fisher_asymptote")
def _(a, w, v):
    return np.sqrt(np.pi / 2) * a * np.exp(-(a**2) / 2) * (w - v) ** 2


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("weights exchanged", replaces="mode_fisher_asymptote")
def _(a, w, v):
    return fisher_blindness.mode_fisher_asymptote(a, v, w)


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("1 % too large", replaces="mode_fisher_asymptote")
def _(a, w, v):
    return 1.01 * fisher_blindness.mode_fisher_asymptote(a, w, v)


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("½ in front", replaces="mode_fisher_divergence")
def _(a, w, v):
    return fisher_blindness.mode_fisher_divergence(a, w, v) / 2


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("in bits", replaces="mode_kl")
def _(a, w, v):
    return fisher_blindness.mode_kl(a, w, v) / np.log(2)


@fisher_divergence_forgets_the_weights_and_kl_does_not.mutant("∫|π − μ|", replaces="mode_total_variation")
def _(a, w, v):
    return 2 * fisher_blindness.mode_total_variation(a, w, v)


def pointwise_loss(w, x, a):
    """½s² + s′ of the score s of two modes, written for automatic differentiation in w."""
    t = autograd.numpy.tanh(a * x + autograd.numpy.log(w / (1 - w)) / 2)
    return (a * t - x) ** 2 / 2 + a**2 * (1 - t**2) - 1


@claim("D06", slide=SLIDE, source="Koehler, Heckett & Risteski 2022; sandwich formula of estimating equations")
def maximum_likelihood_sees_the_weight_and_score_matching_hardly(
    rng,
    *,
    weight_by_likelihood=mode_weight.weight_by_likelihood,
    weight_by_score_matching=mode_weight.weight_by_score_matching,
    likelihood_variance=mode_weight.likelihood_variance,
    score_matching_variance=mode_weight.score_matching_variance,
):
    r"""n Var → w(1 − w) by likelihood, but √(2/π) a e^{a²/2} (w(1 − w))^{3/2} by score matching."""
    a, w = rng.uniform(1, 1.5), rng.uniform(0.3, 0.7)
    x = rng.standard_normal(1000) + a * np.where(rng.random(1000) < w, 1, -1)
    near = np.array([0, -1e-3, 1e-3, -1e-5, 1e-5])
    likely = weight_by_likelihood(x, a) + near
    L = [mixtures.mixture_log_density(x[:, None], *two_modes(a, one)).mean() for one in likely]
    yield at_least("log-likelihood at its fit", L[0] - np.array(L[1:]), 0.0, slack=rounding(64, 5), resolution=1e-8)
    matched = weight_by_score_matching(x, a) + near

    def implicit(one):
        return score_matching.implicit_loss(lambda x: fisher_blindness.mode_score(x, a, one), x[:, None])

    loss = np.array([implicit(one) for one in matched])
    yield at_least("implicit loss around its fit", loss[1:] - loss[0], 0.0, slack=rounding(64, 5), resolution=1e-8)
    nodes = np.linspace(-12, 12, 4001)
    density = fisher_blindness.mode_density(nodes, a, w) * (nodes[1] - nodes[0])
    slope = autograd.elementwise_grad(pointwise_loss)
    psi, bend = (g(np.full_like(nodes, w), nodes, a) for g in (slope, autograd.elementwise_grad(slope)))
    sandwich = (density @ psi**2) / (density @ bend) ** 2
    yield equal("n Var of the match", score_matching_variance(a, w), sandwich, rtol=1e-10)
    log_slope = (np.exp(-((nodes - a) ** 2) / 2) - np.exp(-((nodes + a) ** 2) / 2)) / np.sqrt(2 * np.pi)
    information = (density * (log_slope / fisher_blindness.mode_density(nodes, a, w)) ** 2).sum()
    yield equal("n Var of the likelihood's", likelihood_variance(a, w), 1 / information, rtol=1e-10)
    yield equal("the same at a = 10: w(1 − w)", likelihood_variance(10.0, w), w * (1 - w), rtol=rounding(1e4))
    distance = np.geomspace(10, 25, 8)
    simple = np.sqrt(2 / np.pi) * distance * np.exp(distance**2 / 2) * (w * (1 - w)) ** 1.5
    limit, error = richardson(distance, np.array([score_matching_variance(one, w) for one in distance]) / simple)
    yield equal("n Var of the match over its asymptote as a → ∞", limit, 1.0, atol=error)
    n, runs = 1500, 300
    x = rng.standard_normal((runs, n)) + 2 * np.where(rng.random((runs, n)) < w, 1, -1)
    kinds = ((weight_by_likelihood, likelihood_variance), (weight_by_score_matching, score_matching_variance))
    for name, (fit, variance) in zip(("likelihood", "score matching"), kinds, strict=True):
        error = np.array([fit(one, 2.0) - w for one in x])
        inside = np.abs(error) < np.sqrt(variance(2.0, w) / n)
        yield mean(f"{name}: fits within one standard deviation", inside, scipy.special.erf(0.5**0.5), delta=0.35)


def mutant(text, replaces):
    """A wrong version of one of the functions of the claim above."""
    return maximum_likelihood_sees_the_weight_and_score_matching_hardly.mutant(text, replaces=replaces)


@mutant("share of samples above 0", "weight_by_likelihood")
def _(x, a):
    return (x > 0).mean()


@mutant("0.1 % off", "weight_by_likelihood")
def _(x, a):
    return 1.001 * mode_weight.weight_by_likelihood(x, a)


@mutant("the other mode's weight", "weight_by_score_matching")
def _(x, a):
    return 1 - mode_weight.weight_by_score_matching(x, a)


@mutant("likelihood in its place", "weight_by_score_matching")
def _(x, a):
    return mode_weight.weight_by_likelihood(x, a)


@mutant("w(1 − w)", "likelihood_variance")
def _(a, w):
    return w * (1 - w)


@mutant("information for its inverse", "likelihood_variance")
def _(a, w):
    return 1 / mode_weight.likelihood_variance(a, w)


@mutant("inverse curvature of the loss, no sandwich", "score_matching_variance")
def _(a, w):
    x = np.linspace(-a - 10, a + 10, 20001)
    bell = np.cosh(np.minimum(np.abs(a * x + np.arctanh(2 * w - 1)), 300)) ** -2
    density = fisher_blindness.mode_density(x, a, w) * (x[1] - x[0])
    return 1 / ((a / (2 * w * (1 - w))) ** 2 * (density @ bell**2))


@mutant("1 % too large", "score_matching_variance")
def _(a, w):
    return 1.01 * mode_weight.score_matching_variance(a, w)
