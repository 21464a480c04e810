"""Zero-shot transfer of the learning rate: trainings on digits of many widths, and the rate at which each is best."""

import functools
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, as_array, bare, domain, integer, positive, same_size
from refimpl.arguments.records import record
from refimpl.data import digits
from refimpl.networks.mup import ABC, abc_domain, optimizer_domain
from refimpl.networks.mup_training import random_weights, start, train_step
from refimpl.parallel.threads import one_thread_each, operations

_train_step = bare(train_step)


class Training(NamedTuple):
    """A training on digits: parameterisation, optimizer, learning rate η, width, base width, and budget."""

    abc: ABC
    optimizer: str
    eta: float
    m: int
    base: int = 32
    steps: int = 100
    batch: int = 64
    seed: int = 0


def _check_losses(name: str, value: Any, sizes: Sizes) -> Array:
    y = as_array(name, value)
    if y.dtype.kind not in "fiu" or y.ndim != 1 or np.isnan(y).any() or not (y > 0).all():
        raise ValueError(f"{name} must be losses (n,) > 0 or inf, got {value!r:.60}")
    same_size(name, "n", len(y), sizes)
    return y.astype(float)


training_domain = record(
    Training,
    abc=abc_domain,
    optimizer=optimizer_domain,
    eta=positive,
    m=integer(1),
    base=integer(1),
    steps=integer(1),
    batch=integer(1),
    seed=integer(0),
)
_losses = Domain("losses (n,), > 0 or inf", _check_losses)


@functools.cache
def small_digits() -> tuple[Array, np.ndarray]:
    """Digits of 14 × 14 pixels, each the mean of four, as vectors (10000, 196) of norm 1; labels."""
    images, labels = digits.load()
    a = images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
    return a / np.linalg.norm(a, axis=-1, keepdims=True), labels


@domain(training=training_domain)
def training_losses(training: Training) -> Array:
    """Losses of the batches, each before its step. Once one is not finite, it and all later ones are infinity.

    Parameters
    ----------
    training : Training
        `numpy.random.default_rng(seed)` spawns two generators. The first draws the weights
        (`refimpl.networks.mup_training.random_weights`), the second the numbers of each batch's digits.

    Returns
    -------
    (steps,) array

    References
    ----------
    Slide "μ-transfer: transferability and empirical results".
    """
    images, labels = small_digits()
    of_weights, of_batches = np.random.default_rng(training.seed).spawn(2)
    weights = random_weights(training.abc, images.shape[1], training.m, 10, of_weights, training.base)
    state, losses = start(weights, training.optimizer), np.full(training.steps, np.inf)
    limit = one_thread_each(operations(training.batch, weights))
    with limit, np.errstate(over="ignore", invalid="ignore"):
        for t in range(training.steps):
            i = of_batches.integers(0, len(labels), training.batch)
            state, loss = _train_step(training.abc, state, images[i], labels[i], training.eta, training.base)
            if not np.isfinite(loss):
                break
            losses[t] = loss
    return losses


@domain(rates=array("n"), losses=_losses)
def best_rate(rates: Array, losses: Array) -> float:
    r"""The learning rate of the least loss, by a parabola through the least point and its neighbours.

    .. math:: \log_2 \eta^* = x_i + \frac{\Delta}{2} \, \frac{y_{i-1} - y_{i+1}}{y_{i-1} - 2 y_i + y_{i+1}},
              \qquad x = \log_2 \eta, \quad y = \log(\text{loss})

    Parameters
    ----------
    rates : (n,) array
        Learning rates, > 0, increasing by one factor 2^Δ.
    losses : (n,) array
        Losses, > 0; infinity where training diverged.

    Returns
    -------
    float
        η*.

    Raises
    ------
    ValueError
        When the least loss is not between two finite ones: the grid must reach beyond it.

    References
    ----------
    Slide "μ-transfer: transferability and empirical results".

    Examples
    --------
    >>> round(best_rate([0.5, 1.0, 2.0, 4.0], [4.0, 2.0, 2.0, 4.0]) ** 2, 12)
    2.0
    """
    if not (rates > 0).all():
        raise ValueError(f"rates must be > 0, got {rates.min()}")
    x = np.log2(rates)
    if len(x) < 3 or not (x[1] > x[0] and np.allclose(np.diff(x), x[1] - x[0])):
        raise ValueError(f"rates must be three or more that increase by one factor, got {rates}")
    i = int(np.argmin(losses))
    if i in (0, len(x) - 1) or not np.isfinite(losses[i - 1 : i + 2]).all():
        raise ValueError(f"losses must have their minimum inside the grid, between finite ones, got {losses}")
    below, least, above = np.log(losses[i - 1 : i + 2])
    return float(2 ** (x[i] + (x[1] - x[0]) / 2 * (below - above) / (below - 2 * least + above)))
