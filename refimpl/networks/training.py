r"""Full-batch gradient descent on the squared loss of the lecture's networks, one or several at once.

.. math:: f(x) = \frac1{2n} \sum_{i=1}^n (h_x(a_i) - b_i)^2

The last layer is linear here unless `output` says otherwise. With the lecture's outer ReLU a network has no gradient at
all where X_L h ≤ 0 at every point, and would never be trained.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, integer, positive
from refimpl.arguments.errors import DivergedError
from refimpl.backpropagation.activations import Activation, identity
from refimpl.backpropagation.layers import activation
from refimpl.backpropagation.optimizers import sgd_step
from refimpl.networks.fully_connected import forward, network_weights, weight_gradient
from refimpl.parallel.threads import one_thread_each, operations


class Path(NamedTuple):
    """Numbers of steps (r,), and the weights after so many: one array (r, m, p) a layer, or (r, k, m, p)."""

    steps: Array
    weights: list[Array]


def _check_step_size(name: str, value: Any, sizes: Sizes) -> Callable[[list[Any]], Any]:
    if callable(value):
        return value
    eta = positive_array("...").check(name, value, sizes)
    return lambda weights: eta


@domain(eta=positive_array("..."), weights=network_weights)
def refuse_unpaired_rate(eta: Any, weights: list[Any]) -> None:
    """Refuse, with a ValueError, step sizes that are neither one number nor one a network (k,)."""
    if np.shape(eta) not in ((), leading := np.shape(weights[0])[:-2]):
        raise ValueError(f"eta must be a number or of shape {leading}, got shape {np.shape(eta)}")


_step_size = Domain("positive number or array (k,), or callable from weights to one", _check_step_size)
_problem = {
    "weights": network_weights,
    "a": array("... n p"),
    "b": array("... n"),
    "alpha": positive,
    "output": activation,
}


@domain(**_problem)
def squared_loss(weights: list[Any], a: Any, b: Any, alpha: float = 1.0, output: Activation = identity) -> Any:
    r"""Half the mean squared error.

    .. math:: \frac1{2n} \sum_i (h(a_i) - b_i)^2

    Parameters
    ----------
    weights : list of L arrays
        One network, or k networks on a further first axis.
    a : (n, p) or (k, n, p) array
        Points.
    b : (n,) or (k, n) array
        Labels.
    alpha : float
        Divisor α of the output, > 0.
    output : Activation
        The last σ; the identity by default.

    Returns
    -------
    float, or (k,) array

    Examples
    --------
    >>> float(squared_loss([[[1.0]], [[2.0]]], [[1.0], [3.0]], [1.0, 4.0]))  # h = 2, 6
    1.25
    """
    return ((forward(weights, a, alpha, output) - b) ** 2).mean(axis=-1) / 2


@domain(**_problem, eta=positive_array("..."))
def gradient_descent_step(
    weights: list[Any], a: Any, b: Any, eta: Any, alpha: float = 1.0, output: Activation = identity
) -> list[Any]:
    r"""One step of gradient descent on the squared loss.

    .. math:: X_l^+ = X_l - \frac\eta n \nabla_{X_l} \tfrac12 \sum_i (h(a_i) - b_i)^2

    Parameters
    ----------
    weights, a, b, alpha, output
        As in `squared_loss`.
    eta : float or (k,) array
        Step size, > 0; each of k networks may have its own.

    Returns
    -------
    list of L arrays

    Examples
    --------
    >>> gradient_descent_step([[[1.0]], [[2.0]]], [[1.0]], [1.0], 0.1)  # h = 2, gradient (2, 1)
    [array([[0.8]]), array([[1.9]])]
    """
    bare(refuse_unpaired_rate)(eta, weights)
    gradients = bare(weight_gradient)(lambda h: (h - b) / np.shape(b)[-1], weights, a, alpha, output)
    eta = np.asarray(eta)[..., None, None]
    return [bare(sgd_step)(G, X, eta) for G, X in zip(gradients, weights, strict=True)]


@domain(**_problem, eta=_step_size, num_steps=integer(1), records=integer(1))
def gradient_descent(
    weights: list[Any],
    a: Any,
    b: Any,
    eta: Any,
    num_steps: int,
    records: int = 1,
    alpha: float = 1.0,
    output: Activation = identity,
) -> Path:
    """Gradient descent on the squared loss.

    Parameters
    ----------
    weights, a, b, alpha, output
        As in `squared_loss`.
    eta : float, (k,) array or callable
        Step size as in `gradient_descent_step`, or a function from the weights to that of the next step.
    num_steps : int
        Number of steps, ≥ 1.
    records : int
        Number of records after the start, ≥ 1, ≤ num_steps. They are evenly spaced; the last is after the last step.

    Returns
    -------
    Path
        Row 0 is the start.

    Raises
    ------
    DivergedError
        When weights are not finite; `last` holds those of the last finite record, `step` its number of steps.

    Examples
    --------
    >>> path = gradient_descent([[[1.0]], [[2.0]]], [[1.0]], [1.0], 0.1, num_steps=40)
    >>> round((path.weights[0][-1] * path.weights[1][-1]).item(), 4)
    1.0
    """
    if records > num_steps:
        raise ValueError(f"records must be <= num_steps = {num_steps}, got {records}")
    steps = np.rint(np.linspace(0, num_steps, records + 1)).astype(int)
    path = [weights]
    limit = one_thread_each(operations(a.shape[-2], weights))
    with limit, np.errstate(over="ignore", invalid="ignore"):
        for count in np.diff(steps):
            for _ in range(count):
                weights = bare(gradient_descent_step)(weights, a, b, eta(weights), alpha, output)
            if not all(np.isfinite(X).all() for X in weights):
                raise DivergedError(path[-1], int(steps[len(path) - 1]))
            path.append(weights)
    return Path(steps, [np.stack(layer) for layer in zip(*path, strict=True)])
