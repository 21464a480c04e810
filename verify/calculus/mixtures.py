"""Mixtures of Gaussians, whose scores are exact: slide "A denoising perspective on sampling"."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl.calculus import mixtures
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.probes import batched, unchanged

SLIDE, SOURCE = "A denoising perspective on sampling", "definition of the score"
CONDITION = 20.0  # largest condition number of the covariances of `random_mixture`


def random_mixture(rng, k=4, p=3):
    """Weights, means and well-conditioned covariances (`CONDITION`) of a mixture."""
    weights = rng.dirichlet(numpy.ones(k))
    Q = numpy.linalg.qr(rng.standard_normal((k, p, p)))[0]
    covariances = (Q * rng.uniform(0.1, 2, (k, 1, p))) @ Q.mT
    return weights, 2 * rng.standard_normal((k, p)), (covariances + covariances.mT) / 2


def log_density(x, weights, means, covariances):
    """log Σ_k w_k N(x; μ_k, Σ_k) at points (n, p), written for automatic differentiation."""
    terms = []
    for w, m, C in zip(weights, means, covariances, strict=True):
        distance = np.sum((x - m) * np.dot(x - m, np.linalg.inv(C)), axis=1)
        terms.append(np.log(w) - distance / 2 - np.linalg.slogdet(2 * np.pi * C)[1] / 2)
    log_joint = np.array(terms)
    top = np.max(log_joint, axis=0)
    return top + np.log(np.sum(np.exp(log_joint - top), axis=0))


def score(x, *mixture):
    """Gradient of the log-density by automatic differentiation."""
    return autograd.elementwise_grad(log_density)(x, *mixture)


def score_jacobian(x, *mixture):
    """Hessian of the log-density by automatic differentiation."""
    return numpy.array([autograd.jacobian(lambda y: score(y[None], *mixture)[0])(y) for y in x])


DERIVATIVES = log_density, score, score_jacobian


def nearby(rng):
    """Points near a mixture and somewhat off."""
    return numpy.concatenate([rng.standard_normal((40, 3)) * scale for scale in (0.5, 3.0, 30.0)])


def pulls_of(x, means, covariances):
    """Of each component at points x: the pull g = Σ⁻¹(μ − x) (k, n, p), and the square q = (μ − x)ᵀg (k, n)."""
    g = numpy.linalg.solve(covariances[:, None], (means[:, None] - x)[..., None])[..., 0]
    return g, numpy.vecdot(means[:, None] - x, g)


def rounding_near(x, means, covariances, order):
    """Rounding error of a derivative of log π, of order 0, 1 or 2.

    The squares q have a relative error of cond Σ roundings. That is the error of log π, and of the weights of the
    pulls g, so that the score's is |g| times and the Hessian's |g|² times as large.
    """
    g, q = pulls_of(x, means, covariances)
    error = rounding(4 * CONDITION, 10 + q.max(0)) * (1 + numpy.linalg.norm(g, axis=-1).max(0)) ** order
    return error.reshape(-1, *[1] * order)


def is_derivative(rng, function, order):
    """Evidence that a function of points and a mixture is the derivative of an order (0, 1, 2) of its log-density."""
    name = ("log π", "∇log π", "∇²log π")[order]
    mixture, x = random_mixture(rng), nearby(rng)
    error = rounding_near(x, *mixture[1:], order)
    yield from batched(name, lambda x: function(x, *mixture), x[:40], atol=error[:40].max())
    yield from unchanged(f"{name}: weights, means and covariances", function, x, *mixture)
    yield equal(name, function(x, *mixture), DERIVATIVES[order](x, *mixture), atol=error)
    yield from is_the_nearest_components_far_away(rng, name, function, order, mixture)
    yield from is_computed_in_blocks(name, function, x[:80], mixture, 4 * error[:80].max())
    yield from ignores_weights_of_0(rng, name, function, mixture)


def is_the_nearest_components_far_away(rng, name, function, order, mixture):
    """Evidence that only one component counts, 10⁶ to 10¹² away."""
    weights, means, covariances = mixture
    far = rng.standard_normal((20, 3)) * 10 ** rng.uniform(6, 12, (20, 1))
    g, q = pulls_of(far, means, covariances)
    nearest = q.argmin(0)
    height = numpy.log(weights) - numpy.linalg.slogdet(2 * numpy.pi * covariances)[1] / 2
    terms = height[nearest] - q.min(0) / 2, g[nearest, range(20)], -numpy.linalg.inv(covariances)[nearest]
    value = terms[order]
    size = numpy.abs(value).reshape(20, -1).max(1).reshape(20, *[1] * order)
    what = f"{name} far away: the nearest component's"
    yield equal(what, function(far, *mixture), value, atol=rounding(16 * CONDITION, size))


def is_computed_in_blocks(name, function, x, mixture, error):
    """Evidence at more points and components than one block holds: 30 times the points, 60 times each component."""
    copies = [numpy.tile(part, (60, *[1] * (part.ndim - 1))) for part in mixture]
    copies[0] /= 60
    measured, alone = function(numpy.tile(x, (30, 1)), *copies), function(x, *mixture)
    what = f"{name} at {30 * len(x)} points, each component 60 times"
    yield equal(what, measured, numpy.concatenate([alone] * 30), atol=error)


def ignores_weights_of_0(rng, name, function, mixture):
    """Evidence at a component of weight 0, far from all others."""
    weights, means, covariances = mixture
    aside = numpy.append(weights, 0.0), numpy.concatenate([means, [[1e3, 0, 0]]]), covariances[[0, 1, 2, 3, 0]]
    there = aside[1][-1] + rng.standard_normal((10, 3))
    what = f"{name} at a component of weight 0"
    yield equal(what, function(there, *aside), function(there, *mixture), rtol=rounding(64 * CONDITION))


@claim("D07", slide=SLIDE, source="definition of a mixture")
def log_densities_of_mixtures_sum_their_components(rng, *, mixture_log_density=mixtures.mixture_log_density):
    r"""log Σ_k w_k N(x; μ_k, Σ_k), near the mixture and 10⁶ to 10¹² away, with weights 0 too."""
    yield from is_derivative(rng, mixture_log_density, 0)
    mixture, x = random_mixture(rng), nearby(rng)[:80]
    densities = [w * scipy.stats.multivariate_normal(m, C).pdf(x) for w, m, C in zip(*mixture, strict=True)]
    log_pi = numpy.log(numpy.sum(densities, axis=0))
    error = rounding_near(x, *mixture[1:], 0)
    yield equal("log π against scipy", mixture_log_density(x, *mixture), log_pi, atol=error)


@claim("D07", slide=SLIDE, source=SOURCE)
def jacobians_of_mixture_scores_are_hessians(rng, *, mixture_score_jacobian=mixtures.mixture_score_jacobian):
    r"""∇² of log Σ_k w_k N(x; μ_k, Σ_k), near the mixture and 10⁶ to 10¹² away, with weights 0 too."""
    yield from is_derivative(rng, mixture_score_jacobian, 2)


def weights_floored(function):
    """A function of a mixture in which no component has the weight 0."""
    return lambda x, weights, means, covariances: function(x, numpy.maximum(weights, 1e-300), means, covariances)


def doubled_alone(function):
    """A function that is twice as large at a single point."""
    return lambda x, *mixture: function(x, *mixture) * (2 if numpy.ndim(x) == 1 else 1)


def zero_far_away(function):
    """A function that is 0 beyond 200."""

    def spoilt(x, *mixture):
        value, near = function(x, *mixture), numpy.linalg.norm(x, axis=-1) < 200
        return value * near.reshape(near.shape + (1,) * (value.ndim - near.ndim))

    return spoilt


def overwriting(function):
    """A function that changes the points it is given."""

    def spoilt(x, *mixture):
        value = function(x, *mixture)
        x += 1
        return value

    return spoilt


def first_points(function):
    """A function of points that leaves all but the first thousand at 0."""

    def spoilt(x, *mixture):
        values = numpy.array(function(x, *mixture))
        if x.ndim == 2:
            values[1000:] = 0
        return values

    return spoilt


def spread_of_pulls_left_out(x, weights, means, covariances):
    parts = zip(weights, means[:, None], covariances[:, None], strict=True)
    joint = [w * numpy.exp(mixtures.mixture_log_density(x, numpy.ones(1), *part)) for w, *part in parts]
    return -numpy.einsum("k...,kij->...ij", joint / numpy.sum(joint, axis=0), numpy.linalg.inv(covariances))


log_densities_of_mixtures_sum_their_components.mutants({
    "(2π)^½ for (2π)^{p/2}": lambda *point_and_mixture: (
        mixtures.mixture_log_density(*point_and_mixture) + numpy.log(2 * numpy.pi)
    ),
    "mixture_log_density: weights floored at 1e-300": weights_floored(mixtures.mixture_log_density),
    "mixture_log_density: doubled at a single point": doubled_alone(mixtures.mixture_log_density),
    "mixture_log_density: 0 beyond 200": zero_far_away(mixtures.mixture_log_density),
    "mixture_log_density: overwrites x": overwriting(mixtures.mixture_log_density),
    "one block of points only": first_points(mixtures.mixture_log_density),
})
jacobians_of_mixture_scores_are_hessians.mutants({
    "spread of the pulls left out": spread_of_pulls_left_out,
    "mixture_score_jacobian: weights floored at 1e-300": weights_floored(mixtures.mixture_score_jacobian),
    "mixture_score_jacobian: doubled at a single point": doubled_alone(mixtures.mixture_score_jacobian),
    "mixture_score_jacobian: 0 beyond 200": zero_far_away(mixtures.mixture_score_jacobian),
    "mixture_score_jacobian: overwrites x": overwriting(mixtures.mixture_score_jacobian),
    "one block of points only": first_points(mixtures.mixture_score_jacobian),
})
