"""Finite decision processes: slide "Standard Reinforcement Learning"."""

import numpy as np

from refimpl.control import decision_processes
from verify.claims import claim
from verify.control._processes import all_runs, deterministic, exact_values, layered_process, random_process
from verify.evidence import equal, rounding

SLIDE = "Standard Reinforcement Learning"
SOURCE = "definitions; Bellman 1957"


@claim("C01", slide=SLIDE, source=SOURCE)
def values_are_means_of_returns(
    rng,
    *,
    discounted_return=decision_processes.discounted_return,
    state_values=decision_processes.state_values,
    action_values=decision_processes.action_values,
    performance=decision_processes.performance,
):
    r"""Over all runs of a process that ends: E[Z | s], E[Z | s, a] and E Z are V, Q and J; Z = Σ γ^{t−1}R_t."""
    yield equal("Z of 400 rewards 1", discounted_return(np.ones(400), 0.99), 100 * (1 - 0.99**400), rtol=rounding(1e3))
    for gamma in (0.0, 0.6, 0.99):
        P, R = layered_process(rng)
        mu, D = rng.dirichlet(np.ones(2), 6), np.array([*rng.dirichlet(np.ones(2)), 0, 0, 0, 0])
        V, error = np.asarray(state_values(P, R, gamma, mu)), rounding(100, np.abs(R).max())
        Q = np.asarray(action_values(P, R, gamma, V))
        means = []
        for s in range(2):
            chances, first, rewards = all_runs(P, R, mu, s)
            expected = rewards[:, 0] + gamma * (rewards[:, 1] + gamma * rewards[:, 2])
            Z = discounted_return(rewards, gamma)
            yield equal(f"Z of {len(Z)} runs, γ = {gamma}", Z, expected, atol=error)
            given = [(chances * Z)[first == a].sum() for a in range(2)]
            yield equal(f"Q({s}, ·), γ = {gamma}", Q[s], given, atol=error)
            means.append((chances * mu[s, first] * Z).sum())
        yield equal(f"V, γ = {gamma}", V[:2], means, atol=error)
        yield equal(f"J, γ = {gamma}", performance(P, R, gamma, mu, D), D[:2] @ means, atol=error)


def backwards(P, R, gamma, mu, D):
    """Performance with the policy's transitions transposed."""
    P_mu, R_mu = np.einsum("sa,sat->st", mu, P), (mu * R).sum(-1)
    return D @ np.linalg.solve(np.eye(len(P)) - gamma * P_mu.T, R_mu)


values_are_means_of_returns.mutants(
    {
        "Z = Σ γ^t R_t": lambda rewards, gamma: gamma * decision_processes.discounted_return(rewards, gamma),
        "undiscounted": lambda rewards, gamma: rewards.sum(-1),
        "rewards in reverse order": lambda rewards, gamma: decision_processes.discounted_return(
            rewards[..., ::-1], gamma
        ),
        "fifty rewards at most": lambda rewards, gamma: decision_processes.discounted_return(rewards[..., :50], gamma),
        "averaged: (1 − γ) Z": lambda rewards, gamma: (
            (1 - gamma) * decision_processes.discounted_return(rewards, gamma)
        ),
    },
    replaces="discounted_return",
)
values_are_means_of_returns.mutants(
    {
        "γ² for γ": lambda P, R, gamma, mu: decision_processes.state_values(P, R, gamma**2, mu),
        "actions drawn evenly": lambda P, R, gamma, mu: decision_processes.state_values(
            P, R, gamma, np.full_like(mu, 1 / mu.shape[-1])
        ),
    },
    replaces="state_values",
)
values_are_means_of_returns.mutants(
    {
        "no discount of what follows": lambda P, R, gamma, V: R + P @ V,
        "reward discounted too": lambda P, R, gamma, V: gamma * (R + P @ V),
    },
    replaces="action_values",
)
values_are_means_of_returns.mutants(
    {
        "states weighed evenly": lambda P, R, gamma, mu, D: decision_processes.performance(
            P, R, gamma, mu, np.full_like(D, 1 / len(D))
        ),
        "the policy's transitions backwards": backwards,
    },
    replaces="performance",
)


@claim("C01", slide=SLIDE, source=SOURCE)
def values_solve_bellmans_equation(
    rng,
    *,
    state_values=decision_processes.state_values,
    action_values=decision_processes.action_values,
    performance=decision_processes.performance,
):
    r"""Deterministic μ, in fractions: V = R_μ + γP_μV, Q = R + γPV, V(s) = Q(s, μ(s)), J = E V(s) = E Q(s, μ(s))."""
    for gamma in (0.3, 0.9, 0.999):
        P, R = random_process(rng)
        actions, D = rng.integers(0, 3, (2, 4)), rng.dirichlet(np.ones(4))
        mu = deterministic(actions, 3)
        V, Q = (np.stack(v) for v in zip(*(exact_values(P, R, gamma, a) for a in actions), strict=True))
        error = rounding(100, np.abs(R).max() / (1 - gamma) ** 2)
        yield equal(f"V, γ = {gamma}", state_values(P, R, gamma, mu), V, atol=error)
        yield equal(f"Q, γ = {gamma}", action_values(P, R, gamma, V), Q, atol=error)
        taken = np.take_along_axis(Q, actions[..., None], -1)[..., 0]
        J = performance(P, R, gamma, mu, D)
        yield equal(f"J = E V(s), γ = {gamma}", J, V @ D, atol=error)
        yield equal(f"J = E Q(s, μ(s)), γ = {gamma}", J, taken @ D, atol=error)


