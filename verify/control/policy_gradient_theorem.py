"""The deterministic policy gradient, on and off policy: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_quadratic, policy_gradient_theorem
from verify.claims import claim, shipped
from verify.control._problems import cost_gradient, random_problem, run, stable_gains, stages, visits
from verify.evidence import equal, rounding

SLIDE = "Deterministic Policy Gradient"
SOURCE = "Silver et al. 2014"


def with_moment(D):
    """States (n, n), one a row, whose mean of ssᵀ is D."""
    return np.sqrt(len(D)) * np.linalg.cholesky(D).T


def linear_policy(K, s):
    """u = −Ks of states (N, n)."""
    return -s @ K.T


def critic(problem, K, action_gradient):
    """∇ₐQ of a gain as a function of states and actions."""
    return lambda s, a: action_gradient(*problem, K, s, a)


@claim("C02", slide=SLIDE, source="definition of Q")
def action_values_are_costs_of_one_free_action(
    rng, *, action_value=policy_gradient_theorem.action_value, action_gradient=policy_gradient_theorem.action_gradient
):
    r"""Q(s, a) = sᵀQs + aᵀRa + γ · cost of a run from As + Ba; V(s) = Q(s, μ(s)); ∇ₐQ by differences."""
    for n, m in ((3, 2), (2, 3), (1, 1)):
        problem, _ = random_problem(rng, n, m)
        K = stable_gains(rng, problem)[0]
        P = linear_quadratic.value_matrix(*problem, K)
        s, a = rng.standard_normal((6, n)), rng.standard_normal((6, m))

        def value(s, a, problem=problem, K=K):
            A, B, *_, gamma = problem
            return stages(problem, s, a) + gamma * stages(problem, *run(problem, K, s @ A.T + a @ B.T, 1500)).sum(0)

        error = 1e-10 * (1 + np.abs(P).max()) * 100
        yield equal(f"Q(s, a), n = {n}", action_value(*problem, K, s, a), value(s, a), atol=error)
        own = action_value(*problem, K, s[:4].reshape(2, 2, n), linear_policy(K, s[:4]).reshape(2, 2, m))
        expected = np.einsum("ki,ij,kj->k", s[:4], P, s[:4]).reshape(2, 2)
        yield equal(f"Q(s, μ(s)) = V(s), n = {n}", own, expected, atol=error)
        slopes = np.stack([(value(s, a + e) - value(s, a - e)) / 2 for e in np.eye(m)], -1)
        yield equal(f"∇ₐQ, n = {n}", action_gradient(*problem, K, s, a), slopes, atol=error)


def critic_s_mu_s_target(A, B, Q, R, gamma, K, s, a):
    def form(M, x):
        return (x @ M * x).sum(-1)

    next_action = linear_policy(K, s @ A.T + a @ B.T)
    target = policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, next_action)
    return form(Q, s) + form(R, a) + gamma * target


def what_follows_not_discounted(A, B, Q, R, gamma, K, s, a):
    now = policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, a)
    after = s @ A.T + a @ B.T
    P = linear_quadratic.value_matrix(A, B, Q, R, gamma, K)
    return now + (1 - gamma) * (after @ P * after).sum(-1)


action_values_are_costs_of_one_free_action.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(
            critic_s_mu_s_target, project="two robust-RL implementations of DDPG"
        ),
        "what follows is not discounted": what_follows_not_discounted,
        "the action is repeated for ever: value of the state's own action": lambda A, B, Q, R, gamma, K, s, a: (
            policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, linear_policy(K, s))
        ),
        "actions 1 % too dear": lambda A, B, Q, R, gamma, K, s, a: policy_gradient_theorem.action_value(
            A, B, Q, 1.01 * R, gamma, K, s, a
        ),
    },
    replaces="action_value",
)
action_values_are_costs_of_one_free_action.mutants(
    {
        "factor 2 forgotten": lambda A, B, Q, R, gamma, K, s, a: (
            policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, K, s, a) / 2
        ),
        "at the policy's action instead of a": lambda A, B, Q, R, gamma, K, s, a: (
            policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, K, s, linear_policy(K, s))
        ),
        "of the reward only": lambda A, B, Q, R, gamma, K, s, a: 2 * a @ R,
    },
    replaces="action_gradient",
)


@claim("C02", slide=SLIDE, source=SOURCE)
def its_mean_over_the_policys_own_states_is_the_gradient(
    rng,
    *,
    deterministic_policy_gradient=policy_gradient_theorem.deterministic_policy_gradient,
    action_gradient=policy_gradient_theorem.action_gradient,
    off_policy_gradient=policy_gradient_theorem.off_policy_gradient,
):
    r"""Over states of second moment Σ_K: mean of ∇μ∇ₐQ = ∇J by complex steps; and ∇μ of tanh(θs), written out."""
    for n, m in ((3, 2), (2, 3), (1, 1)):
        problem, S0 = random_problem(rng, n, m)
        for K in stable_gains(rng, problem, k=2):
            expected, Sigma = cost_gradient(problem, K, S0), visits(problem, K, S0)
            grad_a, error = critic(problem, K, action_gradient), 1e-10 * (1 + np.abs(expected).max())
            measured = deterministic_policy_gradient(linear_policy, grad_a, K, with_moment(Sigma))
            yield equal(f"mean of ∇μ∇ₐQ, n = {n}", measured, expected, atol=error)
            yield equal(f"2E_KΣ_K, n = {n}", off_policy_gradient(*problem, K, Sigma), expected, atol=error)
    theta, s = rng.standard_normal((2, 3)), rng.standard_normal((7, 3))
    target = rng.standard_normal((7, 2))
    measured = deterministic_policy_gradient(squashed, lambda s, a: a**3 - target, theta, s)
    a = np.tanh(s @ theta.T)
    expected = np.einsum("kj,kj,ki->ji", a**3 - target, 1 - a**2, s) / 7
    yield equal("μ = tanh(θs), any critic", measured, expected, atol=rounding(100, 10.0))


def squashed(theta, s):
    """tanh(θs) in autograd's NumPy."""
    import autograd.numpy as anp

    return anp.tanh(anp.dot(s, theta.T))


