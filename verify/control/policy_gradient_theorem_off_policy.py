"""What the off-policy gradient gets wrong, exactly: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_quadratic, policy_gradient_theorem
from verify.claims import claim, shipped
from verify.control._problems import cost_gradient, random_problem, stable_gains, visits
from verify.control.policy_gradient_theorem import SLIDE, SOURCE, critic, linear_policy, with_moment
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


def d_from_left(A, B, Q, R, gamma, K, D):
    E = linear_quadratic.riccati_residual(A, B, Q, R, gamma, K)
    return 2 * (D[: len(E), : len(E)] @ E)


def critic_s_mu_s_target(A, B, Q, R, gamma, K, s, a):
    after = linear_policy(K, s @ A.T + a @ B.T)
    return 2 * a @ R - gamma * policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, K, s, after) @ K @ B


def critic_always_optimal_gain(A, B, Q, R, gamma, K, s, a):
    best = linear_quadratic.riccati_gain(A, B, Q, R, gamma)
    return policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, best, s, a)


off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {
        "unbiased: the gradient from the starts D": lambda A, B, Q, R, gamma, K, D: linear_quadratic.policy_gradient(
            A, B, Q, R, gamma, K, D
        ),
        "D from the left": d_from_left,
        "factor 2 forgotten": lambda A, B, Q, R, gamma, K, D: (
            policy_gradient_theorem.off_policy_gradient(A, B, Q, R, gamma, K, D) / 2
        ),
    },
    replaces="off_policy_gradient",
)
off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(
            critic_s_mu_s_target, project="two robust-RL implementations of DDPG"
        ),
        "critic always of the optimal gain": critic_always_optimal_gain,
    },
    replaces="action_gradient",
)
off_policy_it_differentiates_with_the_critic_frozen.mutants(
    {
        "first state only": lambda policy, grad_a, theta, s: policy_gradient_theorem.deterministic_policy_gradient(
            policy, grad_a, theta, s[:1]
        )
    },
    replaces="deterministic_policy_gradient",
)


@claim("C02", slide=SLIDE, source="2E_KD against 2E_KΣ_K")
def off_policy_steps_may_go_uphill_but_end_at_the_optimum(
    rng,
    *,
    off_policy_gradient=policy_gradient_theorem.off_policy_gradient,
    deterministic_policy_gradient=policy_gradient_theorem.deterministic_policy_gradient,
    riccati_gain=linear_quadratic.riccati_gain,
):
    r"""0 at K* for every D; downhill for D = I; m = 1: uphill from the one state Σe/|Σe| − e/|e|, E_K = eᵀ.

    Not so where there are as many actions as states: about K = kI, of A = aI and B = I, every D leads downhill.
    """
    problem, S0 = random_problem(rng, 3, 2)
    best, gains = np.asarray(riccati_gain(*problem)), stable_gains(rng, problem)
    size = np.abs(off_policy_gradient(*problem, gains, np.eye(3))).max()
    there = off_policy_gradient(*problem, best, S0)
    yield equal("2E_KD at K*", there, np.zeros(best.shape), atol=1e-9 * (1 + size))
    gradients = np.array([cost_gradient(problem, K, S0) for K in gains])
    along = (off_policy_gradient(*problem, gains, np.eye(3)) * gradients).sum((1, 2))
    natural = [
        np.trace(g @ np.linalg.solve(visits(problem, K, S0), g.T)) for g, K in zip(gradients, gains, strict=True)
    ]
    yield equal("⟨2E_K, ∇J⟩ = tr ∇J Σ_K⁻¹ ∇Jᵀ > 0", along, natural, rtol=1e-7)
    problem, S0 = random_problem(rng, 3, 1)
    for K in stable_gains(rng, problem):
        gradient, Sigma = cost_gradient(problem, K, S0), visits(problem, K, S0)
        e = np.linalg.solve(Sigma, gradient[0]) / 2
        v = gradient[0] / np.linalg.norm(gradient) - e / np.linalg.norm(e)
        grad_a = critic(problem, K, policy_gradient_theorem.action_gradient)
        step = deterministic_policy_gradient(linear_policy, grad_a, K, v[None])
        cosine = e @ gradient[0] / np.linalg.norm(e) / np.linalg.norm(gradient)
        expected = -2 * (1 - cosine) ** 2 * np.linalg.norm(e) * np.linalg.norm(gradient)
        error = 1e-7 * np.linalg.norm(e) * np.linalg.norm(gradient) * np.linalg.norm(v)
        yield equal("slope of J along the step, < 0: ⟨2eᵀvvᵀ, ∇J⟩", (step * gradient).sum(), expected, atol=error)
    a, gamma, one = rng.uniform(-1, 1), rng.uniform(0.5, 0.95), np.eye(2)
    problem = (a * one, one, one, one, gamma)
    K = np.asarray(riccati_gain(*problem)) + 0.2 * one + 1e-3 * rng.standard_normal((2, 2))
    gradient, states = cost_gradient(problem, K, one), rng.standard_normal((20, 2))
    steps = [off_policy_gradient(*problem, K, np.outer(s, s) / (s @ s)) for s in states]
    slopes = (np.array(steps) * gradient).sum((1, 2)) / (gradient**2).sum()
    yield equal("n = m: downhill from every one state", np.sign(slopes), np.ones(20))


def true_gradient_which_never_goes(policy, grad_a, theta, s):
    step = policy_gradient_theorem.deterministic_policy_gradient(policy, grad_a, theta, s)
    return np.abs(step)


off_policy_steps_may_go_uphill_but_end_at_the_optimum.mutants(
    {
        "shifted: not 0 at K*": lambda A, B, Q, R, gamma, K, D: policy_gradient_theorem.off_policy_gradient(
            A, B, Q, 1.01 * R, gamma, K, D
        ),
        "sign": lambda A, B, Q, R, gamma, K, D: -policy_gradient_theorem.off_policy_gradient(A, B, Q, R, gamma, K, D),
    },
    replaces="off_policy_gradient",
)
off_policy_steps_may_go_uphill_but_end_at_the_optimum.mutants(
    {"the true gradient, which never goes uphill": true_gradient_which_never_goes},
    replaces="deterministic_policy_gradient",
)
off_policy_steps_may_go_uphill_but_end_at_the_optimum.mutants(
    {"K* with γ 1 % too small": lambda A, B, Q, R, gamma: linear_quadratic.riccati_gain(A, B, Q, R, 0.99 * gamma)},
    replaces="riccati_gain",
)
