"""Phase diagram of two-layer networks, with the six initialisations and measured exponents."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from figures.sweeping import resumed
from refimpl.arguments.arrays import Array
from refimpl.networks import fully_connected, initialization, lazy_training, phase_diagram, training
from refimpl.networks.initialization import NAMES, sample_weights
from refimpl.networks.lazy_training import relative_changes
from refimpl.networks.phase_diagram import curvature_bound, exponents, movement_exponent, place, scales_at
from refimpl.networks.training import gradient_descent
from refimpl.parallel import Workers

SLIDE = "Robustness in deep learning: initialization in deep ReLU NNs"
ROWS = ("N09",)
CAPTION = (
    "Two-layer ReLU networks of width m → ∞ with β₁β_L/α ~ m^(−γ) and β_L/β₁ ~ m^(−γ'). Shaded: the exponent s of the"
    " relative change of the first layer in training, ‖ΔX₁‖/‖X₁‖ ~ m^s; linear (lazy) where s < 0, condensed where s "
    "> 0, critical on the line s = 0. Numbers: slopes measured over widths 64 to 1024 (full: 128 to 4096) with two "
    "standard errors, at the dots. Stars: the table's initialisations, E with a fixed β_c. The table's NTK, whose "
    "factor stands in β₁, lies at (½, −½); with α = √m it would be (½, 0). Xavier and mean-field are critical."
)
ALT = (
    "A plane with γ to the right and γ' upwards, light where the exponent is negative, on the left and above, and "
    "dark on the right below; a thick line falls from γ = 1 straight down and rises from (1, 0) with slope one. "
    "Numbers near zero stand along the line, negative ones left of it, positive ones right of it. Stars mark the "
    "initialisations."
)

GRID = tuple(itertools.product((0.0, 0.5, 1.0, 1.5, 2.0, 3.0), (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)))
SETTINGS = {"draft": ((64, 256, 1024), 4), "full": ((128, 512, 2048, 4096), 24)}
CODE = (fully_connected, initialization, lazy_training, phase_diagram, training)
HALO = [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
LABELS = {"lecun": "LeCun, He", "ntk": "NTK", "xavier": "Xavier, mean-field", "e": "E"}


class Data(NamedTuple):
    """Places (n, 2), slopes and two standard errors (n,); places (6, 2) of the initialisations in the table's order."""

    places: Array
    slopes: Array
    errors: Array
    initialisations: Array


class Training(NamedTuple):
    """So many networks of width m at a place (γ, γ') of the diagram, drawn from a seed."""

    place: tuple[float, float]
    m: int
    networks: int
    seed: int


def data(quality: str, rng: np.random.Generator, workers: Workers = 1) -> Data:
    """Measured exponents at every place of the grid, resumed from the cache directory."""
    widths, networks = SETTINGS[quality]
    grid = list(itertools.product(GRID, widths))
    seeds = rng.integers(2**32, size=len(grid)).tolist()
    items = [Training(place, m, networks, seed) for (place, m), seed in zip(grid, seeds, strict=True)]
    found = resumed("phase diagram, trainings", changes, items, CODE, workers)
    x, y = np.repeat(np.log(widths), networks), np.log(found).reshape(len(GRID), -1)
    slopes, errors = np.array([_slope(x, one) for one in y]).T
    return Data(np.array(GRID), slopes, errors, np.array([place(exponents(name)) for name in NAMES]))


def changes(item: Training) -> Array:
    """Relative changes (networks,) of X₁ in training at four points of the unit circle."""
    angles, rng = 2 * np.pi * np.arange(4) / 4 + 0.3, np.random.default_rng(item.seed)
    a, b = np.stack([np.cos(angles), np.sin(angles)], -1), np.array([1.0, -0.7, 0.8, -0.5])
    s = scales_at(*item.place, item.m)
    start = sample_weights(s, 2, item.m, 2, rng, item.networks)
    path = gradient_descent(start, a, b, lambda X: 0.5 / curvature_bound(X, a, b, s.alpha), 250, 1, s.alpha)
    return relative_changes(path.weights, "fro")[0, -1]


def _slope(x: Array, y: Array) -> tuple[float, float]:
    u, v = x - x.mean(), y - y.mean()
    slope = u @ v / (u @ u)
    return slope, 2 * np.sqrt(((v - slope * u) ** 2).sum() / (len(x) - 2) / (u @ u))


def draw(data: Data) -> Figure:
    """The plane, shaded by the exponent; dots with numbers; stars."""
    figure = Figure(figsize=(11, 6.2))
    axes = figure.subplots()
    x, y = np.linspace(-0.4, 3.6, 161), np.linspace(-1.4, 1.9, 133)
    s = np.array([[movement_exponent(gamma, gamma_prime) for gamma in x.tolist()] for gamma_prime in y.tolist()])
    image = axes.pcolormesh(x, y, s, cmap="Blues", vmin=-4, vmax=4, shading="nearest", rasterized=True)
    axes.plot([1, 1, 2.9], [-1.4, 0, 1.9], color="black", linestyle="-", linewidth=2.5)
    for (gamma, gamma_prime), slope, error in zip(data.places, data.slopes, data.errors, strict=True):
        axes.plot(gamma, gamma_prime, ".", color="black", markersize=5)
        text = f"{round(slope, 2) + 0.0:.2f} ± {error:.2f}".replace("-", "−")
        below = {"xytext": (0, -13), "textcoords": "offset points", "ha": "center", "fontsize": 9}
        axes.annotate(text, (gamma, gamma_prime), **below, path_effects=HALO)
    for name, point in zip(NAMES, data.initialisations, strict=True):
        if name in LABELS:
            axes.plot(*point, "*", color="C4", markersize=15, markeredgecolor="white")
            label = {"fontsize": 11, "weight": "bold", "ha": "right", "textcoords": "offset points"}
            axes.annotate(LABELS[name], point, (-7, 7), **label, path_effects=HALO)
    for text, where in (("linear", (-0.3, 1.7)), ("condensed", (2.6, -1.3))):
        axes.text(*where, text, fontsize=14, style="italic")
    axes.set(xlabel=r"$\gamma$", ylabel=r"$\gamma'$", xlim=(-0.4, 3.6), ylim=(-1.4, 1.9))
    axes.grid(False)
    figure.colorbar(image, ax=axes, label="exponent $s$ of the relative change, as derived")
    return figure
