"""Who gains, and when nobody can, in noisy-action games: slide "Application: Noisy action robust …"."""

import numpy as np

from refimpl.control import linear_policies, linear_quadratic, noisy_actions
from verify.claims import claim
from verify.control._problems import cost, visits
from verify.control._stage_games import DELTA, game, game_by_stages
from verify.control.linear_quadratic_landscape import dynamic_programming
from verify.control.noisy_actions import SLIDE, SOURCE
from verify.evidence import equal


def departure(rng, joint, gains, player):
    """A change of one player's gain, the other's unchanged, after which costs are finite."""
    A, B, *_, gamma = joint
    change, m = np.zeros_like(gains), len(gains) // 2
    change[player * m : (player + 1) * m] = rng.standard_normal((m, gains.shape[1]))
    for _ in range(40):
        if np.sqrt(gamma) * np.abs(np.linalg.eigvals(A - B @ (gains + change))).max() < 0.99:
            break
        change /= 2
    return change


@claim("C05", slide=SLIDE, source=SOURCE)
def no_player_gains_by_leaving_the_equilibrium(rng, *, saddle=noisy_actions.saddle):
    r"""J(K + Δ, L) − J = tr ΣΔᵀH_uΔ > 0, J(K, L + Δ) − J = tr ΣΔᵀH_vΔ < 0: Σ of the new pair, H = R + γBᵀPB."""
    for effort in ("done", "own"):
        problem, S0, R_u, limit = game(rng, effort)
        A, B, Q, R, gamma = problem
        B, R = noisy_actions.stacked_actions(B, R, R_u, DELTA, 1.5 * limit)
        P, *gains = saddle(A, B, Q, R, gamma)
        joint, gains, H = (A, B, Q, R, gamma), np.vstack(gains), R + gamma * B.T @ P @ B
        value = cost(*joint, gains, S0)
        for player, sign in ((0, 1.0), (1, -1.0)):
            changes = [departure(rng, joint, gains, player) for _ in range(4)]
            gained = np.array([cost(*joint, gains + change, S0) - value for change in changes])
            expected = [np.trace(visits(joint, gains + c, S0) @ c.T @ H @ c) for c in changes]
            where = f"{'uv'[player]} leaves, effort on what is {effort}"
            yield equal(where, gained, expected, atol=1e-8 * (1 + np.abs(expected).max() + abs(value)))
            yield equal(f"sign, {where}", np.sign(gained), np.full(4, sign))


def adversarys_gain_other_sign(A, B, Q, R, gamma):
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, K, 1e-3 - L


def best_gain_without_adversary_best(A, B, Q, R, gamma):
    m = len(R) // 2
    P, K = linear_quadratic.stabilising_solution(A, B[:, :m], Q, R[:m, :m], gamma)
    return P, K, 0 * K


def k_1_percent_too_large(A, B, Q, R, gamma):
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, 1.01 * K, L


def players_exchanged(A, B, Q, R, gamma):
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, L, K


no_player_gains_by_leaving_the_equilibrium.mutants(
    {
        "the adversary's gain of the other sign": adversarys_gain_other_sign,
        "the best gain without an adversary, and the best answer to none": best_gain_without_adversary_best,
        "K 1 % too large": k_1_percent_too_large,
        "players exchanged": players_exchanged,
    },
    replaces="saddle",
)


def refused(function, *arguments):
    """1 when the function says that there is no equilibrium, 0 when it returns one."""
    try:
        function(*arguments)
    except ValueError:
        return 1.0
    return 0.0


@claim("C05", slide=SLIDE, source=f"{SOURCE}; dynamic programming")
def the_equilibrium_exists_above_a_least_penalty(
    rng, *, least_penalty=noisy_actions.least_penalty, saddle=noisy_actions.saddle
):
    r"""At 1.02 λ* the game's stages converge and P exists; at 0.98 λ* some stage gives the adversary no best action."""
    A, B = np.array([[1.0, 0.05], [0.49, 1.0]]), np.array([[0.0], [0.05]])
    pendulum = (A, B, np.diag([1.0, 0.1]), np.zeros((1, 1)), 0.9)
    cases = {effort: game(rng, effort)[::2] for effort in ("done", "own")}
    for effort, ((A, B, Q, R, gamma), R_u) in {**cases, "own, of a pendulum": (pendulum, np.eye(1))}.items():
        limit = least_penalty(A, B, Q, R, gamma, R_u, DELTA)
        for times, exists in ((0.5, 0.0), (0.98, 0.0), (1.02, 1.0), (3.0, 1.0)):
            P = game_by_stages((A, B, Q, R, gamma), R_u, times * limit, 5000)
            where = f"{times} λ*, effort on what is {effort}"
            yield equal(f"stages converge at {where}", float(P is not None), exists)
            B2, R2 = noisy_actions.stacked_actions(B, R, R_u, DELTA, times * limit)
            yield equal(f"refused at {where}", refused(saddle, A, B2, Q, R2, gamma), 1 - exists)
    one = np.eye(1)
    B2, R2 = noisy_actions.stacked_actions(one, 0 * one, -9 * one, DELTA, 100.0)
    yield equal("refused where the policy's actions earn", refused(saddle, one, B2, one, R2, 0.5), 1.0)


def p_without_adversary(A, B, Q, R, gamma, R_u, delta):
    P = linear_quadratic.stabilising_solution(A, (1 - delta) * B, Q, (1 - delta) ** 2 * R + R_u, gamma).P
    return 0.96 * delta**2 * np.linalg.eigvalsh(R + gamma * B.T @ P @ B)[-1]


