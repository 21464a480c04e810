"""Classifiers of real digits, trained against attacks or not: each network is one job."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, integer, nonnegative, positive
from refimpl.arguments.records import record
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.data import digits
from refimpl.robustness.duality import attacked_norm
from refimpl.robustness.robust_training import adversarial_training


class Job(NamedTuple):
    """A training on digits against attacks of radius ε, by Adam, from a seed; ε = 0 stands for no attacks.

    The network has m hidden neurons and sees `points` digits. The other options are those of
    `robust_training.adversarial_training`.
    """

    eps: float
    seed: int
    steps: int
    points: int = 9000
    m: int = 100
    step: float = 2e-3
    batch: int = 100
    num_steps: int = 5
    norm: Any = np.inf


_job = record(
    Job,
    eps=nonnegative,
    seed=integer(0),
    steps=integer(1),
    points=integer(1),
    m=integer(1),
    step=positive,
    batch=integer(1),
    num_steps=integer(1),
    norm=attacked_norm,
)


@domain(seed=integer(0), points=integer(1))
def digit_split(seed: int, points: int) -> tuple[Array, np.ndarray, Array, np.ndarray]:
    """Some digits to train on with their labels, and all the others with theirs, in random order.

    Parameters
    ----------
    seed : int
        Seed of the order, ≥ 0.
    points : int
        Number to train on, ≥ 1 and < 10000.

    Returns
    -------
    (points, 784) array, (points,) array of int, (10000 − points, 784) array, (10000 − points,) array of int
    """
    images, labels = digits.load()
    if points >= len(labels):
        raise ValueError(f"points must be < {len(labels)}, the number of digits, got {points}")
    order = np.random.default_rng([seed, 11]).permutation(len(labels))
    known, new = order[:points], order[points:]
    return images[known], labels[known], images[new], labels[new]


@domain(job=_job)
def trained(job: Job) -> Array:
    """Parameters of a network of one hidden layer, trained on digits; `as_network` makes them a network.

    Parameters
    ----------
    job : Job
        Attack, budget and seed.

    Returns
    -------
    (d,) array
    """
    a, labels, *_ = bare(digit_split)(job.seed, job.points)
    start, batches = np.random.default_rng([job.seed, 12]).spawn(2)
    h = Network(random_layers((784, job.m, 10), start), relu)
    options = (job.steps, job.step, job.batch, job.num_steps, job.norm)
    return flatten(bare(adversarial_training)(h, a, labels, job.eps, batches, *options).layers)


@domain(x=array("d"), m=integer(1))
def as_network(x: Any, m: int = 100) -> Network:
    """The network of m hidden neurons with these parameters.

    Parameters
    ----------
    x : (d,) array
        Parameters, as `trained` gives them.
    m : int
        Hidden neurons, ≥ 1.

    Returns
    -------
    Network
    """
    return Network(bare(unflatten)(x, (784, m, 10)), relu)
