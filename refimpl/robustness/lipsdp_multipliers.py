r"""LipSDP: certified upper bounds of ℓ₂ Lipschitz constants from multipliers, one for each hidden neuron.

The solver comes with the extra `sdp`: ``pip install 'refimpl[sdp]'``.
"""

from typing import NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, nonnegative
from refimpl.robustness.relu_networks import Weights, network_weights
from refimpl.robustness.semidefinite_programs import largest_eigenvalue, modelling, solve


class Certificate(NamedTuple):
    """A bound ρ of the squared Lipschitz constant, and the multipliers λ (n,) of the hidden neurons that prove it."""

    rho: float
    multipliers: Array


@domain(weights=network_weights, rho=nonnegative, T=array("n n"))
def lipsdp_matrix(weights: Weights, rho: float, T: Array) -> Array:
    r"""The matrix of LipSDP: where it is ⪯ 0 and T is diagonal and ≥ 0, √ρ bounds the Lipschitz constant.

    .. math:: M(\rho, T) = \begin{bmatrix} A \\ B \end{bmatrix}^\top
              \begin{bmatrix} 0 & T \\ T & -2T \end{bmatrix} \begin{bmatrix} A \\ B \end{bmatrix}
              + \operatorname{blkdiag}(-\rho I, 0, W_L^\top W_L), \qquad
              A = [\operatorname{blkdiag}(W_1, \dots, W_{L-1}) \; 0], \quad B = [0 \; I]

    Parameters
    ----------
    weights : list of L ≥ 2 arrays
        W₁ (m, p), …, W_L (1, m).
    rho : float
        ρ ≥ 0.
    T : (n, n) array
        Multipliers of the n hidden neurons. Only diagonal ones prove something.

    Returns
    -------
    (p + n, p + n) array

    Raises
    ------
    ValueError
        T has another size than the hidden neurons.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", LipSDP; Fazlyab, Robey, Hassani, Morari &
    Pappas 2019, Theorem 2 with slopes in [0, 1].

    Examples
    --------
    >>> lipsdp_matrix([[[2.0]], [[3.0]]], 36.0, [[9.0]])  # eigenvalues −45 and 0
    array([[-36.,  18.],
           [ 18.,  -9.]])
    """
    if len(T) != (n := sum(len(W) for W in weights[:-1])):
        raise ValueError(f"T must have shape ({n}, {n}) for {n} hidden neurons, got {T.shape}")
    return _matrix(weights, rho, T)


def _matrix(weights: Weights, rho: float, T: Array) -> Array:
    p, n, last = weights[0].shape[1], len(T), weights[-1].shape[1]
    A = np.hstack([scipy.linalg.block_diag(np.empty((0, 0)), *weights[:-1]), np.zeros((n, last))])
    M = np.diag(np.repeat([-rho, 0.0], [p, n]))
    M[-last:, -last:] += weights[-1].T @ weights[-1]
    M[p:] += T @ A
    M[:, p:] += A.T @ T
    M[p:, p:] -= 2 * T
    return M


@domain(weights=network_weights)
def lipsdp(weights: Weights) -> float:
    r"""A certified upper bound of the global ℓ₂ Lipschitz constant of a network of any depth: LipSDP.

    .. math:: L = \sqrt{\rho}, \qquad \min_{\rho, \lambda \ge 0} \rho \quad \text{subject to} \quad
              M(\rho, \operatorname{diag} \lambda) \preceq 0

    with M as in `lipsdp_matrix`. It also bounds the network with any biases. Up to the solver's tolerance it is never
    above the product of the norms of the layers, and it is exact where all weights are positive.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m); the last layer is linear.

    Returns
    -------
    float

    Raises
    ------
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", LipSDP; Fazlyab, Robey, Hassani, Morari &
    Pappas 2019.

    Examples
    --------
    >>> round(lipsdp([[[1.0], [1.0]], [[1.0, -1.0]]]), 6)  # relu(a) − relu(a − 1) with biases
    1.0
    """
    exponents = [int(np.frexp(np.abs(W).max())[1]) for W in weights]
    scaled = [np.ldexp(W, -exponent) for W, exponent in zip(weights, exponents, strict=True)]
    return float(np.ldexp(np.sqrt(lipsdp_certificate(scaled).rho), sum(exponents)))


