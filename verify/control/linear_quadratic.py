"""Linear-quadratic control: costs of linear policies and their gradients: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_policies, linear_quadratic
from verify.claims import claim
from verify.control._changed import changed, scaled
from verify.control._problems import (
    cost_gradient,
    random_problem,
    random_symmetric,
    run,
    stable_gains,
    stages,
    with_growth,
)
from verify.evidence import equal, rounding

SLIDE = "Deterministic Policy Gradient"
SOURCE = "Fazel, Ge, Kakade & Mesbahi 2018"


@claim("C02", slide=SLIDE, source="definition of the cost")
def costs_are_discounted_sums_along_runs(
    rng,
    *,
    policy_value=linear_quadratic.policy_value,
    value_matrix=linear_policies.value_matrix,
    state_correlation=linear_policies.state_correlation,
    closed_loop_growth=linear_policies.closed_loop_growth,
):
    r"""Runs from starts lᵢ, S₀ = Σ lᵢlᵢᵀ: tr(P_K S₀) = Σ γᵗ(sᵀQs + uᵀRu), Σ_K = Σ γᵗ ssᵀ; Q and R may be indefinite."""
    for growth in (0.0, 0.5, 0.95):
        problem, S0 = random_problem(rng)
        problem = (*problem[:2], random_symmetric(rng, 3, 0.5), random_symmetric(rng, 2, 0.5), problem[-1])
        problem, K = with_growth(rng, problem, growth)
        A, B, *_, gamma = problem
        s, u = run(problem, K, np.linalg.cholesky(S0).T, 800)
        Sigma = np.einsum("tki,tkj->ij", s, s)
        costs = stages(problem, s, u).sum(0)
        error = rounding(3e4, np.trace(Sigma) * (1 + (K**2).sum()) * 4)
        yield equal(f"cost, growth {growth}", policy_value(*problem, K, S0), costs.sum(), atol=error)
        yield equal(f"Σ_K, growth {growth}", state_correlation(A, B, gamma, K, S0), Sigma, atol=error)
        P = np.asarray(value_matrix(*problem, K))
        starts = np.einsum("ki,ij,kj->k", s[0], P, s[0])
        yield equal(f"sᵀPs, growth {growth}", starts, costs, atol=error * 100)
        yield equal(f"P − Pᵀ, growth {growth}", P - P.T, np.zeros((3, 3)), atol=error)
        batch = np.stack([[K, 0.99 * K, K]])
        if growth:
            expected = [[growth, np.sqrt(gamma) * np.abs(np.roots(np.poly(A - 0.99 * B @ K))).max(), growth]]
            yield equal(f"growth {growth}", closed_loop_growth(A, B, gamma, batch), expected, rtol=1e-8)
    turn = np.array([[1.0, -1.0], [1.0, 1.0]])
    growths = closed_loop_growth(turn, np.eye(2), 0.5, np.array([0 * turn, turn / 2]))
    yield equal("growth of a turn by 45° times √2, of half of it", growths, [1.0, 0.5], rtol=1e-12)


def larger_part(A, B, gamma, K):
    """Growth by the larger of real and imaginary parts."""
    values = np.linalg.eigvals(A - B @ K)
    return np.sqrt(gamma) * np.maximum(np.abs(values.real), np.abs(values.imag)).max(-1)


costs_are_discounted_sums_along_runs.mutants(
    {
        "averaged: (1 − γ) Σ": lambda A, B, Q, R, gamma, K, S0: (
            (1 - gamma) * linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)
        ),
        "undiscounted dynamics scaled by γ, not √γ": changed(
            linear_quadratic.policy_value, gamma=lambda gamma: gamma**2
        ),
        "cost of actions forgotten": changed(linear_quadratic.policy_value, R=lambda R: 0 * R),
        "u = Ks": changed(linear_quadratic.policy_value, B=lambda B: -B),
        "the first stage is free": lambda A, B, Q, R, gamma, K, S0: (
            linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0) - np.trace((Q + K.T @ R @ K) @ S0)
        ),
    },
    replaces="policy_value",
)
costs_are_discounted_sums_along_runs.mutants(
    {
        "P of the transposed dynamics": lambda A, B, Q, R, gamma, K: linear_policies.state_correlation(
            A, B, gamma, K, Q + K.T @ R @ K + 9 * np.eye(len(Q))
        ),
        "discount 1 % too small": changed(linear_policies.value_matrix, gamma=lambda gamma: 0.99 * gamma),
    },
    replaces="value_matrix",
)
costs_are_discounted_sums_along_runs.mutants(
    {
        "Σ of the transposed dynamics": lambda A, B, gamma, K, S0: linear_policies.value_matrix(
            A, B, S0, np.zeros((len(K), len(K))), gamma, K
        ),
        "start not counted": lambda A, B, gamma, K, S0: linear_policies.state_correlation(A, B, gamma, K, S0) - S0,
    },
    replaces="state_correlation",
)
costs_are_discounted_sums_along_runs.mutants(
    {
        "γ for √γ": lambda A, B, gamma, K: np.sqrt(gamma) * linear_policies.closed_loop_growth(A, B, gamma, K),
        "norm for spectral radius": lambda A, B, gamma, K: np.sqrt(gamma) * np.linalg.norm(A - B @ K, 2, axis=(-2, -1)),
        "the larger of real and imaginary parts": larger_part,
        "largest real eigenvalue": lambda A, B, gamma, K: np.sqrt(gamma) * np.linalg.eigvals(A - B @ K).real.max(-1),
    },
    replaces="closed_loop_growth",
)


@claim("C02", slide=SLIDE, source=SOURCE)
def gradient_agrees_with_differentiation(
    rng,
    *,
    policy_gradient=linear_quadratic.policy_gradient,
    riccati_residual=linear_quadratic.riccati_residual,
    state_correlation=linear_policies.state_correlation,
):
    r"""∇J = 2E_KΣ_K, E_K = (R + γBᵀPB)K − γBᵀPA, against complex steps in the linear system for P; batches of gains."""
    for n, m in ((1, 1), (3, 2), (4, 1), (2, 3)):
        problem, S0 = random_problem(rng, n, m)
        A, B, *_, gamma = problem
        K = stable_gains(rng, problem)
        expected = np.array([cost_gradient(problem, one, S0) for one in K])
        error = 1e-10 * (1 + np.abs(expected).max())
        yield equal(f"∇J, n = {n}, m = {m}", policy_gradient(*problem, K, S0), expected, atol=error)
        product = 2 * riccati_residual(*problem, K) @ state_correlation(A, B, gamma, K, S0)
        yield equal(f"2E_KΣ_K, n = {n}, m = {m}", product, expected, atol=error)


def residual(share_of_next_gain, share_of_next_slope, A, B, Q, R, gamma, K):
    """E_K with other factors of its two terms of the next stage."""
    P = linear_policies.value_matrix(A, B, Q, R, gamma, K)
    return (R + share_of_next_gain * B.T @ P @ B) @ K - share_of_next_slope * B.T @ P @ A


gradient_agrees_with_differentiation.mutants(
    {
        "factor 2 forgotten": scaled(0.5, linear_quadratic.policy_gradient),
        "starts for visited states: S₀ for Σ_K": lambda A, B, Q, R, gamma, K, S0: (
            2 * linear_quadratic.riccati_residual(A, B, Q, R, gamma, K) @ S0
        ),
        "the other sign: ascends costs": scaled(-1, linear_quadratic.policy_gradient),
        "natural gradient": lambda A, B, Q, R, gamma, K, S0: (
            2 * linear_quadratic.riccati_residual(A, B, Q, R, gamma, K)
        ),
    },
    replaces="policy_gradient",
)
gradient_agrees_with_differentiation.mutants(
    {
        "γ missing before BᵀPA": lambda A, B, Q, R, gamma, K: residual(gamma, 1.0, A, B, Q, R, gamma, K),
        "first stage of the actions only": lambda A, B, Q, R, gamma, K: residual(0.0, gamma, A, B, Q, R, gamma, K),
        "2R, as if differentiated twice": lambda A, B, Q, R, gamma, K: (
            linear_quadratic.riccati_residual(A, B, Q, R, gamma, K) + R @ K
        ),
    },
    replaces="riccati_residual",
)
gradient_agrees_with_differentiation.mutants(
    {"own states undiscounted": changed(linear_policies.state_correlation, gamma=lambda gamma: gamma**2)},
    replaces="state_correlation",
)
