"""Certified extremes of planar functions whose global ones are known: slide "When do the algorithms converge?"."""

from unittest.mock import patch

import numpy as np
import scipy

from refimpl.calculus import differentiation
from refimpl.minimax import certified_extremes
from verify.claims import claim
from verify.evidence import at_least, equal, rounding

SLIDE = "When do the algorithms converge?"
GAP = 1e-9  # by which, relative (absolute below 1), no point is lower


def hole_in_a_slope(rng):
    """f = cx − aw²/(w² + ‖z − p‖²): a hole between the points of a grid, deeper than the foot of the slope."""
    p, w, c = (rng.integers(8, 56, 2) + rng.uniform(0.45, 0.55, 2)) * 3 / 64 - 1.5, 0.014, rng.uniform(0.6, 0.7)
    depth = 1.5 * c + c * p[0] + rng.uniform(0.5, 1)

    def parts(z):
        hole = w * w + ((z - p) ** 2).sum(-1)
        return np.stack([c * z[..., 0] * hole - depth * w * w, hole], -1)

    def along(s):
        return c * (p[0] + s) - depth * w * w / (w * w + s * s)

    best = scipy.optimize.minimize_scalar(along, bounds=(-w, w), method="bounded", options={"xatol": 1e-12})
    return parts, best.fun, np.full(2, -1.5), np.full(2, 1.5)


def quartic(rng):
    """f = g(u) + h(v) in turned axes u, v, g and h of degree 4 with two minima each: from the roots of g' and h'."""
    turn, centre = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1, 2)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    g, h = (np.polynomial.Polynomial([0, tilt, -2, 0, 1]) for tilt in rng.uniform(-0.5, 0.5, 2))
    least = sum(one(root.real) for one in (g, h) for root in [min(one.deriv().roots(), key=lambda r: one(r.real))])

    def parts(z):
        u, v = np.moveaxis((z - centre) @ axes.T, -1, 0)
        return np.stack([g(u) + h(v), np.ones_like(u)], -1)

    return parts, least, centre - np.array([1.8, 1.9]), centre + np.array([2.0, 1.7])


def twins(rng):
    """f = (x² − 1)² + ex + y², e ~ 10⁻⁵: two minima almost alike, of which a grid meets the higher one exactly."""
    e, step = 10 ** rng.uniform(-5.5, -4.5), 2 / 40.5
    slope = np.polynomial.Polynomial([e, -4, 0, 4])
    least, higher = slope.roots().real.min(), slope.roots().real.max()

    def parts(z):
        return np.stack([(z[..., 0] ** 2 - 1) ** 2 + e * z[..., 0] + z[..., 1] ** 2, np.ones_like(z[..., 0])], -1)

    lower = np.array([higher - 52 * step, -0.5])
    return parts, (least**2 - 1) ** 2 + e * least, lower, lower + np.array([64 * step, 1.0])


def saddle(rng):
    """f = (x − s)² − 2(y − t)², least on a side of the box, not at a corner."""
    (s, t), reach = rng.uniform(-0.3, 0.3, 2), rng.uniform(1, 2)

    def parts(z):
        return np.stack([(z[..., 0] - s) ** 2 - 2 * (z[..., 1] - t) ** 2, np.ones_like(z[..., 0])], -1)

    return parts, -2 * (reach + np.abs(t)) ** 2, np.array([-1.0, -reach]), np.array([0.7, reach])


def ramp(rng):
    """f = c·z + e xy, least at a corner."""
    c, e = rng.uniform(0.5, 1, 2) * rng.choice([-1, 1], 2), rng.uniform(-0.1, 0.1)
    lower, upper = np.array([-1.0, -2.0]), np.array([0.5, 1.0])

    def parts(z):
        return np.stack([z @ c + e * z.prod(-1), np.ones_like(z[..., 0])], -1)

    corner = np.where(c > 0, lower, upper)
    return parts, corner @ c + e * corner.prod(), lower, upper


def quotient(parts):
    """N/D of the two parts, D > 0."""
    return lambda z: parts(z)[..., 0] / parts(z)[..., 1]


