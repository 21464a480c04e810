r"""Joint training of a score network: the λ(t)-weighted denoising loss over random samples, times and noise.

`train` minimises `joint_objective` over the batches of `joint_draw` by `learn`, which takes any objective: Adam on
random batches, with a moving average of the parameters and records from which a run resumes. Each stretch
between two records draws from a stream of its own, so that resuming changes nothing. A batch is cut into blocks of
fixed size whose gradients are added in order, so that the result is the same for any number of threads.
"""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array, keep_freed_memory
from refimpl.arguments.domains import (
    Domain,
    Sizes,
    array,
    bare,
    domain,
    field,
    function,
    generator,
    integer,
    number,
    optional,
    positive,
    shortened,
)
from refimpl.arguments.errors import DivergedError
from refimpl.arguments.records import record
from refimpl.backpropagation.optimizers import AdamState, adam_start, adam_step
from refimpl.diffusion.score_network import (
    ScoreNetwork,
    labels,
    network_domain,
    of_classes,
    parameters,
    with_parameters,
)
from refimpl.diffusion.score_network_losses import Loss, joint_gradient
from refimpl.diffusion.sde import unchecked
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain
from refimpl.loops.generators import children
from refimpl.parallel.threads import spread

BLOCK = 256
"""Rows of a batch whose gradient one thread computes at a time."""

Objective = Callable[..., Loss]
Draw = Callable[[np.random.Generator], Sequence[Any]]


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


class Learner(NamedTuple):
    """State of Adam, and the moving average of its parameters."""

    adam: AdamState
    average: Any


class Trained(NamedTuple):
    """The score network with the averaged parameters, and what happened on the way."""

    network: ScoreNetwork
    history: History


def _check_batch(name: str, value: Any, sizes: Sizes) -> Sequence[Any]:
    if not isinstance(value, Sequence) or not all(np.ndim(part) for part in value):
        raise TypeError(f"{name} must be a sequence of arrays, got {shortened(value)}")
    lengths = {len(part) for part in value}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"{name} must be arrays of one length, >= 1, got lengths {[len(part) for part in value]}")
    return value


_decay = number(">= 0 and < 1")
_learner, _batch = record(Learner), Domain("arrays of one length", _check_batch)
_settings = record(Training, step=positive, decay=_decay, iterations=integer(1), records=integer(1))
_share, _time = number(">= 0 and <= 1"), number("> 0 and < 1")


@domain(
    h=network_domain,
    data=array("n p"),
    training=_settings,
    rng=generator,
    y=optional(labels),
    batch=integer(1),
    drop=_share,
    weight=optional(field),
    t_min=_time,
    progress=optional(function),
    path=optional(path_domain),
    threads=optional(integer(1)),
)
def train(
    h: ScoreNetwork,
    data: Array,
    training: Training,
    rng: np.random.Generator,
    y: Array | None = None,
    batch: int = 512,
    drop: float = 0.1,
    weight: Callable[[Array], Array] | None = None,
    t_min: float = 1e-3,
    progress: Callable[[int, float], None] | None = None,
    path: Path | None = None,
    threads: int | None = None,
) -> Trained:
    r"""Train a score network at all times at once.

    .. math:: \min_x \; E_{t \sim \text{Unif}[t_{\min}, T]} \, \lambda(t) \, E_{a_0} E_{a_t | a_0}
              \| \nabla \log p_{0 \to t}(a_t | a_0) - h_x(a_t, t) \|^2

    Parameters
    ----------
    h : ScoreNetwork
        The network to start from.
    data : (n, p) array
        Samples.
    training : Training
        Settings and budget of Adam.
    rng : numpy.random.Generator
        Seeds a stream of batches for each record.
    y : (n,) array of integers, optional
        Labels of the samples.
    batch : int
        Samples in a batch, ≥ 1, drawn with replacement.
    drop : float
        Probability that a label is left out, so that the network learns the score of all data too.
    weight : callable, optional
        λ ≥ 0, of times (n, 1) to (n, 1); by default std².
    t_min : float
        Least time, > 0, as the score may not exist at 0.
    progress, path, threads
        As for `learn`.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        When the file holds partial results of another training, or is damaged.
    DivergedError
        As by `learn`.

    References
    ----------
    Slide "Joint training of the score network"; Song et al. 2021, (7); Ho & Salimans 2022, Algorithm 1.

    Examples
    --------
    Samples of N(2, ¼) on the line: the score at an early time.

    >>> from refimpl.diffusion.score_network import random_score_network, score
    >>> from refimpl.diffusion.sde import vp
    >>> rng = np.random.default_rng(0)
    >>> h = random_score_network(vp(), [1, 16, 16], rng)
    >>> trained = train(h, 2 + 0.5 * rng.standard_normal((1000, 1)), Training(5e-3, records=5), rng)
    >>> bool(score(trained.network, [3.0], 0.1) < -1), bool(score(trained.network, [1.0], 0.1) > 1)
    (True, True)
    """
    objective = joint_objective(h, weight)
    draw = joint_draw(data, batch, of_classes(-1 if y is None else y, h.classes), drop, t_min)
    history = learn(objective, draw, parameters(h), training, rng, progress, path, threads)
    return Trained(with_parameters(h, history.average), history)


