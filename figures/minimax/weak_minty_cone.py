"""The field may point away from the solution, by some amount."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle

from refimpl.arguments.arrays import Array
from refimpl.minimax.games import lower_bound
from refimpl.minimax.weak_minty import weak_minty_constant

SLIDE = "When do the algorithms converge?"
ROWS = ("M17",)
CAPTION = (
    "The weak Minty inequality ⟨V(z), z − z*⟩ ≥ ρ‖V(z)‖² at one point z, for ρ = −1/3. It keeps the tip of −V(z) out "
    "of a disk of radius ‖z − z*‖/(2|ρ|) that touches z from behind (hatched); shaded are the other tips that are not "
    "farther from z than this one. At just this length the inequality leaves the thick arc of directions, wider than "
    "the half plane towards z* (left of the dashed line), which is all that ρ = 0 would leave. Drawn is the "
    "lower-bound game Φ = axy + b(x² − y²)/2, L = 1, b = −1/3, whose field is at an end of the arc everywhere."
)
ALT = (
    "A plane with the solution z star on the left and a point z on the right. Behind z a hatched disk is forbidden; "
    "what it leaves of a smaller disk around z is shaded and allowed. The rim of that part is a thick arc of "
    "directions from z, centred on the one to z star; its half angle of 109 degrees exceeds that of the half plane, "
    "whose edge is dashed. An arrow from z along minus V of z ends where the arc meets the hatched disk, pointing "
    "slightly away from z star."
)


class Data(NamedTuple):
    """The constant ρ, the solution z*, the point z, −V(z), and the forbidden disk."""

    rho: float
    z_star: Array
    z: Array
    minus_v: Array
    centre: Array
    radius: float


def data(quality: str, rng: np.random.Generator) -> Data:
    """One point of the quadratic game; the same at every quality."""
    V, z_star, z = lower_bound(np.sqrt(8 / 9), -1 / 3).operator, np.zeros(2), np.array([1.0, 0.0])
    rho = weak_minty_constant(V, z_star, (-2.0, 2.0))
    return Data(
        rho=rho,
        z_star=z_star,
        z=z,
        minus_v=-V(z),
        centre=z + (z - z_star) / (2 * abs(rho)),
        radius=float(np.linalg.norm(z - z_star)) / (2 * abs(rho)),
    )


def draw(data: Data) -> Figure:
    """The point, the field, the allowed tips and the disk."""
    figure = Figure(figsize=(7, 5.2))
    axes = figure.subplots()
    _draw_allowed(axes, data)
    axes.plot(*np.array([data.z_star, data.z]).T, color="0.5", linewidth=1, linestyle=":")
    arrow = {"arrowstyle": "-|>", "linewidth": 2.2, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 18, "color": "C4"}
    axes.annotate("", data.z + data.minus_v, data.z, arrowprops=arrow)
    axes.plot(*data.z_star, "*", color="black", markersize=14)
    axes.plot(*data.z, "o", color="black", markersize=6)
    for text, point, offset in (
        ("$z^*$", data.z_star, (8, -20)),
        ("$z$", data.z, (8, -16)),
        ("$-V(z)$", data.z + data.minus_v, (-30, 10)),
    ):
        axes.annotate(text, point, offset, textcoords="offset points", fontsize=15)
    axes.text(data.z[0] - 0.75, -0.62, "allowed", color="C0", fontsize=12)
    axes.text(data.z[0] + 0.75, -0.05, "forbidden", fontsize=12, bbox={"facecolor": "white", "edgecolor": "none"})
    axes.set(xlabel="$x$", ylabel="$y$", aspect="equal", xlim=(-0.5, 2.3), ylim=(-1.15, 1.3))
    axes.grid(False)
    return figure


def _draw_allowed(axes: Axes, data: Data) -> None:
    length = float(np.linalg.norm(data.minus_v))
    towards = data.z_star - data.z
    axis = np.degrees(np.arctan2(towards[1], towards[0]))
    half_angle = np.degrees(np.arccos(data.rho * length / np.linalg.norm(towards)))
    axes.add_patch(Circle(data.z, length, facecolor="C0", alpha=0.18, edgecolor="none"))
    axes.add_patch(Circle(data.centre, data.radius, facecolor="white", edgecolor="0.45", hatch="///", linewidth=1))
    ends = {"theta1": axis - half_angle, "theta2": axis + half_angle}
    axes.add_patch(Arc(data.z, 2 * length, 2 * length, **ends, edgecolor="C0", linewidth=3))
    axes.axvline(data.z[0], color="0.3", linestyle="--", linewidth=1)
