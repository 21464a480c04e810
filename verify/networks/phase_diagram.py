"""The phase diagram of two-layer networks: where initialisations stand, and what training then does."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product

import autograd
import numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import phase_diagram
from refimpl.networks.fully_connected import forward
from refimpl.networks.initialization import NAMES, Scales
from refimpl.networks.phase_diagram import Place
from refimpl.networks.training import squared_loss
from verify.claims import claim
from verify.evidence import at_most, equal, rounding

SLIDE = "Robustness in deep learning: initialization in deep ReLU NNs"
LUO = "Luo, Xu, Ma & Zhang 2021"
TABLE = {
    "lecun": (Fraction(1, 2), Fraction(1, 2), "linear"),
    "he": (Fraction(1, 2), Fraction(1, 2), "linear"),
    "ntk": (Fraction(1, 2), Fraction(-1, 2), "linear"),
    "xavier": (1, 0, "critical"),
    "mean_field": (1, 0, "critical"),
    "e": (0, 0, "linear"),
}


@claim("N09", slide=SLIDE, source=LUO)
def initialisations_have_their_places(
    rng, *, exponents=phase_diagram.exponents, place=phase_diagram.place, regime=phase_diagram.regime
):
    r"""LeCun, He (½, ½), NTK (½, −½), E (c, c) for β_c = m^(−c): linear. Xavier, mean-field (1, 0): critical.

    The table's NTK has its factor in β₁, not in α = √m: (½, −½) and not (½, 0). Both are linear.
    """
    for name in NAMES:
        gamma, gamma_prime, expected = TABLE[name]
        found = place(exponents(name))
        yield equal(f"{name}: (γ, γ')", found, [float(gamma), float(gamma_prime)])
        yield equal(f"{name}: {expected}", regime(*found) == expected, 1)
    c = int(rng.integers(1, 9)) / 4
    yield equal(f"E with β_c = m^(−{c}): (γ, γ')", place(exponents("e", c)), [c, c])
    yield equal(f"E with β_c = m^(−{c}): linear", regime(*place(exponents("e", c))) == "linear", 1)
    yield equal("NTK with α = √m: (γ, γ')", place(Scales(0.0, 0.0, 0.0, 0.5)), [0.5, 0])


def variances_for_deviations(name, c=0.0):
    e = phase_diagram.exponents(name, c)
    return Scales(2 * e.beta_1, 2 * e.beta, 2 * e.beta_L, e.alpha)


def layers_swapped(exponents):
    found = phase_diagram.place(exponents)
    return Place(found.gamma, -found.gamma_prime)


initialisations_have_their_places.mutants(
    {
        "variances in place of deviations": variances_for_deviations,
        "β_c = m^c": lambda name, c=0.0: phase_diagram.exponents(name, -c),
    },
    replaces="exponents",
)
initialisations_have_their_places.mutants(
    {
        "α left out": lambda exponents: phase_diagram.place(exponents._replace(alpha=0.0)),
        "γ' of the wrong sign: layers swapped": layers_swapped,
        "1/α doubled": lambda exponents: phase_diagram.place(exponents._replace(alpha=2 * exponents.alpha)),
        "β in place of β₁": lambda exponents: phase_diagram.place(exponents._replace(beta_1=exponents.beta)),
    },
    replaces="place",
)
initialisations_have_their_places.mutants(
    {
        "the line belongs to the linear regime": lambda gamma, gamma_prime: (
            "condensed" if gamma > 1 and gamma_prime < gamma - 1 else "linear"
        ),
        "linear iff γ < ½": lambda gamma, gamma_prime: phase_diagram.regime(gamma + 0.5, gamma_prime),
    },
    replaces="regime",
)


@claim("N09", slide=SLIDE, source=LUO)
def regimes_are_signs_of_the_movement(
    rng,
    *,
    regime=phase_diagram.regime,
    movement_exponent=phase_diagram.movement_exponent,
    scales_at=phase_diagram.scales_at,
):
    r"""Linear iff s < 0, critical iff s = 0, condensed iff s > 0, for the exponent s of ‖ΔX₁‖/‖X₁‖; s is continuous.

    On a grid of quarters, exactly. The pieces of s meet: over a distance δ it changes by at most 3δ.
    """
    grid = [(i / 4, j / 4) for i, j in product(range(-4, 17), range(-12, 13))]
    signs = [np.sign(movement_exponent(*point)) for point in grid]
    expected = [{"linear": -1, "critical": 0, "condensed": 1}[regime(*point)] for point in grid]
    yield equal("regime against the sign of s", signs, expected)
    printed = [1 if g > 1 and q < g - 1 else -1 if g < 1 or q > g - 1 else 0 for g, q in grid]
    yield equal("regime against the inequalities", expected, printed)
    x = rng.uniform(-2, 4, (400, 2))
    y = x + 1e-6 * rng.standard_normal(x.shape)
    jumps = [abs(movement_exponent(*u) - movement_exponent(*v)) for u, v in zip(x.tolist(), y.tolist(), strict=True)]
    yield at_most("continuity", jumps, 3 * np.abs(x - y).sum(1), slack=rounding(10), resolution=1e-5)
    (gamma, gamma_prime), m = rng.uniform(-1, 3, 2), int(rng.integers(2, 1000))
    s = scales_at(gamma, gamma_prime, m)
    found = [-np.log(s.beta_1 * s.beta_L / s.alpha), -np.log(s.beta_L / s.beta_1)]
    yield equal("scales_at: (γ, γ')", np.array(found) / np.log(m), [gamma, gamma_prime], atol=rounding(100))


def variances(gamma, gamma_prime, m):
    s = phase_diagram.scales_at(gamma, gamma_prime, m)
    return s._replace(beta_L=np.sqrt(s.beta_L))


regimes_are_signs_of_the_movement.mutants(
    {
        "γ' ≥ γ − 1 is linear": lambda gamma, gamma_prime: (
            "linear" if gamma < 1 or gamma_prime >= gamma - 1 else "condensed"
        ),
        "no condition on γ'": lambda gamma, gamma_prime: (
            "linear" if gamma < 1 else "critical" if gamma == 1 else "condensed"
        ),
        "line γ' = 1 − γ": lambda gamma, gamma_prime: phase_diagram.regime(gamma, -gamma_prime),
    },
    replaces="regime",
)
regimes_are_signs_of_the_movement.mutants(
    {
        "γ' does not count below γ = 1": lambda gamma, gamma_prime: (
            gamma - 1 if gamma <= 1 else phase_diagram.movement_exponent(gamma, gamma_prime)
        ),
        "wrong sign": lambda gamma, gamma_prime: -phase_diagram.movement_exponent(gamma, gamma_prime),
    },
    replaces="movement_exponent",
)
regimes_are_signs_of_the_movement.mutants(
    {
        "α without γ'": lambda gamma, gamma_prime, m: phase_diagram.scales_at(gamma, gamma_prime, m)._replace(
            alpha=float(m) ** gamma
        ),
        "variances": variances,
    },
    replaces="scales_at",
)


@claim("N09", slide=SLIDE, source="Derived here, from the conserved (X₂)ₖ² − ‖(X₁)ₖ‖²")
def movement_is_that_of_the_conserved_sizes(
    rng, *, movement_exponent=phase_diagram.movement_exponent, scales_at=phase_diagram.scales_at
):
    r"""s from the equations themselves, at m = 2^100 and 2^200: for γ > 1 sizes r₁, r₂ with r₁r₂ = α/m, r₁² − r₂² kept.

    For γ ≤ 1 it is the rate β_L/α over the kernel (m/α²)(β₁² + β_L²), times the start's error 1 + √m β₁β_L/α. Places
    are off the lines on which two powers of m meet.
    """
    places = [*rng.uniform((-1, -1), (1, 1), (40, 2)), *rng.uniform((1, -2), (3, 3), (60, 2))]
    far = [
        (g, q) for g, q in np.array(places).tolist() if min(map(abs, (g - 0.5, g - 1, q, g - 1 - q, g - 1 + q))) > 0.1
    ]
    found = [movement_exponent(*place) for place in far]
    expected = [
        exponent_between(*(moved(scales_at(*place, 2**k), 2**k, place[0]) for k in (100, 200))) for place in far
    ]
    yield equal("s", found, expected, atol=1e-3)


def moved(s, m, gamma):
    """Order of ‖ΔX₁‖/‖X₁‖ at the end of training, with 1000 digits."""
    with localcontext() as context:
        context.prec = 1000
        x, y, alpha, m = map(Decimal, (s.beta_1, s.beta_L, s.alpha, m))
        if gamma <= 1:
            return y / alpha * (1 + m.sqrt() * x * y / alpha) / (m / alpha**2 * (x**2 + y**2))
        kept, product_squared = x**2 - y**2, (alpha / m) ** 2
        r_squared = (kept + (kept**2 + 4 * product_squared).sqrt()) / 2
        return (r_squared - x**2) / (r_squared.sqrt() + x) / x


def exponent_between(low, high):
    """log₂ of the quotient of two Decimals, per 100."""
    return float((high / low).ln() / Decimal(2).ln()) / 100


movement_is_that_of_the_conserved_sizes.mutants(
    {
        "1 % too large": lambda gamma, gamma_prime: 1.01 * phase_diagram.movement_exponent(gamma, gamma_prime),
        "twice beyond γ = 1": lambda gamma, gamma_prime: (
            (2 if gamma > 1 else 1) * phase_diagram.movement_exponent(gamma, gamma_prime)
        ),
        "2.02 for 2 on the second line": lambda gamma, gamma_prime: (
            (1.01 if gamma > 1 and gamma_prime > gamma - 1 else 1) * phase_diagram.movement_exponent(gamma, gamma_prime)
        ),
        "2.02 for 2 on the first line": lambda gamma, gamma_prime: (
            phase_diagram.movement_exponent(gamma, gamma_prime) - (0.02 * max(gamma_prime, 0.0) if gamma <= 1 else 0.0)
        ),
    },
    replaces="movement_exponent",
)
movement_is_that_of_the_conserved_sizes.mutants(
    {
        "√ of α": lambda gamma, gamma_prime, m: phase_diagram.scales_at(gamma, gamma_prime, m)._replace(
            alpha=float(m) ** ((gamma - gamma_prime) / 2)
        ),
        "α = m^γ": lambda gamma, gamma_prime, m: phase_diagram.scales_at(gamma, gamma_prime, m)._replace(
            alpha=float(m) ** gamma
        ),
    },
    replaces="scales_at",
)


TRIANGLE = "triangle inequality on the Hessian's blocks"


@claim("N09", slide=SLIDE, source=TRIANGLE)
def curvature_is_bounded(rng, *, curvature_bound=phase_diagram.curvature_bound):
    r"""‖∇²f‖₂ ≤ mean of ‖∇h(aᵢ)‖² + |h(aᵢ) − bᵢ|‖aᵢ‖/α, by automatic differentiation, of one network and of several."""
    largest, bound = [], []
    for m, n in ((1, 3), (3, 2), (4, 5)):
        weights, a, alpha = two_layers(rng, m, n)
        b = 5 * rng.standard_normal(n)
        if m == 1:  # one neuron, labels far on one side: there the two come together
            a, b = np.outer(rng.uniform(0.5, 2, n), weights[0]), 1e6 * rng.uniform(1, 9, n)
        largest.append(largest_curvature(weights, a, b, alpha))
        bound.append(curvature_bound(weights, a, b, alpha))
    yield equal("one neuron, far labels", largest[0], bound[0], rtol=1e-3)
    yield at_most("largest eigenvalue", largest, bound, slack=rounding(1e5, max(bound)), tight=1e-3)
    two = [np.stack([X, 2 * X]) for X in weights]
    alone = [curvature_bound([i * X for X in weights], a, b, alpha) for i in (1, 2)]
    yield equal("two networks", curvature_bound(two, a, b, alpha), alone, rtol=rounding(100))
    yield equal("default α = 1", curvature_bound(weights, a, b), curvature_bound(weights, a, b, 1.0))


@claim("N09", slide=SLIDE, source=TRIANGLE)
def curvature_bound_is_attained_by_fitted_points_on_a_ray(rng, *, curvature_bound=phase_diagram.curvature_bound):
    r"""For points on a ray that are fitted, ‖∇²f‖₂ is the bound: the mean of ‖∇h(aᵢ)‖²."""
    weights, a, _ = two_layers(rng, 4, 1)
    ray = np.outer(rng.uniform(0.5, 2, 3), a[0])
    fitted = forward(weights, ray, 3.0, identity)
    exact, found = largest_curvature(weights, ray, fitted, 3.0), curvature_bound(weights, ray, fitted, 3.0)
    yield equal("points on a ray, fitted", found, exact, atol=rounding(1e4, 1 + exact))


def two_layers(rng, m, n):
    """Weights of m neurons, n points and α."""
    p, alpha = int(rng.integers(2, 4)), rng.uniform(0.3, 3)
    return [rng.standard_normal((m, p)), rng.standard_normal((1, m))], rng.standard_normal((n, p)), alpha


def largest_curvature(weights, a, b, alpha):
    """Largest eigenvalue, in size, of the Hessian."""
    return np.abs(np.linalg.eigvalsh(hessian(weights, a, b, alpha))).max()


def hessian(weights, a, b, alpha):
    """Second derivatives of the squared loss in all weights of two layers."""
    rows, p = weights[0].shape

    def loss(x):
        return squared_loss([x[: rows * p].reshape(rows, p), x[rows * p :].reshape(1, rows)], a, b, alpha)

    return autograd.hessian(loss)(np.concatenate([X.ravel() for X in weights]))


def root_mean_square_of_the_errors(weights, a, b, alpha=1.0):
    h = forward(weights, a, alpha, identity)
    errors = (h - b) * np.linalg.norm(a, axis=-1)
    return phase_diagram.curvature_bound(weights, a, h, alpha) + np.sqrt((errors**2).mean(-1)) / alpha


def kernel_divided_once(weights, a, b, alpha=1.0):
    h = forward(weights, a, alpha, identity)
    bound, kernel = (phase_diagram.curvature_bound(weights, a, labels, alpha) for labels in (b, h))
    return bound + max(alpha - 1, 0) * kernel


def tenth_of_the_errors(weights, a, b, alpha=1.0):
    h = forward(weights, a, alpha, identity)
    return phase_diagram.curvature_bound(weights, a, h + 0.1 * (b - h), alpha)


def errors_divided_twice(weights, a, b, alpha=1.0):
    h = forward(weights, a, alpha, identity)
    return phase_diagram.curvature_bound(weights, a, h + (b - h) / alpha, alpha)


curvature_is_bounded.mutants({
    "errors left out": lambda weights, a, b, alpha=1.0: phase_diagram.curvature_bound(
        weights, a, forward(weights, a, alpha, identity)
    ),
    "root mean square of the errors in place of their mean": root_mean_square_of_the_errors,
    "a tenth of the errors' part": tenth_of_the_errors,
    "twice as large": lambda weights, a, b, alpha=1.0: 2 * phase_diagram.curvature_bound(weights, a, b, alpha),
    "10 % too small": lambda weights, a, b, alpha=1.0: 0.9 * phase_diagram.curvature_bound(weights, a, b, alpha),
    "α squared under the errors": errors_divided_twice,
})
curvature_bound_is_attained_by_fitted_points_on_a_ray.mutants({
    "kernel divided by α once": kernel_divided_once,
    "twice as large": lambda weights, a, b, alpha=1.0: 2 * phase_diagram.curvature_bound(weights, a, b, alpha),
    "10 % too small": lambda weights, a, b, alpha=1.0: 0.9 * phase_diagram.curvature_bound(weights, a, b, alpha),
})
