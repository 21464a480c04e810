"""Training that is not lazy: how far two layers move that start small, and their stability."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.sweeping import resumed
from refimpl.arguments.arrays import Array
from refimpl.backpropagation.activations import identity
from refimpl.networks import fully_connected, initialization, lazy_training, non_lazy, phase_diagram, training
from refimpl.networks.fully_connected import input_gradient
from refimpl.networks.initialization import sample_weights
from refimpl.networks.lazy_training import lazy_ratio
from refimpl.networks.non_lazy import printed_bound, small_scales
from refimpl.networks.perturbation_stability import expected_perturbation
from refimpl.networks.phase_diagram import curvature_bound, movement_exponent
from refimpl.networks.training import gradient_descent
from refimpl.parallel import Workers

SLIDE = "Robustness in deep learning: non-lazy training experiment"
ROWS = ("N10",)
CAPTION = (
    "Two layers with α = 1 and β = m^(−c), trained at n = 4 points of the unit circle until the loss is gone. Left: "
    "the lazy-training ratio κ = Σ‖X_l(t) − X_l(0)‖_F/Σ‖X_l(0)‖_F, with the slope that the phase diagram gives at "
    "(2c, 0) (grey): 2c − 1 for c < ½, where training is lazy, c − ½ above, where it is not, c = 1 included, though "
    "the printed condition asks c > 1.5. Right: P/ε at the points, for c = 1.75. At the start it falls like m^(½−2c),"
    " more slowly than the printed n/m^(c+1.5) (as for all c < 2); after training it is the same at every width, just"
    " above what fitting the labels takes (grey: c₂E|b|): width neither helps nor hurts. Medians and ranges of the "
    "networks."
)
ALT = (
    "Two panels with logarithmic axes over the width. Left: straight lines of κ, falling for c = 0.25, rising for c ="
    " 1 and steeper for c = 1.75. Right: two falling lines, the printed bound and, less steep, P at the start; many "
    "orders above both a level line, P after training, on a level grey one."
)

CODE = (fully_connected, initialization, lazy_training, non_lazy, phase_diagram, training)
CS = (0.25, 1.0, 1.75)
SETTINGS = {"draft": ((16, 64, 256), 6), "full": ((16, 64, 256, 1024, 4096), 20)}


class Data(NamedTuple):
    """Widths (w,); κ (3, w, k) for each c; P/ε (w, k) before and after for the last c, printed bound (w,), floor."""

    m: Array
    kappa: Array
    before: Array
    after: Array
    bound: Array
    floor: float


class Training(NamedTuple):
    """So many networks of width m with β = m^(−c), drawn from a seed."""

    c: float
    m: int
    networks: int
    seed: int


def data(quality: str, rng: np.random.Generator, workers: Workers = 1) -> Data:
    """Networks of every width and c, resumed from the cache directory."""
    widths, networks = SETTINGS[quality]
    grid = list(itertools.product(CS, widths))
    seeds = rng.integers(2**32, size=len(grid)).tolist()
    items = [Training(c, m, networks, seed) for (c, m), seed in zip(grid, seeds, strict=True)]
    found = resumed("non-lazy training", ends, items, CODE, workers)
    kappa, before, after = np.moveaxis(found.reshape(len(CS), len(widths), 3, networks), 2, 0)
    _, b = _problem()
    bound = np.array([printed_bound(len(b), m, CS[-1]) for m in widths])
    floor = expected_perturbation(np.array([1.0, 0.0]), 1.0) * np.abs(b).mean()
    return Data(np.array(widths), kappa, before[-1], after[-1], bound, float(floor))


def _problem() -> tuple[Array, Array]:
    angles = 2 * np.pi * np.arange(4) / 4 + 0.3
    return np.stack([np.cos(angles), np.sin(angles)], -1), np.array([1.0, -0.7, 0.8, -0.5])


def ends(item: Training) -> Array:
    """κ at the end, and P/ε before and after (3, networks)."""
    (a, b), rng = _problem(), np.random.default_rng(item.seed)
    start = sample_weights(small_scales(item.c, item.m), 2, item.m, 2, rng, item.networks)
    path = gradient_descent(start, a, b, lambda X: 0.5 / curvature_bound(X, a, b), 350).weights
    at = ([X[t] for X in path] for t in (0, -1))
    P = [expected_perturbation(input_gradient(X, a, 1.0, identity), 1.0).mean(axis=-1) for X in at]
    return np.stack([lazy_ratio(path)[-1], *P])


def draw(data: Data) -> Figure:
    """κ on the left, P on the right."""
    figure = Figure(figsize=(11, 4.8))
    left, right = figure.subplots(1, 2)
    for c, kappa, marker in zip(CS, data.kappa, "os^", strict=True):
        guide = np.median(kappa[-1]) * (data.m / data.m[-1]) ** movement_exponent(2 * c, 0.0)
        left.plot(data.m, guide, color="0.75", linestyle="-", linewidth=5, alpha=0.6)
        _medians(left, data.m, kappa, marker, f"$c = {c}$")
    right.axhline(data.floor, color="0.75", linestyle="-", linewidth=5, alpha=0.6)
    _medians(right, data.m, data.after, "o", "after training")
    _medians(right, data.m, data.before, "s", "at the start")
    right.plot(data.m, data.bound, label=r"printed bound $n / m^{c + 1.5}$")
    left.set(ylabel=r"$\kappa$")
    right.set(ylabel=r"$\mathcal{P}(h, \epsilon) / \epsilon$", title="$c = 1.75$")
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel="width $m$")
        axes.set_xticks(data.m, [str(m) for m in data.m])
        axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
        axes.legend()
    return figure


def _medians(axes: Axes, m: Array, values: Array, marker: str, label: str) -> None:
    middle = np.median(values, axis=1)
    bars = [middle - values.min(axis=1), values.max(axis=1) - middle]
    axes.errorbar(m, middle, bars, marker=marker, markersize=5, capsize=2, label=label)
