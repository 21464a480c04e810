"""Where small steps end: slide "Minimax is more difficult than just optimization"."""

import numpy as np
import scipy

from refimpl.arguments.domains import bare
from refimpl.minimax import algorithms, games, spurious_attractors
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rounding
from verify.minimax.spurious_attractors import ORIGIN, SLIDE, SOURCE, fourier_derivative
from verify.minimax.spurious_attractors_forsaken import forsaken_point

CURVATURE = {"gda": 1, "eg": -1, "ogda": -1, "ppm": -1}
"""Steps of a method follow ż = −(V + (α/2) s JV·V) up to O(α²), with this sign s."""


def examples():
    """Field; centre and bracket of the cycle; distance of the nearest start; largest α; times for many, few starts."""
    return {
        "almost bilinear, ε = 0.5": (games.almost_bilinear(0.5).operator, ORIGIN, [0.9, 1.3], 0.3, 0.04, (50, 35)),
        "forsaken": (games.forsaken().operator, forsaken_point(0.45)[0][0], [0.5, 1.5], 0.6, 0.02, (45, 25)),
    }


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
    for name, (V, centre, bracket, hole, largest, (long, short)) in examples().items():
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


def averages_of_iterates(method, V, z0, alpha, num_steps):
    z = algorithms.trajectory(method, V, z0, alpha, num_steps)
    return np.cumsum(z, axis=0) / np.arange(1, num_steps + 2)[:, None, None]


small_steps_end_on_the_attracting_cycle.mutants({
    "EG takes steps of GDA": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "gda" if method == "eg" else method, V, z0, alpha, num_steps
    ),
    "GDA takes steps of EG": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "eg" if method == "gda" else method, V, z0, alpha, num_steps
    ),
    "the maximiser takes steps half as long": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, lambda z: V(z) * [1, 0.5], z0, alpha, num_steps
    ),
    "stays at the start": lambda method, V, z0, alpha, num_steps: np.broadcast_to(z0, (num_steps + 1, *z0.shape)),
    "returns averages of the iterates": averages_of_iterates,
    "the optimistic step forgets the gradient before: gradient descent": shipped(
        lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
            "gda" if method == "ogda" else method, V, z0, alpha, num_steps
        ),
        project="Variational-Inequality-GAN",
        version="141122a, optimistic step",
    ),
})


