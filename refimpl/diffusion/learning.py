r"""Adam on random batches, with a moving average of the parameters and records from which a run resumes.

Each stretch between two records draws from a stream of its own, so that resuming changes nothing.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, function, generator, integer, optional, positive
from refimpl.arguments.errors import DivergedError
from refimpl.arguments.records import record
from refimpl.diffusion.learning_steps import (
    Draw,
    Learner,
    Objective,
    batch_domain,
    batch_loss,
    decay_domain,
    learner_start,
    learning_step,
)
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain
from refimpl.parallel import idle_cores

__all__ = ["History", "Learner", "Training", "learn", "learner_start", "learning_step"]


class Training(NamedTuple):
    """Step size of Adam at the start, γ of the average, steps between two records, number of records."""

    step: float = 1e-3
    decay: float = 0.999
    iterations: int = 100
    records: int = 10


class History(NamedTuple):
    """What training left: steps (r,) at records, mean losses (r,) before them, the last parameters, their average."""

    steps: Array
    losses: Array
    x: Array
    average: Array


settings = record(Training, step=positive, decay=decay_domain, iterations=integer(1), records=integer(1))


@domain(
    objective=function,
    draw=function,
    x=array("d"),
    training=settings,
    rng=generator,
    progress=optional(function),
    path=optional(path_domain),
    threads=optional(integer(1)),
)
def learn(
    objective: Objective,
    draw: Draw,
    x: Array,
    training: Training,
    rng: np.random.Generator,
    progress: Callable[[int, float], None] | None = None,
    path: Path | None = None,
    threads: int | None = None,
) -> History:
    r"""Minimise a loss over random batches by Adam, whose step size falls linearly: α_k = α(1 − k/n), k = 0, …, n − 1.

    Parameters
    ----------
    objective : callable
        Of the parameters and the parts of a batch: the `Loss`, a mean over the batch.
    draw : callable
        Of a generator: the parts of a batch, arrays with as many rows.
    x : (d,) array
        Parameters to start from.
    training : Training
        Settings and budget.
    rng : numpy.random.Generator
        Source of the batches.
    progress : callable, optional
        Called after each stretch with the number of records so far and the loss.
    path : path, optional
        File of partial results: written at each record, read when it exists.
    threads : int, optional
        Number of threads, each for 512 rows of a batch at a time; by default `parallel.idle_cores`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        When the file holds partial results of another training, or is damaged.
    DivergedError
        When loss or parameters are not finite. `step` is the last step after which they were, `last` the History up to
        the last record, which the file still holds.

    References
    ----------
    Slide "Joint training of the score network"; Kingma & Ba 2015.

    Examples
    --------
    >>> from refimpl.diffusion.score_network_losses import Loss
    >>> def halves(x, a):
    ...     return Loss(float(((x - a) ** 2).mean() / 2), (x - a).mean(axis=0))
    >>> rng = np.random.default_rng(0)
    >>> learn(halves, lambda rng: [np.full((8, 1), 3.0)], [0.0], Training(0.1), rng).x.round(3)
    array([3.])
    """
    streams = rng.spawn(training.records)
    losses, state, mark = np.empty(0), learner_start(x), _mark(objective, draw, x, training, streams[0])
    if path and path.exists():
        losses, state = _resume(path, mark, state)
    with ThreadPoolExecutor(threads or idle_cores()) as pool:
        for stream in streams[len(losses) :]:
            try:
                state, loss = _stretch(objective, draw, state, training, stream, pool.map)
            except DivergedError as error:
                raise DivergedError(_history(training, losses, state), error.step) from None
            losses = np.append(losses, loss)
            if path:
                checkpoints.save(path, [np.array(mark), losses, *checkpoints.leaves(state)])
            if progress:
                progress(len(losses), loss)
    return _history(training, losses, state)


@np.errstate(over="ignore", invalid="ignore")
def _stretch(
    objective: Objective, draw: Draw, state: Learner, training: Training, rng: np.random.Generator, run: Callable
) -> tuple[Learner, float]:
    """The learner after the steps between two records, and their mean loss."""
    total, end = 0.0, training.iterations * training.records
    for _ in range(training.iterations):
        k, batch = state.adam.t, batch_domain.check("draw(rng)", draw(rng), {})
        last, (state, loss) = (
            state,
            bare(learning_step)(objective, state, batch, training.step * (1 - k / end), training.decay, run),
        )
        if not (np.isfinite(loss) and np.isfinite(state.adam.x).all()):
            raise DivergedError(last, k)
        total += loss / training.iterations
    return state, total


def _mark(objective: Objective, draw: Draw, x: Array, training: Training, rng: np.random.Generator) -> str:
    """Hash of what the results depend on: settings, start, stream; of objective and draw the first loss."""
    batch = batch_domain.check("draw(rng)", draw(copy.deepcopy(rng)), {})
    loss = bare(batch_loss)(objective, x, batch)
    sample = f"{loss.value:.6g} {np.linalg.norm(loss.gradient):.6g}"
    return checkpoints.key(training, x.tobytes(), rng.bit_generator.state, sample)


def _resume(path: Path, mark: str, state: Learner) -> tuple[Array, Learner]:
    """Losses and learner of a file of partial results."""
    try:
        found, losses, *stored = checkpoints.load(path)
    except (ValueError, KeyError) as error:
        raise ValueError(f"path must hold partial results, got a damaged file {path} ({error})") from None
    if found != mark:
        raise ValueError(f"path must hold partial results of this training, got those of another in {path}")
    return losses, checkpoints.rebuild(state, stored)


def _history(training: Training, losses: Array, state: Learner) -> History:
    return History(training.iterations * np.arange(1.0, len(losses) + 1), losses, state.adam.x, state.average)
