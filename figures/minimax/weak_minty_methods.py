"""Which methods find the solution of a weak Minty game."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array, Field
from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import forsaken, lower_bound, polar
from refimpl.minimax.weak_minty import ceg_plus, curvature_eg_plus, lipschitz_constant, weak_minty_constant

SLIDE = "When do the algorithms converge?"
ROWS = ("M18", "M19", "M20")
CAPTION = (
    "Gradient descent-ascent (GDA), extragradient (EG), CEG+ and CurvatureEG+ from one start on three games, with γ = "
    "1/L. Left, forsaken, where ρL = −18.9 is outside every theorem: all but CurvatureEG+ end on the attracting "
    "cycle. Middle, PolarGame (a = 3/4), where ρL = −0.4996 is just inside the limit −1/2: GDA and EG end on cycles, "
    "CEG+ does not, although its α = 0.5 is beyond the theorem's α < 1 + 2ρL = 0.0008. Right, the lower-bound game at "
    "ρL = −0.4: GDA and EG leave at once, CEG+ (α = 0.1, within the theorem's α < 0.2) and CurvatureEG+ turn in "
    "slowly."
)
ALT = (
    "Three phase portraits with the paths of four methods from a common start. On the forsaken game and on PolarGame "
    "GDA and EG circle on closed curves around the solution, on the lower-bound game they leave the picture. "
    "CurvatureEG+ reaches or nears the solution in all three games, CEG+ on PolarGame and on the lower-bound game."
)
METHODS = ("GDA", "EG", "CEG+", "CurvatureEG+")


class Panel(NamedTuple):
    """A game's title, ρL, half the side of the picture, solution, and the paths (n, 2) of `METHODS`."""

    title: str
    rho_L: float
    side: float
    z_star: Array
    paths: tuple[Array, ...]


class Data(NamedTuple):
    """One panel for each game."""

    forsaken: Panel
    polar: Panel
    lower_bound: Panel


def data(quality: str, rng: np.random.Generator) -> Data:
    """Paths of 1200 steps; the same at every quality."""
    c = 0.4
    quadratic = lower_bound(float(np.sqrt(1 - c**2)), -c).operator
    return Data(
        forsaken=_panel("forsaken", forsaken().operator, [0.0780267, 0.4119339], 1.5, [0.9, 0.9], 0.5),
        polar=_panel("PolarGame", polar(3 / 4).operator, [0.0, 0.0], 1.1, [0.9, 0.5], 0.5),
        lower_bound=_panel("lower-bound game", quadratic, [0.0, 0.0], 0.8, [0.5, 0.5], (1 - 2 * c) / 2),
    )


def _panel(title: str, V: Field, z_star: list[float], side: float, z0: list[float], alpha: float) -> Panel:
    num_steps, box = 1200, (-side, side)
    L = lipschitz_constant(V, box)
    paths = (
        _until_far(trajectory("gda", V, z0, 1 / L, num_steps), side),
        _until_far(trajectory("eg", V, z0, 1 / L, num_steps), side),
        ceg_plus(V, z0, 1 / L, alpha, num_steps).z,
        curvature_eg_plus(V, z0, num_steps).z,
    )
    return Panel(title, weak_minty_constant(V, z_star, box) * L, side, np.array(z_star), paths)


def _until_far(z: Array, side: float) -> Array:
    far = np.abs(z).max(-1) > 2 * side
    return z[: np.argmax(far)] if far.any() else z


def draw(data: Data) -> Figure:
    """One panel for each game."""
    figure = Figure(figsize=(12, 4.3), layout="compressed")
    for axes, panel in zip(figure.subplots(1, 3), data, strict=True):
        _draw_panel(axes, panel)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for i, (name, path) in enumerate(zip(METHODS, panel.paths, strict=True)):
        axes.plot(*path.T, color=f"C{(4, 1, 0, 2)[i]}", linestyle=("-", "--", ":", "-.")[i],
                  linewidth=(0.9, 1.4, 2.0, 1.8)[i], label=name)  # fmt: skip
    axes.plot(*panel.paths[0][0], "o", color="white", markeredgecolor="black", markersize=7, label="start")
    axes.plot(*panel.z_star, "*", color="black", markersize=14, label="$z^*$")
    axes.set(title=rf"{panel.title}: $\rho L = {panel.rho_L:.4g}$", xlabel="$x$", ylabel="$y$", aspect="equal",
             xlim=(-panel.side, panel.side), ylim=(-panel.side, panel.side))  # fmt: skip
