"""25 Gaussians by four algorithms."""

import sys
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl import activations, checkpoints, layers, mlp, optimizers
from refimpl.arrays import Array
from refimpl.minimax import gan, gan_algorithms, gan_training, twenty_five_gaussians, wgan
from refimpl.minimax.gan import Gan
from refimpl.minimax.gan_training import History, Training, train

SLIDE = "Application to 25 Gaussians: Algorithms matter"
CAPTION = (
    "Samples of Wasserstein GANs (dots, 2500 of the first seed) trained with gradient penalty on 25 Gaussians "
    "(crosses) by SGD, Adam, Mirror-GAN and Mirror-Prox-GAN, all spending the same gradients of generator and critic. "
    "Above each panel, seed by seed: the modes covered, with at least 10 of 5000 samples within 4 standard "
    "deviations, and the share of samples within 4 standard deviations of any centre; samples uniform on the square "
    "have a share near 3 %. The networks are small and the training is short, minutes on a laptop (at draft quality "
    "seconds, too few to learn anything): this compares algorithms at one small budget, not at convergence. Step size "
    "and K (1 or 2) of each algorithm are the best of five settings by share after 2000 iterations from another seed; "
    "averages and temperature were not tuned."
)
ALT = (
    "Four square panels, one for each algorithm. Crosses mark the five by five grid of centres from −1.4 to 1.4. Dots "
    "are samples of the trained generators; above each panel stand the numbers of modes covered and the shares of "
    "high-quality samples for each seed. At full quality the samples of SGD spread over the square with little regard "
    "for the crosses; those of the others gather at the crosses and on threads between them, most closely with Adam."
)

SEEDS = (0, 1, 2)
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
CODE = (gan, gan_algorithms, gan_training, twenty_five_gaussians, wgan, activations, layers, mlp, optimizers)


class Data(NamedTuple):
    """Iterations spent; for each algorithm and seed modes and share (4, s), and samples of the first seed (4, n, 2)."""

    iterations: int
    modes: Array
    share: Array
    samples: Array


def data(quality: str, rng: np.random.Generator) -> Data:
    """The end of all trainings; their seeds are 0, 1, 2 whatever `rng`, so that other figures show the same runs."""
    histories = runs(quality)
    measured = [[twenty_five_gaussians.quality(one.samples[-1], LEAST) for one in row] for row in histories]
    modes, share = np.moveaxis(np.array(measured), -1, 0)
    samples = np.array([row[0].samples[-1][:2500] for row in histories])
    return Data(int(histories[0][0].iterations[-1]), modes, share, samples)


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

    return train(training, np.random.default_rng(seed), SAMPLES, progress, path)


def draw(data: Data) -> Figure:
    """One panel an algorithm."""
    figure = Figure(figsize=(9, 9.8))
    panels = figure.subplots(2, 2, sharex=True, sharey=True).flat
    for axes, name, modes, share, samples in zip(panels, TRAININGS, data.modes, data.share, data.samples, strict=True):
        axes.plot(*samples.T, ".", color="C0", markersize=2, alpha=0.5, rasterized=True)
        axes.plot(*twenty_five_gaussians.CENTRES.T, "+", color="C4", markersize=9, markeredgewidth=1.2)
        axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
        axes.set_title(f"{name}\nmodes {_list(modes, '.0f')}; share {_list(share, '.2f')}", loc="left", fontsize=11)
    figure.supxlabel("$a_1$")
    figure.supylabel("$a_2$")
    figure.suptitle(f"{data.iterations} iterations each, {data.modes.shape[1]} seeds")
    return figure


def _list(values: Array, format: str) -> str:
    return ", ".join(f"{value:{format}}" for value in values)
