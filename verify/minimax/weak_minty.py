"""Weak Minty inequality and the methods that need no more: slide "When do the algorithms converge?"."""

import numpy as np
import scipy

from refimpl.minimax import weak_minty
from verify.claims import claim, shipped
from verify.evidence import at_least, equal, rounding

SLIDE = "When do the algorithms converge?"
SOURCE = "Pethick, Latafat, Patrinos, Fercoq & Cevher 2022"
STOCHASTIC = "Pethick, Fercoq, Latafat, Patrinos & Cevher 2023"

PRINTED_FORSAKEN = (-1.01236331, -0.10474909), -0.477761358588699
POLAR = {1.0: -50176 / 1050977, 3 / 4: -602112 / 16798825, 1 / 3: -150528 / 9439585}


def forsaken_field(z, c=0.45):
    """V of Φ = x(y − c) + φ(x) − φ(y), φ' = u/2 − 2u³ + u⁵."""
    x, y = z[..., 0], z[..., 1]
    return np.stack([y - c + x / 2 - 2 * x**3 + x**5, -x + y / 2 - 2 * y**3 + y**5], axis=-1)


def global_forsaken_field(z):
    """V of Φ = xy + φ(x) − φ(y), φ' = 2u/3 − 4u³/3 + 4u⁵/7."""
    x, y = z[..., 0], z[..., 1]
    return np.stack(
        [y + 2 * x / 3 - 4 * x**3 / 3 + 4 * x**5 / 7, -x + 2 * y / 3 - 4 * y**3 / 3 + 4 * y**5 / 7], axis=-1
    )


def polar_field(a):
    """V = (−y + ψ(x, y), x + ψ(y, x)), ψ = a x (r² − 1)(16 r² − 9)/16."""

    def V(z):
        x, y = z[..., 0], z[..., 1]
        radial = a * (x * x + y * y - 1) * (x * x + y * y - 9 / 16)
        return np.stack([radial * x - y, radial * y + x], axis=-1)

    return V


def linear_field(M):
    """V = M z."""
    return lambda z: z @ M.T


def cubic_field(z_star):
    """V = (1 + ‖w‖²) w, w = z − z*."""
    return lambda z: (1 + ((z - z_star) ** 2).sum(-1, keepdims=True)) * (z - z_star)


def lower_bound_matrix(a, b):
    """M of V = (b x + a y, −a x + b y)."""
    return np.array([[b, a], [-a, b]])


def forsaken_solution():
    """The critical point, by elimination of y and bracketing."""

    def g(x):
        y = 0.45 - (x / 2 - 2 * x**3 + x**5)
        return -x + y / 2 - 2 * y**3 + y**5

    x = scipy.optimize.brentq(g, 0, 0.2, xtol=1e-16)
    return np.array([x, 0.45 - (x / 2 - 2 * x**3 + x**5)])


def quotient(V, z, z_star):
    """⟨V, z − z*⟩/‖V‖²."""
    v = V(z)
    return (v * (z - z_star)).sum(-1) / (v * v).sum(-1)


def samples(rng, side):
    """Points of the box [−side, side]², its boundary included."""
    z = np.clip(rng.uniform(-1.05, 1.05, (200_000, 2)), -1, 1)
    return side * z


def polished(f, z0, side):
    """Local minimum of f on the box from the best of some points."""
    bounds = [(-side, side)] * 2
    best = scipy.optimize.minimize(f, z0[np.argmin(f(z0))], method="Nelder-Mead", bounds=bounds,
                                   options={"xatol": 1e-10, "fatol": 1e-15, "maxiter": 2000})  # fmt: skip
    return best.fun


