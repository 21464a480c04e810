"""Chains of Langevin Monte Carlo on a mixture of three Gaussians."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.sampling.langevin import lmc, lmc_trace
from refimpl.sampling.targets import gaussian_mixture, log_density

SLIDE = "Iterative refinement like in optimization: MCMC"
ROWS = ("S03",)
CAPTION = (
    "Langevin Monte Carlo, aᵏ⁺¹ = aᵏ − η∇f(aᵏ) + √(2η) zᵏ⁺¹ with η = 0.05, on a mixture of three Gaussians with "
    "weights 0.5, 0.3 and 0.2. Left: the first 150 steps of three chains over the density π (contours); each soon "
    "finds a mode and wanders. Right: the last states of many chains after 600 steps, all started at the "
    "cross; in the boxes, the share of the chains in each mode."
)
ALT = (
    "Two panels with the same contours of a density of three modes, one large at the lower left, one tilted at the "
    "upper right, one small at the lower right. Left, three random paths from starts outside, marked by dots, lead "
    "into the modes and wander there. Right, a cloud of points fills the three modes; its shares are near the weights "
    "0.5, 0.3 and 0.2."
)

WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[-1.4, -0.8], [1.2, 1.3], [1.6, -1.4]])
COVARIANCES = np.array([[[0.6, 0.1], [0.1, 0.5]], [[0.5, 0.3], [0.3, 0.5]], [[0.3, 0.0], [0.0, 0.25]]])
STARTS = np.array([[-3.4, 2.8], [3.6, 3.0], [0.3, -3.2]])
ETA = 0.05


class Data(NamedTuple):
    """Paths (151, 3, 2), last states (n, 2) from one start, points (m, m, 2) and the density there (m, m)."""

    paths: Array
    last: Array
    points: Array
    density: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Three chains, and many; drafts have fewer of them."""
    target = gaussian_mixture(WEIGHTS, MEANS, COVARIANCES)
    axis = np.linspace(-4, 4, 161)
    points = np.stack(np.meshgrid(axis, axis), -1)
    n = 4000 if quality == "full" else 1000
    return Data(
        lmc_trace(target.grad_f, STARTS, ETA, 150, rng),
        lmc(target.grad_f, np.tile(STARTS[0], (n, 1)), ETA, 600, rng),
        points,
        np.exp(log_density(target)(points)),
    )


def draw(data: Data) -> Figure:
    """Paths on the left, last states on the right."""
    figure = Figure(figsize=(10, 5.2))
    left, right = figure.subplots(1, 2, sharey=True)
    levels = data.density.max() * np.array([0.03, 0.1, 0.25, 0.5, 0.8])
    for axes in (left, right):
        axes.contour(*np.moveaxis(data.points, -1, 0), data.density, levels, colors="0.45", linewidths=0.9)
        axes.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$a_1$")
    left.set_ylabel("$a_2$")
    for path, style in zip(data.paths.transpose(1, 0, 2), ("-", "--", ":"), strict=True):
        (line,) = left.plot(*path.T, linewidth=1.1, linestyle=style)
        left.plot(*path[0], "o", color=line.get_color(), markeredgecolor="black")
    left.set_title("Three chains, 150 steps", loc="left")
    right.plot(*data.last.T, ".", color="C0", markersize=2.5, alpha=0.5, linestyle="none")
    right.plot(*STARTS[0], "x", color="black", markersize=9, markeredgewidth=2)
    for mean, share, weight in zip(MEANS, shares(data.last), WEIGHTS, strict=True):
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "0.4"}
        place = mean + 1.7 * np.sign(mean) * [0.35, 1]
        right.text(*place, f"{share:.2f} (weight {weight})", ha="center", va="center", fontsize=9, bbox=box)
    right.set_title(f"{len(data.last)} chains after 600 steps", loc="left")
    return figure


def shares(a: Array) -> Array:
    """Share of the points whose most likely component is each."""
    log_likely = [
        np.log(w) - np.linalg.slogdet(C)[1] / 2 - (((a - m) @ np.linalg.inv(C)) * (a - m)).sum(-1) / 2
        for w, m, C in zip(WEIGHTS, MEANS, COVARIANCES, strict=True)
    ]
    return np.bincount(np.argmax(log_likely, axis=0), minlength=len(WEIGHTS)) / len(a)
