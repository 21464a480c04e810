"""Where algorithms can stop: first- and second-order necessary conditions of local Nash equilibria."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, function, integer, nonnegative
from refimpl.calculus.differentiation import jacobian
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
