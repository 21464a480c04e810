"""What the losses of score matching cost, counted: slide "Hyvärinen's trick", remarks."""

import numpy as np

from refimpl.diffusion import passes, score_matching
from verify.claims import claim
from verify.evidence import equal

SLIDE = "Hyvärinen's trick"


def counted(run, p):
    """Passes for each of the samples that a loss takes, with h, a function of points (n, p), watched.

    Derivatives are complex steps. They are tried first, which takes each of them once more, two real evaluations for
    each by differences, and one at the points: that is not counted.
    """
    real, stepped = [], []

    def h(a):
        (stepped if np.iscomplexobj(a) else real).append(a.size // p)
        return np.tanh(a) - a * a

    run(h)
    derivatives = sum(stepped) / 2
    return sum(real) - (2 * derivatives + 1 if stepped else 0), derivatives


@claim("D25", slide=SLIDE, source="Hyvärinen 2005; Song, Garg, Shi & Ermon 2019; Vincent 2011; passes counted")
def exact_traces_take_a_pass_for_each_dimension(
    rng,
    *,
    num_passes=passes.num_passes,
    implicit_loss=score_matching.implicit_loss,
    sliced_loss=score_matching.sliced_loss,
    denoising_loss=score_matching.denoising_loss,
):
    r"""Of p + 1 passes one is h itself and p are the trace; sliced losses take 2, denoising ones 1, whatever p is."""
    for p in (1, 2, 7, 200):
        a, v = rng.standard_normal((2, 1, p))
        runs = {
            "implicit": lambda h, a=a: implicit_loss(h, a),
            "sliced": lambda h, a=a, v=v: sliced_loss(h, a, v),
            "denoising": lambda h, a=a, v=v: denoising_loss(h, a, v, 0.5),
        }
        values, derivatives = np.array([counted(run, p) for run in runs.values()]).T
        yield equal(f"p = {p}: evaluations of h", values, [1.0, 1.0, 1.0])
        yield equal(f"p = {p}: derivatives along a direction", derivatives, [p, 1.0, 0.0])
        yield equal(f"p = {p}: passes", [num_passes(name, p) for name in runs], values + derivatives)


exact_traces_take_a_pass_for_each_dimension.mutants(
    {
        "the trace alone": lambda loss, p: passes.num_passes(loss, p) - (loss == "implicit"),
        "1 % more": lambda loss, p: passes.num_passes(loss, p) + 0.01 * p * (loss == "implicit"),
        "a whole Jacobian for each slice": lambda loss, p: 1 if loss == "denoising" else p + 1,
        "a derivative for the noise": lambda loss, p: passes.num_passes(loss, p) + (loss == "denoising"),
    },
    replaces="num_passes",
)
exact_traces_take_a_pass_for_each_dimension.mutants(
    {"along one direction": lambda score, a: score_matching.variance_reduced_sliced_loss(score, a, np.ones_like(a))},
    replaces="implicit_loss",
)
exact_traces_take_a_pass_for_each_dimension.mutants(
    {"the trace": lambda score, a, v: score_matching.implicit_loss(score, a)}, replaces="sliced_loss"
)
exact_traces_take_a_pass_for_each_dimension.mutants(
    {
        "noise and its mirror image": lambda score, a, z, sigma: (
            (score_matching.denoising_loss(score, a, z, sigma) + score_matching.denoising_loss(score, a, -z, sigma)) / 2
        )
    },
    replaces="denoising_loss",
)
