"""Where gradient descent and SAM end among sharp and flat minima."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array, Field
from refimpl.robustness.landscapes import factorization
from refimpl.robustness.sharpness import sam_step
from refimpl.sampling.targets import gaussian_mixture

SLIDE = "Robustness examples in ML"
ROWS = ("R02",)
CAPTION = (
    "Left: f(x) = ½(x₁x₂ − 1)², whose minima fill the curve x₁x₂ = 1. From four starts gradient descent (dashed) "
    "ends at the minimum it meets first (squares); SAM (solid, ε = 0.25) goes on along the curve to the flattest "
    "minimum (1, 1) (dots). Middle: the trace of the Hessian along these paths; it is least, 2, at (1, 1), and x₁² − "
    "x₂² falls under SAM by about 1 − 2αε² a step. Right: a sharp, deeper well and a flat one, f = −log of two "
    "Gaussians, along the line through both. The worst loss max f(x + η) over ‖η‖₂ ≤ ε, ε = 1 (solid), is least at "
    "the flat minimum (star), the loss itself (dashed) at the sharp one, where gradient descent stays (square). SAM "
    "from there leaves the well but comes to rest (dot) at distance ε, where x + η is the sharp minimum and the "
    "gradient there is 0: one step of ascent is not the inner maximum."
)
ALT = (
    "Left, contour lines of a curved valley; short dashed paths run straight down to it, solid ones then follow it "
    "from both ends to the point (1, 1). Middle, traces against the number of steps on a logarithmic axis: dashed "
    "ones level off at different heights between 2 and 12, solid ones fall together to 2. Right, two curves over a "
    "line from −3.2 to 4: the dashed one has a deep narrow and a shallow wide minimum, the solid one only a wide one "
    "on the right; a dot sits on the slope between the wells, one unit from the narrow minimum."
)

STARTS = np.array([[3.2, 0.7], [2.2, 1.3], [0.5, 2.9], [1.2, 2.4]])
ALPHA, EPS = 0.02, 0.25
SHARP, FLAT = np.array([-1.5, 0.0]), np.array([1.5, 0.0])


class Data(NamedTuple):
    """Paths (k, 4, 2) of descent and of SAM in the valley with their traces (k, 4), and steps (k,); along the line (n,)
    loss and worst loss (n,), and where descent and SAM end on it."""

    steps: Array
    descent: Array
    sam: Array
    descent_trace: Array
    sam_trace: Array
    line: Array
    loss: Array
    worst: Array
    descent_end: Array
    sam_end: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Paths of 4000 steps in the valley (full: 8000), of 3000 from the sharp well; worst losses on discs of points."""
    valley, wells = factorization(), gaussian_mixture([0.2, 0.8], [SHARP, FLAT], [np.eye(2) / 16, np.eye(2)])
    num_steps = 8000 if quality == "full" else 4000
    steps = np.unique(np.rint(np.append(0, np.geomspace(1, num_steps, 150))).astype(int))
    descent, sam = (path(valley.grad_f, STARTS, eps, steps) for eps in (0.0, EPS))
    ends = [path(wells.grad_f, SHARP + 0.05, eps, np.array([0, 3000]))[-1] for eps in (0.0, 1.0)]
    line, t = np.linspace(-3.2, 4, 361), np.linspace(0, 2 * np.pi, 181)
    disc = (np.linspace(0, 1, 21)[:, None, None] * np.stack([np.cos(t), np.sin(t)], -1)).reshape(-1, 2)
    x = np.stack([line, 0 * line], -1)
    worst = wells.f(x[:, None] + disc).max(1)
    return Data(steps, descent, sam, valley.trace(descent), valley.trace(sam), line, wells.f(x), worst, *ends)


def path(grad_f: Field, x: Array, eps: float, steps: Array) -> Array:
    """SAM's states after these numbers of steps; descent's at ε = 0."""
    states = [x]
    for count in np.diff(steps):
        for _ in range(count):
            x = sam_step(grad_f, x, eps, ALPHA)
        states.append(x)
    return np.array(states)


def draw(data: Data) -> Figure:
    """The valley, the traces, the two wells."""
    figure = Figure(figsize=(13.5, 4.6))
    left, middle, right = figure.subplots(1, 3)
    _draw_valley(left, data)
    middle.plot(data.steps[1:], data.sam_trace[1:], "-", color="C0")
    middle.plot(data.steps[1:], data.descent_trace[1:], "--", color="C4")
    middle.axhline(2, color="black", linewidth=0.8, linestyle=":")
    middle.set(xscale="log", xlabel="steps", ylabel=r"$\mathrm{tr}\, \nabla^2 f$", ylim=(0, None))
    _draw_wells(right, data)
    return figure


def _draw_valley(axes: Axes, data: Data) -> None:
    u = np.linspace(0.02, 3.5, 300)
    grid = np.stack(np.meshgrid(u, u), -1)
    axes.contour(u, u, np.sqrt(factorization().f(grid)), levels=12, colors="0.8", linewidths=0.8)
    axes.plot(u, 1 / u, color="0.5", linewidth=1, linestyle=":")
    for k in range(len(STARTS)):
        axes.plot(*data.sam[:, k].T, "-", color="C0", label="SAM" if k == 0 else None)
        axes.plot(*data.descent[:, k].T, "--", color="C4", label="gradient descent" if k == 0 else None)
    axes.plot(*data.descent[-1].T, "s", color="C4")
    axes.plot(*data.sam[-1].T, "o", color="C0")
    axes.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(0, 3.5), ylim=(0, 3.5), aspect="equal")
    axes.legend(loc="upper right")
    axes.grid(visible=False)


def _draw_wells(axes: Axes, data: Data) -> None:
    axes.plot(data.line, data.worst, "-", color="C0", label=r"$\max_{\|\eta\| \leq \epsilon} f(x + \eta)$")
    axes.plot(data.line, data.loss, "--", color="C4", label="$f(x)$")
    for end, marker, color in ((data.descent_end, "s", "C4"), (data.sam_end, "o", "C0")):
        axes.plot(end[0], np.interp(end[0], data.line, data.loss), marker, color=color, markersize=8, zorder=5)
    axes.plot(data.line[data.worst.argmin()], data.worst.min(), "*", color="black", markersize=12, zorder=5)
    axes.set(xlabel="$x_1$, $x_2 = 0$", ylim=(0, 12))
    axes.legend(loc="upper right")
