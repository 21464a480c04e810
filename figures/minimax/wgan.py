"""25 Gaussians by four algorithms, and mode collapse over their training."""

import sys
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure, SubFigure

from refimpl.arguments.arrays import Array
from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation import activations, layers, mlp, optimizers
from refimpl.files import checkpoints
from refimpl.minimax import gan, gan_algorithms, gan_training, twenty_five_gaussians, wgan
from refimpl.minimax.gan import Gan
from refimpl.minimax.gan_training import History, Training, train

SLIDE = "Application to 25 Gaussians: Algorithms matter"
ROWS = ("M26", "M27")
CAPTION = (
    "Wasserstein GANs with gradient penalty on 25 Gaussians (crosses), trained by SGD, Adam, Mirror-GAN and Mirror-"
    "Prox-GAN; an iteration is one gradient of the generator and two of the critic for every algorithm. Above, 2500 "
    "samples of the first seed (those beyond ±2 are cut off), and over the panels, seed by seed, the modes covered "
    "(at least 10 of 5000 samples within 4 standard deviations) and the share of samples within 4 standard deviations"
    " of any centre. Below, both over the training: medians of the seeds, and the range between the best and the "
    "worst. A generator that spreads over the whole square covers modes by chance, with a share near 3 % (dotted: "
    "uniform samples); where the number of modes falls, modes that had been covered were lost again. The networks are"
    " small and the training is short, minutes on a laptop; one that leaves the finite numbers, as SGD's did "
    "from 4 of 12 seeds at this step, counts as covering nothing from there on. This compares algorithms at one small "
    "budget, not at convergence. The draft, 200 iterations in seconds, learns next to nothing: modes and "
    "share of trainings "
    "that stay finite are near those of chance, and their order says nothing. Step size and K (1 or 2) of each "
    "algorithm are the best of five settings by share after 2000 iterations from another seed; averages and "
    "temperature were not tuned."
)
ALT = (
    "Four square panels, one for each algorithm: crosses mark the five by five grid of centres from −1.4 to 1.4, dots"
    " are samples of the generators; the panel of a training that left the finite numbers has no dots. Below them two"
    " panels over the iterations: the number of modes covered, on an axis up to 25, and the share of high-quality "
    "samples, a line with a shaded range for each algorithm. In the draft the other samples scatter over and beyond "
    "the square and along streaks, fewer than ten modes are covered, and their shares stay around the dotted line, "
    "within a few hundredths. At full quality the samples of SGD, where it stays finite, spread over the square with "
    "little regard for the crosses and its share stays near the dotted line; those of the others gather at the "
    "crosses and on threads between them, most closely with Adam."
)

SEEDS = (0, 1, 2)
MARKERS = "os^D"
SAMPLES, LEAST = 5000, 10
NETWORKS = Gan(penalty=0.1)
TEMPERATURE = 1e-8
TRAININGS = {
    "SGD": Training("sgd", 0.04, gan=NETWORKS),
    "Adam": Training("adam", 5e-3, gan=NETWORKS),
    "Mirror-GAN": Training("mirror", 3e-3, TEMPERATURE, inner=1, gan=NETWORKS),
    "Mirror-Prox-GAN": Training("mirror_prox", 1e-2, TEMPERATURE, inner=1, gan=NETWORKS),
}
BUDGETS = {"draft": (40, 5), "full": (500, 16)}
CODE = (
    gan,
    gan_algorithms,
    gan_training,
    twenty_five_gaussians,
    wgan,
    activations,
    layers,
    mlp,
    optimizers,
)


