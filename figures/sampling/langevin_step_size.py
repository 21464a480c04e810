"""The law in which Langevin Monte Carlo ends, for several step sizes."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.sampling.langevin import lmc
from refimpl.sampling.targets import gaussian_mixture, log_density

SLIDE = "Iterative refinement like in optimization: MCMC"
ROWS = ("S03", "S04")
CAPTION = (
    "Histograms of many chains of Langevin Monte Carlo on the mixture of N(±1.2, ¼), run to the time ηk = 8, against "
    "its density π (line). The law of the chain is off by O(η): at η = 0.02 the two agree, at η = 0.3 the histogram "
    "has filled the valley between the modes and its tails are too heavy. Numbers: total variation between "
    "histogram and π on the bins."
)
ALT = (
    "Four panels, for step sizes 0.02, 0.1, 0.2 and 0.3, each with a grey histogram and the same two-humped density "
    "as a line. At 0.02 they coincide; with growing step size the histogram is lower at the humps, fuller between "
    "them, and wider."
)

ETAS = (0.02, 0.1, 0.2, 0.3)
EDGES = np.linspace(-3.6, 3.6, 49)
TIME = 8


class Data(NamedTuple):
    """Heights (4, 48) of the histograms, the density's means over the bins (48,), and x, π on a fine grid."""

    histograms: Array
    bins: Array
    x: Array
    density: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Last states of many chains for each step size; drafts have fewer."""
    target = gaussian_mixture(np.array([0.5, 0.5]), np.array([[-1.2], [1.2]]), np.full((2, 1, 1), 0.25))
    n = 100_000 if quality == "full" else 20_000
    start = rng.choice([-1.2, 1.2], (n, 1))
    last = [lmc(target.grad_f, start, eta, round(TIME / eta), rng)[:, 0] for eta in ETAS]
    width = EDGES[1] - EDGES[0]
    x = np.linspace(EDGES[0], EDGES[-1], 961)
    density = np.exp(log_density(target)(x[:, None]))
    cells = density[:-1].reshape(-1, 20) + density[1:].reshape(-1, 20)
    return Data(np.array([np.histogram(a, EDGES)[0] / (n * width) for a in last]), cells.mean(1) / 2, x, density)


def draw(data: Data) -> Figure:
    """One panel a step size."""
    figure = Figure(figsize=(11, 3.6))
    panels = figure.subplots(1, len(ETAS), sharey=True)
    for axes, eta, heights in zip(panels, ETAS, data.histograms, strict=True):
        axes.stairs(heights, EDGES, fill=True, color="0.75", label="chains")
        axes.plot(data.x, data.density, color="C0", linestyle="-", label=r"$\pi$")
        axes.set(xlabel="$a$")
        axes.set_title(rf"$\eta = {eta}$", loc="left")
        axes.text(0.5, 0.97, f"TV = {distance(heights, data):.3f}", transform=axes.transAxes, ha="center", va="top")
    panels[0].set_ylim(0, 1.45 * data.density.max())
    panels[0].set_ylabel("density")
    panels[0].legend(loc="upper left", bbox_to_anchor=(0, 0.93))
    return figure


def distance(heights: Array, data: Data) -> float:
    """Total variation of a histogram from π on the bins; what lies outside them counts too."""
    width = EDGES[1] - EDGES[0]
    outside = abs(heights.sum() - data.bins.sum()) * width
    return float((np.abs(heights - data.bins).sum() * width + outside) / 2)
