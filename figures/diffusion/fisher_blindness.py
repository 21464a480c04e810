"""Two laws whose scores agree nearly everywhere, and whose modes weigh differently."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.diffusion.fisher_blindness import (
    mode_density,
    mode_fisher_asymptote,
    mode_fisher_divergence,
    mode_kl,
    mode_score,
    mode_total_variation,
)

SLIDE = "Weaknesses of score matching"
ROWS = ("D06",)
CAPTION = (
    "Left: π has equal modes at ±4, μ puts 9/10 on the right one. Middle: their scores differ only halfway between the "
    "modes (shaded), where π has hardly any mass, so the Fisher divergence is 0.0011 and no more. Right: as the modes "
    "move apart it falls like a e^(−a²/2), while KL(π‖μ) tends to 0.511 and the total variation to 0.4: score matching "
    "does not see the modes' mass."
)
ALT = (
    "Three panels. Left: two densities with bumps at minus 4 and plus 4; pi's bumps are equal, mu's left bump is small "
    "and its right one tall. Middle: the two scores, lines of slope minus one that jump upwards near zero; they lie on "
    "each other except in a narrow shaded strip beside zero, where they jump at slightly different places. Right, with "
    "a logarithmic scale: against the distance a of the modes, from 1 to 8, the Fisher divergence falls faster and "
    "faster, from about 0.5 to 1e-13, and joins its dashed asymptote, while KL and total variation stay level."
)

A, W, V = 4.0, 0.5, 0.9


class Data(NamedTuple):
    """Points (n,), densities and scores (2, n) of π and μ there; half-distances (m,) and distances (m,) of the laws."""

    x: Array
    densities: Array
    scores: Array
    a: Array
    fisher: Array
    asymptote: Array
    kl: Array
    total_variation: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Modes at ±4 with the weights of the slide's picture, and at ±a for a from 1 to 8; the same at every quality."""
    x, a = np.linspace(-8, 8, 1201), np.linspace(1, 8, 57)
    return Data(
        x=x,
        densities=np.stack([mode_density(x, A, w) for w in (W, V)]),
        scores=np.stack([mode_score(x, A, w) for w in (W, V)]),
        a=a,
        fisher=np.array([mode_fisher_divergence(one, W, V) for one in a]),
        asymptote=np.array([mode_fisher_asymptote(one, W, V) for one in a]),
        kl=np.array([mode_kl(one, W, V) for one in a]),
        total_variation=np.array([mode_total_variation(one, W, V) for one in a]),
    )


def draw(data: Data) -> Figure:
    """Densities, scores, and distances against the modes' distance."""
    figure = Figure(figsize=(12, 4.2))
    left, middle, right = figure.subplots(1, 3)
    for axes, curves in ((left, data.densities), (middle, data.scores)):
        axes.plot(data.x, curves[0], label="π: weights ½, ½")
        axes.plot(data.x, curves[1], label="μ: weights 1/10, 9/10")
        axes.set_xlabel("$x$")
    middle.fill_between(data.x, *data.scores, color="0.6", label="difference")
    left.set(title="densities", ylabel="density", ylim=(0, 0.47))
    middle.set(title=r"scores $\nabla\log\pi$, $\nabla\log\mu$", ylabel="score", ylim=(-5, 8.5))
    right.semilogy(data.a, data.kl, label="KL(π‖μ)")
    right.semilogy(data.a, data.total_variation, label="TV(π, μ)")
    right.semilogy(data.a, data.fisher, label="Fisher divergence $J$(π‖μ)")
    right.semilogy(data.a, data.asymptote, label=r"its asymptote $\propto a\,e^{-a^2/2}$")
    right.set(title="distances", xlabel="modes at $\\pm a$", ylabel="distance of π and μ", ylim=(1e-14, 30))
    for axes, place in ((left, "upper left"), (middle, "upper left"), (right, "lower left")):
        axes.legend(loc=place)
    return figure
