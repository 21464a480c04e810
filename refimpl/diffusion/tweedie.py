"""Tweedie's formula, the denoisers that follow from it, and the two steps by which one samples with a denoiser.

X_σ = X + σZ with Z ~ N(0, I) has the density π_σ. A denoiser is a function D(x, σ) of noisy points and of the standard
deviation σ of their noise; the best one is D = E[X | X_σ = x]. A step takes noise away, from σ to σ⁺ ≤ σ. Both kinds
aim at D: the deterministic one goes part of the way, the stochastic one goes farther and adds new noise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field, namespace
from refimpl.arguments.domains import array, bare, domain, field, jacobian, nonnegative, positive
from refimpl.calculus.mixtures import mixture_domains, mixture_gradient
from refimpl.diffusion.empirical import relative_weights

Denoiser = Callable[[Any, float], Any]

_points = array("... p")
_step = {"denoiser": field, "x": _points, "sigma": positive, "sigma_next": nonnegative}


@domain(x=_points, score=field, sigma=positive)
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


@domain(x=_points, score_jacobian=jacobian, sigma=positive)
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


@domain(**mixture_domains)
def mixture_score(x: Any, weights: Array, means: Array, covariances: Array) -> Any:
    r"""Score of a mixture of Gaussians.

    .. math:: \nabla \log \pi(x) = \sum_k r_k(x) \, \Sigma_k^{-1} (\mu_k - x), \qquad
              r(x) = \mathrm{softmax}_k \big(\log w_k + \log N(x; \mu_k, \Sigma_k)\big)

    Parameters
    ----------
    x : (..., p) array
        Points.
    weights : (k,) array
        Weights of the components, ≥ 0, of sum 1.
    means : (k, p) array
        Their means.
    covariances : (k, p, p) array
        Their covariances, symmetric positive definite.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "A denoising perspective on sampling".

    Examples
    --------
    Halfway between two components each pulls with half its weight.

    >>> mixture_score([0.0, 1.0], [0.5, 0.5], [[-3.0, 0.0], [3.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]] * 2)
    array([ 0., -1.])
    """
    return bare(mixture_gradient)(x, weights, means, covariances)


@domain(x=_points, data=array("n p"), sigma=positive)
def empirical_denoiser(x: Array, data: Array, sigma: float) -> Array:
    r"""The best guess of X when X_σ = x and X is a sample drawn from the data.

    .. math:: E[X \mid X_\sigma = x] = \sum_i w_i x_i, \qquad
              w = \mathrm{softmax}_i \big(-\|x - x_i\|^2 / 2\sigma^2\big)

    It tends to the mean of the data as σ → ∞, and to the sample nearest to x as σ → 0.

    Parameters
    ----------
    x : (..., p) array
        Noisy points; computed in blocks, so that there may be many.
    data : (n, p) array
        Samples x_i.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slides "A denoising perspective on sampling", "Examples of optimal denoising on MNIST"; Robbins 1956; Efron 2011.

    Examples
    --------
    From halfway both samples count alike; with little noise only the nearest does.

    >>> empirical_denoiser([0.5, 7.0], [[0.0, 0.0], [1.0, 0.0]], 10.0)
    array([0.5, 0. ])
    >>> empirical_denoiser([0.4, 7.0], [[0.0, 0.0], [1.0, 0.0]], 0.01)
    array([0., 0.])
    """
    points = x.reshape(-1, x.shape[-1])
    D = np.empty_like(points)
    for rows, w in bare(relative_weights)(points, data, sigma):
        D[rows] = w @ data
        D[rows] /= w.sum(axis=1, keepdims=True)
    return D.reshape(x.shape)


@domain(**_step)
def denoising_step(denoiser: Denoiser, x: Any, sigma: float, sigma_next: float) -> Any:
    r"""Take some of the noise away: one Euler step of the flow dx/dσ = (x − D(x, σ))/σ.

    .. math:: x^+ = D + \frac{\sigma^+}{\sigma} (x - D), \qquad D = D(x, \sigma)

    Parameters
    ----------
    denoiser : callable
        D(x, σ), of the shape of x.
    x : (..., p) array
        Points with noise of standard deviation σ.
    sigma, sigma_next : float
        Noise before and after the step, 0 ≤ σ⁺ ≤ σ, σ > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "The answer: Diffusion models"; Song, Meng & Ermon 2021 (DDIM); Karras et al. 2022, Algorithm 1 without Heun.

    Examples
    --------
    A third of the noise is left.

    >>> denoising_step(lambda x, sigma: 0 * x + 1, [4.0], 3.0, 1.0)
    array([2.])
    """
    r = _share(sigma, sigma_next)
    D = denoiser(x, sigma)
    return D + r * (x - D)


@domain(**_step, z=_points)
def ancestral_denoising_step(denoiser: Denoiser, x: Any, sigma: float, sigma_next: float, z: Any) -> Any:
    r"""Draw a point with less noise: X_σ⁺ of the noising chain X, X_σ⁺, X_σ, given X_σ = x and X = D.

    .. math:: x^+ = D + \frac{\sigma^{+2}}{\sigma^2} (x - D)
              + \sigma^+ \sqrt{1 - \frac{\sigma^{+2}}{\sigma^2}} \; z, \qquad D = D(x, \sigma)

    Parameters
    ----------
    denoiser, x, sigma, sigma_next
        As for `denoising_step`.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "The answer: Diffusion models"; Ho, Jain & Abbeel 2020, eq. (6)-(7), with x = a/scale, σ = std/scale.

    Examples
    --------
    >>> ancestral_denoising_step(lambda x, sigma: 0 * x + 1, [6.0], 5.0, 3.0, [1.0])  # 1 + 5·9/25 + 3·4/5
    array([5.2])
    """
    r = _share(sigma, sigma_next)
    D = denoiser(x, sigma)
    return D + r**2 * (x - D) + sigma_next * np.sqrt((sigma - sigma_next) / sigma * (1 + r)) * z


def _share(sigma: float, sigma_next: float) -> float:
    if sigma_next > sigma:
        raise ValueError(f"sigma_next must be <= sigma = {sigma:g}, got {sigma_next:g}")
    return sigma_next / sigma