@domain(h=network_domain, weight=optional(field))
def joint_objective(h: ScoreNetwork, weight: Callable[[Array], Array] | None = None) -> Objective:
    """The joint loss as a function of the parameters and of a batch as `joint_draw` draws it.

    Parameters
    ----------
    h, weight
        As for `train`. The parameters of h do not matter.

    Returns
    -------
    callable
        Of parameters (d,), samples, times, noise and labels: a `Loss`.
    """
    trusted = h._replace(sde=unchecked(h.sde))

    def objective(x: Array, a: Array, t: Array, z: Array, y: Array) -> Loss:
        model = bare(with_parameters)(trusted, x)
        return bare(joint_gradient)(model, a, t, z, y, None if weight is None else weight(t))

    return objective


@domain(data=array("n p"), batch=integer(1), y=labels, drop=_share, t_min=_time)
def joint_draw(data: Array, batch: int, y: Any, drop: float, t_min: float) -> Draw:
    """Random samples, times, noise and labels.

    Parameters
    ----------
    data, batch, y, drop, t_min
        As for `train`; y may be −1 for no labels at all.

    Returns
    -------
    callable
        Of a generator: samples (m, p), times (m, 1) uniform on [t_min, 1], noise (m, p), labels (m,).
    """
    try:
        y = np.broadcast_to(y, len(data))
    except ValueError:
        raise ValueError(f"y must have a label for each of the {len(data)} samples, got shape {y.shape}") from None

    def draw(rng: np.random.Generator) -> tuple[Array, ...]:
        i, t = rng.integers(len(data), size=batch), rng.uniform(t_min, 1, (batch, 1))
        z, kept = rng.standard_normal((batch, data.shape[1])), rng.random(batch) >= drop
        return data[i], t, z, np.where(kept, y[i], -1)

    return draw


