"""Mode collapse over the training of four algorithms."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from figures.minimax.wgan import LEAST, TRAININGS, runs
from refimpl.arrays import Array
from refimpl.minimax import twenty_five_gaussians

SLIDE = "Application to 25 Gaussians: Algorithms matter"
CAPTION = (
    "Modes covered (with at least 10 of 5000 samples within 4 standard deviations) and share of high-quality samples "
    "while SGD, Adam, Mirror-GAN and Mirror-Prox-GAN train Wasserstein GANs on the 25 Gaussians: medians of the seeds, "
    "and the range between the best and the worst one. A generator that spreads over the whole square covers modes by "
    "chance, with a share near 3 % (dotted: uniform samples): modes count as learned only where the share is well "
    "above it. Where the number of modes falls, modes that had been covered were lost again. An iteration is one "
    "gradient of the generator and two of the critic for every algorithm; the trainings, short ones, are those of the "
    "figure of the 25 Gaussians."
)
ALT = (
    "Two panels over the iterations of training. Above, the number of modes covered, from 0 to 25; below, the share of "
    "high-quality samples. One line with a shaded range for each of four algorithms, told apart by colour, dashes and "
    "marker, and a dotted horizontal line below for samples uniform on the square. At full quality Adam rises first "
    "and highest, Mirror-GAN and Mirror-Prox-GAN follow, SGD stays near the dotted line; all curves go up and down."
)

MARKERS = "os^D"


class Data(NamedTuple):
    """Iterations (r,); modes and share (4, s, r) of each algorithm and seed; share of uniform samples."""

    iterations: Array
    modes: Array
    share: Array
    uniform_share: float


def data(quality: str, rng: np.random.Generator) -> Data:
    """Records of all trainings; `rng` draws the uniform samples."""
    histories = runs(quality)
    measured = np.array(
        [[[twenty_five_gaussians.quality(look, LEAST) for look in one.samples] for one in row] for row in histories]
    )
    square = rng.uniform(-1.8, 1.8, (200_000, 2))
    return Data(
        histories[0][0].iterations, measured[..., 0], measured[..., 1], twenty_five_gaussians.quality(square).share
    )


def draw(data: Data) -> Figure:
    """Modes above, share below."""
    figure = Figure(figsize=(9, 7))
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, values in ((above, data.modes), (below, data.share)):
        for name, marker, seeds in zip(TRAININGS, MARKERS, values, strict=True):
            (line,) = axes.plot(data.iterations, np.median(seeds, axis=0), marker=marker, markersize=5, label=name)
            axes.fill_between(
                data.iterations, seeds.min(0), seeds.max(0), color=line.get_color(), alpha=0.15, linewidth=0
            )
    above.axhline(len(twenty_five_gaussians.CENTRES), color="black", linewidth=0.8)
    below.axhline(data.uniform_share, color="black", linewidth=1.2, linestyle=":", label="uniform samples")
    above.set(ylabel="modes covered, of 25", ylim=(0, 26))
    below.set(ylabel="share of high quality", xlabel="iterations", ylim=(0, None))
    figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