@claim("M17", slide=SLIDE, source=SOURCE)
def best_rho_of_the_planar_games(rng, *, weak_minty_constant=weak_minty.weak_minty_constant):
    r"""ρ: three rational numbers on PolarGame, −0.119732 on GlobalForsaken, b/(a² + b²) on the lower-bound game."""
    for a, rho in POLAR.items():
        measured = weak_minty_constant(polar_field(a), np.zeros(2), (-1.1, 1.1))
        yield equal(f"PolarGame, a = {a:.3g}", measured, rho, rtol=1e-12)
    measured = weak_minty_constant(global_forsaken_field, np.zeros(2), (-4 / 3, 4 / 3))
    yield equal("GlobalForsaken", measured, -0.119732, atol=5e-7)
    z = samples(rng, 4 / 3)
    expected = polished(lambda z: quotient(global_forsaken_field, z, 0.0), z, 4 / 3)
    yield equal("GlobalForsaken, by another search", measured, expected, rtol=1e-10)
    a, b = rng.uniform(0.5, 2, 2) * [1, -1]
    measured = weak_minty_constant(linear_field(lower_bound_matrix(a, b)), np.zeros(2), (-1, [1, 2]))
    yield equal("lower-bound game", measured, b / (a * a + b * b), rtol=1e-12)
    M, z_star = rng.standard_normal((2, 2)) + 2 * np.eye(2), rng.uniform(-0.5, 0.5, 2)
    inverse = np.linalg.inv(M)
    expected = np.linalg.eigvalsh((inverse + inverse.T) / 2)[0]
    measured = weak_minty_constant(lambda z: (z - z_star) @ M.T, z_star, ([-1, -2], [1, 2]))
    yield equal("V = M(z − z*): least eigenvalue of M⁻¹'s symmetric part", measured, expected, rtol=1e-10)
    measured = weak_minty_constant(cubic_field(z_star), z_star, ([-1, -2], [1, 2]))
    farthest = (np.add(np.abs(z_star), [1, 2]) ** 2).sum()
    yield equal("V = w + ‖w‖²w, w = z − z*: at the farthest corner", measured, 1 / (1 + farthest), rtol=1e-12)
    measured = weak_minty_constant(lambda z: z * (1 - z * [1, 0]), np.zeros(2), (-1, rng.uniform(1.2, 2)))
    yield equal("V = (x − x², y), which vanishes at (1, 0) too: ρ = −∞", float(measured == -np.inf), 1.0)


@claim("M17", slide=SLIDE, source=SOURCE)
def forsaken_is_farther_out_than_published(rng, *, weak_minty_constant=weak_minty.weak_minty_constant):
    r"""Published: ρ = −0.47776 at (−1.0124, −0.1047), only a local minimum; ρ = −1.52057 at (−0.2581, 0.7921)."""
    z_star, box = forsaken_solution(), (-1.5, 1.5)
    rho = weak_minty_constant(forsaken_field, z_star, box)
    point, published = PRINTED_FORSAKEN
    yield equal(
        "quotient at the published point", quotient(forsaken_field, np.array(point), z_star), published, rtol=1e-12
    )
    yield equal("ρ, far below the published number", rho, -1.52057, atol=5e-6)
    z = samples(rng, 1.5)
    yield equal("ρ", rho, polished(lambda z: quotient(forsaken_field, z, z_star), z, 1.5), rtol=1e-10)
    yield at_least("quotient at 200 000 points", quotient(forsaken_field, z, z_star), rho, slack=1e-12, tight=1e-2)


@claim("M17", slide=SLIDE, source=SOURCE)
def lipschitz_constants_of_the_planar_games(rng, *, lipschitz_constant=weak_minty.lipschitz_constant):
    r"""L = 12.402569242368148 (forsaken), 18.547952, 13.938390, 6.306090 (PolarGame), 3.022398 (GlobalForsaken)."""
    yield equal("forsaken", lipschitz_constant(forsaken_field, (-1.5, 1.5)), 12.402569242368148, rtol=1e-14)
    for a, L in zip(POLAR, (18.547952, 13.938390, 6.306090), strict=True):
        yield equal(f"PolarGame, a = {a:.3g}", lipschitz_constant(polar_field(a), (-1.1, 1.1)), L, atol=5e-7)
    yield equal("GlobalForsaken", lipschitz_constant(global_forsaken_field, (-4 / 3, 4 / 3)), 3.022398, atol=5e-7)
    a, b = rng.uniform(0.5, 2, 2) * [1, -1]
    measured = lipschitz_constant(linear_field(lower_bound_matrix(a, b)), (-1, 1))
    yield equal("lower-bound game", measured, np.hypot(a, b), rtol=rounding(64))
    M = rng.standard_normal((2, 2))
    yield equal("V = z + ‖z‖²z", lipschitz_constant(cubic_field(0.0), (-1, [0.5, 2])), 1 + 3 * 5, rtol=rounding(64))
    lower = -rng.uniform([1, 2.2], [2, 3])
    measured, expected = lipschitz_constant(cubic_field(0.0), (lower, [0.5, 2])), 1 + 3 * (lower**2).sum()
    yield equal("V = z + ‖z‖²z, a bound for each axis", measured, expected, rtol=rounding(64))
    yield equal("V = Mz", lipschitz_constant(linear_field(M), (-1, [1, 2])), np.linalg.norm(M, 2), rtol=rounding(64))


