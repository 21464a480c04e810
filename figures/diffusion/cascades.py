"""A cascade: digits of 7 × 7 pixels out of noise, and digits of 28 × 28 pixels given them."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.data import digits
from refimpl.diffusion.cascade_laws import cascade_law
from refimpl.diffusion.cascades import cascade, conditional_empirical_denoiser, pool
from refimpl.diffusion.tweedie import empirical_denoiser
from refimpl.sampling.metrics import gaussian_kl

SLIDE = "Modern tricks to generate appealing images"
ROWS = ("D23",)
CAPTION = (
    "Left: the first stage makes digits of 7 × 7 pixels from noise, the second one digits of 28 × 28 given them, both "
    "with the optimal denoiser of real digits; noise s on the condition loosens the tie. Middle: given the "
    "7 × 7 picture of a digit that the denoiser does not know, the second stage finds a known one that looks like it "
    "from afar. Right: for a Gaussian signal of 16 samples, seen in 4 means, a first stage of twice the variance: at "
    "s = 0 its error, in KL, is the error of the result; noise on the condition forgives it."
)
ALT = (
    "Left, six columns of three pictures: a coarse digit of 7 by 7 pixels, the sharp digit of 28 by 28 pixels that it "
    "is the coarse picture of, and a sharp digit of similar overall shape, not always the same. Middle, four columns: "
    "a coarse digit, a sharp one that resembles it, and the true one, which differs in detail. Right, a plot of KL "
    "against the noise s: the solid curve of the result starts at the dashed level of the first stage and falls to 0."
)

NOISES = (0.05, 0.5)


class Data(NamedTuple):
    """Coarse samples (6, 7, 7), and fine ones given them, with little and with more noise (2, 6, 28, 28); coarse
    pictures of unknown digits (4, 7, 7), what was found for them, and the digits themselves (4, 28, 28); noise s (n,),
    KL of the result (n,), and KL of the first stage."""

    coarse: Array
    fine: Array
    seen: Array
    found: Array
    truth: Array
    noise: Array
    result: Array
    first: float


def data(quality: str, rng: np.random.Generator) -> Data:
    """An eighth of the digits and few steps in a draft."""
    every, steps = (8, 10) if quality == "draft" else (1, 30)
    images = digits.load().images[::every]
    unknown = np.arange(len(images) // 8, len(images), len(images) // 4)
    truth, known = images[unknown], np.delete(images, unknown, axis=0)
    small, seen = _coarse(known), _coarse(truth)
    sigmas = np.append(np.geomspace(20.0, 0.02, steps), 0.0)
    y, z = 20 * rng.standard_normal((6, 49)) + small.mean(0), rng.standard_normal((6, 49))
    x = 20 * rng.standard_normal((6, 784)) + known.mean(0)

    def run(start: Array, y: Array, z: Array, s: float, first: Array | None = None) -> tuple[Array, Array]:
        return cascade(
            lambda y, sigma: empirical_denoiser(y, small, sigma) if first is None else first,
            lambda x, y, sigma: conditional_empirical_denoiser(x, y, known, small, sigma, s),
            *(y, start, z, s, sigmas),
        )

    pairs = [run(x, y, z, s) for s in NOISES]
    _, found = run(x[:4], seen, np.zeros_like(seen), NOISES[0], first=seen)
    return Data(
        _square(pairs[0][0]),
        np.stack([_square(fine) for _, fine in pairs]),
        _square(seen),
        _square(found),
        _square(truth),
        *_forgiven(41 if quality == "draft" else 201),
    )


def _coarse(images: Array) -> Array:
    return pool(images.reshape(-1, 28, 28), 4).reshape(-1, 49)


def _square(pictures: Array) -> Array:
    side = int(np.sqrt(pictures.shape[-1]))
    return pictures.reshape(-1, side, side)


def _forgiven(num: int) -> tuple[Array, Array, float]:
    """Noise levels, KL of the result from the data, and KL of the first stage from the right one."""
    i = np.arange(16)
    C, A = np.exp(-np.abs(i[:, None] - i) / 8), np.kron(np.eye(4), np.full((1, 4), 1 / 4))
    m, mean, right = np.zeros(16), np.zeros(4), A @ C @ A.T
    noise = np.linspace(0, 3, num)
    result = [gaussian_kl(*cascade_law(m, C, A, s, mean, 2 * right), m, C) for s in noise]
    return noise, np.array(result), gaussian_kl(mean, 2 * right, mean, right)


def draw(data: Data) -> Figure:
    """Samples, digits that were left out, and the errors of a Gaussian cascade."""
    figure = Figure(figsize=(12, 3.6))
    left, middle, right = figure.subfigures(1, 3, width_ratios=[5, 3.6, 3.4])
    for block, rows, names, title in (
        (left, (data.coarse, *data.fine), ("stage 1", *(f"$s = {s:g}$" for s in NOISES)), "from noise"),
        (middle, (data.seen, data.found, data.truth), ("seen", "found", "truth"), "of unknown digits"),
    ):
        block.suptitle(title)
        for row, pictures, name in zip(
            block.subplots(3, len(data.coarse if block is left else data.seen)), rows, names, strict=True
        ):
            _draw_row(row, pictures, name)
    axes = right.subplots()
    axes.plot(data.noise, data.result, label="result")
    axes.axhline(data.first, linestyle="--", color="0.4", label="first stage")
    axes.set(xlabel="noise on the condition $s$", ylabel="KL from the right law", ylim=(0, None), title="Gaussian case")
    axes.legend()
    return figure


def _draw_row(row: list[Axes], pictures: Array, name: str) -> None:
    for axes, picture in zip(row, pictures, strict=True):
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    row[0].set_ylabel(name)
