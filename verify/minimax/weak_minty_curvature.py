"""CurvatureEG+, which searches its steps: slide "When do the algorithms converge?"."""

import itertools

import numpy as np

from refimpl.minimax import algorithms, weak_minty
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.minimax.weak_minty import (
    SLIDE,
    SOURCE,
    forsaken_field,
    forsaken_solution,
    linear_field,
    lower_bound_matrix,
    polar_field,
)
from verify.minimax.weak_minty_adaptive import distance_of_cycle, follows_its_formula
from verify.minimax.weak_minty_methods import direction, paths, wavy_field
from verify.probes import batched


def forsaken_jacobian(z):
    """JV of the forsaken game, by hand."""
    x, y = np.moveaxis(z, -1, 0)
    one = np.ones_like(x)
    rows = [[1 / 2 - 6 * x**2 + 5 * x**4, one], [-one, 1 / 2 - 6 * y**2 + 5 * y**4]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def onto_square(z):
    """Projection onto a box."""
    return np.clip(z, -1, 1.2)


def searched(V, J, z, Q, nu, tau, start):
    """γ of the line search at one point, by the words of the lecture."""
    s = np.linalg.svd(J, compute_uv=False)[0 if start == "norm" else -1]
    gamma = nu / s
    while True:
        G = Q(z - gamma * V(z))
        if gamma * np.linalg.norm(V(G) - V(z)) <= nu * np.linalg.norm(G - z) * (1 + 1e-12):
            return gamma
        gamma *= tau


@claim("M19", slide=SLIDE, source=SOURCE)
def curvature_sets_the_step(rng, *, curvature_eg_plus=weak_minty.curvature_eg_plus):
    r"""γ_k by the line search from ν/‖JV(z)‖₂ (or ν/σ_min), then AdaptiveEG+ with σ_k = −0.99 γ_k/2."""
    M, z0 = rng.standard_normal((3, 3)) / 2, rng.uniform(-1.4, 1.4, (12, 2))
    games = {
        "forsaken": (forsaken_field, forsaken_jacobian, z0),
        "p = 3": (wavy_field(M), lambda z: M + np.cos(z) * np.eye(3), rng.uniform(-2, 2, (12, 3))),
    }
    settings = [(0.99, 0.5), rng.uniform([0.5, 0.3], [0.9, 0.9])]
    cases = itertools.product(games.items(), ("norm", "sigma_min"), (None, onto_square), settings)
    for (game, (V, J, starts)), start, project, (nu, tau) in cases:
        done = curvature_eg_plus(V, starts, 6, nu=nu, tau=tau, start=start, project=project)
        z, Q = done.z[:-1].reshape(-1, starts.shape[-1]), project or (lambda z: z)
        gamma = np.reshape([searched(V, J(p), p, Q, nu, tau, start) for p in z], (*done.d.shape[:-1], 1))
        what = f"{game}, {'box' if project else 'no constraint'}, {start}, τ = {tau:.2g}"
        yield from follows_its_formula(what, done, V, gamma, -0.495, project)
    yield from batched("forsaken", paths(lambda z0: curvature_eg_plus(forsaken_field, z0, 6)), z0, atol=1e-9)
    given = curvature_eg_plus(forsaken_field, z0, 6, nu=0.99, tau=0.5, start="norm")
    yield equal("ν = 0.99, τ = ½ and the norm by default", curvature_eg_plus(forsaken_field, z0, 6).z, given.z)


def wrong_run(begin=lambda s, nu: nu / s, accept=lambda g, dV, dz, nu: g * dV <= nu * dz * (1 + 1e-12), c=-0.495):
    """A CurvatureEG+ that begins its search at begin(s, ν), ends it by accept(γ, ‖ΔV‖, ‖Δz‖, ν), and has σ = cγ."""

    def one(V, z, nu, tau, start, Q):
        h = 1e-5
        J = np.stack([(V(z + h * e) - V(z - h * e)) / (2 * h) for e in np.eye(len(z))], axis=-1)
        s = np.linalg.svd(J, compute_uv=False)
        gamma = begin(s[0 if start == "norm" else -1], nu)
        for _ in range(200):
            G = Q(z - gamma * V(z))
            if accept(gamma, np.linalg.norm(V(G) - V(z)), np.linalg.norm(G - z), nu):
                break
            gamma *= tau
        e, f = direction(V, z, gamma, Q)
        return e, f, z + (c + (e - z) @ f / max(f @ f, 1e-300)) * f

    def run(V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None):
        Q, shape = project or (lambda z: z), np.shape(z0)
        states, z_bar, d = [np.asarray(Q(z0), float)], [], []
        for _ in range(num_steps):
            points = states[-1].reshape(-1, shape[-1])
            e, f, z = np.array([one(V, p, nu, tau, start, Q) for p in points]).swapaxes(0, 1)
            z_bar, d, states = [*z_bar, e.reshape(shape)], [*d, f.reshape(shape)], [*states, z.reshape(shape)]
        return weak_minty.Run(np.array(states), np.array(z_bar), np.array(d))

    return run


curvature_sets_the_step.mutants({
    "no line search": wrong_run(accept=lambda g, dV, dz, nu: True),
    "starts at 1/‖JV‖": wrong_run(begin=lambda s, nu: 1 / s),
    "starts 1 % too high": wrong_run(begin=lambda s, nu: 1.01 * nu / s),
    "accepts without ν": wrong_run(accept=lambda g, dV, dz, nu: g * dV <= dz),
    "γ‖·‖ for ‖·‖": wrong_run(accept=lambda g, dV, dz, nu: dV <= nu * dz),
    "σ = 0": wrong_run(c=0.0),
    "σ = −γ/2": wrong_run(c=-0.5),
    "starts at ν/σ_min by default": lambda V, z0, num_steps, nu=0.99, tau=0.5, start="sigma_min", project=None: (
        weak_minty.curvature_eg_plus(V, z0, num_steps, nu, tau, start, project)
    ),
    "halves without a constraint": lambda V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None: (
        weak_minty.curvature_eg_plus(V, z0, num_steps, nu, tau if project else 0.5, start, project)
    ),
    "halves in a set": lambda V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None: (
        weak_minty.curvature_eg_plus(V, z0, num_steps, nu, 0.5 if project else tau, start, project)
    ),
})


@claim("M19", slide=SLIDE, source=SOURCE)
def line_search_accepts_ties_only(rng, *, curvature_eg_plus=weak_minty.curvature_eg_plus):
    r"""On linear fields the search ends where it starts if both sides are equal, not if they differ by 10⁻¹⁰."""
    a, b = rng.uniform(0.5, 2, 2) * [1, -0.2]
    V, gamma, z0 = linear_field(lower_bound_matrix(a, b)), 0.99 / np.hypot(a, b), rng.uniform(-1.4, 1.4, (12, 2))
    done = curvature_eg_plus(V, z0, 3)
    expected = done.z[:-1] - gamma * V(done.z[:-1])
    yield equal("tie on the lower-bound game: z̄", done.z_bar, expected, atol=rounding(64, 4.0))
    V = linear_field(np.diag([1.0, 1 + 1e-10]))
    done = curvature_eg_plus(V, np.array([0.0, 1.0]), 1, start="sigma_min")
    yield equal("10⁻¹⁰ above a tie: halved", done.z_bar[0], [0.0, 1 - 0.99 / 2 * (1 + 1e-10)], atol=rounding(16))
    still = curvature_eg_plus(polar_field(1.0), np.zeros(2), 3)
    yield equal("a start at the solution stays", np.concatenate([still.z, still.z_bar, still.d]), np.zeros((10, 2)))


line_search_accepts_ties_only.mutants({
    "no line search": wrong_run(accept=lambda g, dV, dz, nu: True),
    "breaks ties: no 10⁻¹²": wrong_run(accept=lambda g, dV, dz, nu: g * dV < nu * dz),
    "ties within 10⁻⁷": wrong_run(accept=lambda g, dV, dz, nu: g * dV <= nu * dz * (1 + 1e-7)),
    "starts 1 % too high": wrong_run(begin=lambda s, nu: 1.01 * nu / s),
})


@claim("M19", slide=SLIDE, source=SOURCE)
def curvature_finds_the_forsaken_solution_from_everywhere(
    rng, *, curvature_eg_plus=weak_minty.curvature_eg_plus, trajectory=algorithms.trajectory
):
    r"""From anywhere in [−1.5, 1.5]² CurvatureEG+ ends at the solution; GDA and EG never come near."""
    z_star, z0 = forsaken_solution(), rng.uniform(-1.5, 1.5, (60, 2))
    z0 = z0[np.abs(z0 - z_star).max(-1) > 0.4]
    for start in ("norm", "sigma_min"):
        z = curvature_eg_plus(forsaken_field, z0, 1200, start=start).z[-1]
        yield equal(f"CurvatureEG+ ({start}): z", z, z_star + 0 * z0, atol=1e-12)
    alpha, V = 1 / 12.402569242368148, forsaken_field
    for method, step in (("gda", lambda z: z - alpha * V(z)), ("eg", lambda z: z - alpha * V(z - alpha * V(z)))):
        z = trajectory(method, V, z0, alpha, 1200)
        distance = np.linalg.norm(z[600:] - z_star, axis=-1)
        nearest = distance_of_cycle(step, z_star)
        yield at_least(
            f"{method.upper()} at 1/L: distance, that of its cycle", distance, nearest, slack=1e-5, tight=1e-3
        )


curvature_finds_the_forsaken_solution_from_everywhere.mutants(
    {
        "AdaptiveEG+ with γ = 1/L": lambda V, z0, num_steps, start="norm": weak_minty.adaptive_eg_plus(
            V, z0, 1 / 12.402569242368148, num_steps
        ),
        "CEG+, α = 1/2, γ = 1/L": lambda V, z0, num_steps, start="norm": weak_minty.ceg_plus(
            V, z0, 1 / 12.402569242368148, 0.5, num_steps
        ),
    },
    replaces="curvature_eg_plus",
)
curvature_finds_the_forsaken_solution_from_everywhere.mutants(
    {
        "EG runs as CurvatureEG+": lambda method, V, z0, alpha, num_steps: (
            weak_minty.curvature_eg_plus(V, z0, num_steps).z
        )
    },
    replaces="trajectory",
)
