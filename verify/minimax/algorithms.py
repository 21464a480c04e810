"""One step of each basic algorithm: slide "Basic algorithms for minimax"."""

import inspect
from collections.abc import Iterator

import numpy as np

from refimpl.minimax import algorithms, games
from verify.claims import claim
from verify.evidence import Evidence, at_most, equal, rate, rounding
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


@gradient_descent_ascent_expands_on_xy.mutant("ascends in both")
def _(V, z, alpha):
    return z + alpha * V(z)


@gradient_descent_ascent_expands_on_xy.mutant("alternates: y sees the new x")
def _(V, z, alpha):
    first = np.arange(z.shape[-1]) < z.shape[-1] // 2
    half = np.where(first, z - alpha * V(z), z)
    return np.where(first, half, z - alpha * V(half))


@gradient_descent_ascent_expands_on_xy.mutant("α 1 % too large")
def _(V, z, alpha):
    return z - 1.01 * alpha * V(z)


@gradient_descent_ascent_expands_on_xy.mutant("gradients clipped to length 100")
def _(V, z, alpha):
    v = V(z)
    return z - alpha * v * np.minimum(1, 100 / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-300))


@gradient_descent_ascent_expands_on_xy.mutant("α no larger than 10")
def _(V, z, alpha):
    return z - min(alpha, 10) * V(z)


@gradient_descent_ascent_expands_on_xy.mutant("half a step from a single point")
def _(V, z, alpha):
    return z - alpha / (2 if z.ndim == 1 else 1) * V(z)


@gradient_descent_ascent_expands_on_xy.mutant("overwrites z")
def _(V, z, alpha):
    z -= alpha * V(z)
    return z


@gradient_descent_ascent_expands_on_xy.mutant("α² for α")
def _(V, z, alpha):
    return z - alpha**2 * V(z)


@claim("M09", slide=SLIDE, source=SOURCE)
def extragradient_contracts_on_xy(rng, *, eg_step=algorithms.eg_step):
    r"""On Φ = xy: ‖z⁺‖² = (1 − α² + α⁴) ‖z‖² for every z and α; on V = z²: z⁺ = z − α(z − αz²)²."""
    yield from multiplies_by("EG", eg_step, lambda alpha: 1 + 1j * alpha - alpha**2, rng)
    for alpha in (0.1, 10 ** rng.uniform(-3, 2)):
        z = generic_points(rng)
        expected = z - alpha * z**2 * (1 - 2 * alpha * z + (alpha * z) ** 2)
        error = rounding(16, np.abs(z) + alpha * z**2 * (1 + alpha * np.abs(z)) ** 2)
        yield equal(f"EG on V = z², α = {alpha:.3g}", eg_step(square_field, z, alpha), expected, atol=error)


@extragradient_contracts_on_xy.mutant("evaluates both fields at z: gradient descent-ascent")
def _(V, z, alpha):
    return z - alpha * V(z)


@extragradient_contracts_on_xy.mutant("steps on from the extrapolated point")
def _(V, z, alpha):
    half = z - alpha * V(z)
    return half - alpha * V(half)


@extragradient_contracts_on_xy.mutant("extrapolates the other way")
def _(V, z, alpha):
    return z - alpha * V(z + alpha * V(z))


@extragradient_contracts_on_xy.mutant("half a step in the extrapolation")
def _(V, z, alpha):
    return z - alpha * V(z - alpha / 2 * V(z))


@extragradient_contracts_on_xy.mutant("Heun's mean of the two fields")
def _(V, z, alpha):
    return z - alpha / 2 * (V(z) + V(z - alpha * V(z)))


@extragradient_contracts_on_xy.mutant("extrapolation 1 % too long")
def _(V, z, alpha):
    return z - alpha * V(z - 1.01 * alpha * V(z))


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


@proximal_point_contracts_on_xy.mutant("one explicit step: extragradient")
def _(V, z, alpha):
    return z - alpha * V(z - alpha * V(z))


@proximal_point_contracts_on_xy.mutant("two fixed-point iterations more")
def _(V, z, alpha):
    return z - alpha * V(z - alpha * V(z - alpha * V(z - alpha * V(z))))


@proximal_point_contracts_on_xy.mutant("implicit midpoint")
def _(V, z, alpha):
    return 2 * algorithms.ppm_step(V, z, alpha / 2) - z


