"""Spurious attractors: slide "Minimax is more difficult than just optimization"."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl.calculus import differentiation
from refimpl.minimax import games, spurious_attractors
from verify.claims import claim
from verify.evidence import at_least, equal, rate, rounding

SLIDE = "Minimax is more difficult than just optimization"
SOURCE = "Hsieh, Mertikopoulos & Cevher 2021"

ORIGIN = np.zeros(2)
HALF_DIGIT = 0.5e-4  # of numbers given with four decimals
STEPS, RTOL = 256, 1e-12  # of the solver over a turn, at most, and its error in each relative to r <= 2


def integration(log_multiplier):
    """Error of a cycle's radius: that of the return map P, over |1 − P'|; where P' > 1 that of its inverse."""
    return 2 * STEPS * RTOL / -np.expm1(-np.abs(log_multiplier))


def fourier_derivative(values):
    """Derivative with respect to the angle of functions (n, ...) given at n equal angles of a turn."""
    n = len(values)
    k = np.where(np.arange(n) == n // 2, 0, np.fft.fftfreq(n, 1 / n))
    return np.fft.ifft((1j * k * np.fft.fft(values, axis=0).T).T, axis=0).real


def van_der_pol(eps):
    """Amplitude of y and period of y'' − ε(1 − 3y²)y' + y = 0 to order ε⁶ (Andersen & Geer 1982)."""
    amplitude = 2 + eps**2 / 96 - 1033 * eps**4 / 552960 + 1019689 * eps**6 / 55738368000
    frequency = 1 - eps**2 / 16 + 17 * eps**4 / 3072 + 35 * eps**6 / 884736
    return amplitude / np.sqrt(3), 2 * np.pi / frequency


def perturbed_cycle(**changes: Callable) -> Callable:
    """A mutant of `limit_cycle` whose fields are changed: ``period=lambda cycle: 2 * cycle.period``."""

    def limit_cycle(V, centre, bracket, num_points=1024):
        cycle = spurious_attractors.limit_cycle(V, centre, bracket, num_points)
        return cycle._replace(**{name: change(cycle) for name, change in changes.items()})

    return limit_cycle


@claim("M14", slide=SLIDE, source=SOURCE)
def cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser(
    rng, *, almost_bilinear=games.almost_bilinear, limit_cycle=spurious_attractors.limit_cycle
):
    r"""With φ(y), ż = −V is van der Pol's oscillator for √3 y: a cycle at r ≈ √(4/3), log μ = −2πε + O(ε³)."""
    sizes, exponents = np.concatenate([[0.01], np.geomspace(0.02, 0.1, 6) * rng.uniform(0.97, 1.03, 6)]), []
    for eps in sizes:
        cycle = limit_cycle(almost_bilinear(eps).operator, ORIGIN, np.array([0.9, 1.4]))
        amplitude, period = van_der_pol(eps)
        error = integration(2 * np.pi * eps) + eps**8
        yield equal(f"extent in y, ε = {eps:.3g}", cycle.extent[:, 1], [-amplitude, amplitude], atol=error)
        yield equal(f"period, ε = {eps:.3g}", cycle.period, period, atol=2 * np.pi * error)
        exponents.append(np.log(cycle.multiplier))
        if eps == 0.01:
            r = np.hypot(*np.transpose(cycle.z))
            yield equal("r at ε = 0.01", [r.min(), r.max()], [1.1535, 1.1560], atol=HALF_DIGIT)
            yield equal("log μ at ε = 0.01", exponents[0], -2 * np.pi * eps, atol=eps**3)
    yield rate("|log μ + 2πε| against ε", sizes[1:], np.abs(exponents + 2 * np.pi * sizes)[1:], 3.0)


def another_hill(eps=0.01, player="max"):
    V = games.almost_bilinear(eps).operator
    return games.Game("mutant", None, lambda z: V(z * np.sqrt(4 / 3)) / np.sqrt(4 / 3))


cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutants(
    {
        "the printed form": lambda eps=0.01, player="max": games.almost_bilinear(eps, "min"),
        "ε 1 % too large": lambda eps=0.01, player="max": games.almost_bilinear(1.01 * eps, player),
        "φ = u²/2 − u⁴/3": another_hill,
    },
    replaces="almost_bilinear",
)


cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutants(
    {
        "period 1 % too long": perturbed_cycle(period=lambda cycle: 1.01 * cycle.period),
        "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
        "exponent 1 % too large": perturbed_cycle(multiplier=lambda cycle: cycle.multiplier**1.01),
        "extent without its sign": perturbed_cycle(extent=lambda cycle: np.abs(cycle.extent)),
        "points 1 % too far out": perturbed_cycle(z=lambda cycle: 1.01 * cycle.z),
    },
    replaces="limit_cycle",
)


@claim("M14", slide=SLIDE, source=SOURCE)
def origin_of_the_printed_almost_bilinear_game_attracts(
    rng,
    *,
    almost_bilinear=games.almost_bilinear,
    critical_point=spurious_attractors.critical_point,
    return_map=spurious_attractors.return_map,
):
    r"""As printed, φ(x) on the minimiser: turns inside the cycle lead inwards, outside outwards; corrected, not so."""
    eps = 0.01
    for name, player, sign in (("printed", "min", 1), ("corrected", "max", -1)):
        V = almost_bilinear(eps, player=player).operator
        origin = critical_point(V, rng.uniform(-0.1, 0.1, 2))
        yield equal(f"{name}: critical point", origin.z, ORIGIN, atol=1e-15)
        expected = sign * eps / 2 + 1j * np.sqrt(1 - eps**2 / 4) * np.array([-1, 1])
        yield equal(f"{name}: eigenvalues of JV", np.sort_complex(origin.eigenvalues), expected, atol=rounding(16))
        inside, outside = rng.uniform(0.05, 1.15, 20), rng.uniform(1.16, 3, 20)
        growth_inside, growth_outside = (np.log(return_map(V, ORIGIN, r) / r) for r in (inside, outside))
        r = np.concatenate([inside, outside])
        averaged = -np.pi * eps * sign * (1 - 3 / 4 * r**2)
        growth = np.concatenate([growth_inside, growth_outside])
        yield equal(f"{name}: log growth over a turn inside is < 0: sign", np.sign(sign * growth_inside), -np.ones(20))
        yield equal(f"{name}: log growth over a turn outside is > 0: sign", np.sign(sign * growth_outside), np.ones(20))
        small = r < 1.15
        error = 10 * (eps * (1 + r[small] ** 2)) ** 2
        yield equal(f"{name}: log growth, −πε(1 − ¾r²)", growth[small], averaged[small], atol=error)


def eigenvalues_negated(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    return found._replace(eigenvalues=-found.eigenvalues)


def stops_after_one_newton_step(V, z0):
    z = z0 - np.linalg.solve(differentiation.jacobian(V, z0), V(z0))
    return spurious_attractors.CriticalPoint(z, np.linalg.eigvals(differentiation.jacobian(V, z)))


WRONG_PLAYERS = {
    "φ on the maximiser in both": lambda eps=0.01, player="max": games.almost_bilinear(eps),
    "players exchanged": lambda eps=0.01, player="max": games.almost_bilinear(eps, "min" if player == "max" else "max"),
    "−ε": lambda eps=0.01, player="max": games.almost_bilinear(-eps, player),
}

origin_of_the_printed_almost_bilinear_game_attracts.mutants(WRONG_PLAYERS, replaces="almost_bilinear")
origin_of_the_printed_almost_bilinear_game_attracts.mutants(
    {
        "ascent for descent": lambda V, centre, radius: spurious_attractors.return_map(lambda z: -V(z), centre, radius),
        "growth 1 % too large": lambda V, centre, radius: 1.01 * spurious_attractors.return_map(V, centre, radius),
    },
    replaces="return_map",
)
origin_of_the_printed_almost_bilinear_game_attracts.mutants(
    {
        "eigenvalues of −JV": eigenvalues_negated,
        "stops after one Newton step": stops_after_one_newton_step,
    },
    replaces="critical_point",
)


@claim("M14", slide=SLIDE, source=SOURCE)
def cycle_of_the_printed_almost_bilinear_game_repels(
    rng, *, almost_bilinear=games.almost_bilinear, limit_cycle=spurious_attractors.limit_cycle
):
    r"""As printed, the cycle is that of the corrected form, run backwards: μ > 1, and starts outside it diverge."""
    eps = 0.01
    printed, corrected = (almost_bilinear(eps, player=player).operator for player in ("min", "max"))
    repelling, attracting = (limit_cycle(V, ORIGIN, np.array([0.9, 1.4])) for V in (printed, corrected))
    error, inverse = integration(2 * np.pi * eps), 1 / attracting.multiplier
    yield equal("printed: period", repelling.period, attracting.period, atol=2 * np.pi * error)
    what = "printed: μ, the inverse of the corrected form's"
    yield equal(what, repelling.multiplier, inverse, atol=16 * np.pi * eps * error)
    yield equal("printed: log μ", np.log(repelling.multiplier), 2 * np.pi * eps, atol=eps**3)

    def leaves(t, z):
        return np.hypot(*z) - 1e3

    leaves.terminal = True
    far = scipy.integrate.solve_ivp(lambda t, z: -printed(z), (0, 1e4), [2.0, 0.0], rtol=1e-8, events=leaves)
    yield equal("printed: starts at ‖z‖ = 2 that leave the ball of radius 1000", far.t_events[0].size, 1)


def always_attracting(V, centre, bracket, num_points=1024):
    cycle = spurious_attractors.limit_cycle(V, centre, bracket, num_points)
    return cycle._replace(multiplier=min(cycle.multiplier, 1 / cycle.multiplier))


cycle_of_the_printed_almost_bilinear_game_repels.mutants(WRONG_PLAYERS, replaces="almost_bilinear")
cycle_of_the_printed_almost_bilinear_game_repels.mutants(
    {
        "runs to the attracting side": always_attracting,
        "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    },
    replaces="limit_cycle",
)


POLAR_SOURCE = "closed form: r' = −r g(r), θ' = 1, g = a (r² − 1)(16r² − 9)/16"


@claim("M15", slide=SLIDE, source=POLAR_SOURCE)
def cycles_of_the_polar_game_are_found(rng, *, limit_cycle=spurious_attractors.limit_cycle):
    r"""PolarGame: cycles r = 1, log μ = −7πa/4, and r = 3/4, log μ = 63πa/64, of period 2π."""
    a, T = rng.uniform(0.1, 0.2), 2 * np.pi
    V, centre = games.polar(a).operator, rng.uniform(-0.02, 0.02, 2)
    slope = (a / 16 * np.polynomial.Polynomial([0, 9, 0, -25, 0, 16])).deriv()
    for r, bracket, exponent in ((1.0, [0.95, 1.03], -7 * np.pi * a / 4), (0.75, [0.6, 0.9], 63 * np.pi * a / 64)):
        error = integration(exponent)
        error_of_log = 2 * np.pi * np.abs(slope.deriv()(r)) * error
        for name, field, direction in (("", V, 1), ("reversed: ", lambda z: -V(z), -1)):
            cycle = limit_cycle(field, centre, np.array(bracket), num_points=400)
            yield equal(f"{name}radius {r}", np.hypot(*np.transpose(cycle.z)), np.full(400, r), atol=error)
            yield equal(f"{name}extent at r = {r}", cycle.extent, r * np.array([[-1, -1], [1, 1]]), atol=error)
            yield equal(f"{name}period at r = {r}", cycle.period, T, atol=T * error)
            yield equal(f"{name}log μ at r = {r}", np.log(cycle.multiplier), direction * exponent, atol=error_of_log)
            ahead = np.sum((np.roll(cycle.z, -1, axis=0) - cycle.z) * -field(cycle.z), -1)
            yield at_least(f"{name}points in the order of the flow", ahead, 0.0, resolution=0.1)


cycles_of_the_polar_game_are_found.mutants({
    "period 1 % too short": perturbed_cycle(period=lambda cycle: 0.99 * cycle.period),
    "exponent of half a turn": perturbed_cycle(multiplier=lambda cycle: np.sqrt(cycle.multiplier)),
    "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    "x and y exchanged": perturbed_cycle(z=lambda cycle: cycle.z[:, ::-1]),
    "lowest and highest exchanged": perturbed_cycle(extent=lambda cycle: cycle.extent[::-1]),
    "runs backwards": perturbed_cycle(z=lambda cycle: cycle.z[::-1]),
})


def invariant(r):
    """I(r) with dI/dθ = −a/8 along the flow of PolarGame."""
    u = r**2
    return np.log(u) / 9 + np.log(np.abs(u - 1)) / 7 - 16 / 63 * np.log(np.abs(u - 9 / 16))


def invariant_slope(r):
    """|I'(r)|."""
    u = r**2
    return 2 * r * np.abs(1 / (9 * u) + 1 / (7 * (u - 1)) - 16 / (63 * (u - 9 / 16)))


@claim("M15", slide=SLIDE, source=POLAR_SOURCE)
def return_map_of_the_polar_game_is_exact(rng, *, return_map=spurious_attractors.return_map):
    r"""PolarGame: a turn lowers I(r) = log r²/9 + log|r² − 1|/7 − 16 log|r² − 9/16|/63 by πa/4."""
    a = rng.uniform(0.1, 0.2)
    radius = rng.uniform([[0.1], [0.76], [1.02]], [[0.74], [0.98], [1.3]], (3, 10))
    back = return_map(games.polar(a).operator, ORIGIN, radius)
    moved, expected = invariant(back) - invariant(radius), np.full((3, 10), -np.pi * a / 4)
    error = 2 * STEPS * RTOL * np.maximum(invariant_slope(radius), invariant_slope(back))
    yield equal("I(r⁺) − I(r)", moved, expected, atol=error)


return_map_of_the_polar_game_is_exact.mutants({
    "back after half a turn": lambda V, centre, radius: np.sqrt(
        radius * spurious_attractors.return_map(V, centre, radius)
    ),
    "goes round twice": lambda V, centre, radius: spurious_attractors.return_map(
        V, centre, spurious_attractors.return_map(V, centre, radius)
    ),
    "1 % less growth": lambda V, centre, radius: (
        radius**0.01 * spurious_attractors.return_map(V, centre, radius) ** 0.99
    ),
})
