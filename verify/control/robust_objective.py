"""The robust objective, as printed and as meant: slide "Robust Reinforcement Learning"."""

import itertools

import numpy as np

from refimpl.control import decision_processes, linear_quadratic, robust_objective
from verify.claims import claim
from verify.control._changed import changed
from verify.control._problems import random_problem, stable_gains
from verify.control._processes import deterministic, random_process
from verify.evidence import at_least, at_most, equal

SLIDE = "Robust Reinforcement Learning"
SOURCE = "Tessler, Efroni & Mannor 2019"


def box(radius, m, points=3):
    """Points of a box of actions, its corners among them, and 0."""
    return np.array(list(itertools.product(np.linspace(-radius, radius, points), repeat=m)))


@claim("C04", slide=SLIDE, source=SOURCE)
def the_printed_max_lets_the_adversary_help(
    rng, *, printed_cost=robust_objective.printed_cost, robust_cost=robust_objective.robust_cost
):
    r"""One action, |ν| ≤ r, H = R + γBᵀPB: with the inner min J + Hr² + 2rE|Es|, with max J − E (Es)²/H; narrow 𝒩."""
    problem, _ = random_problem(rng, 3, 1)
    _, B, _, R, gamma = problem
    for K in stable_gains(rng, problem):
        s = rng.standard_normal((50, 3))
        P = linear_quadratic.value_matrix(*problem, K)
        H, slopes = (R + gamma * B.T @ P @ B)[0, 0], s @ linear_quadratic.riccati_residual(*problem, K)[0]
        nominal = np.einsum("ki,ij,kj->k", s, P, s).mean()
        radius = 1.5 * np.abs(slopes).max() / H
        nu, step = np.linspace(-radius, radius, 4001)[:, None], radius / 2000
        worst, best = robust_cost(*problem, K, s, nu), printed_cost(*problem, K, s, nu)
        expected = nominal + H * radius**2 + 2 * radius * np.abs(slopes).mean()
        error = 1e-9 * (1 + np.abs(P).max()) * 100
        yield equal("worst case", worst, expected, atol=error)
        expected = nominal - (slopes**2).mean() / H
        yield equal("printed", best, expected, atol=error + H * (step / 2) ** 2)
        ends = np.quantile(slopes / H, [0.3, 0.9])
        nu = np.concatenate([ends, np.clip(slopes / H, *ends)])[:, None]
        costs = [H * x**2 - 2 * x * slopes for x in (*ends, np.clip(slopes / H, *ends))]
        expected = nominal + np.maximum(*costs[:2]).mean()
        yield equal("worst case, 𝒩 narrow and not symmetric", robust_cost(*problem, K, s, nu), expected, atol=error)
        expected = nominal + costs[2].mean()
        yield equal("printed, 𝒩 narrow and not symmetric", printed_cost(*problem, K, s, nu), expected, atol=error)
        yield equal("printed ≤ nominal ≤ worst cost", [best < nominal, nominal < worst], [1.0, 1.0])


def with_the_best_action(A, B, Q, R, gamma, K, s, nu):
    """The cost of the best first action, in reach or not."""
    P, E = (f(A, B, Q, R, gamma, K) for f in (linear_quadratic.value_matrix, linear_quadratic.riccati_residual))
    P = P - E.T @ np.linalg.solve(R + gamma * B.T @ P @ B, E)
    return (s @ P * s).sum(-1).mean()


def of_single_states(extreme, cost):
    """The extreme of the costs from single states, for their mean."""
    return lambda A, B, Q, R, gamma, K, s, nu: extreme(cost(A, B, Q, R, gamma, K, one[None], nu) for one in s)