def any_stabilising_solution(A, B, Q, R, gamma):
    P, gains = linear_quadratic.stabilising_solution(A, B, Q, R, gamma)
    return P, gains[: len(R) // 2], gains[len(R) // 2 :]


def convexity_not_asked(A, B, Q, R, gamma):
    P, gains = linear_quadratic.stabilising_solution(A, B, Q, R, gamma)
    m, H = len(R) // 2, R + gamma * B.T @ P @ B
    alone = linear_policies.closed_loop_growth(A, B[:, :m], gamma, gains[:m])
    if np.linalg.eigvalsh(H[m:, m:])[-1] >= 0 or alone >= 1:
        raise ValueError
    return P, gains[:m], gains[m:]


def policy_alone_may_cost_infinitely(A, B, Q, R, gamma):
    P, gains = linear_quadratic.stabilising_solution(A, B, Q, R, gamma)
    m, H = len(R) // 2, R + gamma * B.T @ P @ B
    if np.linalg.eigvalsh(H[:m, :m])[0] <= 0 or np.linalg.eigvalsh(H[m:, m:])[-1] >= 0:
        raise ValueError
    return P, gains[:m], gains[m:]


the_equilibrium_exists_above_a_least_penalty.mutants(
    {
        "δ for δ²": lambda A, B, Q, R, gamma, R_u, delta: (
            noisy_actions.least_penalty(A, B, Q, R, gamma, R_u, delta) / delta
        ),
        "of the first stage: P = Q": lambda A, B, Q, R, gamma, R_u, delta: (
            delta**2 * np.linalg.eigvalsh(R + gamma * B.T @ Q @ B)[-1]
        ),
        "5 % too large": lambda A, B, Q, R, gamma, R_u, delta: (
            1.05 * noisy_actions.least_penalty(A, B, Q, R, gamma, R_u, delta)
        ),
        "of the P without an adversary": p_without_adversary,
    },
    replaces="least_penalty",
)
the_equilibrium_exists_above_a_least_penalty.mutants(
    {
        "any stabilising solution": any_stabilising_solution,
        "convexity not asked for": convexity_not_asked,
        "the policy alone may cost infinitely much": policy_alone_may_cost_infinitely,
    },
    replaces="saddle",
)


@claim("C05", slide=SLIDE, source="the policy cancels what it knows; completion of squares")
def an_adversary_of_actions_that_cost_as_done_changes_nothing(
    rng, *, saddle=noisy_actions.saddle, least_penalty=noisy_actions.least_penalty
):
    r"""Costs of what is done only: for all λ > λ* = δ²λmax(R + γBᵀP*B) the equilibrium is P*, K*/(1 − δ), v = 0.

    Where the policy chooses second, P* is the value of the game below λ* too.
    """
    (A, B, Q, R, gamma), _, R_u, _ = game(rng, "done")
    P_star, K_star = dynamic_programming((A, B, Q, R, gamma))
    least = least_penalty(A, B, Q, R, gamma, R_u, DELTA)
    P = game_by_stages((A, B, Q, R, gamma), R_u, least / 2, 5000, adversary_first=False)
    yield equal("P where u chooses second, λ*/2", P, P_star, atol=1e-9 * (1 + np.abs(P_star).max()))
    unit = np.linalg.eigvalsh(R + gamma * B.T @ P_star @ B)[-1]
    yield equal("λ*/δ², δ = 1e-7", least_penalty(A, B, Q, R, gamma, R_u, 1e-7) * 1e14, unit, rtol=1e-7)
    for delta in (DELTA, 0.5):
        limit = delta**2 * unit
        yield equal(f"λ*, δ = {delta}", least_penalty(A, B, Q, R, gamma, R_u, delta), limit, rtol=1e-7)
        for times in (1.1, 30.0):
            B2, R2 = noisy_actions.stacked_actions(B, R, R_u, delta, times * limit)
            P, K, L = saddle(A, B2, Q, R2, gamma)
            error = 1e-9 * (1 + np.abs(P_star).max())
            yield equal(f"P, δ = {delta}, {times} λ*", P, P_star, atol=error)
            yield equal(f"K, δ = {delta}, {times} λ*", K, K_star / (1 - delta), atol=error)
            yield equal(f"L, δ = {delta}, {times} λ*", L, np.zeros(L.shape), atol=error)


def gain_not_enlarged_1_1_delta(A, B, Q, R, gamma):
    m = len(R) // 2
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, K * (1 - B[0, m] / B[0, 0]), L


def adversary_who_acts(A, B, Q, R, gamma):
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, K, L + 1e-3


def p_policys_share_alone(A, B, Q, R, gamma):
    _, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    m = len(R) // 2
    return linear_quadratic.value_matrix(A, B[:, :m], Q, R[:m, :m], gamma, K) * 0.999, K, L


def lam_trace(A, B, Q, R, gamma, R_u, delta):
    P = linear_quadratic.stabilising_solution(A, B, Q, R, gamma).P
    return delta**2 * np.trace(R + gamma * B.T @ P @ B)


an_adversary_of_actions_that_cost_as_done_changes_nothing.mutants(
    {
        "gain not enlarged by 1/(1 − δ)": gain_not_enlarged_1_1_delta,
        "an adversary who acts": adversary_who_acts,
        "P of the policy's share alone": p_policys_share_alone,
    },
    replaces="saddle",
)
an_adversary_of_actions_that_cost_as_done_changes_nothing.mutants(
    {
        "δ(1 − δ) for δ²": lambda A, B, Q, R, gamma, R_u, delta: (
            1.001 * noisy_actions.least_penalty(A, B, Q, R, gamma, R_u, delta) * (1 - delta) / delta
        ),
        "as many decimals for every δ": lambda A, B, Q, R, gamma, R_u, delta: np.round(
            noisy_actions.least_penalty(A, B, Q, R, gamma, R_u, delta), 17
        ),
        "λ* of the trace": lam_trace,
    },
    replaces="least_penalty",
)