def newton(V, z, alpha, num_steps, axis=-1):
    """Newton's method for w = z − αV(w); its Jacobian is transposed for axis = −2."""
    w, directions = z, 1e-5 * np.eye(z.shape[-1])
    for _ in range(num_steps):
        J = np.stack([V(w + d) - V(w - d) for d in directions], axis) / 2e-5
        residual = (w + alpha * V(w) - z)[..., None]
        w = w - np.linalg.solve(np.eye(z.shape[-1]) + alpha * J, residual)[..., 0]
    return w


@proximal_point_contracts_on_xy.mutant("four Newton steps only")
def _(V, z, alpha):
    return newton(V, z, alpha, 4)


@proximal_point_contracts_on_xy.mutant("Newton's method with a transposed Jacobian")
def _(V, z, alpha):
    return newton(V, z, alpha, 8, axis=-2)


@proximal_point_contracts_on_xy.mutant("one Newton step only, exact on linear fields")
def _(V, z, alpha):
    h = 1e-6
    if V is xy_field:
        return algorithms.ppm_step(V, z, alpha)
    return z - alpha * V(z) / (1 + alpha * (V(z + h) - V(z - h)) / (2 * h))


@claim("M09", slide=SLIDE, source=f"{SOURCE}; Cevher & Vũ 2020")
def optimistic_methods_have_the_spectrum_of_their_quadratic(
    rng, *, ogda_step=algorithms.ogda_step, rfbs_step=algorithms.rfbs_step
):
    r"""On Φ = xy the map (z, z₋) ↦ (z⁺, z) of OGDA and of RFBS has the eigenvalues of λ² − (1 − 2iα)λ − iα."""
    for name, step in (("OGDA", ogda_step), ("RFBS", rfbs_step)):
        alpha = np.concatenate([rng.uniform(0.05, 0.45, 10), rng.uniform(0.55, 1.5, 10)])
        now, before = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
        companion = np.array([[as_complex(step(xy_field, now, before, a)), [1, 0]] for a in alpha])
        radius = np.abs(np.linalg.eigvals(companion)).max(-1)
        expected = [np.abs(np.roots([1, -(1 - 2j * a), -1j * a])).max() for a in alpha]
        gap = np.sqrt(np.abs(1 - 4 * alpha**2))
        yield equal(f"{name}: spectral radius", radius, expected, atol=rounding(64, (1 + alpha) ** 2 / gap))


