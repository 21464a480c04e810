"""Spurious attractors: slide "Minimax is more difficult than just optimization"."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl import differentiation
from refimpl.domains import bare
from refimpl.minimax import algorithms, games, spurious_attractors, stationarity
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rate, rounding

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
    error = integration(2 * np.pi * eps)
    yield equal("printed: period", cycles[0].period, cycles[1].period, atol=2 * np.pi * error)
    yield equal(
        "printed: μ, the inverse of the corrected form's",
        cycles[0].multiplier,
        1 / cycles[1].multiplier,
        atol=16 * np.pi * eps * error,
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

    def invariant(r):
        u = r**2
        return np.log(u) / 9 + np.log(np.abs(u - 1)) / 7 - 16 / 63 * np.log(np.abs(u - 9 / 16))

    def invariant_slope(r):
        u = r**2
        return 2 * r * np.abs(1 / (9 * u) + 1 / (7 * (u - 1)) - 16 / (63 * (u - 9 / 16)))

    radius = rng.uniform([[0.1], [0.76], [1.02]], [[0.74], [0.98], [1.3]], (3, 10))
    back = return_map(V, ORIGIN, radius)
    yield equal(
        "return map: I(r⁺) − I(r) = −πa/4",
        invariant(back) - invariant(radius),
        np.full((3, 10), -np.pi * a / 4),
        atol=2 * STEPS * RTOL * np.maximum(invariant_slope(radius), invariant_slope(back)),
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
    M, z_star = rng.standard_normal((4, 4)) + 8 * np.eye(4), rng.uniform(-1, 1, 4)
    found = critical_point(lambda z: (z - z_star) @ M.T + (z - z_star) ** 3, z_star + rng.uniform(-0.1, 0.1, 4))
    yield equal("p = 4: critical point", found.z, z_star, atol=rounding(64))
    sensitive = np.linalg.cond(np.linalg.eig(M).eigenvectors)
    measured = np.real(np.poly(found.eigenvalues))
    yield equal("p = 4: det(tI − JV)", measured, np.poly(M), rtol=rounding(256 * sensitive))
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
    "JV's diagonal where p > 2", replaces="critical_point"
)
def _(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    diagonal = np.diag(differentiation.jacobian(V, found.z))
    return found._replace(eigenvalues=diagonal) if len(diagonal) > 2 else found


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
    yield equal("attracting: period", outer.period, 7.548004, atol=0.5e-6)
    yield equal("attracting: extent", outer.extent, [[-1.3325, -1.3182], [1.4650, 1.4462]], atol=HALF_DIGIT)
    for name, cycle in (("repelling", inner), ("attracting", outer)):
        start = [*cycle.z[0], 0]
        flow = scipy.integrate.solve_ivp(forsaken_flow, (0, cycle.period), start, "LSODA", rtol=1e-11, atol=1e-11)
        velocity, growth = -V(cycle.z), max(cycle.multiplier, 1)
        speed, error = np.hypot(*velocity.T).max(), integration(np.log(cycle.multiplier))
        moved = growth * 1e-11 * 2 * flow.t.size + speed * cycle.period * error
        yield equal(f"{name}: z after one period", flow.y[:2, -1], cycle.z[0], atol=moved)
        bend = np.abs(12 * cycle.z - 20 * cycle.z**3).sum(-1).max()
        traced = 1e-11 * flow.t.size * np.abs(flow.y[2]).max() + bend * cycle.period * moved
        yield equal(f"{name}: log μ", np.log(cycle.multiplier), flow.y[2, -1], atol=traced)
        tangent = fourier_derivative(cycle.z)
        across = tangent[:, 0] * velocity[:, 1] - tangent[:, 1] * velocity[:, 0]
        yield equal(f"{name}: −V across the cycle", across, np.zeros(1024), atol=512 * speed * error)
        for axis, farthest in enumerate(cycle.z.argmax(0)):
            before, there, after = (
                velocity[farthest - 1, axis],
                velocity[farthest, axis],
                velocity[farthest - 1023, axis],
            )
            yield equal(f"{name}: −V at the farthest point, axis {axis}", there, 0.0, atol=abs(before - after) / 2)
    step = 1e-3
    r = inner.z[0, 0] - centre[0] + step * np.arange(-2, 3)
    slope = return_map(V, centre, r) @ [1, -8, 0, 8, -1] / (12 * step)
    noise = 1.5 * inner.multiplier * 2 * STEPS * RTOL / step
    yield equal("repelling: μ is the slope of the return map", slope, inner.multiplier, atol=noise)


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
    bend = np.abs(12 * z[0] - 20 * z[0] ** 3).max()
    near = 2 * np.pi * bend * np.exp(spiral) * radius[:5]
    yield equal("log growth next to the point: −2π Re λ/Im λ", growth[:5], np.full(5, spiral), atol=near)


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


def cycle_and_shift(V, centre, bracket):
    """Period; radius at an angle; its growth δ to first order in h when V becomes V + (h/2) JV·V, at an angle.

    The cycle solves r' = F(r, θ, h), so δ' = (∂F/∂r) δ + ∂F/∂h: a linear equation on the circle.
    """
    V, n, tiny = bare(V), 512, 1e-100
    cycle = spurious_attractors.limit_cycle(V, centre, bracket, num_points=n)
    x, y = (cycle.z - centre).T
    order = np.argsort(np.arctan2(y, x))
    angle, r = np.arctan2(y, x)[order], np.hypot(x, y)[order]
    along, across = np.stack([np.cos(angle), np.sin(angle)], -1), np.stack([-np.sin(angle), np.cos(angle)], -1)

    def F(r, h):
        w = centre + r[:, None] * along
        v = V(w + h / 2 * V(w))
        return r * (v * along).sum(-1) / (v * across).sum(-1)

    F_r, F_h = F(r + 1j * tiny, 0).imag / tiny, F(r, 1j * tiny).imag / tiny
    shift = np.linalg.solve(fourier_derivative(np.eye(n)) - np.diag(F_r), F_h)
    turn = np.append(angle, angle[0] + 2 * np.pi)
    at_any_angle = (scipy.interpolate.CubicSpline(turn, np.append(f, f[0]), bc_type="periodic") for f in (r, shift))
    return cycle.period, *at_any_angle


@claim("M16", slide=SLIDE, source=SOURCE)
def small_steps_end_on_the_attracting_cycle(rng, *, trajectory=algorithms.trajectory):
    r"""From 60 starts GDA, EG, OGDA (PPM: 6) end within O(α²) of the cycle, shifted by ± αδ(θ) for V ± (α/2) JV·V."""
    settings = {
        "almost bilinear, ε = 0.5": (games.almost_bilinear(0.5).operator, ORIGIN, [0.9, 1.3], 0.3, 0.04, (50, 35)),
        "forsaken": (games.forsaken().operator, forsaken_point(0.45)[0][0], [0.5, 1.5], 0.6, 0.02, (45, 25)),
    }
    for name, (V, centre, bracket, hole, largest, (long, short)) in settings.items():
        period, radius, shift = cycle_and_shift(V, centre, bracket)
        z0 = rng.uniform(-1.5, 1.5, (200, 2))
        z0 = z0[np.hypot(*(z0 - centre).T) > hole][:60]
        far = z0[np.argsort(np.hypot(*(z0 - centre).T))[-6:]]
        for method, sign in CURVATURE.items():
            starts, duration = (far, short) if method == "ppm" else (z0, long)
            distance, rest = [], []
            for alpha in (largest, largest / 2):
                states = trajectory(method, V, starts, alpha, round(duration / alpha))[-round(period / alpha) :]
                x, y = np.moveaxis(states - centre, -1, 0)
                angle = np.arctan2(y, x)
                away = np.hypot(x, y) - radius(angle)
                distance.append(np.abs(away).max())
                rest.append(np.abs(away - sign * alpha * shift(angle)).max())
            what = f"{method.upper()} on {name}: order in α"
            yield equal(f"{what} of the distance from the cycle", np.log2(distance[0] / distance[1]), 1.0, atol=0.5)
            yield equal(f"{what} of what its shift leaves", np.log2(rest[0] / rest[1]), 2.0, atol=0.5)


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
    r"""Almost bilinear: at α = 10ε EG, OGDA and PPM end in the critical point, at α = ε/10 on the cycle.

    Left eigenvectors of JV(0) = [[0, 1], [−1, −ε]] give w = x − λy, which a step multiplies by a number, but for
    αεy³ (threefold in OGDA's). The cycle has r² = (4/3)(1 ± α/ε) by averaging, which errs by O((ε + α)²).
    """
    eps, alpha = 0.01, 0.1
    V, z0 = games.almost_bilinear(eps).operator, rng.uniform([0.8, 0.8], [1.2, 1.2])
    lam = -eps / 2 + 1j * np.sqrt(1 - eps**2 / 4)
    factors = {
        "eg": [1, -1 + alpha * lam - (alpha * lam) ** 2],
        "ogda": [1, -1 + 2 * alpha * lam, -alpha * lam],
        "ppm": [1 + alpha * lam, -1],
    }
    for method, polynomial in factors.items():
        x, y = trajectory(method, V, z0, alpha, 2000)[1500:].T
        w, factor = x - lam * y, np.abs(np.roots(polynomial)).max()
        error = 4 * alpha * eps * (x**2 + y**2).max() + rounding(16)
        yield equal(
            f"{method.upper()}, α = 0.1: log of the factor a step",
            np.log(np.abs(w[-1] / w[0])) / 500,
            np.log(factor),
            atol=error,
        )
    for method, sign in (("gda", 1), ("eg", -1), ("ogda", -1)):
        errors = []
        for eps in (0.04, 0.02):
            alpha = eps / 10
            z = trajectory(method, games.almost_bilinear(eps).operator, z0, alpha, round(20 / (eps * alpha)))
            r_squared = (z[-round(2 * np.pi / alpha) :] ** 2).sum(-1).mean()
            errors.append(abs(r_squared / (4 / 3 * (1 + sign * alpha / eps)) - 1))
        what = f"{method.upper()}, α = ε/10, ε = 0.04 and 0.02"
        yield equal(f"{what}: order of r²/((4/3)(1 ± α/ε)) − 1", np.log2(errors[0] / errors[1]), 2.0, atol=0.5)


@steps_larger_than_epsilon_find_the_origin.mutant("steps of GDA only")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda", V, z0, alpha, num_steps)


@steps_larger_than_epsilon_find_the_origin.mutant("α 1 % too large")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, 1.01 * alpha, num_steps)


@steps_larger_than_epsilon_find_the_origin.mutant("OGDA takes steps of EG")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("eg" if method == "ogda" else method, V, z0, alpha, num_steps)
