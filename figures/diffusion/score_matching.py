"""The score of a mixture: arrows towards higher density."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.calculus.mixtures import mixture_log_density
from refimpl.diffusion.tweedie import mixture_score

SLIDE = "Learning the score"
ROWS = ("D01",)
CAPTION = (
    "Density of a mixture of three Gaussians in the plane (shading, and contours from nine tenths down to one tenth of "
    "the largest value) and its score ∇log π (arrows, as long as the square root of its norm). The score points to "
    "higher density, is 0 at the modes, and grows with the distance from them, where there are no samples."
)
ALT = (
    "A shaded map of a density with three elongated peaks, one upper left, one right and one at the bottom, with "
    "contour lines. A grid of arrows lies over it: they point towards the peaks, are long at the margin of the map, "
    "shrink to nothing at the peaks, and part where the valleys between the peaks run."
)

MIXTURE = (
    np.array([0.4, 0.35, 0.25]),
    np.array([[-1.5, 1.0], [1.6, 0.6], [0.0, -1.6]]),
    np.array([[[0.5, 0.25], [0.25, 0.4]], [[0.3, -0.12], [-0.12, 0.6]], [[0.7, 0.0], [0.0, 0.25]]]),
)


class Data(NamedTuple):
    """A fine grid (n,) of both axes with the density (n, n) on it, and points (m, m, 2) with the score there."""

    grid: Array
    density: Array
    points: Array
    score: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """The exact density and score, on a finer grid at full quality."""
    grid = np.linspace(-4, 4, 121 if quality == "draft" else 401)
    points = np.stack(np.meshgrid(*[np.linspace(-3.6, 3.6, 17)] * 2), -1)
    density = np.exp(mixture_log_density(np.stack(np.meshgrid(grid, grid), -1), *MIXTURE))
    return Data(grid, density, points, mixture_score(points, *MIXTURE))


def draw(data: Data) -> Figure:
    """Arrows over the density."""
    figure = Figure(figsize=(6.4, 6))
    axes = figure.subplots()
    axes.pcolormesh(data.grid, data.grid, data.density, cmap="Greys", vmax=1.4 * data.density.max(), rasterized=True)
    levels = data.density.max() * np.linspace(0.1, 0.9, 5)
    axes.contour(data.grid, data.grid, data.density, levels, colors="0.35", linewidths=0.7)
    arrows = data.score / np.sqrt(np.linalg.norm(data.score, axis=-1, keepdims=True))
    axes.quiver(*data.points.T, *arrows.T, color="C0", pivot="tail", width=0.0035)
    axes.set(xlabel="$a_1$", ylabel="$a_2$", aspect="equal", title=r"density $\pi$ and score $\nabla\log\pi$")
    axes.grid(False)
    return figure
