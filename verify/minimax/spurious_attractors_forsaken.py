"""The forsaken game, whose critical point hides: slide "Minimax is more difficult than just optimization"."""

import numpy as np
import scipy

from refimpl.calculus import differentiation
from refimpl.minimax import games, spurious_attractors
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.minimax.games import perturbed
from verify.minimax.spurious_attractors import (
    HALF_DIGIT,
    ORIGIN,
    RTOL,
    SLIDE,
    SOURCE,
    STEPS,
    fourier_derivative,
    integration,
    perturbed_cycle,
)


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
    for p in (1, 4):
        M, z_star = rng.standard_normal((p, p)) + 8 * np.eye(p), rng.uniform(-1, 1, p)
        V = lambda z, M=M, z_star=z_star: (z - z_star) @ M.T + (z - z_star) ** 3  # noqa: E731
        found = critical_point(V, z_star + rng.uniform(-0.1, 0.1, p))
        yield equal(f"p = {p}: critical point", found.z, z_star, atol=rounding(64))
        sensitive = np.linalg.cond(np.linalg.eig(M).eigenvectors)
        measured = np.real(np.poly(found.eigenvalues))
        yield equal(f"p = {p}: det(tI − JV)", measured, np.poly(M), rtol=rounding(256 * sensitive))
    default, paper = forsaken(), forsaken(0.45)
    z = rng.uniform(-2, 2, (50, 2))
    yield equal("the default is the paper's offset", default.operator(z), paper.operator(z))


def transposes_the_point(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    return found._replace(z=found.z[::-1])


def diagonal_beyond_the_plane(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    diagonal = np.diag(differentiation.jacobian(V, found.z))
    return found._replace(eigenvalues=diagonal) if len(diagonal) > 2 else found


def of_the_symmetric_part(V, z0):
    found = spurious_attractors.critical_point(V, z0)
    J = differentiation.jacobian(V, found.z)
    return found._replace(eigenvalues=np.linalg.eigvals(J + J.T) / 2)


forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutants(
    {
        "c 1 % too large": lambda offset=0.45: games.forsaken(1.01 * offset),
        "printed default": lambda offset=0.5: games.forsaken(offset),
        "players exchanged": perturbed(games.forsaken, V=lambda V, z: -V),
    },
    replaces="forsaken",
)
forsaken_point_attracts_at_the_papers_offset_and_repels_at_the_printed_one.mutants(
    {
        "transposes the coordinates of the solution": transposes_the_point,
        "JV's diagonal where p > 2": diagonal_beyond_the_plane,
        "eigenvalues of the symmetric part": of_the_symmetric_part,
    },
    replaces="critical_point",
)


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
    inner, outer = (limit_cycle(V, centre, np.array(bracket)) for bracket in FORSAKEN_CYCLES.values())
    yield equal("repelling: extent", inner.extent, [[-0.1757, 0.2329], [0.2282, 0.6293]], atol=HALF_DIGIT)
    yield equal("attracting: period", outer.period, 7.548004, atol=0.5e-6)
    yield equal("attracting: extent", outer.extent, [[-1.3325, -1.3182], [1.4650, 1.4462]], atol=HALF_DIGIT)
    step = 1e-3
    r = inner.z[0, 0] - centre[0] + step * np.arange(-2, 3)
    slope = return_map(V, centre, r) @ [1, -8, 0, 8, -1] / (12 * step)
    noise = 1.5 * inner.multiplier * 2 * STEPS * RTOL / step
    yield equal("repelling: μ is the slope of the return map", slope, inner.multiplier, atol=noise)


FORSAKEN_CYCLES = {"repelling": [0.1, 0.3], "attracting": [0.5, 1.5]}
"""Brackets of both cycles."""


quartic_too_large = perturbed(games.forsaken, V=lambda V, z: V - 0.02 * z**3)

forsaken_point_hides_behind_a_repelling_cycle.mutants(
    {
        "the printed offset": lambda offset=0.45: games.forsaken(0.5),
        "x⁴/2 1 % too large": quartic_too_large,
    },
    replaces="forsaken",
)
forsaken_point_hides_behind_a_repelling_cycle.mutants(
    {
        "period 1 % too long": perturbed_cycle(period=lambda cycle: 1.01 * cycle.period),
        "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
    },
    replaces="limit_cycle",
)
forsaken_point_hides_behind_a_repelling_cycle.mutants(
    {
        "back after half a turn": lambda V, centre, radius: np.sqrt(
            radius * spurious_attractors.return_map(V, centre, radius)
        )
    },
    replaces="return_map",
)


def forsaken_flow(t, state):
    """(ẋ, ẏ, −tr JV) of the forsaken game at c = 0.45, in coordinates."""
    x, y, _ = state
    slope_x, slope_y = x * (x**2 - 1) ** 2 - x / 2, y * (y**2 - 1) ** 2 - y / 2
    return [0.45 - y - slope_x, x - slope_y, 6 * (x**2 + y**2) - 5 * (x**4 + y**4) - 1]


def stands_still_at_the_farthest_points(name, z, velocity):
    """Evidence that the flow along a cycle turns where a coordinate is greatest."""
    for axis, farthest in enumerate(z.argmax(0)):
        before, there, after = (velocity[k, axis] for k in (farthest - 1, farthest, farthest - len(z) + 1))
        yield equal(f"{name}: −V at the farthest point, axis {axis}", there, 0.0, atol=abs(before - after) / 2)


@claim("M15", slide=SLIDE, source=SOURCE)
def cycles_of_the_forsaken_game_close_under_its_flow(
    rng, *, forsaken=games.forsaken, limit_cycle=spurious_attractors.limit_cycle
):
    r"""After a period the flow is back; log μ = −∫ tr JV dt along it; −V is tangent to the cycle everywhere."""
    V, centre = forsaken(0.45).operator, forsaken_point(0.45)[0][0]
    for name, bracket in FORSAKEN_CYCLES.items():
        cycle = limit_cycle(V, centre, np.array(bracket))
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
        yield from stands_still_at_the_farthest_points(name, cycle.z, velocity)


def circle_like(z):
    """A circle through the first of some points around their centre."""
    centre, angles = z.mean(0), 2 * np.pi * np.arange(len(z)) / len(z)
    return centre + (z[0] - centre)[0] * np.stack([np.cos(angles), np.sin(angles)], -1)


cycles_of_the_forsaken_game_close_under_its_flow.mutants({"x⁴/2 1 % too large": quartic_too_large}, replaces="forsaken")
cycles_of_the_forsaken_game_close_under_its_flow.mutants(
    {
        "period 1 % too long": perturbed_cycle(period=lambda cycle: 1.01 * cycle.period),
        "attracting for repelling": perturbed_cycle(multiplier=lambda cycle: 1 / cycle.multiplier),
        "exponent 1 % too small": perturbed_cycle(multiplier=lambda cycle: cycle.multiplier**0.99),
        "a circle of the mean radius": perturbed_cycle(z=lambda cycle: circle_like(cycle.z)),
    },
    replaces="limit_cycle",
)


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


nothing_is_forsaken_at_the_printed_offset.mutants(
    {
        "the paper's offset": lambda offset=0.45: games.forsaken(0.45),
        "c 1 % too small": lambda offset=0.45: games.forsaken(0.99 * offset),
    },
    replaces="forsaken",
)
nothing_is_forsaken_at_the_printed_offset.mutants(
    {"growth 1 % too small": lambda V, centre, radius: 0.99 * spurious_attractors.return_map(V, centre, radius)},
    replaces="return_map",
)
