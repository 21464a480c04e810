"""Score matching by slices of the Jacobian: slide "Hyvärinen's trick", remarks."""

import itertools

import numpy as np

from refimpl.diffusion import score_matching
from verify.claims import claim, shipped
from verify.diffusion.score_matching import SLIDE, gaussian_points, parabola, waves
from verify.evidence import equal, rounding
from verify.sampling.metrics import random_law


def every_pair(a, v):
    """Each point with each direction, as two batches of one length."""
    return np.repeat(a, len(v), axis=0), np.tile(v, (len(a), 1))


@claim("D03", slide=SLIDE, source="Song, Garg, Shi & Ermon 2019")
def sliced_losses_need_directions_of_covariance_one(
    rng,
    *,
    sliced_loss=score_matching.sliced_loss,
    variance_reduced_sliced_loss=score_matching.variance_reduced_sliced_loss,
):
    r"""E[vᵀ∇h v + ½(vᵀh)²] = E[tr ∇hM + ½hᵀMh], M = E[vvᵀ]: the implicit loss iff M = I; 1/p of it on the sphere."""
    p, n = 3, 20
    (h, jacobian), a, R = waves(rng, p), 2 * rng.standard_normal((n, p)), rng.standard_normal((p, p))
    squares, J, M = (h(a) ** 2).sum(-1) / 2, jacobian(a), R @ R.T
    trace, tilted = np.einsum("nii->n", J), np.einsum("nij,ji->n", J, M)
    implicit = (squares + trace).mean()
    quadratic = (np.einsum("ni,ij,nj->n", h(a), M, h(a)) / 2 + tilted).mean()
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=p)))
    error = rounding(1e4, 10 * (1 + np.trace(M)))
    designs = {
        "signs": (signs, implicit, implicit),
        "√p times the axes": (np.sqrt(p) * np.eye(p), implicit, implicit),
        "axes, unit vectors": (np.eye(p), implicit / p, (squares + trace / p).mean()),
        "E[vvᵀ] = M": (signs @ R.T, quadratic, (squares + tilted).mean()),
    }
    for name, (directions, sliced, mixed) in designs.items():
        batch = every_pair(a, directions)
        yield equal(f"{name}: sliced loss", sliced_loss(h, *batch), sliced, atol=error)
        yield equal(f"{name}: with ‖h‖²", variance_reduced_sliced_loss(h, *batch), mixed, atol=error)
    b = rng.standard_normal(p)
    excess = sliced_loss(lambda a: b + 0 * a, *every_pair(a, signs @ R.T)) - b @ b / 2
    yield equal("M ≠ I shows on constant h", excess, b @ (M - np.eye(p)) @ b / 2, atol=error * (1 + b @ b))


@claim("D03", slide=SLIDE, source="Song, Garg, Shi & Ermon 2019")
def unit_directions_do_harm_with_the_whole_norm(
    rng,
    *,
    sliced_loss=score_matching.sliced_loss,
    variance_reduced_sliced_loss=score_matching.variance_reduced_sliced_loss,
):
    r"""On the unit sphere the sliced loss keeps the minimiser ∇log π; with ‖h‖² for (vᵀh)² it becomes ∇log π / p."""
    p = 3
    m, C = random_law(rng, p)
    A, batch = np.linalg.inv(C), every_pair(gaussian_points(m, np.linalg.cholesky(C)), np.eye(p))
    for name, loss, expected in (("", sliced_loss, 1.0), (", with ‖h‖²", variance_reduced_sliced_loss, 1 / p)):
        best, _ = parabola(lambda c, loss=loss: loss(lambda a: c * (m - a) @ A, *batch))
        yield equal(f"unit vectors{name}: the best c of c∇log π", best, expected, atol=rounding(1e5))


@claim("D03", slide=SLIDE, source="definition")
def several_directions_a_point_are_averaged(
    rng,
    *,
    sliced_loss=score_matching.sliced_loss,
    variance_reduced_sliced_loss=score_matching.variance_reduced_sliced_loss,
):
    r"""Directions (k, n, p) for points (n, p): the loss is the mean of the losses with each of the k batches alone."""
    (h, _), a, v = waves(rng, 3), 2 * rng.standard_normal((20, 3)), rng.standard_normal((4, 20, 3))
    for name, loss in {"sliced loss": sliced_loss, "with ‖h‖²": variance_reduced_sliced_loss}.items():
        apart = np.mean([loss(h, a, one) for one in v])
        yield equal(f"four directions a point: {name}", loss(h, a, v), apart, atol=rounding(1e6, 100))


def estimator_summed(score, a, v):
    squares = ((v * score(a)).sum(-1) ** 2).mean() / 2
    return squares + len(v) * (score_matching.sliced_loss(score, a, v) - squares)


def slope_for_curvature(score, a, v):
    u = (v * score(a)).sum(-1)
    return (u + u**2 / 2).mean()


def trace_divided_by_the_dimension(score, a, v):
    squares = (score(a) ** 2).sum(-1).mean() / 2
    return squares + (score_matching.variance_reduced_sliced_loss(score, a, v) - squares) / a.shape[-1]


sliced_losses_need_directions_of_covariance_one.mutants(
    {
        "(vᵀh)² without the ½": lambda score, a, v: (
            score_matching.sliced_loss(score, a, v) + ((v * score(a)).sum(-1) ** 2).mean() / 2
        ),
        "Hutchinson's estimator summed, never averaged": shipped(estimator_summed, project="bayesflow", thread="#772"),
        "directions put on the sphere": lambda score, a, v: score_matching.sliced_loss(
            score, a, v / np.linalg.norm(v, axis=-1, keepdims=True)
        ),
        "slope along v, not curvature": slope_for_curvature,
        "½ in front of all": lambda score, a, v: score_matching.sliced_loss(score, a, v) / 2,
    },
    replaces="sliced_loss",
)
sliced_losses_need_directions_of_covariance_one.mutants(
    {
        "trace divided by the dimension": shipped(
            trace_divided_by_the_dimension, project="torchebm", version="0.8.9, approximate score matching"
        ),
        "1 % too large": lambda score, a, v: 1.01 * score_matching.variance_reduced_sliced_loss(score, a, v),
    },
    replaces="variance_reduced_sliced_loss",
)
unit_directions_do_harm_with_the_whole_norm.mutants(
    {"‖h‖² for (vᵀh)²": lambda score, a, v: score_matching.variance_reduced_sliced_loss(score, a, v)},
    replaces="sliced_loss",
)
unit_directions_do_harm_with_the_whole_norm.mutants(
    {"(vᵀh)²": lambda score, a, v: score_matching.sliced_loss(score, a, v)}, replaces="variance_reduced_sliced_loss"
)
several_directions_a_point_are_averaged.mutants(
    {"the first direction alone": lambda score, a, v: score_matching.sliced_loss(score, a, v.reshape(-1, *a.shape)[0])},
    replaces="sliced_loss",
)
several_directions_a_point_are_averaged.mutants(
    {
        "the first direction alone": lambda score, a, v: score_matching.variance_reduced_sliced_loss(
            score, a, v.reshape(-1, *a.shape)[0]
        )
    },
    replaces="variance_reduced_sliced_loss",
)
