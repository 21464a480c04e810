"""Attacks on inputs, in one step and by projected steps: slide "Robustness examples in ML"."""

import numpy as np
import scipy

from refimpl.projections import onto_ball, onto_box
from refimpl.robustness import adversarial, duality
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.probes import batched, unchanged

SLIDE = "Robustness examples in ML"
NORMS = {"inf": np.inf, "2": 2, "1": 1}
DUAL = {"inf": 1, "2": 2, "1": np.inf}


def sizes(g, norm):
    """Norms of rows, by NumPy."""
    return np.linalg.norm(g, NORMS[norm], axis=-1)


@claim("R01", slide=SLIDE, source="definition of the dual norm; Hölder's inequality")
def steepest_directions_attain_the_dual_norm(
    rng, *, steepest_direction=duality.steepest_direction, dual_norm=duality.dual_norm
):
    r"""‖s‖ = 1 and ⟨g, s⟩ = ‖g‖_*: no point of the unit ball lies farther along g.

    Gradients of sizes from 10⁻²⁰⁰ to 10²⁰⁰, with ties and zeros among their entries: s = 0 at g = 0, and for ℓ∞ s_i = 0
    where g_i = 0.
    """
    g = rng.standard_normal((12, 5)) * 10.0 ** rng.uniform(-3, 3, (12, 1))
    g[:4, 1:3] = 0.0
    g[4:8, 3] = -(g[4:8, :3].max(-1) + np.abs(g[4:8]).sum(-1))
    g[4:8, 4] = -g[4:8, 3]
    for norm, number in NORMS.items():
        for scale in (1.0, 1e-200, 1e200):
            s = np.asarray(steepest_direction(scale * g, norm))
            yield equal(f"{norm}: ‖s‖", sizes(s, norm), 1.0, atol=rounding(16))
            expected = scale * np.linalg.norm(g, DUAL[norm], axis=-1)
            yield equal(f"{norm}: ⟨g, s⟩", (scale * g * s).sum(-1), expected, rtol=rounding(32))
            yield equal(f"{norm}: ‖g‖_*", dual_norm(scale * g, number), expected, rtol=rounding(32))
        yield equal(f"{norm}: s at 0", steepest_direction(np.zeros((2, 3)), number), np.zeros((2, 3)))
        yield from batched(f"{norm}: s", lambda g, norm=norm: steepest_direction(g, norm), g, rtol=rounding(16))
        yield from batched(f"{norm}: ‖g‖_*", lambda g, norm=norm: dual_norm(g, norm), g, rtol=rounding(16))
    yield equal("ℓ∞: s where g is 0", steepest_direction(g, "inf")[:4, 1:3], np.zeros((4, 2)))
    yield equal("by default: s", steepest_direction(g), np.sign(g))
    yield equal("by default: ‖g‖_*", dual_norm(g), np.abs(g).sum(-1), rtol=rounding(16))


for text, mutant in {
    "sign(0) = 1": lambda g, norm="inf": (
        np.where(g >= 0, 1.0, -1.0) if norm in ("inf", np.inf) else duality.steepest_direction(g, norm)
    ),
    "squares that overflow": lambda g, norm="inf": (
        g / np.linalg.norm(g, axis=-1, keepdims=True) if norm in ("2", 2) else duality.steepest_direction(g, norm)
    ),
    "one norm for the whole batch": lambda g, norm="inf": (
        g / np.linalg.norm(g) if norm in ("2", 2) else duality.steepest_direction(g, norm)
    ),
    "all largest entries": lambda g, norm="inf": (
        np.sign(g) * (np.abs(g) == np.abs(g).max(-1, keepdims=True))
        if norm in ("1", 1)
        else duality.steepest_direction(g, norm)
    ),
    "largest entry, not largest size": lambda g, norm="inf": (
        np.sign(g) * (np.arange(g.shape[-1]) == g.argmax(-1)[..., None])
        if norm in ("1", 1)
        else duality.steepest_direction(g, norm)
    ),
    "descent": lambda g, norm="inf": -duality.steepest_direction(g, norm),
    "1 % too long": lambda g, norm="inf": 1.01 * duality.steepest_direction(g, norm),
    "another default": lambda g, norm="2": duality.steepest_direction(g, norm),
}.items():
    steepest_directions_attain_the_dual_norm.mutant(text, replaces="steepest_direction")(mutant)

for text, mutant in {
    "the norm itself": lambda g, norm="inf": np.linalg.norm(g, float(norm), axis=-1),
    "Euclidean always": lambda g, norm="inf": np.linalg.norm(g / np.abs(g).max(), axis=-1) * np.abs(g).max(),
    "mean in place of the sum": lambda g, norm="inf": (
        np.abs(g).mean(-1) if norm in ("inf", np.inf) else duality.dual_norm(g, norm)
    ),
    "without sizes": lambda g, norm="inf": g.sum(-1) if norm in ("inf", np.inf) else duality.dual_norm(g, norm),
    "squared": lambda g, norm="inf": duality.dual_norm(g, norm) ** 2,
}.items():
    steepest_directions_attain_the_dual_norm.mutant(text, replaces="dual_norm")(mutant)