@optimistic_methods_have_the_spectrum_of_their_quadratic.mutant("weights 3 and −2", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * (3 * V(z) - 2 * V(z_prev))


@optimistic_methods_have_the_spectrum_of_their_quadratic.mutant(
    "previous gradient overwritten by the current one: gradient descent",
    replaces="ogda_step",
    shipped="Variational-Inequality-GAN 141122a, optimistic step",
)
def _(V, z, z_prev, alpha):
    return z - alpha * (2 * V(z) - V(z))


@optimistic_methods_have_the_spectrum_of_their_quadratic.mutant("no reflection", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(z)


@optimistic_methods_have_the_spectrum_of_their_quadratic.mutant("reflects 1 % too little", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(1.99 * z - 0.99 * z_prev)


@claim("M10", slide=SLIDE, source="Popov 1980; Cevher & Vũ 2020")
def optimistic_and_reflected_steps_part_on_nonlinear_fields(
    rng, *, ogda_step=algorithms.ogda_step, rfbs_step=algorithms.rfbs_step
):
    r"""OGDA = RFBS if V = Mz + b; they part by 2α(z − z₋)² if V = z²; OGDA moves RFBS's 2z − z₋ for every V."""
    for name, step in {"OGDA": ogda_step, "RFBS": rfbs_step}.items():
        both = rng.uniform(-2, 2, (2, 6, 3))
        yield from batched(name, lambda z, z_prev, s=step: s(swirl, z, z_prev, 0.3), *both, atol=rounding(64, 8))
    M, b = rng.standard_normal((7, 7)), rng.standard_normal(7)

    def affine(z):
        return z @ M.T + b

    for alpha in (0.3, 10 ** rng.uniform(-3, 2)):
        what, (z, z_prev) = f", α = {alpha:.3g}", [generic_points(rng), generic_points(rng)]
        size = 2 * np.abs(z) + np.abs(z_prev)
        error = rounding(16, size + alpha * (size @ np.abs(M.T) + 3 * np.abs(b)))
        expected = z - alpha * (2 * z - z_prev) @ M.T - alpha * b
        yield equal("OGDA on V = Mz + b" + what, ogda_step(affine, z, z_prev, alpha), expected, atol=error)
        yield equal("RFBS on V = Mz + b" + what, rfbs_step(affine, z, z_prev, alpha), expected, atol=error)
        error = rounding(8, size + alpha * size**2)
        ogda, rfbs = ogda_step(square_field, z, z_prev, alpha), rfbs_step(square_field, z, z_prev, alpha)
        yield equal("OGDA on V = z²" + what, ogda, z - 2 * alpha * z**2 + alpha * z_prev**2, atol=error)
        yield equal("OGDA − RFBS on V = z²" + what, ogda - rfbs, 2 * alpha * (z - z_prev) ** 2, atol=4 * error)
    z, z_prev = rng.uniform(-2, 2, (2, 300, 7))
    rfbs = rfbs_step(square_field, z, z_prev, 0.3)
    z_next, seen = rfbs_step(square_field, rfbs, z, 0.3), ogda_step(square_field, 2 * rfbs - z, 2 * z - z_prev, 0.3)
    yield equal("OGDA on RFBS's reflected points", seen, 2 * z_next - rfbs, atol=rounding(64, np.abs(rfbs) ** 2 + 10))


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("is RFBS under OGDA's name", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(2 * z - z_prev)


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("is OGDA under RFBS's name", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return z - alpha * (2 * V(z) - V(z_prev))


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("keeps z in z₋", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    z_next = algorithms.ogda_step(V, z, z_prev, alpha)
    z_prev[...] = z
    return z_next


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("forgets z₋ of a single point", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return algorithms.rfbs_step(V, z, z_prev if z.ndim > 1 else z, alpha)


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("z and z₋ exchanged", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return algorithms.ogda_step(V, z_prev, z, alpha)


@optimistic_and_reflected_steps_part_on_nonlinear_fields.mutant("starts from the reflected point", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return 2 * z - z_prev - alpha * V(2 * z - z_prev)


def curved_field(rng):
    """V(z) = b + Mz + (Nz)², componentwise squares, on R⁴; u ↦ V'(z)u and u ↦ V''(u, u)."""
    b, M, N = rng.standard_normal(4), rng.standard_normal((4, 4)), rng.standard_normal((4, 4)) / 2

    def V(z):
        return b + z @ M.T + (z @ N.T) ** 2

    return V, lambda z, u: u @ M.T + 2 * (z @ N.T) * (u @ N.T), lambda u: 2 * (u @ N.T) ** 2


def orders(what, alpha, errors, order) -> Evidence:
    """The power of α in which errors (one batch for each α) shrink, on the mean of their logarithms."""
    sizes = np.sqrt((np.asarray(errors) ** 2).sum(axis=-1))
    return rate(what, alpha, np.exp(np.log(sizes).mean(axis=-1)), order)


@claim("M11", slide=SLIDE, source=SOURCE)
def explicit_steps_miss_the_proximal_point_in_the_third_order(
    rng,
    *,
    eg_step=algorithms.eg_step,
    ogda_step=algorithms.ogda_step,
    rfbs_step=algorithms.rfbs_step,
    ppm_step=algorithms.ppm_step,
):
    r"""From z = w + αV(w), which PPM takes to w: EG − w ≈ α³V'V'V; so RFBS, and OGDA − w ≈ α³(V'V'V + V''(V, V)).

    RFBS and OGDA with the z₋ = z + αV(z) that PPM takes to z.
    """
    V, J, H = curved_field(rng)
    w, alpha = rng.uniform(-1, 1, (40, 400, 4)), np.geomspace(1e-3, 2e-2, 40)
    z = w + alpha[:, None, None] * V(w)
    z_prev = [z_i + a * V(z_i) for z_i, a in zip(z, alpha, strict=True)]
    pairs = list(zip(z, z_prev, alpha, strict=True))
    eg, ppm = [eg_step(V, z_i, a) for z_i, _, a in pairs], [ppm_step(V, z_i, a) for z_i, _, a in pairs]
    ogda, rfbs = [ogda_step(V, *one) for one in pairs], [rfbs_step(V, *one) for one in pairs]
    yield equal("PPM", ppm, w, atol=rounding(64, 10.0))
    yield equal("RFBS − EG", np.subtract(rfbs, eg), np.zeros_like(w), atol=rounding(64, 10.0))
    cubes, turned = alpha[:, None, None] ** 3, J(w, J(w, V(w)))
    for name, z_next, leading in (("EG", eg, turned), ("OGDA", ogda, turned + H(V(w)))):
        yield orders(f"{name} − PPM against α", alpha, z_next - w, 3.0)
        yield orders(f"{name} − PPM without its leading term", alpha, z_next - w - cubes * leading, 4.0)


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("gradient descent-ascent", replaces="eg_step")
def _(V, z, alpha):
    return z - alpha * V(z)


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("extrapolation 1 % too long", replaces="eg_step")
def _(V, z, alpha):
    return z - alpha * V(z - 1.01 * alpha * V(z))


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("extrapolates twice", replaces="eg_step")
def _(V, z, alpha):
    return z - alpha * V(z - alpha * V(z - alpha * V(z)))


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("is RFBS", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(2 * z - z_prev)


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("weights 3/2 and −1/2", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * (1.5 * V(z) - 0.5 * V(z_prev))


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("is OGDA", replaces="rfbs_step")
def _(V, z, z_prev, alpha):
    return z - alpha * (2 * V(z) - V(z_prev))


@explicit_steps_miss_the_proximal_point_in_the_third_order.mutant("one explicit step", replaces="ppm_step")
def _(V, z, alpha):
    return z - alpha * V(z - alpha * V(z))


@claim("M11", slide=SLIDE, source=SOURCE)
def optimistic_step_is_as_good_as_its_memory(rng, *, ogda_step=algorithms.ogda_step, ppm_step=algorithms.ppm_step):
    r"""OGDA − PPM ≈ −α²V'V in the first step, z₋ = z; O(α³) in the second; O(α) with a z₋ off the trajectory.

    In the second step z₋ = z + αV(z₋), while PPM's z⁺ = z − αV(z⁺). If F solves F(α) = V(z + αF(α)), the difference is
    α(F(α) − 2F(0) + F(−α)) = α³(2V'V'V + V''(V, V)) + O(α⁵).
    """
    V, J, H = curved_field(rng)
    z0, other = rng.uniform(-1, 1, (2, 40, 400, 4))
    alpha = np.geomspace(2e-3, 2e-2, 40)

    def missed(z, z_prev):
        errors = [ogda_step(V, *one) - ppm_step(V, one[0], one[2]) for one in zip(z, z_prev, alpha, strict=True)]
        return np.array(errors)

    z1, powers = z0 - alpha[:, None, None] * V(z0), alpha[:, None, None] ** np.arange(4)[:, None, None, None]
    first, second = missed(z0, z0), missed(z1, z0)
    yield orders("z₋ = z: OGDA − PPM against α", alpha, first, 2.0)
    yield orders("z₋ = z: without the leading term", alpha, first + powers[2] * J(z0, V(z0)), 3.0)
    yield orders("second step: OGDA − PPM against α", alpha, second, 3.0)
    leading = 2 * J(z1, J(z1, V(z1))) + H(V(z1))
    yield orders("second step: without the leading term", alpha, second - powers[3] * leading, 5.0)
    yield orders("fixed z₋: OGDA − PPM against α", alpha, missed(z0, other), 1.0)


@optimistic_step_is_as_good_as_its_memory.mutant("forgets z₋", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(z)


@optimistic_step_is_as_good_as_its_memory.mutant("extragradient", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * V(z - alpha * V(z))


@optimistic_step_is_as_good_as_its_memory.mutant("weights 2.01 and −1.01", replaces="ogda_step")
def _(V, z, z_prev, alpha):
    return z - alpha * (2.01 * V(z) - 1.01 * V(z_prev))


@optimistic_step_is_as_good_as_its_memory.mutant("implicit midpoint", replaces="ppm_step")
def _(V, z, alpha):
    return 2 * algorithms.ppm_step(V, z, alpha / 2) - z


FACTORS = {"gda": lambda a: 1 + 1j * a, "ppm": lambda a: 1 / (1 - 1j * a), "eg": lambda a: 1 + 1j * a - a**2}


@claim("M13", slide=SLIDE, source=SOURCE)
def trajectories_on_xy_are_powers(rng, *, trajectory=algorithms.trajectory):
    r"""z_k = λᵏ z₀ (GDA, PPM, EG); z_{k+1} = (1 + 2iα) z_k − iα z_{k−1}, z₋₁ = z₀ (OGDA, RFBS): GDA alone diverges."""
    alpha, n, V = rng.uniform(0.1, 0.4), 1200, games.bilinear().operator
    for start in (rng.standard_normal(2), rng.standard_normal((3, 2))):
        z0, k = as_complex(start), np.arange(n + 1).reshape(-1, *[1] * (start.ndim - 1))
        for method, factor in FACTORS.items():
            z, expected = as_complex(trajectory(method, V, start, alpha, n)), factor(alpha) ** k * z0
            yield equal(f"{method.upper()} from {start.shape}", z, expected, rtol=rounding(8 * n))
        optimistic = [z0, z0]
        for _ in range(n):
            optimistic.append((1 + 2j * alpha) * optimistic[-1] - 1j * alpha * optimistic[-2])
        for method in ("ogda", "rfbs"):
            z = as_complex(trajectory(method, V, start, alpha, n))
            yield equal(f"{method.upper()} from {start.shape}", z, optimistic[1:], rtol=rounding(64 * n))


@trajectories_on_xy_are_powers.mutant("drops the start")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, alpha, num_steps + 1)[1:]


@trajectories_on_xy_are_powers.mutant("z₋₁ = 0 for the methods with memory", shipped="optax #1082")
def _(method, V, z0, alpha, num_steps):
    z = [np.zeros_like(z0), np.asarray(z0, float)]
    if method not in ("ogda", "rfbs"):
        return algorithms.trajectory(method, V, z0, alpha, num_steps)
    for _ in range(num_steps):
        z.append(algorithms.STEPS[method](V, z[-1], z[-2], alpha))
    return np.array(z[1:])


@trajectories_on_xy_are_powers.mutant("EG runs as PPM")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("ppm" if method == "eg" else method, V, z0, alpha, num_steps)


@trajectories_on_xy_are_powers.mutant("RFBS runs without memory")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda" if method == "rfbs" else method, V, z0, alpha, num_steps)


FORMULAS = {
    "gda": lambda V, z, z_prev, alpha: z - alpha * V(z),
    "eg": lambda V, z, z_prev, alpha: z - alpha * V(z - alpha * V(z)),
    "ogda": lambda V, z, z_prev, alpha: z - 2 * alpha * V(z) + alpha * V(z_prev),
    "rfbs": lambda V, z, z_prev, alpha: z - alpha * V(z + (z - z_prev)),
}


@claim("M13", slide=SLIDE, source="Popov 1980; Cevher & Vũ 2020; Rockafellar 1976")
def trajectories_repeat_their_steps(rng, *, trajectory=algorithms.trajectory):
    r"""On V = sin(Mz) + b in R⁴, ‖M‖ = 0.3: loops over the formulas, α = 0.3 and 3, 0 steps too; divergence raises.

    A step multiplies errors by at most 1 + 3αL + (αL)², L = ‖M‖.
    """
    M, b, n = rng.standard_normal((4, 4)), rng.standard_normal(4), 6
    M *= 0.3 / np.linalg.norm(M, 2)

    def V(z):
        return np.sin(z @ M.T) + b

    for alpha in (0.3, 3.0):
        grow = (1 + 0.9 * alpha + (0.3 * alpha) ** 2) ** n
        for start in (rng.standard_normal(4), rng.standard_normal((2, 3, 4))):
            error = rounding(16, grow * (4 + n * alpha * (1 + np.abs(b).max())))
            for method, formula in FORMULAS.items():
                expected = [start, start]
                for _ in range(n):
                    expected.append(formula(V, expected[-1], expected[-2], alpha))
                what = f"{method.upper()} from {start.shape}, α = {alpha}"
                yield equal(what, trajectory(method, V, start, alpha, n), expected[1:], atol=error)
            z = np.asarray(trajectory("ppm", V, start, alpha, n))
            yield equal(f"PPM from {start.shape}, α = {alpha}", z[1:] + alpha * V(z[1:]), z[:-1], atol=error)
    for method in algorithms.STEPS:
        yield equal(f"{method.upper()}: no steps", trajectory(method, V, start, 0.3, 0), start[None])
    try:
        trajectory("gda", games.bilinear().operator, start[..., :2], 10.0, 1000)
        raised = 0
    except ArithmeticError:
        raised = 1
    yield equal("states beyond float64 raise", raised, 1)


@trajectories_repeat_their_steps.mutant("OGDA and RFBS exchanged")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory({"ogda": "rfbs", "rfbs": "ogda"}.get(method, method), V, z0, alpha, num_steps)


@trajectories_repeat_their_steps.mutant("V linearised at 0")
def _(method, V, z0, alpha, num_steps):
    zero = np.zeros(z0.shape[-1])
    J = np.stack([(V(zero + d) - V(zero - d)) / 2e-6 for d in 1e-6 * np.eye(len(zero))], axis=-1)
    return algorithms.trajectory(method, lambda z: z @ J.T + V(zero), z0, alpha, num_steps)


@trajectories_repeat_their_steps.mutant("GDA beyond the plane")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory("gda" if z0.shape[-1] > 2 else method, V, z0, alpha, num_steps)


@trajectories_repeat_their_steps.mutant("one step at least")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, alpha, max(num_steps, 1))


@trajectories_repeat_their_steps.mutant("α no larger than 1")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, min(alpha, 1.0), num_steps)


@trajectories_repeat_their_steps.mutant("infinite states returned")
def _(method, V, z0, alpha, num_steps):
    if method == "ppm":
        return algorithms.trajectory(method, V, z0, alpha, num_steps)
    z = [z0, z0]
    for _ in range(num_steps):
        z.append(FORMULAS[method](inspect.unwrap(V), z[-1], z[-2], alpha))
    return np.array(z[1:])


@claim("M13", slide=SLIDE, source=f"{SOURCE}; Nedić & Ozdaglar 2009")
def averages_of_convergent_methods_converge(rng, *, trajectory=algorithms.trajectory):
    r"""Averages of k iterates on xy: O(1/k) for PPM and EG; GDA's diverge at fixed α, O(1/√k) at α = 1/√k."""
    V, z0 = games.bilinear().operator, rng.standard_normal(2)
    k = np.unique(np.geomspace(300, 5_000, 12).astype(int))

    def average(method, alpha, n):
        return np.abs(as_complex(trajectory(method, V, z0, alpha, n - 1)).mean())

    alpha = rng.uniform(0.3, 0.4)
    for method in ("ppm", "eg"):
        z = as_complex(trajectory(method, V, z0, alpha, k[-1] - 1))
        means = np.abs(np.cumsum(z)[k - 1] / k)
        yield rate(f"‖average of k iterates‖ of {method.upper()} against k", k, means, -1.0)
        factor = FACTORS[method](alpha)
        expected = np.abs(as_complex(z0) * (factor**k - 1) / (factor - 1)) / k
        yield equal(f"average of {method.upper()}", means, expected, rtol=rounding(64 * np.sqrt(k[-1])))
    n = 300
    expected = np.abs(as_complex(z0) * ((1 + 1j * alpha) ** n - 1) / (1j * alpha * n))
    yield equal(f"average of {n} iterates of GDA, diverging", average("gda", alpha, n), expected, rtol=rounding(16 * n))
    turns = (np.pi * (2 * np.arange(2, 20) + 1)) ** 2
    scaled = [np.sqrt(m) * average("gda", 1 / np.sqrt(m), m) for m in turns.astype(int)]
    bound = (1 + np.sqrt(np.e)) * np.abs(as_complex(z0))
    yield at_most("√k ‖average‖ of GDA at α = 1/√k", scaled, bound, tight=0.02)


@averages_of_convergent_methods_converge.mutant("returns running averages")
def _(method, V, z0, alpha, num_steps):
    z = algorithms.trajectory(method, V, z0, alpha, num_steps)
    return np.cumsum(z, axis=0) / np.arange(1, num_steps + 2)[:, None]


@averages_of_convergent_methods_converge.mutant("α 1 % too large")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, 1.01 * alpha, num_steps)


@averages_of_convergent_methods_converge.mutant("drops the start")
def _(method, V, z0, alpha, num_steps):
    return algorithms.trajectory(method, V, z0, alpha, num_steps + 1)[1:]
