"""The error of score matching against the number of samples, exactly for Gaussian models.

The slide prints the error against the score of the kernel p_{0→t}. No number of samples brings it below
`least_kernel_error`: the bound can only be about the score of the marginal p_t.
"""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.array_domains import covariance
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer, positive


class GaussianModel(NamedTuple):
    """Mean (p,) and covariance (p, p) of a Gaussian."""

    mean: Array
    covariance: Array


@domain(a=array("n p"))
def gaussian_score_matching(a: Array) -> GaussianModel:
    r"""The Gaussian whose score has the least implicit loss on samples: that of maximum likelihood.

    .. math:: h(x) = -B (x - m): \qquad \hat m = \frac1n \sum_i a_i, \qquad
              \hat B^{-1} = \frac1n \sum_i (a_i - \hat m)(a_i - \hat m)^\top

    Parameters
    ----------
    a : (n, p) array
        Samples, more than p and not in a hyperplane.

    Returns
    -------
    GaussianModel

    References
    ----------
    Slide "Theoretical guarantees for score-matching"; Hyvärinen 2005, Section 3.1.

    Examples
    --------
    >>> gaussian_score_matching([[0.0], [2.0]])
    GaussianModel(mean=array([1.]), covariance=array([[1.]]))
    """
    mean = a.mean(axis=0)
    C = (a - mean).T @ (a - mean) / len(a)
    if np.linalg.matrix_rank(C, hermitian=True) < len(C):
        raise ValueError(f"a must span all {len(C)} dimensions about its mean, got {len(a)} samples that do not")
    return GaussianModel(mean, C)


@domain(m0=array("p"), C0=covariance("p p"), m1=array("p"), C1=covariance("p p"))
def gaussian_score_error(m0: Array, C0: Array, m1: Array, C1: Array) -> float:
    r"""Squared error of the score of N(m₁, C₁) where N(m₀, C₀) is the truth: their Fisher divergence.

    .. math:: E_{N(m_0, C_0)} \|\nabla \log p_1 - \nabla \log p_0\|^2
              = \operatorname{tr} (B_1 - B_0) C_0 (B_1 - B_0) + \|B_1 (m_1 - m_0)\|^2, \qquad B_i = C_i^{-1}

    Parameters
    ----------
    m0, m1 : (p,) array
        Means.
    C0, C1 : (p, p) array
        Covariances, symmetric positive definite.

    Returns
    -------
    float

    References
    ----------
    Slide "Theoretical guarantees for score-matching".

    Examples
    --------
    >>> gaussian_score_error([0.0], [[1.0]], [1.0], [[0.5]])  # (2 − 1)² + 2²
    5.0
    """
    B0, B1 = np.linalg.inv(C0), np.linalg.inv(C1)
    return float(np.trace((B1 - B0) @ C0 @ (B1 - B0)) + ((B1 @ (m1 - m0)) ** 2).sum())


@domain(C=covariance("p p"), n=integer(1))
def expected_score_error(C: Array, n: int) -> float:
    r"""Expected squared error of the score that n samples of N(m, C) teach: of order 1/n.

    .. math:: \operatorname{tr} C^{-1} \Big[ \frac{n (n + 1)(n - 2)}{(n - p - 1)(n - p - 2)(n - p - 4)}
              - \frac{2 n}{n - p - 2} + 1 \Big] \simeq \frac{p + 2}{n} \operatorname{tr} C^{-1}

    Derivation: with W Wishart of n − 1 degrees of freedom, E W⁻¹ and E W⁻² in `gaussian_score_error`.

    Parameters
    ----------
    C : (p, p) array
        Covariance, symmetric positive definite.
    n : int
        Number of samples, > p + 4 (otherwise the expectation is infinite).

    Returns
    -------
    float

    References
    ----------
    Slide "Theoretical guarantees for score-matching"; moments of the inverse Wishart law, von Rosen 1988.

    Examples
    --------
    >>> round(expected_score_error([[1.0]], 10**6) * 10**6, 3)
    3.0
    """
    p = len(C)
    if n <= p + 4:
        raise ValueError(f"n must be > p + 4 = {p + 4}, got {n}")
    second = n * (n + 1) * (n - 2) / ((n - p - 1) * (n - p - 2) * (n - p - 4))
    return float(np.trace(np.linalg.inv(C)) * (second - 2 * n / (n - p - 2) + 1))


@domain(v=positive, p=integer(1), t0=positive, T=positive)
def least_kernel_error(v: float, p: int, t0: float, T: float) -> float:
    r"""How near any h(a, t) comes to the score of the transition kernel, on N(0, vI) under Brownian noise.

    .. math:: \min_h \frac{1}{T - t_0} \int_{t_0}^T E \|\nabla \log p_{0 \to t}(a_t | a_0) - h(a_t, t)\|^2 dt
              = \frac{p}{T - t_0} \log \frac{T (v + t_0)}{t_0 (v + T)}

    It does not depend on the number of samples, and tends to ∞ as t₀ → 0.

    Parameters
    ----------
    v : float
        Variance of the data, > 0.
    p : int
        Dimension, ≥ 1.
    t0, T : float
        Times, 0 < t0 < T; at time t the noise has variance t.

    Returns
    -------
    float

    References
    ----------
    Slide "Theoretical guarantees for score-matching".

    Examples
    --------
    >>> round(least_kernel_error(1.0, 1, 0.5, 1.0), 6)  # 2 log 3/2
    0.81093
    """
    if t0 >= T:
        raise ValueError(f"t0 must be < T = {T}, got {t0}")
    return float(p / (T - t0) * (np.log(T / t0) - np.log((v + T) / (v + t0))))
