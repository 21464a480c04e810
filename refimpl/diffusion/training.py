r"""Joint training of a score network: the λ(t)-weighted denoising loss over random samples, times and noise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, field, function, generator, integer, number, optional
from refimpl.diffusion.learning import History, Training, learn, settings
from refimpl.diffusion.learning_steps import Draw, Objective
from refimpl.diffusion.score_network import ScoreNetwork, labels, of_classes, score_network
from refimpl.diffusion.score_network_files import load, parameters, save, with_parameters
from refimpl.diffusion.score_network_losses import Loss, joint_gradient
from refimpl.diffusion.sde import unchecked
from refimpl.files.writing import path_domain

__all__ = [
    "Trained",
    "Training",
    "joint_draw",
    "joint_objective",
    "load",
    "parameters",
    "save",
    "train",
    "with_parameters",
]

_share, _time = number(">= 0 and <= 1"), number("> 0 and < 1")


class Trained(NamedTuple):
    """The score network with the averaged parameters, and what happened on the way."""

    network: ScoreNetwork
    history: History


@domain(
    h=score_network,
    data=array("n p"),
    training=settings,
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
        Source of the batches.
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
        As for `learning.learn`.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        When the file holds partial results of another training, or is damaged.
    DivergedError
        As by `learning.learn`.

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


@domain(h=score_network, weight=optional(field))
def joint_objective(h: ScoreNetwork, weight: Callable[[Array], Array] | None = None) -> Objective:
    """The joint loss as a function of the parameters and of a batch as `joint_draw` draws it.

    Parameters
    ----------
    h : ScoreNetwork
        The network, whose parameters do not matter.
    weight : callable, optional
        λ ≥ 0, of times (n, 1) to (n, 1); by default std².

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
