"""Attacks on inputs in one step: slide "Robustness examples in ML"."""

import numpy as np

from refimpl.robustness import adversarial, duality
from verify.claims import claim
from verify.evidence import at_least, equal, rounding
from verify.probes import batched

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
    yield equal("ℓ₁: the first of two largest", np.abs(steepest_direction(g, "1")[4:8]).argmax(-1), np.full(4, 3))
    yield equal("by default: s", steepest_direction(g), np.sign(g))
    yield equal("by default: ‖g‖_*", dual_norm(g), np.abs(g).sum(-1), rtol=rounding(16))


def other(function, where, change):
    """A function of gradients and a norm, with another formula for one norm."""
    return lambda g, norm="inf": change(g) if str(norm) == where else function(g, norm)


def other_direction(where, change):
    """The steepest direction, with another formula for one norm."""
    return other(duality.steepest_direction, where, change)


steepest_directions_attain_the_dual_norm.mutants(
    {
        "sign(0) = 1": other_direction("inf", lambda g: np.where(g >= 0, 1.0, -1.0)),
        "squares that overflow": other_direction("2", lambda g: g / np.linalg.norm(g, axis=-1, keepdims=True)),
        "one norm for the whole batch": other_direction("2", lambda g: g / np.linalg.norm(g)),
        "all largest entries": other_direction(
            "1", lambda g: np.sign(g) * (np.abs(g) == np.abs(g).max(-1, keepdims=True))
        ),
        "largest entry, not largest size": other_direction(
            "1", lambda g: np.sign(g) * (np.arange(g.shape[-1]) == g.argmax(-1)[..., None])
        ),
        "the last of several largest": lambda g, norm="inf": duality.steepest_direction(g[..., ::-1], norm)[..., ::-1],
        "descent": lambda g, norm="inf": -duality.steepest_direction(g, norm),
        "1 % too long": lambda g, norm="inf": 1.01 * duality.steepest_direction(g, norm),
        "another default": lambda g, norm="2": duality.steepest_direction(g, norm),
    },
    replaces="steepest_direction",
)

steepest_directions_attain_the_dual_norm.mutants(
    {
        "the norm itself": lambda g, norm="inf": np.linalg.norm(g, float(norm), axis=-1),
        "Euclidean always": lambda g, norm="inf": np.linalg.norm(g / np.abs(g).max(), axis=-1) * np.abs(g).max(),
        "mean in place of the sum": other(duality.dual_norm, "inf", lambda g: np.abs(g).mean(-1)),
        "without sizes": other(duality.dual_norm, "inf", lambda g: g.sum(-1)),
        "squared": lambda g, norm="inf": duality.dual_norm(g, norm) ** 2,
    },
    replaces="dual_norm",
)


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
        tiny = np.asarray(fgsm(lambda z: 1e-200 * bent(z), a[:, :3], eps, norm))
        yield equal(f"ℓ{norm}: of a tiny gradient", tiny, fgsm(bent, a[:, :3], eps, norm), atol=rounding(16, 8))
    z = a[:, :3]
    yield equal("FGSM", fgsm(bent, z, eps), z + eps * np.sign(bent(z)), atol=rounding(4, 5))


def step_with(direction, length=lambda eps, a: eps):
    """FGSM along another direction, or of another length."""
    return lambda grad, a, eps, norm="inf": a + length(eps, a) * direction(grad, a, norm)


def exact(grad, a, norm):
    """The direction of the true step."""
    return duality.steepest_direction(grad(a), norm)


def exact_but_for_l2(change):
    """The direction of the true step, with another formula for ℓ₂."""
    return lambda grad, a, norm: change(grad(a)) if str(norm) == "2" else exact(grad, a, norm)


def in_place(grad, a, eps, norm="inf"):
    """FGSM that moves the caller's array."""
    a += eps * exact(grad, a, norm)
    return a


one_step_attains_the_maximum_of_a_linear_loss.mutants({
    "descends": step_with(lambda grad, a, norm: -exact(grad, a, norm)),
    "half as long": step_with(exact, lambda eps, a: eps / 2),
    "1 % too long": step_with(exact, lambda eps, a: 1.01 * eps),
    "along the gradient itself": step_with(lambda grad, a, norm: grad(a)),
    "sign whatever the norm": step_with(lambda grad, a, norm: np.sign(grad(a))),
    "Euclidean whatever the norm": step_with(lambda grad, a, norm: exact(grad, a, "2")),
    "one norm for the batch": step_with(exact_but_for_l2(lambda g: g / np.linalg.norm(g))),
    "sign of a plus rounding: sign(0) = 1": step_with(lambda grad, a, norm: exact(lambda z: grad(z) + 1e-300, a, norm)),
    "the dual's step: ℓ₁ and ℓ∞ swapped": step_with(
        lambda grad, a, norm: exact(grad, a, {"inf": 1, "1": "inf"}.get(str(norm), 2))
    ),
    "norm plus 10⁻¹²": step_with(exact_but_for_l2(lambda g: g / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-12))),
    "gradient where it does not belong": step_with(lambda grad, a, norm: exact(grad, a + 0.1, norm)),
    "moves the caller's array": in_place,
})
