"""Mixtures of Gaussians, whose scores are exact: slide "A denoising perspective on sampling"."""

import autograd
import autograd.numpy as np
import numpy
import scipy

from refimpl.calculus import mixtures
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.probes import batched, unchanged

SLIDE = "A denoising perspective on sampling"


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


@claim("D07", slide=SLIDE, source="definition of the score")
def mixture_scores_are_gradients_of_the_log_density(
    rng,
    *,
    mixture_log_density=mixtures.mixture_log_density,
    mixture_score=mixtures.mixture_score,
    mixture_score_jacobian=mixtures.mixture_score_jacobian,
):
    r"""∇ and ∇² of log Σ_k w_k N(x; μ_k, Σ_k), near the mixture and 10⁶ to 10¹² away, with weights 0 too.

    The squares q = (x − μ)ᵀΣ⁻¹(x − μ) have a relative error of cond Σ roundings: that is the error of log π, and of the
    weights of the pulls g = Σ⁻¹(μ − x), so that the score's is |g| times and the Hessian's |g|² times as large.
    """
    functions = {"log π": mixture_log_density, "∇log π": mixture_score, "∇²log π": mixture_score_jacobian}
    mixture = weights, means, covariances = random_mixture(rng)
    x = numpy.concatenate([rng.standard_normal((40, 3)) * scale for scale in (0.5, 3.0, 30.0)])
    pulls = numpy.linalg.solve(covariances[:, None], (means[:, None] - x)[..., None])[..., 0]
    q, pull = numpy.vecdot(means[:, None] - x, pulls).max(0), numpy.linalg.norm(pulls, axis=-1).max(0)
    error = rounding(4 * CONDITION, 10 + q)
    by_autograd = autograd.elementwise_grad(log_density)
    densities = [w * scipy.stats.multivariate_normal(m, C).pdf(x[:80]) for w, m, C in zip(*mixture, strict=True)]
    log_pi = numpy.log(numpy.sum(densities, axis=0))
    yield equal("log π against scipy", mixture_log_density(x[:80], *mixture), log_pi, atol=error[:80])
    hessian = [autograd.jacobian(lambda y: by_autograd(y[None], *mixture)[0])(y) for y in x]
    expected = [log_density(x, *mixture), by_autograd(x, *mixture), numpy.array(hessian)]
    for (name, function), value in zip(functions.items(), expected, strict=True):
        amplified = (error * (1 + pull) ** (value.ndim - 1)).reshape(-1, *[1] * (value.ndim - 1))
        yield from batched(name, lambda x, f=function: f(x, *mixture), x[:40], atol=amplified[:40].max())
        yield from unchanged(f"{name}: weights, means and covariances", function, x, *mixture)
        yield equal(name, function(x, *mixture), value, atol=amplified)

    far = rng.standard_normal((20, 3)) * 10 ** rng.uniform(6, 12, (20, 1))
    pulls = numpy.linalg.solve(covariances[:, None], (means[:, None] - far)[..., None])[..., 0]
    q = numpy.vecdot(means[:, None] - far, pulls)
    nearest = q.argmin(0)
    height = numpy.log(weights) - numpy.linalg.slogdet(2 * numpy.pi * covariances)[1] / 2
    expected = [height[nearest] - q.min(0) / 2, pulls[nearest, range(20)], -numpy.linalg.inv(covariances)[nearest]]
    for (name, function), value in zip(functions.items(), expected, strict=True):
        size = numpy.abs(value).reshape(20, -1).max(1).reshape(20, *[1] * (value.ndim - 1))
        what = f"{name} far away: the nearest component's"
        yield equal(what, function(far, *mixture), value, atol=rounding(16 * CONDITION, size))

    many, copies = (
        numpy.tile(x[:80], (30, 1)),
        (
            numpy.tile(weights, 60) / 60,
            *(numpy.tile(part, (60, *[1] * (part.ndim - 1))) for part in (means, covariances)),
        ),
    )
    for (name, function), value in zip(
        functions.items(), (function(x[:80], *mixture) for function in functions.values()), strict=True
    ):
        amplified = (error * (1 + pull) ** (value.ndim - 1))[:80].max()
        what = f"{name} at 2400 points, each component 60 times"
        yield equal(what, function(many, *copies), numpy.concatenate([value] * 30), atol=4 * amplified)

    aside = numpy.append(weights, 0.0), numpy.concatenate([means, [[1e3, 0, 0]]]), covariances[[0, 1, 2, 3, 0]]
    there = aside[1][-1] + rng.standard_normal((10, 3))
    for name, function in functions.items():
        what = f"{name} at a component of weight 0"
        yield equal(what, function(there, *aside), function(there, *mixture), rtol=rounding(64 * CONDITION))


