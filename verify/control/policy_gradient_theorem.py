"""The deterministic policy gradient, on and off policy: slide "Deterministic Policy Gradient"."""

import numpy as np

from refimpl.control import linear_quadratic, policy_gradient_theorem
from verify.claims import claim, shipped
from verify.control._changed import changed, scaled
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


def with_the_wrong_state(A, B, Q, R, gamma, K, s, a):
    """Action-values whose target asks the critic at (s, μ(s')) for (s', μ(s'))."""
    next_action = linear_policy(K, s @ A.T + a @ B.T)
    target = policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, next_action)
    return np.einsum("...i,ij,...j", s, Q, s) + np.einsum("...i,ij,...j", a, R, a) + gamma * target


def slope_with_the_wrong_state(A, B, Q, R, gamma, K, s, a):
    """The slope in a of such action-values."""
    after = linear_policy(K, s @ A.T + a @ B.T)
    return 2 * a @ R - gamma * policy_gradient_theorem.action_gradient(A, B, Q, R, gamma, K, s, after) @ K @ B


def undiscounted_next_value(A, B, Q, R, gamma, K, s, a):
    """Action-values in which what follows is not discounted."""
    after = s @ A.T + a @ B.T
    P = linear_quadratic.value_matrix(A, B, Q, R, gamma, K)
    now = policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, a)
    return now + (1 - gamma) * (after @ P * after).sum(-1)


DDPG = "two robust-RL implementations of DDPG"
action_values_are_costs_of_one_free_action.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(with_the_wrong_state, project=DDPG),
        "what follows is not discounted": undiscounted_next_value,
        "the action is repeated for ever: value of the state's own action": lambda A, B, Q, R, gamma, K, s, a: (
            policy_gradient_theorem.action_value(A, B, Q, R, gamma, K, s, linear_policy(K, s))
        ),
        "actions 1 % too dear": changed(policy_gradient_theorem.action_value, R=lambda R: 1.01 * R),
    },
    replaces="action_value",
)
action_values_are_costs_of_one_free_action.mutants(
    {
        "factor 2 forgotten": scaled(0.5, policy_gradient_theorem.action_gradient),
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


def with_critic(change):
    """The policy gradient with another critic, made of the true one."""
    return lambda policy, grad_a, theta, s: policy_gradient_theorem.deterministic_policy_gradient(
        policy, lambda s, a: change(grad_a, s, a), theta, s
    )


its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "sum for mean": lambda policy, grad_a, theta, s: (
            len(s) * policy_gradient_theorem.deterministic_policy_gradient(policy, grad_a, theta, s)
        ),
        "mean over actions as well": with_critic(lambda grad_a, s, a: grad_a(s, a) / a.shape[-1] ** 2),
        "∇ₐQ at the action 0": with_critic(lambda grad_a, s, a: grad_a(s, 0 * a)),
        "means of the factors instead of the mean of products": with_critic(
            lambda grad_a, s, a: np.broadcast_to(grad_a(s, a).mean(0), a.shape)
        ),
        "sign: the critic's worst action": scaled(-1, policy_gradient_theorem.deterministic_policy_gradient),
    },
    replaces="deterministic_policy_gradient",
)
its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "critic at (s, μ(s')) in the target": shipped(slope_with_the_wrong_state, project=DDPG),
        "critic 1 % off in γ": changed(policy_gradient_theorem.action_gradient, gamma=lambda gamma: 0.99 * gamma),
    },
    replaces="action_gradient",
)
its_mean_over_the_policys_own_states_is_the_gradient.mutants(
    {
        "D not used: natural gradient": changed(
            policy_gradient_theorem.off_policy_gradient, D=lambda D: np.eye(len(D))
        ),
        "D added to the policy's own states": linear_quadratic.policy_gradient,
    },
    replaces="off_policy_gradient",
)
