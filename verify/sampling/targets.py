"""Targets and their scores: slide "The sampling problem"."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl.sampling import targets
from verify.claims import claim
from verify.diffusion.mixtures import log_density as mixture_log_density
from verify.diffusion.mixtures import random_mixture
from verify.evidence import equal, rounding

SLIDE = "The sampling problem"
SOURCE = "definition of the score"


def potential_and_gradient(name, target, log_pi, a, error):
    """f up to a constant against −log π, and ∇f against its automatic derivative, at points (n, p)."""
    f, expected = numpy.asarray(target.f(a)), -log_pi(a)
    yield equal(f"{name}: f(a) − f(b)", f[1:] - f[:-1], expected[1:] - expected[:-1], atol=error)
    by_autograd = -autograd.elementwise_grad(log_pi)(a)
    scale = error * (1 + numpy.abs(by_autograd))
    yield equal(f"{name}: ∇f = −∇log π", target.grad_f(a), by_autograd, atol=scale)
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


@gradients_of_gaussians_and_mixtures_are_scores.mutant("gradient is the score: no minus sign", replaces="gaussian")
def _(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(grad_f=lambda a: -target.grad_f(a))


@gradients_of_gaussians_and_mixtures_are_scores.mutant("C for C⁻¹", replaces="gaussian")
def _(mean, covariance):
    return targets.gaussian(mean, numpy.linalg.inv(covariance))


@gradients_of_gaussians_and_mixtures_are_scores.mutant("no ½ in the potential", replaces="gaussian")
def _(mean, covariance):
    target = targets.gaussian(mean, covariance)
    return target._replace(f=lambda a: 2 * target.f(a))


@gradients_of_gaussians_and_mixtures_are_scores.mutant("covariance 1 % too large", replaces="gaussian")
def _(mean, covariance):
    return targets.gaussian(mean, 1.01 * covariance)


@gradients_of_gaussians_and_mixtures_are_scores.mutant("mean left out", replaces="gaussian")
def _(mean, covariance):
    return targets.gaussian(0 * mean, covariance)


@gradients_of_gaussians_and_mixtures_are_scores.mutant("weights left out", replaces="gaussian_mixture")
def _(weights, means, covariances):
    return targets.gaussian_mixture(numpy.full(len(weights), 1 / len(weights)), means, covariances)


@gradients_of_gaussians_and_mixtures_are_scores.mutant("one covariance for all", replaces="gaussian_mixture")
def _(weights, means, covariances):
    return targets.gaussian_mixture(weights, means, numpy.array([covariances[0]] * len(weights)))


@gradients_of_gaussians_and_mixtures_are_scores.mutant("gradient of π for that of log π", replaces="gaussian_mixture")
def _(weights, means, covariances):
    target = targets.gaussian_mixture(weights, means, covariances)
    return target._replace(grad_f=lambda a: numpy.exp(-target.f(a))[..., None] * target.grad_f(a))


@claim("S01", slide=SLIDE, source=SOURCE)
def gradients_of_wells_posteriors_and_simplex_laws_are_scores(
    rng,
    *,
    double_well=targets.double_well,
    logistic_regression=targets.logistic_regression,
    dirichlet=targets.dirichlet,
):
    r"""−∇f = ∇log π and f = −log π + constant: double wells, logistic regression, the Dirichlet law."""
    a, barrier, precision = rng.uniform(-2, 2, (40, 3)), rng.uniform(0.5, 3), rng.uniform(0.5, 3)
    features, labels = rng.standard_normal((60, 3)), rng.choice([-1.0, 1.0], 60)

    def log_well(a):
        return -barrier * np.sum(a**4 - 2 * a**2, axis=-1)

    def log_posterior(a):
        odds = np.exp(labels[:, None] * np.dot(features, a.T))
        return np.sum(np.log(odds / (1 + odds)), axis=0) - precision * np.sum(a**2, axis=-1) / 2

    error = rounding(1e4, 1e3)
    yield from potential_and_gradient("double well", double_well(3, barrier), log_well, a, error)
    posterior = logistic_regression(features, labels, precision)
    yield from potential_and_gradient("logistic regression", posterior, log_posterior, a, error)
    alpha, inside = rng.uniform(0.3, 4, 4), rng.dirichlet(numpy.full(4, 5.0), 40)[:, :3]

    def log_dirichlet(a):
        last = 1 - np.sum(a, axis=1)
        return np.sum((alpha[:3] - 1) * np.log(a), axis=1) + (alpha[3] - 1) * np.log(last)

    yield from potential_and_gradient("Dirichlet", dirichlet(alpha), log_dirichlet, inside, error)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("half the gradient", replaces="double_well")
def _(p, barrier):
    target = targets.double_well(p, barrier)
    return target._replace(grad_f=lambda a: target.grad_f(a) / 2)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("barrier 1 % too high", replaces="double_well")
def _(p, barrier):
    return targets.double_well(p, 1.01 * barrier)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("labels exchanged", replaces="logistic_regression")
def _(features, labels, precision):
    return targets.logistic_regression(features, -labels, precision)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant(
    "prior's variance for its precision", replaces="logistic_regression"
)
def _(features, labels, precision):
    return targets.logistic_regression(features, labels, 1 / precision)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("mean over the data", replaces="logistic_regression")
def _(features, labels, precision):
    target = targets.logistic_regression(features, labels, precision)
    return target._replace(grad_f=lambda a: target.grad_f(a) / len(labels))


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("last atom left out", replaces="dirichlet")
def _(alpha):
    target = targets.dirichlet(alpha)
    return target._replace(grad_f=lambda a: -(alpha[:-1] - 1) / a)


@gradients_of_wells_posteriors_and_simplex_laws_are_scores.mutant("α for α − 1", replaces="dirichlet")
def _(alpha):
    return targets.dirichlet(alpha + 1)


@claim("S01", slide=SLIDE, source="normalised densities")
def log_densities_and_scores_are_those_of_the_law(
    rng,
    *,
    log_density=targets.log_density,
    score=targets.score,
    gaussian=targets.gaussian,
    gaussian_mixture=targets.gaussian_mixture,
    double_well=targets.double_well,
    dirichlet=targets.dirichlet,
):
    r"""log π = −f − log ∫e^{−f} against scipy's densities and by quadrature; score = −∇f."""
    weights, means, covariances = random_mixture(rng)
    a, alpha = 3 * rng.standard_normal((40, 3)), rng.uniform(0.3, 4, 4)
    densities = [scipy.stats.multivariate_normal(m, C).pdf(a) for m, C in zip(means, covariances, strict=True)]
    error = rounding(1e4, 1e3)
    law = gaussian(means[0], covariances[0])
    yield equal("Gaussian: log π", log_density(law)(a), np.log(densities[0]), atol=error)
    mixture = gaussian_mixture(weights, means, covariances)
    yield equal("mixture: log π", log_density(mixture)(a), np.log(weights @ densities), atol=error)
    inside = rng.dirichlet(numpy.full(4, 5.0), 40)
    expected = scipy.stats.dirichlet(alpha).logpdf(inside.T)
    yield equal("Dirichlet: log π", log_density(dirichlet(alpha))(inside[:, :3]), expected, atol=error)
    barrier, x = rng.uniform(0.1, 20), numpy.linspace(-5, 5, 4001)
    pi = np.exp(numpy.asarray(log_density(double_well(1, barrier))(x[:, None])))
    yield equal("double well: ∫π", scipy.integrate.trapezoid(pi, x), 1.0, atol=rounding(1e4))
    three = log_density(double_well(3, barrier))(np.zeros((1, 3)))
    yield equal("double well: log π in 3 dimensions", three, 3 * np.log(pi[2000:2001]), atol=rounding(1e4, barrier))
    yield equal("score of a Gaussian", score(law)(a), (means[0] - a) @ np.linalg.inv(covariances[0]), atol=error)


@log_densities_and_scores_are_those_of_the_law.mutant("normaliser left out", replaces="log_density")
def _(target):
    return lambda a: -target.f(a)


@log_densities_and_scores_are_those_of_the_law.mutant("normaliser added", replaces="log_density")
def _(target):
    return lambda a: -target.f(a) + target.log_normalizer


@log_densities_and_scores_are_those_of_the_law.mutant("score of the wrong sign", replaces="score")
def _(target):
    return target.grad_f


@log_densities_and_scores_are_those_of_the_law.mutant("one well's normaliser for all", replaces="double_well")
def _(p, barrier):
    one = targets.double_well(1, barrier).log_normalizer
    return targets.double_well(p, barrier)._replace(log_normalizer=one)