@claim("M16", slide=SLIDE, source=SOURCE)
def steps_larger_than_epsilon_find_the_origin(rng, *, trajectory=algorithms.trajectory):
    r"""Almost bilinear: at α = 10ε EG, OGDA and PPM end in the critical point.

    Left eigenvectors of JV(0) = [[0, 1], [−1, −ε]] give w = x − λy, which a step multiplies by a number, but for
    αεy³ (threefold in OGDA's).
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
        z, factor = trajectory(method, V, z0, alpha, 2000), np.abs(np.roots(polynomial)).max()
        bound = np.hypot(*z0) * factor**1500
        yield at_most(f"{method.upper()}, α = 0.1: ‖z‖ after 2000 steps", np.hypot(*z[-1]), bound, resolution=bound)
        x, y = z[1500:].T
        w = x - lam * y
        error = 4 * alpha * eps * (x**2 + y**2).max() + rounding(16)
        measured = np.log(np.abs(w[-1] / w[0])) / 500
        yield equal(f"{method.upper()}, α = 0.1: log of the factor a step", measured, np.log(factor), atol=error)


steps_larger_than_epsilon_find_the_origin.mutants({
    "steps of GDA only": lambda method, V, z0, alpha, num_steps: algorithms.trajectory("gda", V, z0, alpha, num_steps),
    "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, 1.01 * alpha, num_steps
    ),
    "OGDA takes steps of EG": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "eg" if method == "ogda" else method, V, z0, alpha, num_steps
    ),
})


ENDS = ("gda", 1, (0.1, 0.5, 2)), ("eg", -1, (0.1, 0.5)), ("ogda", -1, (0.1, 0.5))
"""Methods, the sign in r² = (4/3)(1 ± α/ε), and α/ε."""


@claim("M16", slide=SLIDE, source=SOURCE)
def steps_smaller_than_epsilon_end_on_the_cycle(rng, *, trajectory=algorithms.trajectory):
    r"""Almost bilinear, α < ε (GDA: 2ε): GDA (+), EG and OGDA (−) end at r² = (4/3)(1 ± α/ε), up to O((ε + α)²)."""
    z0 = rng.uniform([0.8, 0.8], [1.2, 1.2])
    cases = [(method, sign, share) for method, sign, shares in ENDS for share in shares]
    for method, sign, share in cases:
        errors = []
        for eps in (0.04, 0.02):
            alpha = share * eps
            z = trajectory(method, games.almost_bilinear(eps).operator, z0, alpha, round(20 / (eps * alpha)))
            r_squared = (z[-round(2 * np.pi / alpha) :] ** 2).sum(-1).mean()
            errors.append(abs(r_squared / (4 / 3 * (1 + sign * alpha / eps)) - 1))
        what = f"{method.upper()}, α = {share} ε, ε = 0.04 and 0.02"
        if share == 0.1:
            yield equal(f"{what}: order of r²/((4/3)(1 ± α/ε)) − 1", np.log2(errors[0] / errors[1]), 2.0, atol=0.5)
        yield equal(f"{what}: r²/((4/3)(1 ± α/ε)) − 1", errors[1], 0.0, atol=2 * (eps + alpha) ** 2)


steps_smaller_than_epsilon_end_on_the_cycle.mutants({
    "steps of GDA only": lambda method, V, z0, alpha, num_steps: algorithms.trajectory("gda", V, z0, alpha, num_steps),
    "GDA takes steps of EG": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "eg" if method == "gda" else method, V, z0, alpha, num_steps
    ),
    "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, 1.01 * alpha, num_steps
    ),
})


@claim("M16", slide=SLIDE, source=SOURCE)
def starts_inside_the_repelling_cycle_end_at_the_point(rng, *, trajectory=algorithms.trajectory):
    r"""Forsaken, α = 0.02: from inside the repelling cycle GDA, EG and OGDA end at the point, at JV's linear rate."""
    alpha, V, centre = 0.02, games.forsaken().operator, forsaken_point(0.45)[0][0]
    cycle = spurious_attractors.limit_cycle(V, centre, np.array([0.1, 0.3]), num_points=16)
    z0 = centre + (cycle.z - centre) * rng.uniform(0.2, 0.8, (16, 1))
    J = np.array([
        [0.5 - 6 * centre[0] ** 2 + 5 * centre[0] ** 4, 1.0],
        [-1.0, 0.5 - 6 * centre[1] ** 2 + 5 * centre[1] ** 4],
    ])
    nu, left = np.linalg.eig(J.T)
    a = alpha * nu[0]
    roots = {"gda": [1 - a], "eg": [1 - a + a**2], "ogda": np.roots([1, -1 + 2 * a, -a])}
    for method, factors in roots.items():
        factor = factors[np.argmax(np.abs(factors))]
        z = np.asarray(trajectory(method, V, z0, alpha, 30000))
        yield equal(f"{method.upper()}: last states", z[-1], centre + 0 * z0, atol=1e-9)
        w = (z[15000:15040] - centre) @ left[:, 0]
        yield equal(f"{method.upper()}: factor of a step", w[1:] / w[:-1], factor + 0 * w[1:], atol=1e-6)


starts_inside_the_repelling_cycle_end_at_the_point.mutants({
    "α 1 % too large": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, V, z0, 1.01 * alpha, num_steps
    ),
    "EG takes steps of GDA": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        "gda" if method == "eg" else method, V, z0, alpha, num_steps
    ),
    "ascends": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
        method, lambda z: -V(z), z0, alpha, num_steps // 100
    ),
})
