"""Tweedie's formula: the optimal denoiser is one step along the score.

X_σ = X + σZ with Z ~ N(0, I) has the density π_σ. The laws of X for which both sides can be computed have their own
modules: `mixtures` of Gaussians, and the `empirical` law of a data set; `denoising` samples with a denoiser.
"""

from typing import Any

from refimpl.arguments.arrays import Field, namespace
from refimpl.arguments.domains import array, domain, field, jacobian, positive
from refimpl.calculus.mixtures import mixture_score
from refimpl.diffusion.denoising import ancestral_denoise, ancestral_denoising_step, denoise, denoising_step
from refimpl.diffusion.empirical import empirical_denoiser

__all__ = [
    "ancestral_denoise",
    "ancestral_denoising_step",
    "denoise",
    "denoising_step",
    "empirical_denoiser",
    "mixture_score",
    "tweedie_covariance",
    "tweedie_denoiser",
]


@domain(x=array("... p"), score=field, sigma=positive)
def tweedie_denoiser(x: Any, score: Field, sigma: float) -> Any:
    r"""The best guess of X when X_σ = x, which minimises the mean squared error.

    .. math:: E[X \mid X_\sigma = x] = x + \sigma^2 \nabla \log \pi_\sigma(x)

    Parameters
    ----------
    x : (..., p) array
        Noisy points.
    score : callable
        ∇log π_σ, of the shape of x.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "A denoising perspective on sampling"; Robbins 1956; Efron 2011, "Tweedie's formula and selection bias".

    Examples
    --------
    X ~ N(0, 1) and σ = 1, so that π_σ = N(0, 2): half of what was seen is noise.

    >>> tweedie_denoiser([3.0], lambda x: -x / 2, 1.0)
    array([1.5])
    """
    return x + sigma * (sigma * score(x))


@domain(x=array("... p"), score_jacobian=jacobian, sigma=positive)
def tweedie_covariance(x: Any, score_jacobian: Field, sigma: float) -> Any:
    r"""How uncertain X is when X_σ = x; σ² times the Jacobian of the denoiser.

    .. math:: \mathrm{Cov}[X \mid X_\sigma = x] = \sigma^2 \big(I + \sigma^2 \nabla^2 \log \pi_\sigma(x)\big)

    Parameters
    ----------
    x : (..., p) array
        Noisy points.
    score_jacobian : callable
        ∇²log π_σ, from points (..., p) to matrices (..., p, p).
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., p, p) array

    References
    ----------
    Slide "A denoising perspective on sampling" (second order, beyond the lecture); Efron 2011, Section 2.

    Examples
    --------
    X ~ N(0, 1) and σ = 1, as above.

    >>> import numpy as np
    >>> tweedie_covariance([3.0], lambda x: np.array([[-0.5]]), 1.0)
    array([[0.5]])
    """
    return sigma * sigma * (namespace(x).eye(x.shape[-1]) + sigma * (sigma * score_jacobian(x)))
