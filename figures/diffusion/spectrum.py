"""Out of the noise, low frequencies first: a photograph and digits, with their spectra."""

import itertools
from typing import NamedTuple

import matplotlib.image
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import get_sample_data
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.data import digits
from refimpl.diffusion.denoising import denoise
from refimpl.diffusion.spectrum import power_spectrum, radial_average
from refimpl.diffusion.tweedie import empirical_denoiser

SLIDE = "Analyzing what happens during the progressive denoising"
ROWS = ("D17",)
CAPTION = (
    "Above: a photograph (256 × 256 pixels in [0, 1]) under the same noise at falling levels σ. Below: a digit made "
    "from noise in many denoising steps, with the optimal denoiser of 10,000 real digits. Right: power of the same "
    "pictures, averaged over rings of frequencies, and over 20 runs for the digits; power is divided by the number of "
    "pixels, so that noise lies level at σ². Each spectrum begins flat; as σ falls, lower frequencies rise out of the "
    "noise before higher ones, each at the σ where its own power is σ² (the last curve)."
)
ALT = (
    "Two rows. Each has five pictures, from pure noise on the left to a clean picture on the right: above a portrait "
    "photograph, below a handwritten digit. At the end of each row a plot of power against spatial frequency, both "
    "logarithmic above, with five curves: the noisiest is high and level; each next one is lower, falls at low "
    "frequencies and turns level at a higher frequency; the last one falls all the way."
)

PHOTOGRAPH_LEVELS = (30.0, 1.0, 0.3, 0.1, 0.0)
DIGIT_LEVELS = (30.0, 2.0, 1.0, 0.3, 0.01)


class Data(NamedTuple):
    """For the photograph and for digits: levels (5,), pictures (5, h, w), frequencies (b,), power a pixel (5, b)."""

    photograph_levels: Array
    photograph: Array
    photograph_frequencies: Array
    photograph_power: Array
    digit_levels: Array
    digit: Array
    digit_frequencies: Array
    digit_power: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Both pictures; more steps between the digit's levels at full quality."""
    clean, sigmas = photograph(), np.array(PHOTOGRAPH_LEVELS)
    states = clean + sigmas[:, None, None] * rng.standard_normal(clean.shape)
    digit_states = _denoise(rng, runs=20, steps=4 if quality == "draft" else 20)
    return Data(
        sigmas, states, *_spectra(states, 32), np.array(DIGIT_LEVELS), digit_states[:, 0], *_spectra(digit_states, 7)
    )


def photograph() -> Array:
    """The photograph that ships with matplotlib (Grace Hopper; public domain), grey, cut square, in [0, 1]."""
    with get_sample_data("grace_hopper.jpg") as file:
        grey = matplotlib.image.imread(file, format="jpg").mean(axis=-1) / 255
    return grey[:512, :512].reshape(256, 2, 256, 2).mean(axis=(1, 3))


def _denoise(rng: np.random.Generator, runs: int, steps: int) -> Array:
    """Digits (5, runs, 28, 28) at the levels, by deterministic denoising steps."""
    images, _ = digits.load()
    x = images.mean(axis=0) + DIGIT_LEVELS[0] * rng.standard_normal((runs, 784))
    states = [x]
    for high, low in itertools.pairwise(DIGIT_LEVELS):
        x = denoise(lambda x, sigma: empirical_denoiser(x, images, sigma), x, np.geomspace(high, low, steps + 1))
        states.append(x)
    return np.stack(states).reshape(-1, runs, 28, 28)


def _spectra(states: Array, bands: int) -> tuple[Array, Array]:
    """Middles of the rings, and the power in them a pixel, averaged over runs where there are any."""
    power = radial_average(power_spectrum(states), bands) / (states.shape[-1] * states.shape[-2])
    return (np.arange(bands) + 0.5) / (2 * bands), power.reshape(len(states), -1, bands).mean(axis=1)


def draw(data: Data) -> Figure:
    """Five pictures and their spectra in a row; the photograph above, digits below."""
    figure = Figure(figsize=(12, 4.4))
    above, below = figure.subplots(2, 6, width_ratios=[1] * 5 + [2.1])
    _draw_row(above, data.photograph_levels, data.photograph, "gray")
    _draw_row(below, data.digit_levels, data.digit, "gray_r")
    _draw_spectra(above[-1], data.photograph_levels, data.photograph_frequencies, data.photograph_power)
    _draw_spectra(below[-1], data.digit_levels, data.digit_frequencies, data.digit_power)
    above[-1].set(xscale="log")
    below[-1].set(xlabel="frequency (cycles a pixel)")
    return figure


def _draw_row(row: Array, levels: Array, pictures: Array, cmap: str) -> None:
    for axes, sigma, picture in zip(row, levels, pictures, strict=False):
        axes.imshow(picture, cmap=cmap, vmin=-2 * sigma, vmax=1 + 2 * sigma, interpolation="nearest")
        axes.set_title(rf"$\sigma = {sigma:g}$")
        axes.set_axis_off()


def _draw_spectra(axes: Axes, levels: Array, frequencies: Array, power: Array) -> None:
    for sigma, curve in zip(levels, power, strict=True):
        axes.semilogy(frequencies, curve, label=rf"$\sigma = {sigma:g}$")
    axes.set_ylabel(r"power a pixel, $|\hat{x}|^2 / N$")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
