"""Transfer of the learning rate over widths, under the standard parameterisation and under μP."""

from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from figures.sweeping import resumed
from refimpl.arguments.arrays import Array
from refimpl.backpropagation import layers, losses, mlp, optimizers
from refimpl.networks import (
    coordinate_check,
    mup,
    mup_training,
    mup_transfer,
    transformer,
    transformer_training,
)
from refimpl.networks.mup import ABC
from refimpl.networks.mup_symmetry import update_exponents
from refimpl.networks.mup_transfer import Training
from refimpl.parallel import Workers

SLIDE = "μ-transfer: transferability and empirical results"
ROWS = ("N13",)
CAPTION = (
    "Training loss (mean of the last quarter, over seeds; shaded: from the best to the worst seed) against the "
    "learning rate at the base width, for networks of several widths; stars are the minima by a parabola. Above, the "
    "standard parameterisation: the best rate falls as the width grows. Below, μP: it stays, and wider is better. "
    "From left to right two hidden layers on digits with SGD and with Adam, and a small transformer on text with "
    "Adam; at the least width both rows are the same training. Curves end where a seed diverged. With SGD a second, "
    "deeper valley opens under the standard parameterisation at rates at which training first explodes and then "
    "recovers; the star then stands there, or is missing where the valley ends in divergence. Right: sizes of the "
    "first update of SGD in each layer (root mean square of ΔX_l h⁽ˡ⁻¹⁾), with the powers −½, ½ and 1 of m under the "
    "standard parameterisation and 0 under μP. The draft has few steps, few widths and one seed."
)
ALT = (
    "Two rows of four panels. In the first three panels of a row curves of training loss over the binary logarithm of "
    "the learning rate, one for each width, darker for narrower networks, each with a star at its minimum. In the "
    "upper row the stars move left by several units as the width grows, in the lower row they stand nearly above each "
    "other. In the last panel, on doubly logarithmic axes, sizes of updates of three layers over the width: falling, "
    "rising and rising faster above, level below."
)

BASE = {"MLP, SGD": 32, "MLP, Adam": 32, "transformer, Adam": 16}
ROWS = ("standard parameterisation", "μP")
SETTINGS: dict[str, dict[str, Any]] = {
    "draft": {"widths": (3, 3, 3), "seeds": 1, "steps": 40, "batch": 32, "check": (64, 128, 256, 512)},
    "full": {"widths": (5, 5, 4), "seeds": 3, "steps": 100, "batch": 64, "check": (64, 256, 1024, 8192)},
}
EXPONENTS = {"MLP, SGD": np.arange(-6, 4), "MLP, Adam": np.arange(-10, -1), "transformer, Adam": np.arange(-10, -1)}
CODE = (layers, losses, mlp, mup, mup_training, mup_transfer, optimizers, transformer)
COARSE, FINE = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0), (2.2, 2.4, 2.6, 2.8, 3.0, 3.3)
L = 2


class Data(NamedTuple):
    """For each setting log₂ η (n,), widths (k,), losses (2, k, n, seeds) under SP and μP, and best log₂ η* (2, k).

    Widths (w,) of the coordinate check, and sizes (2, w, L + 1) of the first updates.
    """

    rates: dict[str, Array]
    widths: dict[str, Array]
    losses: dict[str, Array]
    best: dict[str, Array]
    checked: Array
    sizes: Array


def data(quality: str, rng: np.random.Generator, workers: Workers = 1) -> Data:
    """Trainings of all settings, whose seeds are 0, 1, 2, resumed from the cache directory; `rng` draws the check."""
    settings = SETTINGS[quality]
    numbers = zip(BASE.items(), settings["widths"], strict=True)
    widths = {name: base * 2.0 ** np.arange(k) for (name, base), k in numbers}
    losses = {name: _losses(name, widths[name], quality, workers) for name in BASE}
    best = {name: np.array([[_best(name, one) for one in row] for row in losses[name]]) for name in BASE}
    checked = np.array(settings["check"], float)
    sizes = np.array([[_sizes(abc, int(m), rng) for m in checked] for abc in (mup.abc_standard(L), mup.abc_mup(L))])
    return Data(EXPONENTS, widths, losses, best, checked, sizes)


def _losses(name: str, widths: Array, quality: str, workers: Workers) -> Array:
    """Last losses (2, widths, rates, seeds) of one setting."""
    settings, optimizer = SETTINGS[quality], name.split(", ")[1].lower()
    rows = ((mup.abc_standard(L), 0.5), (mup.abc_mup(L, optimizer), 1.0))
    items = [
        (name, Training(abc, optimizer, 2.0**x, int(m), BASE[name], settings["steps"], settings["batch"], seed), alpha)
        for abc, alpha in rows
        for m in widths
        for x in EXPONENTS[name]
        for seed in range(settings["seeds"])
    ]
    found = resumed(name, last_loss, items, (*CODE, transformer_training), workers)
    return found.reshape(2, len(widths), len(EXPONENTS[name]), settings["seeds"])


