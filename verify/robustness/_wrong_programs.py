"""Semidefinite programs that were published and bound nothing; they need the extra `sdp`."""

from itertools import combinations

import numpy as np

from refimpl.robustness.lipsdp_multipliers import lipsdp_matrix
from refimpl.robustness.semidefinite_programs import modelling, solve


def coupled_lipsdp(weights):
    """LipSDP with the multipliers T = diag(λ) + Σ ζᵢⱼ(eᵢ − eⱼ)(eᵢ − eⱼ)ᵀ, ζ ≥ 0, over pairs of hidden neurons."""
    weights = [np.asarray(W, float) for W in weights]
    n = sum(len(W) for W in weights[:-1])
    if n == 0:
        return float(np.linalg.norm(weights[0], 2))
    I = np.eye(n)
    directions = [*I, *(I[i] - I[j] for i, j in combinations(range(n), 2))]
    M = lipsdp_matrix(weights, 0.0, np.zeros((n, n)))
    of_rho = lipsdp_matrix(weights, 1.0, np.zeros((n, n))) - M
    parts = np.stack([(lipsdp_matrix(weights, 0.0, np.outer(e, e)) - M).ravel() for e in directions], axis=1)
    cvxpy = modelling()
    rho, multipliers = cvxpy.Variable(), cvxpy.Variable(len(directions), nonneg=True)
    total = M + rho * of_rho + cvxpy.reshape(parts @ multipliers, M.shape, order="C")
    solve(cvxpy.Minimize(rho), total << 0)
    return float(np.sqrt(max(rho.value, 0.0)))


def paired_with_s(W, v):
    """The relaxation of sᵀ diag(v) W t in ℓ∞ with its constant row on u = 2s − 1, not on t."""
    C = np.asarray(v)[:, None] * W
    m, p = C.shape
    M = np.zeros((1 + p + m, 1 + p + m))
    M[1 + p :, 0], M[1 + p :, 1 : 1 + p] = C.sum(axis=1), C
    return relaxed(M + M.T)


def relaxed(M):
    """¼ max ⟨M, P⟩ over P ⪰ 0 of diagonal 1, as the solver leaves it."""
    cvxpy = modelling()
    P = cvxpy.Variable(M.shape, PSD=True)
    value = cvxpy.trace(M @ P) / 4
    solve(cvxpy.Maximize(value), cvxpy.diag(P) == 1)
    return float(value.value)
