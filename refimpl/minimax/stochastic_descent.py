"""Stochastic gradient descent: a step, and paths."""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, bare, domain, field, generator, nonnegative, numpy_array, positive
from refimpl.loops.compiling import planar
from refimpl.loops.iteration import at_finite_points, finite_states, until_diverged


@planar
@domain(grad_f=field, x=array("... p"), eta=positive, noise=array("... p"))
def sgd_step(grad_f: Field, x: Any, eta: float, noise: Any) -> Any:
    r"""One step of stochastic gradient descent: the gradient comes with an error.

    .. math:: x^+ = x - \eta (\nabla f(x) + \xi)

    Parameters
    ----------
    grad_f : callable
        Gradient of f, of the shape of x.
    x : (..., p) array
        Points.
    eta : float
        Step size, > 0.
    noise : (..., p) array
        The errors ξ of the gradients.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Recall SGD results from Lecture 10".

    Examples
    --------
    >>> sgd_step(lambda x: 2 * x, [1.0, 2.0], 0.25, [1.0, -1.0])
    array([0.25, 1.25])
    """
    return x - eta * (grad_f(x) + noise)


@domain(grad_f=field, x0=numpy_array("... p"), etas=positive_array("N"), sigma=nonnegative, rng=generator)
def sgd(grad_f: Field, x0: Array, etas: Array, sigma: float, rng: np.random.Generator) -> Array:
    r"""Paths of stochastic gradient descent with Gaussian errors and a step size for each step.

    .. math:: x_{k+1} = x_k - \eta_k (\nabla f(x_k) + \sigma z_k), \qquad z_k \sim N(0, I)

    Parameters
    ----------
    grad_f : callable
        Gradient of f, of the shape of x.
    x0 : (..., p) array
        Starts, one a path.
    etas : (N,) array
        Step sizes, > 0.
    sigma : float
        Standard deviation of each coordinate of the error, ≥ 0.
    rng : np.random.Generator
        Where the errors come from.

    Returns
    -------
    (N + 1, ..., p) array
        The starts first.

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last finite one.

    References
    ----------
    Slide "Recall SGD results from Lecture 10"; Mertikopoulos, Hallak, Kavis & Cevher 2020.

    Examples
    --------
    >>> sgd(lambda x: x, [1.0], [0.5, 0.5], 0.0, np.random.default_rng())
    array([[1.  ],
           [0.5 ],
           [0.25]])
    """
    x = np.full((len(etas) + 1, *x0.shape), np.nan)
    x[0] = x0
    with until_diverged():
        for k, eta in enumerate(etas):
            x[k + 1] = bare(sgd_step)(at_finite_points(grad_f), x[k], eta, sigma * rng.standard_normal(x0.shape))
    return finite_states(x)
