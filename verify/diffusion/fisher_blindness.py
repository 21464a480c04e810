"""Two distant modes, and who sees their weights: slide "Weaknesses of score matching"."""

import numpy as np
import scipy

from refimpl.calculus import mixtures
from refimpl.diffusion import fisher_blindness, tweedie
from refimpl.sampling import metrics
from verify.claims import claim
from verify.evidence import equal, rate, rounding

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


LINE = np.linspace(-25, 25, 20001)


def law_of(a, w):
    """Density and score of two modes, by the formulas for general mixtures."""
    log_p = on_line(mixtures.mixture_log_density, *two_modes(a, w))
    return lambda x: np.exp(log_p(x)), on_line(tweedie.mixture_score, *two_modes(a, w))


@claim("D06", slide=SLIDE, source=SOURCE)
def densities_and_scores_of_two_modes_are_those_of_the_mixtures(
    rng, *, mode_density=fisher_blindness.mode_density, mode_score=fisher_blindness.mode_score
):
    r"""w N(a, 1) + (1 − w) N(−a, 1) has the density and the score that the general mixture's formulas give it."""
    for a in rng.uniform(0.2, 6, 4):
        w, _ = two_weights(rng)
        p, s = law_of(a, w)
        yield equal("density", mode_density(LINE, a, w), p(LINE), atol=rounding(64))
        yield equal("score", mode_score(LINE, a, w), s(LINE), atol=rounding(64, a * (1 + a) * 25))


@claim("D06", slide=SLIDE, source=SOURCE)
def distances_of_two_modes_are_those_of_the_mixtures(
    rng,
    *,
    mode_fisher_divergence=fisher_blindness.mode_fisher_divergence,
    mode_kl=fisher_blindness.mode_kl,
    mode_total_variation=fisher_blindness.mode_total_variation,
):
    r"""Fisher divergence, KL and TV against those of general mixtures, by quadrature; also of a mode almost gone."""
    kink = (LINE[1] - LINE[0]) ** 2  # the error of the rule for |π − μ|, at 0
    for a in rng.uniform(0.2, 6, 4):
        w, v = two_weights(rng)
        (p, s_p), (q, s_q) = law_of(a, w), law_of(a, v)
        fisher = metrics.fisher_divergence(s_p, s_q, p, LINE)
        yield equal("Fisher divergence", mode_fisher_divergence(a, w, v), fisher, rtol=1e-9)
        yield equal("KL", mode_kl(a, w, v), metrics.kl_divergence(p, q, LINE), atol=rounding(1e4))
        tv, own = mode_total_variation(a, w, v), scipy.stats.norm.cdf(a) - scipy.stats.norm.cdf(-a)
        yield equal("TV", tv, metrics.total_variation(p, q, LINE), atol=kink)
        yield equal("TV: what of |w − v| lies on its own side", tv, abs(w - v) * own, rtol=1e-12)
    a, v = rng.uniform(6, 12), 10.0 ** rng.uniform(-80, -60)
    (p, s_p), (_, s_q) = law_of(a, 0.5), law_of(a, v)
    fisher = metrics.fisher_divergence(s_p, s_q, p, LINE)
    yield equal("Fisher divergence, a mode almost gone", mode_fisher_divergence(a, 0.5, v), fisher, rtol=1e-9)


distances_of_two_modes_are_those_of_the_mixtures.mutants(
    {
        "½ in front": lambda a, w, v: fisher_blindness.mode_fisher_divergence(a, w, v) / 2,
        "the laws exchanged": lambda a, w, v: fisher_blindness.mode_fisher_divergence(a, v, w),
        "μ's weight near 0 taken for 10⁻⁸": lambda a, w, v: fisher_blindness.mode_fisher_divergence(a, w, max(v, 1e-8)),
        "no a² in front": lambda a, w, v: fisher_blindness.mode_fisher_divergence(a, w, v) / a**2,
    },
    replaces="mode_fisher_divergence",
)
distances_of_two_modes_are_those_of_the_mixtures.mutants(
    {
        "the laws exchanged": lambda a, w, v: fisher_blindness.mode_kl(a, v, w),
        "its limit": lambda a, w, v: float(scipy.special.rel_entr([w, 1 - w], [v, 1 - v]).sum()),
    },
    replaces="mode_kl",
)
distances_of_two_modes_are_those_of_the_mixtures.mutants(
    {"its limit": lambda a, w, v: abs(w - v)}, replaces="mode_total_variation"
)
densities_and_scores_of_two_modes_are_those_of_the_mixtures.mutants(
    {
        "log w/(1 − w), not half of it": lambda x, a, w: a * np.tanh(a * x + np.log(w / (1 - w))) - x,
        "score of equal weights": lambda x, a, w: a * np.tanh(a * x) - x,
    },
    replaces="mode_score",
)
densities_and_scores_of_two_modes_are_those_of_the_mixtures.mutants(
    {"weights exchanged": lambda x, a, w: fisher_blindness.mode_density(x, a, 1 - w)}, replaces="mode_density"
)


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


fisher_divergence_forgets_the_weights_and_kl_does_not.mutants(
    {
        "e^{−a²}": lambda a, w, v: fisher_blindness.mode_fisher_asymptote(a, w, v) * np.exp(-(a**2) / 2),
        "no a before the exponential": lambda a, w, v: fisher_blindness.mode_fisher_asymptote(a, w, v) / a,
        "(w − v)² alone": lambda a, w, v: np.sqrt(np.pi / 2) * a * np.exp(-(a**2) / 2) * (w - v) ** 2,
        "weights exchanged": lambda a, w, v: fisher_blindness.mode_fisher_asymptote(a, v, w),
        "1 % too large": lambda a, w, v: 1.01 * fisher_blindness.mode_fisher_asymptote(a, w, v),
    },
    replaces="mode_fisher_asymptote",
)
fisher_divergence_forgets_the_weights_and_kl_does_not.mutants(
    {"½ in front": lambda a, w, v: fisher_blindness.mode_fisher_divergence(a, w, v) / 2},
    replaces="mode_fisher_divergence",
)
fisher_divergence_forgets_the_weights_and_kl_does_not.mutants(
    {"in bits": lambda a, w, v: fisher_blindness.mode_kl(a, w, v) / np.log(2)}, replaces="mode_kl"
)
fisher_divergence_forgets_the_weights_and_kl_does_not.mutants(
    {"∫|π − μ|": lambda a, w, v: 2 * fisher_blindness.mode_total_variation(a, w, v)}, replaces="mode_total_variation"
)
