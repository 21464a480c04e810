"""What the off-policy gradient gets wrong, exactly: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_quadratic, policy_gradient_theorem
from verify.claims import claim, shipped
from verify.control._changed import changed, scaled
from verify.control._problems import cost_gradient, random_problem, stable_gains, visits
from verify.control.policy_gradient_theorem import (
    DDPG,
    SLIDE,
    SOURCE,
    critic,
    linear_policy,
    slope_with_the_wrong_state,
    with_moment,
)
from verify.evidence import equal


def frozen_gradient(problem, P, K, D):
    """Complex-step gradient in K of the cost of one action −Ks from states of second moment D, then of a critic P."""
    A, B, Q, R, gamma = problem

    def one_step(K):
        F = A - B @ K
        return np.trace((Q + K.T @ R @ K + gamma * F.T @ P @ F) @ D)

    slopes = [np.imag(one_step(K + 1e-30j * e.reshape(K.shape))) / 1e-30 for e in np.eye(K.size)]
    return np.reshape(slopes, K.shape)


@claim("C02", slide=SLIDE, source=f"{SOURCE}; Degris, White & Sutton 2012")
def off_policy_it_differentiates_with_the_critic_frozen(
    rng,
    *,
    off_policy_gradient=policy_gradient_theorem.off_policy_gradient,
    deterministic_policy_gradient=policy_gradient_theorem.deterministic_policy_gradient,
    action_gradient=policy_gradient_theorem.action_gradient,
):
    r"""E_D[∇μ∇ₐQ] = ∇_K E_D Q'(s, −Ks), Q' fixed, of the same gain or a stale one; for D = S₀ it lacks 2γE_KFΣ_KFᵀ."""
    for n, m in ((3, 2), (2, 2)):
        problem, S0 = random_problem(rng, n, m)
        A, B, *_, gamma = problem
        D = np.linalg.inv(random_problem(rng, n, m)[1])
        D = (D + D.T) / 2
        K, stale = stable_gains(rng, problem, k=2)
        P, P_stale = linear_quadratic.value_matrix(*problem, np.array([K, stale]))
        expected = frozen_gradient(problem, P, K, D)
        error = 1e-10 * (1 + np.abs(P).max() + np.abs(P_stale).max()) * 100
        yield equal(f"2E_KD, n = {n}", off_policy_gradient(*problem, K, D), expected, atol=error)
        for name, gain, matrix in (("own critic", K, P), ("stale critic", stale, P_stale)):
            grad_a = critic(problem, gain, action_gradient)
            measured = deterministic_policy_gradient(linear_policy, grad_a, K, with_moment(D))
            expected = frozen_gradient(problem, matrix, K, D)
            yield equal(f"mean of ∇μ∇ₐQ, {name}, n = {n}", measured, expected, atol=error)
        Sigma, F, gradient = visits(problem, K, S0), A - B @ K, cost_gradient(problem, K, S0)
        bias = off_policy_gradient(*problem, K, S0) - gradient
        expected = -gamma * gradient @ np.linalg.solve(Sigma, F @ Sigma @ F.T)
        error = 1e-9 * (1 + np.abs(gradient).max()) * np.linalg.cond(Sigma)
        yield equal(f"bias for D = S₀, n = {n}", bias, expected, atol=error)


def from_the_left(A, B, Q, R, gamma, K, D):
    """2DE_K, with as much of D as fits."""
    E = linear_quadratic.riccati_residual(A, B, Q, R, gamma, K)
    return 2 * (D[: len(E), : len(E)] @ E)


def of_the_optimum(A, B, Q, R, gamma, K, s, a):
    """The critic of the optimal gain, whatever the gain."""
    best = linear_quadratic.riccati_gain(A, B, Q, R, gamma)
    return policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, best, s, a)


off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {
        "unbiased: the gradient from the starts D": linear_quadratic.policy_gradient,
        "D from the left": from_the_left,
        "factor 2 forgotten": scaled(0.5, policy_gradient_theorem.off_policy_gradient),
    },
    replaces="off_policy_gradient",
)
off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(slope_with_the_wrong_state, project=DDPG),
        "critic always of the optimal gain": of_the_optimum,
    },
    replaces="action_gradient",
)
off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {"first state only": changed(policy_gradient_theorem.deterministic_policy_gradient, s=lambda s: s[:1])},
    replaces="deterministic_policy_gradient",
)


@claim("C02", slide=SLIDE, source="2E_KD against 2E_KΣ_K")
def off_policy_steps_end_at_the_optimum(
    rng,
    *,
    off_policy_gradient=policy_gradient_theorem.off_policy_gradient,
    riccati_gain=linear_quadratic.riccati_gain,
):
    r"""2E_KD is 0 at K* for every D, and downhill elsewhere for D = I: ⟨2E_K, ∇J⟩ = tr ∇J Σ_K⁻¹ ∇Jᵀ > 0."""
    problem, S0 = random_problem(rng, 3, 2)
    best, gains = np.asarray(riccati_gain(*problem)), stable_gains(rng, problem)
    natural = np.asarray(off_policy_gradient(*problem, gains, np.eye(3)))
    there = off_policy_gradient(*problem, best, S0)
    yield equal("2E_KD at K*", there, np.zeros(best.shape), atol=1e-9 * (1 + np.abs(natural).max()))
    gradients = np.array([cost_gradient(problem, K, S0) for K in gains])
    own = [visits(problem, K, S0) for K in gains]
    expected = [np.trace(g @ np.linalg.solve(Sigma, g.T)) for g, Sigma in zip(gradients, own, strict=True)]
    yield equal("⟨2E_K, ∇J⟩", (natural * gradients).sum((1, 2)), expected, rtol=1e-7)


off_policy_steps_end_at_the_optimum.mutants(
    {
        "shifted: not 0 at K*": changed(policy_gradient_theorem.off_policy_gradient, R=lambda R: 1.01 * R),
        "sign": scaled(-1, policy_gradient_theorem.off_policy_gradient),
    },
    replaces="off_policy_gradient",
)
off_policy_steps_end_at_the_optimum.mutants(
    {"K* with γ 1 % too small": changed(linear_quadratic.riccati_gain, gamma=lambda gamma: 0.99 * gamma)},
    replaces="riccati_gain",
)


@claim("C02", slide=SLIDE, source="2E_KD against 2E_KΣ_K")
def with_one_action_some_off_policy_step_goes_uphill(
    rng, *, deterministic_policy_gradient=policy_gradient_theorem.deterministic_policy_gradient
):
    r"""m = 1: from the one state Σe/|Σe| − e/|e|, E_K = eᵀ, the step has the slope −2(1 − cos(e, Σe))²|e||∇J| < 0."""
    problem, S0 = random_problem(rng, 3, 1)
    for K in stable_gains(rng, problem):
        gradient, Sigma = cost_gradient(problem, K, S0)[0], visits(problem, K, S0)
        e = np.linalg.solve(Sigma, gradient) / 2
        size = np.linalg.norm(e) * np.linalg.norm(gradient)
        v = gradient / np.linalg.norm(gradient) - e / np.linalg.norm(e)
        grad_a = critic(problem, K, policy_gradient_theorem.action_gradient)
        step = np.asarray(deterministic_policy_gradient(linear_policy, grad_a, K, v[None]))
        expected = -2 * (1 - e @ gradient / size) ** 2 * size
        error = 1e-7 * size * np.linalg.norm(v)
        yield equal("slope of J along the step: ⟨2eᵀvvᵀ, ∇J⟩", (step * gradient).sum(), expected, atol=error)


with_one_action_some_off_policy_step_goes_uphill.mutants({
    "the true gradient, which never goes uphill": lambda *arguments: np.abs(
        policy_gradient_theorem.deterministic_policy_gradient(*arguments)
    ),
    "1 % too long": scaled(1.01, policy_gradient_theorem.deterministic_policy_gradient),
})


@claim("C02", slide=SLIDE, source="2E_KD against 2E_KΣ_K")
def with_as_many_actions_as_states_every_off_policy_step_may_go_downhill(
    rng, *, off_policy_gradient=policy_gradient_theorem.off_policy_gradient
):
    r"""n = m: about K = kI, of A = aI and B = I, steps lead downhill from every D."""
    a, gamma, one = rng.uniform(-1, 1), rng.uniform(0.5, 0.95), np.eye(2)
    problem = (a * one, one, one, one, gamma)
    K = linear_quadratic.riccati_gain(*problem) + 0.2 * one + 1e-3 * rng.standard_normal((2, 2))
    gradient, states = cost_gradient(problem, K, one), rng.standard_normal((20, 2))
    steps = [off_policy_gradient(*problem, K, np.outer(s, s) / (s @ s)) for s in states]
    slopes = (np.array(steps) * gradient).sum((1, 2)) / (gradient**2).sum()
    yield equal("downhill from every one state", np.sign(slopes), np.ones(20))


with_as_many_actions_as_states_every_off_policy_step_may_go_downhill.mutants({
    "sign": scaled(-1, policy_gradient_theorem.off_policy_gradient)
})
