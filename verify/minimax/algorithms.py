"""One step of each basic algorithm: slide "Basic algorithms for minimax"."""

from collections.abc import Iterator

import numpy as np

from refimpl.minimax import algorithms
from verify.claims import claim
from verify.evidence import Evidence, equal, rounding
from verify.probes import batched

SLIDE = "Basic algorithms for minimax"
SOURCE = "Mokhtari, Ozdaglar & Pattathil 2020"


def xy_field(z):
    """V = (y, −x) of Φ = xy: in complex notation −i z."""
    return np.stack([z[..., 1], -z[..., 0]], axis=-1)


def square_field(z):
    """V = (z₁², z₂², …), whose steps have closed forms of second degree."""
    return z * z


TURN = np.array([[0.5, 1.0, -2.0], [-1.0, 0.3, 0.5], [2.0, -0.5, 0.2]])


def swirl(z):
    """V = Tz + z³/10 on R³ with T + Tᵀ ≥ 0: coupled, monotone, not linear."""
    return z @ TURN.T + z**3 / 10


def as_complex(z):
    """x + iy of planar points."""
    return np.asarray(z)[..., 0] + 1j * np.asarray(z)[..., 1]


def generic_points(rng):
    """Points of R⁷ of sizes from 10⁻³ to 10³."""
    return rng.standard_normal((300, 7)) * 10 ** rng.uniform(-3, 3, (300, 1))


def multiplies_by(what, step, factor, rng) -> Iterator[Evidence]:
    """A step on Φ = xy is multiplication of x + iy by factor(α), and does the same to points alone and together."""
    z, alpha = rng.standard_normal((12, 25, 2)) * 10 ** rng.uniform(-3, 3, (25, 1)), 10 ** rng.uniform(-3, 2, 12)
    z_next = np.array([step(xy_field, z_i, alpha_i) for z_i, alpha_i in zip(z, alpha, strict=True)])
    expected, scale = factor(alpha[:, None]), 1 + alpha[:, None] ** 2
    error = rounding(16, np.abs(as_complex(z)) * scale)
    yield equal(f"{what}: z⁺", as_complex(z_next), expected * as_complex(z), atol=error)
    growth = (z_next**2).sum(-1) / (z**2).sum(-1)
    yield equal(f"{what}: ‖z⁺‖²/‖z‖²", growth, np.abs(expected) ** 2, atol=rounding(64, scale**2))
    yield from batched(what, lambda z: step(swirl, z, 0.3), rng.uniform(-2, 2, (6, 3)), atol=rounding(64, 4))


@claim("M09", slide=SLIDE, source=SOURCE)
def gradient_descent_ascent_expands_on_xy(rng, *, gda_step=algorithms.gda_step):
    r"""On Φ = xy: ‖z⁺‖² = (1 + α²) ‖z‖² for every z and α; on V = z²: z⁺ = z − αz²."""
    yield from multiplies_by("GDA", gda_step, lambda alpha: 1 + 1j * alpha, rng)
    for alpha in (0.1, 10 ** rng.uniform(-3, 2)):
        z = generic_points(rng)
        error = rounding(4, np.abs(z) + alpha * z**2)
        yield equal(f"GDA on V = z², α = {alpha:.3g}", gda_step(square_field, z, alpha), z - alpha * z**2, atol=error)


def alternates(V, z, alpha):
    first = np.arange(z.shape[-1]) < z.shape[-1] // 2
    half = np.where(first, z - alpha * V(z), z)
    return np.where(first, half, z - alpha * V(half))


def clips_gradients(V, z, alpha):
    v = V(z)
    return z - alpha * v * np.minimum(1, 100 / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-300))


def overwrites_z(V, z, alpha):
    z -= alpha * V(z)
    return z


gradient_descent_ascent_expands_on_xy.mutants({
    "ascends in both": lambda V, z, alpha: z + alpha * V(z),
    "alternates: y sees the new x": alternates,
    "α 1 % too large": lambda V, z, alpha: z - 1.01 * alpha * V(z),
    "gradients clipped to length 100": clips_gradients,
    "α no larger than 10": lambda V, z, alpha: z - min(alpha, 10) * V(z),
    "half a step from a single point": lambda V, z, alpha: z - alpha / (2 if z.ndim == 1 else 1) * V(z),
    "overwrites z": overwrites_z,
    "α² for α": lambda V, z, alpha: z - alpha**2 * V(z),
})


