"""Noising a picture and coming back: from little noise the same digit returns, from much noise another."""

from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl.arguments.arrays import Array
from refimpl.diffusion.data_sets import digit_sets, to_coordinates, to_images
from refimpl.diffusion.digit_network import digit_whitening, trained
from refimpl.diffusion.sampler import reverse_step
from refimpl.diffusion.schedules import march
from refimpl.diffusion.score_network import score

SLIDE = "Reverse diffusion"
ROWS = ("D13", "D16")
CAPTION = (
    "Held-out digits a₀ (left), given noise by the VP SDE up to time t (upper row of each pair), and brought back by "
    "the reverse SDE with the score of a trained network, which is told neither picture nor label (lower row). All in "
    "the first 32 principal components, in which the noise is white in units of their standard deviations. From "
    "t = 0.1 the same digit returns, with slightly other strokes; from t = 0.5 and more nothing of it is left, and any "
    "digit may come, or none."
)
ALT = (
    "Three pairs of rows of small grey images, for three digits. In the upper row of each pair a digit is drowned in "
    "smooth blots as time grows from 0 to 0.8. In the lower row, below each noisy image, is a clean one: on the left "
    "the same digit, further right digits of other shapes and kinds."
)
TIMES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
SHOWN, END = (250, 900, 1500), 1e-3


class Data(NamedTuple):
    """Times (k,), pictures (3, 784), and noised and returned ones (k, 3, 784)."""

    times: Array
    pictures: Array
    noised: Array
    returned: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Steps of 1/200 (draft) or 1/1000."""
    fineness = 200 if quality == "draft" else 1000
    w, h = digit_whitening(), trained()
    a = to_coordinates(w, digit_sets()[1].points[list(SHOWN)])
    noised, returned = [], []
    for t in TIMES:
        scale, std = h.sde.kernel(t)
        noisy = scale * a + std * rng.standard_normal(a.shape)

        def step(a: Array, t: float, t_next: float) -> Array:
            return reverse_step(h.sde, partial(score, h), a, t, t_next - t, rng.standard_normal(a.shape))

        back = march(step, noisy, np.linspace(t, END, 1 + round(fineness * t)))
        noised.append(to_images(w, noisy))
        returned.append(to_images(w, back))
    return Data(np.array(TIMES), to_images(w, a), np.array(noised), np.array(returned))


def draw(data: Data) -> Figure:
    """Two rows for each picture: noised, and returned."""
    figure = Figure(figsize=(11, 9))
    panels = figure.subplots(2 * len(data.pictures), 1 + len(data.times))
    for axes in panels.ravel():
        axes.set_axis_off()
    for i, picture in enumerate(data.pictures):
        panels[2 * i, 0].imshow(picture.reshape(28, 28), cmap="Greys", vmin=0, vmax=1)
        for j, row in enumerate(("noised", "returned")):
            first = panels[2 * i + j, 1]
            first.text(-0.1, 0.5, row, ha="right", va="center", rotation=90, transform=first.transAxes, fontsize=9)
        for k in range(len(data.times)):
            for j, images in enumerate((data.noised, data.returned)):
                panels[2 * i + j, k + 1].imshow(images[k, i].reshape(28, 28), cmap="Greys", vmin=0, vmax=1)
    for axes, t in zip(panels[0], (0.0, *data.times), strict=True):
        axes.set_title(f"$t = {t:g}$", fontsize=12)
    return figure
