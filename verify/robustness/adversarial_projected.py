"""Attacks on inputs by projected steps: slide "Robustness examples in ML"."""

import numpy as np
import scipy

from refimpl.calculus.projections import onto_ball, onto_box
from refimpl.robustness import adversarial, duality, sharpness
from verify.claims import claim, shipped
from verify.evidence import at_least, at_most, equal, rounding
from verify.probes import batched, unchanged
from verify.robustness.adversarial import DUAL, NORMS, SLIDE, bent, sizes


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
        tiny = pgd(lambda z: 1e-200 * bent(z), a, eps, 0.1, 5, norm)
        yield equal(f"ℓ{norm}: of a tiny gradient", tiny, steps(bent, a, eps, 0.1, 5, norm, None), atol=1e-10)
        still = lambda z: bent(z) * (z[..., :1] > 0.5)  # noqa: E731
        expected = np.where(a[:, :1] > 0.5, steps(bent, a, eps, 1e-3, 5, norm, None), a)
        yield equal(f"ℓ{norm}: stays where the gradient is 0", pgd(still, a, eps, 1e-3, 5, norm), expected, atol=1e-12)
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


def nearly_unit(g, norm):
    """A direction that is shorter where the gradient is small."""
    return np.sign(g) if norm == "inf" else g / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-12)


def stopped(g, norm):
    """No direction for any input as soon as one gradient is 0."""
    return duality.steepest_direction(g, norm) * (g != 0).any(axis=-1).all()


ART = "adversarial-robustness-toolbox"


def overwriting(grad, a, eps, step, num_steps, norm="inf", bounds=None):
    """PGD that writes what it finds into its input."""
    a[...] = adversarial.pgd(grad, a, eps, step, num_steps, norm, bounds)
    return a


pgd_never_leaves_the_ball_around_the_input.mutants({
    "around the previous iterate": shipped(loop_with(centre=lambda a, z: z), project=ART, thread="#85"),
    "starts outside the ball": shipped(loop_with(start=lambda a, eps: a + 1.5 * eps), project=ART, thread="#73"),
    "missing clip": shipped(loop_with(clips=False), project=ART, thread="#148"),
    "clips before it projects": loop_with(clip_last=False),
    "starts at a corner of the ball": loop_with(start=lambda a, eps: a + eps),
    "stale gradient": loop_with(direction=lambda g, z, a, n: duality.steepest_direction(g(a), n)),
    "steps along the gradient itself": loop_with(direction=lambda g, z, a, n: g(z)),
    "steps along the sign for ℓ₂": loop_with(direction=lambda g, z, a, n: np.sign(g(z))),
    "one norm for the batch": loop_with(
        direction=lambda g, z, a, n: np.sign(g(z)) if n == "inf" else g(z) / np.linalg.norm(g(z))
    ),
    "divides by ‖g‖ + 10⁻¹²": shipped(
        loop_with(direction=lambda g, z, a, n: nearly_unit(g(z), n)), project="cleverhans", thread="#1175"
    ),
    "overwrites its input": shipped(overwriting, project=ART, thread="#805"),
    "stops for all where one gradient is 0": loop_with(direction=lambda g, z, a, n: stopped(g(z), n)),
    "descends": loop_with(direction=lambda g, z, a, n: -duality.steepest_direction(g(z), n)),
    "radius 1 % too large": loop_with(radius=lambda eps: 1.01 * eps),
    "steps 1 % too long": loop_with(length=lambda step, k: 1.01 * step),
    "steps that shrink": loop_with(length=lambda step, k: step / (1 + k) ** 0.5),
    "one step more": loop_with(more=1),
    "one step less": loop_with(more=-1),
    "always onto the sphere": loop_with(ball=onto_sphere),
    "ℓ∞ ball by rescaling": shipped(
        loop_with(
            ball=lambda c, eps, n: (
                lambda z: c + (z - c) / np.maximum(1, np.linalg.norm(z - c, NORMS[n], axis=-1, keepdims=True) / eps)
            )
        ),
        project=ART,
        version="1.20.1, projection",
    ),
})


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


pgd_attains_the_maximum_of_a_linear_loss.mutants({
    "always along the sign": loop_with(direction=lambda grad, z, a, norm: np.sign(grad(z))),
    "descends": loop_with(direction=lambda grad, z, a, norm: -duality.steepest_direction(grad(z), norm)),
    "radius 1 % too small": loop_with(radius=lambda eps: 0.99 * eps),
    "steps that shrink too fast": loop_with(length=lambda step, k: step * 0.5**k),
    "around the previous iterate": loop_with(centre=lambda a, z: z),
    "no bounds": loop_with(clips=False),
})


