"""Attacks in the balls of ℓ∞ and ℓ₂, and the boundaries that they leave."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from refimpl.arguments.arrays import Array
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network, random_layers
from refimpl.backpropagation.mlp import forward
from refimpl.robustness.adversarial import fgsm, pgd
from refimpl.robustness.robust_training import adversarial_training, input_gradient
from refimpl.robustness.worst_case_milp import worst_case

SLIDE = "Robustness examples in ML"
ROWS = ("R01",)
CAPTION = (
    "Attacks on a ReLU network of two layers of 20 neurons that tells two half moons apart. Left and middle: the "
    "loss of one input a (square; darker: larger) around the ball of radius ε = 0.08, in ℓ∞ and in ℓ₂; one step as "
    "long as the ball allows (triangle; for ℓ∞ that is FGSM), the path of PGD (dots), the worst input of the ball "
    "(star), for ℓ∞ by a mixed-integer program, for ℓ₂ the best of a fine grid, and the boundary between the classes "
    "(line). Of the inputs that are read rightly the one is shown on which FGSM falls shortest of the worst loss: "
    "where the gradient at a points elsewhere, PGD may miss the worst input too, and accuracy under attack is then "
    "too high. Right: boundaries of this network (ERM, dashed) and of one of the same size trained against attacks "
    "of radius ε in ℓ∞ (solid), among the points with their balls: the second stays out of them where it can."
)
ALT = (
    "Left, a square and, middle, a circle around a small square marker; the loss is dark beyond a kinked line that "
    "cuts off a part of the ball. A dotted path runs straight from the input to the boundary of the ball, where a "
    "triangle lies too; a star marks another place of the boundary, in the dark. Right, two interleaved half moons "
    "of circles and crosses in shaded boxes; a dashed line cuts through boxes of both colours, a solid one winds "
    "between them."
)
EPS, WIDTHS, BATCH = 0.08, (2, 20, 20, 2), 50
PIXELS = (0.0, 1.0)


class View(NamedTuple):
    """Loss (k, k) on a square of coordinates (k,), (k,) around an input, where attacks lead, and the losses there.

    The rows of `points` are the input, one step, the worst input; those of `path` PGD's iterates.
    """

    x: Array
    y: Array
    loss: Array
    margin: Array
    points: Array
    losses: Array
    path: Array


class Data(NamedTuple):
    """Views of ℓ∞ and ℓ₂; points (n, 2), labels (n,), and on a grid (k,) the margins (k, k) of both networks."""

    inf: View
    two: View
    a: Array
    labels: Array
    grid: Array
    erm: Array
    robust: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Two networks trained in 1500 steps (full: 6000) on 80 points; views of 161² (full: 321²) points."""
    num_steps, size = (6000, 321) if quality == "full" else (1500, 161)
    a, labels = half_moons(40, rng)
    start, *batches = rng.spawn(3)
    h = Network(random_layers(WIDTHS, start), relu)
    erm, robust = (
        adversarial_training(h, a, labels, eps, batch, num_steps, 0.01, BATCH, 5)
        for eps, batch in zip((0.0, EPS), batches, strict=True)
    )
    chosen = furthest_from_its_step(erm, a, labels)
    views = (view(erm, a[chosen], int(labels[chosen]), norm, size) for norm in ("inf", "2"))
    grid = np.linspace(0, 1, size)
    plane = np.stack(np.meshgrid(grid, grid), -1)
    margins = (_margins(one, plane, 1) for one in (erm, robust))
    return Data(*views, a, labels, grid, *margins)


def half_moons(n: int, rng: np.random.Generator) -> tuple[Array, np.ndarray]:
    """Two interleaved half circles of n points each, with noise, in the unit square."""
    t = rng.uniform(0, np.pi, (2, n))
    x = np.concatenate([np.cos(t[0]), 1 - np.cos(t[1])]), np.concatenate([np.sin(t[0]), 0.3 - np.sin(t[1])])
    a = np.stack(x, -1) + 0.04 * rng.standard_normal((2 * n, 2))
    low, high = a.min(0), a.max(0)
    return 0.1 + 0.8 * (a - low) / (high - low), np.repeat([0, 1], n)


def _margins(h: Network, a: Array, label: int) -> Array:
    """Output of a class less that of the other."""
    u = forward(h, a)
    return u[..., label] - u[..., 1 - label]


def margin_network(h: Network, label: int) -> Network:
    """The network whose one output is the margin of a class."""
    W, b = h.layers[-1]
    return h._replace(layers=(*h.layers[:-1], Layer(W[[label]] - W[[1 - label]], b[[label]] - b[[1 - label]])))


