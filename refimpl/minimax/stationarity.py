"""Where algorithms can stop: necessary conditions of local Nash equilibria, and stochastic gradient descent."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arrays import Array, Field
from refimpl.compiling import planar
from refimpl.differentiation import jacobian
from refimpl.domains import (
    array,
    bare,
    domain,
    field,
    function,
    generator,
    integer,
    nonnegative,
    positive,
    positive_array,
)
from refimpl.iteration import at_finite_points, finite_states, until_diverged
from refimpl.minimax.games import Payoff, operator_of


class Stationarity(NamedTuple):
    """What the necessary conditions say of points: each field has the shape of a batch of points.

    ``slope`` is ‖V‖; ``x_curvature`` and ``y_curvature`` are the least eigenvalues of ∇ₓₓΦ and of −∇ᵧᵧΦ; ``kind`` is

    - ``"not critical"`` where the slope is not 0;
    - ``"no equilibrium"`` where it is, but a curvature is < 0;
    - ``"undecided"`` where the necessary conditions hold with a curvature 0: derivatives of higher order decide;
    - ``"strict equilibrium"`` where both curvatures are > 0, which is also sufficient.
    """

    slope: Array
    x_curvature: Any
    y_curvature: Any
    kind: Any


@domain(payoff=function, z=array("... p"), dim_x=integer(1), tolerance=nonnegative)
def classify(payoff: Payoff, z: Array, dim_x: int = 1, tolerance: float = 1e-9) -> Stationarity:
    r"""First- and second-order necessary conditions of a local Nash equilibrium, by automatic differentiation.

    .. math:: \nabla_x \Phi = -\nabla_y \Phi = 0, \qquad \nabla_{xx} \Phi, -\nabla_{yy} \Phi \succeq 0

    Parameters
    ----------
    payoff : callable
        Φ(x, y) of x (..., dim_x) and y (..., p − dim_x), written with ``autograd.numpy``; one value a point.
    z : (..., p) array
        Points z = [x, y].
    dim_x : int
        Number of coordinates of the minimising player, ≥ 1.
    tolerance : float
        What counts as 0, ≥ 0.

    Returns
    -------
    Stationarity
        Slopes, curvatures and kinds (...,).

    References
    ----------
    Slide "Question 1 with a twist: Where do the algorithms want to converge?".

    Examples
    --------
    >>> from refimpl.minimax.games import monkey_saddle, quadratic_saddle
    >>> str(classify(quadratic_saddle().payoff, [0.0, 0.0]).kind)
    'strict equilibrium'
    >>> str(classify(monkey_saddle().payoff, [0.0, 0.0]).kind)
    'undecided'
    """
    V = operator_of(payoff, dim_x)
    J = jacobian(V, z)
    slope = np.linalg.norm(V(z), axis=-1)
    x_curvature = np.linalg.eigvalsh(J[..., :dim_x, :dim_x])[..., 0]
    y_curvature = np.linalg.eigvalsh(J[..., dim_x:, dim_x:])[..., 0]
    least = np.minimum(x_curvature, y_curvature)
    kind = np.select(
        [slope > tolerance, least < -tolerance, least <= tolerance],
        ["not critical", "no equilibrium", "undecided"],
        "strict equilibrium",
    )
    return Stationarity(slope, x_curvature, y_curvature, kind)


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


@domain(grad_f=field, x0=array("... p"), etas=positive_array("N"), sigma=nonnegative, rng=generator)
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
