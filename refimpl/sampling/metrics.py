"""Distances between laws: closed forms for Gaussians, quadrature on the line; `estimators` has those from samples."""

from typing import Any

import numpy as np
import scipy

from refimpl.arguments.array_domains import covariance, semidefinite
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, Sizes, array, domain, function
from refimpl.sampling._lengths import length

_line = array("n")


def _check_grid(name: str, value: Any, sizes: Sizes) -> Any:
    x = _line.check(name, value, sizes)
    if len(x) < 2 or (np.diff(x) <= 0).any():
        raise ValueError(f"{name} must be two or more increasing numbers, got {x.tolist()[:5]}")
    return x


_grid = Domain("increasing array of shape (n,), n >= 2", _check_grid)
_gaussians = {"m0": array("p"), "C0": covariance("p p"), "m1": array("p"), "C1": covariance("p p")}


@domain(**_gaussians)
def gaussian_kl(m0: Array, C0: Array, m1: Array, C1: Array) -> float:
    r"""Kullback-Leibler divergence KL(N(m₀, C₀) ‖ N(m₁, C₁)).

    .. math:: \tfrac12 \Big[ (m_0 - m_1)^\top C_1^{-1} (m_0 - m_1) + \operatorname{tr}(C_1^{-1} C_0) - p
              - \log \det (C_1^{-1} C_0) \Big]

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
    Slide "Langevin Monte Carlo", definition.

    Examples
    --------
    >>> gaussian_kl([1.0], [[1.0]], [0.0], [[1.0]])
    0.5
    """
    R0, R1 = np.linalg.cholesky(C0), np.linalg.cholesky(C1)
    with np.errstate(over="ignore"):
        whiten = scipy.linalg.solve_triangular(R1, np.eye(len(C1)), lower=True)
        x = np.linalg.eigvalsh(whiten @ (C0 - C1) @ whiten.T)
        shift = ((whiten @ (m0 - m1)) ** 2).sum()
        if np.abs(x).max() < 0.5:  # near laws: nothing cancels
            return float((shift + (x - np.log1p(x)).sum()) / 2)
        log_det = 2 * (np.log(np.diag(R0)) - np.log(np.diag(R1))).sum()
        return float((shift + ((whiten @ R0) ** 2).sum() - len(C0) - log_det) / 2)


@domain(m0=array("p"), C0=semidefinite("p p"), m1=array("p"), C1=semidefinite("p p"))
def gaussian_w2(m0: Array, C0: Array, m1: Array, C1: Array) -> float:
    r"""Wasserstein distance W₂ (not its square) of N(m₀, C₀) and N(m₁, C₁).

    .. math:: W_2^2 = \|m_0 - m_1\|^2 + \operatorname{tr} \big(C_0 + C_1 - 2 (C_1^{1/2} C_0 C_1^{1/2})^{1/2}\big)
              = \|m_0 - m_1\|^2 + \min_{U^\top U = I} \|R_0 - R_1 U\|_F^2, \qquad C_i = R_i R_i^\top

    The second form does not cancel when the laws are close.

    Parameters
    ----------
    m0, m1 : (p,) array
        Means.
    C0, C1 : (p, p) array
        Covariances, symmetric positive semidefinite; they may be singular.

    Returns
    -------
    float

    References
    ----------
    Slide "The sampling problem", remarks; Olkin & Pukelsheim 1982.

    Examples
    --------
    >>> gaussian_w2([3.0], [[4.0]], [0.0], [[36.0]])
    5.0
    >>> gaussian_w2([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]]) ** 2  # tr C₀
    2.0000000000000004
    """
    R0, R1 = _root(C0), _root(C1)
    left, _, right = np.linalg.svd(R1.T @ R0)
    return length(np.concatenate([m0 - m1, (R0 - R1 @ left @ right).ravel()]))


