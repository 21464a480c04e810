"""Control: reinforcement learning where it can be computed exactly, and made robust against an adversary.

- `decision_processes`: returns, values and performance on finite decision processes
- `linear_policies`: what linear policies cost from a state, and which states they visit
- `linear_quadratic`: costs of linear policies, their gradients and optima
- `policy_gradient_theorem`: the deterministic policy gradient, on and off policy
- `exploration`: what is optimised when actions or parameters are noisy
- `robust_objective`: actions that an adversary perturbs once, as printed and as meant
- `action_robust_processes`: finite processes in which an adversary acts with probability δ
- `noisy_actions`: the linear-quadratic game against an adversary of share δ
"""
