"""Spurious attractors: where games end that do not end at a solution."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.games import Game, almost_bilinear, forsaken
from refimpl.minimax.spurious_attractors import critical_point, limit_cycle

SLIDE = "Minimax is more difficult than just optimization"
ROWS = ("M14", "M15")
CAPTION = (
    "Flow ż = −V(z) of two games (arrows show its direction only), limit cycles that attract (solid) or repel "
    "(dashed), and critical points (filled: attracts; open: repels). Left, the almost bilinear game xy + εφ(y), ε = "
    "0.01, with φ on the maximiser: the flow leaves the origin for the cycle at r ≈ √(4/3); as the slide prints it, "
    "with φ(x), the cycle would repel. Right, the forsaken game x(y − 0.45) + φ(x) − φ(y): starts outside the small "
    "repelling cycle never find the point in it; with the slide's offset 0.5 that cycle does not exist and the point "
    "repels."
)
ALT = (
    "Two phase portraits with x across and y upwards and grey arrows that turn anticlockwise. Left: a solid circle of "
    "radius 1.15 around an open dot at the origin. Right: a small dashed oval around a filled dot at (0.08, 0.41), "
    "inside a large solid rounded square that reaches from about minus 1.3 to 1.5 in x and y."
)


class Portrait(NamedTuple):
    """Title, critical point (2,), whether it attracts, cycles (n, 2) with multipliers, flow (m, m, 2) at points."""

    title: str
    point: Array
    attracts: bool
    cycles: tuple[Array, ...]
    multipliers: tuple[float, ...]
    points: Array
    flow: Array


class Data(NamedTuple):
    """Portraits of the almost bilinear and of the forsaken game."""

    almost_bilinear: Portrait
    forsaken: Portrait


def data(quality: str, rng: np.random.Generator) -> Data:
    """Cycles by the return map; 256 or 1024 points a cycle."""
    num_points = 256 if quality == "draft" else 1024
    return Data(
        _portrait(almost_bilinear(), r"almost bilinear, $\varepsilon = 0.01$", [0.1, 0.1], [(0.9, 1.4)], num_points),
        _portrait(forsaken(), r"forsaken, $c = 0.45$", [0.0, 0.4], [(0.1, 0.3), (0.5, 1.5)], num_points),
    )


def _portrait(game: Game, title: str, guess: list, brackets: list, num_points: int) -> Portrait:
    V = game.operator
    point, eigenvalues = critical_point(V, guess)
    cycles = [limit_cycle(V, point, bracket, num_points) for bracket in brackets]
    points = np.stack(np.meshgrid(*[np.linspace(-1.7, 1.7, 18)] * 2), -1)
    return Portrait(
        title=title,
        point=point,
        attracts=bool(eigenvalues.real.min() > 0),
        cycles=tuple(cycle.z for cycle in cycles),
        multipliers=tuple(cycle.multiplier for cycle in cycles),
        points=points,
        flow=-V(points),
    )


def draw(data: Data) -> Figure:
    """The almost bilinear game on the left, the forsaken one on the right."""
    figure = Figure(figsize=(9, 5.2), layout="compressed")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_portrait(left, data.almost_bilinear)
    _draw_portrait(right, data.forsaken)
    left.set(ylabel="$y$")
    shown = {
        label: handle for axes in (left, right) for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4)
    return figure


def _draw_portrait(axes: Axes, portrait: Portrait) -> None:
    unit = portrait.flow / np.hypot(*np.moveaxis(portrait.flow, -1, 0))[..., None]
    axes.quiver(*portrait.points.T, *unit.T, color="0.72", width=0.004, pivot="middle", scale=24)
    for z, multiplier in zip(portrait.cycles, portrait.multipliers, strict=True):
        kind = {"color": "C0", "linestyle": "-"} if multiplier < 1 else {"color": "C4", "linestyle": "--"}
        label = "cycle that attracts" if multiplier < 1 else "cycle that repels"
        axes.plot(*np.append(z, z[:1], axis=0).T, linewidth=2.5, label=label, **kind)
    face, label = ("black", "attracts") if portrait.attracts else ("white", "repels")
    axes.plot(*portrait.point, "o", color="black", markerfacecolor=face, markersize=8, label=f"critical point, {label}")
    axes.set(xlabel="$x$", aspect="equal", xlim=(-1.8, 1.8), ylim=(-1.8, 1.8), title=portrait.title)
    axes.grid(False)
