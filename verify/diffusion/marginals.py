"""The laws that SDEs make of mixtures: slide "Score-based Generative Models with SDEs - Forward process"."""

import numpy as np
import scipy

from refimpl.calculus import mixtures
from refimpl.diffusion import marginals, sde, tweedie
from verify.calculus.mixtures import random_mixture
from verify.claims import claim
from verify.diffusion.sde import SLIDE
from verify.evidence import equal, rounding

PROCESSES = sde.vp(), sde.sub_vp(), sde.ve(0.1, 2.0)


@claim("D12", slide=SLIDE, source="characteristic functions")
def marginals_of_mixtures_are_mixtures(rng, *, marginal=marginals.marginal):
    r"""E e^{i⟨ω, a_t⟩} = E e^{i⟨scale ω, a₀⟩} · e^{−std²‖ω‖²/2} for the mixture that `marginal` gives."""
    mixture, omega = random_mixture(rng), rng.standard_normal((50, 3))

    def characteristic(omega, weights, means, covariances):
        exponents = 1j * omega @ means.T - np.einsum("ni,kij,nj->nk", omega, covariances, omega) / 2
        return np.exp(exponents) @ weights

    for process in PROCESSES:
        t = rng.uniform(0.05, 0.5)
        scale, std = process.kernel(t)
        expected = characteristic(scale * omega, *mixture) * np.exp(-(std**2) * (omega**2).sum(1) / 2)
        difference = np.abs(characteristic(omega, *marginal(process, t, *mixture)) - expected)
        yield equal(f"{process.name}: characteristic function", difference, 0.0, atol=rounding(1e3))


def log_density(a, weights, means, covariances):
    """That of a mixture, by scipy."""
    parts = zip(weights, means, covariances, strict=True)
    return np.log(sum(w * scipy.stats.multivariate_normal(m, C).pdf(a) for w, m, C in parts))


@claim("D12", slide=SLIDE, source="central differences")
def marginal_scores_are_gradients_of_log_densities(
    rng,
    *,
    marginal_score=marginals.marginal_score,
    marginal_score_divergence=marginals.marginal_score_divergence,
):
    r"""∇log p_t and tr ∇²log p_t by finite differences of log p_t, of a mixture noised by VP, sub-VP and VE."""
    mixture, h = random_mixture(rng), 1e-5
    shifts = h * np.concatenate([np.eye(3), -np.eye(3)])
    for process in PROCESSES:
        t = rng.uniform(0.05, 0.5)
        scale, std = process.kernel(t)
        law = mixture[0], scale * mixture[1], scale**2 * mixture[2] + std**2 * np.eye(3)
        a = scale * mixture[1][rng.integers(4, size=30)] + rng.standard_normal((30, 3))
        score, divergence = marginal_score(process, *mixture), marginal_score_divergence(process, *mixture)
        size = 10 * (1 + np.abs(np.linalg.inv(law[2])).max()) ** 3
        error = size * h**2 * 100 + rounding(100, 100) / h
        around = np.array([log_density(a + shift, *law) for shift in shifts])
        slope = (around[:3] - around[3:]).T / 2 / h
        yield equal(f"{process.name}: ∇log p", score(a, t), slope, atol=error)
        scores = np.array([score(a + shift, t) for shift in shifts])
        trace = sum((scores[i, :, i] - scores[i + 3, :, i]) / 2 / h for i in range(3))
        yield equal(f"{process.name}: tr ∇²log p", divergence(a, t), trace, atol=10 * error)


def scale_for_its_square(process, t, weights, means, covariances):
    scale, std = process.kernel(t)
    return weights, scale * means, scale * covariances + std**2 * np.eye(3)


def std_for_its_square(process, t, weights, means, covariances):
    scale, std = process.kernel(t)
    return weights, scale * means, scale**2 * covariances + std * np.eye(3)


def score_a_little_later(process, *mixture):
    score = marginals.marginal_score(process, *mixture)
    return lambda a, t: score(a, 1.01 * t)


def mean_over_coordinates(process, *mixture):
    divergence = marginals.marginal_score_divergence(process, *mixture)
    return lambda a, t: divergence(a, t) / a.shape[-1]


def all_entries_of_the_hessian(process, *mixture):
    return lambda a, t: mixtures.mixture_score_jacobian(a, *marginals.marginal(process, t, *mixture)).sum((-1, -2))


marginals_of_mixtures_are_mixtures.mutants(
    {
        "means not scaled": lambda process, t, weights, means, covariances: (
            weights,
            means,
            marginals.marginal(process, t, weights, means, covariances)[2],
        ),
        "scale for scale²": scale_for_its_square,
        "std for std²": std_for_its_square,
    },
)
marginal_scores_are_gradients_of_log_densities.mutants(
    {
        "score of the clean law": lambda process, *mixture: lambda a, t: tweedie.mixture_score(a, *mixture),
        "score of the law at 1.01t": score_a_little_later,
    },
    replaces="marginal_score",
)
marginal_scores_are_gradients_of_log_densities.mutants(
    {
        "mean over coordinates": mean_over_coordinates,
        "all entries of the Hessian": all_entries_of_the_hessian,
    },
    replaces="marginal_score_divergence",
)
