"""How the neurons of two layers move in training: lazy, in between, and not lazy."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.networks.initialization import Scales, sample_weights, scales
from refimpl.networks.lazy_training import relative_changes
from refimpl.networks.non_lazy import small_scales
from refimpl.networks.phase_diagram import curvature_bound
from refimpl.networks.training import gradient_descent

SLIDE = "Robustness in deep learning: visualization for lazy training regime"
ROWS = ("N08", "N10")
CAPTION = (
    "Neurons of two-layer ReLU networks in training: rows of X₁ in the plane, in units of their root mean square at "
    "the start (grey: where each began; line: its path; dot: its end), for NTK (lazy), LeCun (lazy too, and its first"
    " layer moves least) and β = m^(−c), c = 1.75 (not lazy). Four points (triangles show their directions, upwards "
    "for positive labels, downwards for negative ones), gradient descent until the loss is gone. Over each panel the "
    "relative change ‖ΔX₁‖_F/‖X₁‖_F. Small neurons forget where they began and gather along few directions: all of "
    "them have left the middle, and the units of the third panel are large."
)
ALT = (
    "Three square panels of dots in the plane. In the first two the dots form a round cloud and hardly move from "
    "their grey origins. In the third all origins lie in the middle, and long lines lead from there to ends far out, "
    "along a few directions."
)

NAMES = ("NTK: lazy", "LeCun: lazy", "$\\beta = m^{-1.75}$: not lazy")


class Data(NamedTuple):
    """First layers (3, r, m, 2) over time in units of their size at the start, changes (3,), points (4, 2), labels."""

    neurons: Array
    change: Array
    a: Array
    b: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """One network of each kind, of width 400 (draft: 100)."""
    m, angles = (100 if quality == "draft" else 400), 2 * np.pi * np.arange(4) / 4 + 0.3
    a, b = np.stack([np.cos(angles), np.sin(angles)], -1), np.array([1.0, -0.7, 0.8, -0.5])
    kinds = (scales("ntk", 2, m), scales("lecun", 2, m), small_scales(1.75, m))
    paths = [_train(one, a, b, m, rng) for one in kinds]
    change = [relative_changes(path, "fro")[0, -1] for path in paths]
    return Data(np.stack([path[0] / np.sqrt((path[0][0] ** 2).mean()) for path in paths]), np.array(change), a, b)


def _train(scales: Scales, a: Array, b: Array, m: int, rng: np.random.Generator) -> list[Array]:
    start = sample_weights(scales, 2, m, 2, rng)
    return gradient_descent(start, a, b, lambda X: 0.5 / curvature_bound(X, a, b, scales.alpha), 400, 100).weights


def draw(data: Data) -> Figure:
    """A panel a regime."""
    figure = Figure(figsize=(13, 4.9))
    for axes, path, change, name in zip(figure.subplots(1, 3), data.neurons, data.change, NAMES, strict=True):
        axes.plot(*path.transpose(2, 0, 1), color="C0", linewidth=0.6, linestyle="-", alpha=0.6)
        axes.plot(*path[0].T, ".", color="0.6", markersize=4)
        axes.plot(*path[-1].T, ".", color="C0", markersize=4)
        reach = 1.1 * np.abs(path).max()
        for point, label in zip(data.a, data.b, strict=True):
            axes.plot(*(0.95 * reach * point), "^" if label > 0 else "v", color="C4", markersize=9)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="$(X_1)_{k1}$")
        axes.set_title(f"{name}\nrelative change {float(f'{change:.2g}'):g}", loc="left")
    figure.axes[0].set_ylabel("$(X_1)_{k2}$")
    return figure
