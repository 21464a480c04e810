"""Digits that a trained score network samples, without and with labels, beside a Gaussian's."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import cKDTree

from refimpl.arguments.arrays import Array
from refimpl.diffusion.data_sets import digit_sets, to_coordinates, to_images
from refimpl.diffusion.digit_network import COMPONENTS, digit_whitening, trained
from refimpl.diffusion.score_network_sampler import sample_network
from refimpl.sampling.estimators import sliced_w2

SLIDE = "Joint training of the score network"
ROWS = ("D16",)
CAPTION = (
    "A multilayer perceptron with features of the time and an embedding of the label, trained on 8000 real digits in "
    "their first 32 principal components (all panels show images in these alone). In reading order: held-out "
    "digits; samples of the Gaussian with the digits' mean and covariance; samples of the network by the reverse SDE, "
    "each for the label of its column; the same under classifier-free guidance, w = 1. Over the panels the sliced "
    "W₂ distance to the held-out digits (the training set's own is the floor), and the median distance to the nearest "
    "training digit. Guidance makes digits clearer and their law narrower: its distance grows. The exact score of the "
    "training set samples nothing but that set, at distance 0."
)
ALT = (
    "Four panels of four by ten small grey images. First: handwritten digits, one column for each of 0 to 9, slightly "
    "blurred. Second: blots that are seldom the shape of a digit. Third: shapes that are mostly recognisable as the "
    "digits of their columns, a few of them faint or broken. Fourth: clearer digits, less varied within a column."
)
EACH = 4


class Data(NamedTuple):
    """Images (4, 40, 784): held out, Gaussian, network, guided; sliced W₂ to the held-out digits and median distance to
    the nearest training digit (4,) of each; the training set's sliced W₂."""

    images: Array
    distance: Array
    nearest: Array
    floor: float


def data(quality: str, rng: np.random.Generator) -> Data:
    """2000 samples in 500 steps (full), or 500 in 100."""
    n, num_steps = (2000, 500) if quality == "full" else (500, 100)
    digits, held = digit_sets()
    w, h = digit_whitening(), trained()
    known, new = (to_coordinates(w, part.points) * w.deviations for part in (digits, held))
    chosen = rng.permutation(len(new))[:n]
    labels = held.labels[chosen]
    laws = [
        new[chosen],
        rng.standard_normal((n, COMPONENTS)) * w.deviations,
        *(sample_network(h, n, num_steps, rng, labels, strength) * w.deviations for strength in (0.0, 1.0)),
    ]
    directions, tree = rng.standard_normal((500, COMPONENTS)), cKDTree(known)
    shown = np.concatenate([np.flatnonzero(labels == k)[:EACH] for k in range(10)]).reshape(10, EACH).T.ravel()
    return Data(
        np.array([to_images(w, a[shown] / w.deviations) for a in laws]),
        np.array([sliced_w2(a, new[chosen], directions) for a in laws]),
        np.array([np.median(tree.query(a)[0]) for a in laws]),
        sliced_w2(known[rng.permutation(len(known))[:n]], new[chosen], directions),
    )


def draw(data: Data) -> Figure:
    """A panel of images for each law."""
    figure = Figure(figsize=(11, 5.8))
    names = ("held-out digits", "Gaussian fit", "network, by label", "guided, $w = 1$")
    panels = figure.subplots(2, 2).ravel()
    for axes, name, images, distance, nearest in zip(
        panels, names, data.images, data.distance, data.nearest, strict=True
    ):
        first = name == names[0]
        near = f"training set: SW₂ {data.floor:.2f}" if first else f"SW₂ {distance:.2f}"
        _draw_images(axes, images)
        axes.set_title(f"{name}\n{near}, nearest {nearest:.2f}", fontsize=11)
    return figure


def _draw_images(axes: Axes, images: Array) -> None:
    tiles = images.reshape(EACH, 10, 28, 28).transpose(0, 2, 1, 3).reshape(28 * EACH, 280)
    axes.imshow(tiles, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
