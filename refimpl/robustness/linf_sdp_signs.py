r"""The matrix of signs of a network with one hidden layer, and the proofs of `lipschitz.linf_sdp`.

The ℓ∞ Lipschitz constant of vᵀσ(Wa) is at most the largest sᵀ diag(v) W t over slopes s ∈ [0, 1]^m and signs
t ∈ [−1, 1]^p of the input. With s = (1 + u)/2 this is ¼zᵀMz for signs z = (1, t, u), and zzᵀ is relaxed to a matrix
P ⪰ 0 of diagonal 1.

The solver comes with the extra `sdp`: ``pip install 'refimpl[sdp]'``.
"""

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain
from refimpl.robustness.semidefinite_programs import largest_eigenvalue, modelling, solve

_matrix, _vector = array("m p"), array("m")


@domain(W=_matrix, v=_vector)
def linf_matrix(W: Array, v: Array) -> Array:
    r"""The matrix of the relaxation: its constant row is paired with t.

    .. math:: M = \begin{bmatrix} 0 & 1^\top C & 0 \\ C^\top 1 & 0 & C^\top \\ 0 & C & 0 \end{bmatrix}, \qquad
              C = \operatorname{diag}(v) W

    Parameters
    ----------
    W, v : (m, p) array, (m,) array
        Weights of the two layers.

    Returns
    -------
    (1 + p + m, 1 + p + m) array

    References
    ----------
    Slide "Robustness in deep learning: estimation of Lipschitz constant", [67]; Raghunathan, Steinhardt & Liang 2018.

    Examples
    --------
    >>> linf_matrix([[2.0]], [3.0])
    array([[0., 6., 0.],
           [6., 0., 6.],
           [0., 6., 0.]])
    """
    p, C = W.shape[1], v[:, None] * W
    M = np.zeros((1 + p + len(W), 1 + p + len(W)))
    M[0, 1 : 1 + p] = C.sum(axis=0)
    M[1 + p :, 1 : 1 + p] = C
    return M + M.T


@domain(W=_matrix, v=_vector)
def linf_certificate(W: Array, v: Array) -> Array:
    r"""Multipliers d of the dual program, which prove the bound of `lipschitz.linf_sdp`.

    .. math:: \min_d \tfrac14 \sum_i d_i \quad \text{subject to} \quad \operatorname{diag}(d) - M \succeq 0

    The solver's d are raised by what its matrix lacks to be ⪰ 0 in spite of rounding.

    Parameters
    ----------
    W, v : (m, p) array, (m,) array
        As for `linf_matrix`.

    Returns
    -------
    (1 + p + m,) array

    Raises
    ------
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.

    Examples
    --------
    >>> d = linf_certificate([[1.0]], [2.0])
    >>> bool(np.linalg.eigvalsh(np.diag(d) - linf_matrix([[1.0]], [2.0]))[0] >= 0)
    True
    """
    M = linf_matrix(W, v)
    if not (scale := np.abs(M).max()):
        return np.zeros(len(M))
    cvxpy = modelling()
    d = cvxpy.Variable(len(M))
    solve(cvxpy.Minimize(cvxpy.sum(d)), cvxpy.diag(d) - M / scale >> 0)
    return scale * (d.value + max(largest_eigenvalue(M / scale - np.diag(d.value)), 0.0))