the_printed_max_lets_the_adversary_help.mutants(
    {
        "the printed objective for the robust one": robust_objective.printed_cost,
        "one perturbation for all states": lambda A, B, Q, R, gamma, K, s, nu: max(
            robust_objective.robust_cost(A, B, Q, R, gamma, K, s, one[None]) for one in nu[:: len(nu) // 8]
        ),
        "worst state instead of the mean": of_single_states(max, robust_objective.robust_cost),
        "the perturbation replaces the action": changed(robust_objective.robust_cost, K=lambda K: 0 * K),
        "upward perturbations only": changed(robust_objective.robust_cost, nu=lambda nu: nu[len(nu) // 2 :]),
        "𝒩 and −𝒩": changed(robust_objective.robust_cost, nu=lambda nu: np.concatenate([nu, -nu])),
    },
    replaces="robust_cost",
)
the_printed_max_lets_the_adversary_help.mutants(
    {
        "the robust objective for the printed one": robust_objective.robust_cost,
        "no perturbation": changed(robust_objective.printed_cost, nu=lambda nu: 0 * nu[:1]),
        "the best action of all, in reach or not": with_the_best_action,
        "half the perturbation": changed(robust_objective.printed_cost, nu=lambda nu: nu[:: len(nu) // 4]),
    },
    replaces="printed_cost",
)


@claim("C04", slide=SLIDE, source="policy improvement; P_K ⪰ P_{K*}")
def printed_or_corrected_the_best_linear_policy_is_the_plain_one(
    rng, *, printed_cost=robust_objective.printed_cost, robust_cost=robust_objective.robust_cost
):
    r"""Printed: no policy beats J*, K* attains it. Corrected, 𝒩 = −𝒩: least at K* too, J* + max νᵀHν."""
    for n, m in ((3, 1), (3, 2)):
        problem, _ = random_problem(rng, n, m)
        _, B, _, R, gamma = problem
        best = linear_quadratic.riccati_gain(*problem)
        P = linear_quadratic.value_matrix(*problem, best)
        s = rng.standard_normal((40, n))
        optimum = np.einsum("ki,ij,kj->k", s, P, s).mean()
        near = best + 1e-4 * rng.standard_normal((3, m, n))
        gains = np.concatenate([[best], near, stable_gains(rng, problem, k=6)])
        error = 1e-9 * (1 + optimum)
        for radius in (0.1, 3.0):
            nu = box(radius, m)
            printed = np.array([printed_cost(*problem, K, s, nu) for K in gains])
            yield at_least(f"printed, r = {radius}, m = {m}", printed, optimum, slack=error, tight=1e-9)
            yield equal(f"printed at K*, r = {radius}, m = {m}", printed[0], optimum, atol=error)
            H = R + gamma * B.T @ P @ B
            expected = optimum + np.einsum("ji,ik,jk->j", nu, H, nu).max()
            worst = np.array([robust_cost(*problem, K, s, nu) for K in gains])
            yield equal(f"worst case at K*, r = {radius}, m = {m}", worst[0], expected, atol=error + 1e-9 * expected)
            yield at_least(f"worst case, r = {radius}, m = {m}", worst, expected, slack=1e-9 * expected, tight=1e-8)


printed_or_corrected_the_best_linear_policy_is_the_plain_one.mutants(
    {
        "the robust objective for the printed one": robust_objective.robust_cost,
        "best action and state": of_single_states(min, robust_objective.printed_cost),
        "best perturbation paid back": changed(robust_objective.printed_cost, R=lambda R: 0.99 * R),
    },
    replaces="printed_cost",
)
printed_or_corrected_the_best_linear_policy_is_the_plain_one.mutants(
    {
        "the printed objective for the robust one": robust_objective.printed_cost,
        "𝒩 without its negative corners": lambda A, B, Q, R, gamma, K, s, nu: (
            robust_objective.robust_cost(A, B, Q, R, gamma, K, s, np.abs(nu)) + 1e-3
        ),
        "best at another gain: γ 1 % off": changed(robust_objective.robust_cost, gamma=lambda gamma: 0.99 * gamma),
    },
    replaces="robust_cost",
)


@claim("C04", slide=SLIDE, source="enumeration of policies")
def on_finite_processes_the_printed_optimum_is_the_plain_one(
    rng, *, best_reachable=robust_objective.best_reachable, worst_reachable=robust_objective.worst_reachable
):
    r"""All μ: max E max_b Q^μ(s, b) = max J; max E min_b Q^μ(s, b) ≤ max J."""
    P, R = random_process(rng, 3, 3)
    gamma, D = 0.8, rng.dirichlet(np.ones(3))
    policies = np.array(list(itertools.product(range(3), repeat=3)))
    tables = deterministic(policies, 3)
    V = decision_processes.state_values(P, R, gamma, tables)
    Q, J = decision_processes.action_values(P, R, gamma, V), V @ D
    reach = np.array([[0, 1], [1, 2], [2, 0]])
    printed = (np.asarray(best_reachable(Q, reach)) * tables).sum(-1) @ D
    worst = (np.asarray(worst_reachable(Q, reach)) * tables).sum(-1) @ D
    pairs = np.maximum(*(np.take_along_axis(Q, ((policies + k) % 3)[..., None], -1)[..., 0] for k in (0, 1)))
    yield equal("printed, every policy", printed, pairs @ D, atol=1e-12)
    pairs = np.minimum(*(np.take_along_axis(Q, ((policies + k) % 3)[..., None], -1)[..., 0] for k in (0, 1)))
    yield equal("worst case, every policy", worst, pairs @ D, atol=1e-12)
    yield equal("max of the printed objective", printed.max(), J.max(), atol=1e-12)
    yield at_most("worst case ≤ J ", worst, J, slack=1e-12, resolution=10.0)
    yield equal("printed ≥ J: policies where it is less", (printed < J - 1e-12).sum(), 0)


BACKWARDS = np.array([[0, 2], [1, 0], [2, 1]])


on_finite_processes_the_printed_optimum_is_the_plain_one.mutants(
    {
        "as printed": robust_objective.best_reachable,
        "every action in reach": lambda Q, reach: np.broadcast_to(Q.min(-1, keepdims=True), Q.shape),
        "reach read backwards: who reaches a": lambda Q, reach: robust_objective.worst_reachable(Q, BACKWARDS),
    },
    replaces="worst_reachable",
)
on_finite_processes_the_printed_optimum_is_the_plain_one.mutants(
    {
        "no exchange": lambda Q, reach: Q,
        "as meant": robust_objective.worst_reachable,
        "every action in reach": lambda Q, reach: np.broadcast_to(Q.max(-1, keepdims=True), Q.shape),
    },
    replaces="best_reachable",
)


@claim("C04", slide=SLIDE, source="one state, three actions")
def at_a_cliff_only_the_corrected_objective_leaves_the_edge(
    rng, *, best_reachable=robust_objective.best_reachable, worst_reachable=robust_objective.worst_reachable
):
    r"""Edge, middle and fall earn 1, 0.6 and −c: plain and printed optima are the edge, the corrected is the middle."""
    fall = rng.uniform(1.5, 4)
    Q = decision_processes.action_values(np.ones((1, 3, 1)), [[1.0, 0.6, -fall]], 0.5, [0.0])
    reach = np.array([[0, 2], [1, 0], [2, 1]])
    chosen = [np.argmax(Q), np.argmax(best_reachable(Q, reach)), np.argmax(worst_reachable(Q, reach))]
    yield equal("the edge, the edge as printed, the middle as meant", chosen, [0, 0, 1])


at_a_cliff_only_the_corrected_objective_leaves_the_edge.mutants(
    {
        "as printed": robust_objective.best_reachable,
        "every action in reach": lambda Q, reach: np.broadcast_to(Q.min(-1, keepdims=True), Q.shape),
    },
    replaces="worst_reachable",
)
at_a_cliff_only_the_corrected_objective_leaves_the_edge.mutants(
    {"as meant": robust_objective.worst_reachable}, replaces="best_reachable"
)
