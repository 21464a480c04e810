r"""The score network of the digits that ships with the package, and the command that trains it anew.

Digits are given by their first 32 principal components, each in units of its standard deviation, so that before
training the network is the score of the digits' Gaussian fit. A fifth of the labels is dropped, so that it learns the
score of all digits too. Training takes about three minutes on one core.

``python -m refimpl.diffusion.digit_network --help``
"""

import argparse
import functools
import importlib.resources
import os
import sys
from pathlib import Path

import numpy as np

from refimpl.arguments.domains import domain, generator, integer
from refimpl.backpropagation.activations import silu
from refimpl.diffusion.data_sets import Whitening, digit_sets, to_coordinates, whitening
from refimpl.diffusion.score_network import ScoreNetwork, load, random_score_network, save
from refimpl.diffusion.sde import vp
from refimpl.diffusion.training import Trained, Training, train
from refimpl.files import checkpoints

COMPONENTS, HIDDEN, FREQUENCIES = 32, (256, 256, 256), 4
BATCH, STEP, RECORDS, STEPS, DROP = 256, 2e-3, 20, 20_000, 0.2


@functools.cache
def digit_whitening() -> Whitening:
    """The coordinates of the digits: from those to learn from alone.

    Returns
    -------
    Whitening
    """
    return whitening(digit_sets()[0].points, COMPONENTS)


@domain(rng=generator)
def untrained(rng: np.random.Generator) -> ScoreNetwork:
    """The network of the digits before training.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the weights.

    Returns
    -------
    ScoreNetwork
    """
    return random_score_network(vp(), (COMPONENTS, *HIDDEN), rng, FREQUENCIES, 10, silu)


def trained() -> ScoreNetwork:
    """The trained network of the digits, from the checkpoint that ships with the package.

    Returns
    -------
    ScoreNetwork
    """
    file = importlib.resources.files("refimpl").joinpath("data/digit-network.npz")
    with importlib.resources.as_file(file) as path:
        return load(path, untrained(np.random.default_rng(0)))


@domain(seed=integer(0), steps=integer(RECORDS))
def fit(seed: int = 0, steps: int = STEPS) -> Trained:
    """Train the network of the digits; a run that was stopped is taken up again from ``$REFIMPL_CACHE``.

    Parameters
    ----------
    seed : int
        Of the weights and the batches, ≥ 0.
    steps : int
        Number of steps, ≥ 20, cut to as many for each of the 20 records.

    Returns
    -------
    Trained
    """
    rng, (digits, _) = np.random.default_rng(seed), digit_sets()
    h, training = untrained(rng), Training(STEP, 0.999, steps // RECORDS, RECORDS)
    path = checkpoints.cache_directory() / f"digit-network-{checkpoints.key(seed, training)}.npz"

    def progress(records: int, loss: float) -> None:
        k, n = (training.iterations * count for count in (records, RECORDS))
        print(f"step {k} of {n}: loss {loss:.4f}", file=sys.stderr, flush=True)

    data = to_coordinates(digit_whitening(), digits.points)
    return train(h, data, training, rng, digits.labels, BATCH, DROP, progress=progress, path=path)


def main() -> int:
    """Train and write a checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m refimpl.diffusion.digit_network", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("digit-network.npz"), help="file to write (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (%(default)s)")
    parser.add_argument("--steps", type=int, default=STEPS, help="number of steps of Adam (%(default)s)")
    options = parser.parse_args()
    if options.out.is_dir() or not os.access(options.out.parent, os.W_OK):
        parser.error(f"--out must be a file in a writable directory, got {options.out}")
    try:
        save(options.out, fit(options.seed, options.steps).network)
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("interrupted: the same command goes on after the last step shown", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
