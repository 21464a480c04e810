"""The laws p_t that an SDE makes of a mixture of Gaussians, with exact scores."""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.array_domains import covariance, probabilities
from refimpl.arguments.arrays import Array, namespace
from refimpl.arguments.domains import array, domain, number
from refimpl.calculus.mixtures import mixture_score_jacobian
from refimpl.diffusion.sde import SDE, process
from refimpl.diffusion.tweedie import mixture_score

_mixture = {"weights": probabilities("k"), "means": array("k p"), "covariances": covariance("k p p")}


@domain(sde=process, t=number(">= 0 and <= 1"), **_mixture)
def marginal(sde: SDE, t: float, weights: Array, means: Array, covariances: Array) -> tuple[Array, Array, Array]:
    r"""The law p_t of a_t when a₀ is drawn from a mixture of Gaussians: again such a mixture.

    .. math:: p_t = \sum_k w_k \, N(\text{scale} \, \mu_k, \; \text{scale}^2 \Sigma_k + \text{std}^2 I)

    Parameters
    ----------
    sde : SDE
        The forward process.
    t : float
        Time, ≥ 0 and ≤ 1.
    weights, means, covariances : (k,), (k, p), (k, p, p) array
        The law of the data.

    Returns
    -------
    weights, means, covariances : (k,), (k, p), (k, p, p) array

    References
    ----------
    Slide "Score-based Generative Models with SDEs - Forward process".

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> marginal(ve(3.0, 5.0), 1.0, [1.0], [[7.0]], [[[2.0]]])
    (array([1.]), array([[7.]]), array([[[18.]]]))
    """
    scale, std = sde.kernel(t)
    return weights, scale * means, scale**2 * covariances + std**2 * np.eye(means.shape[1])


@domain(sde=process, **_mixture)
def marginal_score(sde: SDE, weights: Array, means: Array, covariances: Array) -> Callable[[Any, float], Any]:
    r"""The exact score of the laws p_t, for data from a mixture of Gaussians.

    .. math:: (a, t) \mapsto \nabla \log p_t(a)

    Parameters
    ----------
    sde, weights, means, covariances
        As for `marginal`.

    Returns
    -------
    callable
        From points (..., p) and a time to (..., p).

    References
    ----------
    Slide "Reverse diffusion".

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> marginal_score(ve(3.0, 5.0), [1.0], [[7.0]], [[[2.0]]])([25.0], 1.0)
    array([-1.])
    """
    return lambda a, t: mixture_score(a, *marginal(sde, t, weights, means, covariances))


@domain(sde=process, **_mixture)
def marginal_score_divergence(
    sde: SDE, weights: Array, means: Array, covariances: Array
) -> Callable[[Any, float], Any]:
    r"""The divergence of the exact score: the Laplacian of log p_t.

    .. math:: (a, t) \mapsto \operatorname{tr} \nabla^2 \log p_t(a)

    Parameters
    ----------
    sde, weights, means, covariances
        As for `marginal`.

    Returns
    -------
    callable
        From points (..., p) and a time to (...,).

    References
    ----------
    Slide "Reverse diffusion".

    Examples
    --------
    >>> from refimpl.diffusion.sde import ve
    >>> divergence = marginal_score_divergence(ve(3.0, 5.0), [1.0], [[7.0]], [[[2.0]]])
    >>> float(divergence([25.0], 1.0).round(12))  # −1/18
    -0.055555555556
    """

    def divergence(a: Any, t: float) -> Any:
        J = mixture_score_jacobian(a, *marginal(sde, t, weights, means, covariances))
        return namespace(J).einsum("...ii->...", J)

    return divergence
