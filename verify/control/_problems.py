"""Random linear-quadratic problems, and costs and gradients of linear policies computed in other ways."""

import numpy as np

from refimpl.control import linear_quadratic


def random_symmetric(rng, p, indefinite=0.0):
    """A symmetric matrix of eigenvalues from ½ to 2, some of them of the other sign where asked for."""
    rotation = np.linalg.qr(rng.standard_normal((p, p)))[0]
    M = rotation * (rng.uniform(0.5, 2, p) * np.where(rng.random(p) < indefinite, -1, 1)) @ rotation.T
    return (M + M.T) / 2


def random_problem(rng, n=3, m=2):
    """Dynamics that may be unstable but are well in reach of the actions, definite costs, a discount, and a start."""
    growth, size = 1.0, 0.0
    while growth > 0.9 or size > 10:
        A, B = rng.standard_normal((n, n)), rng.standard_normal((n, m))
        A *= rng.uniform(0.5, 1.5) / np.abs(np.linalg.eigvals(A)).max()
        problem = A, B, random_symmetric(rng, n), random_symmetric(rng, m), rng.uniform(0.5, 0.95)
        reach = np.hstack([np.linalg.matrix_power(A, k) @ B for k in range(n)])
        if np.linalg.svd(reach)[1][-1] < 0.01:
            continue
        best = linear_quadratic.riccati_gain(*problem)
        growth, size = closed_loop(problem, best), np.abs(best).max()
    return problem, random_symmetric(rng, n)


def closed_loop(problem, K):
    """√γρ(A − BK)."""
    A, B, *_, gamma = problem
    return np.sqrt(gamma) * np.abs(np.linalg.eigvals(A - B @ K)).max()


def with_growth(rng, problem, growth):
    """A random gain K, and the problem with A such that √γρ(A − BK) is the growth that is asked for."""
    A, B, Q, R, gamma = problem
    F, K = rng.standard_normal(A.shape), 0.5 * rng.standard_normal(B.T.shape)
    F *= growth / np.sqrt(gamma) / np.abs(np.linalg.eigvals(F)).max()
    return (F + B @ K, B, Q, R, gamma), K


def stable_gains(rng, problem, growth=0.95, k=4):
    """Gains (k, m, n) around the Riccati gain whose closed loops grow less than that."""
    K = linear_quadratic.riccati_gain(*problem)
    scale, found = 1.0, []
    while len(found) < k:
        candidate = K + scale * rng.standard_normal(K.shape)
        if closed_loop(problem, candidate) < growth:
            found.append(candidate)
        scale *= 0.9
    return np.array(found)


def cost(A, B, Q, R, gamma, K, S0):
    """tr(P_K S₀) by one linear system for the entries of P; K (m, n) may be complex, for derivatives."""
    F, M = A - B @ K, Q + K.T @ R @ K
    entries = np.linalg.solve(np.eye(M.size) - gamma * np.kron(F.T, F.T), M.ravel())
    return entries @ S0.ravel()


def cost_gradient(problem, K, S0):
    """The gradient of `cost` by complex steps, exact to rounding."""
    directions = np.eye(K.size).reshape(-1, *K.shape)
    slopes = [np.imag(cost(*problem, K + 1e-30j * direction, S0)) / 1e-30 for direction in directions]
    return np.reshape(slopes, K.shape)


def visits(problem, K, S0):
    """Σ_K by one linear system for its entries."""
    A, B, *_, gamma = problem
    F = A - B @ K
    Sigma = np.linalg.solve(np.eye(F.size) - gamma * np.kron(F, F), S0.ravel()).reshape(F.shape)
    return (Sigma + Sigma.T) / 2


def run(problem, K, s0, num_steps):
    """γ^{t/2} times the states and actions (num_steps, k, ·) of a linear policy from starts (k, n)."""
    A, B, *_, gamma = problem
    s, states, actions = s0, [], []
    for _ in range(num_steps):
        u = -s @ K.T
        states.append(s)
        actions.append(u)
        s = np.sqrt(gamma) * (s @ A.T + u @ B.T)
    return np.array(states), np.array(actions)


def stages(problem, s, u):
    """Costs sᵀQs + uᵀRu of states (..., n) and actions (..., m)."""
    _, _, Q, R, _ = problem
    return np.einsum("...i,ij,...j", s, Q, s) + np.einsum("...i,ij,...j", u, R, u)
