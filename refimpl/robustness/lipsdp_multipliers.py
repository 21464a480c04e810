r"""LipSDP's matrix and its multipliers, one for each hidden neuron: the proofs of `lipschitz.lipsdp`.

The solver comes with the extra `sdp`: ``pip install 'refimpl[sdp]'``.
"""

from typing import NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, nonnegative
from refimpl.robustness.relu_networks import Weights, balance, network_weights, of_unit_size
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
def lipsdp_certificate(weights: Weights) -> Certificate:
    r"""The multipliers that prove the bound of `lipschitz.lipsdp`.

    Neurons are balanced first, so that ρ does not depend on how the network is written; λ of a neuron that grew by s
    proves the same times s². The solver's λ are moved, as little as the proof needs, towards ones that satisfy the
    constraint strictly. Those are L + 1 − l times the squared norms of the layers behind, in layer l; they prove √L
    times the product of the norms.

    Parameters
    ----------
    weights : list of L arrays
        As for `lipsdp_matrix`, L ≥ 1.

    Returns
    -------
    Certificate
        With M(ρ, diag λ) ⪯ 0, in spite of rounding.

    Raises
    ------
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.

    Examples
    --------
    >>> round(lipsdp_certificate([[[2.0]], [[3.0]]]).rho, 4)
    36.0
    """
    first = of_unit_size(weights)
    balanced = balance(first.weights)
    last = of_unit_size(balanced.weights)
    rho, lam = _certificate(last.weights)
    e = first.exponents + last.exponents
    behind = np.repeat(e.sum() - np.cumsum(e)[:-1], [len(W) for W in weights[:-1]])
    return Certificate(float(np.ldexp(rho, 2 * e.sum())), np.ldexp(lam, 2 * (behind + balanced.exponents)))


def _certificate(weights: Weights) -> Certificate:
    """The multipliers that prove the bound of a balanced network."""
    norms = np.array([np.linalg.norm(W, 2) for W in weights])
    widths = [len(W) for W in weights[:-1]]
    layers = range(1, len(weights))
    behind = np.repeat([np.prod(norms[l:] ** 2) for l in layers], widths)
    safe = behind * np.repeat([len(weights) + 1 - l for l in layers], widths)
    if not norms.all():
        return Certificate(0.0, safe)
    solved = behind * _solved_multipliers([W / norm for W, norm in zip(weights, norms, strict=True)])
    moved = [(1 - share) * solved + share * safe for share in _SHARES]
    proofs = [Certificate(_least_rho(weights, lam), lam) for lam in moved]
    return min(proofs, key=lambda proof: proof.rho)


_SHARES = (0.0, *10.0 ** np.arange(-14, 1))
_MARGINS = (10.0 ** np.arange(-15, 0)).tolist()


def _solved_multipliers(unit: Weights) -> Array:
    """Multipliers for layers of norm 1 as the solver leaves them, but none below 0."""
    if (n := sum(len(W) for W in unit[:-1])) == 0:
        return np.zeros(0)
    cvxpy = modelling()
    rho, lam = cvxpy.Variable(), cvxpy.Variable(n, nonneg=True)
    none = np.zeros((n, n))
    M = _matrix(unit, 0.0, none)
    of_rho = _matrix(unit, 1.0, none) - M
    of_lam = np.stack([(_matrix(unit, 0.0, np.diag(e)) - M).ravel() for e in np.eye(n)], axis=1)
    solve(cvxpy.Minimize(rho), M + rho * of_rho + cvxpy.reshape(of_lam @ lam, M.shape, order="C") << 0)
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
    for margin in _MARGINS:
        if _is_negative(_matrix(weights, rho * (1 + margin), T)):
            return rho * (1 + margin)
    return np.inf


def _is_negative(M: Array) -> bool:
    """Whether a matrix is ⪯ 0 beyond rounding, seen on it scaled to the diagonal −1."""
    diagonal = -M.diagonal()
    if not (diagonal > 0).all():
        return False
    return largest_eigenvalue(M / np.sqrt(np.outer(diagonal, diagonal))) <= 0
