"""Which objective noise optimises: slide "An optimization interpretation"."""

import numpy as np

from refimpl.arguments.errors import DivergedError
from refimpl.control import exploration, linear_quadratic, policy_gradient_theorem
from verify.claims import claim
from verify.control._changed import changed
from verify.control._problems import random_problem, stable_gains
from verify.control.linear_quadratic_infinite_costs import refuses
from verify.evidence import equal

SLIDE = "An optimization interpretation"
SOURCE = "second moments of linear recursions"


def noisy_cost(problem, K, S0, on_actions, on_gains):
    """Cost under independent noise on every action and every entry of every stage's gain, by moments of states.

    S⁺ = FSFᵀ + (σ₁² + σ₂² tr S) BBᵀ is affine in S, so that the sum of γᵗS solves one linear system.
    """
    A, B, Q, R, gamma = problem
    F, n = A - B @ K, len(A)
    per_trace = np.outer((B @ B.T).ravel(), np.eye(n).ravel())
    moments = gamma * (np.kron(F, F) + on_gains**2 * per_trace)
    if np.abs(np.linalg.eigvals(moments)).max() >= 1:
        return np.inf
    start = S0.ravel() + gamma / (1 - gamma) * on_actions**2 * (B @ B.T).ravel()
    total = np.linalg.solve(np.eye(n * n) - moments, start)
    stage = (Q + K.T @ R @ K + on_gains**2 * np.trace(R) * np.eye(n)).ravel()
    return stage @ total + on_actions**2 * np.trace(R) / (1 - gamma)


@claim("C03", slide=SLIDE, source=SOURCE)
def action_noise_moves_the_start_and_not_the_optimum(
    rng, *, action_noise_value=exploration.action_noise_value, action_value=policy_gradient_theorem.action_value
):
    r"""u = −Ks + σε: J from S₀ + σ²γ/(1 − γ) BBᵀ, plus σ² tr R/(1 − γ); best at K*; E Q(s, a + σε) = Q + ½σ²ΔQ."""
    for n, m in ((3, 2), (2, 1)):
        problem, S0 = random_problem(rng, n, m)
        _, B, _, R, gamma = problem
        K, best = stable_gains(rng, problem), linear_quadratic.riccati_gain(*problem)
        for sigma in (0.0, 0.3, 2.0):
            expected = np.array([noisy_cost(problem, one, S0, sigma, 0.0) for one in K])
            J = np.asarray(action_noise_value(*problem, K, S0, sigma))
            error = 1e-9 * (1 + np.abs(expected).max())
            yield equal(f"J, σ = {sigma}, n = {n}", J, expected, atol=error)
            excess = J - action_noise_value(*problem, best, S0, sigma)
            yield equal(f"below J(K*), σ = {sigma}, n = {n}", np.minimum(excess + error, 0), np.zeros(len(K)))
            moved = S0 + sigma**2 * gamma / (1 - gamma) * B @ B.T
            plain = linear_quadratic.policy_value(*problem, K, moved) + sigma**2 * np.trace(R) / (1 - gamma)
            yield equal(f"J from the moved start, σ = {sigma}, n = {n}", J, plain, atol=error)
        s, a, sigma = rng.standard_normal((5, 1, n)), rng.standard_normal((5, 1, m)), 0.7
        corners = sigma * np.sqrt(m) * np.concatenate([np.eye(m), -np.eye(m)])
        Q = action_value(*problem, K[0], np.broadcast_to(s, (5, 2 * m, n)), a + corners).mean(-1)
        H = R + gamma * B.T @ linear_quadratic.value_matrix(*problem, K[0]) @ B
        expected = action_value(*problem, K[0], s, a)[:, 0] + sigma**2 * np.trace(H)
        yield equal(f"E Q(s, a + σε), n = {n}", Q, expected, rtol=1e-9)


def on_the_first_action(A, B, Q, R, gamma, K, S0, sigma):
    """The cost of noise on the first action only."""
    J = exploration.action_noise_value(A, B, Q, R, gamma, K, S0, 0.0)
    return J + (1 - gamma) * (exploration.action_noise_value(A, B, Q, R, gamma, K, S0, sigma) - J)


def with_next_value_undiscounted(A, B, Q, R, gamma, K, S0, sigma):
    """The cost with R + BᵀPB for R + γBᵀPB."""
    P = linear_quadratic.value_matrix(A, B, Q, R, gamma, K)
    J = exploration.action_noise_value(A, B, Q, R, gamma, K, S0, sigma)
    return J + sigma**2 * np.trace(B.T @ P @ B, axis1=-2, axis2=-1)


def curved_by_its_own_cost(A, B, Q, R, gamma, K, s, a):
    """Action-values whose curvature in a is that of aᵀRa alone."""
    zero = np.zeros_like(a + 0 * s[..., :1])
    Q0 = policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s + 0 * a[..., :1], zero)
    return Q0 + np.einsum("...i,ij,...j", a, R, a)


action_noise_moves_the_start_and_not_the_optimum.mutants(
    {
        "J plus a constant: noise only paid for": lambda A, B, Q, R, gamma, K, S0, sigma: (
            linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0) + sigma**2 * np.trace(R) / (1 - gamma)
        ),
        "noise on the first action only": on_the_first_action,
        "σ for σ²": changed(exploration.action_noise_value, sigma=np.sqrt),
        "noise discounted from the first stage on: γσ²": lambda A, B, Q, R, gamma, K, S0, sigma: (
            exploration.action_noise_value(A, B, Q, R, gamma, K, S0, np.sqrt(gamma) * sigma)
        ),
        "undiscounted next value: R + BᵀPB": with_next_value_undiscounted,
    },
    replaces="action_noise_value",
)
action_noise_moves_the_start_and_not_the_optimum.mutants(
    {"∇²Q without the next state": curved_by_its_own_cost}, replaces="action_value"
)


