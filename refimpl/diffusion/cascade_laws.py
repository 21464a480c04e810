"""Exact laws of a cascade: of its second stage on mixtures, and of both stages together on Gaussians.

The condition is y = A x + s z, as in `cascade`.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import covariance, probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, nonnegative
from refimpl.calculus.mixtures import mixture_log_density


def _check_variances(name: str, value: Any, sizes: Sizes) -> Any:
    C = array("q q").check(name, value, sizes)
    if (np.abs(C - C.T) > 1e-12 * np.abs(C).max()).any():
        raise ValueError(f"{name} must be symmetric, got {C}")
    if (least := np.linalg.eigvalsh(C)[0]) < -1e-12 * np.abs(C).max():
        raise ValueError(f"{name} must be positive semidefinite, got the eigenvalue {least:g}")
    return C


_variances = Domain("symmetric positive semidefinite array of shape (q, q)", _check_variances)


class Mixture(NamedTuple):
    """Weights (k,), means (k, p) and covariances (k, p, p)."""

    weights: Array
    means: Array
    covariances: Array


@domain(
    y=array("q"),
    A=array("q p"),
    s=nonnegative,
    weights=probabilities("k"),
    means=array("k p"),
    covariances=covariance("k p p"),
)
def conditional_mixture(y: Array, A: Array, s: float, weights: Array, means: Array, covariances: Array) -> Mixture:
    r"""The law that the second stage samples: of X given AX + sZ = y, for X from a mixture of Gaussians.

    .. math:: w_k' \propto w_k N(y; A \mu_k, S_k), \quad \mu_k' = \mu_k + K_k (y - A \mu_k), \quad
              \Sigma_k' = \Sigma_k - K_k A \Sigma_k, \qquad
              S_k = A \Sigma_k A^\top + s^2 I, \quad K_k = \Sigma_k A^\top S_k^{-1}

    Parameters
    ----------
    y : (q,) array
        What was seen.
    A : (q, p) array
        What is seen of x; of rank q if s = 0.
    s : float
        Standard deviation of the noise in y, ≥ 0.
    weights, means, covariances : (k,), (k, p), (k, p, p) array
        The law of X.

    Returns
    -------
    Mixture
        With s = 0 its covariances are singular.

    References
    ----------
    Slide "Modern tricks to generate appealing images".

    Examples
    --------
    The sum of two coordinates from N(0, I) is seen, without noise.

    >>> law = conditional_mixture([2.0], [[1.0, 1.0]], 0.0, [1.0], [[0.0, 0.0]], [np.eye(2)])
    >>> law.means, law.covariances
    (array([[1., 1.]]), array([[[ 0.5, -0.5],
            [-0.5,  0.5]]]))
    """
    S = _seen(A, s, covariances)
    K = np.linalg.solve(S, A @ covariances).mT
    log_w = np.array([
        mixture_log_density(y, np.ones(1), (A @ m)[None], S_k[None]) for m, S_k in zip(means, S, strict=True)
    ])
    w = weights * np.exp(log_w - log_w[weights > 0].max())
    return Mixture(w / w.sum(), means + ((y - means @ A.T)[:, None] @ K.mT)[:, 0], covariances - K @ A @ covariances)


def _seen(A: Array, s: float, C: Array) -> Array:
    """Covariances of AX + sZ."""
    S = A @ C @ A.T + s * s * np.eye(len(A))
    S = (S + S.mT) / 2
    if (np.linalg.eigvalsh(S)[..., 0] <= 1e-14 * np.linalg.norm(S, axis=(-2, -1))).any():
        raise ValueError(f"A must have independent rows where s = 0, got s = {s:g} and {A}")
    return S


@domain(
    m=array("p"),
    C=covariance("p p"),
    A=array("q p"),
    s=nonnegative,
    stage_mean=array("q"),
    stage_covariance=_variances,
)
def cascade_law(
    m: Array, C: Array, A: Array, s: float, stage_mean: Array, stage_covariance: Array
) -> tuple[Array, Array]:
    r"""The law of the cascade on N(m, C), when the first stage samples N(m₁, C₁) and the second one is exact.

    .. math:: N\big(m + K (m_1 - A m), \; C - K A C + K (C_1 + s^2 I) K^\top\big), \qquad
              K = C A^\top (A C A^\top + s^2 I)^{-1}

    The second stage sees the first one's sample with fresh noise sz. A first stage with m₁ = Am and C₁ = ACAᵀ is right:
    then the cascade samples N(m, C). With s = 0 the law of Ax is that of the first stage, right or wrong.

    Parameters
    ----------
    m, C : (p,), (p, p) array
        Mean and covariance of the data.
    A : (q, p) array
        What the first stage samples of x; of rank q if s = 0.
    s : float
        Standard deviation of the noise added between the stages, ≥ 0.
    stage_mean, stage_covariance : (q,), (q, q) array
        m₁ and C₁, positive semidefinite.

    Returns
    -------
    mean, covariance : (p,), (p, p) array

    References
    ----------
    Slide "Modern tricks to generate appealing images"; law of total covariance.

    Examples
    --------
    The first stage puts the sum of two coordinates from N(0, I) always at 2.

    >>> cascade_law([0.0, 0.0], np.eye(2), [[1.0, 1.0]], 0.0, [2.0], [[0.0]])
    (array([1., 1.]), array([[ 0.5, -0.5],
           [-0.5,  0.5]]))
    """
    K = np.linalg.solve(_seen(A, s, C), A @ C).T
    return m + K @ (stage_mean - A @ m), C - K @ A @ C + K @ (stage_covariance + s * s * np.eye(len(A))) @ K.T
