"""Methods for weak Minty games: slide "When do the algorithms converge?"."""

import numpy as np

from refimpl.loops.compiling import is_planar
from refimpl.minimax import games, weak_minty
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.minimax.weak_minty import (
    POLAR,
    SLIDE,
    SOURCE,
    forsaken_field,
    linear_field,
    lower_bound_matrix,
    polar_field,
)
from verify.probes import batched


def wavy_field(M):
    """V = Mz + sin z, which no run leaves far behind its start."""
    return lambda z: z @ M.T + np.sin(z)


def sets(rng):
    """A box and a ball in three dimensions as (name, projection by hand), and no constraint."""
    lower, upper, centre, radius = -rng.uniform(0.5, 1, 3), rng.uniform(0.5, 1, 3), rng.uniform(-0.2, 0.2, 3), 0.8

    def onto_ball(z):
        out = z - centre
        return centre + out * np.minimum(1, radius / np.sqrt((out**2).sum(-1, keepdims=True)))

    return {"no constraint": None, "box": lambda z: np.clip(z, lower, upper), "ball": onto_ball}


def planar_games():
    """Two games whose fields are planar formulas, as (name, field, field by hand)."""
    yield "PolarGame", games.polar().operator, polar_field(1.0)
    yield "forsaken", games.forsaken().operator, forsaken_field


def paths(run):
    """The function from starts to their states, for `batched`."""
    return lambda z0: np.moveaxis(run(z0).z, 0, -2)


def recomputed(V, done, gamma, Q):
    """z̄ and d from the states of a run."""
    Q = Q or (lambda z: z)
    z = done.z[:-1]
    H_z = z - gamma * V(z)
    z_bar = Q(H_z)
    return z_bar, z_bar - gamma * V(z_bar) - H_z


@claim("M18", slide=SLIDE, source=SOURCE)
def ceg_plus_is_a_relaxed_forward_backward_forward_step(rng, *, ceg_plus=weak_minty.ceg_plus):
    r"""z̄ = Q(z − γVz), d = z̄ − γV(z̄) − (z − γVz), z⁺ = z + αd, from Q(z₀): without, in a box, in a ball."""
    M, alpha = rng.standard_normal((3, 3)) / 3, rng.uniform(0.3, 0.9)
    V, z0 = wavy_field(M), rng.uniform(-2, 2, (40, 3))
    for gamma in (1.5, rng.uniform(0.05, 0.2)):
        for name, Q in sets(rng).items():
            done, what = ceg_plus(V, z0, gamma, alpha, 6, project=Q), f"{name}, γ = {gamma:.2g}"
            z_bar, d = recomputed(V, done, gamma, Q)
            tolerance = rounding(64, 20 * max(1.0, np.abs(done.z).max()))
            yield equal(f"{what}: first state", done.z[0], Q(z0) if Q else z0)
            yield equal(f"{what}: z̄", done.z_bar, z_bar, atol=tolerance)
            yield equal(f"{what}: d", done.d, d, atol=tolerance)
            yield equal(f"{what}: z⁺ − z", np.diff(done.z, axis=0), alpha * d, atol=tolerance)
    tolerance = rounding(64, 20.0)
    for name, field, V in planar_games():
        z0 = rng.uniform(-0.9, 0.9, (20, 2))
        done = ceg_plus(field, z0, gamma, alpha, 20)
        z_bar, d = recomputed(V, done, gamma, None)
        yield equal(f"{name}: z̄", done.z_bar, z_bar, atol=tolerance)
        yield equal(f"{name}: d", done.d, d, atol=tolerance)
        yield equal(f"{name}: z⁺", done.z[1:], done.z[:-1] + alpha * d, atol=tolerance)
        yield from batched(name, paths(lambda z0, field=field: ceg_plus(field, z0, gamma, alpha, 20)), z0)
    still = ceg_plus(polar_field(1.0), np.zeros(2), gamma, alpha, 3)
    yield equal("a start at the solution stays", np.concatenate([still.z, still.z_bar, still.d]), np.zeros((10, 2)))


def direction(V, z, gamma, Q):
    """z̄ and d."""
    z_bar = Q(z - gamma * V(z))
    return z_bar, z_bar - gamma * V(z_bar) - z + gamma * V(z)


def wrong_run(form):
    """A run with constant relaxation whose formula, (V, z, γ, α, Q) to (z̄, d, relaxation), is changed."""

    def run(V, z0, gamma, alpha, num_steps, project=None):
        Q = project or (lambda z: z)
        z, z_bar, d = [Q(np.asarray(z0, float))], [], []
        for _ in range(num_steps):
            e, f, a = form(V, z[-1], gamma, alpha, Q)
            z_bar, d, z = [*z_bar, e], [*d, f], [*z, z[-1] + a * f]
        return weak_minty.Run(np.array(z), np.array(z_bar), np.array(d))

    return run