@claim("C03", slide=SLIDE, source=SOURCE)
def parameter_noise_is_action_noise_in_proportion_to_the_state(
    rng, *, parameter_noise_value=exploration.parameter_noise_value
):
    r"""u = −(K + σE)s, E new at each stage: S⁺ = FSFᵀ + σ² tr S BBᵀ; finite iff γσ² tr BᵀXB < 1."""
    for n, m in ((3, 2), (2, 1)):
        problem, S0 = random_problem(rng, n, m)
        A, B, _, R, gamma = problem
        for K in stable_gains(rng, problem):
            X = linear_quadratic.value_matrix(A, B, np.eye(n), 0 * R, gamma, K)
            limit = 1 / np.sqrt(gamma * np.trace(B.T @ X @ B))
            sigma = limit * np.array([0.0, 0.5, 0.999])
            measured = [parameter_noise_value(*problem, np.array([K, K]), S0, x)[1] for x in sigma]
            expected = [noisy_cost(problem, K, S0, 0.0, x) for x in sigma]
            yield equal(f"J up to the limit, n = {n}", measured, expected, rtol=1e-7)
            for x in limit * np.array([1 + 1e-6, 2.0]):
                infinite = float(np.isinf(noisy_cost(problem, K, S0, 0.0, x)))
                yield equal(f"infinite beyond, n = {n}", refuses(parameter_noise_value, *problem, K, S0, x), infinite)


def to_first_order(A, B, Q, R, gamma, K, S0, sigma):
    """The cost to first order in σ²: without the noise that noise makes."""
    J = exploration.parameter_noise_value(A, B, Q, R, gamma, K, S0, 0.0)
    small = exploration.parameter_noise_value(A, B, Q, R, gamma, K, S0, 1e-6) - J
    return J + small * (sigma * 1e6) ** 2


def or_of_no_noise(A, B, Q, R, gamma, K, S0, sigma):
    """The cost, and where that is infinite that of no noise."""
    try:
        return exploration.parameter_noise_value(A, B, Q, R, gamma, K, S0, sigma)
    except DivergedError:
        return linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)


def of_noisy_actions(A, B, Q, R, gamma, K, S0, sigma):
    """The cost of noise on actions, where that of noise on gains is finite."""
    exploration.parameter_noise_value(A, B, Q, R, gamma, K, S0, sigma)
    return exploration.action_noise_value(A, B, Q, R, gamma, K, S0, sigma)


parameter_noise_is_action_noise_in_proportion_to_the_state.mutants({
    "to first order in σ² only: no feedback": to_first_order,
    "the formula beyond the limit": or_of_no_noise,
    "one noise for all entries of a row": lambda A, B, Q, R, gamma, K, S0, sigma: exploration.parameter_noise_value(
        A, B, Q, R, gamma, K, S0, sigma / np.sqrt(len(A))
    ),
    "noise as on actions: of the deviation σ": of_noisy_actions,
    "σ 1 % too large": changed(exploration.parameter_noise_value, sigma=lambda sigma: 1.01 * sigma),
})


@claim("C03", slide=SLIDE, source="dynamic programming")
def under_parameter_noise_another_gain_is_best(rng, *, parameter_noise_value=exploration.parameter_noise_value):
    r"""One state, b = q = r = 1: the best gain is γaP/(1 + γP), P of the noisy Riccati equation; it is not K*."""
    a, gamma, one = rng.uniform(0.8, 1.2), rng.uniform(0.5, 0.95), np.eye(1)
    problem, sigma = (a * one, one, one, one, gamma), 0.5 * np.sqrt(1 / gamma - 1)
    best = linear_quadratic.riccati_gain(*problem)
    k = best + np.linspace(-0.3, 0.3, 601)[:, None, None]
    k = k[gamma * ((a - k[:, 0, 0]) ** 2 + sigma**2) < 1]
    found = k[np.argmin(parameter_noise_value(*problem, k, one, sigma)), 0, 0]
    P = root_of_riccati(a, gamma, sigma)
    expected = gamma * a * P / (1 + gamma * P)
    yield equal("best gain under noise, one state: not K*", found, expected, atol=6e-4)
    moved = abs(expected - best[0, 0])
    yield equal("it moved by more than the grid sees", float(moved > 2e-3), 1.0)


def root_of_riccati(a, gamma, sigma):
    """P = 1 + σ² + γP(a² + σ²) − (γaP)²/(1 + γP), b = q = r = 1: the least cost from 1 under noise on gains."""
    P, change = 0.0, np.inf
    while change > 1e-14 * P:
        after = 1 + sigma**2 + gamma * P * (a**2 + sigma**2) - (gamma * a * P) ** 2 / (1 + gamma * P)
        P, change = after, abs(after - P)
    return P


under_parameter_noise_another_gain_is_best.mutants({
    "noise as on actions: of the deviation σ": of_noisy_actions,
    "no noise": changed(exploration.parameter_noise_value, sigma=lambda sigma: 0.0),
    "actions 2 % too dear": changed(exploration.parameter_noise_value, R=lambda R: 1.02 * R),
})
