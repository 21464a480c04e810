"""Bounds on Lipschitz constants against width and depth, and what they cost."""

import itertools
import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.robustness import lipschitz
from refimpl.robustness.activation_patterns import cells
from refimpl.robustness.relu_networks import Weights

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
ROWS = ("R04",)
CAPTION = (
    "Upper and lower bounds of the Lipschitz constant, divided by its exact value, on the same Gaussian networks: "
    "geometric means and extremes. Left: one hidden layer of m neurons, p = 3. Right: L layers of width 3, p = 2. "
    "Below: the unknowns of each program, in place of times, which no two runs share; for brute force the activation "
    "patterns that occur. LipMIP gives the exact value; products are free. LiPopt has the lowest degree, L."
)
ALT = (
    "Four panels. Above, ratios of bounds to the exact Lipschitz constant against width and depth: the products of "
    "norms lie highest, semidefinite and polynomial bounds nearer to one, samples below it, the more so the deeper. "
    "Below, on logarithmic axes, numbers of unknowns: LipSDP's grow with the neurons, LiPopt's by powers."
)
SETTINGS = {"draft": ((2, 4, 6, 8), (2, 3, 4), 4), "full": ((2, 3, 4, 6, 8, 12, 16), (2, 3, 4), 20)}
BOUNDS = {
    "product, $\\ell_\\infty$": (np.inf, lambda weights, a: lipschitz.product_bound(weights, np.inf)),
    "product, $\\ell_2$": (2, lambda weights, a: lipschitz.product_bound(weights, 2)),
    "LipSDP, $\\ell_2$": (2, lambda weights, a: lipschitz.lipsdp(weights)),
    "SDP [67], $\\ell_\\infty$": (np.inf, lambda weights, a: sign_relaxation(weights)),
    "LiPopt, $\\ell_\\infty$": (np.inf, lambda weights, a: lipschitz.lipopt(weights, len(weights))),
    "50 samples, $\\ell_2$": (2, lambda weights, a: lipschitz.sampled_bound(weights, a, 2)),
}
PROGRAMS = ("LipSDP", "SDP [67]", "LiPopt", "LipMIP", "brute force: patterns")
MARKERS = "so^vD*"


class Panel(NamedTuple):
    """Sizes (n,), bounds by exact values (bounds, n, networks), unknowns of programs (programs, n); NaN where none."""

    sizes: Array
    ratios: Array
    unknowns: Array


class Data(NamedTuple):
    """Panels over the width of one hidden layer, and over the depth."""

    width: Panel
    depth: Panel


def data(quality: str, rng: np.random.Generator) -> Data:
    """All bounds on random networks of both families."""
    widths, depths, networks = SETTINGS[quality]
    return Data(
        _panel(widths, [[3, m, 1] for m in widths], networks, rng),
        _panel(depths, [[2, *(L - 1) * [3], 1] for L in depths], networks, rng),
    )


def _panel(sizes: tuple[int, ...], shapes: list[list[int]], networks: int, rng: np.random.Generator) -> Panel:
    families = [[_network(shape, rng) for _ in range(networks)] for shape in shapes]
    ratios = np.array([[_ratios(weights, rng) for weights in family] for family in families])
    unknowns = np.array([_unknowns(family) for family in families], float)
    return Panel(np.array(sizes), np.moveaxis(ratios, -1, 0), unknowns.T)


def _network(shape: list[int], rng: np.random.Generator) -> Weights:
    """Gaussian weights, drawn again in the rare case that the network is 0."""
    weights = [rng.standard_normal((m, p)) for p, m in itertools.pairwise(shape)]
    return weights if lipschitz.brute_force(weights) > 0 else _network(shape, rng)


def _ratios(weights: Weights, rng: np.random.Generator) -> list[float]:
    exact = {norm: lipschitz.brute_force(weights, norm) for norm in (2, np.inf)}
    points = rng.standard_normal((50, weights[0].shape[1]))
    return [bound(weights, points) / exact[norm] for norm, bound in BOUNDS.values()]


def sign_relaxation(weights: Weights) -> float:
    """The bound of one hidden layer, NaN of more."""
    return lipschitz.linf_sdp(weights[0], weights[1][0]) if len(weights) == 2 else np.nan


def _unknowns(family: list[Weights]) -> list[float]:
    """Of every program on networks of one shape."""
    L, p, m = len(family[0]), family[0][0].shape[1], sum(len(W) for W in family[0][:-1])
    patterns = np.mean([len(cells(weights)) for weights in family])
    relaxation = 1 + p + m if L == 2 else np.nan
    return [1 + m, relaxation, 2**L * math.comb(p + m, L), 4 * (m + p) + 1, float(patterns)]


def draw(data: Data) -> Figure:
    """Ratios above, unknowns below."""
    figure = Figure(figsize=(11, 8))
    (above, above_right), (below, below_right) = figure.subplots(2, 2, sharex="col")
    for top, bottom, panel, label in (
        (above, below, data.width, "width $m$"),
        (above_right, below_right, data.depth, "layers $L$"),
    ):
        _draw_ratios(top, panel)
        _draw_unknowns(bottom, panel)
        bottom.set_xlabel(label)
        bottom.set_xticks(panel.sizes)
    above.set_ylabel("bound / exact")
    below.set_ylabel("unknowns")
    above.set_title("one hidden layer, $p = 3$", loc="left")
    above_right.set_title("width 3, $p = 2$", loc="left")
    above_right.set_yscale("log")
    above.legend(fontsize=9, loc="upper left")
    below_right.legend(fontsize=9)
    return figure


def _draw_ratios(axes: Axes, panel: Panel) -> None:
    axes.axhline(1, color="0.4", linewidth=1, label="exact")
    shift = 0.02 * np.ptp(panel.sizes) * (np.arange(len(BOUNDS)) - 2.5) / 2.5
    for i, name in enumerate(BOUNDS):
        logs = np.log(panel.ratios[i])
        middle = np.exp(logs.mean(-1))
        ends = np.abs(np.stack([panel.ratios[i].min(-1), panel.ratios[i].max(-1)]) - middle)
        axes.errorbar(
            panel.sizes + shift[i],
            middle,
            ends,
            marker=MARKERS[i],
            color=f"C{i}",
            markersize=5,
            label=name,
            elinewidth=0.7,
        )


def _draw_unknowns(axes: Axes, panel: Panel) -> None:
    for i, name in enumerate(PROGRAMS):
        axes.plot(panel.sizes, panel.unknowns[i], marker="^vDPX"[i], color=f"C{(i + 2) % 7}", markersize=5, label=name)
    axes.set_yscale("log")
