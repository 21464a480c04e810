r"""Perturbation stability of dense and convolutional networks that are trained on real digits: one job a network.

Digits are scaled to ‖a‖ = 1, labels are ±1 for even and odd, the loss is half the mean squared error, and the last
layer is linear. Training is by Adam on batches; gradients are those written by hand.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, generator, integer, one_of, positive
from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation.activations import identity
from refimpl.backpropagation.optimizers import adam_start, adam_step
from refimpl.data import digits
from refimpl.networks import convolutional, fully_connected, initialization
from refimpl.networks.perturbation_stability import expected_perturbation
from refimpl.parallel.threads import one_thread_each, operations

GAINS = {"he": 2.0, "lecun": 1.0}


class Job(NamedTuple):
    """A network, "dense" or "convolutional", and its training by Adam: step size, number of steps, digits a batch.

    It is trained on `points` digits, and looked at on as many others.
    """

    kind: str
    name: str
    m: int
    L: int
    seed: int
    steps: int
    step: float = 1e-3
    batch: int = 50
    points: int = 1000


class Outcome(NamedTuple):
    """P/ε at unseen digits before and after training, mean squared error of training, share of unseen digits right."""

    before: float
    after: float
    error: float
    right: float


def _check_job(name: str, value: Any, sizes: Sizes) -> Job:
    if not isinstance(value, Job):
        raise TypeError(f"{name} must be a Job, got {type(value).__name__}")
    one_of("dense", "convolutional").check(f"{name}.kind", value.kind, {})
    one_of(*GAINS).check(f"{name}.name", value.name, {})
    least = {"m": 1, "L": 2 if value.kind == "dense" else 3, "seed": 0, "steps": 1, "batch": 1, "points": 1}
    for field, minimum in least.items():
        integer(minimum).check(f"{name}.{field}", getattr(value, field), {})
    positive.check(f"{name}.step", value.step, {})
    if value.points > 5000:
        raise ValueError(f"{name}.points must be <= 5000, half of all digits, got {value.points}")
    return value


def _check_weights(name: str, value: Any, sizes: Sizes) -> list[Array]:
    if not isinstance(value, list | tuple) or not value:
        raise TypeError(f"{name} must be a list of arrays, got {type(value).__name__}: {value!r:.40}")
    return [array("...").check(f"{name}[{l}]", X, {}) for l, X in enumerate(value)]


def _check_points(name: str, value: Any, sizes: Sizes) -> Array:
    a = array("...").check(name, value, {})
    if np.ndim(a) < 2:
        raise ValueError(f"{name} must have shape (n, ...), one point a row, got {np.shape(a)}")
    return a


_job = Domain("Job", _check_job)


@domain(
    gradient=function,
    weights=Domain("list of arrays", _check_weights),
    a=Domain("array (n, ...)", _check_points),
    b=array("n"),
    rng=generator,
    steps=integer(1),
    step=positive,
    batch=integer(1),
)
def adam_on_batches(
    gradient: Callable[..., Any],
    weights: list[Array],
    a: Array,
    b: Array,
    rng: np.random.Generator,
    steps: int,
    step: float = 1e-3,
    batch: int = 50,
) -> list[Array]:
    r"""Weights after a number of steps of Adam on the squared loss of random batches.

    .. math:: f = \frac{1}{2 |B|} \sum_{i \in B} (h(a_i) - b_i)^2, \qquad B \text{ drawn with replacement}

    Parameters
    ----------
    gradient : callable
        `fully_connected.gradient` or `convolutional.gradient`.
    weights : list of arrays
        The start, of one network.
    a, b : (n, ...), (n,) array
        Points and labels.
    rng : numpy.random.Generator
        Source of the batches.
    steps, batch : int
        Number of steps and of points in a batch, ≥ 1.
    step : float
        Adam's step size, > 0.

    Returns
    -------
    list of arrays

    Raises
    ------
    DivergedError
        When weights are not finite; `last` holds the last finite ones.
    """
    if len(a) != len(b):
        raise ValueError(f"a must hold {len(b)} points, one a label, got {len(a)}")
    limit = one_thread_each(operations(batch * math.prod(a.shape[1:-1]), weights))
    with limit, np.errstate(over="ignore", invalid="ignore"):
        return _steps(gradient, weights, a, b, rng, steps, step, batch)


def _steps(
    gradient: Callable[..., Any],
    weights: list[Array],
    a: Array,
    b: Array,
    rng: np.random.Generator,
    steps: int,
    step: float,
    batch: int,
) -> list[Array]:
    states = [adam_start(X) for X in weights]
    for t in range(steps):
        i, last = rng.integers(len(a), size=batch), states
        found = gradient(lambda h, b=b[i]: (h - b) / batch, [state.x for state in states], a[i], 1.0, identity)
        states = [bare(adam_step)(G, state, step) for G, state in zip(found.weights, states, strict=True)]
        if not all(np.isfinite(state.x).all() for state in states):
            raise DivergedError([state.x for state in last], t)
    return [state.x for state in states]


@domain(job=_job)
def outcome(job: Job) -> Outcome:
    """Train a network and measure its stability, before and after, by exact input gradients.

    Parameters
    ----------
    job : Job
        Network, training and seed.

    Returns
    -------
    Outcome

    References
    ----------
    Slides "Robustness in deep learning: lazy training experiment for FCN" and "for CNN".
    """
    draw, start, batches = np.random.default_rng([job.seed, 7]).spawn(3)
    a, b, a_test, b_test = _digits(job, draw)
    net: Any = fully_connected if job.kind == "dense" else convolutional
    weights = _start(job, start)
    trained = adam_on_batches(bare(net.gradient), weights, a, b, batches, job.steps, job.step, job.batch)
    before, after = (
        expected_perturbation(net.input_gradient(X, a_test, 1.0, identity).reshape(len(a_test), -1), 1.0).mean()
        for X in (weights, trained)
    )
    error = ((net.forward(trained, a, 1.0, identity) - b) ** 2).mean()
    right = (net.forward(trained, a_test, 1.0, identity) * b_test > 0).mean()
    return Outcome(float(before), float(after), float(error), float(right))


def _digits(job: Job, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    images, labels = digits.load()
    chosen = rng.permutation(len(images))[: 2 * job.points]
    a = images[chosen] / np.linalg.norm(images[chosen], axis=1, keepdims=True)
    a, b = a if job.kind == "dense" else a.reshape(-1, 28, 28), np.where(labels[chosen] % 2, -1.0, 1.0)
    return a[: job.points], b[: job.points], a[job.points :], b[job.points :]


def _start(job: Job, rng: np.random.Generator) -> list[Array]:
    if job.kind == "dense":
        scales = initialization.scales(job.name, 784, job.m)
        return initialization.sample_weights(scales, 784, job.m, job.L, rng)
    return convolutional.sample_filters(job.m, job.L, 28, 28, rng, GAINS[job.name])
