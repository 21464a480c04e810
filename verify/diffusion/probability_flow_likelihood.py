"""Likelihoods by the probability flow: slide "Reverse diffusion"."""

import numpy as np
import scipy

from refimpl.calculus import mixtures
from refimpl.diffusion import marginals, probability_flow, sde
from verify.calculus.mixtures import random_mixture
from verify.claims import claim, shipped
from verify.diffusion.probability_flow import processes
from verify.diffusion.sampler import SLIDE, gaussian_score
from verify.evidence import equal


@claim("D14", slide=SLIDE, source="Song et al. 2021, eq. (39); Chen et al. 2018")
def likelihood_by_the_flow_is_exact_on_mixtures(rng, *, log_likelihood=probability_flow.log_likelihood):
    r"""log p_t(a_t) = log p_T(a_T) + ∫ₜᵀ ∇·F with the exact score: the mixture's density, at data and far from it."""
    mixture = random_mixture(rng)
    for process in processes():
        t = 10 ** rng.uniform(-4, -1)
        now, last = (marginals.marginal(process, s, *mixture) for s in (t, 1.0))
        a = now[1][rng.integers(4, size=12)] + np.array([[1.0]] * 6 + [[4.0]] * 6) * rng.standard_normal((12, 3))
        score = marginals.marginal_score(process, *mixture)
        divergence = marginals.marginal_score_divergence(process, *mixture)

        def log_prior(b, last=last):
            return mixtures.mixture_log_density(b, *last)

        measured = log_likelihood(process, score, divergence, a, t, log_prior, 1e-9, 1e-9)
        expected = mixtures.mixture_log_density(a, *now)
        yield equal(f"{process.name}: log p at t = {t:.2g}", measured, expected, atol=1e-5, rtol=1e-5)


@claim("D14", slide=SLIDE, source="Song et al. 2021, eq. (39); change of variables on Gaussians")
def likelihood_unless_told_starts_from_the_samplers_prior(rng, *, log_likelihood=probability_flow.log_likelihood):
    r"""With N(0, std(T)²I) for p_T it is what the flow makes of that prior; unless told it begins at t = 10⁻⁵."""
    v, process, a = rng.uniform(0.5, 2), sde.ve(0.1, 2.0), 3 * rng.standard_normal((12, 3))
    score = gaussian_score(process, 0.0, v)
    std_now, std_last = process.kernel(0.01)[1], process.kernel(1.0)[1]
    stretch = np.sqrt((v + std_last**2) / (v + std_now**2))

    def divergence(b, s):
        return -np.full(len(b), 3.0) / (v + process.kernel(s)[1] ** 2)

    measured = log_likelihood(process, score, divergence, a, 0.01, None, 1e-9, 1e-9)
    expected = scipy.stats.norm.logpdf(stretch * a, 0, std_last).sum(1) + 3 * np.log(stretch)
    yield equal("N(0, vI) under VE, with the sampler's prior", measured, expected, atol=1e-5, rtol=1e-5)
    seen = []
    log_likelihood(process, score, lambda b, s: seen.append(s) or 0 * b[:, 0], a)
    yield equal("unless told from t = 10⁻⁵", min(seen), 1e-5)


def likelihood(process, score, divergence, a, t, log_prior, direction=1.0, drift=1.0, half=0.5, trace=1.0, final=1.0):
    """The formula, to be spoilt: everything as one system, from t to 1."""
    p = a.shape[1]

    def slopes(s, flat):
        b = flat.reshape(-1, p + 1)[:, :p]
        g = process.diffusion(s) ** 2
        v = process.drift(b, s) - g / 2 * score(b, s)
        growth = drift * process.drift(np.ones(p), s).sum() - half * g * trace * divergence(b, s)
        return np.concatenate([v, growth[:, None]], axis=1).ravel()

    start = np.concatenate([a, np.zeros((len(a), 1))], axis=1).ravel()
    span = (t, 1.0) if direction > 0 else (1.0, t)
    end = scipy.integrate.solve_ivp(slopes, span, start, "DOP853", rtol=1e-8, atol=1e-8).y[:, -1].reshape(-1, p + 1)
    std = process.kernel(1.0)[1]
    prior = log_prior or (lambda b: -(b**2).sum(1) / (2 * std**2) - p / 2 * np.log(2 * np.pi * std**2))
    return prior(end[:, :p]) + final * end[:, p]


def changed(**changes):
    """The likelihood with one part changed."""

    def wrong(process, score, divergence, a, t, log_prior, rtol, atol):
        return likelihood(process, score, divergence, a, t, log_prior, **changes)

    return wrong


def standard_normal_prior(process, score, divergence, a, t, log_prior, rtol, atol):
    return likelihood(
        process, score, divergence, a, t, lambda b: -(b**2).sum(1) / 2 - b.shape[1] / 2 * np.log(2 * np.pi)
    )


def prior_of_variance_std(process, score, divergence, a, t, log_prior, rtol, atol):
    std = process.kernel(1.0)[1]
    prior = log_prior or (lambda b: scipy.stats.norm.logpdf(b, 0, np.sqrt(std)).sum(1))
    return likelihood(process, score, divergence, a, t, prior)


likelihood_by_the_flow_is_exact_on_mixtures.mutants({
    "integrated in the wrong direction, from T to t": shipped(
        changed(direction=-1), project="consistency_models_cifar10", thread="#12"
    ),
    "divergence subtracted": changed(final=-1),
    "divergence left out": changed(final=0),
    "divergence of the drift left out": changed(drift=0),
    "divergence of the SDE's drift: g² for ½g²": changed(half=1.0),
    "divergence 1 % too large": changed(final=1.01),
    "trace summed over two probes, not averaged": shipped(
        changed(trace=2.0),
        project="bayesflow",
        thread="#772",
    ),
})
likelihood_unless_told_starts_from_the_samplers_prior.mutants({
    "from t = 10⁻³ unless told": lambda process, score, divergence, a, t=1e-3, log_prior=None, rtol=1e-6, atol=1e-6: (
        probability_flow.log_likelihood(process, score, divergence, a, t, log_prior, rtol, atol)
    ),
    "prior N(0, I), whatever the std at T": standard_normal_prior,
    "prior of variance std for std²": prior_of_variance_std,
})
