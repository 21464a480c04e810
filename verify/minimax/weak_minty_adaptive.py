"""AdaptiveEG+, whose relaxation adapts to the game: slide "When do the algorithms converge?"."""

import functools

import numpy as np

from refimpl.arguments.errors import DivergedError
from refimpl.loops.compiling import is_planar
from refimpl.minimax import algorithms, games, weak_minty
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.minimax.weak_minty import (
    SLIDE,
    SOURCE,
    forsaken_field,
    forsaken_solution,
    polar_field,
)
from verify.minimax.weak_minty_methods import direction, paths, planar_games, recomputed, sets, wavy_field
from verify.probes import batched


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


def wrong_run(c, share=lambda e, d: (e * d).sum(-1, keepdims=True), power=2):
    """An AdaptiveEG+ of relaxation c(σ, γ) + share(z̄ − z, d)/‖d‖^power."""

    def run(V, z0, gamma, num_steps, project=None, sigma=None):
        Q, s = project or (lambda z: z), -0.495 * gamma if sigma is None else sigma
        z, z_bar, d = [Q(np.asarray(z0, float))], [], []
        for _ in range(num_steps):
            e, f = direction(V, z[-1], gamma, Q)
            size = np.linalg.norm(f, axis=-1, keepdims=True) ** power
            alpha = c(s, gamma) + share(e - z[-1], f) / np.where(size > 0, size, 1)
            z_bar, d, z = [*z_bar, e], [*d, f], [*z, z[-1] + alpha * f]
        return weak_minty.Run(np.array(z), np.array(z_bar), np.array(d))

    return run


def with_sigma(change):
    """An AdaptiveEG+ that takes another σ: change(V, z₀, σ, project)."""

    def run(V, z0, gamma, num_steps, project=None, sigma=None):
        other = change(V, z0, sigma, project)
        return weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, project=project, sigma=other)

    return run


def not_a_number_at_a_solution(V, z0, gamma, num_steps, project=None, sigma=None):
    done = weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, project=project, sigma=sigma)
    return done._replace(z=done.z * (1 + 0 / np.abs(done.d).max(initial=0)))


adaptive_relaxation_is_measured_along_d.mutants({
    "σ for σ/γ": wrong_run(lambda s, g: s),
    "−σ/γ": wrong_run(lambda s, g: -s / g),
    "σ/γ dropped": wrong_run(lambda s, g: 0.0),
    "σ/γ 1 % too large": wrong_run(lambda s, g: 1.01 * s / g),
    "‖d‖ for ‖d‖²": wrong_run(lambda s, g: s / g, power=1),
    "‖z̄ − z‖² for ⟨z̄ − z, d⟩": wrong_run(lambda s, g: s / g, share=lambda e, d: (e * e).sum(-1, keepdims=True)),
    "one relaxation for the batch": wrong_run(
        lambda s, g: s / g, share=lambda e, d: (e * d).sum(-1, keepdims=True).mean()
    ),
    "0/0 at a solution": not_a_number_at_a_solution,
    "σ = 0 is none given": with_sigma(lambda V, z0, sigma, project: sigma or None),
    "−|σ|": with_sigma(lambda V, z0, sigma, project: sigma and -abs(sigma)),
    "no default in a set": with_sigma(lambda V, z0, sigma, project: 0.0 if project and sigma is None else sigma),
    "planar formulas forget σ": with_sigma(lambda V, z0, sigma, project: None if is_planar(V) else sigma),
    "planar points alone forget σ": with_sigma(lambda V, z0, sigma, project: None if z0.shape == (2,) else sigma),
})


def distance_of_cycle(step, z_star):
    """Least distance from a point of the closed curve, about 2 across, that a step ends on and fills evenly.

    4000 states of it are 2·10⁻³ apart, so that the nearest of them is ~ 10⁻⁶ too far.
    """
    z = [np.array([1.0, 0.0])]
    for _ in range(5000):
        z.append(step(z[-1]))
    return np.linalg.norm(np.array(z[1000:]) - z_star, axis=-1).min()


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


adaptive_finds_the_forsaken_solution_with_long_steps_only.mutants({
    "σ/γ dropped": lambda V, z0, gamma, num_steps: weak_minty.adaptive_eg_plus(V, z0, gamma, num_steps, sigma=0.0),
    "constant relaxation 1/2": lambda V, z0, gamma, num_steps: weak_minty.ceg_plus(V, z0, gamma, 0.5, num_steps),
    "half of γ": lambda V, z0, gamma, num_steps: weak_minty.adaptive_eg_plus(V, z0, gamma / 2, num_steps),
})