def determinants_left_out(x, weights, means, covariances):
    scale = numpy.sqrt(numpy.linalg.det(covariances))
    return mixtures.mixture_score(x, weights * scale / (weights * scale).sum(), means, covariances)


def spread_pulls_left_out(x, weights, means, covariances):
    parts = zip(weights, means[:, None], covariances[:, None], strict=True)
    joint = [w * numpy.exp(mixtures.mixture_log_density(x, numpy.ones(1), *part)) for w, *part in parts]
    return -numpy.einsum("k...,kij->...ij", joint / numpy.sum(joint, axis=0), numpy.linalg.inv(covariances))


mixture_scores_are_gradients_of_the_log_density.mutants(
    {
        "weights left out": lambda x, weights, means, covariances: mixtures.mixture_score(
            x, numpy.full(len(weights), 1 / len(weights)), means, covariances
        ),
        "points down the density": lambda x, weights, means, covariances: (
            -mixtures.mixture_score(x, weights, means, covariances)
        ),
        "determinants left out": determinants_left_out,
    },
    replaces="mixture_score",
)
mixture_scores_are_gradients_of_the_log_density.mutants(
    {
        "(2π)^½ for (2π)^{p/2}": lambda x, weights, means, covariances: (
            mixtures.mixture_log_density(x, weights, means, covariances) + numpy.log(2 * numpy.pi)
        )
    },
    replaces="mixture_log_density",
)
mixture_scores_are_gradients_of_the_log_density.mutants(
    {"spread of the pulls left out": spread_pulls_left_out}, replaces="mixture_score_jacobian"
)


for need in ("mixture_log_density", "mixture_score", "mixture_score_jacobian"):
    right = getattr(mixtures, need)

    def wrong_version(x, weights, means, covariances, right=right):
        return right(x, numpy.maximum(weights, 1e-300), means, covariances)

    def wrong_version_2(x, weights, means, covariances, right=right):
        return right(x, weights, means, covariances) * (2 if numpy.ndim(x) == 1 else 1)

    def wrong_version_3(x, weights, means, covariances, right=right):
        value = right(x, weights, means, covariances)
        near = numpy.linalg.norm(x, axis=-1) < 200
        return value * near.reshape(near.shape + (1,) * (value.ndim - near.ndim))

    def wrong_version_4(x, weights, means, covariances, right=right):
        value = right(x, weights, means, covariances)
        x += 1
        return value

    mixture_scores_are_gradients_of_the_log_density.mutants(
        {
            f"{need}: weights floored at 1e-300": wrong_version,
            f"{need}: doubled at a single point": wrong_version_2,
            f"{need}: 0 beyond 200": wrong_version_3,
            f"{need}: overwrites x": wrong_version_4,
        },
        replaces=need,
    )


def first_points(function):
    """A function of points that leaves all but the first thousand at 0."""

    def spoilt(x, *mixture):
        values = numpy.array(function(x, *mixture))
        if x.ndim == 2:
            values[1000:] = 0
        return values

    return spoilt


for need in ("mixture_log_density", "mixture_score", "mixture_score_jacobian"):
    mixture_scores_are_gradients_of_the_log_density.mutants(
        {"one block of points only": first_points(getattr(mixtures, need))}, replaces=need
    )