WRONG = {
    "relaxes 1 % too much": wrong_run(lambda V, z, g, a, Q: (*direction(V, z, g, Q), 1.01 * a)),
    "no relaxation: CEG": wrong_run(lambda V, z, g, a, Q: (*direction(V, z, g, Q), 1.0)),
    "both fields at z": wrong_run(lambda V, z, g, a, Q: (Q(z - g * V(z)), -g * V(z), a)),
    "γ 1 % too large": wrong_run(lambda V, z, g, a, Q: (*direction(V, z, 1.01 * g, Q), a)),
    "ascends": wrong_run(lambda V, z, g, a, Q: (*direction(lambda w: -V(w), z, g, Q), a)),
}
"""Wrong runs, with or without a constraint."""


def starts_outside(V, z0, gamma, alpha, num_steps, project=None):
    done = weak_minty.ceg_plus(V, z0, gamma, alpha, num_steps, project=project)
    return done._replace(z=np.concatenate([[z0], done.z[1:]]))


def projects_every_state(V, z0, gamma, alpha, num_steps, project=None):
    runs = [weak_minty.ceg_plus(V, z0, gamma, alpha, 1, project=project)]
    for _ in range(num_steps - 1):
        runs.append(weak_minty.ceg_plus(V, runs[-1].z[1], gamma, alpha, 1, project=project))
    z, z_bar, d = (np.concatenate(part) for part in zip(*runs, strict=True))
    return weak_minty.Run(np.concatenate([z[::2], z[-1:]]), z_bar, d)


def longer_steps_alone(V, z0, gamma, alpha, num_steps, project=None):
    return weak_minty.ceg_plus(V, z0, gamma, 1.01 * alpha if z0.shape == (2,) else alpha, num_steps, project=project)


ceg_plus_is_a_relaxed_forward_backward_forward_step.mutants({
    **WRONG,
    "projects nothing": wrong_run(lambda V, z, g, a, Q: (z - g * V(z), -g * V(z - g * V(z)), a)),
    "projects z⁺ but not z̄": wrong_run(lambda V, z, g, a, Q: (z - g * V(z), Q(z - a * g * V(z - g * V(z))) - z, 1.0)),
    "direction z̄ − z: forward-backward": wrong_run(lambda V, z, g, a, Q: (Q(z - g * V(z)), Q(z - g * V(z)) - z, a)),
    "without the correction Hz − z̄": wrong_run(lambda V, z, g, a, Q: (Q(z - g * V(z)), -g * V(Q(z - g * V(z))), a)),
    "starts outside the set": starts_outside,
    "projects every state": projects_every_state,
    "planar formulas take whole steps": lambda V, z0, gamma, alpha, num_steps, project=None: weak_minty.ceg_plus(
        V, z0, gamma, 1.0 if is_planar(V) else alpha, num_steps, project=project
    ),
    "planar points alone take longer steps": longer_steps_alone,
})


@claim("M18", slide=SLIDE, source=SOURCE)
def ceg_plus_decreases_as_the_theorem_says(rng, *, ceg_plus=weak_minty.ceg_plus):
    r"""‖z⁺‖² ≤ ‖z‖² − αγ²(1 − α + 2ρ/γ)‖Vz̄‖², equal on the lower-bound game at γ = 1/L; so min ‖Vz̄‖² ≤ ‖z₀‖²/(K …)."""
    a, L = 1 / 3, 6.306089579516582
    rho, gamma, K = POLAR[a], 1 / L, 400
    for alpha in (0.2, 0.5, 0.9 * (1 + 2 * rho / gamma)):
        z0 = rng.uniform(-0.7, 0.7, (100, 2))
        yield from obeys_the_bound(f"PolarGame, α = {alpha:.2g}", ceg_plus, polar_field(a), z0, gamma, alpha, rho, K)
    for _ in range(3):
        L, c = rng.uniform(0.5, 2), rng.uniform(0.1, 0.4)
        a, b, rho = L * np.sqrt(1 - c**2), -c * L, -c / L
        alpha = rng.uniform(0.1, 0.9) * (1 + 2 * rho * L)
        V, z0 = linear_field(lower_bound_matrix(a, b)), rng.standard_normal((100, 2))
        done = ceg_plus(V, z0, 1 / L, alpha, 30)
        decrease, promised, size = bookkeeping(V, done, 1 / L, alpha, rho)
        yield equal(f"lower-bound game, ρL = {rho * L:.2g}: decrease", decrease, promised, atol=rounding(64, size))
        yield from obeys_the_bound("lower-bound game", ceg_plus, V, z0, 1 / L, alpha, rho, K)
    V, z0 = linear_field(lower_bound_matrix(np.sqrt(3), 1.0)), rng.standard_normal((100, 2))
    done = ceg_plus(V, z0, 0.5, 1.0, 1)
    measured, bound = (V(done.z_bar[0]) ** 2).sum(-1), (z0**2).sum(-1) / (0.25 * 2 * 0.25 / 0.5)
    yield at_most("ρ = 1/4, L = 2, α = K = 1: ‖Vz̄‖²", measured, bound, slack=rounding(64, bound), tight=1e-12)


