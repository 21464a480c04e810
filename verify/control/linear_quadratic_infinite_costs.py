"""Where linear policies cost infinitely much: slide "Deterministic Policy Gradient"."""

import itertools

import numpy as np

from refimpl.arguments.errors import DivergedError
from refimpl.control import linear_quadratic
from verify.claims import claim
from verify.control._changed import changed
from verify.control._problems import cost, random_problem, with_growth
from verify.evidence import equal, rounding

SLIDE = "Deterministic Policy Gradient"


def refuses(function, *arguments, error=DivergedError):
    """1 when the function says so by an error, that the cost diverges if no other is given; 0 when it returns."""
    try:
        function(*arguments)
    except error:
        return 1.0
    return 0.0


@claim("C02", slide=SLIDE, source="geometric series")
def costs_of_one_state_grow_beyond_all_bounds(
    rng, *, policy_value=linear_quadratic.policy_value, policy_gradient=linear_quadratic.policy_gradient
):
    r"""One state: (q + rk²)S₀/(1 − g²), g = √γ|a − bk|, and its slope in k, up to 1 − g = 10⁻⁹, γ from 10⁻⁸ to 1."""
    one = np.eye(1)
    discounts = (rng.uniform(0.3, 0.95), 1e-8, 1.0)
    for gamma, g in itertools.product(discounts, (0.5, 1 - 1e-3, 1 - 1e-9)):
        b, q, r, S0 = rng.uniform(0.5, 2, 4)
        k = rng.choice([-1, 1]) * rng.uniform(1, 2)
        a = b * k - g / np.sqrt(gamma) * np.sign(k)
        loop = a - b * k
        g = np.sqrt(gamma) * abs(loop)
        problem = (a * one, b * one, q * one, r * one, gamma)
        gap = rounding(64, 1 / (1 - g**2))
        expected = (q + r * k**2) * S0 / (1 - g**2)
        yield equal(f"J, 1 − g = {1 - g:.1g}", policy_value(*problem, k * one, S0 * one), expected, rtol=gap)
        slope = 2 * S0 * (r * k - gamma * b * loop * (q + r * k**2) / (1 - g**2)) / (1 - g**2)
        atol = gap * (abs(slope) + expected / (1 - g**2))
        yield equal(f"J', 1 − g = {1 - g:.1g}", policy_gradient(*problem, k * one, S0 * one), [[slope]], atol=atol)


def thousand_stages(A, B, Q, R, gamma, K, S0):
    """The cost of the first thousand stages."""
    F, M = np.sqrt(gamma) * (A - B @ K), Q + K.mT @ R @ K
    total = 0.0
    for _ in range(1000):
        total, S0 = total + np.trace(M @ S0, axis1=-2, axis2=-1), F @ S0 @ F.mT
    return total


def refused_early(A, B, Q, R, gamma, K, S0):
    """The gradient, where a growth 1 % larger were finite, too."""
    linear_quadratic.policy_gradient(A, B, Q, R, min(gamma / 0.99**2, 1 - 1e-16), K, S0)
    return linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0)


costs_of_one_state_grow_beyond_all_bounds.mutants({"a thousand stages": thousand_stages}, replaces="policy_value")
costs_of_one_state_grow_beyond_all_bounds.mutants(
    {
        "refused within 1 % of growth 1": refused_early,
        "discount 1 % too small": changed(linear_quadratic.policy_gradient, gamma=lambda gamma: 0.99 * gamma),
    },
    replaces="policy_gradient",
)


@claim("C02", slide=SLIDE, source="stability of linear recursions")
def costs_are_infinite_from_growth_one_on(
    rng, *, policy_value=linear_quadratic.policy_value, policy_gradient=linear_quadratic.policy_gradient
):
    r"""Costs and gradients are refused exactly where √γρ(A − BK) ≥ 1, at 1 too."""
    loop, one = np.diag([2.0, 0.5]), np.eye(2)
    for function in (policy_value, policy_gradient):
        for growth in (0.5, 1 - 1e-6, 1 + 1e-9, 1.2, 4.0):
            problem, S0 = random_problem(rng)
            problem, K = with_growth(rng, problem, growth)
            refused = refuses(function, *problem, np.stack([K, K]), S0)
            yield equal(f"{function.__name__} refused at 1 + {growth - 1:.0e}", refused, float(growth >= 1))
        refused = refuses(function, loop, one, one, one, 0.25, np.zeros((2, 2)), one)
        yield equal(f"{function.__name__} refused at 1", refused, 1.0)
        for a in (0.5, 1.0, 2.0):
            refused = refuses(function, a * one, one, one, one, 1.0, np.zeros((2, 2)), one)
            yield equal(f"{function.__name__} refused at 1 or more, without discount", refused, float(a >= 1))


def by_the_formula(A, B, Q, R, gamma, K, S0):
    """tr P_K S₀ with the P that solves its equation, whether or not it is a cost."""
    return np.array([cost(A, B, Q, R, gamma, one, S0) for one in K.reshape(-1, *K.shape[-2:])])[(0,) * (K.ndim == 2)]


def stable_without_the_discount(A, B, Q, R, gamma, K, S0):
    """The cost, where it were finite without the discount, too."""
    linear_quadratic.policy_value(A, B, Q, R, 1 - 1e-16, K, S0)
    return linear_quadratic.policy_value(A, B, Q, R, gamma, K, S0)


def or_infinite(A, B, Q, R, gamma, K, S0):
    """The gradient, or infinity."""
    try:
        return linear_quadratic.policy_gradient(A, B, Q, R, gamma, K, S0)
    except DivergedError:
        return np.full(K.shape, np.inf)


costs_are_infinite_from_growth_one_on.mutants(
    {
        "the formula, where the sum has no limit": by_the_formula,
        "stability asked without the discount": stable_without_the_discount,
        "a thousand stages": thousand_stages,
    },
    replaces="policy_value",
)
costs_are_infinite_from_growth_one_on.mutants(
    {"refused within 1 % of growth 1": refused_early, "infinite gradients returned": or_infinite},
    replaces="policy_gradient",
)