def grid_constant(V, z_star, box, exponent=2, shift=0.0, n=401):
    """ρ by a grid, with something wrong."""
    lower, upper = (np.broadcast_to(bound, 2) for bound in box)
    z = np.stack(np.meshgrid(*(np.linspace(i, j, n) for i, j in zip(lower, upper, strict=True))), axis=-1) + 1e-9
    v = V(z)
    return ((v * (z - z_star - shift)).sum(-1) / (v * v).sum(-1) ** (exponent / 2)).min()


def a_quarter_of_the_box(V, z_star, box):
    centre = np.asarray(z_star)
    return weak_minty.weak_minty_constant(V, z_star, tuple(centre + (np.asarray(bound) - centre) / 4 for bound in box))


WRONG = {
    "a grid without polishing": lambda V, z_star, box: grid_constant(V, z_star, box),
    "‖V‖ for ‖V‖²": lambda V, z_star, box: grid_constant(V, z_star, box, exponent=1),
    "the sign of V": lambda V, z_star, box: weak_minty.weak_minty_constant(lambda z: -V(z), z_star, box),
    "a quarter of the box": a_quarter_of_the_box,
    "1 % too large in size": lambda V, z_star, box: 1.01 * weak_minty.weak_minty_constant(V, z_star, box),
    "1 % too small in size": lambda V, z_star, box: 0.99 * weak_minty.weak_minty_constant(V, z_star, box),
}
"""Wrong ways to the constant ρ."""

best_rho_of_the_planar_games.mutants({
    **WRONG,
    "−10⁹ for −∞": lambda V, z_star, box: max(weak_minty.weak_minty_constant(V, z_star, box), -1e9),
})


def descends_from_published_point(V, z_star, box):
    f, start = (lambda z: quotient(V, z, z_star)), np.array(PRINTED_FORSAKEN[0])
    return scipy.optimize.minimize(f, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15}).fun


forsaken_is_farther_out_than_published.mutants({
    **WRONG,
    "descends from the published point": descends_from_published_point,
})


def greatest_quotient(V, box):
    z = box_grid(box)
    return (np.linalg.norm(V(z), axis=-1) / np.linalg.norm(z, axis=-1)).max()


lipschitz_constants_of_the_planar_games.mutants({
    "Frobenius norm": shipped(
        lambda V, box: np.sqrt(-minimum_over_grid(lambda J: -(J**2).sum((-2, -1)), V, box)),
        project="lipMIP",
        version="0582776, NaiveUB",
    ),
    "spectral radius": lambda V, box: -minimum_over_grid(lambda J: -np.abs(np.linalg.eigvals(J)).max(-1), V, box),
    "greatest ‖V(z)‖/‖z‖": greatest_quotient,
    "at the centre": lambda V, box: (
        -minimum_over_grid(lambda J: -np.linalg.norm(J, 2, axis=(-2, -1)), V, (-1e-6, 1e-6))
    ),
    "one lower bound for both axes": lambda V, box: weak_minty.lipschitz_constant(V, (np.ravel(box[0])[0], box[1])),
    "1 % too large": lambda V, box: 1.01 * weak_minty.lipschitz_constant(V, box),
    "its square": lambda V, box: weak_minty.lipschitz_constant(V, box) ** 2,
})


def box_grid(box):
    """100 × 100 points of a box."""
    lower, upper = (np.broadcast_to(bound, 2) for bound in box)
    return np.stack(np.meshgrid(*(np.linspace(i, j, 100) for i, j in zip(lower, upper, strict=True))), axis=-1)


def minimum_over_grid(f, V, box):
    """The least f(JV) on a grid, JV by differences."""
    z, h = box_grid(box), 1e-6
    return f(np.stack([(V(z + h * e) - V(z - h * e)) / (2 * h) for e in np.eye(2)], axis=-1)).min()
