"""Exact scores of mixtures of Gaussians: slide "A denoising perspective on sampling"."""

import numpy as np

from refimpl.diffusion.tweedie import mixture_score
from verify.calculus.mixtures import (
    SLIDE,
    SOURCE,
    doubled_alone,
    first_points,
    is_derivative,
    overwriting,
    weights_floored,
    zero_far_away,
)
from verify.claims import claim


@claim("D07", slide=SLIDE, source=SOURCE)
def mixture_scores_are_gradients_of_the_log_density(rng, *, mixture_score=mixture_score):
    r"""∇ of log Σ_k w_k N(x; μ_k, Σ_k), near the mixture and 10⁶ to 10¹² away, with weights 0 too."""
    yield from is_derivative(rng, mixture_score, 1)


def determinants_left_out(x, weights, means, covariances):
    scale = np.sqrt(np.linalg.det(covariances))
    return mixture_score(x, weights * scale / (weights * scale).sum(), means, covariances)


mixture_scores_are_gradients_of_the_log_density.mutants({
    "weights left out": lambda x, weights, means, covariances: mixture_score(
        x, np.full(len(weights), 1 / len(weights)), means, covariances
    ),
    "points down the density": lambda x, weights, means, covariances: -mixture_score(x, weights, means, covariances),
    "determinants left out": determinants_left_out,
    "mixture_score: weights floored at 1e-300": weights_floored(mixture_score),
    "mixture_score: doubled at a single point": doubled_alone(mixture_score),
    "mixture_score: 0 beyond 200": zero_far_away(mixture_score),
    "mixture_score: overwrites x": overwriting(mixture_score),
    "one block of points only": first_points(mixture_score),
})
