"""How nearly explicit steps are those of the proximal point method: slide "Basic algorithms for minimax"."""

import numpy as np

from refimpl.minimax import algorithms
from verify.claims import claim
from verify.evidence import Evidence, equal, rate, rounding
from verify.minimax.algorithms import SLIDE, SOURCE


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


explicit_steps_miss_the_proximal_point_in_the_third_order.mutants(
    {
        "gradient descent-ascent": lambda V, z, alpha: z - alpha * V(z),
        "extrapolation 1 % too long": lambda V, z, alpha: z - alpha * V(z - 1.01 * alpha * V(z)),
        "extrapolates twice": lambda V, z, alpha: z - alpha * V(z - alpha * V(z - alpha * V(z))),
    },
    replaces="eg_step",
)
explicit_steps_miss_the_proximal_point_in_the_third_order.mutants(
    {
        "is RFBS": lambda V, z, z_prev, alpha: z - alpha * V(2 * z - z_prev),
        "weights 3/2 and −1/2": lambda V, z, z_prev, alpha: z - alpha * (1.5 * V(z) - 0.5 * V(z_prev)),
    },
    replaces="ogda_step",
)
explicit_steps_miss_the_proximal_point_in_the_third_order.mutants(
    {"is OGDA": lambda V, z, z_prev, alpha: z - alpha * (2 * V(z) - V(z_prev))}, replaces="rfbs_step"
)
explicit_steps_miss_the_proximal_point_in_the_third_order.mutants(
    {"one explicit step": lambda V, z, alpha: z - alpha * V(z - alpha * V(z))}, replaces="ppm_step"
)


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


optimistic_step_is_as_good_as_its_memory.mutants(
    {
        "forgets z₋": lambda V, z, z_prev, alpha: z - alpha * V(z),
        "extragradient": lambda V, z, z_prev, alpha: z - alpha * V(z - alpha * V(z)),
        "weights 2.01 and −1.01": lambda V, z, z_prev, alpha: z - alpha * (2.01 * V(z) - 1.01 * V(z_prev)),
    },
    replaces="ogda_step",
)
optimistic_step_is_as_good_as_its_memory.mutants(
    {"implicit midpoint": lambda V, z, alpha: 2 * algorithms.ppm_step(V, z, alpha / 2) - z}, replaces="ppm_step"
)