@claim("M09", slide=SLIDE, source=SOURCE)
def extragradient_contracts_on_xy(rng, *, eg_step=algorithms.eg_step):
    r"""On Φ = xy: ‖z⁺‖² = (1 − α² + α⁴) ‖z‖² for every z and α; on V = z²: z⁺ = z − α(z − αz²)²."""
    yield from multiplies_by("EG", eg_step, lambda alpha: 1 + 1j * alpha - alpha**2, rng)
    for alpha in (0.1, 10 ** rng.uniform(-3, 2)):
        z = generic_points(rng)
        expected = z - alpha * z**2 * (1 - 2 * alpha * z + (alpha * z) ** 2)
        error = rounding(16, np.abs(z) + alpha * z**2 * (1 + alpha * np.abs(z)) ** 2)
        yield equal(f"EG on V = z², α = {alpha:.3g}", eg_step(square_field, z, alpha), expected, atol=error)


def steps_on(V, z, alpha):
    half = z - alpha * V(z)
    return half - alpha * V(half)


extragradient_contracts_on_xy.mutants({
    "evaluates both fields at z: gradient descent-ascent": lambda V, z, alpha: z - alpha * V(z),
    "steps on from the extrapolated point": steps_on,
    "extrapolates the other way": lambda V, z, alpha: z - alpha * V(z + alpha * V(z)),
    "half a step in the extrapolation": lambda V, z, alpha: z - alpha * V(z - alpha / 2 * V(z)),
    "Heun's mean of the two fields": lambda V, z, alpha: z - alpha / 2 * (V(z) + V(z - alpha * V(z))),
    "extrapolation 1 % too long": lambda V, z, alpha: z - alpha * V(z - 1.01 * alpha * V(z)),
})


@claim("M09", slide=SLIDE, source="Rockafellar 1976")
def proximal_point_contracts_on_xy(rng, *, ppm_step=algorithms.ppm_step):
    r"""On Φ = xy: ‖z⁺‖² = ‖z‖²/(1 + α²) for every z and α; on V = z², z > 0: z⁺ = 2z/(1 + √(1 + 4αz))."""
    yield from multiplies_by("PPM", ppm_step, lambda alpha: 1 / (1 - 1j * alpha), rng)
    for alpha in (0.3, 10 ** rng.uniform(-3, 2)):
        z = rng.uniform(0.1, 1, (300, 5)) * 10 ** rng.uniform(-2, 3, (300, 1))
        expected = 2 * z / (1 + np.sqrt(1 + 4 * alpha * z))
        yield equal(f"PPM on V = z², α = {alpha:.3g}", ppm_step(square_field, z, alpha), expected, atol=rounding(32, z))
        z = rng.standard_normal((100, 3)) * 10 ** rng.uniform(-1, 1, (100, 1))
        w = np.asarray(ppm_step(swirl, z, alpha))
        size = np.linalg.norm(z, axis=1) + alpha * np.linalg.norm(swirl(np.abs(w)), axis=1) * np.linalg.norm(TURN)
        what = f"z⁺ = z − αV(z⁺) for a coupled monotone V, α = {alpha:.3g}"
        yield equal(what, w + alpha * swirl(w), z, atol=rounding(16, size)[:, None])
    z, alpha = rng.uniform(0.1, 2, (300, 5)), 0.3
    w = np.asarray(ppm_step(np.tanh, z, alpha))
    yield equal("z⁺ = z − αV(z⁺) for V = tanh", w + alpha * np.tanh(w), z, atol=rounding(32, 2.0))


def newton(V, z, alpha, num_steps, axis=-1):
    """Newton's method for w = z − αV(w); its Jacobian is transposed for axis = −2."""
    w, directions = z, 1e-5 * np.eye(z.shape[-1])
    for _ in range(num_steps):
        J = np.stack([V(w + d) - V(w - d) for d in directions], axis) / 2e-5
        residual = (w + alpha * V(w) - z)[..., None]
        w = w - np.linalg.solve(np.eye(z.shape[-1]) + alpha * J, residual)[..., 0]
    return w


def one_newton_step(V, z, alpha):
    h = 1e-6
    if V is xy_field:
        return algorithms.ppm_step(V, z, alpha)
    return z - alpha * V(z) / (1 + alpha * (V(z + h) - V(z - h)) / (2 * h))


proximal_point_contracts_on_xy.mutants({
    "one explicit step: extragradient": lambda V, z, alpha: z - alpha * V(z - alpha * V(z)),
    "two fixed-point iterations more": lambda V, z, alpha: (
        z - alpha * V(z - alpha * V(z - alpha * V(z - alpha * V(z))))
    ),
    "implicit midpoint": lambda V, z, alpha: 2 * algorithms.ppm_step(V, z, alpha / 2) - z,
    "four Newton steps only": lambda V, z, alpha: newton(V, z, alpha, 4),
    "Newton's method with a transposed Jacobian": lambda V, z, alpha: newton(V, z, alpha, 8, axis=-2),
    "one Newton step only, exact on linear fields": one_newton_step,
})
