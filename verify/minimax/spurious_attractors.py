"""Spurious attractors: slide "Minimax is more difficult than just optimization"."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl import differentiation
from refimpl.minimax import algorithms, games, spurious_attractors, stationarity
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rate, rounding

SLIDE = "Minimax is more difficult than just optimization"
SOURCE = "Hsieh, Mertikopoulos & Cevher 2021"

ORIGIN = np.zeros(2)
INTEGRATION = 1e-9  # of one period at relative tolerance 1e-12, with room for what the return map amplifies
HALF_DIGIT = 0.5e-4  # of numbers given with four decimals


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
        yield equal(f"extent in y, ε = {eps:.3g}", cycle.extent[:, 1], [-amplitude, amplitude], atol=INTEGRATION)
        yield equal(f"period, ε = {eps:.3g}", cycle.period, period, atol=INTEGRATION)
        exponents.append(np.log(cycle.multiplier))
        if eps == 0.01:
            r = np.hypot(*np.transpose(cycle.z))
            yield equal("r at ε = 0.01", [r.min(), r.max()], [1.1535, 1.1560], atol=HALF_DIGIT)
            yield equal("log μ at ε = 0.01", exponents[0], -2 * np.pi * eps, atol=eps**3)
    yield rate("|log μ + 2πε| against ε", sizes[1:], np.abs(exponents + 2 * np.pi * sizes)[1:], 3.0)


@cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutant("the printed form", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(eps, "min")


@cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutant("ε 1 % too large", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(1.01 * eps, player)


@cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutant("φ = u²/2 − u⁴/3", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    V = games.almost_bilinear(eps).operator
    return games.Game("mutant", None, lambda z: V(z * np.sqrt(4 / 3)) / np.sqrt(4 / 3))


for text, mutant in {
    "period 1 % too long": perturbed_cycle(period=lambda cycle: 1.01 * cycle.period),
    "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    "exponent 1 % too large": perturbed_cycle(multiplier=lambda cycle: cycle.multiplier**1.01),
    "extent without its sign": perturbed_cycle(extent=lambda cycle: np.abs(cycle.extent)),
    "points 1 % too far out": perturbed_cycle(z=lambda cycle: 1.01 * cycle.z),
}.items():
    cycle_of_almost_bilinear_attracts_with_phi_on_the_maximiser.mutant(text, replaces="limit_cycle")(mutant)


@claim("M14", slide=SLIDE, source=SOURCE)
def cycle_of_the_printed_almost_bilinear_game_repels(
    rng,
    *,
    almost_bilinear=games.almost_bilinear,
    limit_cycle=spurious_attractors.limit_cycle,
    return_map=spurious_attractors.return_map,
    critical_point=spurious_attractors.critical_point,
):
    r"""As printed, φ(x) on the minimiser: the origin attracts, the cycle repels, and starts outside it diverge."""
    eps = 0.01
    printed, corrected = (almost_bilinear(eps, player=player).operator for player in ("min", "max"))
    for name, V, sign in (("printed", printed, 1), ("corrected", corrected, -1)):
        origin = critical_point(V, rng.uniform(-0.1, 0.1, 2))
        yield equal(f"{name}: critical point", origin.z, ORIGIN, atol=1e-15)
        expected = sign * eps / 2 + 1j * np.sqrt(1 - eps**2 / 4) * np.array([-1, 1])
        yield equal(f"{name}: eigenvalues of JV", np.sort_complex(origin.eigenvalues), expected, atol=rounding(16))
        inside, outside = rng.uniform(0.05, 1.15, 20), rng.uniform(1.16, 3, 20)
        growth_inside, growth_outside = (np.log(return_map(V, ORIGIN, r) / r) for r in (inside, outside))
        yield at_most(f"{name}: log growth over a turn inside", sign * growth_inside, 0.0, resolution=np.pi * eps)
        yield at_least(f"{name}: log growth over a turn outside", sign * growth_outside, 0.0, resolution=np.pi)
    cycles = [limit_cycle(V, ORIGIN, np.array([0.9, 1.4])) for V in (printed, corrected)]
    yield equal("printed: period", cycles[0].period, cycles[1].period, atol=INTEGRATION)
    yield equal(
        "printed: μ, the inverse of the corrected form's",
        cycles[0].multiplier,
        1 / cycles[1].multiplier,
        atol=INTEGRATION,
    )
    yield at_least("printed: μ", cycles[0].multiplier, 1.0, resolution=7 * eps)

    def leaves(t, z):
        return np.hypot(*z) - 1e3

    leaves.terminal = True
    far = scipy.integrate.solve_ivp(lambda t, z: -printed(z), (0, 1e4), [2.0, 0.0], rtol=1e-8, events=leaves)
    yield equal("printed: starts at ‖z‖ = 2 that leave the ball of radius 1000", far.t_events[0].size, 1)


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("φ on the maximiser in both", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(eps)


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("players exchanged", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(eps, "min" if player == "max" else "max")


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("−ε", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(-eps, player)


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("ascent for descent", replaces="return_map")
def _(V, centre, radius):
    return spurious_attractors.return_map(lambda z: -V(z), centre, radius)


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("eigenvalues of −JV", replaces="critical_point")
def _(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    return found._replace(eigenvalues=-found.eigenvalues)


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("stops after one Newton step", replaces="critical_point")
def _(V, z0):
    z = z0 - np.linalg.solve(differentiation.jacobian(V, z0), V(z0))
    return spurious_attractors.CriticalPoint(z, np.linalg.eigvals(differentiation.jacobian(V, z)))


@cycle_of_the_printed_almost_bilinear_game_repels.mutant("runs to the attracting side", replaces="limit_cycle")
def _(V, centre, bracket, num_points=1024):
    cycle = spurious_attractors.limit_cycle(V, centre, bracket, num_points)
    return cycle._replace(multiplier=min(cycle.multiplier, 1 / cycle.multiplier))


@claim("M15", slide=SLIDE, source="closed form: r' = −r g(r), θ' = 1, g = a (r² − 1)(16r² − 9)/16")
def cycles_of_the_polar_game_are_found(
    rng, *, limit_cycle=spurious_attractors.limit_cycle, return_map=spurious_attractors.return_map
):
    r"""PolarGame: cycles r = 1, log μ = −7πa/4, and r = 3/4, log μ = 63πa/64, of period 2π; the return map exactly."""
    a = rng.uniform(0.1, 0.2)
    V, T = games.polar(a).operator, 2 * np.pi
    centre = rng.uniform(-0.02, 0.02, 2)
    for r, bracket, exponent in ((1.0, [0.95, 1.03], -7 * np.pi * a / 4), (0.75, [0.6, 0.9], 63 * np.pi * a / 64)):
        for name, field, direction in (("", V, 1), ("reversed: ", lambda z: -V(z), -1)):
            cycle = limit_cycle(field, centre, np.array(bracket), num_points=400)
            yield equal(f"{name}radius {r}", np.hypot(*np.transpose(cycle.z)), np.full(400, r), atol=INTEGRATION)
            yield equal(f"{name}extent at r = {r}", cycle.extent, r * np.array([[-1, -1], [1, 1]]), atol=INTEGRATION)
            yield equal(f"{name}period at r = {r}", cycle.period, T, atol=INTEGRATION)
            yield equal(
                f"{name}log μ at r = {r}", np.log(cycle.multiplier), direction * exponent, atol=10 * INTEGRATION
            )
            ahead = np.sum((np.roll(cycle.z, -1, axis=0) - cycle.z) * -field(cycle.z), -1)
            yield at_least(f"{name}points in the order of the flow", ahead, 0.0, resolution=0.1)

    def invariant(r):
        u = r**2
        return np.log(u) / 9 + np.log(np.abs(u - 1)) / 7 - 16 / 63 * np.log(np.abs(u - 9 / 16))

    radius = rng.uniform([[0.1], [0.76], [1.02]], [[0.74], [0.98], [1.3]], (3, 10))
    back = return_map(V, ORIGIN, radius)
    yield equal(
        "return map: I(r⁺) − I(r) = −πa/4",
        invariant(back) - invariant(radius),
        np.full((3, 10), -np.pi * a / 4),
        atol=1e-7,
    )


for text, mutant in {
    "period 1 % too short": perturbed_cycle(period=lambda cycle: 0.99 * cycle.period),
    "exponent of half a turn": perturbed_cycle(multiplier=lambda cycle: np.sqrt(cycle.multiplier)),
    "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    "x and y exchanged": perturbed_cycle(z=lambda cycle: cycle.z[:, ::-1]),
    "lowest and highest exchanged": perturbed_cycle(extent=lambda cycle: cycle.extent[::-1]),
    "runs backwards": perturbed_cycle(z=lambda cycle: cycle.z[::-1]),
}.items():
    cycles_of_the_polar_game_are_found.mutant(text, replaces="limit_cycle")(mutant)


@cycles_of_the_polar_game_are_found.mutant("back after half a turn", replaces="return_map")
def _(V, centre, radius):
    return np.sqrt(radius * spurious_attractors.return_map(V, centre, radius))


@cycles_of_the_polar_game_are_found.mutant("goes round twice", replaces="return_map")
def _(V, centre, radius):
    return spurious_attractors.return_map(V, centre, spurious_attractors.return_map(V, centre, radius))


def forsaken_point(c):
    """The real zeros of φ'(φ'(y)) + y − c, φ'(u) = u⁵ − 2u³ + u/2, and the eigenvalues of JV at (φ'(y), y)."""
    slope, y = np.polynomial.Polynomial([0, 0.5, 0, -2, 0, 1]), np.polynomial.Polynomial([0, 1])
    equation = slope(slope(y)) + y - c
    roots = equation.roots()
    near = roots[np.abs(roots.imag) < 1e-6].real
    real = [scipy.optimize.brentq(equation, root - 1e-3, root + 1e-3, xtol=1e-15) for root in near]
    z = np.array([(slope(root), root) for root in real])
    curvature = slope.deriv()(z)
    centre, half = curvature.mean(-1), (curvature[:, 0] - curvature[:, 1]) / 2
    return z, centre[:, None] + np.sqrt(half[:, None] ** 2 - 1 + 0j) * [-1, 1]


@claim("M15", slide=SLIDE, source=SOURCE)
def forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one(
    rng, *, forsaken=games.forsaken, critical_point=spurious_attractors.critical_point
):
    r"""One critical point, φ'(φ'(y)) + y = c; Re λ(JV) = (φ''(x) + φ''(y))/2 is 0.045 at c = 0.45, −0.060 at 0.5."""
    for c in (0.45, 0.5, rng.uniform(0.4, 0.6)):
        z, eigenvalues = forsaken_point(c)
        yield equal(f"c = {c:.4g}: number of critical points", len(z), 1)
        found = critical_point(forsaken(c).operator, rng.uniform([-0.1, 0.35], [0.15, 0.6]))
        yield equal(f"c = {c:.4g}: critical point", found.z, z[0], atol=rounding(64))
        measured = np.sort_complex(np.asarray(found.eigenvalues))
        yield equal(f"c = {c:.4g}: eigenvalues of JV", measured, np.sort_complex(eigenvalues[0]), atol=rounding(256))
    default, paper = forsaken(), forsaken(0.45)
    z = rng.uniform(-2, 2, (50, 2))
    yield equal("the default is the paper's offset", default.operator(z), paper.operator(z))


@forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutant(
    "c 1 % too large", replaces="forsaken"
)
def _(offset=0.45):
    return games.forsaken(1.01 * offset)


@forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutant(
    "printed default", replaces="forsaken"
)
def _(offset=0.5):
    return games.forsaken(offset)


@forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutant(
    "players exchanged", replaces="forsaken"
)
def _(offset=0.45):
    game = games.forsaken(offset)
    return game._replace(operator=lambda z: -game.operator(z))


@forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutant(
    "transposes the coordinates of the solution", replaces="critical_point"
)
def _(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    return found._replace(z=found.z[::-1])


@forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutant(
    "eigenvalues of the symmetric part", replaces="critical_point"
)
def _(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    J = differentiation.jacobian(V, found.z)
    return found._replace(eigenvalues=np.linalg.eigvals(J + J.T) / 2)


def forsaken_flow(t, state):
    """(ẋ, ẏ, −tr JV) of the forsaken game at c = 0.45, in coordinates."""
    x, y, _ = state
    slope_x, slope_y = x * (x**2 - 1) ** 2 - x / 2, y * (y**2 - 1) ** 2 - y / 2
    return [0.45 - y - slope_x, x - slope_y, 6 * (x**2 + y**2) - 5 * (x**4 + y**4) - 1]


@claim("M15", slide=SLIDE, source=SOURCE)
def forsaken_point_hides_behind_a_repelling_cycle(
    rng,
    *,
    forsaken=games.forsaken,
    limit_cycle=spurious_attractors.limit_cycle,
    return_map=spurious_attractors.return_map,
):
    r"""At c = 0.45 a cycle near the point repels (μ = 1.920), one around it attracts (μ = 1.1·10⁻¹⁵, period 7.5480)."""
    V, centre = forsaken(0.45).operator, forsaken_point(0.45)[0][0]
    yield equal("V at the point", V(centre), ORIGIN, atol=rounding(64))
    inner = limit_cycle(V, centre, np.array([0.1, 0.3]))
    outer = limit_cycle(V, centre, np.array([0.5, 1.5]))
    yield equal("repelling: extent", inner.extent, [[-0.1757, 0.2329], [0.2282, 0.6293]], atol=HALF_DIGIT)
    yield equal("attracting: extent", outer.extent, [[-1.3325, -1.3182], [1.4650, 1.4462]], atol=HALF_DIGIT)
    for name, cycle in (("repelling", inner), ("attracting", outer)):
        flow = scipy.integrate.solve_ivp(
            forsaken_flow, (0, cycle.period), [*cycle.z[0], 0], "LSODA", rtol=1e-10, atol=1e-12
        )
        yield equal(f"{name}: z after one period", flow.y[:2, -1], cycle.z[0], atol=1e-6)
        yield equal(f"{name}: log μ", np.log(cycle.multiplier), flow.y[2, -1], atol=1e-5)
        velocity = -V(cycle.z)
        tangent = np.fft.ifft(np.fft.fft(cycle.z, axis=0) * 1j * np.fft.fftfreq(1024, 1 / 1024)[:, None], axis=0).real
        across = tangent[:, 0] * velocity[:, 1] - tangent[:, 1] * velocity[:, 0]
        yield equal(f"{name}: −V across the cycle", across, np.zeros(1024), atol=1e-6)
        reached = np.array([velocity[cycle.z[:, axis].argmax(), axis] for axis in (0, 1)])
        yield equal(f"{name}: −V at the farthest points", reached, [0.0, 0.0], atol=0.05)
    step = 1e-5
    r = inner.z[0, 0] - centre[0] + np.array([-step, step])
    yield equal(
        "repelling: μ is the slope of the return map",
        np.diff(return_map(V, centre, r))[0] / (2 * step),
        inner.multiplier,
        atol=1e-6,
    )


@forsaken_point_hides_behind_a_repelling_cycle.mutant("the printed offset", replaces="forsaken")
def _(offset=0.45):
    return games.forsaken(0.5)


@forsaken_point_hides_behind_a_repelling_cycle.mutant("x⁴/2 1 % too large", replaces="forsaken")
def _(offset=0.45):
    game = games.forsaken(offset)
    return game._replace(operator=lambda z: game.operator(z) - 0.02 * z**3)


for text, mutant in {
    "period 1 % too long": perturbed_cycle(period=lambda cycle: 1.01 * cycle.period),
    "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    "exponent 1 % too small": perturbed_cycle(multiplier=lambda cycle: cycle.multiplier**0.99),
    "a circle of the mean radius": perturbed_cycle(z=lambda cycle: circle_like(cycle.z)),
}.items():
    forsaken_point_hides_behind_a_repelling_cycle.mutant(text, replaces="limit_cycle")(mutant)


def circle_like(z):
    """A circle through the first of some points around their centre."""
    centre, angles = z.mean(0), 2 * np.pi * np.arange(len(z)) / len(z)
    return centre + (z[0] - centre)[0] * np.stack([np.cos(angles), np.sin(angles)], -1)


@forsaken_point_hides_behind_a_repelling_cycle.mutant("back after half a turn", replaces="return_map")
def _(V, centre, radius):
    return np.sqrt(radius * spurious_attractors.return_map(V, centre, radius))


@claim("M15", slide=SLIDE, source=SOURCE)
def nothing_is_forsaken_at_the_printed_offset(
    rng, *, forsaken=games.forsaken, return_map=spurious_attractors.return_map
):
    r"""At c = 0.5 every turn inside the attracting cycle leads outwards: no second cycle, no basin of the point."""
    z, eigenvalues = forsaken_point(0.5)
    radius = np.geomspace(1e-5, 1.2, 50) * rng.uniform(0.98, 1.02, 50)
    yield equal("V at the point", forsaken(0.5).operator(z[0]), ORIGIN, atol=rounding(64))
    growth = np.log(return_map(forsaken(0.5).operator, z[0], radius) / radius)
    yield at_least("log growth over a turn", growth, 0.0, resolution=0.1)
    spiral = -2 * np.pi * eigenvalues[0, 1].real / eigenvalues[0, 1].imag
    yield equal("log growth next to the point: −2π Re λ/Im λ", growth[:5], np.full(5, spiral), atol=1e-3)


@nothing_is_forsaken_at_the_printed_offset.mutant("the paper's offset", replaces="forsaken")
def _(offset=0.45):
    return games.forsaken(0.45)


@nothing_is_forsaken_at_the_printed_offset.mutant("c 1 % too small", replaces="forsaken")
def _(offset=0.45):
    return games.forsaken(0.99 * offset)


@nothing_is_forsaken_at_the_printed_offset.mutant("growth 1 % too small", replaces="return_map")
def _(V, centre, radius):
    return 0.99 * spurious_attractors.return_map(V, centre, radius)


@claim("M15", slide=SLIDE, source="necessary conditions of the slide on local Nash equilibria")
def forsaken_point_is_no_local_nash_equilibrium(
    rng, *, classify=stationarity.classify, forsaken=games.forsaken, almost_bilinear=games.almost_bilinear
):
    r"""At the forsaken point −∇ᵧᵧΦ = φ''(y) < 0: stable for the flow, yet no LNE, so the game has none at all."""
    slope = np.polynomial.Polynomial([0, 0.5, 0, -2, 0, 1])
    for c in (0.45, 0.5):
        z = forsaken_point(c)[0]
        found = classify(forsaken(c).payoff, z)
        curvatures = np.concatenate([found.x_curvature, found.y_curvature])
        yield equal(f"c = {c}: curvatures φ''(x), φ''(y)", curvatures, slope.deriv()(z[0]), atol=rounding(64))
        yield equal(f"c = {c}: judged no equilibrium", float(found.kind[0] == "no equilibrium"), 1.0)
        y = z[:, 1:] + 0.01 * np.array([[-1.0], [1.0]])
        gain = forsaken(c).payoff(z[:, :1], y) - forsaken(c).payoff(z[:, :1], z[:, 1:])
        size = -slope.deriv()(z[0, 1]) / 2 * 0.01**2
        yield at_least(f"c = {c}: what y gains by leaving", gain, 0.0, resolution=2 * size)
    for player, kind in (("max", "no equilibrium"), ("min", "undecided")):
        found = classify(almost_bilinear(0.1, player=player).payoff, ORIGIN)
        yield equal(f"almost bilinear, φ on the {player} player: {kind}", float(found.kind == kind), 1.0)
    x = rng.uniform(-1, 1, (50, 1))
    printed = almost_bilinear(0.1, player="min").payoff
    gain = np.array([printed(x, 0 * x), printed(0 * x, x)])
    expected = np.array([0.1 * (x**2 / 2 - x**4 / 4)[:, 0], np.zeros(50)])
    yield equal("almost bilinear as printed: Φ(x, 0) ≥ 0 = Φ(0, y), an LNE", gain, expected, atol=rounding(8))


@forsaken_point_is_no_local_nash_equilibrium.mutant("asks for the minimiser's condition only", replaces="classify")
def _(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    return found._replace(kind=np.where(found.x_curvature > 0, "strict equilibrium", found.kind))


@forsaken_point_is_no_local_nash_equilibrium.mutant("∇ᵧᵧΦ for −∇ᵧᵧΦ", replaces="classify")
def _(payoff, z, dim_x=1, tolerance=1e-9):
    found = stationarity.classify(payoff, z, dim_x, tolerance)
    return found._replace(y_curvature=-found.y_curvature)


@forsaken_point_is_no_local_nash_equilibrium.mutant("φ of the other player", replaces="almost_bilinear")
def _(eps=0.01, player="max"):
    return games.almost_bilinear(eps, "min" if player == "max" else "max")


@forsaken_point_is_no_local_nash_equilibrium.mutant("the payoff of the other player", replaces="forsaken")
def _(offset=0.45):
    game = games.forsaken(offset)
    return game._replace(payoff=lambda x, y: -game.payoff(x, y))


CURVATURE = {"gda": 1, "eg": -1, "ogda": -1, "ppm": -1}
"""Steps of a method follow ż = −(V + (α/2) s JV·V) up to O(α²), with this sign s."""


def radius_of(cycle, centre):
    """Radius of a closed curve, given at equal angles from a start on the ray, as a function of points around it."""
    x, y = (cycle.z - centre).T
    start = np.argmin(np.arctan2(y, x))
    angle, radius = (np.roll(values, -start) for values in (np.arctan2(y, x), np.hypot(x, y)))
    order = np.argsort(angle)
    knots = np.append(angle[order], angle[order][0] + 2 * np.pi)
    curve = scipy.interpolate.CubicSpline(knots, np.append(radius[order], radius[order][0]), bc_type="periodic")
    return lambda z: curve(np.arctan2(z[..., 1] - centre[1], z[..., 0] - centre[0]))


@claim("M16", slide=SLIDE, source=SOURCE)
def small_steps_end_on_the_attracting_cycle(rng, *, trajectory=algorithms.trajectory):
    r"""GDA, EG, OGDA and PPM end on the cycle, from 60 starts, up to its shift when V becomes V ± (α/2) JV·V."""
    settings = {
        "almost bilinear, ε = 0.5": (games.almost_bilinear(0.5).operator, ORIGIN, [0.9, 1.3], 0.3),
        "forsaken": (games.forsaken().operator, forsaken_point(0.45)[0][0], [0.5, 1.5], 0.35),
    }
    alpha = 0.02
    for name, (V, centre, bracket, hole) in settings.items():
        z0 = rng.uniform(-1.5, 1.5, (200, 2))
        z0 = z0[np.hypot(*(z0 - centre).T) > hole][:60]
        on_cycle = radius_of(spurious_attractors.limit_cycle(V, centre, bracket), centre)
        displaced = {}
        for sign in (-1, 1):

            def modified(z, V=V, sign=sign):
                return V(z) + sign / 2 * (V(z + alpha * V(z)) - V(z))

            displaced[sign] = radius_of(spurious_attractors.limit_cycle(modified, centre, bracket), centre)
        for method, sign in CURVATURE.items():
            end = trajectory(method, V, z0, alpha, round(30 / alpha))[-1]
            r, predicted = np.hypot(*(end - centre).T), displaced[sign](end)
            shift = np.abs(predicted - on_cycle(end))
            what = f"{method.upper()} on {name}"
            yield equal(f"{what}: r in the end", r, predicted, atol=0.2 * shift.max())
            yield at_most(f"{what}: distance from the cycle", np.abs(r - on_cycle(end)), 2 * shift.max(), tight=0.7)


@small_steps_end_on_the_attracting_cycle.mutant("EG takes steps of GDA")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda" if method == "eg" else method, V, z0, alpha, num_steps)


@small_steps_end_on_the_attracting_cycle.mutant("GDA takes steps of EG")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("eg" if method == "gda" else method, V, z0, alpha, num_steps)


@small_steps_end_on_the_attracting_cycle.mutant("the maximiser takes steps half as long")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, lambda z: V(z) * [1, 0.5], z0, alpha, num_steps)


@small_steps_end_on_the_attracting_cycle.mutant("stays at the start")
def _(method, V, z0, alpha, num_steps):
    return np.broadcast_to(z0, (num_steps + 1, *z0.shape))


@small_steps_end_on_the_attracting_cycle.mutant("returns averages of the iterates")
def _(method, V, z0, alpha, num_steps):
    z = algorithms.trajectory(method, V, z0, alpha, num_steps)
    return np.cumsum(z, axis=0) / np.arange(1, num_steps + 2)[:, None, None]


@small_steps_end_on_the_attracting_cycle.mutant(
    "the optimistic step forgets the gradient before: gradient descent",
    shipped="Variational-Inequality-GAN 141122a, optimistic step",
)
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda" if method == "ogda" else method, V, z0, alpha, num_steps)


@claim("M16", slide=SLIDE, source=SOURCE)
def steps_larger_than_epsilon_find_the_origin(rng, *, trajectory=algorithms.trajectory):
    r"""Almost bilinear, ε = 0.01: at α = 0.1 EG, OGDA and PPM end in the critical point, at 0.001 on the cycle."""
    V, z0 = games.almost_bilinear(0.01).operator, rng.uniform([0.8, 0.8], [1.2, 1.2])
    lam = -0.005 + 1j * np.sqrt(1 - 0.005**2)
    factors = {
        "eg": [1, -1 + 0.1 * lam - (0.1 * lam) ** 2],
        "ogda": [1, -1 + 0.2 * lam, -0.1 * lam],
        "ppm": [1 + 0.1 * lam, -1],
    }
    for method, polynomial in factors.items():
        r = np.hypot(*trajectory(method, V, z0, 0.1, 2000).T)
        decay, expected = np.log(r[-1] / r[1500]) / 500, np.log(np.abs(np.roots(polynomial)).max())
        yield equal(f"{method.upper()}, α = 0.1: log of the factor a step", decay, expected, rtol=0.005)
    for method, sign in (("gda", 1), ("eg", -1), ("ogda", -1)):
        r = np.hypot(*trajectory(method, V, z0, 0.001, 10**6)[-7000:].T)
        radius = np.sqrt(4 / 3 * (1 + sign * 0.001 / 0.01))
        yield equal(f"{method.upper()}, α = 0.001: r² = (4/3)(1 ± α/ε)", np.sqrt((r**2).mean()), radius, rtol=0.001)


@steps_larger_than_epsilon_find_the_origin.mutant("steps of GDA only")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda", V, z0, alpha, num_steps)


@steps_larger_than_epsilon_find_the_origin.mutant("α 1 % too large")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, 1.01 * alpha, num_steps)


@steps_larger_than_epsilon_find_the_origin.mutant("OGDA takes steps of EG")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("eg" if method == "ogda" else method, V, z0, alpha, num_steps)
