"""The trap −ω²x² + ωx: gradient methods fall in, Langevin particles leave for the mixed equilibrium."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import trap
from refimpl.minimax.langevin_play import langevin_mirror_descent

SLIDE = "Escaping traps with the mixed-NE concept"
ROWS = ("M24", "M25")
CAPTION = (
    "The game max over ω, min over x of Φ = −ω²x² + ωx on [−2, 2]²; shades and thin lines: level sets of Φ. Every "
    "point of the curve xω = 1/2 (thick) is critical, with Φ = 1/4. From (−0.5, 1.2) gradient descent-ascent (GDA) "
    "and extragradient (EG), both at α = 0.05, end on it (squares). Mixed play by Langevin mirror descent (η = 0.1), "
    "all of whose particles start at the same point: ω gathers at 0, its only equilibrium strategy, while x spreads "
    "out; the line shows the mean of the average strategies after each round, which leaves the curve for ω = 0 (the "
    "mean of the equilibria is (0, 0)). Right: the payoff of the iterates, which settles at 1/4, and of each round's "
    "strategies, which rises towards the value 0 and comes the nearer the more rounds are played: over the last "
    "quarter its mean is about −0.1 with 80 rounds (draft quality) and within a few hundredths with 160 (full). (EG "
    "does reach (0, 0) when it starts well inside the unit circle.)"
)
ALT = (
    "Left, the square from −2 to 2 in x and omega with grey level sets, whose values a bar explains, and the two "
    "branches of the hyperbola x omega = 1/2. From a start at (−0.5, 1.2) the lines of GDA, dashed, and EG, dotted, "
    "run anticlockwise side by side into the lower left quadrant and end on the hyperbola. The line of Langevin play "
    "turns down to omega near 0, where a star marks the origin; the particles of its last round lie in a flat band "
    "along omega = 0, on both sides of x = 0. Right, the payoff against the iteration: the curves of GDA and EG dip, "
    "rise to the line 1/4 and stay there; that of Langevin play, jagged and as low as −2 to −3 at first, comes up to "
    "the line 0 from below: about a tenth below it at the end of a short run, nearly on it in a long one."
)

START = np.array([-0.5, 1.2])
BOX = (-2.0, 2.0)
LEVELS = [-20, -12, -6, -3, -1.5, -0.5, 0, 0.15, 0.25]
LOOKS = {
    "gda": {"label": "GDA", "color": "C4", "linestyle": "--"},
    "eg": {"label": "EG", "color": "C0", "linestyle": ":"},
    "langevin": {"label": "mixed play by Langevin particles", "color": "black", "linestyle": "-"},
}


class Data(NamedTuple):
    """Φ on a grid; trajectories (T, 2) of points and of means; their payoffs (T,); the last particles (n, 2)."""

    grid: Array
    payoff: Array
    gda: Array
    eg: Array
    langevin: Array
    gda_payoff: Array
    eg_payoff: Array
    langevin_payoff: Array
    particles: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Gradient methods and mixed play from one point; more rounds of more particles in full quality."""
    num_rounds, n = (160, 24) if quality == "full" else (80, 16)
    game, alpha = trap(), 0.05
    grid = np.linspace(*BOX, 201)
    start = np.tile(START, (n, 1))
    x, omega = langevin_mirror_descent(
        game.operator, start[:, :1], start[:, 1:], 0.1, num_rounds, BOX, rng, h=0.1, num_inner=8
    )
    x_1, omega_1, x_2, omega_2 = (moment.mean((1, 2)) for moment in (x, omega, x**2, omega**2))
    gda, eg = (trajectory(method, game.operator, START, alpha, num_rounds) for method in ("gda", "eg"))
    return Data(
        grid=grid,
        payoff=game.payoff(grid[None, :, None], grid[:, None, None]),
        gda=gda,
        eg=eg,
        langevin=np.stack([x_1, omega_1], -1).cumsum(0) / np.arange(1, num_rounds + 1)[:, None],
        gda_payoff=game.payoff(gda[:, :1], gda[:, 1:]),
        eg_payoff=game.payoff(eg[:, :1], eg[:, 1:]),
        langevin_payoff=x_1 * omega_1 - x_2 * omega_2,
        particles=np.concatenate([x[-1], omega[-1]], -1),
    )


def draw(data: Data) -> Figure:
    """The plane on the left, payoffs on the right."""
    figure = Figure(figsize=(11, 5.6))
    plane, payoff = figure.subplots(1, 2)
    _draw_plane(plane, data)
    for method, look in LOOKS.items():
        payoff.plot(getattr(data, f"{method}_payoff"), **look, linewidth=2)
    for value, text in [(0.25, "trap: 1/4"), (0.0, "mixed value: 0")]:
        payoff.axhline(value, color="0.45", linewidth=0.9)
        payoff.annotate(
            text, (1, value), (-4, 4), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right"
        )
    payoff.set(xlabel="iteration, round $k$", ylabel=r"$\Phi$", ylim=(None, 0.5))
    payoff.set_title("Payoff", loc="left")
    figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _draw_plane(axes: Axes, data: Data) -> None:
    shades = axes.contourf(data.grid, data.grid, data.payoff, LEVELS, cmap="gray", alpha=0.35, vmin=-8, vmax=0.3)
    axes.contour(data.grid, data.grid, data.payoff, LEVELS[:-1], colors="0.55", linewidths=0.5, linestyles="-")
    key = axes.figure.colorbar(shades, ax=axes, ticks=LEVELS, format="%g", shrink=0.8)
    key.ax.set_title(r"$\Phi$")
    for side in (-1, 1):
        x = side * np.linspace(0.25, 2, 100)
        label = {"label": r"critical curve $x\omega = 1/2$"} if side == 1 else {}
        axes.plot(x, 0.5 / x, color="C1", linewidth=4, linestyle="-", alpha=0.8, **label)
    axes.plot(*data.particles.T, "o", color="0.25", markersize=4, markerfacecolor="none", label="particles, last round")
    for method, look in LOOKS.items():
        axes.plot(*getattr(data, method).T, **look, linewidth=2.4)
    for method, look in LOOKS.items():
        axes.plot(*getattr(data, method)[-1], "s", color=look["color"], markeredgecolor="black", zorder=5)
    axes.plot(
        0, 0, "*", color="red", markeredgecolor="black", markersize=13, linestyle="", label="mean of the mixed NE"
    )
    axes.annotate("start", START, (-36, 2), textcoords="offset points")
    axes.set(
        xlim=BOX, ylim=BOX, aspect="equal", xlabel="$x$", ylabel=r"$\omega$", xticks=range(-2, 3), yticks=range(-2, 3)
    )
    axes.set_title("Trajectories", loc="left")
    axes.grid(False)