def bent(a):
    """A gradient that is not constant, and has components that vanish."""
    return np.stack([0.3 * a[..., 1] - np.cos(4 * a[..., 0]), a[..., 0] * a[..., 2] - 0.3, 0 * a[..., 2]], -1)


@claim("R01", slide=SLIDE, source="Goodfellow, Shlens & Szegedy 2015, Section 4")
def one_step_attains_the_maximum_of_a_linear_loss(rng, *, fgsm=adversarial.fgsm):
    r"""‖η‖ = ε and ⟨g, η⟩ = ε‖g‖_*, so a margin b⟨x, a⟩ falls by ε‖x‖_*, and no point of the ball lies lower.

    FGSM is that of ℓ∞: a + ε sign(∇L(a)), with sign(0) = 0; at ε = 0 it returns a.
    """
    x, a, b = rng.standard_normal(6), rng.standard_normal((20, 6)), rng.choice([-1.0, 1.0], 20)
    eps = rng.uniform(0.1, 2.0)
    push = np.where(b * (a @ x) > 0, 1.0, 3.0)[:, None]
    directions = rng.standard_normal((500, 6))
    for norm, number in NORMS.items():
        worst = np.asarray(fgsm(lambda z: -push * b[:, None] * x + 0 * z, a, eps, number))
        error = rounding(64, np.abs(a).max() * np.abs(x).sum() + eps)
        yield equal(f"ℓ{norm}: ‖η‖", sizes(worst - a, norm), eps, atol=error)
        least = b * (a @ x) - eps * np.linalg.norm(x, DUAL[norm])
        yield equal(f"ℓ{norm}: margin", b * (worst @ x), least, atol=error)
        others = a + eps * (directions / sizes(directions, norm)[:, None])[:, None]
        lowest = (b * (others @ x)).min(0)
        yield at_least(f"ℓ{norm}: margins of others", lowest, b * (worst @ x), slack=error, resolution=8 * eps)
        yield from batched(f"ℓ{norm}", lambda z, norm=norm: fgsm(bent, z, 0.2, norm), a[:, :3], atol=rounding(16, 4))
        yield equal(f"ℓ{norm}: ε = 0", fgsm(bent, a[:, :3], 0.0, norm), a[:, :3])
    z = a[:, :3]
    yield equal("FGSM", fgsm(bent, z, eps), z + eps * np.sign(bent(z)), atol=rounding(4, 5))


def step_with(direction, length=lambda eps, a: eps):
    """FGSM along another direction, or of another length."""
    return lambda grad, a, eps, norm="inf": a + length(eps, a) * direction(grad, a, norm)


def exact(grad, a, norm):
    """The direction of the true step."""
    return duality.steepest_direction(grad(a), norm)


for text, mutant in {
    "descends": step_with(lambda grad, a, norm: -exact(grad, a, norm)),
    "half as long": step_with(exact, lambda eps, a: eps / 2),
    "1 % too long": step_with(exact, lambda eps, a: 1.01 * eps),
    "along the gradient itself": step_with(lambda grad, a, norm: grad(a)),
    "sign whatever the norm": step_with(lambda grad, a, norm: np.sign(grad(a))),
    "Euclidean whatever the norm": step_with(lambda grad, a, norm: exact(grad, a, "2")),
    "one norm for the batch": step_with(
        lambda grad, a, norm: (
            grad(a) / np.linalg.norm(grad(a)) if str(norm) == "2" else exact(grad, a, norm)  # all inputs at once
        )
    ),
    "sign of a plus rounding: sign(0) = 1": step_with(lambda grad, a, norm: exact(lambda z: grad(z) + 1e-300, a, norm)),
    "the dual's step: ℓ₁ and ℓ∞ swapped": step_with(
        lambda grad, a, norm: exact(grad, a, {"inf": 1, "1": "inf"}.get(str(norm), 2))
    ),
    "gradient where it does not belong": step_with(lambda grad, a, norm: exact(grad, a + 0.1, norm)),
}.items():
    one_step_attains_the_maximum_of_a_linear_loss.mutant(text)(mutant)


@one_step_attains_the_maximum_of_a_linear_loss.mutant("moves the caller's array")
def _(grad, a, eps, norm="inf"):
    a += eps * exact(grad, a, norm)
    return a