def _root(C: Array) -> Array:
    """A matrix R with RRᵀ = C: Cholesky's, and for a singular C that of its eigenvectors."""
    try:
        return np.asarray(np.linalg.cholesky(C), float)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(C)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0)), float)


@domain(density_p=function, density_q=function, grid=_grid)
def total_variation(density_p: Field, density_q: Field, grid: Array) -> float:
    r"""Total variation distance of two densities on the line, by the trapezoidal rule.

    .. math:: \mathrm{TV}(p, q) = \sup_E |p(E) - q(E)| = \tfrac12 \int |p - q|

    Parameters
    ----------
    density_p, density_q : callable
        Normalised densities, from (n,) to (n,).
    grid : (n,) array
        Increasing points that cover both laws.

    Returns
    -------
    float

    References
    ----------
    Slide "Langevin Monte Carlo", definition.

    Examples
    --------
    >>> total_variation(lambda x: 1 + 0 * x, lambda x: 2 * x, np.linspace(0, 1, 3))
    0.25
    """
    p, q = _density(density_p, "density_p", grid), _density(density_q, "density_q", grid)
    return float(scipy.integrate.trapezoid(np.abs(p - q), grid) / 2)


@domain(density_p=function, density_q=function, grid=_grid)
def kl_divergence(density_p: Field, density_q: Field, grid: Array) -> float:
    r"""Kullback-Leibler divergence of two densities on the line, by the trapezoidal rule.

    .. math:: \mathrm{KL}(p \| q) = \int p \log (p / q)

    It is ∞ when q = 0 at a point of the grid where p > 0.

    Parameters
    ----------
    density_p, density_q, grid
        As for `total_variation`.

    Returns
    -------
    float

    References
    ----------
    Slide "Langevin Monte Carlo", definition.

    Examples
    --------
    >>> kl_divergence(lambda x: 1 + 0 * x, lambda x: 0.5 + 0 * x, np.linspace(0, 1, 3))  # log 2
    0.6931471805599453
    """
    p, q = _density(density_p, "density_p", grid), _density(density_q, "density_q", grid)
    return float(scipy.integrate.trapezoid(scipy.special.rel_entr(p, q), grid))


@domain(score_p=function, score_q=function, density_p=function, grid=_grid)
def fisher_divergence(score_p: Field, score_q: Field, density_p: Field, grid: Array) -> float:
    r"""Fisher divergence of two laws on the line (no ½), by the trapezoidal rule.

    .. math:: \mathrm{FI}(p \| q) = E_p \, |\nabla \log p - \nabla \log q|^2

    Parameters
    ----------
    score_p, score_q : callable
        Scores ∇log p and ∇log q, from (n,) to (n,).
    density_p : callable
        Normalised density p, from (n,) to (n,).
    grid : (n,) array
        Increasing points that cover p.

    Returns
    -------
    float

    References
    ----------
    Slide "Learning the score"; Johnson 2004.

    Examples
    --------
    >>> fisher_divergence(lambda x: 0 * x, lambda x: 3 + 0 * x, lambda x: 1 + 0 * x, np.linspace(0, 1, 3))
    9.0
    """
    p = _density(density_p, "density_p", grid)
    gap = _values(score_p, "score_p", grid) - _values(score_q, "score_q", grid)
    width = np.diff(grid, prepend=grid[0]) / 2 + np.diff(grid, append=grid[-1]) / 2
    return float((width * p * gap * gap).sum())


def _values(function: Field, name: str, grid: Array) -> Array:
    y = np.asarray(function(grid))
    if y.shape != grid.shape or not np.isfinite(y).all():
        raise ValueError(f"{name} must return finite values of shape {grid.shape}, got {y.shape}: {y.ravel()[:3]}")
    return y


def _density(function: Field, name: str, grid: Array) -> Array:
    y = _values(function, name, grid)
    if (y < 0).any():
        raise ValueError(f"{name} must be >= 0, got {y.min()}")
    return y
