"""Targets and their scores: slide "The sampling problem"."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl.sampling import targets
from verify.calculus.mixtures import log_density as mixture_log_density
from verify.calculus.mixtures import random_mixture
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.sampling.metrics import random_law

SLIDE = "The sampling problem"
SOURCE = "definition of the score"


def potential_and_gradient(name, target, log_pi, a, error):
    """f up to a constant against −log π, and ∇f against its automatic derivative, at points (n, p)."""
    f, expected = numpy.asarray(target.f(a)), -log_pi(a)
    yield equal(f"{name}: f(a) − f(b)", f[1:] - f[:-1], expected[1:] - expected[:-1], atol=error)
    by_autograd = -autograd.elementwise_grad(log_pi)(a)
    scale = error * (1 + numpy.abs(by_autograd))
    yield equal(f"{name}: ∇f = −∇log π", target.grad_f(a), by_autograd, atol=scale)
    yield equal(f"{name}: ∇f of a point", target.grad_f(a[0]), by_autograd[0], atol=scale[0])
    yield equal(f"{name}: f of a point", target.f(a[0]), f[0], atol=error)
    stacked = a.reshape(2, -1, a.shape[1])
    yield equal(f"{name}: ∇f of a batch", target.grad_f(stacked), by_autograd.reshape(stacked.shape), atol=scale.max())


@claim("S01", slide=SLIDE, source=SOURCE)
def gradients_of_gaussians_and_mixtures_are_scores(
    rng, *, gaussian=targets.gaussian, gaussian_mixture=targets.gaussian_mixture
):
    r"""−∇f = ∇log π and f = −log π + constant, for N(m, C) and Σ_k w_k N(μ_k, Σ_k) in three dimensions."""
    weights, means, covariances = random_mixture(rng)
    a = 3 * rng.standard_normal((40, 3))
    error = rounding(1e4, 1 + (a**2).sum(-1).max())

    def log_gaussian(a):
        return mixture_log_density(a, [1.0], means[:1], covariances[:1])

    def log_mixture(a):
        return mixture_log_density(a, weights, means, covariances)

    yield from potential_and_gradient("Gaussian", gaussian(means[0], covariances[0]), log_gaussian, a, error)
    mixture = gaussian_mixture(weights, means, covariances)
    yield from potential_and_gradient("mixture", mixture, log_mixture, a, error)


def gradient_is_the_score(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(grad_f=lambda a: -target.grad_f(a))


def potential_without_half(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(f=lambda a: 2 * target.f(a))


def gradient_of_the_density(weights, means, covariances):
    target = targets.gaussian_mixture(weights, means, covariances)
    return target._replace(grad_f=lambda a: numpy.exp(-target.f(a))[..., None] * target.grad_f(a))


gradients_of_gaussians_and_mixtures_are_scores.mutants(
    {
        "gradient is the score: no minus sign": gradient_is_the_score,
        "C for C⁻¹": lambda mean, covariance: targets.gaussian(mean, numpy.linalg.inv(covariance)),
        "no ½ in the potential": potential_without_half,
        "covariance 1 % too large": lambda mean, covariance: targets.gaussian(mean, 1.01 * covariance),
        "mean left out": lambda mean, covariance: targets.gaussian(0 * mean, covariance),
    },
    replaces="gaussian",
)
gradients_of_gaussians_and_mixtures_are_scores.mutants(
    {
        "weights left out": lambda weights, means, covariances: targets.gaussian_mixture(
            numpy.full(len(weights), 1 / len(weights)), means, covariances
        ),
        "one covariance for all": lambda weights, means, covariances: targets.gaussian_mixture(
            weights, means, numpy.array([covariances[0]] * len(weights))
        ),
        "gradient of π for that of log π": gradient_of_the_density,
    },
    replaces="gaussian_mixture",
)


@claim("S01", slide=SLIDE, source="log-domain sums of scipy's normal densities")
def mixtures_keep_their_digits_where_densities_underflow(rng, *, gaussian_mixture=targets.gaussian_mixture):
    r"""f and ∇f of Σ_k w_k N(μ_k, Σ_k) 30 to 10⁴ widths away, where π is 0; a component of weight 0 is not there."""
    _, means, covariances = random_mixture(rng)
    weights = numpy.insert(numpy.full(len(means) - 1, 1 / (len(means) - 1)), 1, 0.0)
    a = rng.standard_normal((40, 3)) * 10 ** rng.uniform(1.5, 4, (40, 1))
    a[:5] = means[1] + 0.01 * a[:5] / numpy.linalg.norm(a[:5], axis=1, keepdims=True)
    target, kept = gaussian_mixture(weights, means, covariances), [k for k in range(len(means)) if k != 1]
    log_joint = [scipy.stats.multivariate_normal(means[k], covariances[k]).logpdf(a) + np.log(weights[k]) for k in kept]
    share = scipy.special.softmax(log_joint, axis=0)
    pulls = [numpy.linalg.solve(covariances[k], (a - means[k]).T) for k in kept]
    f, grad_f = -scipy.special.logsumexp(log_joint, axis=0), sum(r * g for r, g in zip(share, pulls, strict=True)).T
    yield equal("f", target.f(a), f, atol=rounding(1e4, 1 + np.abs(f)))
    size = 1 + np.abs(f)[:, None] + (a**2).sum(-1, keepdims=True)
    yield equal("∇f", target.grad_f(a), grad_f, atol=rounding(1e4, size * (1 + np.abs(grad_f))))


def densities_then_their_logarithm(weights, means, covariances):
    def f(a):
        densities = [scipy.stats.multivariate_normal(m, C).pdf(a) for m, C in zip(means, covariances, strict=True)]
        return -np.log(sum(w * p for w, p in zip(weights, densities, strict=True)))

    return targets.gaussian_mixture(weights, means, covariances)._replace(f=f)


def gradient_over_a_floored_density(weights, means, covariances):
    target = targets.gaussian_mixture(weights, means, covariances)

    def grad_f(a):
        pi = np.exp(-target.f(a))[..., None]
        return target.grad_f(a) * pi / (pi + 1e-300)

    return target._replace(grad_f=grad_f)


def floored_weights(weights, means, covariances):
    weights = np.maximum(weights, 1e-6)
    return targets.gaussian_mixture(weights / weights.sum(), means, covariances)


def nearest_component_alone(weights, means, covariances):
    nearest = numpy.argmax(weights)
    return targets.gaussian(means[nearest], covariances[nearest])


mixtures_keep_their_digits_where_densities_underflow.mutants({
    "densities, then their logarithm": densities_then_their_logarithm,
    "gradient over π + 10⁻³⁰⁰": gradient_over_a_floored_density,
    "weights at least 10⁻⁶": floored_weights,
    "the nearest component alone": nearest_component_alone,
})


@claim("S01", slide=SLIDE, source=SOURCE)
def gradients_of_double_wells_are_scores(rng, *, double_well=targets.double_well):
    r"""f = hΣ(a_i² − 1)² in one and three dimensions; h = 1 and p = 1 where nothing is said."""
    h = rng.uniform(0.5, 3)
    for p, barrier, well in [(3, h, double_well(3, h)), (1, 1.0, double_well())]:
        a = rng.uniform(-2, 2, (40, p))

        def log_well(a, barrier=barrier):
            return -barrier * np.sum(a**4 - 2 * a**2, axis=-1)

        yield from potential_and_gradient(f"double well, p = {p}", well, log_well, a, rounding(1e4, 1e2))
        yield equal(f"f at the minima, p = {p}", well.f(np.sign(a)), 0.0)


def half_gradient(p=1, barrier=1.0):
    target = targets.double_well(p, barrier)
    return target._replace(grad_f=lambda a: target.grad_f(a) / 2)


def lowered_minima(p=1, barrier=1.0):
    target = targets.double_well(p, barrier)
    return target._replace(f=lambda a: target.f(a) - barrier)


gradients_of_double_wells_are_scores.mutants({
    "half the gradient": half_gradient,
    "barrier 1 % too high": lambda p=1, barrier=1.0: targets.double_well(p, 1.01 * barrier),
    "barrier 2 where nothing is said": lambda p=1, barrier=2.0: targets.double_well(p, barrier),
    "minima at −h": lowered_minima,
})


@claim("S01", slide=SLIDE, source="normalised densities")
def log_densities_and_scores_are_those_of_the_law(
    rng,
    *,
    log_density=targets.log_density,
    score=targets.score,
    gaussian=targets.gaussian,
    gaussian_mixture=targets.gaussian_mixture,
    double_well=targets.double_well,
):
    r"""log π = −f − log ∫e^{−f} against scipy's densities and by quadrature; score = −∇f."""
    weights, means, covariances = random_mixture(rng)
    a = 3 * rng.standard_normal((40, 3))
    densities = [scipy.stats.multivariate_normal(m, C).pdf(a) for m, C in zip(means, covariances, strict=True)]
    error = rounding(1e4, 1e3)
    law = gaussian(means[0], covariances[0])
    yield equal("Gaussian: log π", log_density(law)(a), np.log(densities[0]), atol=error)
    mixture = gaussian_mixture(weights, means, covariances)
    yield equal("mixture: log π", log_density(mixture)(a), np.log(weights @ densities), atol=error)
    for p in (1, 2, 6):
        m, C = random_law(rng, p)
        C = C / 10**p
        b = m + 10 ** (-p / 2) * rng.standard_normal((40, p))
        expected = scipy.stats.multivariate_normal(m, C).logpdf(b)
        yield equal(f"Gaussian: log π, p = {p}", log_density(gaussian(m, C))(b), expected, atol=error)
    barrier, x = rng.uniform(0.1, 20), numpy.linspace(-5, 5, 4001)
    pi = np.exp(numpy.asarray(log_density(double_well(1, barrier))(x[:, None])))
    yield equal("double well: ∫π", scipy.integrate.trapezoid(pi, x), 1.0, atol=rounding(1e4))
    three = log_density(double_well(3, barrier))(np.zeros((1, 3)))
    yield equal("double well: log π in 3 dimensions", three, 3 * np.log(pi[2000:2001]), atol=rounding(1e4, barrier))
    yield equal("score of a Gaussian", score(law)(a), (means[0] - a) @ np.linalg.inv(covariances[0]), atol=error)


