"""Perturbation stability of trained networks, dense and convolutional, by width and depth."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.sweeping import resumed
from refimpl.arguments.arrays import Array
from refimpl.backpropagation import optimizers
from refimpl.networks import convolutional, fully_connected, initialization, trained_stability
from refimpl.networks.trained_stability import Job, outcome
from refimpl.parallel import Workers

SLIDE = "Robustness in deep learning: lazy training experiment for FCN"
ROWS = ("N07",)
CAPTION = (
    "Perturbation stability P/ε = c_p E‖∇h(a)‖ of networks of L layers at unseen digits: before training (below, "
    "dotted) and after (solid), against the width m, for dense networks under He and LeCun, and for convolutional "
    "ones of m filters under He. Dots are geometric means over seeds, bars two standard errors. Digits have ‖a‖ = 1, "
    "labels ±1 are even and odd, the last layer is linear, and training is Adam on batches of 50. At full quality: "
    "1000 digits, three seeds, 200 steps (150 for the convolutional ones); the draft has two seeds and so few steps "
    "that it shows the layout, not the trends. At the start P falls with depth under LeCun only. After training P is "
    "many times larger, about the same under both initialisations and at every depth: the labels set it. Printed are "
    "trends of bounds: ↗ ↘ in the width, and in the depth ↘ under LeCun, which is also that of P at the start, and ↗ "
    "under He, which is not."
)
ALT = (
    "Three panels with logarithmic axes, stability against width, one curve a depth. Dotted curves, before training, "
    "lie low: together and level under He, fanned out under LeCun, the deepest lowest. Solid curves, after training, "
    "lie far above them; at full quality they lie close to one another in the dense panels."
)

CODE = (convolutional, fully_connected, initialization, optimizers, trained_stability)
PANELS = (("dense", "he"), ("dense", "lecun"), ("convolutional", "he"))
TITLES = ("dense, He", "dense, LeCun", "convolutional, He")
MARKERS = "os^Dv"
SETTINGS = {
    "draft": {"dense": ((8, 32), (2, 6, 10), 2, 40), "convolutional": ((2, 4), (4, 10), 2, 8)},
    "full": {
        "dense": ((16, 32, 64, 128, 256), (2, 4, 6, 8, 10), 3, 200),
        "convolutional": ((4, 8, 16), (4, 6, 8, 10), 3, 150),
    },
}
POINTS = {"draft": 200, "full": 1000}


class Panel(NamedTuple):
    """Depths (d,) and widths (w,), and P/ε (d, w, seeds) before and after training."""

    L: Array
    m: Array
    before: Array
    after: Array


class Data(NamedTuple):
    """Dense networks under He and under LeCun, convolutional ones under He."""

    dense_he: Panel
    dense_lecun: Panel
    convolutional_he: Panel


def jobs(quality: str, kind: str, name: str) -> list[Job]:
    """Networks of a panel: depths, widths, seeds, the last running fastest."""
    widths, depths, seeds, steps = SETTINGS[quality][kind]
    grid = itertools.product(depths, widths, range(seeds))
    return [Job(kind, name, m, L, seed, steps, points=POINTS[quality]) for L, m, seed in grid]


def data(quality: str, rng: np.random.Generator, workers: Workers = 1) -> Data:
    """Outcomes of all networks, whose seeds are 0, 1, …; resumed from the cache directory."""
    every = [jobs(quality, *panel) for panel in PANELS]
    found = resumed("trained networks", outcome, list(itertools.chain(*every)), CODE, workers)
    ends = itertools.accumulate(map(len, every[:-1]))
    parts = zip(PANELS, np.split(found, list(ends)), strict=True)
    return Data(*(_panel(quality, kind, part) for (kind, _), part in parts))


def _panel(quality: str, kind: str, found: Array) -> Panel:
    """Outcomes (networks, 4) in the order of `jobs`."""
    widths, depths, seeds, _ = SETTINGS[quality][kind]
    before, after = found[:, :2].T.reshape(2, len(depths), len(widths), seeds)
    return Panel(np.array(depths), np.array(widths), before, after)


def draw(data: Data) -> Figure:
    """A panel a kind of network and initialisation, a curve a depth."""
    figure = Figure(figsize=(13, 4.8))
    panels = figure.subplots(1, 3, sharey="row")
    for axes, panel, title in zip(panels, data, TITLES, strict=True):
        _curves(axes, panel)
        axes.set_title(title, loc="left")
        axes.set_xlabel("filters $m$" if title.startswith("conv") else "width $m$")
    panels[0].legend(loc="lower left")
    panels[2].legend(loc="lower left")
    panels[0].set_ylabel(r"$\mathcal{P}(h, \epsilon) / \epsilon$")
    return figure


def _curves(axes: Axes, panel: Panel) -> None:
    for i, L in enumerate(panel.L):
        color = f"C{i}"
        for values, style in ((panel.before[i], ":"), (panel.after[i], "-")):
            logs = np.log(values)
            error = 2 * logs.std(axis=1, ddof=1) / np.sqrt(logs.shape[1])
            middle = np.exp(logs.mean(axis=1))
            bars = middle * (1 - np.exp(-error)), middle * (np.exp(error) - 1)
            label = f"$L = {L}$" if style == "-" else None
            axes.errorbar(
                panel.m,
                middle,
                bars,
                linestyle=style,
                color=color,
                marker=MARKERS[i],
                markersize=5,
                label=label,
                capsize=2,
            )
    axes.set(xscale="log", yscale="log")
    axes.set_xticks(panel.m, [str(m) for m in panel.m])
    axes.minorticks_off()