def last_loss(item: tuple[str, Training, float]) -> Array:
    """Mean of the last quarter of a training's losses."""
    name, training, alpha = item
    if name.startswith("MLP"):
        losses = mup_transfer.training_losses(training)
    else:
        losses = transformer_training.transformer_losses(training._replace(batch=training.batch // 4), alpha)
    return np.mean(losses[-(training.steps // 4) :])


def _best(name: str, losses: Array) -> float:
    """log₂ η* of the mean over seeds; NaN where the least loss is not inside the grid."""
    try:
        return float(np.log2(mup_transfer.best_rate(2.0 ** EXPONENTS[name], losses.mean(-1))))
    except ValueError:
        return np.nan


def _sizes(abc: ABC, m: int, rng: np.random.Generator) -> Array:
    """Sizes of the updates of a first step of SGD on random inputs of norm 1 with random labels."""
    a, y = rng.standard_normal((32, 16)), rng.integers(0, 10, 32)
    a = a / np.linalg.norm(a, axis=-1, keepdims=True)
    weights = mup_training.random_weights(abc, 16, m, 10, rng)
    state, _ = mup_training.train_step(abc, mup_training.start(weights), a, y, 0.1)
    before, after = (mup_training.network_of(abc, one) for one in (weights, mup_training.parameters(state)))
    return coordinate_check.update_sizes(before, after, a)


def draw(data: Data) -> Figure:
    """A row a parameterisation: three panels of losses, one of sizes."""
    figure = Figure(figsize=(15, 7.6))
    panels = figure.subplots(2, 4, gridspec_kw={"width_ratios": [1, 1, 1, 0.9]})
    for k, name in enumerate(BASE):
        for row in range(2):
            axes = panels[row, k]
            _curves(axes, data, name, row)
            axes.set_title(f"{ROWS[row]}\n{name}" if k == 0 else name, loc="left")
        limits = [panels[row, k].get_ylim() for row in range(2)]
        low, high = min(low for low, _ in limits), max(high for _, high in limits)
        ticks = [loss for loss in (COARSE if low < 1 else FINE) if low < loss < high]
        for row in range(2):
            panels[row, k].set_yscale("log")
            panels[row, k].set_yticks(ticks, [f"{loss:g}" for loss in ticks])
            panels[row, k].set_yticks([], minor=True)
            panels[row, k].set_ylim(max(low, 0.9 * data.losses[name].min()), 1.2 * high)
        panels[1, k].set_xlabel(r"$\log_2 \eta$")
    for row in range(2):
        _check(panels[row, 3], data, row)
        panels[row, 0].set_ylabel("training loss")
    panels[1, 3].set_xlabel("width $m$")
    return figure


def _curves(axes: Any, data: Data, name: str, row: int) -> None:
    x, losses = data.rates[name], data.losses[name][row]
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.85, len(losses)))
    top = 1.15 * max(one[0].mean() for one in data.losses[name][0])
    for m, one, best, colour, marker in zip(
        data.widths[name], losses, data.best[name][row], colours, "os^Dv", strict=False
    ):
        mean = one.mean(-1)
        shown = np.isfinite(mean) & (mean < top)
        axes.plot(x[shown], mean[shown], color=colour, marker=marker, linestyle="-", markersize=4, label=f"{m:.0f}")
        axes.fill_between(x[shown], one.min(-1)[shown], one.max(-1)[shown], color=colour, alpha=0.15, linewidth=0)
        if np.isfinite(best):
            axes.plot(best, np.interp(best, x, mean), "*", color=colour, markersize=14, markeredgecolor="black")
    axes.legend(title="$m$", fontsize=8, ncols=2, loc="upper center")


def _check(axes: Any, data: Data, row: int) -> None:
    slopes = update_exponents((mup.abc_standard(L), mup.abc_mup(L))[row])
    for l, (sizes, slope, marker) in enumerate(zip(data.sizes[row].T, slopes, "os^", strict=True), start=1):
        (line,) = axes.loglog(
            data.checked, sizes, marker=marker, linestyle="none", label=f"$l = {l}$: $m^{{{slope:g}}}$"
        )
        middle = np.exp(np.mean(np.log(sizes)) - slope * np.mean(np.log(data.checked)))
        axes.loglog(data.checked, middle * data.checked**slope, color=line.get_color(), linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(data.checked, [f"{m:.0f}" for m in data.checked])
    axes.set_ylim(data.sizes.min() / 2, 2 * data.sizes.max())
    axes.set_title("first update of SGD", loc="left")
    axes.set_ylabel(r"$|\Delta X_l h^{(l-1)}|$")
    axes.legend(fontsize=8)
