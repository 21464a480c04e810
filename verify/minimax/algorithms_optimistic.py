"""Optimistic and reflected steps: slide "Basic algorithms for minimax"."""

import numpy as np

from refimpl.minimax import algorithms
from verify.claims import claim, shipped
from verify.evidence import equal, rounding
from verify.minimax.algorithms import SLIDE, SOURCE, as_complex, generic_points, square_field, swirl, xy_field
from verify.probes import batched


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


optimistic_methods_have_the_spectrum_of_their_quadratic.mutants(
    {
        "weights 3 and −2": lambda V, z, z_prev, alpha: z - alpha * (3 * V(z) - 2 * V(z_prev)),
        "previous gradient overwritten by the current one: gradient descent": shipped(
            lambda V, z, z_prev, alpha: z - alpha * (2 * V(z) - V(z)),
            project="Variational-Inequality-GAN",
            version="141122a, optimistic step",
        ),
    },
    replaces="ogda_step",
)
optimistic_methods_have_the_spectrum_of_their_quadratic.mutants(
    {
        "no reflection": lambda V, z, z_prev, alpha: z - alpha * V(z),
        "reflects 1 % too little": lambda V, z, z_prev, alpha: z - alpha * V(1.99 * z - 0.99 * z_prev),
    },
    replaces="rfbs_step",
)


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


def overwrites_the_memory(V, z, z_prev, alpha):
    z_next = algorithms.ogda_step(V, z, z_prev, alpha)
    z_prev[...] = z
    return z_next


optimistic_and_reflected_steps_part_on_nonlinear_fields.mutants(
    {
        "is RFBS under OGDA's name": lambda V, z, z_prev, alpha: z - alpha * V(2 * z - z_prev),
        "keeps z in z₋": overwrites_the_memory,
        "z and z₋ exchanged": lambda V, z, z_prev, alpha: algorithms.ogda_step(V, z_prev, z, alpha),
    },
    replaces="ogda_step",
)
optimistic_and_reflected_steps_part_on_nonlinear_fields.mutants(
    {
        "is OGDA under RFBS's name": lambda V, z, z_prev, alpha: z - alpha * (2 * V(z) - V(z_prev)),
        "forgets z₋ of a single point": lambda V, z, z_prev, alpha: algorithms.rfbs_step(
            V, z, z_prev if z.ndim > 1 else z, alpha
        ),
        "starts from the reflected point": lambda V, z, z_prev, alpha: 2 * z - z_prev - alpha * V(2 * z - z_prev),
    },
    replaces="rfbs_step",
)
