"""Methods that adapt to a weak Minty game: slide "When do the algorithms converge?"."""

import functools

import numpy as np

from refimpl.compiling import is_planar
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
from verify.minimax.weak_minty_methods import direction, paths, planar_games, recomputed, sets, wavy_field
from verify.probes import batched


def forsaken_jacobian(z):
    """JV of the forsaken game, by hand."""
    x, y = np.moveaxis(z, -1, 0)
    one = np.ones_like(x)
    rows = [[1 / 2 - 6 * x**2 + 5 * x**4, one], [-one, 1 / 2 - 6 * y**2 + 5 * y**4]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def relaxed(done, c):
    """The step (c + ⟨z̄ − z, d⟩/‖d‖²) d, by the unit vector along d."""
    e, size = done.z_bar - done.z[:-1], np.linalg.norm(done.d, axis=-1, keepdims=True)
    unit = done.d / np.maximum(size, np.finfo(float).tiny)
    return (c * size + (e * unit).sum(-1, keepdims=True)) * unit


def follows_its_formula(what, done, V, gamma, c, Q):
    """z̄, d and z⁺ of an adaptive run, from its own states."""
    tolerance = rounding(64, 20.0)
    z_bar, d = recomputed(V, done, gamma, Q)
    yield equal(f"{what}: z̄", done.z_bar, z_bar, atol=tolerance)
    yield equal(f"{what}: d", done.d, d, atol=tolerance)
    yield equal(f"{what}: z⁺ − z", np.diff(done.z, axis=0), relaxed(done, c), atol=tolerance)


@claim("M19", slide=SLIDE, source=SOURCE)
def adaptive_relaxation_is_measured_along_d(rng, *, adaptive_eg_plus=weak_minty.adaptive_eg_plus):
    r"""α_k = σ/γ + ⟨z̄ − z, d⟩/‖d‖², σ = −0.99 γ/2 unless given; from a solution the run does not move."""
    V, gamma, z0 = wavy_field(rng.standard_normal((3, 3)) / 3), rng.uniform(0.05, 0.2), rng.uniform(-1, 1, (40, 3))
    shares = {"no σ": -0.495, "σ = 0": 0.0, "σ < 0": rng.uniform(-0.4, -0.1), "σ > 0": rng.uniform(0.1, 0.3)}
    for name, Q in sets(rng).items():
        for which, c in shares.items():
            done = adaptive_eg_plus(V, z0, gamma, 4, project=Q, **{} if which == "no σ" else {"sigma": c * gamma})
            yield from follows_its_formula(f"{name}, {which}", done, V, gamma, c, Q)
            yield equal(f"{name}, {which}: first state", done.z[0], Q(z0) if Q else z0)
    for name, field, V in planar_games():
        z0 = rng.uniform(-0.9, 0.9, (20, 2))
        for c in (-0.495, shares["σ < 0"]):
            run = functools.partial(adaptive_eg_plus, field, gamma=gamma, num_steps=10, sigma=c * gamma)
            yield from follows_its_formula(f"{name}, σ = {c:.2g} γ", run(z0), V, gamma, c, None)
            yield from batched(f"{name}, σ = {c:.2g} γ", paths(run), z0)
    still = adaptive_eg_plus(polar_field(1.0), np.zeros(2), gamma, 3)
    yield equal("a start at the solution stays", np.concatenate([still.z, still.z_bar, still.d]), np.zeros((10, 2)))


def adaptive_mutant(text, c, project_first=True, share=lambda e, d: (e * d).sum(-1, keepdims=True), power=2):
    """Declare a wrong AdaptiveEG+."""

    @adaptive_relaxation_is_measured_along_d.mutant(text)
    def _(V, z0, gamma, num_steps, project=None, sigma=None):
        Q, s = project or (lambda z: z), -0.495 * gamma if sigma is None else sigma
        z, z_bar, d = [Q(np.asarray(z0, float))], [], []
        for _ in range(num_steps):
            e, f = direction(V, z[-1], gamma, Q)
            size = np.linalg.norm(f, axis=-1, keepdims=True) ** power
            alpha = c(s, gamma) + share(e - z[-1], f) / np.where(size > 0, size, 1)
            z_bar, d, z = [*z_bar, e], [*d, f], [*z, z[-1] + alpha * f]
        return weak_minty.Run(np.array(z), np.array(z_bar), np.array(d))


adaptive_mutant("σ for σ/γ", lambda s, g: s)
adaptive_mutant("−σ/γ", lambda s, g: -s / g)
adaptive_mutant("σ/γ dropped", lambda s, g: 0.0)
adaptive_mutant("σ/γ 1 % too large", lambda s, g: 1.01 * s / g)
adaptive_mutant("‖d‖ for ‖d‖²", lambda s, g: s / g, power=1)
adaptive_mutant("‖z̄ − z‖² for ⟨z̄ − z, d⟩", lambda s, g: s / g, share=lambda e, d: (e * e).sum(-1, keepdims=True))
adaptive_mutant(
    "one relaxation for the batch", lambda s, g: s / g, share=lambda e, d: (e * d).sum(-1, keepdims=True).mean()
)


@adaptive_relaxation_is_measured_along_d.mutant("0/0 at a solution")
def _(V, z0, gamma, num_steps, project=None, sigma=None):
    done = weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, project=project, sigma=sigma)
    return done._replace(z=done.z * (1 + 0 / np.abs(done.d).max(initial=0)))