def bookkeeping(V, done, gamma, alpha, rho):
    """‖z‖² − ‖z⁺‖², what the theorem promises of it, and ‖z‖², step by step."""
    size = (done.z**2).sum(-1)
    promised = alpha * gamma**2 * (1 - alpha + 2 * rho / gamma) * (V(done.z_bar) ** 2).sum(-1)
    return size[:-1] - size[1:], promised, size[:-1]


def obeys_the_bound(what, ceg_plus, V, z0, gamma, alpha, rho, K):
    """The decrease step by step, and the bound on min ‖Vz̄‖²."""
    done = ceg_plus(V, z0, gamma, alpha, K)
    decrease, promised, size = bookkeeping(V, done, gamma, alpha, rho)
    yield at_least(f"{what}: decrease", decrease, promised, slack=rounding(64, size), resolution=1e-6)
    least = np.minimum.accumulate((V(done.z_bar) ** 2).sum(-1), axis=0)
    bound = size[0] / (np.arange(1, K + 1)[:, None] * alpha * gamma**2 * (1 - alpha + 2 * rho / gamma))
    yield at_most(f"{what}: min ‖Vz̄‖²", least, bound, tight=0.99)


ceg_plus_decreases_as_the_theorem_says.mutants(WRONG)


@claim("M18", slide=SLIDE, source=f"{SOURCE}; Diakonikolas, Daskalakis & Jordan 2021")
def relaxation_moves_the_threshold(rng, *, ceg_plus=weak_minty.ceg_plus):
    r"""With c = −ρL: CEG+ at α = (1 − 2c)/2 contracts for all c < 1/2; EG+ (α = 1/2) for c < 1/8, here for c < 1/4."""
    c = np.concatenate([rng.uniform(0, 1 / 8, 5), rng.uniform(1 / 8, 1 / 4, 5), rng.uniform(1 / 4, 1 / 2, 5)])
    z0 = rng.standard_normal((20, 2))
    for name, alpha in (("CEG+", (1 - 2 * c) / 2), ("EG+", 0.5 + 0 * c)):
        V = [linear_field(lower_bound_matrix(np.sqrt(1 - c_i**2), -c_i)) for c_i in c]
        z = np.array([ceg_plus(V_i, z0, 1.0, a, 1).z[1] for V_i, a in zip(V, alpha, strict=True)])
        factor = (z**2).sum(-1) / (z0**2).sum(-1)
        expected = 1 - 2 * alpha * (1 - alpha - 2 * c) * (1 + c)
        yield equal(f"{name}: ‖z⁺‖²/‖z‖²", factor, expected[:, None] + np.zeros(20), rtol=rounding(64))
        limit = 1 / 2 if name == "CEG+" else 1 / 4
        yield equal(f"{name} contracts", (factor < 1).all(-1).astype(int), (c < limit).astype(int))


relaxation_moves_the_threshold.mutants(WRONG)


@claim("M20", slide=SLIDE, source=SOURCE)
def one_over_two_L_is_tight(rng, *, ceg_plus=weak_minty.ceg_plus):
    r"""On axy + b(x² − y²)/2, γ = 1/L: |λ|² = (b² − 2b(L−b)α(1+α) + a²(1+2(α−1)α))/L², < 1 iff 2c + α < 1."""
    a, b, alpha = rng.uniform(0.1, 2, 60), -rng.uniform(0.01, 2, 60), rng.uniform(0.01, 1.2, 60)
    L = np.hypot(a, b)
    games_and_steps = zip(a, b, L, alpha, strict=True)
    matrices = [
        ceg_plus(linear_field(lower_bound_matrix(a, b)), np.eye(2), 1 / L, r, 1).z[1] for a, b, L, r in games_and_steps
    ]
    squared = np.abs(np.linalg.eigvals(np.array(matrices))).max(-1) ** 2
    expected = (b**2 - 2 * b * (L - b) * alpha * (1 + alpha) + a**2 * (1 + 2 * (alpha - 1) * alpha)) / L**2
    yield equal("|λ|²", squared, expected, rtol=rounding(256))
    clear = np.abs(2 * -b / L + alpha - 1) > 1e-9
    yield equal("contracts", (squared < 1)[clear].astype(int), (2 * -b / L + alpha < 1)[clear].astype(int))
    c = rng.uniform(0, 0.5, 20)
    edge = [
        ceg_plus(linear_field(lower_bound_matrix(np.sqrt(1 - c_i**2), -c_i)), np.eye(2), 1.0, 1 - 2 * c_i, 1).z[1]
        for c_i in c
    ]
    yield equal("|λ| at 2c + α = 1", np.abs(np.linalg.eigvals(np.array(edge))).max(-1), np.ones(20), rtol=rounding(64))


one_over_two_L_is_tight.mutants(WRONG)
