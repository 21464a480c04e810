"""A saddle where both players want to stay."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.games import quadratic_saddle
from refimpl.minimax.stationarity import classify

SLIDE = "Question 1 with a twist: Where do the algorithms want to converge?"
ROWS = ("M05",)
CAPTION = (
    "Surface of Φ(x, y) = x² − y². Along x the origin is a minimum (solid line), along y a maximum (dashed line): "
    "∇ₓₓΦ = 2 and −∇ᵧᵧΦ = 2 are both positive, so the origin is a strict local Nash equilibrium."
)
ALT = (
    "A saddle-shaped surface over the plane of x and y. A solid curve through the origin bends upwards along x, a "
    "dashed curve bends downwards along y; a black dot marks the origin, where they cross."
)


class Data(NamedTuple):
    """Coordinates and payoff (n, n) of the surface, payoff (n,) along both axes, verdict at the origin."""

    x: Array
    y: Array
    payoff: Array
    along_x: Array
    along_y: Array
    verdict: str


def data(quality: str, rng: np.random.Generator) -> Data:
    """The surface on [−1, 1]²."""
    payoff, line = quadratic_saddle().payoff, np.linspace(-1, 1, 41 if quality == "draft" else 121)
    x, y = np.meshgrid(line, line)
    column = line[:, None]
    return Data(
        x=x,
        y=y,
        payoff=payoff(x[..., None], y[..., None]),
        along_x=payoff(column, 0 * column),
        along_y=payoff(0 * column, column),
        verdict=str(classify(payoff, np.zeros(2)).kind),
    )


def draw(data: Data) -> Figure:
    """The surface with the two sections through the origin."""
    figure = Figure(figsize=(6.5, 5.2))
    axes = figure.add_subplot(projection="3d", computed_zorder=False)
    axes.plot_surface(data.x, data.y, data.payoff, cmap="cividis", alpha=0.75, linewidth=0, rcount=60, ccount=60)
    line = data.x[0]
    axes.plot(line, 0 * line, data.along_x, "-", color="black", linewidth=2.5, label=r"$\Phi(x, 0)$: $x$ minimises")
    axes.plot(0 * line, line, data.along_y, "--", color="black", linewidth=2.5, label=r"$\Phi(0, y)$: $y$ maximises")
    axes.plot([0], [0], [0], "o", color="black", markeredgecolor="white", markersize=9, label=data.verdict)
    axes.set(
        xlabel="$x$",
        ylabel="$y$",
        zlabel=r"$\Phi$",
        xticks=(-1, 0, 1),
        yticks=(-1, 0, 1),
        zticks=(-1, 0, 1),
        title=r"$\Phi(x, y) = x^2 - y^2$",
    )
    axes.view_init(elev=28, azim=-55)
    axes.set_box_aspect(None, zoom=0.9)
    axes.legend(loc="upper left")
    return figure
