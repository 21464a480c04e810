"""Maximising J over gains: slide "An optimization interpretation"."""

import numpy as np
import scipy

from refimpl.control import linear_policies, linear_quadratic, policy_gradient_theorem
from verify.claims import claim
from verify.control._changed import changed, scaled
from verify.control._problems import cost, random_problem, stable_gains, visits
from verify.control.linear_quadratic_infinite_costs import by_the_formula, refuses
from verify.evidence import at_most, equal, rounding

SLIDE = "An optimization interpretation"
SOURCE = "Fazel, Ge, Kakade & Mesbahi 2018"


def dynamic_programming(problem):
    """The value matrix of the last of so many stages that it no longer changes, and its gain."""
    A, B, Q, R, gamma = problem
    P, change = np.zeros_like(A), np.inf
    while change > 1e-15 * np.abs(P).max():
        K = np.linalg.solve(R + gamma * B.T @ P @ B, gamma * B.T @ P @ A)
        after = Q + K.T @ R @ K + gamma * (A - B @ K).T @ P @ (A - B @ K)
        P, change = (after + after.T) / 2, np.abs(after - P).max()
    return P, K


@claim("C02", slide=SLIDE, source="dynamic programming")
def the_riccati_gain_costs_least(
    rng,
    *,
    riccati_gain=linear_quadratic.riccati_gain,
    stabilising_solution=linear_quadratic.stabilising_solution,
    policy_value=linear_quadratic.policy_value,
):
    r"""K* and P from dynamic programming; J(K) − J(K*) = tr[Σ_K(K − K*)ᵀ(R + γBᵀPB)(K − K*)]."""
    for n, m in ((3, 2), (4, 1), (1, 1)):
        problem, S0 = random_problem(rng, n, m)
        _, B, _, R, gamma = problem
        P, best = dynamic_programming(problem)
        error, gains = 1e-9 * (1 + np.abs(P).max()), stable_gains(rng, problem)
        solution, K = stabilising_solution(*problem), riccati_gain(*problem)
        for name, measured, expected in (("P", solution[0], P), ("gain of P", solution[1], best), ("K*", K, best)):
            yield equal(f"{name}, n = {n}", measured, expected, atol=error)
        H = R + gamma * B.T @ P @ B
        excess = [np.trace(visits(problem, K, S0) @ (K - best).T @ H @ (K - best)) for K in gains]
        J = policy_value(*problem, gains, S0)
        error = 1e-9 * (1 + np.abs(J).max())
        yield equal(f"J(K) − J(K*), n = {n}", J - policy_value(*problem, best, S0), excess, atol=error)


def the_solvers_solution(A, B, Q, R, gamma):
    """Whatever the solver of Riccati equations returns."""
    P = scipy.linalg.solve_discrete_are(np.sqrt(gamma) * A, np.sqrt(gamma) * B, Q, R)
    return P, np.linalg.solve(R + gamma * B.T @ P @ B, gamma * B.T @ P @ A)


def solved_with_all_of_B(A, B, Q, R, gamma):
    """The solution near that of a problem whose actions reach too far."""
    P = scipy.linalg.solve_discrete_are(np.sqrt(gamma) * A, B, Q, R)
    return linear_quadratic._polished(A, B, Q, R, gamma, linear_quadratic._greedy_gain(A, B, R, gamma, P))


def one_sweep(A, B, Q, R, gamma):
    """The gain of the last stage but one, with the final cost Q."""
    linear_quadratic.riccati_gain(A, B, Q, R, gamma)
    return np.linalg.solve(R + gamma * B.T @ Q @ B, gamma * B.T @ Q @ A)


def changed_solution(change):
    """The solution of the Riccati equation, changed as (P, K, Q, γ) say."""

    def stabilising_solution(A, B, Q, R, gamma):
        P, K = linear_quadratic.stabilising_solution(A, B, Q, R, gamma)
        return change(P, K, Q, gamma)

    return stabilising_solution


the_riccati_gain_costs_least.mutants(
    {
        "undiscounted": changed(linear_quadratic.riccati_gain, gamma=lambda gamma: 1 - 1e-12),
        "γA, γB for √γA, √γB": changed(linear_quadratic.riccati_gain, gamma=lambda gamma: gamma**2),
        "u = +Ks": scaled(-1, linear_quadratic.riccati_gain),
        "actions 1 % too dear": changed(linear_quadratic.riccati_gain, R=lambda R: 1.01 * R),
        "one sweep from the final cost Q": one_sweep,
    },
    replaces="riccati_gain",
)
the_riccati_gain_costs_least.mutants(
    {
        "P of the stage before": changed_solution(lambda P, K, Q, gamma: (P - Q, K)),
        "gain (R + γBᵀPB)⁻¹BᵀPA": changed_solution(lambda P, K, Q, gamma: (P, K / gamma)),
    },
    replaces="stabilising_solution",
)
the_riccati_gain_costs_least.mutants(
    {
        "average cost: (1 − γ) J": lambda A, B, Q, R, gamma, K, S0: (
            (1 - gamma) * linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)
        )
    },
    replaces="policy_value",
)


