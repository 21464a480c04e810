"""Bounds on perturbation stability, and its exact values at initialisation."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.networks.initialization import scales
from refimpl.networks.perturbation_stability import stability, stability_bound

SLIDE = "Robustness in deep learning: main results (Lazy-training regime)"
ROWS = ("N05",)
CAPTION = (
    "Perturbation stability P/ε for inputs of size p = 784: exact at initialisation (thick), and the lecture's bounds "
    "without their constants (thin). The bounds rise with the width up to m = L³/2 and then fall; those of He and NTK "
    "rise with the depth, that of LeCun falls with it only where m > 9L³ or so. The exact values do otherwise: for "
    "all three initialisations they rise with the width, to a limit, and fall with the depth."
)
ALT = (
    "Six panels with logarithmic vertical axes. Above, P/ε against the width m from 1 to a million, for LeCun, He and "
    "NTK: thin curves of the bounds, for depths 2, 5 and 10, have a hump that grows with the depth; thick curves of "
    "the exact values under them rise and level off. Below, against the depth L from 2 to 10, for widths 10, 1000 and "
    "100000: thin curves mostly rise, thick curves fall, steeply for the width 10."
)

P = 784
NAMES = {"lecun": "LeCun", "he": "He", "ntk": "NTK"}
DEPTHS = (2, 5, 10)
WIDTHS = (10, 1000, 100_000)


class Data(NamedTuple):
    """Widths m (n,) and depths L (k,); exact values and bounds over m (3, 3, n), by DEPTHS, and over L (3, 3, k)."""

    m: Array
    L: Array
    exact_by_width: Array
    bound_by_width: Array
    exact_by_depth: Array
    bound_by_depth: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact values; drafts have fewer widths."""
    m = np.unique(np.geomspace(1, 10**6, 400 if quality == "full" else 80).astype(int))
    L = np.arange(2, 11)
    by_width = [[[(name, int(w), depth) for w in m] for depth in DEPTHS] for name in NAMES]
    by_depth = [[[(name, width, int(l)) for l in L] for width in WIDTHS] for name in NAMES]
    values = [_over(function, cases) for cases in (by_width, by_depth) for function in (_exact, _bound)]
    return Data(m, L, *values)


def _exact(name: str, m: int, L: int) -> float:
    return stability(scales(name, P, m), P, m, L)


def _bound(name: str, m: int, L: int) -> float:
    return stability_bound(name, P, m, L)


def _over(function: Callable[..., float], cases: list) -> Array:
    return np.array([[[function(*case) for case in row] for row in panel] for panel in cases])


def draw(data: Data) -> Figure:
    """A column for each initialisation: width above, depth below."""
    figure = Figure(figsize=(11, 7.4))
    panels = figure.subplots(2, 3, sharey="row")
    for i, name in enumerate(NAMES.values()):
        above, below = panels[:, i]
        depths, widths = ([f"$L = {L}$" for L in DEPTHS], [f"$m = {m}$" for m in WIDTHS]) if i == 0 else ([""] * 3,) * 2
        _curves(above, data.m, data.exact_by_width[i], data.bound_by_width[i], depths)
        _curves(below, data.L, data.exact_by_depth[i], data.bound_by_depth[i], widths)
        above.set(xscale="log", xlabel="width $m$", ylim=(3e-6, 300))
        above.set_title(name, loc="left")
        below.set(xlabel="depth $L$", ylim=(1e-4, 300))
    for row in panels:
        row[0].set(ylabel=r"$P/\varepsilon$")
        row[0].legend(loc="upper left")
    for label, width in (("bound", 1), ("exact at initialisation", 3)):
        panels[0, 1].plot([], [], color="0.4", linestyle="-", linewidth=width, label=label)
    panels[0, 1].legend(loc="upper left")
    return figure


def _curves(axes: Axes, x: Array, exact: Array, bounds: Array, labels: list[str]) -> None:
    styles = zip(("-", "--", ":"), ("0072B2", "D55E00", "000000"), labels, exact, bounds, strict=True)
    for style, colour, label, values, bound in styles:
        axes.plot(x, values, color=f"#{colour}", linestyle=style, linewidth=3, label=label)
        axes.plot(x, bound, color=f"#{colour}", linestyle=style, linewidth=1)
    axes.set_yscale("log")