@claim("M17", slide=SLIDE, source="closed forms of the least values")
def certified_minima_are_global(rng, *, minimum=certified_extremes.minimum):
    r"""A hole that a grid misses, four minima of degree 4, minima on a side and at a corner; a pole: −∞.

    Polished to rounding: the returned value is one of f's, and less than one of f's nowhere by more than 10⁻⁹.
    """
    for make in (hole_in_a_slope, quartic, twins, saddle, ramp):
        name, (parts, least, lower, upper) = make.__name__.replace("_", " "), make(rng)
        f = quotient(parts)
        measured = minimum(f, parts, lambda t: np.array([1.0, -t]), lower, upper)
        yield equal(f"{name}: least value", measured, least, rtol=rounding(256), atol=rounding(64))
        z = rng.uniform(lower, upper, (20_000, 2))
        slack = GAP * max(1.0, -measured)
        yield at_least(f"{name}: values at 20 000 points", f(z), measured, slack=slack, resolution=1.0)

    def pole(z):
        return np.stack([0 * z[..., 0] - 1, z[..., 0] ** 2], -1)

    measured = minimum(quotient(pole), pole, lambda t: np.array([1.0, -t]), lower, upper)
    yield equal("−1/x²: −∞", float(measured == -np.inf), 1.0)


def altered(function, **parts):
    """A function of `certified_extremes` with others of its module exchanged."""

    def wrong_version(*arguments):
        with patch.multiple(certified_extremes, **parts):
            return function(*arguments)

    return wrong_version


def corners_only(c):
    """The least value of the quadratic part at the corners of the box."""
    u, v = np.array([[-1, -1, 1, 1], [-1, 1, -1, 1]])[:, :, None]
    square = (2 * u * u - 1) * c[:, 2, 0] + (2 * v * v - 1) * c[:, 0, 2]
    return (c[:, 0, 0] + u * c[:, 1, 0] + v * c[:, 0, 1] + u * v * c[:, 1, 1] + square).min(0)


minimum = certified_extremes.minimum
certified_minima_are_global.mutants({
    "no proof: the best of a grid, polished": altered(minimum, _violation=lambda *_: None),
    "the remainder beyond degree 2 dropped": altered(minimum, _beyond_quadratic=lambda c: np.zeros(len(c))),
    "quadratic parts at corners only": altered(minimum, _quadratic_minimum=corners_only),
    "not polished": altered(minimum, _polished=lambda f, z, lower, upper: float(f(z)), GAP=1e-6),
    "coarser proof: GAP = 10⁻³": altered(minimum, GAP=1e-3),
    "the greatest value": lambda f, parts, weights, lower, upper: (
        -minimum(lambda z: -f(z), lambda z: parts(z) * [-1, 1], weights, lower, upper)
    ),
})


@claim("M17", slide=SLIDE, source="closed forms of the singular values")
def greatest_slopes_are_global(rng, *, greatest_slope=certified_extremes.greatest_slope):
    r"""max ‖JV‖₂ of z³, which turns and scales everywhere, and of a step, which is steepest inside the box."""
    lower, upper = -rng.uniform(0.5, 1, 2), rng.uniform(1.1, 2, 2)
    farthest = (np.maximum(-lower, upper) ** 2).sum()
    yield equal("max ‖J z³‖₂ = 3|z|²", greatest_slope(cube, lower, upper), 3 * farthest, rtol=rounding(64))
    at, width = rng.uniform(-0.3, 0.3), rng.uniform(0.9, 1.2)

    def steps(z):
        x, y = z[..., 0], z[..., 1]
        return np.stack([0.9 * y - 0.3 * x, width * np.arctan((x - at) / width)], -1)

    slope = np.linalg.norm([[-0.3, 0.9], [1.0, 0.0]], 2)
    yield equal("max ‖JV‖₂ inside the box", greatest_slope(steps, lower, upper), slope, rtol=rounding(64))


