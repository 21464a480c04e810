"""LiPopt's polynomial and its certificates: slide "estimation of Lipschitz constant"."""

import itertools

import numpy as np
import scipy

from refimpl.robustness import lipopt_polynomials, lipschitz
from verify.claims import claim
from verify.evidence import at_least, at_most, equal
from verify.robustness._small_networks import all_patterns, largest, network

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
SOURCE = "Latorre, Rolland & Cevher 2020"
SOLVER = 1e-6  # of the bound


@claim("R04", slide=SLIDE, source=SOURCE)
def polynomial_is_the_gradient_along_signs(rng, *, gradient_polynomial=lipopt_polynomials.gradient_polynomial):
    r"""Σ f_J u_J = tᵀ W₁ᵀ diag(s₁) ⋯ W_Lᵀ with u = 2s − 1, at random t and s of all real numbers."""
    for sizes in [(3,), (2, 4), (4, 1), (2, 3, 2), (1, 2, 2, 2)]:
        weights = network(rng, *sizes)
        t, *u = np.split(rng.standard_normal(sum(sizes)), np.cumsum(sizes)[:-1])
        h = t
        for W, u_l in zip(weights[:-1], u, strict=True):
            h = (1 + u_l) / 2 * (W @ h)
        numbers = np.concatenate([t, *u])
        f = gradient_polynomial(weights)
        value = sum(c * np.prod([x for j, x in enumerate(numbers) if J >> j & 1]) for J, c in f.items())
        size = sum(abs(c) * np.prod([abs(x) for j, x in enumerate(numbers) if J >> j & 1]) for J, c in f.items())
        yield equal(f"sizes {sizes}", value, (weights[-1] @ h)[0], atol=1e-13 * size)


def scaled(change):
    """The polynomial with coefficients changed as (J, f) say."""
    return lambda weights: {J: change(J, f) for J, f in lipopt_polynomials.gradient_polynomial(weights).items()}


polynomial_is_the_gradient_along_signs.mutants({
    "s = u": scaled(lambda J, f: f if J.bit_count() > 1 else 0.0),
    "s = 1 + u": scaled(lambda J, f: 2 * f),
    "s = (1 − u)/2": scaled(lambda J, f: f * (-1) ** (J.bit_count() - 1)),
    "without the terms of the highest degree": lambda weights: {
        J: f for J, f in lipopt_polynomials.gradient_polynomial(weights).items() if J.bit_count() < len(weights)
    },
    "absolute coefficients": scaled(lambda J, f: abs(f)),
    "1 % too large": scaled(lambda J, f: 1.01 * f),
})


def by_all_products(weights, degree):
    """The bound by all products x^α(1 − x)^β, |α| + |β| ≤ k, powers and overlaps included, on [0, 1]ⁿ.

    Coefficients are compared by values at enough points, as polynomials of degree k in each variable have.
    """
    n = sum(W.shape[1] for W in weights)
    grid = np.array(list(itertools.product(np.linspace(0, 1, degree + 1), repeat=n)))
    exponents = [e for e in itertools.product(range(degree + 1), repeat=2 * n) if sum(e) <= degree]
    columns = np.array([(grid ** e[:n] * (1 - grid) ** e[n:]).prod(1) for e in map(np.array, exponents)]).T
    h = (2 * grid[:, : weights[0].shape[1]] - 1)[..., None]
    start = weights[0].shape[1]
    for W in weights[:-1]:
        h = grid[:, start : start + len(W), None] * (W @ h)
        start += len(W)
    f = (weights[-1] @ h)[:, 0, 0]
    system = np.column_stack([np.ones(len(grid)), -columns])
    bounds = [(None, None)] + [(0, None)] * len(exponents)
    return scipy.optimize.linprog(np.append(1.0, np.zeros(len(exponents))), A_eq=system, b_eq=f, bounds=bounds).fun


@claim("R04", slide=SLIDE, source=SOURCE + "; Krivine 1964; Handelman 1988")
def lipopt_never_increases_with_the_degree_and_ends_exact(rng, *, lipopt=lipschitz.lipopt):
    r"""By all products of Krivine's certificates; down to max ‖∇h‖₁ over all patterns at k = p + m, and no further.

    For Σ cᵢ|wᵢᵀa| with w = (1, 1), (1, −1), c = 1 the bound of degree 2 is twice the constant: only a higher degree
    sees that the signs contradict each other.
    """
    small = [network(rng, 1, 2), network(rng, 2, 1), network(rng, 1, 1, 1), [np.array([[1.0, 1.0]])]]
    degrees = [2, 3, 3, 1]
    known = [by_all_products(weights, k) for weights, k in zip(small, degrees, strict=True)]
    found = [lipopt(weights, k) for weights, k in zip(small, degrees, strict=True)]
    yield equal("all products x^α(1 − x)^β", found, known, rtol=SOLVER)
    W = np.array([[1.0, 1.0], [1.0, -1.0]]) * rng.choice([-1.0, 1.0], 2)
    frustrated = [np.vstack([W, -W]), np.ones((1, 4))]
    tree = [network(rng, 2, 4), network(rng, 3, 3), network(rng, 2, 2, 2), network(rng, 1, 3, 2), frustrated]
    for weights in tree:
        n, L = sum(W.shape[1] for W in weights), len(weights)
        values = np.array([lipopt(weights, k) for k in range(L, n + 2)])
        exact = largest(all_patterns(weights), np.inf)
        yield at_least("less than the degree before", values[:-1], values[1:], slack=SOLVER * exact, tight=SOLVER)
        yield equal("degrees p + m and more", values[-2:], np.full(2, exact), rtol=SOLVER)
        yield at_most(
            "largest among all patterns", np.full(len(values), exact), values, slack=1e-13 * exact, tight=SOLVER
        )
    yield equal("Σ|wᵢᵀa|, degrees 2 and p + m", [values[0], values[-1]], [4.0, 2.0], rtol=SOLVER)


lipopt_never_increases_with_the_degree_and_ends_exact.mutants({
    "1 % too large": lambda weights, degree: 1.01 * lipschitz.lipopt(weights, degree),
    "1 % too small": lambda weights, degree: 0.99 * lipschitz.lipopt(weights, degree),
    "one degree more": lambda weights, degree: lipschitz.lipopt(weights, degree + 1),
    "exact at any degree": lambda weights, degree: largest(all_patterns(weights), np.inf),
    "the sum of absolute coefficients": lambda weights, degree: sum(
        abs(f) for f in lipopt_polynomials.gradient_polynomial(weights).values()
    ),
    "‖∇h‖_∞ for ‖∇h‖₁": lambda weights, degree: largest(all_patterns(weights), 1),
})
