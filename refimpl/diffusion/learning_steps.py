r"""One step of Adam on a batch, and of the moving average of the parameters.

A batch is cut into blocks of fixed size whose gradients are added in order, so that the result is the same for any
number of threads.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array, keep_freed_memory
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, number, positive, shortened
from refimpl.arguments.records import record
from refimpl.backpropagation.optimizers import AdamState, adam_start, adam_step
from refimpl.diffusion.score_network_losses import Loss

BLOCK = 512
"""Rows of a batch whose gradient one thread computes at a time."""

Objective = Callable[..., Loss]
Draw = Callable[[np.random.Generator], Sequence[Any]]


class Learner(NamedTuple):
    """State of Adam, and the moving average of its parameters."""

    adam: AdamState
    average: Any


def _check_batch(name: str, value: Any, sizes: Sizes) -> Sequence[Any]:
    if not isinstance(value, Sequence) or not all(np.ndim(part) for part in value):
        raise TypeError(f"{name} must be a sequence of arrays, got {shortened(value)}")
    lengths = {len(part) for part in value}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"{name} must be arrays of one length, >= 1, got lengths {[len(part) for part in value]}")
    return value


decay_domain = number(">= 0 and < 1")
_learner, batch_domain = record(Learner), Domain("arrays of one length", _check_batch)


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


@domain(objective=function, state=_learner, batch=batch_domain, alpha=positive, decay=decay_domain, run=function)
def learning_step(
    objective: Objective, state: Learner, batch: Sequence[Any], alpha: float, decay: float, run: Callable = map
) -> tuple[Learner, float]:
    r"""One step of Adam on a batch, and of the moving average.

    .. math:: g = \nabla L(x), \qquad x^+ = \text{Adam}(g, x), \qquad
              \bar x^+ = \gamma_k \bar x + (1 - \gamma_k) x^+, \quad \gamma_k = \min\big(\gamma, \tfrac{k}{k + 9}\big)

    where k counts the steps, this one included, so that the average soon forgets where it began.

    Parameters
    ----------
    objective : callable
        Of the parameters and the parts of a batch: the `Loss`, a mean over the batch.
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


@domain(objective=function, x=array("d"), batch=batch_domain, run=function)
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


def _loss(objective: Objective, x: Array, batch: Sequence[Any]) -> Loss:
    loss = objective(x, *batch)
    if not isinstance(loss, Loss) or np.shape(loss.gradient) != x.shape:
        raise TypeError(f"objective must return a Loss with a gradient of shape {x.shape}, got {shortened(loss)}")
    return loss


def _average(average: Array, x: Array, decay: float) -> Array:
    return decay * average + (1 - decay) * x
