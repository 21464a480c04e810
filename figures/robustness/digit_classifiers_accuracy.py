"""Digits under attack, after plain and after adversarial training."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.sweeping import resumed
from refimpl.arguments.arrays import Array
from refimpl.backpropagation import layers, mlp, optimizers
from refimpl.backpropagation.mlp import forward
from refimpl.parallel import Workers
from refimpl.robustness import adversarial, digit_classifiers, duality, robust_training
from refimpl.robustness.digit_classifiers import Job, as_network, digit_split, trained
from refimpl.robustness.robust_training import attack, withstands

SLIDE = "Robustness examples in ML"
ROWS = ("R03",)
CAPTION = (
    "Left: accuracy on unseen digits under PGD of 40 steps in the ℓ∞ ball of radius ε (pixels in [0, 1]), for "
    "networks of one hidden layer trained by empirical risk minimization (ERM) and against attacks of radius 0.05, "
    "0.1 and 0.2 (crosses: the radius of training); medians of seeds, and their range. ERM is nearly useless at ε = "
    "0.1, where training at that radius keeps most digits. On clean digits training at 0.1 costs some accuracy; at "
    "full quality training at 0.05 gains some, 0.96 against 0.95. At 0.2 networks of this size give up: they answer "
    "one or two digits, whatever the input. PGD is not the worst attack, so true robust accuracy is at most what is "
    "shown. Right: the same unseen digits clean and after attacks of radius 0.1 on two of the networks, over each "
    "what that network reads (boxed: wrong). At full quality 9000 digits are trained on in 2000 steps, with 100 "
    "hidden neurons, three seeds and 1000 digits attacked; the draft has 300 steps, 64 neurons, one seed and 200 "
    "digits."
)
ALT = (
    "Left, four curves of accuracy against ε from 0 to 0.3. Three start above 0.8 and fall: that of ERM to near 0 at "
    "0.1, that of training at 0.05 to a few hundredths at 0.2, that of training at 0.1 later still; the one of "
    "training at 0.2 is flat, near 0.1. Right, three rows of eight grey digits: clean ones; the same ones under a "
    "faint mottled noise, most with a wrong reading in a box; the same ones under another such noise, most still "
    "read rightly."
)

CODE = (adversarial, robust_training, digit_classifiers, duality, layers, mlp, optimizers)
TRAINED_AT = (0.0, 0.05, 0.1, 0.2)
LABELS = ("ERM", "trained at ε = 0.05", "trained at ε = 0.1", "trained at ε = 0.2")
MARKERS = "os^D"
SHOWN, EPS, NUM_STEPS = 8, 0.1, 40
SETTINGS = {
    "draft": {"seeds": 1, "steps": 300, "m": 64, "digits": 200, "radii": 7},
    "full": {"seeds": 3, "steps": 2000, "m": 100, "digits": 1000, "radii": 13},
}


class Data(NamedTuple):
    """Radii (r,), accuracy (4, seeds, r) of the networks, images (3, 8, 784) and what the networks read (3, 8), and the
    labels (8,).

    Images are clean, attacked on ERM, attacked on the network trained at 0.1; the clean ones are read by ERM.
    """

    radii: Array
    accuracy: Array
    images: Array
    read: Array
    labels: Array


def jobs(quality: str) -> list[Job]:
    """Trainings: radii, then seeds, which run fastest."""
    s = SETTINGS[quality]
    return [Job(eps, seed, s["steps"], m=s["m"]) for eps in TRAINED_AT for seed in range(s["seeds"])]


def data(quality: str, rng: np.random.Generator, workers: Workers = 1) -> Data:
    """Networks of all trainings, resumed from the cache directory, under attacks."""
    s, items = SETTINGS[quality], jobs(quality)
    x = resumed("adversarial training", trained, items, CODE, workers)
    radii = np.linspace(0, 0.3, s["radii"])
    accuracy = [_accuracy(one, job, radii, s["digits"]) for one, job in zip(x, items, strict=True)]
    *_, a, labels = digit_split(0, items[0].points)
    first = [np.flatnonzero(labels == digit)[0] for digit in range(SHOWN)]
    erm, robust = (as_network(x[k * s["seeds"]], s["m"]) for k in (0, TRAINED_AT.index(EPS)))
    attacked = [attack(h, a[first], labels[first], EPS, NUM_STEPS) for h in (erm, robust)]
    read = [forward(h, z).argmax(1) for h, z in zip((erm, erm, robust), (a[first], *attacked), strict=True)]
    shape = (len(TRAINED_AT), s["seeds"], -1)
    return Data(radii, np.reshape(accuracy, shape), np.array([a[first], *attacked]), np.array(read), labels[first])


def _accuracy(x: Array, job: Job, radii: Array, digits: int) -> list[float]:
    """Shares of unseen digits that a network withstands attacks of these radii on."""
    h, (*_, a, labels) = as_network(x, job.m), digit_split(job.seed, job.points)
    return [withstands(h, a[:digits], labels[:digits], eps, NUM_STEPS).mean() for eps in radii.tolist()]


def draw(data: Data) -> Figure:
    """Curves on the left, digits on the right."""
    figure = Figure(figsize=(13, 4.8))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.35])
    for eps, label, marker, values in zip(TRAINED_AT, LABELS, MARKERS, data.accuracy, strict=True):
        middle = np.median(values, axis=0)
        (line,) = left.plot(data.radii, middle, marker=marker, markersize=5, label=label)
        left.fill_between(data.radii, values.min(0), values.max(0), color=line.get_color(), alpha=0.15, linewidth=0)
        if eps:
            here = np.interp(eps, data.radii, middle)
            left.plot(eps, here, "x", color="black", markersize=10, markeredgewidth=2, zorder=5)
    left.set(xlabel=r"radius $\epsilon$ of the attack, $\ell_\infty$", ylabel="accuracy under PGD", ylim=(0, 1))
    left.legend()
    _draw_digits(right, data)
    return figure


def _draw_digits(axes: Axes, data: Data) -> None:
    tiles = np.ones((3, SHOWN, 36, 32))
    tiles[:, :, 6:34, 2:30] = 1 - data.images.reshape(3, SHOWN, 28, 28)
    axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(3 * 36, SHOWN * 32), cmap="gray", vmin=0, vmax=1)
    for row, names in enumerate(data.read.tolist()):
        for column, name in enumerate(names):
            wrong = name != data.labels[column]
            box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "black"} if wrong else None
            axes.text(32 * column + 16, 36 * row + 2, str(name), ha="center", va="center", fontsize=10, bbox=box)
    rows = ("clean\nread by ERM", "attack\non ERM", r"attack on" + "\n" + r"trained at $\epsilon = 0.1$")
    axes.set_yticks([20, 56, 92], rows)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