class Data(NamedTuple):
    """Iterations (r,); modes and share (4, s, r) of each algorithm and seed; share of uniform samples; samples.

    The samples (4, n, 2) are the last ones of the first seed.
    """

    iterations: Array
    modes: Array
    share: Array
    uniform_share: float
    samples: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """Records of all trainings, whose seeds are 0, 1, 2; `rng` draws the uniform samples."""
    histories = runs(quality)
    measured = [[[twenty_five_gaussians.quality(a, LEAST) for a in one.samples] for one in row] for row in histories]
    modes, share = np.moveaxis(np.array(measured), -1, 0)
    uniform = twenty_five_gaussians.quality(rng.uniform(-1.8, 1.8, (200_000, 2))).share
    samples = np.array([row[0].samples[-1][:2500] for row in histories])
    return Data(histories[0][0].iterations, modes, share, uniform, samples)


def runs(quality: str) -> list[list[History]]:
    """Trainings of each algorithm (rows) from each seed, resumed from and kept in the cache directory."""
    iterations, records = BUDGETS[quality]
    rows = []
    for name, training in TRAININGS.items():
        settings = training._replace(iterations=iterations, records=records)
        rows.append([_run(name, settings, seed) for seed in SEEDS])
    return rows


def _run(name: str, training: Training, seed: int) -> History:
    path = checkpoints.cache_directory() / f"wgan-{checkpoints.key(training, seed, *CODE)}.npz"

    def progress(records: int) -> None:
        done = records * training.iterations
        print(f"{name}, seed {seed}: {done}/{training.iterations * training.records} iterations", file=sys.stderr)

    try:
        return train(training, np.random.default_rng(seed), SAMPLES, progress, path)
    except DivergedError as error:
        return _lost(error.last, training)


def _lost(history: History, training: Training) -> History:
    """The history of a training that left the finite numbers: from there on its samples are far from every centre."""
    missing = training.records + 1 - len(history.samples)
    far = np.full((missing, *history.samples.shape[1:]), 1e3)
    nothing = np.zeros(missing)
    return history._replace(
        iterations=training.iterations * np.arange(training.records + 1.0),
        samples=np.concatenate([history.samples, far]),
        modes=np.append(history.modes, nothing),
        share=np.append(history.share, nothing),
    )


def draw(data: Data) -> Figure:
    """A panel of samples an algorithm; below them modes and share over the training."""
    figure = Figure(figsize=(13, 8.2))
    above, below = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    panels = above.subplots(1, 4, sharex=True, sharey=True)
    for axes, name, modes, share, samples in zip(panels, TRAININGS, data.modes, data.share, data.samples, strict=True):
        axes.plot(*samples.T, ".", color="C0", markersize=2, alpha=0.5, rasterized=True)
        axes.plot(*twenty_five_gaussians.CENTRES.T, "+", color="C4", markersize=9, markeredgewidth=1.2)
        axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xlabel="$a_1$")
        last = f"{name}\nmodes {_list(modes[:, -1], '.0f')}\nshare {_list(share[:, -1], '.3f')}"
        axes.set_title(last, loc="left", fontsize=11)
    panels[0].set_ylabel("$a_2$")
    _curves(below, data)
    return figure


def _curves(figure: SubFigure, data: Data) -> None:
    left, right = figure.subplots(1, 2)
    for axes, values in ((left, data.modes), (right, data.share)):
        for name, marker, seeds in zip(TRAININGS, MARKERS, values, strict=True):
            (line,) = axes.plot(data.iterations, np.median(seeds, axis=0), marker=marker, markersize=5, label=name)
            span = {"color": line.get_color(), "alpha": 0.15, "linewidth": 0}
            axes.fill_between(data.iterations, seeds.min(0), seeds.max(0), **span)
    left.axhline(len(twenty_five_gaussians.CENTRES), color="black", linewidth=0.8)
    right.axhline(data.uniform_share, color="black", linewidth=1.2, linestyle=":", label="uniform samples")
    left.set(ylabel="modes covered, of 25", xlabel="iterations", ylim=(0, 26))
    right.set(ylabel="share of high quality", xlabel="iterations", ylim=(0, None))
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=5)


def _list(values: Array, format: str) -> str:
    return ", ".join(f"{value:{format}}" for value in values)