@domain(
    objective=function,
    draw=function,
    x=array("d"),
    training=_settings,
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
        Seeds a stream of batches for each record.
    progress : callable, optional
        Called after each stretch with the number of records so far and the loss.
    path : path, optional
        File of partial results: written at each record, read when it exists.
    threads : int, optional
        Number of threads, each for 256 rows of a batch at a time; by default one for each core, see
        `refimpl.parallel.threads.spread`.

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
    streams = children(rng, training.records)
    losses, state, mark = np.empty(0), learner_start(x), _mark(objective, draw, x, training, streams[0])
    if path and path.exists():
        losses, state = _resume(path, mark, state)
    with spread(2.0 * BLOCK * len(x), threads) as run:
        for stream in streams[len(losses) :]:
            try:
                state, loss = _stretch(objective, draw, state, training, stream, run)
            except DivergedError as error:
                raise DivergedError(_history(training, losses, state), error.step) from None
            losses = np.append(losses, loss)
            if path:
                checkpoints.save(path, [np.array(mark), losses, *checkpoints.leaves(state)])
            if progress:
                progress(len(losses), loss)
    return _history(training, losses, state)


@domain(x=array("d"))
def learner_start(x: Array) -> Learner:
    """A learner before its first step.

    Parameters
    ----------
    x : (d,) array
        Parameters.

    Returns
    -------
    Learner
    """
    return Learner(adam_start(x), x.copy())


@domain(objective=function, state=_learner, batch=_batch, alpha=positive, decay=_decay, run=function)
def learning_step(
    objective: Objective, state: Learner, batch: Sequence[Any], alpha: float, decay: float, run: Callable = map
) -> tuple[Learner, float]:
    r"""One step of Adam on a batch, and of the moving average.

    .. math:: g = \nabla L(x), \qquad x^+ = \text{Adam}(g, x), \qquad
              \bar x^+ = \gamma_k \bar x + (1 - \gamma_k) x^+, \quad \gamma_k = \min\big(\gamma, \tfrac{k}{k + 9}\big)

    Here k counts the steps, this one included: the average soon forgets where it began.

    Parameters
    ----------
    objective
        As for `learn`.
    state : Learner
        Parameters, averages and number of steps.
    batch : sequence of arrays
        Its parts, with as many rows.
    alpha : float
        Step size of Adam, > 0.
    decay : float
        γ, ≥ 0 and < 1.
    run : callable
        Like the builtin `map`, such as the method `map` of a pool of threads.

    Returns
    -------
    Learner, and the loss before the step

    References
    ----------
    Slide "Joint training of the score network"; Kingma & Ba 2015.

    Examples
    --------
    >>> def halves(x, a):
    ...     return Loss(float(((x - a) ** 2).mean() / 2), (x - a).mean(axis=0))
    >>> state, loss = learning_step(halves, learner_start([0.0]), [np.array([[3.0], [5.0]])], 0.5, 0.9)
    >>> state.adam.x.round(6), state.average.round(6), loss  # a step of size 0.5; a tenth of the way left
    (array([0.5]), array([0.45]), 8.5)
    """
    keep_freed_memory()
    loss = bare(batch_loss)(objective, state.adam.x, batch, run)
    adam = bare(adam_step)(loss.gradient, state.adam, alpha)
    return Learner(adam, _average(state.average, adam.x, min(decay, adam.t / (adam.t + 9)))), loss.value


@domain(objective=function, x=array("d"), batch=_batch, run=function)
def batch_loss(objective: Objective, x: Array, batch: Sequence[Any], run: Callable = map) -> Loss:
    """The loss of a batch as a weighted mean of those of its blocks.

    Parameters
    ----------
    objective, batch, run
        As for `learning_step`.
    x : (d,) array
        Parameters.

    Returns
    -------
    Loss
    """
    n = len(batch[0])
    rows = [slice(i, i + BLOCK) for i in range(0, n, BLOCK)]
    if len(rows) == 1:
        return _loss(objective, x, batch)
    shares = [len(range(*block.indices(n))) / n for block in rows]
    losses = list(run(lambda block: _loss(objective, x, [part[block] for part in batch]), rows))
    value = sum(share * loss.value for share, loss in zip(shares, losses, strict=True))
    return Loss(value, sum(share * loss.gradient for share, loss in zip(shares, losses, strict=True)))


@np.errstate(over="ignore", invalid="ignore")
def _stretch(
    objective: Objective, draw: Draw, state: Learner, training: Training, rng: np.random.Generator, run: Callable
) -> tuple[Learner, float]:
    """The learner after the steps between two records, and their mean loss."""
    total, end = 0.0, training.iterations * training.records
    for _ in range(training.iterations):
        k, batch = state.adam.t, _batch.check("draw(rng)", draw(rng), {})
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
    batch = _batch.check("draw(rng)", draw(copy.deepcopy(rng)), {})
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


def _loss(objective: Objective, x: Array, batch: Sequence[Any]) -> Loss:
    loss = objective(x, *batch)
    if not isinstance(loss, Loss) or np.shape(loss.gradient) != x.shape:
        raise TypeError(f"objective must return a Loss with a gradient of shape {x.shape}, got {shortened(loss)}")
    return loss


def _average(average: Array, x: Array, decay: float) -> Array:
    return decay * average + (1 - decay) * x
