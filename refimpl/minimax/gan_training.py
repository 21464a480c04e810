"""Training a Wasserstein GAN on the 25 Gaussians: a driver with a budget, progress and partial results."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import (
    Domain,
    Sizes,
    domain,
    function,
    generator,
    integer,
    nonnegative,
    one_of,
    optional,
    positive,
)
from refimpl.arguments.errors import DivergedError
from refimpl.arguments.records import record
from refimpl.backpropagation.optimizers import adam_start, rms_start
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain
from refimpl.loops.generators import children
from refimpl.minimax.gan import Gan, Players, gan_domain, generate, random_draw, random_players
from refimpl.minimax.gan_algorithms import adam_round, mirror_prox_round, mirror_round, sgd_round
from refimpl.minimax.twenty_five_gaussians import quality
from refimpl.parallel.threads import one_thread_each

ALGORITHMS = ("sgd", "adam", "mirror", "mirror_prox")


class Training(NamedTuple):
    """An algorithm with its step size and, for the mirror methods, temperature and K; iterations between records.

    `iterations` are spent between two of the `records` + 1 looks at the generator, the first before training.
    """

    algorithm: str
    step: float
    temperature: float = 0.0
    inner: int = 5
    iterations: int = 500
    records: int = 10
    gan: Gan = Gan()


class History(NamedTuple):
    """What training left: iterations (r,), samples (r, n, 2), modes (r,), share (r,), and the last parameters x, y."""

    iterations: Array
    samples: Array
    modes: Array
    share: Array
    x: Array
    y: Array


def _check_training(name: str, value: Any, sizes: Sizes) -> Training:
    value = _record.check(name, value, sizes)
    if value.iterations % (length := _round_length(value)):
        raise ValueError(f"{name}.iterations must be a multiple of a round's {length}, got {value.iterations}")
    return value


_record = record(
    Training,
    algorithm=one_of(*ALGORITHMS),
    step=positive,
    temperature=nonnegative,
    inner=integer(1),
    iterations=integer(1),
    records=integer(1),
    gan=gan_domain,
)
_training = Domain("Training", _check_training)


@domain(
    training=_training, rng=generator, num_samples=integer(1), progress=optional(function), path=optional(path_domain)
)
def train(
    training: Training,
    rng: np.random.Generator,
    num_samples: int = 2500,
    progress: Callable[[int], None] | None = None,
    path: Path | None = None,
) -> History:
    """Train a generator and a critic, and look at the generator's samples on the way.

    Parameters
    ----------
    training : Training
        Algorithm, settings and budget.
    rng : numpy.random.Generator
        Source of randomness. It seeds one stream for the players' start, one for the noise of the samples, which is
        the same at each record, and one for each stretch between records, so that resuming changes nothing.
    num_samples : int
        Samples at each record, ≥ 1.
    progress : callable, optional
        Called with the number of records after each.
    path : path, optional
        File of partial results: written after each record, read when it exists.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        When the file holds partial results of another training.
    DivergedError
        When parameters are not finite; `last` is the History up to the last record, `step` its iterations.

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter"; Hsieh, Liu & Cevher 2019.
    """
    start, look, *streams = children(rng, training.records + 2)
    omega = look.standard_normal((num_samples, training.gan.generator_widths[0]))
    state = _start(training, start)
    samples = [generate(training.gan, _parameters(state).x, omega)]
    fingerprint = checkpoints.key(training, num_samples, start.bit_generator.state)
    if path and path.exists():
        found, past, *stored = checkpoints.load(path)
        if found != fingerprint:
            raise ValueError(f"path must hold partial results of this training, got those of another in {path}")
        state, samples = checkpoints.rebuild(state, stored), list(past)
    for stream in streams[len(samples) - 1 :]:
        last, state = state, _stretch(training, state, stream)
        x, y = _parameters(state)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            history = _history(training, last, samples)
            raise DivergedError(history, int(history.iterations[-1]))
        samples.append(generate(training.gan, x, omega))
        if path:
            checkpoints.save(path, [np.array(fingerprint), np.array(samples), *checkpoints.leaves(state)])
        if progress:
            progress(len(samples) - 1)
    return _history(training, state, samples)


def _start(training: Training, rng: np.random.Generator) -> Players:
    """Random players in the states that the algorithm wants."""
    players = random_players(training.gan, rng)
    if training.algorithm == "sgd":
        return players
    return Players(*map(adam_start if training.algorithm == "adam" else rms_start, players))


def _round(training: Training) -> Callable[..., Players]:
    """One round of the algorithm: a function of (gan, players, draws)."""
    if training.algorithm in ("sgd", "adam"):
        return partial(sgd_round if training.algorithm == "sgd" else adam_round, alpha=training.step)
    mirror = mirror_round if training.algorithm == "mirror" else mirror_prox_round
    return partial(mirror, gamma=training.step, temperature=training.temperature)


def _round_length(training: Training) -> int:
    return training.inner * (2 if training.algorithm == "mirror_prox" else 1)


def _stretch(training: Training, state: Players, rng: np.random.Generator) -> Players:
    """The iterations between two records."""
    play, length, gan = _round(training), _round_length(training), training.gan
    widths = (gan.generator_widths, gan.critic_widths)
    size = 2.0 * gan.batch * max(p * m for layers in widths for p, m in pairwise(layers))
    with one_thread_each(size), np.errstate(over="ignore", invalid="ignore"):
        for _ in range(training.iterations // length):
            state = play(gan, state, [random_draw(gan, rng) for _ in range(length)])
    return state


def _parameters(state: Players) -> Players:
    return Players(*(getattr(player, "x", player) for player in state))


def _history(training: Training, state: Players, samples: list[Array]) -> History:
    iterations = np.asarray(training.iterations * np.arange(len(samples)), float)
    modes, share = zip(*(quality(one) for one in samples), strict=True)
    return History(iterations, np.array(samples), np.array(modes), np.array(share), *_parameters(state))
