"""Action-robust finite processes: slide "Application: Noisy action robust reinforcement learning"."""

import itertools

import numpy as np

from refimpl.control import action_robust_processes, decision_processes
from verify.claims import claim
from verify.control._processes import deterministic, random_process
from verify.evidence import at_most, equal, rounding

SLIDE = "Application: Noisy action robust reinforcement learning"
SOURCE = "Tessler, Efroni & Mannor 2019"


def table_of_values(P, R, gamma, delta):
    """V (μ, ν, S) of all pairs of deterministic policies, drawn with probabilities 1 − δ and δ, and their tables."""
    S, A = R.shape
    tables = deterministic(np.array(list(itertools.product(range(A), repeat=S))), A)
    mixed = (1 - delta) * tables[:, None] + delta * tables[None]
    P_mixed, R_mixed = np.einsum("klsa,sat->klst", mixed, P), (mixed * R).sum(-1)
    return np.linalg.solve(np.eye(S) - gamma * P_mixed, R_mixed[..., None])[..., 0], tables


def cliff(rng):
    """Two states: in 0 one stays, or walks to the edge 1 for more; there the other action costs much."""
    P = np.array([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    return P, np.array([[1.0, 0.8], [1.1, -rng.uniform(20, 40)]])


@claim("C05", slide=SLIDE, source=SOURCE)
def finite_noisy_action_games_have_a_value_in_pure_policies(
    rng, *, robust_solution=action_robust_processes.robust_solution, mixture=action_robust_processes.mixture
):
    r"""All pairs of policies, a ~ (1 − δ)μ + δν: max min = min max = V in all states at once, at these μ and ν."""
    shares = ((0.1, 0.9), (0.4, 0.5), (0.0, 0.9), (1.0, 0.7))
    for (P, R), (delta, gamma) in [(random_process(rng, 3, 3), share) for share in shares] + [(cliff(rng), shares[0])]:
        values, tables = table_of_values(P, R, gamma, delta)
        V, mu, nu = robust_solution(P, R, gamma, delta)
        error = rounding(1000, np.abs(R).max() / (1 - gamma) ** 2)
        where = f"{len(P)} states, δ = {delta}, γ = {gamma}"
        yield equal(f"max min, {where}", V, values.min(1).max(0), atol=error)
        yield equal(f"min max, {where}", V, values.max(0).min(0), atol=error)
        mixed = np.asarray(mixture(mu, nu, delta))
        yield equal(f"(1 − δ)μ + δν, {where}", mixed, (1 - delta) * np.asarray(mu) + delta * np.asarray(nu), atol=1e-15)
        yield equal(f"its value, {where}", decision_processes.state_values(P, R, gamma, mixed), V, atol=error)
        if delta < 1:
            row = values[(tables == mu).all((1, 2))][0]
            yield equal(f"what μ is sure of, {where}", row.min(0), V, atol=error)
        if delta > 0:
            column = values[:, (tables == nu).all((1, 2))][:, 0]
            yield equal(f"what ν concedes, {where}", column.max(0), V, atol=error)


def with_a_helper(P, R, gamma, delta):
    """The solution where both maximise."""
    V, mu, _ = action_robust_processes.robust_solution(P, R, gamma, 0.0)
    return V, mu, mu


def plain_then_robust(P, R, gamma, delta):
    """The best plain policy against its worst adversary of one stage."""
    mu = action_robust_processes.robust_solution(P, R, gamma, 0.0).mu
    worst = action_robust_processes.robust_solution(P, -R, gamma, 0.0).mu
    return decision_processes.state_values(P, R, gamma, (1 - delta) * mu + delta * worst), mu, worst


def with_random_actions(P, R, gamma, delta):
    """The robust policy against an adversary who draws actions evenly."""
    _, mu, nu = action_robust_processes.robust_solution(P, R, gamma, delta)
    even = np.full_like(nu, 1 / nu.shape[-1])
    return decision_processes.state_values(P, R, gamma, (1 - delta) * mu + delta * even), mu, nu


def with_one_action(P, R, gamma, delta):
    """The solution with the actions of the first state in all."""
    V, mu, nu = action_robust_processes.robust_solution(P, R, gamma, delta)
    return V, np.broadcast_to(mu[:1], mu.shape), np.broadcast_to(nu[:1], nu.shape)


finite_noisy_action_games_have_a_value_in_pure_policies.mutants(
    {
        "not robust: δ = 0": lambda P, R, gamma, delta: action_robust_processes.robust_solution(P, R, gamma, 0.0),
        "shares exchanged": lambda P, R, gamma, delta: action_robust_processes.robust_solution(P, R, gamma, 1 - delta),
        "the adversary helps, as the slide's max has it": with_a_helper,
        "the best plain policy, then its worst adversary": plain_then_robust,
        "a random adversary": with_random_actions,
        "one action for all states": with_one_action,
    },
    replaces="robust_solution",
)
finite_noisy_action_games_have_a_value_in_pure_policies.mutants(
    {
        "shares exchanged": lambda mu, nu, delta: action_robust_processes.mixture(nu, mu, delta),
        "noise added: μ + δν": lambda mu, nu, delta: mu + delta * nu,
    },
    replaces="mixture",
)


@claim("C05", slide=SLIDE, source=SOURCE)
def robust_value_iteration_contracts(rng, *, robust_bellman=action_robust_processes.robust_bellman):
    r"""TV by the best of all pairs of actions; T(V + c) = TV + γc; ‖TV − TW‖ ≤ γ‖V − W‖; V falls as δ grows."""
    P, R = random_process(rng)
    V, W = rng.standard_normal((2, 50, 4))
    W[0], c = V[0] + 1, rng.uniform(-2, 2)
    for delta, gamma in ((0.1, 0.9), (0.6, 0.5)):
        Q = R + gamma * np.einsum("sat,kt->ksa", P, V)
        pairs = (1 - delta) * Q[..., :, None] + delta * Q[..., None, :]
        T_V, T_W = np.asarray(robust_bellman(P, R, gamma, delta, V)), np.asarray(robust_bellman(P, R, gamma, delta, W))
        yield equal(f"TV, δ = {delta}", T_V, pairs.min(-1).max(-1), atol=rounding(64, 10.0))
        yield equal(f"TV, ν first, δ = {delta}", T_V, pairs.max(-2).min(-1), atol=rounding(64, 10.0))
        moved = robust_bellman(P, R, gamma, delta, V + c)
        yield equal(f"T(V + c), δ = {delta}", moved, T_V + gamma * c, atol=rounding(64, 10.0))
        before, after = np.abs(V - W).max(-1), np.abs(T_V - T_W).max(-1)
        yield at_most(f"‖TV − TW‖, δ = {delta}", after, gamma * before, slack=rounding(64, 10.0), tight=1e-10)
    shares = np.linspace(0, 1, 6)
    falling = np.array([robust_bellman(P, R, 0.8, delta, V) for delta in shares])
    yield equal("TV rises with δ somewhere", (np.diff(falling, axis=0) > 0).sum(), 0)


def with_one_reward(P, R, gamma, delta, V):
    """A sweep in which the adversary's action earns nothing."""
    Q, Q0 = decision_processes.action_values(P, R, gamma, V), decision_processes.action_values(P, 0 * R, gamma, V)
    return (1 - delta) * Q.max(-1) + delta * Q0.min(-1)


robust_value_iteration_contracts.mutants({
    "no adversary": lambda P, R, gamma, delta, V: action_robust_processes.robust_bellman(P, R, gamma, 0.0, V),
    "shares exchanged": lambda P, R, gamma, delta, V: action_robust_processes.robust_bellman(P, R, gamma, 1 - delta, V),
    "reward of the policy's action only": with_one_reward,
    "undiscounted": lambda P, R, gamma, delta, V: action_robust_processes.robust_bellman(P, R, 1 - 1e-12, delta, V),
    "δ 1 % too large": lambda P, R, gamma, delta, V: action_robust_processes.robust_bellman(
        P, R, gamma, min(1.01 * delta, 1.0), V
    ),
})
