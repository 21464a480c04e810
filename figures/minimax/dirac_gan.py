"""Two ways to train the Dirac-GAN, and neither arrives."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.minimax.dirac_gan import alternating_step, simultaneous_step, standard_slope, vector_field

SLIDE = "Difficulties of GAN training"
ROWS = ("M02", "M03")
CAPTION = (
    "Simultaneous (SimGD) and alternating (AltGD) gradient descent on the Dirac-GAN with the standard GAN's loss: "
    "learning rate h = 0.2, 500 steps from (1, 1), in red. Each step of SimGD multiplies the distance ‖z‖ to the "
    "equilibrium by √(1 + h²f′(θψ)²) > 1, so it spirals outwards for every h; AltGD goes round and round. "
    "Arrows: the field v(θ, ψ), whose flow conserves θ² + ψ²."
)
ALT = (
    "Two panels with the generator's parameter theta across and the discriminator's parameter psi upwards; grey arrows "
    "turn anticlockwise around the equilibrium at the origin. Left, SimGD: from the red start at (1, 1) the iterates "
    "spiral outwards, from distance 1.4 to distance 3.1. Right, AltGD: the iterates go round a thin ring at distance "
    "1.4 and neither approach the equilibrium nor leave."
)


class Data(NamedTuple):
    """Learning rate, iterates (num_steps + 1, 2) of both methods, and the field v at points, both (n, n, 2)."""

    h: float
    simultaneous: Array
    alternating: Array
    points: Array
    field: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """500 steps of both methods from (1, 1); the same at every quality."""
    h, num_steps = 0.2, 500
    points = np.stack(np.meshgrid(*[np.linspace(-3.2, 3.2, 17)] * 2), -1)
    return Data(
        h=h,
        simultaneous=_iterates(simultaneous_step, h, num_steps),
        alternating=_iterates(alternating_step, h, num_steps),
        points=points,
        field=vector_field(points, standard_slope),
    )


def _iterates(step: Callable, h: float, num_steps: int) -> Array:
    z = [np.array([1.0, 1.0])]
    for _ in range(num_steps):
        z.append(step(z[-1], h, standard_slope))
    return np.array(z)


def draw(data: Data) -> Figure:
    """SimGD on the left, AltGD on the right, over the same field."""
    figure = Figure(figsize=(9, 5.2), layout="compressed")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_run(left, data.simultaneous, data)
    _draw_run(right, data.alternating, data)
    start, *_, end = np.linalg.norm(data.simultaneous, axis=1)
    left.set(title=f"SimGD: ‖z‖ grows from {start:.2f} to {end:.2f}", ylabel=r"discriminator $\psi$")
    norms = np.linalg.norm(data.alternating, axis=1)
    right.set(title=f"AltGD: ‖z‖ stays between {norms.min():.2f} and {norms.max():.2f}")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _draw_run(axes: Axes, z: Array, data: Data) -> None:
    axes.quiver(*data.points.T, *data.field.T, color="0.75", width=0.004, pivot="middle")
    axes.plot(*z.T, color="C0", linewidth=0.7, marker="o", markersize=2.4, label="iterates $z$")
    axes.plot(*z[0], "o", color="red", markeredgecolor="black", markersize=8, label="start")
    axes.plot(0, 0, "+", color="black", markersize=12, markeredgewidth=2, label="equilibrium")
    axes.set(xlabel=r"generator $\theta$", aspect="equal", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5))
    axes.grid(False)
