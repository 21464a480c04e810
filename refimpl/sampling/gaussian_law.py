r"""The exact law of Langevin Monte Carlo on a Gaussian target N(m, A⁻¹): Gaussian, with mean and covariance below.

One step multiplies a − m by M = I − ηA and adds N(0, 2ηI). Along the eigenvectors of A the coordinates do not mix.
"""

import numpy as np

from refimpl.arguments.array_domains import covariance, semidefinite
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer, positive
from refimpl.loops.iteration import run_unless_diverged


@domain(A=covariance("p p"), eta=positive)
def lmc_stationary_covariance(A: Array, eta: float) -> Array:
    r"""Covariance in which Langevin Monte Carlo on N(m, A⁻¹) ends.

    .. math:: C_\eta = [A (I - \eta A / 2)]^{-1}

    Parameters
    ----------
    A : (p, p) array
        Inverse of the target's covariance, symmetric positive definite.
    eta : float
        Step size η, 0 < η < 2/λmax(A).

    Returns
    -------
    (p, p) array

    Raises
    ------
    ValueError
        When η ≥ 2/λmax(A): the chain is unstable and has no stationary law.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC"; "biased" made exact.

    Examples
    --------
    >>> lmc_stationary_covariance([[2.0, 0.0], [0.0, 1.0]], 0.5)
    array([[1.        , 0.        ],
           [0.        , 1.33333333]])
    """
    l, Q = np.linalg.eigh(A)
    if eta * l[-1] >= 2:
        raise ValueError(f"eta must be < 2/λmax(A) = {2 / l[-1]:.6g} for a stationary law to exist, got {eta}")
    return (Q / (l * (1 - eta * l / 2))) @ Q.T


@domain(A=covariance("p p"), eta=positive, num_steps=integer(0), C0=semidefinite("p p"))
def lmc_covariance(A: Array, eta: float, num_steps: int, C0: Array) -> Array:
    r"""Covariance after k steps of Langevin Monte Carlo on N(m, A⁻¹), from any covariance C₀ and with any η.

    .. math:: C_k = M^k C_0 M^k + 2 \eta \sum_{j<k} M^{2j}, \qquad M = I - \eta A

    The sum is C_η(I − M²ᵏ) for η < 2/λmax(A). It is computed without cancellation, and for larger η too.

    Parameters
    ----------
    A : (p, p) array
        Inverse of the target's covariance, symmetric positive definite.
    eta : float
        Step size η, > 0.
    num_steps : int
        Number of steps k, ≥ 0.
    C0 : (p, p) array
        Covariance of the start, symmetric positive semidefinite; it need not commute with A.

    Returns
    -------
    (p, p) array

    Raises
    ------
    DivergedError
        When η is so unstable that C_k overflows.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC".

    Examples
    --------
    >>> lmc_covariance([[2.0]], 0.25, 2, [[0.0]])  # 0.5 (1 + 0.5²)
    array([[0.625]])
    """
    l, Q = np.linalg.eigh(A)
    start, m = Q.T @ C0 @ Q, 1 - eta * l

    @np.errstate(over="ignore", invalid="ignore")
    def after(k: int) -> Array:
        power = m**k
        return Q @ (power[:, None] * start * power + np.diag(2 * eta * _geometric_sum(eta * l, k))) @ Q.T

    return run_unless_diverged(after, num_steps)


@domain(A=covariance("p p"), eta=positive, num_steps=integer(0), m0=array("p"), m=array("p"))
def lmc_mean(A: Array, eta: float, num_steps: int, m0: Array, m: Array) -> Array:
    r"""Mean after k steps of Langevin Monte Carlo on N(m, A⁻¹).

    .. math:: m_k = m + (I - \eta A)^k (m_0 - m)

    Parameters
    ----------
    A, eta, num_steps
        As for `lmc_covariance`.
    m0, m : (p,) array
        Mean of the start, and of the target.

    Returns
    -------
    (p,) array

    Raises
    ------
    DivergedError
        When η is so unstable that m_k overflows.

    Examples
    --------
    >>> lmc_mean([[2.0]], 0.25, 2, [5.0], [1.0])
    array([2.])
    """
    l, Q = np.linalg.eigh(A)

    @np.errstate(over="ignore", invalid="ignore")
    def after(k: int) -> Array:
        return m + Q @ ((1 - eta * l) ** k * (Q.T @ (m0 - m)))

    return run_unless_diverged(after, num_steps)


def _geometric_sum(step: Array, k: int) -> Array:
    """Σ_{j<k} (1 − step)²ʲ, without cancellation for small steps. Where the ratio is 1 the sum is k."""
    gap = step * (2 - step)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_m = np.where(step < 0.5, np.log1p(-step), np.log(np.abs(1 - step)))
        return np.where(gap == 0, k, -np.expm1(2 * k * np.maximum(log_m, -1e3)) / gap)