def changed_sigma(text, change):
    """Declare an AdaptiveEG+ that takes another σ."""

    @adaptive_relaxation_is_measured_along_d.mutant(text)
    def _(V, z0, gamma, num_steps, project=None, sigma=None):
        other = change(V, z0, sigma, project)
        return weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, project=project, sigma=other)


changed_sigma("σ = 0 is none given", lambda V, z0, sigma, project: sigma or None)
changed_sigma("−|σ|", lambda V, z0, sigma, project: sigma and -abs(sigma))
changed_sigma("no default in a set", lambda V, z0, sigma, project: 0.0 if project and sigma is None else sigma)
changed_sigma("planar formulas forget σ", lambda V, z0, sigma, project: None if is_planar(V) else sigma)
changed_sigma("planar points alone forget σ", lambda V, z0, sigma, project: None if z0.shape == (2,) else sigma)


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

    @curvature_sets_the_step.mutant(text)
    def _(V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None):
        Q = project or (lambda z: z)
        states = [np.asarray(Q(z0), float)]
        z_bar, d = [], []
        for _ in range(num_steps):
            e, f, z = np.array(
                [one(V, p, nu, tau, start, Q) for p in states[-1].reshape(-1, np.shape(z0)[-1])]
            ).swapaxes(0, 1)
            shape = np.shape(z0)
            z_bar, d, states = [*z_bar, e.reshape(shape)], [*d, f.reshape(shape)], [*states, z.reshape(shape)]
        return weak_minty.Run(np.array(states), np.array(z_bar), np.array(d))

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


@curvature_sets_the_step.mutant("halves without a constraint")
def _(V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None):
    return weak_minty.curvature_eg_plus(V, z0, num_steps, nu, tau if project else 0.5, start, project)


@curvature_sets_the_step.mutant("halves in a set")
def _(V, z0, num_steps, nu=0.99, tau=0.5, start="norm", project=None):
    return weak_minty.curvature_eg_plus(V, z0, num_steps, nu, 0.5 if project else tau, start, project)


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


def distance_of_cycle(step, z_star):
    """Least distance from a point of the closed curve, about 2 across, that a step ends on and fills evenly.

    4000 states of it are 2·10⁻³ apart, so that the nearest of them is ~ 10⁻⁶ too far.
    """
    z = [np.array([1.0, 0.0])]
    for _ in range(5000):
        z.append(step(z[-1]))
    return np.linalg.norm(np.array(z[1000:]) - z_star, axis=-1).min()


@curvature_finds_the_forsaken_solution_from_everywhere.mutant("AdaptiveEG+ with γ = 1/L", replaces="curvature_eg_plus")
def _(V, z0, num_steps, start="norm"):
    return weak_minty.adaptive_eg_plus(V, z0, 1 / 12.402569242368148, num_steps)


@curvature_finds_the_forsaken_solution_from_everywhere.mutant("CEG+, α = 1/2, γ = 1/L", replaces="curvature_eg_plus")
def _(V, z0, num_steps, start="norm"):
    return weak_minty.ceg_plus(V, z0, 1 / 12.402569242368148, 0.5, num_steps)


@curvature_finds_the_forsaken_solution_from_everywhere.mutant("EG runs as CurvatureEG+", replaces="trajectory")
def _(method, V, z0, alpha, num_steps):
    return weak_minty.curvature_eg_plus(V, z0, num_steps).z


@claim("M19", slide=SLIDE, source=SOURCE)
def adaptive_finds_the_forsaken_solution_with_long_steps_only(rng, *, adaptive_eg_plus=weak_minty.adaptive_eg_plus):
    r"""AdaptiveEG+ with γ = 0.45 ≈ 5.6/L finds the solution from starts at which γ = 1/L sends it round the cycle."""
    z_star = forsaken_solution()
    z0 = np.array([[0.0, 0.0], [0.5, 0.5], [-1.0, 0.5]])[:, None] + rng.uniform(-0.03, 0.03, (3, 15, 2))
    long = adaptive_eg_plus(forsaken_field, z0, 0.45, 1500).z
    yield equal("γ = 0.45: last state", long[-1], z_star + 0 * z0, atol=1e-12)
    gamma = 1 / 12.402569242368148
    short = adaptive_eg_plus(forsaken_field, z0, gamma, 1500).z
    distance = np.linalg.norm(short[750:] - z_star, axis=-1)
    nearest = distance_of_cycle(lambda z: adaptive_step(forsaken_field, z, gamma), z_star)
    yield at_least("γ = 1/L: distance, that of the cycle", distance, nearest, slack=1e-5, tight=1e-3)


def adaptive_step(V, z, gamma):
    """A step of AdaptiveEG+ at one point: z̄ − z = −γV(z), d = −γV(z̄)."""
    e = -gamma * V(z)
    d = -gamma * V(z + e)
    return z + (e @ d / (d @ d) - 0.495) * d


@adaptive_finds_the_forsaken_solution_with_long_steps_only.mutant("σ/γ dropped")
def _(V, z0, gamma, num_steps):
    return weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, sigma=0.0)


@adaptive_finds_the_forsaken_solution_with_long_steps_only.mutant("constant relaxation 1/2")
def _(V, z0, gamma, num_steps):
    return weak_minty.ceg_plus(V, z0, gamma, 0.5, num_steps)


@adaptive_finds_the_forsaken_solution_with_long_steps_only.mutant("half of γ")
def _(V, z0, gamma, num_steps):
    return weak_minty.adaptive_eg_plus(V, z0, gamma / 2, num_steps)