def mean_over_actions_as_well(policy, grad_a, theta, s):
    return (
        policy_gradient_theorem.deterministic_policy_gradient(policy, grad_a, theta, s)
        / np.shape(policy(theta, s))[-1] ** 2
    )


def means_factors_instead_mean(policy, grad_a, theta, s):
    def mean(s, a):
        return np.broadcast_to(grad_a(s, a).mean(0), a.shape)

    return policy_gradient_theorem.deterministic_policy_gradient(policy, mean, theta, s)


def critic_s_mu_s_target_2(A, B, Q, R, gamma, K, s, a):
    after = linear_policy(K, s @ A.T + a @ B.T)
    return 2 * a @ R - gamma * policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, K, s, after) @ K @ B


its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "sum for mean": lambda policy, grad_a, theta, s: (
            len(s) * policy_gradient_theorem.deterministic_policy_gradient(policy, grad_a, theta, s)
        ),
        "mean over actions as well": mean_over_actions_as_well,
        "∇ₐQ at the action 0": lambda policy, grad_a, theta, s: policy_gradient_theorem.deterministic_policy_gradient(
            policy, lambda s, a: grad_a(s, 0 * a), theta, s
        ),
        "means of the factors instead of the mean of products": means_factors_instead_mean,
        "sign: the critic's worst action": lambda policy, grad_a, theta, s: (
            -policy_gradient_theorem.deterministic_policy_gradient(policy, grad_a, theta, s)
        ),
    },
    replaces="deterministic_policy_gradient",
)
its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(
            critic_s_mu_s_target_2, project="two robust-RL implementations of DDPG"
        ),
        "critic 1 % off in γ": lambda A, B, Q, R, gamma, K, s, a: policy_gradient_theorem.action_gradient(
            A, B, Q, R, 0.99 * gamma, K, s, a
        ),
    },
    replaces="action_gradient",
)
its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "D not used: natural gradient": lambda A, B, Q, R, gamma, K, D: policy_gradient_theorem.off_policy_gradient(
            A, B, Q, R, gamma, K, np.eye(len(D))
        ),
        "D added to the policy's own states": lambda A, B, Q, R, gamma, K, D: linear_quadratic.policy_gradient(
            A, B, Q, R, gamma, K, D
        ),
    },
    replaces="off_policy_gradient",
)