def shares(run, z0):
    """Of runs from each start: the share that ends at the forsaken solution, and the share that diverges."""
    solved, diverged, z_star = 0, 0, forsaken_solution()
    for start in z0:
        try:
            solved += np.linalg.norm(run(start)[-1] - z_star) < 1e-6
        except DivergedError:
            diverged += 1
    return solved / len(z0), diverged / len(z0)


def shares_by_hand(step, z0, num_steps):
    """The same of a step of many points at once, written out here; points beyond 10³ have diverged."""
    z = z0
    for _ in range(num_steps):
        z = np.where(np.abs(z).max(-1, keepdims=True) < 1e3, step(z), z)
    reached = np.linalg.norm(z - forsaken_solution(), axis=-1) < 1e-6
    return reached.mean(), (np.abs(z).max(-1) >= 1e3).mean()


def adaptive_steps(V, z, gamma):
    """A step of AdaptiveEG+ at many points: z̄ − z = −γV(z), d = −γV(z̄)."""
    e = -gamma * V(z)
    d = -gamma * V(z + e)
    return z + ((e * d).sum(-1, keepdims=True) / np.maximum((d * d).sum(-1, keepdims=True), 1e-300) - 0.495) * d


@claim("M19", slide=SLIDE, source="measured on a grid of the box")
def long_extrapolation_helps_and_adaptive_relaxation_does_not(
    rng,
    *,
    adaptive_eg_plus=weak_minty.adaptive_eg_plus,
    ceg_plus=weak_minty.ceg_plus,
    trajectory=algorithms.trajectory,
):
    r"""γ = 0.45, on [−1.5, 1.5]²: AdaptiveEG+ solves forsaken from a third, CEG+ (α = 0.2) from all, EG from0.65."""
    gamma, V, side = 0.45, forsaken_field, np.linspace(-1.5, 1.5, 41)[1::2]
    z0, field = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2), games.forsaken().operator
    methods = {
        "AdaptiveEG+": (
            lambda z: adaptive_eg_plus(field, z, gamma, 1500).z,
            lambda z: adaptive_steps(V, z, gamma),
            0.335,
        ),
        "CEG+, α = 0.2": (
            lambda z: ceg_plus(field, z, gamma, 0.2, 1500).z,
            lambda z: z - 0.2 * gamma * V(z - gamma * V(z)),
            1.0,
        ),
        "EG": (
            lambda z: trajectory("eg", field, z, gamma, 1500),
            lambda z: z - gamma * V(z - gamma * V(z)),
            0.65,
        ),
    }
    for name, (run, step, share) in methods.items():
        solved, diverged = shares(run, z0)
        by_hand = shares_by_hand(step, z0, 1500)
        yield equal(f"{name}: share solved, share diverged", [solved, diverged], by_hand, atol=0.005)
        yield equal(f"{name}: share solved", solved, share, atol=0.01)
    corner = shares(methods["AdaptiveEG+"][0], np.array([[0.9, 0.9]]))
    yield equal("AdaptiveEG+ from (0.9, 0.9): diverges", corner, [0.0, 1.0])


long_extrapolation_helps_and_adaptive_relaxation_does_not.mutants(
    {
        "constant relaxation 1/5": lambda V, z0, gamma, num_steps: weak_minty.ceg_plus(V, z0, gamma, 0.2, num_steps),
        "γ 2 % too small": lambda V, z0, gamma, num_steps: weak_minty.adaptive_eg_plus(V, z0, 0.98 * gamma, num_steps),
    },
    replaces="adaptive_eg_plus",
)
long_extrapolation_helps_and_adaptive_relaxation_does_not.mutants(
    {"α = 1/2": lambda V, z0, gamma, alpha, num_steps: weak_minty.ceg_plus(V, z0, gamma, 0.5, num_steps)},
    replaces="ceg_plus",
)
long_extrapolation_helps_and_adaptive_relaxation_does_not.mutants(
    {
        "γ 2 % too small": lambda method, V, z0, alpha, num_steps: algorithms.trajectory(
            method, V, z0, 0.98 * alpha, num_steps
        ),
        "GDA": lambda method, V, z0, alpha, num_steps: algorithms.trajectory("gda", V, z0, alpha, num_steps),
    },
    replaces="trajectory",
)
