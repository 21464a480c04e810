"""CurvatureEG+, which searches its steps: slide "When do the algorithms converge?"."""

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
    r"""γ_k by the line search from ν/‖JV(z)‖₂ (or ν/σ_min), then AdaptiveEG+ with σ_k = −0.99 γ_k/2; exact on ties."""
    M = rng.standard_normal((3, 3)) / 2
    games = {
        "forsaken": (forsaken_field, forsaken_jacobian, rng.uniform(-1.4, 1.4, (12, 2))),
        "p = 3": (wavy_field(M), lambda z: M + np.cos(z) * np.eye(3), rng.uniform(-2, 2, (12, 3))),
    }
    for game, (V, J, z0) in games.items():
        for start in ("norm", "sigma_min"):
            for name, Q in (("no constraint", lambda z: z), ("box", lambda z: np.clip(z, -1, 1.2))):
                for nu, tau in ((0.99, 0.5), rng.uniform([0.5, 0.3], [0.9, 0.9])):
                    project = Q if name == "box" else None
                    done = curvature_eg_plus(V, z0, 6, nu=nu, tau=tau, start=start, project=project)
                    z = done.z[:-1].reshape(-1, z0.shape[-1])
                    gamma = np.reshape([searched(V, J(p), p, Q, nu, tau, start) for p in z], (*done.d.shape[:-1], 1))
                    what = f"{game}, {name}, {start}, τ = {tau:.2g}"
                    yield from follows_its_formula(what, done, V, gamma, -0.495, project)
    V, _, z0 = games["forsaken"]
    yield from batched("forsaken", paths(lambda z0: curvature_eg_plus(V, z0, 6)), z0, atol=1e-9)
    given = curvature_eg_plus(V, z0, 6, nu=0.99, tau=0.5, start="norm")
    yield equal("ν = 0.99, τ = ½ and the norm by default", curvature_eg_plus(V, z0, 6).z, given.z)
    a, b = rng.uniform(0.5, 2, 2) * [1, -0.2]
    V, gamma = linear_field(lower_bound_matrix(a, b)), 0.99 / np.hypot(a, b)
    done = curvature_eg_plus(V, z0, 3)
    yield equal(
        "tie on the lower-bound game: z̄", done.z_bar, done.z[:-1] - gamma * V(done.z[:-1]), atol=rounding(64, 4.0)
    )
    V = linear_field(np.diag([1.0, 1 + 1e-10]))
    done = curvature_eg_plus(V, np.array([0.0, 1.0]), 1, start="sigma_min")
    yield equal("10⁻¹⁰ above a tie: halved", done.z_bar[0], [0.0, 1 - 0.99 / 2 * (1 + 1e-10)], atol=rounding(16))
    still = curvature_eg_plus(polar_field(1.0), np.zeros(2), 3)
    yield equal("a start at the solution stays", np.concatenate([still.z, still.z_bar, still.d]), np.zeros((10, 2)))


def curvature_mutant(
    text, begin=lambda s, nu: nu / s, accept=lambda g, dV, dz, nu: g * dV <= nu * dz * (1 + 1e-12), c=-0.495
):
    """Declare a wrong CurvatureEG+ on the fields of the claim."""

    def wrong_version(V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None):
        Q = project or (lambda z: z)
        states = [np.asarray(Q(z0), float)]
        z_bar, d = [], []
        for _ in range(num_steps):
            e, f, z = np.array([
                one(V, p, nu, tau, start, Q) for p in states[-1].reshape(-1, np.shape(z0)[-1])
            ]).swapaxes(0, 1)
            shape = np.shape(z0)
            z_bar, d, states = [*z_bar, e.reshape(shape)], [*d, f.reshape(shape)], [*states, z.reshape(shape)]
        return weak_minty.Run(np.array(states), np.array(z_bar), np.array(d))

    curvature_sets_the_step.mutants({text: wrong_version})

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


curvature_mutant("no line search", accept=lambda g, dV, dz, nu: True)
curvature_mutant("starts at 1/‖JV‖", begin=lambda s, nu: 1 / s)
curvature_mutant("starts 1 % too high", begin=lambda s, nu: 1.01 * nu / s)
curvature_mutant("accepts without ν", accept=lambda g, dV, dz, nu: g * dV <= dz)
curvature_mutant("breaks ties: no 10⁻¹²", accept=lambda g, dV, dz, nu: g * dV < nu * dz)
curvature_mutant("ties within 10⁻⁷", accept=lambda g, dV, dz, nu: g * dV <= nu * dz * (1 + 1e-7))
curvature_mutant("γ‖·‖ for ‖·‖", accept=lambda g, dV, dz, nu: dV <= nu * dz)
curvature_mutant("σ = 0", c=0.0)
curvature_mutant("σ = −γ/2", c=-0.5)


curvature_sets_the_step.mutants({
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