def normaliser_of_one_well(p, barrier):
    one = targets.double_well(1, barrier).log_normalizer
    return targets.double_well(p, barrier)._replace(log_normalizer=one)


def normaliser_of_two_dimensions(mean, covariance):
    p, target = len(mean), targets.gaussian(mean, covariance)
    return target._replace(log_normalizer=target.log_normalizer + (2 - p) * np.log(2 * np.pi) / 2 * (p == 1))


def floored_normaliser(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(log_normalizer=max(target.log_normalizer, 0.0))


def determinant_for_its_root(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(log_normalizer=target.log_normalizer + np.linalg.slogdet(covariance)[1] / 2)


log_densities_and_scores_are_those_of_the_law.mutants(
    {
        "normaliser left out": lambda target: lambda a: -target.f(a),
        "normaliser added": lambda target: lambda a: -target.f(a) + target.log_normalizer,
    },
    replaces="log_density",
)
log_densities_and_scores_are_those_of_the_law.mutants(
    {"score of the wrong sign": lambda target: target.grad_f}, replaces="score"
)
log_densities_and_scores_are_those_of_the_law.mutants(
    {"variances 1 % too large": lambda weights, means, C: targets.gaussian_mixture(weights, means, 1.01 * C)},
    replaces="gaussian_mixture",
)
log_densities_and_scores_are_those_of_the_law.mutants(
    {"one well's normaliser for all": normaliser_of_one_well}, replaces="double_well"
)
log_densities_and_scores_are_those_of_the_law.mutants(
    {
        "normaliser of two dimensions": normaliser_of_two_dimensions,
        "normaliser at least 1": floored_normaliser,
        "determinant, not its root": determinant_for_its_root,
    },
    replaces="gaussian",
)