def cube(z):
    """z ↦ z³ of complex numbers."""
    x, y = z[..., 0], z[..., 1]
    return np.stack([x**3 - 3 * x * y**2, 3 * x**2 * y - y**3], -1)


def frobenius_norm(V, lower, upper):
    J = differentiation.exact_jacobian(V, (lower + upper) / 2)(certified_extremes._grid(lower, upper))
    return np.sqrt((J**2).sum((-2, -1)).max())


def on_the_diagonal(V, lower, upper):
    z = lower + np.linspace(0, 1, 1001)[:, None] * (upper - lower)
    J = differentiation.exact_jacobian(V, (lower + upper) / 2)(z)
    return np.linalg.norm(J, 2, axis=(-2, -1)).max()


greatest_slopes_are_global.mutants({
    "the best of a coarse grid": altered(
        certified_extremes.greatest_slope,
        minimum=lambda f, parts, weights, lower, upper: f(certified_extremes._grid(lower, upper)).min(),
    ),
    "Frobenius norm of JV": frobenius_norm,
    "on the diagonal of the box": on_the_diagonal,
    "1 % too large": lambda V, lower, upper: 1.01 * certified_extremes.greatest_slope(V, lower, upper),
})


@claim("M17", slide=SLIDE, source="closed forms in polar coordinates and on the axes")
def least_quotients_are_global(rng, *, least_quotient=certified_extremes.least_quotient):
    r"""inf ⟨V, w⟩/‖V‖², w = z − z*: for V = h R(θ) w it is the least of cos θ/h, on a circle, at z* or on a side."""
    lower, upper = -rng.uniform(0.5, 0.6, 2), rng.uniform(0.5, 0.6, 2)
    for name, angle in (("cos θ > 0", rng.uniform(0.3, 1.2)), ("cos θ < 0", rng.uniform(2, 2.8))):
        z_star, radius, c = rng.uniform(-0.1, 0.1, 2), rng.uniform(0.2, 0.4), np.cos(angle)
        turn = np.array([[c, -np.sin(angle)], [np.sin(angle), c]])
        V = radial(z_star, turn, lambda s, radius=radius, c=c: 2 - np.sign(c) * (s - radius**2) ** 2)
        yield equal(f"{name}: on a circle", least_quotient(V, z_star, lower, upper), c / 2, rtol=rounding(256))
        V = radial(z_star, turn, lambda s, c=c: 2 - np.sign(c) * s)
        yield equal(f"{name}: at z*", least_quotient(V, z_star, lower, upper), c / 2, rtol=rounding(256))
    for side in np.concatenate([np.eye(2), -np.eye(2)]):
        V = lambda z, side=side: (2 + (z - z_star) @ side)[..., None] * (z - z_star)  # noqa: E731
        reach = np.where(side > 0, upper - z_star, lower - z_star) @ side
        measured = least_quotient(V, z_star, lower, upper)
        yield equal(f"on the side towards {side}", measured, 1 / (2 + reach), rtol=rounding(256))


def radial(z_star, turn, h):
    """V = h(‖w‖²) R w, w = z − z*."""
    return lambda z: h(((z - z_star) ** 2).sum(-1, keepdims=True)) * ((z - z_star) @ turn.T)


def on_a_grid(V, z_star, lower, upper):
    z = certified_extremes._grid(lower, upper)
    v = V(z)
    return ((v * (z - z_star)).sum(-1) / (v * v).sum(-1)).min()


least_quotients_are_global.mutants({
    "a grid around z*": on_a_grid,
    "not at z* itself: 10⁻³ of the box left out": altered(
        certified_extremes.least_quotient,
        minimum=lambda f, parts, weights, low, high: minimum(f, parts, weights, np.maximum(low, [1e-3, -1]), high),
    ),
    "one side of the box forgotten": lambda V, z_star, lower, upper: certified_extremes.least_quotient(
        V, z_star, np.array([z_star[0], lower[1]]), upper
    ),
    "1 % too small": lambda V, z_star, lower, upper: 0.99 * certified_extremes.least_quotient(V, z_star, lower, upper),
})