@claim("C02", slide=SLIDE, source="the quadratic equation of one state")
def free_states_still_take_a_gain_that_stabilises(
    rng, *, riccati_gain=linear_quadratic.riccati_gain, stabilising_solution=linear_quadratic.stabilising_solution
):
    r"""q = 0, γa² > 1: K* = (γa² − 1)/γa, though 0 solves the equation; q = 10⁻²⁰: P = 2q and K = q to all digits."""
    one = np.eye(1)
    for gamma in (1e-4, 0.02, rng.uniform(0.3, 0.9), 1.0):
        for growth in (1.01, 2.0, 30.0):
            a = np.sqrt(growth / gamma)
            problem = (a * one, one, 0 * one, one, gamma)
            found, exact = [riccati_gain(*problem), stabilising_solution(*problem)[1]], (growth - 1) / (gamma * a)
            what = f"K*, states free, γ = {gamma:.2g}, γa² = {growth:g}"
            yield equal(what, found, np.full((2, 1, 1), exact), rtol=1e-9)
    nearly_free = (one, one, 1e-20 * one, one, 0.5)
    P, K = stabilising_solution(*nearly_free)
    measured = [P, K, riccati_gain(*nearly_free)]
    yield equal("P, K and K*, states nearly free", measured, [[[2e-20]], [[1e-20]], [[1e-20]]], rtol=1e-12)


free_states_still_take_a_gain_that_stabilises.mutants(
    {
        "whatever the solver returns": lambda A, B, Q, R, gamma: the_solvers_solution(A, B, Q, R, gamma)[1],
        "1 % too large": scaled(1.01, linear_quadratic.riccati_gain),
    },
    replaces="riccati_gain",
)
free_states_still_take_a_gain_that_stabilises.mutants(
    {
        "whatever the solver returns": the_solvers_solution,
        "the solver given B for √γB, then Newton's method": solved_with_all_of_B,
        "1 % too large": changed_solution(lambda P, K, Q, gamma: (1.01 * P, 1.01 * K)),
    },
    replaces="stabilising_solution",
)


@claim("C02", slide=SLIDE, source="no gain is stable; costs without a lower bound")
def where_no_gain_costs_least_there_is_no_riccati_gain(rng, *, riccati_gain=linear_quadratic.riccati_gain):
    r"""Refused: actions that do not reach an unstable state; actions, or states, that earn without bound."""
    one = np.eye(1)
    cases = {
        "out of reach": (2 * one, 0 * one, one, one, 0.9),
        "actions earn": (one, one, one, -9 * one, 0.5),
        "states earn": (one, one, -one, 5 * one, 0.5),
    }
    for name, problem in cases.items():
        yield equal(name, refuses(riccati_gain, *problem, error=ValueError), 1.0)


where_no_gain_costs_least_there_is_no_riccati_gain.mutants({
    "any stabilising solution": lambda *problem: linear_quadratic.stabilising_solution(*problem).K,
})


@claim("C08", slide=SLIDE, source=f"{SOURCE}; an example of our own")
def the_objective_is_not_convex(rng, *, policy_value=linear_quadratic.policy_value):
    r"""s⁺ = u, K = c e₁e₂ᵀ and c e₂e₁ᵀ: cost 2 + (r + γ)c² at both, half-way (2 + rc²/2)/(1 − γc²/4), or ∞.

    From γc² = 2 on the cost half-way may be larger than at both ends, near 4 it is: no convex function does that.
    """
    A, B, Q = np.zeros((2, 2)), np.eye(2), np.eye(2)
    for share in (0.5, 0.9, 0.999, 1.0, 3.0):
        gamma, r = rng.uniform(0.5, 0.95), rng.uniform(0.1, 3)
        c = np.sqrt(4 * share / gamma) * (1 + 1e-15)
        ends = np.array([[[0, c], [0, 0]], [[0, 0], [c, 0]]])
        J = policy_value(A, B, Q, r * np.eye(2), gamma, ends, np.eye(2))
        yield equal(f"J at the ends, γc² = {4 * share:g}", J, np.full(2, 2 + (r + gamma) * c**2), rtol=rounding(64))
        problem = (A, B, Q, r * np.eye(2), gamma)
        middle = ends.mean(0)
        if share < 1:
            expected = (2 + r * c**2 / 2) / (1 - gamma * c**2 / 4)
            J = policy_value(*problem, middle, np.eye(2))
            yield equal(f"J half-way, γc² = {4 * share:g}", J, expected, rtol=rounding(1e3 / (1 - share)))
        else:
            refused = refuses(policy_value, *problem, middle, np.eye(2))
            yield equal(f"infinite half-way, γc² = {4 * share:g}", refused, 1.0)


def of_the_ends(A, B, Q, R, gamma, K, S0):
    """The formula of J at the ends, half-way too."""
    linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)
    return np.trace(Q + (R + gamma * np.eye(len(Q))) * (K**2).sum((-2, -1), keepdims=True), axis1=-2, axis2=-1)


