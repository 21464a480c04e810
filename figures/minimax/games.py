"""Saddles of different shapes: the monkey's and a weird one."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.games import Game, monkey_saddle, weird_saddle

SLIDE = "Saddles of different shapes"
ROWS = ("M05", "M06")
CAPTION = (
    "Left, the monkey saddle Φ(x, y) = x³ − 3xy²: three ways up and three ways down from the origin, where all second "
    "derivatives vanish: the necessary conditions hold, yet x gains by moving to the left. Right, the weird saddle "
    "Φ(x, y) = −x²y² + xy: flat along both axes, so the origin is a local Nash equilibrium, and critical on the whole "
    "curve xy = 1/2 (dashed), where it is none. Solid: the axes through the origin."
)
ALT = (
    "Two surfaces over the plane of x and y. Left, the monkey saddle: three ridges and three valleys meet in the "
    "origin, marked by a black dot. Right, the weird saddle: flat along both axes, a dashed crest of two branches at "
    "height one quarter, and steep falls towards the corners."
)


class Surface(NamedTuple):
    """A name, coordinates and payoff (n, n), its payoff (n,) along x and along y."""

    name: str
    x: Array
    y: Array
    payoff: Array
    along_x: Array
    along_y: Array


class Data(NamedTuple):
    """Both surfaces, and the curve (n, 3) of critical points of the weird saddle with x > 0."""

    monkey: Surface
    weird: Surface
    ridge: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """The monkey saddle on [−1, 1]², the weird one on [−3/2, 3/2]²."""
    size = 41 if quality == "draft" else 121
    weird = weird_saddle()
    x = np.linspace(1 / 3, 1.5, size)
    ridge = np.stack([x, 1 / (2 * x), weird.payoff(x[:, None], 1 / (2 * x[:, None]))], -1)
    return Data(_surface(monkey_saddle(), 1.0, size), _surface(weird, 1.5, size), ridge)


def _surface(game: Game, width: float, size: int) -> Surface:
    line = np.linspace(-width, width, size)
    x, y = np.meshgrid(line, line)
    zero = np.zeros((size, 1))
    payoff = game.payoff(x[..., None], y[..., None])
    return Surface(game.name, x, y, payoff, game.payoff(line[:, None], zero), game.payoff(zero, line[:, None]))


def draw(data: Data) -> Figure:
    """The monkey saddle on the left, the weird one on the right."""
    figure = Figure(figsize=(10, 5))
    formulas = (r"$\Phi = x^3 - 3xy^2$", r"$\Phi = -x^2y^2 + xy$")
    for place, (surface, formula, azimuth) in enumerate(zip(data[:2], formulas, (-60, -25), strict=True), 1):
        axes = figure.add_subplot(1, 2, place, projection="3d", computed_zorder=False)
        axes.plot_surface(
            surface.x, surface.y, surface.payoff, cmap="cividis", alpha=0.75, linewidth=0, rcount=60, ccount=60
        )
        line = surface.x[0]
        axes.plot(line, 0 * line, surface.along_x, "-", color="black", linewidth=2, label="axes through the origin")
        axes.plot(0 * line, line, surface.along_y, "-", color="black", linewidth=2)
        axes.plot([0], [0], [0], "o", color="black", markeredgecolor="white", markersize=9, label="origin")
        if surface is data.weird:
            for sign in (-1, 1):
                label = {"label": "critical curve $xy = 1/2$"} if sign == 1 else {}
                axes.plot(*(data.ridge * [sign, sign, 1]).T, "--", color="black", linewidth=2, **label)
        axes.set(
            xlabel="$x$",
            ylabel="$y$",
            zlabel=r"$\Phi$",
            xticks=(-1, 0, 1),
            yticks=(-1, 0, 1),
            title=f"{surface.name}: {formula}",
        )
        axes.locator_params(axis="z", nbins=4)
        axes.view_init(elev=32, azim=azimuth)
        axes.set_box_aspect(None, zoom=0.88)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
