"""What an iteration costs: slide "Comparison of convergence rates for smooth convex-concave minimax"."""

import numpy as np

from refimpl.minimax import algorithms
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.minimax._rate_table import SLIDE
from verify.minimax.algorithms import swirl

STEPS = 100


def points_of_evaluation(step, remembers, z, alpha):
    """The distinct points at which steps evaluate the field, which is counted, and the last state."""
    seen = set()

    def V(w):
        seen.add(np.asarray(w).tobytes())
        return swirl(w)

    z_prev = z
    for _ in range(STEPS):
        z, z_prev = np.asarray(step(V, z, z_prev, alpha) if remembers else step(V, z, alpha)), z
    return len(seen), z


@claim("M30", slide=SLIDE, source="counted")
def optimistic_steps_cost_one_evaluation_and_extragradient_two(
    rng,
    *,
    gda_step=algorithms.gda_step,
    eg_step=algorithms.eg_step,
    ogda_step=algorithms.ogda_step,
    rfbs_step=algorithms.rfbs_step,
):
    r"""100 steps evaluate V at 100 points (GDA, OGDA, RFBS), at 200 (EG): OGDA keeps V(z₋) from the step before."""
    z0, alpha = rng.uniform(-1, 1, 3), rng.uniform(0.02, 0.1)
    for step, remembers, evaluations in (
        (gda_step, False, 1),
        (eg_step, False, 2),
        (ogda_step, True, 1),
        (rfbs_step, True, 1),
    ):
        count, _ = points_of_evaluation(step, remembers, z0, alpha)
        name = step.__name__.removesuffix("_step").upper()
        yield equal(f"{name}: points at which V is evaluated", count, evaluations * STEPS)


def looks_again(step):
    """A step that also evaluates the field beside its point, to no avail."""
    return lambda V, z, *rest: step(V, z, *rest) + 0 * V(z + 1)


def extrapolates_first(V, z, z_prev, alpha):
    return algorithms.eg_step(V, z, alpha)


for need in ("gda_step", "eg_step", "ogda_step", "rfbs_step"):
    optimistic_steps_cost_one_evaluation_and_extragradient_two.mutants(
        {f"{need}: one evaluation more": looks_again(getattr(algorithms, need))}, replaces=need
    )
optimistic_steps_cost_one_evaluation_and_extragradient_two.mutants(
    {"extragradient for OGDA": extrapolates_first}, replaces="ogda_step"
)
optimistic_steps_cost_one_evaluation_and_extragradient_two.mutants(
    {"GDA for EG": lambda V, z, alpha: algorithms.gda_step(V, z, alpha)}, replaces="eg_step"
)


@claim("M30", slide=SLIDE, source="definition of the proximal point")
def proximal_point_is_implicit(rng, *, ppm_step=algorithms.ppm_step):
    r"""z⁺ − z + αV(z⁺) = 0: an equation for z⁺, which Newton's method solves here, for large α too."""
    for alpha in (1e-6, 0.3, 10 ** rng.uniform(1, 3)):
        z = rng.uniform(-2, 2, (40, 3))
        w = np.asarray(ppm_step(swirl, z, alpha))
        size = 1 + alpha * np.abs(swirl(np.abs(z) + np.abs(w))).max()
        yield equal(f"α = {alpha:.3g}", w + alpha * swirl(w), z, atol=rounding(64, size))


proximal_point_is_implicit.mutants({
    "two evaluations: extragradient": lambda V, z, alpha: z - alpha * V(z - alpha * V(z)),
    "α 1 % too large": lambda V, z, alpha: algorithms.ppm_step(V, z, 1.01 * alpha),
    "explicit": lambda V, z, alpha: z - alpha * V(z),
})
