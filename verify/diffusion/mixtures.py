"""Mixtures of Gaussians, whose scores are exact: slide "A denoising perspective on sampling"."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl import mixtures
from verify.claims import claim
from verify.evidence import equal, rounding

SLIDE = "A denoising perspective on sampling"


def random_mixture(rng, k=4, p=3):
    """Weights, means and well-conditioned covariances (condition number below 10²) of a mixture."""
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


@claim("D07", slide=SLIDE, source="definition of the score")
def mixture_scores_are_gradients_of_the_log_density(
    rng,
    *,
    mixture_log_density=mixtures.mixture_log_density,
    mixture_score=mixtures.mixture_score,
    mixture_score_jacobian=mixtures.mixture_score_jacobian,
):
    r"""∇ and ∇² of log Σ_k w_k N(x; μ_k, Σ_k), near the mixture and 10⁶ away from it."""
    mixture = random_mixture(rng)
    x = numpy.concatenate([rng.standard_normal((40, 3)) * scale for scale in (0.5, 3.0, 30.0)])
    size = 1e3 * (1 + (x**2).sum(-1))
    by_autograd = autograd.elementwise_grad(log_density)
    densities = [w * scipy.stats.multivariate_normal(m, C).pdf(x[:80]) for w, m, C in zip(*mixture, strict=True)]
    log_pi = numpy.log(numpy.sum(densities, axis=0))
    yield equal("log π against scipy", mixture_log_density(x[:80], *mixture), log_pi, atol=rounding(64, size[:80]))
    yield equal("log π", mixture_log_density(x, *mixture), log_density(x, *mixture), atol=rounding(64, size))
    score = by_autograd(x, *mixture)
    yield equal("∇log π", mixture_score(x, *mixture), score, atol=rounding(64, size[:, None]))
    hessian = [autograd.jacobian(lambda y: by_autograd(y[None], *mixture)[0])(y) for y in x]
    error = rounding(256, size[:, None, None])
    yield equal("∇²log π", mixture_score_jacobian(x, *mixture), hessian, atol=error)
    far = 1e6 * rng.standard_normal((10, 3))
    pulls = numpy.linalg.solve(mixture[2][:, None], (mixture[1][:, None] - far)[..., None])[..., 0]
    farness = ((mixture[1][:, None] - far) * -pulls).sum(-1)
    nearest = numpy.take_along_axis(pulls, farness.argmax(0)[None, :, None], axis=0)[0]
    yield equal(
        "∇log π far away: the nearest component's", mixture_score(far, *mixture), nearest, rtol=1e-12, atol=1e-6
    )


@mixture_scores_are_gradients_of_the_log_density.mutant("weights left out", replaces="mixture_score")
def _(x, weights, means, covariances):
    return mixtures.mixture_score(x, numpy.full(len(weights), 1 / len(weights)), means, covariances)


@mixture_scores_are_gradients_of_the_log_density.mutant("points down the density", replaces="mixture_score")
def _(x, weights, means, covariances):
    return -mixtures.mixture_score(x, weights, means, covariances)


@mixture_scores_are_gradients_of_the_log_density.mutant("determinants left out", replaces="mixture_score")
def _(x, weights, means, covariances):
    scale = numpy.sqrt(numpy.linalg.det(covariances))
    return mixtures.mixture_score(x, weights * scale / (weights * scale).sum(), means, covariances)


@mixture_scores_are_gradients_of_the_log_density.mutant("(2π)^½ for (2π)^{p/2}", replaces="mixture_log_density")
def _(x, weights, means, covariances):
    return mixtures.mixture_log_density(x, weights, means, covariances) + numpy.log(2 * numpy.pi)


@mixture_scores_are_gradients_of_the_log_density.mutant(
    "spread of the pulls left out", replaces="mixture_score_jacobian"
)
def _(x, weights, means, covariances):
    r, _ = mixtures._responsibilities(*mixtures._components(x, weights, means, covariances))
    return -numpy.einsum("kn,kij->nij", r[..., 0], numpy.linalg.inv(covariances))
