"""Handwritten digits, optimally denoised: one sample, or an average of thousands."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from refimpl.arguments.arrays import Array
from refimpl.data import digits
from refimpl.diffusion.empirical import empirical_weights, weight_entropy
from refimpl.diffusion.tweedie import empirical_denoiser

SLIDE = "Examples of optimal denoising on MNIST"
ROWS = ("D09", "D10")
CAPTION = (
    "Three digits, each under the same noise at growing levels (upper rows; pixels in [0, 1], standard deviation σ a "
    "pixel), and the optimal denoiser E[X | X_σ] when X is one of the other 9,997 digits (lower rows): the three are "
    "held out. Under each result, how many digits it averages: e to the entropy of their weights. Little noise: the "
    "nearest digit of the data, a true digit though not the one on the left. Much noise: an average of thousands, "
    "nearly the mean of all. Noisy pictures are shaded from −2σ to 1 + 2σ, the others from 0 to 1."
)
ALT = (
    "Three pairs of rows of small pictures, a pair for each of three handwritten digits; on the left the digit itself. "
    "In the upper row of each pair it disappears behind noise as sigma grows from 0.1 to 30. The lower row shows the "
    "denoised picture and a count: up to sigma 1 a sharp similar digit, made of one to four; at sigma 2 a blend of "
    "dozens, at 3 of hundreds, a stroke still to be seen; then a blur of thousands; at sigma 30 the same grey blob for "
    "all three, made of nearly all digits."
)

SIGMAS = (0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)


class Data(NamedTuple):
    """Digits held out (k, 784), noise levels (s,), noisy and denoised digits (k, s, 784), digits averaged (k, s)."""

    clean: Array
    sigmas: Array
    noisy: Array
    denoised: Array
    averaged: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Three digits with different labels, denoised by the others; the same at every quality."""
    images, labels = digits.load()
    shown = np.array([rng.choice(np.flatnonzero(labels == label)) for label in rng.choice(10, 3, replace=False)])
    others = np.delete(images, shown, axis=0)
    clean, sigmas = images[shown], np.array(SIGMAS)
    noisy = clean[:, None] + sigmas[:, None] * rng.standard_normal((len(shown), 1, images.shape[1]))
    columns = list(zip(np.moveaxis(noisy, 1, 0), sigmas, strict=True))
    denoised = np.stack([empirical_denoiser(x, others, sigma) for x, sigma in columns], axis=1)
    entropy = np.stack([weight_entropy(empirical_weights(x, others, sigma)) for x, sigma in columns], axis=1)
    return Data(clean, sigmas, noisy, denoised, np.exp(entropy))


def draw(data: Data) -> Figure:
    """A pair of rows for each digit, a column for each noise level."""
    k, s = data.averaged.shape
    figure = Figure(figsize=(10, 2.3 * k), layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
    grid = figure.subplots(2 * k, s + 1)
    for axes, name in zip(grid[0], ["$X$", *(rf"$\sigma = {sigma:g}$" for sigma in data.sigmas)], strict=True):
        axes.set_title(name)
    for digit, (above, below) in enumerate(grid.reshape(k, 2, s + 1)):
        _show(above[0], data.clean[digit], 0, 1)
        _write(below[0], 0.5, "denoised")
        _write(below[0], 0, "average of")
        for level, sigma in enumerate(data.sigmas):
            _show(above[level + 1], data.noisy[digit, level], -2 * sigma, 1 + 2 * sigma)
            _show(below[level + 1], data.denoised[digit, level], 0, 1)
            averaged = data.averaged[digit, level]
            _write(below[level + 1], 0, f"{averaged:,.{int(averaged < 10)}f}")
    for axes in grid.flat:
        axes.set_axis_off()
    return figure


def _show(axes: Axes, image: Array, white: float, black: float) -> None:
    axes.imshow(image.reshape(28, 28), cmap="gray_r", vmin=white, vmax=black, interpolation="nearest")


def _write(axes: Axes, height: float, text: str) -> None:
    axes.text(0.5, height, text, transform=axes.transAxes, ha="center", va="center" if height else "top")
