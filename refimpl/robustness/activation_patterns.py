"""Activation patterns of small ReLU networks: which ones occur on an open set of inputs.

Rows g₁, …, g_n are all > 0 at some point exactly when no λ ≥ 0 other than 0 has Σ λᵢgᵢ = 0 (Gordan). One least-squares
problem on unit rows decides: min ‖Gᵀλ‖² + (1 − Σλᵢ)² over λ ≥ 0. Where its least value is positive, a = Gᵀλ is such a
point; where it is 0, the rows with λᵢ > 0 contradict each other.
"""

from typing import NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain
from refimpl.robustness.relu_networks import Weights, network_weights

_THIN = 1e-7
_ZERO = 1e-12


class Signs(NamedTuple):
    """A point where all rows are positive, or None and the rows that contradict each other."""

    point: Array | None
    conflict: list[int]


class Cell(NamedTuple):
    """An open cone of inputs a, ⟨g, a⟩ > 0 for its rows g, the forms of a layer's outputs on it, and its pattern."""

    rows: Array
    forms: Array
    pattern: tuple[Array, ...]


@domain(rows=array("n p"))
def common_sign(rows: Array) -> Signs:
    r"""A point at which all rows are positive, or rows that have none.

    .. math:: G a > 0 \quad \text{or} \quad G^\top \lambda = 0, \; \lambda \ge 0, \; \lambda \ne 0

    Parameters
    ----------
    rows : (n, p) array
        None of them 0. Cones thinner than 10⁻⁷ count as empty.

    Returns
    -------
    Signs

    References
    ----------
    Gordan 1873.

    Examples
    --------
    >>> common_sign([[1.0, 0.0], [0.0, 1.0]]).point.round(12)
    array([0.33333333, 0.33333333])
    >>> common_sign([[1.0, 0.0], [0.0, 1.0], [-2.0, 0.0]]).conflict
    [0, 2]
    """
    unit = rows / np.abs(rows).max(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    system = np.vstack([unit.T, np.ones(len(unit))])
    lam = scipy.optimize.nnls(system, np.append(np.zeros(rows.shape[1]), 1.0), maxiter=100 * len(rows))[0]
    point = unit.T @ lam
    if np.linalg.norm(point) > _THIN and (unit @ point > 0).all():
        return Signs(point, [])
    return Signs(None, np.flatnonzero(lam > _THIN).tolist())


@domain(W=array("m k"), forms=array("k p"))
def next_forms(W: Array, forms: Array) -> Array:
    r"""A layer's preactivations on a cell, as linear forms of the inputs; what is 0 but for rounding is 0.

    .. math:: z = W F

    Parameters
    ----------
    W, forms : (m, k) array, (k, p) array
        Weights of the layer, and forms of the outputs of the layer before it.

    Returns
    -------
    (m, p) array

    Examples
    --------
    >>> next_forms([[0.1, 0.2, -0.3]], np.ones((3, 1)))
    array([[0.]])
    """
    z = W @ forms
    return np.where(np.abs(z) <= _ZERO * (np.abs(W) @ np.abs(forms)), 0.0, z)


@domain(weights=network_weights)
def cells(weights: Weights) -> list[Cell]:
    """The cells of a network: every activation pattern that occurs on an open set of inputs, once.

    A neuron whose preactivation is 0 on a whole cell is inactive there.

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).

    Returns
    -------
    list of Cell

    Examples
    --------
    >>> [cell.pattern[0].tolist() for cell in cells([[[1.0], [-1.0], [0.0]], [[1.0, 1.0, 1.0]]])]
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    p = weights[0].shape[1]
    found = [Cell(np.empty((0, p)), np.eye(p), ())]
    for W in weights[:-1]:
        found = [inner for outer in found for inner in _parts(outer, W)]
    return found


def _parts(cell: Cell, W: Array) -> list[Cell]:
    """The cells into which the neurons of the next layer cut one."""
    z = next_forms(W, cell.forms)
    signed: list[tuple[Array, list[float]]] = [(cell.rows, [])]
    for form in z:
        if form.any():
            sides = ((1.0, form), (0.0, -form))
            both = [(np.vstack([rows, side]), [*s, active]) for rows, s in signed for active, side in sides]
            signed = [(rows, s) for rows, s in both if common_sign(rows).point is not None]
        else:
            signed = [(rows, [*s, 0.0]) for rows, s in signed]
    return [Cell(rows, np.array(s)[:, None] * z, (*cell.pattern, np.array(s))) for rows, s in signed]