def furthest_from_its_step(h: Network, a: Array, labels: Array) -> int:
    """The input, of those read rightly, on which FGSM falls shortest of the worst margin."""
    steps = fgsm(input_gradient(h, labels), a, EPS)
    short = np.full(len(a), -np.inf)
    for i, label in enumerate(labels.tolist()):
        if _margins(h, a[i], label) > 0:
            worst = worst_case(margin_network(h, label), a[i], EPS)
            short[i] = _margins(h, steps[i], label) - worst.value
    return int(short.argmax())


def view(h: Network, a: Array, label: int, norm: str, size: int) -> View:
    """One input under attacks in a norm."""
    grad, around = input_gradient(h, np.array([label])), 1.35 * EPS * np.linspace(-1, 1, size)
    square = np.stack(np.meshgrid(a[0] + around, a[1] + around), -1)
    path = [pgd(grad, a[None], EPS, EPS / 6, k, norm)[0] for k in range(31)]
    step = fgsm(grad, a[None], EPS, norm)[0]
    margin = _margins(h, square, label)
    if norm == "inf":
        worst = worst_case(margin_network(h, label), a, EPS).a
    else:
        outside = np.linalg.norm(square - a, axis=-1) > EPS
        worst = square[np.unravel_index(np.where(outside, np.inf, margin).argmin(), margin.shape)]
    points = np.array([a, step, path[-1], worst])
    losses = np.logaddexp(0, -_margins(h, points, label))
    return View(a[0] + around, a[1] + around, np.logaddexp(0, -margin), margin, points, losses, np.array(path))


def draw(data: Data) -> Figure:
    """Both balls, and the boundaries."""
    figure = Figure(figsize=(13.5, 5.3), layout="compressed")
    left, middle, right = figure.subplots(1, 3)
    top = max(data.inf.loss.max(), data.two.loss.max())
    for axes, one, norm in ((left, data.inf, r"\infty"), (middle, data.two, "2")):
        _draw_view(axes, one, norm, top)
    _draw_boundaries(right, data)
    return figure


def _draw_view(axes: Axes, view: View, norm: str, top: float) -> None:
    axes.contourf(view.x, view.y, view.loss, levels=np.linspace(0, top, 25), cmap="Greys", vmax=1.3 * top)
    axes.contour(view.x, view.y, view.margin, levels=[0], colors="white", linewidths=2.5)
    axes.contour(view.x, view.y, view.margin, levels=[0], colors="black", linewidths=0.8)
    centre = view.points[0]
    edge = {"fill": False, "edgecolor": "C0", "linewidth": 2}
    axes.add_patch(Circle(centre, EPS, **edge) if norm == "2" else Rectangle(centre - EPS, 2 * EPS, 2 * EPS, **edge))
    axes.plot(*view.path.T, "o-", color="C1", markersize=4, linewidth=1)
    names = ("input", "one step", "PGD", "worst")
    for point, loss, name, marker, color, size in zip(
        view.points, view.losses, names, "s^o*", ("C0", "C4", "C1", "C5"), (8, 10, 7, 15), strict=True
    ):
        label = f"{name}: {loss:.2f}"
        axes.plot(*point, marker, color=color, markersize=size, markeredgecolor="white", label=label, linestyle="")
    axes.set(aspect="equal", xlabel="$a_1$", ylabel="$a_2$", title=rf"loss in the ball of $\ell_{norm}$")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    axes.grid(visible=False)


def _draw_boundaries(axes: Axes, data: Data) -> None:
    for label, marker, color in ((0, "o", "C0"), (1, "x", "C4")):
        chosen = data.a[data.labels == label]
        axes.plot(*chosen.T, marker, color=color, markersize=4)
        for point in chosen:
            axes.add_patch(Rectangle(point - EPS, 2 * EPS, 2 * EPS, color=color, alpha=0.07, linewidth=0))
    axes.contour(data.grid, data.grid, data.erm, levels=[0], colors="black", linestyles="--")
    axes.contour(data.grid, data.grid, data.robust, levels=[0], colors="black", linewidths=2.2)
    axes.plot([], [], "k--", label="ERM")
    axes.plot([], [], "k-", linewidth=2.2, label="trained against attacks")
    axes.set(aspect="equal", xlim=PIXELS, ylim=PIXELS, xlabel="$a_1$", title="boundaries")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    axes.grid(visible=False)
