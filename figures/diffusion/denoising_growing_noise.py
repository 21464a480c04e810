"""Data under growing noise: in the end only their mean and variance are left."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.calculus.mixtures import mixture_log_density

SLIDE = "How to sample with a denoiser"
ROWS = ("D11",)
CAPTION = (
    "Density of X + tZ for X from a mixture of three Gaussians on the line, Z ~ N(0, 1), at growing noise t (filled), "
    "and the Gaussian N(E X, Var X + t²) (dashed). TV is half the area between the two; it falls like 1/t³. Each "
    "panel is scaled to its own standard deviation."
)
ALT = (
    "Five panels, from t = 0 to t = 8. At t = 0 the filled density has three separate peaks and the dashed Gaussian "
    "fits none of them. At t = 0.5 the peaks run together, at t = 1 two humps are left, at t = 2 one, lopsided, and "
    "at t = 8 density and Gaussian are the same curve; the total variation distance written above falls from 0.63 to "
    "below 0.01."
)

WEIGHTS, MEANS, VARIANCES = np.array([0.35, 0.15, 0.5]), np.array([-2.0, -1.0, 1.5]), np.array([0.02, 0.05, 0.04])
NOISE = (0.0, 0.5, 1.0, 2.0, 8.0)


class Data(NamedTuple):
    """Noise levels (k,), points (k, n), densities of X + tZ there and of the Gaussian, and their TV distance (k,)."""

    noise: Array
    x: Array
    density: Array
    gaussian: Array
    distance: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Exact densities; the same at every quality."""
    mean = WEIGHTS @ MEANS
    variance = WEIGHTS @ (VARIANCES + MEANS**2) - mean**2
    noise, u = np.array(NOISE), np.linspace(-4, 4, 2001)
    deviation = np.sqrt(variance + noise[:, None] ** 2)
    x = mean + deviation * u
    density = np.exp([
        mixture_log_density(row[:, None], WEIGHTS, MEANS[:, None], (VARIANCES + t**2)[:, None, None])
        for row, t in zip(x, noise, strict=True)
    ])
    gaussian = np.exp(-(u**2) / 2) / (np.sqrt(2 * np.pi) * deviation)
    distance = (np.abs(density - gaussian) * deviation).sum(axis=1) * (u[1] - u[0]) / 2
    return Data(noise, x, density, gaussian, distance)


def draw(data: Data) -> Figure:
    """A panel for each noise level."""
    figure = Figure(figsize=(13, 3.2))
    for axes, t, x, density, gaussian, distance in zip(figure.subplots(1, len(data.noise)), *data, strict=True):
        axes.fill_between(x, density, color="C0", alpha=0.35, linewidth=0)
        axes.plot(x, density, "-", color="C0", label="density of $X + tZ$")
        axes.plot(x, gaussian, "--", color="black", label=r"$N(\mathrm{E}X, \mathrm{Var}X + t^2)$")
        axes.set(title=f"$t = {t:g}$: TV {distance:.2g}", xlabel="$x$", yticks=[], xlim=(x[0], x[-1]))
    handles = figure.axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2)
    return figure