@domain(weights=network_weights)
def lipsdp_certificate(weights: Weights) -> Certificate:
    r"""The multipliers that prove the bound of `lipsdp`.

    The solver's λ are moved towards ones that satisfy the constraint strictly (in layer l they are L + 1 − l times the
    squared norms of the layers behind, which proves √L times the product of norms), as little as the proof needs.

    Parameters
    ----------
    weights : list of L arrays
        As in `lipsdp`.

    Returns
    -------
    Certificate
        With M(ρ, diag λ) ⪯ 0, in spite of rounding.

    Raises
    ------
    ImportError, ArithmeticError
        As in `lipsdp`.

    Examples
    --------
    >>> round(lipsdp_certificate([[[2.0]], [[3.0]]]).rho, 4)
    36.0
    """
    norms = np.array([np.linalg.norm(W, 2) for W in weights])
    widths = [len(W) for W in weights[:-1]]
    behind = np.repeat(np.cumprod(norms[:0:-1] ** 2)[::-1], widths)
    safe = behind * np.repeat(np.arange(len(weights), 1, -1), widths)
    if not norms.all():
        return Certificate(0.0, safe)
    solved = behind * _solved_multipliers([W / norm for W, norm in zip(weights, norms, strict=True)])
    moved = [(1 - share) * solved + share * safe for share in _SHARES]
    return min((Certificate(_least_rho(weights, lam), lam) for lam in moved), key=lambda found: found.rho)


_SHARES = (0.0, *10.0 ** np.arange(-14, 1))
_MARGINS = (10.0 ** np.arange(-15, 0)).tolist()


def _solved_multipliers(unit: Weights) -> Array:
    """Multipliers for layers of norm 1 as the solver leaves them, but none below 0."""
    if (n := sum(len(W) for W in unit[:-1])) == 0:
        return np.zeros(0)
    cvxpy = modelling()
    rho, lam = cvxpy.Variable(), cvxpy.Variable(n, nonneg=True)
    M = _matrix(unit, 0.0, np.zeros((n, n)))
    of_rho, *of_lam = (_matrix(unit, r, np.diag(l)) - M for r, *l in np.eye(n + 1))
    in_lam = np.stack([part.ravel() for part in of_lam], axis=1)
    solve(cvxpy.Minimize(rho), M + rho * of_rho + cvxpy.reshape(in_lam @ lam, M.shape, order="C") << 0)
    return np.maximum(lam.value, 0.0)


def _least_rho(weights: Weights, lam: Array) -> float:
    """The least ρ that multipliers prove in spite of rounding, by a Schur complement; infinity where there is none."""
    p, T = weights[0].shape[1], np.diag(lam)
    M = _matrix(weights, 0.0, T)
    try:
        hidden = scipy.linalg.cho_factor(-M[p:, p:])
    except np.linalg.LinAlgError:
        return np.inf
    rho = largest_eigenvalue(M[:p, :p] + M[:p, p:] @ scipy.linalg.cho_solve(hidden, M[p:, :p]))
    proved = (rho * (1 + margin) for margin in _MARGINS if _is_negative(_matrix(weights, rho * (1 + margin), T)))
    return next(proved, np.inf)


def _is_negative(M: Array) -> bool:
    """Whether a matrix is ⪯ 0 beyond rounding, seen on it scaled to the diagonal −1."""
    diagonal = -M.diagonal()
    if not (diagonal > 0).all():
        return False
    return largest_eigenvalue(M / np.sqrt(np.outer(diagonal, diagonal))) <= 0