def steps(grad, a, eps, step, num_steps, norm, bounds):
    """Projected steps by displacements: η ← Π(η + γs), by scaling or cutting, then a + η cut to the bounds."""
    z = a.copy()
    for _ in range(num_steps):
        g = grad(z)
        if norm == "inf":
            moved = np.clip(z - a + step * np.sign(g), -eps, eps)
        else:
            moved = z - a + step * g / np.sqrt((g * g).sum(-1))[..., None]
            radius = np.sqrt((moved * moved).sum(-1))
            moved = moved * np.where(radius > eps, eps / radius, 1.0)[..., None]
        z = a + moved if bounds is None else np.clip(a + moved, *bounds)
    return z


@claim("R01", slide=SLIDE, source="Madry et al. 2018, Section 2.1")
def pgd_never_leaves_the_ball_around_the_input(rng, *, pgd=adversarial.pgd):
    r"""k steps, projected to the ball around the first input and then clipped, on a curved loss: ‖a_k − a‖ ≤ ε.

    They are those of a plain loop; with no steps or ε = 0 it stays at a.
    """
    a = np.column_stack([np.linspace(0.2, 0.8, 30), rng.uniform(0.2, 0.8, (30, 2))])
    lower, upper = np.array([0.1, 0.18, 0.15]), 0.9
    for norm, eps in (("inf", 0.15), ("2", 0.25)):
        for bounds in (None, (lower, upper)):
            for num_steps, step in ((1, 0.05), (2, 0.4), (7, 0.04), (25, 0.07)):
                z = np.asarray(pgd(bent, a, eps, step, num_steps, norm, bounds))
                what = f"ℓ{norm}, {'no ' if bounds is None else ''}bounds, {num_steps} steps"
                yield equal(what, z, steps(bent, a, eps, step, num_steps, norm, bounds), atol=1e-10)
            slack, reach = rounding(8), sizes(z - a, norm)
            yield at_most(f"ℓ{norm}: ‖a_k − a‖", reach, eps, slack=slack, tight=1e-9)
            if bounds:
                yield at_least(f"ℓ{norm}: a_k above its bound", z, lower, slack=0.0, resolution=1e-12)
                yield at_most(f"ℓ{norm}: a_k below its bound", z, upper, slack=0.0, resolution=1e-12)
        yield from batched(f"ℓ{norm}", lambda z, n=norm, e=eps: pgd(bent, z, e, 0.1, 5, n, (0, 1)), a, atol=1e-12)
        for stays in ({"eps": 0.0, "num_steps": 5}, {"eps": 0.3, "num_steps": 0}):
            yield equal(f"ℓ{norm}: {stays}", pgd(bent, a, step=0.1, norm=NORMS[norm], **stays), a)
    yield from unchanged("pgd", lambda z: pgd(bent, z, 0.1, 0.1, 3), a)
    yield equal("the defaults", pgd(bent, a, 0.1, 0.04, 4), steps(bent, a, 0.1, 0.04, 4, "inf", None), atol=1e-12)


def loop_with(
    start=lambda a, eps: a,
    direction=lambda grad, z, a, norm: duality.steepest_direction(grad(z), norm),
    centre=lambda a, z: a,
    clip_last=True,
    radius=lambda eps: eps,
    length=lambda step, k: step,
    more=0,
    clips=True,
    ball=lambda centre, eps, norm: onto_box(centre - eps, centre + eps) if norm == "inf" else onto_ball(centre, eps),
):
    """A plain loop, to be spoilt."""

    def pgd(grad, a, eps, step, num_steps, norm="inf", bounds=None):
        norm = "inf" if norm == np.inf else str(norm)
        if eps == 0 or num_steps == 0:
            return a.copy()
        clip = onto_box(*bounds) if bounds and clips else lambda z: z
        z = start(a, eps)
        for k in range(num_steps + more):
            project = ball(centre(a, z), radius(eps), norm)
            moved = z + length(step, k) * direction(grad, z, a, norm)
            z = clip(project(moved)) if clip_last else project(clip(moved))
        return z

    return pgd


def onto_sphere(centre, eps, norm):
    """Always to the boundary of the ball."""
    if norm == "inf":
        return onto_box(centre - eps, centre + eps)
    return lambda z: centre + eps * (z - centre) / np.linalg.norm(z - centre, axis=-1, keepdims=True)