def nearly_solved(P, R, gamma, mu):
    """Values that are a little too small."""
    V = decision_processes.state_values(P, R, gamma, mu)
    return V - 1e-6 * (1 - gamma) * np.abs(V).max()


def with_the_first_transitions(P, R, gamma, mu):
    """Values with the first policy's transitions."""
    P_mu, R_mu = np.einsum("sa,sat->st", mu[0], P), (mu * R).sum(-1)
    return np.linalg.solve(np.eye(len(P)) - gamma * P_mu, R_mu.T).T


values_solve_bellmans_equation.mutants(
    {
        "one sweep short of the solution": nearly_solved,
        "γ 1 % too small": lambda P, R, gamma, mu: decision_processes.state_values(P, R, 0.99 * gamma, mu),
        "one policy's transitions for all": with_the_first_transitions,
    },
    replaces="state_values",
)
values_solve_bellmans_equation.mutants(
    {
        "critic at (s, μ(s')) in the target": lambda P, R, gamma, V: (
            R + gamma * np.broadcast_to(V[..., None], (*V.shape, R.shape[-1]))
        ),
        "transitions transposed": lambda P, R, gamma, V: R + gamma * np.einsum("tas,...t->...sa", P, V),
    },
    replaces="action_values",
)
values_solve_bellmans_equation.mutants(
    {
        "best first action, then the policy": lambda P, R, gamma, mu, D: (
            decision_processes.action_values(P, R, gamma, decision_processes.state_values(P, R, gamma, mu)).max(-1) @ D
        )
    },
    replaces="performance",
)


@claim("C01", slide=SLIDE, source="Kakade & Langford 2002, Lemma 6.1")
def policies_differ_by_the_advantage_where_the_new_one_goes(
    rng,
    *,
    state_visits=decision_processes.state_visits,
    state_values=decision_processes.state_values,
    action_values=decision_processes.action_values,
    performance=decision_processes.performance,
):
    r"""d = Σ γ^{t−1} Pr[S_t = ·]; J = Σ d μ R; J(μ') − J(μ) = Σ d^{μ'} μ' (Q^μ − V^μ)."""
    for gamma in (0.3, 0.9):
        P, R = random_process(rng)
        mu, D = rng.dirichlet(np.ones(3), (5, 4)), rng.dirichlet(np.ones(4))
        law, expected = np.broadcast_to(D, (5, 4)), np.zeros((5, 4))
        for t in range(int(40 / -np.log(gamma))):
            expected = expected + gamma**t * law
            law = np.einsum("ks,ksa,sat->kt", law, mu, P)
        d, J = np.asarray(state_visits(P, gamma, mu, D)), np.asarray(performance(P, R, gamma, mu, D))
        error = rounding(100, np.abs(R).max() / (1 - gamma) ** 2)
        yield equal(f"d, γ = {gamma}", d, expected, atol=error)
        yield equal(f"J, γ = {gamma}", J, np.einsum("ks,ksa,sa->k", expected, mu, R), atol=error)
        V = np.asarray(state_values(P, R, gamma, mu))
        advantage = np.asarray(action_values(P, R, gamma, V)) - V[..., None]
        gain = np.einsum("ks,ksa,lsa->kl", d, mu, advantage)
        yield equal(f"J(μ') − J(μ), γ = {gamma}", gain, J[:, None] - J, atol=error)


policies_differ_by_the_advantage_where_the_new_one_goes.mutants(
    {
        "a distribution: (1 − γ) d": lambda P, gamma, mu, D: (
            (1 - gamma) * decision_processes.state_visits(P, gamma, mu, D)
        ),
        "transitions not transposed": lambda P, gamma, mu, D: decision_processes.state_values(
            P, np.broadcast_to(D[:, None], P.shape[:2]), gamma, mu
        ),
        "first states not counted": lambda P, gamma, mu, D: decision_processes.state_visits(P, gamma, mu, D) - D,
    },
    replaces="state_visits",
)
policies_differ_by_the_advantage_where_the_new_one_goes.mutants(
    {"values 1 % too large": lambda P, R, gamma, mu: 1.01 * decision_processes.state_values(P, R, gamma, mu)},
    replaces="state_values",
)
policies_differ_by_the_advantage_where_the_new_one_goes.mutants(
    {"γ forgotten": lambda P, R, gamma, V: R + np.einsum("sat,...t->...sa", P, V)}, replaces="action_values"
)
policies_differ_by_the_advantage_where_the_new_one_goes.mutants(
    {
        "normalised: (1 − γ) J": lambda P, R, gamma, mu, D: (
            (1 - gamma) * decision_processes.performance(P, R, gamma, mu, D)
        )
    },
    replaces="performance",
)
