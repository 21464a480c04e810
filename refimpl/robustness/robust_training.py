"""Classifiers trained against attacks, and their accuracy under attacks.

Inputs are pixels in [0, 1], and attacks stay there. The loss is the cross-entropy, and training is by Adam on batches.
"""

from functools import partial
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Field
from refimpl.arguments.domains import array, bare, domain, generator, integer, nonnegative, positive
from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation.layers import Network, flatten, network, sizes_of, unflatten
from refimpl.backpropagation.losses import cross_entropy
from refimpl.backpropagation.losses import labels as labels_domain
from refimpl.backpropagation.mlp import cotangents, forward, loss_gradient, trace
from refimpl.backpropagation.optimizers import adam_start, adam_step
from refimpl.parallel.threads import one_thread_each, operations
from refimpl.robustness.adversarial import pgd
from refimpl.robustness.duality import attacked_norm

_cross_entropy, _unflatten = bare(cross_entropy), bare(unflatten)
_PIXELS = np.zeros(()), np.ones(())
_classified = {"h": network, "a": array("n p"), "labels": labels_domain}
_attack = {"eps": nonnegative, "num_steps": integer(1), "norm": attacked_norm}


@domain(h=network, labels=labels_domain)
def input_gradient(h: Network, labels: Any) -> Field:
    r"""The gradient of the mean cross-entropy in the inputs.

    .. math:: \nabla_a \frac1n \sum_i \Big(\log \sum_j e^{h_j(a_i)} - h_{y_i}(a_i)\Big)

    Parameters
    ----------
    h : Network
        Layers and activation, with an output for each class.
    labels : (n,) array of int
        Classes y.

    Returns
    -------
    callable
        From inputs (n, p) to (n, p).

    Examples
    --------
    >>> from refimpl.backpropagation.activations import relu
    >>> from refimpl.backpropagation.layers import Layer
    >>> h = Network((Layer([[1.0], [0.0]], [0.0, 0.0]),), relu)
    >>> input_gradient(h, [1])([[0.0]])
    array([[0.5]])
    """

    def grad(a: Any) -> Any:
        inputs, u = trace(h, a)
        return cotangents(h, inputs, u, _cross_entropy(u[-1], labels)[1])[0] @ h.layers[0].W

    return grad


@domain(**_classified, **_attack)
def attack(h: Network, a: Any, labels: Any, eps: float, num_steps: int = 20, norm: Any = "inf") -> Any:
    r"""Attack of pixels by projected gradient ascent on the cross-entropy, with steps of 2.5 ε over their number.

    Parameters
    ----------
    h : Network
        Layers and activation, with an output for each class.
    a : (n, p) array
        Inputs in [0, 1].
    labels : (n,) array of int
        Their classes.
    eps : float
        Radius ε ≥ 0.
    num_steps : int
        Number of steps, ≥ 1.
    norm : {"inf", "2"}, or a number
        The norm of the ball.

    Returns
    -------
    (n, p) array

    References
    ----------
    Slide "Robustness examples in ML" [42]; Madry et al. 2018, Section 4.
    """
    if eps == 0:
        return a.copy()
    with one_thread_each(_operations(h, len(a))):
        return bare(pgd)(
            bare(input_gradient)(h, labels), a, np.array(eps), 2.5 * eps / num_steps, num_steps, norm, _PIXELS
        )


def _operations(h: Network, rows: int) -> float:
    return operations(rows, [layer.W for layer in h.layers])


@domain(**_classified, **_attack)
def withstands(h: Network, a: Any, labels: Any, eps: float, num_steps: int = 20, norm: Any = "inf") -> Any:
    """Which inputs a network still classifies rightly after the attack; a better attack may leave fewer.

    Parameters
    ----------
    h, a, labels, eps, num_steps, norm
        As in `attack`; ε = 0 leaves the inputs clean.

    Returns
    -------
    (n,) array of bool
    """
    worst = bare(attack)(h, a, labels, eps, num_steps, norm)
    return bare(forward)(h, worst).argmax(axis=-1) == labels


@domain(**_classified, **_attack, rng=generator, steps=integer(1), step=positive, batch=integer(1))
def adversarial_training(
    h: Network,
    a: Any,
    labels: Any,
    eps: float,
    rng: np.random.Generator,
    steps: int,
    step: float = 2e-3,
    batch: int = 100,
    num_steps: int = 5,
    norm: Any = "inf",
) -> Network:
    r"""Adam on the loss of attacked batches; the gradient is that at the attacked inputs, held fixed (Danskin).

    .. math:: \min_x \frac1n \sum_i \max_{\|\eta\| \le \epsilon} L(h_x(a_i + \eta), y_i)

    Parameters
    ----------
    h : Network
        The start, with an output for each class.
    a, labels, eps, num_steps, norm
        As in `attack`; at ε = 0 this is empirical risk minimization.
    rng : numpy.random.Generator
        Source of the batches, drawn with replacement.
    steps, batch : int
        Number of steps and of inputs in a batch, ≥ 1.
    step : float
        Adam's step size, > 0.

    Returns
    -------
    Network

    Raises
    ------
    DivergedError
        When parameters or outputs are not finite; `last` holds the last finite parameters.

    References
    ----------
    Slide "Robustness examples in ML" [42]; Madry et al. 2018.
    """
    if labels.shape != a.shape[:1]:
        raise ValueError(f"labels must be one for each of {len(a)} inputs, got {labels.shape}")
    with one_thread_each(_operations(h, batch)), np.errstate(over="ignore", invalid="ignore"):
        return _steps(h, a, labels, rng, steps, step, batch, (eps, num_steps, norm))


def _steps(
    h: Network,
    a: Any,
    labels: Any,
    rng: np.random.Generator,
    steps: int,
    step: float,
    batch: int,
    options: tuple[Any, ...],
) -> Network:
    sizes, state = sizes_of(h.layers), adam_start(flatten(h.layers))
    for t in range(steps):
        i, last = rng.integers(len(labels), size=batch), state.x
        if not np.isfinite(bare(forward)(h, a[i])).all():
            raise DivergedError(last, t)
        worst = bare(attack)(h, a[i], labels[i], *options)
        _, gradient = bare(loss_gradient)(h, worst, partial(_cross_entropy, labels=labels[i]))
        state = bare(adam_step)(flatten(gradient), state, step)
        if not np.isfinite(state.x).all():
            raise DivergedError(last, t)
        h = h._replace(layers=_unflatten(state.x, sizes))
    return h
