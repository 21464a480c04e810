"""Linear-quadratic control: costs of linear policies and their gradients: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_policies, linear_quadratic
from refimpl.errors import DivergedError
from verify.claims import claim
from verify.control.problems import (
    cost,
    cost_gradient,
    random_problem,
    random_symmetric,
    run,
    stable_gains,
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
        A, B, Q, R, gamma = problem
        s, u = run(problem, K, np.linalg.cholesky(S0).T, 800)
        discounts = gamma ** np.arange(len(s))
        Sigma = np.einsum("t,tki,tkj->ij", discounts, s, s)
        stages = np.einsum("tki,ij,tkj->tk", s, Q, s) + np.einsum("tki,ij,tkj->tk", u, R, u)
        error = rounding(3e4, np.trace(Sigma) * (1 + (K**2).sum()) * 4)
        yield equal(f"cost, growth {growth}", policy_value(*problem, K, S0), (discounts @ stages).sum(), atol=error)
        yield equal(f"Σ_K, growth {growth}", state_correlation(A, B, gamma, K, S0), Sigma, atol=error)
        P = np.asarray(value_matrix(*problem, K))
        starts = np.einsum("ki,ij,kj->k", s[0], P, s[0])
        yield equal(f"sᵀPs, growth {growth}", starts, discounts @ stages, atol=error * 100)
        yield equal(f"P − Pᵀ, growth {growth}", P - P.T, np.zeros((3, 3)), atol=error)
        batch = np.stack([[K, 0.99 * K, K]])
        if growth:
            expected = [[growth, np.sqrt(gamma) * np.abs(np.roots(np.poly(A - 0.99 * B @ K))).max(), growth]]
            yield equal(f"growth {growth}", closed_loop_growth(A, B, gamma, batch), expected, rtol=1e-8)


def _costs_mutant(text, replaces):
    return costs_are_discounted_sums_along_runs.mutant(text, replaces=replaces)


@_costs_mutant("averaged: (1 − γ) Σ", "policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return (1 - gamma) * linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)


@_costs_mutant("undiscounted dynamics scaled by γ, not √γ", "policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return linear_quadratic.policy_value(A, B, Q, R, gamma**2, K, S0)


@_costs_mutant("cost of actions forgotten", "policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return linear_quadratic.policy_value(A, B, Q, 0 * R, gamma, K, S0)


@_costs_mutant("u = Ks", "policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return linear_quadratic.policy_value(A, -B, Q, R, gamma, K, S0)


@_costs_mutant("the first stage is free", "policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0) - np.trace((Q + K.T @ R @ K) @ S0)


@_costs_mutant("P of the transposed dynamics", "value_matrix")
def _(A, B, Q, R, gamma, K):
    return linear_policies.state_correlation(A, B, gamma, K, Q + K.T @ R @ K + 9 * np.eye(len(Q)))


@_costs_mutant("discount 1 % too small", "value_matrix")
def _(A, B, Q, R, gamma, K):
    return linear_policies.value_matrix(A, B, Q, R, 0.99 * gamma, K)


@_costs_mutant("Σ of the transposed dynamics", "state_correlation")
def _(A, B, gamma, K, S0):
    return linear_policies.value_matrix(A, B, S0, np.zeros((len(K), len(K))), gamma, K)


@_costs_mutant("start not counted", "state_correlation")
def _(A, B, gamma, K, S0):
    return linear_policies.state_correlation(A, B, gamma, K, S0) - S0


@_costs_mutant("γ for √γ", "closed_loop_growth")
def _(A, B, gamma, K):
    return np.sqrt(gamma) * linear_policies.closed_loop_growth(A, B, gamma, K)


@_costs_mutant("norm for spectral radius", "closed_loop_growth")
def _(A, B, gamma, K):
    return np.sqrt(gamma) * np.linalg.norm(A - B @ K, 2, axis=(-2, -1))


@_costs_mutant("largest real eigenvalue", "closed_loop_growth")
def _(A, B, gamma, K):
    return np.sqrt(gamma) * np.linalg.eigvals(A - B @ K).real.max(-1)


def refuses(function, *arguments):
    """1 when the cost is said to diverge, 0 when a number is returned."""
    try:
        function(*arguments)
    except DivergedError:
        return 1.0
    return 0.0


@claim("C02", slide=SLIDE, source="stability of linear recursions")
def costs_are_infinite_from_growth_one_on(
    rng, *, policy_value=linear_quadratic.policy_value, policy_gradient=linear_quadratic.policy_gradient
):
    r"""One state: (q + rk²)S₀/(1 − g²), g = √γ|a − bk|. At g = 1, beyond, and in more dimensions it is refused."""
    for g in (0.5, 1 - 1e-3, 1 - 1e-9):
        gamma, (b, q, r, S0), k = (
            rng.uniform(0.3, 0.95),
            rng.uniform(0.5, 2, 4),
            rng.choice([-1, 1]) * rng.uniform(1, 2),
        )
        a = b * k - g / np.sqrt(gamma) * np.sign(k)
        g = np.sqrt(gamma) * abs(a - b * k)
        loop, one = a - b * k, np.eye(1)
        problem = (a * one, b * one, q * one, r * one, gamma)
        gap = rounding(64, 1 / (1 - g**2))
        expected = (q + r * k**2) * S0 / (1 - g**2)
        yield equal(f"J, 1 − g = {1 - g:.1g}", policy_value(*problem, k * one, S0 * one), expected, rtol=gap)
        slope = 2 * S0 * (r * k - gamma * b * loop * (q + r * k**2) / (1 - g**2)) / (1 - g**2)
        atol = gap * (abs(slope) + expected / (1 - g**2))
        yield equal(f"J', 1 − g = {1 - g:.1g}", policy_gradient(*problem, k * one, S0 * one), [[slope]], atol=atol)
    for function in (policy_value, policy_gradient):
        for growth in (0.5, 1 - 1e-6, 1 + 1e-9, 1.2, 4.0):
            problem, S0 = random_problem(rng)
            problem, K = with_growth(rng, problem, growth)
            refused = refuses(function, *problem, np.stack([K, K]), S0)
            yield equal(f"{function.__name__} refused at 1 + {growth - 1:.0e}", refused, float(growth >= 1))
        loop, one = np.diag([2.0, 0.5]), np.eye(2)
        refused = refuses(function, loop, one, one, one, 0.25, np.zeros((2, 2)), one)
        yield equal(f"{function.__name__} refused at 1", refused, 1.0)


@costs_are_infinite_from_growth_one_on.mutant("the formula, where the sum has no limit", replaces="policy_value")
def _(A, B, Q, R, gamma, K, S0):
    return np.array([cost(A, B, Q, R, gamma, one, S0) for one in K.reshape(-1, *K.shape[-2:])])[(0,) * (K.ndim == 2)]


@costs_are_infinite_from_growth_one_on.mutant("stability asked without the discount", replaces="policy_value")
def _(A, B, Q, R, gamma, K, S0):
    linear_quadratic.policy_value(A, B, Q, R, 1 - 1e-16, K, S0)
    return linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)


@costs_are_infinite_from_growth_one_on.mutant("a thousand stages", replaces="policy_value")
def _(A, B, Q, R, gamma, K, S0):
    F, M = np.sqrt(gamma) * (A - B @ K), Q + K.mT @ R @ K
    total = 0.0
    for _ in range(1000):
        total, S0 = total + np.trace(M @ S0, axis1=-2, axis2=-1), F @ S0 @ F.mT
    return total


@costs_are_infinite_from_growth_one_on.mutant("refused within 1 % of growth 1", replaces="policy_gradient")
def _(A, B, Q, R, gamma, K, S0):
    linear_quadratic.policy_gradient(A, B, Q, R, min(gamma / 0.99**2, 1 - 1e-16), K, S0)
    return linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0)


@costs_are_infinite_from_growth_one_on.mutant("infinite gradients returned", replaces="policy_gradient")
def _(A, B, Q, R, gamma, K, S0):
    try:
        return linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0)
    except DivergedError:
        return np.full(K.shape, np.inf)


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


def _gradient_mutant(text, replaces="policy_gradient"):
    return gradient_agrees_with_differentiation.mutant(text, replaces=replaces)


@_gradient_mutant("factor 2 forgotten")
def _(A, B, Q, R, gamma, K, S0):
    return linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0) / 2


@_gradient_mutant("starts for visited states: S₀ for Σ_K")
def _(A, B, Q, R, gamma, K, S0):
    return 2 * linear_quadratic.riccati_residual(A, B, Q, R, gamma, K) @ S0


@_gradient_mutant("the other sign: ascends costs")
def _(A, B, Q, R, gamma, K, S0):
    return -linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0)


@_gradient_mutant("natural gradient")
def _(A, B, Q, R, gamma, K, S0):
    return 2 * linear_quadratic.riccati_residual(A, B, Q, R, gamma, K)


@_gradient_mutant("γ missing before BᵀPA", "riccati_residual")
def _(A, B, Q, R, gamma, K):
    P = linear_policies.value_matrix(A, B, Q, R, gamma, K)
    return (R + gamma * B.T @ P @ B) @ K - B.T @ P @ A


@_gradient_mutant("first stage of the actions only", "riccati_residual")
def _(A, B, Q, R, gamma, K):
    P = linear_policies.value_matrix(A, B, Q, R, gamma, K)
    return R @ K - gamma * B.T @ P @ A


@_gradient_mutant("2R, as if differentiated twice", "riccati_residual")
def _(A, B, Q, R, gamma, K):
    return linear_quadratic.riccati_residual(A, B, Q, R, gamma, K) + R @ K


@_gradient_mutant("own states undiscounted", "state_correlation")
def _(A, B, gamma, K, S0):
    return linear_policies.state_correlation(A, B, gamma**2, K, S0)
