"""Mixtures of Gaussians π = Σ_k w_k N(μ_k, Σ_k): log-density, its gradient and Hessian, in the log domain.

X + σZ is the same mixture with the covariances Σ_k + σ²I. Many points are computed in blocks: what is needed for all
components at once stays in the cache, and memory within a few MB.
"""

from collections.abc import Iterator
from typing import Any

import autograd.numpy as np

from refimpl.arguments.array_domains import covariance, probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain

_BLOCK = 2**20  # bytes of an array over the components, coordinates and points of a block

mixture_domains = {
    "x": array("... p"),
    "weights": probabilities("k"),
    "means": array("k p"),
    "covariances": covariance("k p p"),
}


@domain(**mixture_domains)
def mixture_log_density(x: Any, weights: Array, means: Array, covariances: Array) -> Any:
    r"""Logarithm of the density of a mixture of Gaussians.

    .. math:: \log \pi(x) = \log \sum_k w_k \frac{e^{-\frac12 (x - \mu_k)^\top \Sigma_k^{-1} (x - \mu_k)}}
              {(2\pi)^{p/2} \sqrt{\det \Sigma_k}}

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
    (...,) array

    References
    ----------
    Slide "A denoising perspective on sampling".

    Examples
    --------
    >>> float(mixture_log_density([0.0], [1.0], [[0.0]], [[[0.25]]]).round(6))  # log(2 / √(2π))
    -0.225791
    """
    blocks = [_log_sum_exp(log_joint) for log_joint, _ in _components(x, weights, means, covariances)]
    return np.concatenate(blocks).reshape(x.shape[:-1])


@domain(**mixture_domains)
def mixture_gradient(x: Any, weights: Array, means: Array, covariances: Array) -> Any:
    r"""Gradient of the log-density of a mixture of Gaussians: its score.

    .. math:: \nabla \log \pi(x) = \sum_k r_k(x) \, \Sigma_k^{-1} (\mu_k - x), \qquad
              r(x) = \mathrm{softmax}_k \big(\log w_k + \log N(x; \mu_k, \Sigma_k)\big)

    Parameters
    ----------
    x, weights, means, covariances
        As for `mixture_log_density`.

    Returns
    -------
    (..., p) array
    """
    components = _components(x, weights, means, covariances)
    blocks = [(_responsibilities(log_joint)[:, None] * g).sum(axis=0).T for log_joint, g in components]
    return np.concatenate(blocks).reshape(x.shape)


@domain(**mixture_domains)
def mixture_score_jacobian(x: Any, weights: Array, means: Array, covariances: Array) -> Any:
    r"""Jacobian of the score of a mixture of Gaussians: the Hessian of its log-density.

    .. math:: \nabla^2 \log \pi(x) = \sum_k r_k \, (g_k - s)(g_k - s)^\top - \sum_k r_k \Sigma_k^{-1}, \qquad
              g_k = \Sigma_k^{-1} (\mu_k - x), \quad s = \sum_k r_k g_k = \nabla \log \pi(x)

    Parameters
    ----------
    x, weights, means, covariances
        As for `mixture_log_density`.

    Returns
    -------
    (..., p, p) array

    References
    ----------
    Slide "A denoising perspective on sampling" (what `tweedie_covariance` needs).

    Examples
    --------
    Halfway between two components at ±3 the density has a minimum: the curvature is 3² − 1.

    >>> mixture_score_jacobian([0.0], [0.5, 0.5], [[-3.0], [3.0]], [[[1.0]], [[1.0]]])
    array([[8.]])
    """
    components, blocks = _components(x, weights, means, covariances), []
    for log_joint, g in components:
        r = _responsibilities(log_joint)
        spread = g - (r[:, None] * g).sum(axis=0)
        J = np.einsum("kin,kjn->nij", r[:, None] * spread, spread)
        blocks.append(J - np.einsum("kn,kij->nij", r, np.linalg.inv(covariances)))
    return np.concatenate(blocks).reshape(x.shape + x.shape[-1:])


def _components(x: Any, weights: Array, means: Array, covariances: Array) -> Iterator[tuple[Any, Any]]:
    """Of each component at blocks of n points: log(w_k N(x; μ_k, Σ_k)) (k, n), and Σ_k⁻¹(μ_k − x) (k, p, n)."""
    p, points = x.shape[-1], x.reshape(-1, x.shape[-1])
    whiten = np.linalg.inv(np.linalg.cholesky(covariances))
    log_scale = np.log(np.diagonal(whiten, axis1=1, axis2=2)).sum(axis=1) - p / 2 * np.log(2 * np.pi)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    size = max(1, _BLOCK // (8 * p * len(weights)))
    for start in range(0, len(points), size):
        u = whiten @ (means[:, :, None] - points[start : start + size].T)
        yield (log_weights + log_scale)[:, None] - (u**2).sum(axis=1) / 2, whiten.mT @ u


def _log_sum_exp(log_joint: Any) -> Any:
    top = log_joint.max(axis=0)
    return top + np.log(np.exp(log_joint - top).sum(axis=0))


def _responsibilities(log_joint: Any) -> Any:
    """Probabilities (k, n) that a point came from each component."""
    r = np.exp(log_joint - log_joint.max(axis=0))
    return r / r.sum(axis=0)