@claim("R01", slide=SLIDE, source="definition of the ball around an input")
def images_and_inputs_with_radii_of_their_own_move_as_far_as_they_may(
    rng, *, pgd=adversarial.pgd, fgsm=adversarial.fgsm, sam_perturbation=sharpness.sam_perturbation
):
    r"""Along a constant gradient each input, an image of two or three axes too, goes to a + εᵢ argmax ⟨g, η⟩.

    Its radius is its own, 0 for one of them. A start elsewhere is projected and clipped; from there the same point is
    reached. SAM perturbs the parameters of a matrix by one norm.
    """
    for shape in ((7,), (1,), (4, 5), (3, 2, 4)):
        axes, n = tuple(range(-len(shape), 0)), len(shape)
        a, g = rng.uniform(0.2, 0.8, (2, 3, *shape)), rng.standard_normal((2, 3, *shape))
        eps, start = rng.uniform(0.01, 0.1, (2, 3)), a + rng.standard_normal(a.shape)
        eps[0, 0] = 0.0
        radii, unit = eps.reshape(2, 3, *n * [1]), g / np.sqrt((g**2).sum(axes, keepdims=True))
        for norm, direction in (("inf", np.sign(g)), ("2", unit)):
            expected, grad = a + radii * direction, lambda z, g=g: g + 0 * z
            what = f"ℓ{norm}, {shape}"
            yield equal(f"{what}: FGSM", fgsm(grad, a, eps, norm, point_ndim=n), expected, atol=rounding(16))
            far = pgd(grad, a, eps, 0.05, 400, norm, point_ndim=n)
            yield equal(f"{what}: PGD", far, expected, atol=1e-6)
            far = pgd(grad, a, eps, 0.05, 400, norm, (0.0, 1.0), start=start, point_ndim=n)
            yield equal(f"{what}: PGD from elsewhere", far, expected, atol=1e-6)
            moved = start - a
            size = np.sqrt((moved**2).sum(axes, keepdims=True))
            onto = np.clip(moved, -radii, radii) if norm == "inf" else moved * np.minimum(1, radii / size)
            stays = pgd(grad, a, eps, 0.05, 0, norm, start=start, point_ndim=n)
            yield equal(f"{what}: no steps from elsewhere", stays, a + onto, atol=rounding(16))
            one = pgd(grad, a, 0.1, 0.03, 1, norm, point_ndim=n)
            yield equal(f"{what}: one step", one, a + 0.03 * direction, atol=rounding(16))
        found = sam_perturbation(g, 0.3, point_ndim=n)
        yield equal(f"SAM, {shape}", found, 0.3 * unit, atol=rounding(16))


def pgd_with(**changes):
    """PGD with some of its options changed."""

    def changed(grad, a, eps, step, num_steps, norm="inf", bounds=None, *, start=None, point_ndim=1):
        given = {"eps": eps, "step": step, "start": start, "point_ndim": point_ndim}
        given |= {name: change(given[name], point_ndim) for name, change in changes.items()}
        return adversarial.pgd(grad, a, num_steps=num_steps, norm=norm, bounds=bounds, **given)

    return changed


def row_by_row(attack, of_rows):
    """An attack that takes each row for an input."""
    return lambda grad, a, eps, *args, point_ndim=1, **options: attack(
        grad, a, of_rows(eps, point_ndim), *args, **options
    )


def each_row(eps, point_ndim):
    """Radii for rows."""
    return np.asarray(eps).reshape((*np.shape(eps), *(point_ndim - 1) * [1]))


images_and_inputs_with_radii_of_their_own_move_as_far_as_they_may.mutants(
    {
        "row by row": row_by_row(adversarial.pgd, each_row),
        "the largest radius for all": pgd_with(eps=lambda eps, n: np.max(eps)),
        "radii 1 % too large": pgd_with(eps=lambda eps, n: 1.01 * np.asarray(eps)),
        "steps 1 % too long": pgd_with(step=lambda step, n: 1.01 * step),
        "starts at the inputs always": pgd_with(start=lambda start, n: None),
        "starts half-way": pgd_with(start=lambda start, n: None if start is None else start / 2),
    },
    replaces="pgd",
)
images_and_inputs_with_radii_of_their_own_move_as_far_as_they_may.mutants(
    {
        "row by row": row_by_row(adversarial.fgsm, each_row),
        "radii 1 % too large": lambda grad, a, eps, *args, **options: adversarial.fgsm(
            grad, a, 1.01 * eps, *args, **options
        ),
        "norm over the batch": shipped(
            lambda grad, a, eps, norm="inf", *, point_ndim=1: (
                a
                + np.asarray(eps).reshape(*np.shape(eps), *point_ndim * [1])
                * (np.sign(grad(a)) if norm == "inf" else grad(a) / np.linalg.norm(grad(a)))
            ),
            project="torchattacks",
            thread="#12",
        ),
    },
    replaces="fgsm",
)
images_and_inputs_with_radii_of_their_own_move_as_far_as_they_may.mutants(
    {
        "row by row": lambda g, eps, *, point_ndim=1: sharpness.sam_perturbation(g, eps),
        "1 % too long": lambda g, eps, *, point_ndim=1: sharpness.sam_perturbation(
            g, 1.01 * eps, point_ndim=point_ndim
        ),
    },
    replaces="sam_perturbation",
)
