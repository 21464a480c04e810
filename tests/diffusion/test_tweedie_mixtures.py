"""Tweedie's formula on mixtures of Gaussians, and their scores."""

import numpy as np
import pytest

from refimpl.calculus.mixtures import mixture_gradient, mixture_log_density, mixture_score_jacobian
from refimpl.diffusion.tweedie import mixture_score, tweedie_covariance, tweedie_denoiser


def mixture(rng, k, p):
    """Weights, means and covariances of a generic mixture."""
    A = rng.standard_normal((k, p, p))
    return rng.dirichlet(np.ones(k)), 2 * rng.standard_normal((k, p)), A @ A.mT + 0.5 * np.eye(p)


def test_tweedie_on_a_mixture_is_the_average_of_the_posteriors_of_its_components():
    rng = np.random.default_rng(3)
    (weights, means, C), sigma, x = mixture(rng, 3, 2), 0.8, rng.standard_normal((6, 2))
    noisy = C + sigma**2 * np.eye(2)
    gain = C @ np.linalg.inv(noisy)
    conditional_means = means + np.einsum("kij,nkj->nki", gain, x[:, None] - means)
    density = [[np.exp(mixture_log_density(a, [1.0], [m], [N])) for m, N in zip(means, noisy, strict=True)] for a in x]
    r = weights * np.array(density)
    r /= r.sum(axis=1, keepdims=True)
    expected = np.einsum("nk,nki->ni", r, conditional_means)
    D = tweedie_denoiser(x, lambda x: mixture_score(x, weights, means, noisy), sigma)
    np.testing.assert_allclose(D, expected, rtol=1e-12)
    spread = conditional_means - expected[:, None]
    covariances = np.einsum("nk,kij->nij", r, C - gain @ C) + np.einsum("nk,nki,nkj->nij", r, spread, spread)
    S = tweedie_covariance(x, lambda x: mixture_score_jacobian(x, weights, means, noisy), sigma)
    np.testing.assert_allclose(S, covariances, rtol=1e-11)


def test_the_score_is_the_gradient_and_refuses_what_it_refuses():
    rng = np.random.default_rng(5)
    parameters, x = mixture(rng, 3, 2), rng.standard_normal((4, 3, 2))
    np.testing.assert_array_equal(mixture_score(x, *parameters), mixture_gradient(x, *parameters))
    assert mixture_score.domains == mixture_gradient.domains
    with pytest.raises(ValueError, match="weights must sum to 1"):
        mixture_score(x, 2 * parameters[0], *parameters[1:])
