"""Distances between laws, estimated from samples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy

from refimpl.arguments.array_domains import probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, potential, shortened
from refimpl.sampling._lengths import length


@domain(log_p=potential, log_q=potential, a=array("n p"))
def sample_kl(log_p: Callable, log_q: Callable, a: Array) -> float:
    r"""Estimate of KL(p ‖ q) from samples of p: the mean of log p − log q.

    Parameters
    ----------
    log_p, log_q : callable
        Logarithms of normalised densities, from (n, p) to (n,).
    a : (n, p) array
        Samples of p.

    Returns
    -------
    float

    Examples
    --------
    >>> sample_kl(lambda a: a[:, 0], lambda a: -a[:, 0], [[1.0], [2.0]])
    3.0
    """
    return float(np.mean(log_p(a) - log_q(a)))


@domain(log_p=potential, log_q=potential, a=array("n p"))
def sample_total_variation(log_p: Callable, log_q: Callable, a: Array) -> float:
    r"""Estimate of TV(p, q) from samples of p: the mean of (1 − q/p)₊.

    Parameters
    ----------
    log_p, log_q, a
        As for `sample_kl`.

    Returns
    -------
    float

    Examples
    --------
    >>> sample_total_variation(lambda a: 0 * a[:, 0], lambda a: np.log(a[:, 0]), [[0.5], [2.0]])
    0.25
    """
    return float(np.mean(-np.expm1(np.minimum(log_q(a) - log_p(a), 0))))


Weights = tuple[Array, Array]


def _check_weights(name: str, value: Any, sizes: Sizes) -> Weights | None:
    if value is None:
        return None
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} must be None or a pair of arrays, got {shortened(value)}")
    return probabilities("n").check(f"{name}[0]", value[0], sizes), probabilities("m").check(
        f"{name}[1]", value[1], sizes
    )


_weights = Domain("None or a pair of weights (n,) and (m,), nonnegative, of sum 1", _check_weights)


@domain(a=array("n p"), b=array("m p"), weights=_weights)
def sample_w2(a: Array, b: Array, *, weights: Weights | None = None) -> float:
    r"""Wasserstein distance W₂ of two samples: the least cost of moving one to the other.

    .. math:: W_2^2 = \min_{T \ge 0} \sum_{ij} T_{ij} \|a_i - b_j\|^2, \qquad
              \sum_j T_{ij} = w_i, \quad \sum_i T_{ij} = v_j

    For two samples of one size and equal weights this is the best matching. On the line points move in order.

    Parameters
    ----------
    a : (n, p) array
        Samples; for p > 1 the matching takes O(n³).
    b : (m, p) array
        Samples, n of them unless there are weights.
    weights : pair of arrays (n,) and (m,), optional
        Weights w and v, ≥ 0, of sum 1; all equal by default. For p > 1 they take a linear program of nm unknowns.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When the samples are of two sizes and have no weights.

    Examples
    --------
    >>> sample_w2([[0.0], [1.0]], [[4.0], [3.0]])
    3.0
    >>> sample_w2([[0.0], [4.0]], [[0.0]], weights=([0.75, 0.25], [1.0]))  # √(0.25 · 4²)
    2.0
    """
    _refuse_two_sizes(a, b, weights)
    if a.shape[1] == 1:
        return _along_lines(a, b, weights)
    exponent = np.frexp(max(np.abs(a).max(), np.abs(b).max()))[1]
    cost = scipy.spatial.distance.cdist(np.ldexp(a, -exponent), np.ldexp(b, -exponent), "sqeuclidean")
    if weights is None:
        i, j = scipy.optimize.linear_sum_assignment(cost)
        return length(a[i] - b[j], len(a))
    T = _plan(cost, *weights)
    starts, ends = T.nonzero()
    return length((a[starts] - b[ends]) * np.sqrt(T[starts, ends])[:, None])


@domain(a=array("n p"), b=array("m p"), directions=array("k p"), weights=_weights)
def sliced_w2(a: Array, b: Array, directions: Array, *, weights: Weights | None = None) -> float:
    r"""Sliced Wasserstein distance of two samples: the root mean square of W₂ along directions.

    .. math:: \mathrm{SW}_2^2 = \frac1k \sum_j W_2^2 \Big( \frac{\langle \theta_j, a \rangle}{\|\theta_j\|},
              \frac{\langle \theta_j, b \rangle}{\|\theta_j\|} \Big)

    Parameters
    ----------
    a, b, weights
        As for `sample_w2`.
    directions : (k, p) array
        Directions θ ≠ 0, usually from N(0, I).

    Returns
    -------
    float

    References
    ----------
    Rabin, Peyré, Delon & Bernot 2011; Bonneel, Rabin, Peyré & Pfister 2015.

    Examples
    --------
    >>> sliced_w2([[0.0, 0.0], [1.0, 0.0]], [[4.0, 5.0], [3.0, 5.0]], [[2.0, 0.0]])
    3.0
    """
    _refuse_two_sizes(a, b, weights)
    largest = np.abs(directions).max(axis=1, keepdims=True)
    if not largest.all():
        raise ValueError("directions must not be 0, got a direction of zeros")
    unit = directions / largest
    unit = (unit / np.linalg.norm(unit, axis=1, keepdims=True)).T
    return _along_lines(a @ unit, b @ unit, weights)


def _refuse_two_sizes(a: Array, b: Array, weights: Weights | None) -> None:
    if weights is None and len(a) != len(b):
        raise ValueError(f"b must have shape (n, p) with n = {len(a)} where there are no weights, got {b.shape}")


def _along_lines(x: Array, y: Array, weights: Weights | None) -> float:
    """Root mean square of W₂ over the columns of x (n, k) and y (m, k), by quantiles."""
    if weights is None:
        return length(np.sort(x, axis=0) - np.sort(y, axis=0), x.size)
    return length(np.array([_moves(*column, *weights) for column in zip(x.T, y.T, strict=True)]), x.shape[1])


def _moves(x: Array, y: Array, w: Array, v: Array) -> Array:
    """The moves from one weighted sample (n,) on the line to another (m,), each times the root of its mass."""
    i, j = np.argsort(x, stable=True), np.argsort(y, stable=True)
    to_x, to_y = np.cumsum(w[i]), np.cumsum(v[j])
    to_x, to_y = to_x / to_x[-1], to_y / to_y[-1]
    ends = np.sort(np.concatenate([to_x, to_y]))
    mass = np.diff(ends, prepend=0)
    mass[mass < 4 * np.finfo(float).eps * len(ends)] = 0  # sums that differ by rounding
    middle = ends - mass / 2
    return (x[i][np.searchsorted(to_x, middle)] - y[j][np.searchsorted(to_y, middle)]) * np.sqrt(mass)


def _plan(cost: Array, w: Array, v: Array) -> Array:
    """The plan (n, m) of least cost, as masses: a corner of the transport polytope, by the simplex method."""
    n, m = cost.shape
    rows = scipy.sparse.kron(scipy.sparse.eye_array(n), np.ones((1, m)))
    columns = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye_array(m))
    mass = np.concatenate([w / w.sum(), v / v.sum()])
    constraints: Any = scipy.sparse.vstack([rows, columns])
    least = scipy.optimize.linprog(cost.ravel() / (cost.max() or 1), A_eq=constraints, b_eq=mass, method="highs-ds")
    return np.maximum(np.reshape(np.asarray(least.x, float), (n, m)), 0)
