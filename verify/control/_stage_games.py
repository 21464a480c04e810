"""Noisy-action games on linear-quadratic control, solved stage by stage with the players choosing in turn."""

import numpy as np

from refimpl.control import noisy_actions
from verify.control._problems import random_problem, random_symmetric

DELTA = 0.1


def sweep(problem, W, R_u, penalty, P, adversary_first):
    """One stage of the game by dynamic programming, one player after the other; None where a player has no best action.

    With M the matrix of the stage in (s, u, v), a player's best action leaves M's Schur complement.
    """
    A, B, Q, R, gamma = problem
    n, m = B.shape
    M = np.zeros((n + 2 * m, n + 2 * m))
    M[:n, :n], M[n:, n:] = Q, W.T @ R @ W
    M[n : n + m, n : n + m] += R_u
    M[n + m :, n + m :] -= penalty * np.eye(m)
    step = np.hstack([A, B @ W])
    M += gamma * step.T @ P @ step
    u, v = np.arange(n, n + m), np.arange(n + m, n + 2 * m)
    for player, sign in ((v, -1), (u, 1)) if adversary_first else ((u, 1), (v, -1)):
        H = M[np.ix_(player, player)]
        if np.linalg.eigvalsh(sign * H)[0] <= 0:
            return None
        M = M - M[:, player] @ np.linalg.solve(H, M[player])
    return M[:n, :n]


def game_by_stages(problem, R_u, penalty, num_stages, adversary_first=True):
    """P after many stages, or None from the stage on where a player has no best action."""
    m = len(R_u)
    W, P = np.hstack([(1 - DELTA) * np.eye(m), DELTA * np.eye(m)]), np.zeros_like(problem[0])
    for _ in range(num_stages):
        after = sweep(problem, W, R_u, penalty, P, adversary_first)
        if after is None or np.abs(after - P).max() <= 1e-13 * np.abs(P).max():
            return after
        P = (after + after.T) / 2
    return P


def game(rng, effort):
    """Problem, start, what the policy's own action costs, the least penalty; effort on what is "done" or "own"."""
    problem, S0 = random_problem(rng, 3, 2)
    problem = (rng.choice([1, 2]) * problem[0], *problem[1:])
    R_u = random_symmetric(rng, 2) if effort == "own" else np.zeros((2, 2))
    problem = (*problem[:3], 0 * R_u, problem[4]) if effort == "own" else problem
    return problem, S0, R_u, noisy_actions.least_penalty(*problem, R_u, DELTA)