ART = "adversarial-robustness-toolbox"
for text, mutant, shipped in (
    ("around the previous iterate", loop_with(centre=lambda a, z: z), f"{ART}, reported (#85)"),
    ("starts outside the ball", loop_with(start=lambda a, eps: a + 1.5 * eps), f"{ART}, reported (#73)"),
    ("missing clip", loop_with(clips=False), f"{ART}, reported (#148)"),
    ("clips before it projects", loop_with(clip_last=False), ""),
    ("starts at a corner of the ball", loop_with(start=lambda a, eps: a + eps), ""),
    ("stale gradient", loop_with(direction=lambda g, z, a, n: duality.steepest_direction(g(a), n)), ""),
    ("steps along the gradient itself", loop_with(direction=lambda g, z, a, n: g(z)), ""),
    ("steps along the sign for ℓ₂", loop_with(direction=lambda g, z, a, n: np.sign(g(z))), ""),
    (
        "one norm for the batch",
        loop_with(direction=lambda g, z, a, n: np.sign(g(z)) if n == "inf" else g(z) / np.linalg.norm(g(z))),
        "",
    ),
    ("descends", loop_with(direction=lambda g, z, a, n: -duality.steepest_direction(g(z), n)), ""),
    ("radius 1 % too large", loop_with(radius=lambda eps: 1.01 * eps), ""),
    ("steps 1 % too long", loop_with(length=lambda step, k: 1.01 * step), ""),
    ("steps that shrink", loop_with(length=lambda step, k: step / (1 + k) ** 0.5), ""),
    ("one step more", loop_with(more=1), ""),
    ("one step less", loop_with(more=-1), ""),
    ("always onto the sphere", loop_with(ball=onto_sphere), ""),
    (
        "ℓ∞ ball by rescaling",
        loop_with(
            ball=lambda c, eps, n: (
                lambda z: c + (z - c) / np.maximum(1, np.linalg.norm(z - c, NORMS[n], axis=-1, keepdims=True) / eps)
            )
        ),
        f"{ART} 1.20.1, projection",
    ),
):
    pgd_never_leaves_the_ball_around_the_input.mutant(text, shipped=shipped)(mutant)


@claim("R01", slide=SLIDE, source="Madry et al. 2018; KKT conditions of a linear loss on ball and box")
def pgd_attains_the_maximum_of_a_linear_loss(rng, *, pgd=adversarial.pgd):
    r"""On g = const it ends where ⟨g, η⟩ is largest on the ball, and for ℓ∞ on its part within the bounds too.

    For ℓ₂ with bounds that bind it falls short: projecting and then clipping is not the projection onto both. The
    maximum there is that of η = clip(τg) with ‖η‖ = ε.
    """
    a, g, eps = rng.uniform(0.1, 0.9, (40, 5)), rng.standard_normal((40, 5)), 0.35
    g = g + 0.2 * np.sign(g)
    grad = lambda z: g + 0 * z  # noqa: E731
    for norm in ("inf", "2"):
        gain = (g * (np.asarray(pgd(grad, a, eps, 0.05, 80, norm)) - a)).sum(-1)
        yield equal(f"ℓ{norm}: ⟨g, η⟩", gain, eps * np.linalg.norm(g, DUAL[norm], axis=-1), rtol=1e-12)
    inside = np.clip(a + eps * np.sign(g), 0, 1)
    yield equal("ℓ∞ with bounds: a + η", pgd(grad, a, eps, 0.05, 80, "inf", (0.0, 1.0)), inside, atol=rounding(8))
    gain = (g * (np.asarray(pgd(grad, a, eps, 0.05, 200, 2, (0.0, 1.0))) - a)).sum(-1)
    best = np.array([largest_gain(*row, eps) for row in zip(a, g, strict=True)])
    yield at_most("ℓ₂ with bounds: ⟨g, η⟩", gain, best, slack=1e-9, tight=1e-6)
    yield at_least("ℓ₂ with bounds: short of it somewhere", (1 - gain / best).max(), 1e-3, resolution=0.5)
    yield at_least("ℓ₂ with bounds: share of the maximum", gain / best, 0.5, resolution=0.5)


def largest_gain(a, g, eps):
    """max ⟨g, η⟩ over ‖η‖₂ ≤ ε, 0 ≤ a + η ≤ 1, by its multiplier."""

    def eta(log_tau):
        return np.clip(np.exp(log_tau) * g, -a, 1 - a)

    def excess(log_tau):
        return np.linalg.norm(eta(log_tau)) - eps

    return g @ eta(40.0 if excess(40.0) < 0 else scipy.optimize.brentq(excess, -40, 40, xtol=1e-13))


for text, mutant in {
    "always along the sign": loop_with(direction=lambda grad, z, a, norm: np.sign(grad(z))),
    "descends": loop_with(direction=lambda grad, z, a, norm: -duality.steepest_direction(grad(z), norm)),
    "radius 1 % too small": loop_with(radius=lambda eps: 0.99 * eps),
    "steps that shrink too fast": loop_with(length=lambda step, k: step * 0.5**k),
    "around the previous iterate": loop_with(centre=lambda a, z: z),
    "no bounds": loop_with(clips=False),
}.items():
    pgd_attains_the_maximum_of_a_linear_loss.mutant(text)(mutant)
