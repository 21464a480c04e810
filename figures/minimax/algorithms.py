"""Five algorithms on the game min max xy: one leaves, four converge."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.algorithms import trajectory
from refimpl.minimax.games import bilinear

SLIDE = "Basic algorithms for minimax"
ROWS = ("M09", "M13")
CAPTION = (
    "Trajectories of gradient descent-ascent (GDA), its optimistic form (OGDA), reflected forward-backward splitting "
    "(RFBS), extragradient (EG) and the proximal point method (PP) on min over x, max over y of Φ = xy, step size "
    "α = 0.4, all from (1, −1). GDA leaves the picture (arrow); the others converge to the critical point, EG and OGDA "
    "as approximations of PP. V is linear here, so OGDA and RFBS, started alike, are one sequence: the dashes lie on "
    "the band. Right: the distance to the critical point."
)
ALT = (
    "Left, the square from −2 to 2 in x and y, with the critical point at the origin as a star. From (1, −1) all "
    "trajectories turn anticlockwise. GDA, squares, spirals outwards and leaves the square at the top in its "
    "sixth step. PP, crosses on a dotted line, and EG, triangles, spiral inwards side by side; OGDA, circles on a wide "
    "band, first swings further out, then ends nearest; the dashes of RFBS lie on the band all the way. Right, the "
    "distance against the iteration on a logarithmic scale: a straight line upwards for GDA, straight lines downwards "
    "for PP and EG, and for OGDA and RFBS the same steeper line after a bump."
)

LIMIT = 2.0
LOOKS: dict[str, dict[str, Any]] = {
    "gda": {"label": "GDA", "color": "C4", "marker": "s"},
    "ogda": {"label": "OGDA", "color": "C3", "marker": "o", "linewidth": 4.5, "markersize": 8},
    "rfbs": {"label": "RFBS", "color": "C0", "linestyle": "--", "marker": ".", "markersize": 5},
    "eg": {"label": "EG", "color": "C5", "marker": "^"},
    "ppm": {"label": "PP", "color": "C2", "linestyle": ":", "marker": "x"},
}


class Data(NamedTuple):
    """Step size, and iterates (num_steps + 1, 2) of each algorithm."""

    alpha: float
    gda: Array
    ogda: Array
    rfbs: Array
    eg: Array
    ppm: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Trajectories from (1, −1); the same at every quality."""
    V, z0, alpha, num_steps = bilinear().operator, np.array([1.0, -1.0]), 0.4, 30
    return Data(alpha, **{method: trajectory(method, V, z0, alpha, num_steps) for method in LOOKS})


def draw(data: Data) -> Figure:
    """The plane on the left, distances to the critical point on the right."""
    figure = Figure(figsize=(10, 5.2))
    plane, distance = figure.subplots(1, 2)
    for method, look in LOOKS.items():
        z = getattr(data, method)
        _draw_inside(plane, z, {"linestyle": "-", "markersize": 5, **look})
        distance.semilogy(np.linalg.norm(z, axis=1), **{"linestyle": "-", "markersize": 5, "markevery": 3, **look})
    plane.plot(0, 0, "*", color="red", markeredgecolor="black", markersize=11, label="critical point")
    plane.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xlabel="$x$", ylabel="$y$")
    plane.annotate("$z^0$", data.gda[0], (-16, -12), textcoords="offset points")
    plane.set(xticks=range(-2, 3), yticks=range(-2, 3))
    plane.set_title(rf"Trajectories, $\alpha = {data.alpha}$", loc="left")
    distance.set(xlabel="iteration $k$", ylabel="‖$z^k$‖")
    distance.set_title("Distance to the critical point", loc="left")
    figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def _draw_inside(axes: Axes, z: Array, look: dict[str, Any]) -> None:
    """A trajectory as far as it stays in the picture; where it leaves, an arrow."""
    outside = np.abs(z).max(1) > LIMIT
    end = int(outside.argmax()) if outside.any() else len(z)
    axes.plot(*z[:end].T, **look)
    if end < len(z):
        arrow = {"arrowstyle": "-|>,head_length=11,head_width=5", "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
        arrow |= {"color": look["color"], "mutation_scale": 1}
        axes.annotate("", z[end], z[end - 1], arrowprops=arrow, annotation_clip=False)
