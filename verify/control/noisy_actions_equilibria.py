"""Who gains, and when nobody can, in noisy-action games: slide "Application: Noisy action robust …"."""

import numpy as np

from refimpl.control import linear_policies, linear_quadratic, noisy_actions
from verify.claims import claim
from verify.control._changed import scaled
from verify.control._problems import cost, visits
from verify.control._stage_games import DELTA, game, game_by_stages
from verify.control.linear_quadratic_infinite_costs import refuses
from verify.control.linear_quadratic_landscape import dynamic_programming
from verify.control.noisy_actions import SLIDE, SOURCE, changed_saddle, without_adversary
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


no_player_gains_by_leaving_the_equilibrium.mutants({
    "the adversary's gain of the other sign": changed_saddle(lambda P, K, L: (P, K, 1e-3 - L)),
    "the best gain without an adversary, and the best answer to none": without_adversary,
    "K 1 % too large": changed_saddle(lambda P, K, L: (P, 1.01 * K, L)),
    "players exchanged": changed_saddle(lambda P, K, L: (P, L, K)),
})


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
            refused = refuses(saddle, A, B2, Q, R2, gamma, error=ValueError)
            yield equal(f"refused at {where}", refused, 1 - exists)
    one = np.eye(1)
    B2, R2 = noisy_actions.stacked_actions(one, 0 * one, -9 * one, DELTA, 100.0)
    refused = refuses(saddle, one, B2, one, R2, 0.5, error=ValueError)
    yield equal("refused where the policy's actions earn", refused, 1.0)


def of_the_plain_solution(A, B, Q, R, gamma, R_u, delta):
    """4 % below δ²λmax(R + γBᵀPB), of the P without an adversary."""
    P = linear_quadratic.stabilising_solution(A, (1 - delta) * B, Q, (1 - delta) ** 2 * R + R_u, gamma).P
    return 0.96 * delta**2 * np.linalg.eigvalsh(R + gamma * B.T @ P @ B)[-1]


def if_it_is_asked(concave=True, convex=True, alone=True):
    """The stabilising solution of the stacked actions, where those conditions hold that are asked for."""

    def saddle(A, B, Q, R, gamma):
        P, gains = linear_quadratic.stabilising_solution(A, B, Q, R, gamma)
        m, H = len(R) // 2, R + gamma * B.T @ P @ B
        fails = [
            concave and np.linalg.eigvalsh(H[m:, m:])[-1] >= 0,
            convex and np.linalg.eigvalsh(H[:m, :m])[0] <= 0,
            alone and linear_policies.closed_loop_growth(A, B[:, :m], gamma, gains[:m]) >= 1,
        ]
        if any(fails):
            raise ValueError
        return P, gains[:m], gains[m:]

    return saddle


the_equilibrium_exists_above_a_least_penalty.mutants(
    {
        "δ for δ²": scaled(1 / DELTA, noisy_actions.least_penalty),
        "of the first stage: P = Q": lambda A, B, Q, R, gamma, R_u, delta: (
            delta**2 * np.linalg.eigvalsh(R + gamma * B.T @ Q @ B)[-1]
        ),
        "5 % too large": scaled(1.05, noisy_actions.least_penalty),
        "of the P without an adversary": of_the_plain_solution,
    },
    replaces="least_penalty",
)
the_equilibrium_exists_above_a_least_penalty.mutants(
    {
        "any stabilising solution": if_it_is_asked(concave=False, convex=False, alone=False),
        "convexity not asked for": if_it_is_asked(convex=False),
        "the policy alone may cost infinitely much": if_it_is_asked(alone=False),
    },
    replaces="saddle",
)


@claim("C05", slide=SLIDE, source="the policy cancels what it knows; completion of squares")
def an_adversary_of_actions_that_cost_as_done_changes_nothing(
    rng, *, saddle=noisy_actions.saddle, least_penalty=noisy_actions.least_penalty
):
    r"""Where only what is done costs: for all λ > λ* = δ²λmax(R + γBᵀP*B) the equilibrium is P*, K*/(1 − δ), v = 0.

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


def of_the_plain_gain(A, B, Q, R, gamma):
    """The equilibrium with K for K/(1 − δ)."""
    m = len(R) // 2
    P, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    return P, K * (1 - B[0, m] / B[0, 0]), L


def of_the_policys_share(A, B, Q, R, gamma):
    """The equilibrium with the value of the policy's share alone."""
    _, K, L = noisy_actions.saddle(A, B, Q, R, gamma)
    m = len(R) // 2
    return linear_quadratic.value_matrix(A, B[:, :m], Q, R[:m, :m], gamma, K) * 0.999, K, L


def of_the_trace(A, B, Q, R, gamma, R_u, delta):
    """δ² tr(R + γBᵀPB)."""
    P = linear_quadratic.stabilising_solution(A, B, Q, R, gamma).P
    return delta**2 * np.trace(R + gamma * B.T @ P @ B)


an_adversary_of_actions_that_cost_as_done_changes_nothing.mutants(
    {
        "gain not enlarged by 1/(1 − δ)": of_the_plain_gain,
        "an adversary who acts": changed_saddle(lambda P, K, L: (P, K, L + 1e-3)),
        "P of the policy's share alone": of_the_policys_share,
    },
    replaces="saddle",
)
an_adversary_of_actions_that_cost_as_done_changes_nothing.mutants(
    {
        "δ(1 − δ) for δ²": lambda A, B, Q, R, gamma, R_u, delta: (
            1.001 * noisy_actions.least_penalty(A, B, Q, R, gamma, R_u, delta) * (1 - delta) / delta
        ),
        "as many decimals for every δ": lambda *arguments: np.round(noisy_actions.least_penalty(*arguments), 17),
        "λ* of the trace": of_the_trace,
    },
    replaces="least_penalty",
)
