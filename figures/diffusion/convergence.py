"""How far reverse diffusion ends from its data: measured, and bounded."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.diffusion.convergence import exponential_law, isotropic_total_variation
from refimpl.diffusion.girsanov import path_divergence, total_variation_bound
from refimpl.sampling.metrics import total_variation

SLIDE = "Theoretical guarantees"
ROWS = ("D18",)
CAPTION = (
    "Total variation between data N(m, vI) and what the theorem's method makes of N(0, I), exactly, against the bound "
    "(with the constant 1) and against √(KL/2) of the whole paths, which the proof bounds. The paths follow the bound "
    "in everything. What comes out at the end is nearer: like h where the bound has √h, like e^(−2T) instead of "
    "e^(−T), and it does not grow with T. In the dimension p and in the score's error ε the bound's powers are right."
)
ALT = (
    "Four logarithmic panels, each with three curves: the bound highest, dashed; the paths' below, dotted; what was "
    "measured at the end lowest, solid. Against the step h: slopes one half, one half and 1. Against p: all one half. "
    "Against T: the bound falls, then rises slowly; the measured distance falls twice as steeply to a level where it "
    "stays. Against ε: level at first, then all rise with slope 1."
)

MEAN, VARIANCE = 1.0, 0.5


class Data(NamedTuple):
    """For the step h, the dimension p, the time T and the error ε of the score: values (n,), and (3, n) for the bound,
    for the paths and for the law at the end."""

    steps: Array
    by_step: Array
    dimensions: Array
    by_dimension: Array
    times: Array
    by_time: Array
    errors: Array
    by_error: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact laws; more values at full quality."""
    n = 7 if quality == "draft" else 21
    steps = 4.0 / np.unique(np.round(np.geomspace(8, 4000, n)))
    dimensions = np.unique(np.round(np.geomspace(1, 300, n)))
    times, errors = np.linspace(0.5, 6, 2 * n), np.geomspace(1e-4, 0.3, n)
    return Data(
        *(steps, _each(lambda h: _line(0.0, 4.0, round(4 / h), 0.0), steps)),
        *(dimensions, _each(lambda p: _isotropic(int(p), 6.0, 3000), dimensions)),
        *(times, _each(lambda T: _line(MEAN, T, round(400 * T), 0.0), times)),
        *(errors, _each(lambda e: _line(0.0, 4.0, 2000, e), errors)),
    )


def _each(function: Callable[[float], list[float]], values: Array) -> Array:
    return np.array([function(float(value)) for value in values]).T


def _line(m: float, T: float, num_steps: int, error: float) -> list[float]:
    """Bound, paths and end for data N(m, v) on the line."""
    grid = np.linspace(-7, 7, 4001)
    end = exponential_law(m, VARIANCE, T, num_steps, error=error)
    distance = total_variation(_density(m, VARIANCE), _density(*end), grid)
    return [*_bounds(np.array([m]), T, num_steps, np.array([error])), distance]


def _isotropic(p: int, T: float, num_steps: int) -> list[float]:
    """Bound, paths and end for data N(0, vI)."""
    end = exponential_law(0.0, VARIANCE, T, num_steps)[1]
    return [*_bounds(np.zeros(p), T, num_steps, np.zeros(p)), isotropic_total_variation(VARIANCE, end, p)]


def _bounds(m: Array, T: float, num_steps: int, error: Array) -> tuple[float, float]:
    p, v = len(m), VARIANCE
    kl = (p * (v - 1 - np.log(v)) + m @ m) / 2
    terms = total_variation_bound(kl, 1 / v, np.sqrt(p * v + m @ m), p, T, num_steps, np.sqrt(error @ error))
    return sum(terms), float(np.sqrt(path_divergence(m, v, T, num_steps, error) / 2))


def _density(m: float, v: float) -> Callable[[Array], Array]:
    return lambda x: np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)


def draw(data: Data) -> Figure:
    """A panel for each of the four."""
    figure = Figure(figsize=(12, 3.6))
    panels = figure.subplots(1, 4)
    columns = (
        (r"step $h$  ($T = 4$)", data.steps, data.by_step),
        (r"dimension $p$  ($h = 1/500$)", data.dimensions, data.by_dimension),
        (r"time $T$  ($h = 1/400$)", data.times, data.by_time),
        (r"score error $\epsilon$  ($h = 1/500$)", data.errors, data.by_error),
    )
    for axes, (label, values, curves) in zip(panels, columns, strict=True):
        for curve, name, line in zip(curves, ("bound", "paths", "end"), ("--", ":", "-"), strict=True):
            axes.plot(values, curve, line, label=name)
        axes.set(xscale="log", yscale="log", xlabel=label)
    panels[2].set_xscale("linear")
    panels[0].set_ylabel("total variation")
    panels[0].legend()
    return figure