def with_one_action(A, B, Q, R, gamma, K, S0):
    """The cost with the actions of the first stage only."""
    Sigma = linear_policies.state_correlation(A, B, gamma, K, S0)
    return np.trace(Q @ Sigma + K.mT @ R @ K @ S0, axis1=-2, axis2=-1)


the_objective_is_not_convex.mutants({
    "the sum's formula also where it diverges": by_the_formula,
    "1 % too large": scaled(1.01, linear_quadratic.policy_value),
    "convex: the mean of the ends half-way": of_the_ends,
    "actions of the first stage only": with_one_action,
})


@claim("C02", slide=SLIDE, source=f"{SOURCE}, Lemma 3")
def yet_its_gradient_dominates_it(
    rng, *, policy_gradient=linear_quadratic.policy_gradient, policy_value=linear_quadratic.policy_value
):
    r"""J(K) − J* ≤ ‖Σ_{K*}‖ ‖∇J‖² / (4 λmin(S₀)² λmin(R)), so stationary gains are best; near = at small A, B."""
    for small in (1e-3, 1.0, 1.0):
        (A, B, Q, R, gamma), S0 = random_problem(rng, 3, 1)
        problem = (small * A, small * B, Q, R, gamma)
        if small < 1:
            S0 = np.eye(3)
        best = linear_quadratic.riccati_gain(*problem)
        K = best + rng.standard_normal((9, *best.shape)) / 10 if small < 1 else stable_gains(rng, problem, k=9)
        excess = policy_value(*problem, K, S0) - policy_value(*problem, best, S0)
        slope = (np.asarray(policy_gradient(*problem, K, S0)) ** 2).sum((1, 2))
        widest = np.linalg.norm(visits(problem, best, S0), 2)
        bound = widest * slope / (4 * np.linalg.eigvalsh(S0)[0] ** 2 * np.linalg.eigvalsh(R)[0])
        slack = rounding(1e4, 1 + np.abs(excess).max())
        gap = 0.01 if small < 1 else 1.0
        yield at_most(f"J(K) − J*, A and B times {small}", excess, bound, slack=slack, tight=gap)


yet_its_gradient_dominates_it.mutants(
    {
        "gradient 1 % too small": scaled(0.99, linear_quadratic.policy_gradient),
        "factor 2 forgotten": scaled(0.5, linear_quadratic.policy_gradient),
        "one coordinate's gradient dropped": scaled(np.array([1, 1, 0]), linear_quadratic.policy_gradient),
    },
    replaces="policy_gradient",
)
yet_its_gradient_dominates_it.mutants(
    {"actions twice as dear": changed(linear_quadratic.policy_value, R=lambda R: 2 * R)},
    replaces="policy_value",
)


@claim("C02", slide=SLIDE, source=f"{SOURCE}, Theorem 7")
def descent_along_it_finds_the_optimum(
    rng, *, off_policy_gradient=policy_gradient_theorem.off_policy_gradient, riccati_gain=linear_quadratic.riccati_gain
):
    r"""K⁺ = K − ηE_KD with D = I and D = S₀ ≈ I, η = 1/λmax(R + γBᵀP_KB) at the start: J falls to J*, K to K*."""
    for spread in (0.0, 0.05):
        problem, _ = random_problem(rng, 2, 1)
        _, B, _, R, gamma = problem
        K, best = stable_gains(rng, problem, k=1)[0], np.asarray(riccati_gain(*problem))
        D = np.eye(2) + spread * np.array([[1.0, 0.4], [0.4, -1.0]])
        P = linear_quadratic.value_matrix(*problem, K)
        eta, J = 0.5 / np.linalg.eigvalsh(R + gamma * B.T @ P @ B)[-1], [cost(*problem, K, np.eye(2))]
        for _ in range(400):
            K = K - eta * off_policy_gradient(*problem, K, D)
            J.append(cost(*problem, K, np.eye(2)))
        yield equal(f"K after 400 steps, D = I + {spread}…", K, best, atol=1e-7 * (1 + np.abs(best).max()))
        rises = np.maximum(np.diff(J), 0).max() / J[0]
        yield at_most(f"largest rise of J / J₀, D = I + {spread}…", rises, 0.0, slack=1e-12, resolution=1e-12)


descent_along_it_finds_the_optimum.mutants(
    {
        "ascends": scaled(-1, policy_gradient_theorem.off_policy_gradient),
        "γ 1 % too small": changed(policy_gradient_theorem.off_policy_gradient, gamma=lambda gamma: 0.99 * gamma),
        "a hundredth of the step": scaled(0.01, policy_gradient_theorem.off_policy_gradient),
    },
    replaces="off_policy_gradient",
)
descent_along_it_finds_the_optimum.mutants(
    {"gain of the undiscounted problem": changed(linear_quadratic.riccati_gain, gamma=lambda gamma: 1 - 1e-12)},
    replaces="riccati_gain",
)
