"""The law of robustness: how small the Lipschitz constant of a network that interpolates data can be.

The neurons are given and the second layer is free. Then the least Lipschitz constant is the value of a linear program.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain
from refimpl.robustness.activation_patterns import cells
from refimpl.robustness.duality import any_norm, polyhedral_norm

_points, _targets = array("n p"), array("n")


class Interpolant(NamedTuple):
    """The second layer v (m,) of the flattest network through the data, and its Lipschitz constant.

    Where no network goes through them v is None and L infinite.
    """

    v: Array | None
    L: float


@domain(W=array("m p"), a=_points, b=_targets, norm=polyhedral_norm)
def flattest_interpolant(W: Array, a: Array, b: Array, norm: Any) -> Interpolant:
    r"""The network vᵀσ(Wa) with given neurons that goes through all data with the least Lipschitz constant.

    .. math:: \min_{v, L} L \quad \text{subject to} \quad v^\top \sigma(W a_i) = b_i, \qquad
              \langle e, W^\top D v \rangle \le L

    for all patterns D that occur on an open set and all extreme points e of the unit ball: signs for ℓ∞; unit vectors
    and their negatives for ℓ₁.

    Parameters
    ----------
    W : (m, p) array
        Neurons.
    a, b : (n, p) array, (n,) array
        Data.
    norm : 1 or inf
        On inputs.

    Returns
    -------
    Interpolant

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric", [11], [12]; Bubeck, Li & Nagaraj 2021; Bubeck & Sellke 2021.

    Examples
    --------
    >>> v, L = flattest_interpolant([[1.0], [-1.0]], [[2.0], [-1.0]], [2.0, 3.0], "inf")
    >>> v, L
    (array([1., 3.]), 3.0)
    """
    m, p = W.shape
    patterns = np.array([cell.pattern[0] for cell in cells([W, np.ones((1, m))])])
    slopes = (patterns[:, None, :] * (_extreme_points(p, norm) @ W.T)).reshape(-1, m)
    solution: Any = scipy.optimize.linprog(
        np.append(np.zeros(m), 1.0),
        A_ub=np.column_stack([slopes, -np.ones(len(slopes))]),
        b_ub=np.zeros(len(slopes)),
        A_eq=np.column_stack([np.maximum(a @ W.T, 0), np.zeros(len(a))]),
        b_eq=b,
        bounds=(None, None),
        method="highs",
    )
    if solution.x is None:
        return Interpolant(None, np.inf)
    return Interpolant(solution.x[:m], float((slopes @ solution.x[:m]).max()))


def _extreme_points(p: int, norm: float) -> Array:
    I = np.eye(p)
    return np.stack(np.meshgrid(*p * [[-1.0, 1.0]]), -1).reshape(-1, p) if norm == np.inf else np.vstack([I, -I])


@domain(a=_points, b=_targets, norm=any_norm)
def steepest_pair(a: Array, b: Array, norm: Any = 2) -> float:
    r"""The least Lipschitz constant of any function through the data, a network or not.

    .. math:: \max_{i \ne j} \frac{|b_i - b_j|}{\|a_i - a_j\|}

    Parameters
    ----------
    a, b : (n, p) array, (n,) array
        Data, no two points the same.
    norm : 1, 2 or inf
        On inputs.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Two points are the same.

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric"; McShane 1934.

    Examples
    --------
    >>> steepest_pair([[0.0], [1.0], [3.0]], [0.0, 1.0, 7.0])
    3.0
    """
    i, j = np.triu_indices(len(a), 1)
    distance = np.linalg.norm(a[i] - a[j], norm, axis=1)
    if not distance.all():
        raise ValueError("a must hold different points, got two that are the same")
    return float(np.max(np.abs(b[i] - b[j]) / distance, initial=0.0))
