"""The noisy-action game on linear-quadratic control, and its value: slide "Application: Noisy action robust …"."""

import numpy as np

from refimpl.control import linear_quadratic, noisy_actions
from verify.claims import claim
from verify.control._changed import changed
from verify.control._stage_games import DELTA, game, game_by_stages
from verify.evidence import equal

SLIDE = "Application: Noisy action robust reinforcement learning"
SOURCE = "Başar & Bernhard 1995"


@claim("C05", slide=SLIDE, source=f"{SOURCE}; dynamic programming")
def the_games_riccati_equation_gives_its_value_in_both_orders(
    rng, *, saddle=noisy_actions.saddle, stacked_actions=noisy_actions.stacked_actions
):
    r"""P = limit of stages in which v, or u, chooses second, δ = 0.1; from P its gains; the value of both is tr PS₀."""
    for effort in ("done", "own"):
        problem, S0, R_u, limit = game(rng, effort)
        A, B, Q, R, gamma = problem
        for times in (1.2, 5.0):
            B2, R2 = stacked_actions(B, R, R_u, DELTA, times * limit)
            P, K, L = saddle(A, B2, Q, R2, gamma)
            error, where = 1e-9 * (1 + np.abs(P).max()), f"effort on what is {effort}, λ = {times} λ*"
            for first in (True, False):
                expected = game_by_stages(problem, R_u, times * limit, 5000, first)
                yield equal(f"P, {'v' if first else 'u'} chooses second, {where}", P, expected, atol=error)
            F, a, v = A - B @ (0.9 * K + 0.1 * L), -(0.9 * K + 0.1 * L), -L
            stage = Q + a.T @ R @ a + K.T @ R_u @ K - times * limit * v.T @ v
            yield equal(f"P from what is done, {where}", stage + gamma * F.T @ P @ F, P, atol=error)
            slope_u = 0.9 * (R @ a + gamma * B.T @ P @ F) - R_u @ K
            slope_v = 0.1 * (R @ a + gamma * B.T @ P @ F) - times * limit * v
            zero = np.zeros((2, 2, 3))
            yield equal(f"slopes in u and v, {where}", [slope_u, slope_v], zero, atol=error)
            value = linear_quadratic.policy_value(A, B2, Q, R2, gamma, np.vstack([K, L]), S0)
            yield equal(f"value, {where}", value, np.trace(P @ S0), atol=10 * error)


def changed_saddle(change):
    """The equilibrium, changed as (P, K, L) say."""
    return lambda A, B, Q, R, gamma: change(*noisy_actions.saddle(A, B, Q, R, gamma))


def without_adversary(A, B, Q, R, gamma):
    """The best gain without an adversary, and the adversary that does nothing."""
    m = len(R) // 2
    P, K = linear_quadratic.stabilising_solution(A, B[:, :m], Q, R[:m, :m], gamma)
    return P, K, 0 * K


def undiscounted_gains(A, B, Q, R, gamma):
    """The equilibrium with gains from BᵀPB for γBᵀPB."""
    P, K, _ = noisy_actions.saddle(A, B, Q, R, gamma)
    gains = np.linalg.solve(R + B.T @ P @ B, gamma * B.T @ P @ A)
    return P, gains[: len(K)], gains[len(K) :]


def of_added_noise(B, R, R_u, delta, penalty):
    """Stacked actions of a = u + δv."""
    m = len(R)
    W = np.hstack([np.eye(m), delta * np.eye(m)])
    zero = np.zeros((m, m))
    return B @ W, W.T @ R @ W + np.block([[R_u, zero], [zero, -penalty * np.eye(m)]])


the_games_riccati_equation_gives_its_value_in_both_orders.mutants(
    {
        "players exchanged": changed_saddle(lambda P, K, L: (P, L, K)),
        "v = +Ls": changed_saddle(lambda P, K, L: (P, K, -L + 1e-3)),
        "no adversary": without_adversary,
        "undiscounted adversary: BᵀPB for γBᵀPB": undiscounted_gains,
    },
    replaces="saddle",
)
the_games_riccati_equation_gives_its_value_in_both_orders.mutants(
    {
        "shares exchanged": changed(
            noisy_actions.stacked_actions, delta=lambda delta: 1 - delta, penalty=lambda penalty: 100 * penalty
        ),
        "added noise: a = u + δv": of_added_noise,
        "the adversary pays λ|δv|²": changed(noisy_actions.stacked_actions, penalty=lambda penalty: 1.01 * penalty),
        "effort of the policy alone, twice": changed(
            noisy_actions.stacked_actions, R_u=lambda R_u: 2 * R_u + 0.01 * np.eye(len(R_u))
        ),
    },
    replaces="stacked_actions",
)
