"""Distances between laws, estimated from samples."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, potential


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


@domain(a=array("n p"), b=array("n p"))
def sample_w2(a: Array, b: Array) -> float:
    r"""Wasserstein distance W₂ of two samples of one size: the best matching, which on the line is by order.

    .. math:: W_2^2 = \min_\tau \tfrac1n \sum_i \|a_i - b_{\tau(i)}\|^2

    Parameters
    ----------
    a, b : (n, p) array
        Samples; for p > 1 the matching takes O(n³).

    Returns
    -------
    float

    Examples
    --------
    >>> sample_w2([[0.0], [1.0]], [[4.0], [3.0]])
    3.0
    """
    if a.shape[1] == 1:
        return float(np.sqrt(np.mean((np.sort(a, axis=0) - np.sort(b, axis=0)) ** 2)))
    cost = scipy.spatial.distance.cdist(a, b, "sqeuclidean")
    return float(np.sqrt(cost[scipy.optimize.linear_sum_assignment(cost)].mean()))


@domain(a=array("n p"), b=array("n p"), directions=array("k p"))
def sliced_w2(a: Array, b: Array, directions: Array) -> float:
    r"""Sliced Wasserstein distance of two samples of one size: the root mean square of W₂ along directions.

    .. math:: \mathrm{SW}_2^2 = \frac1k \sum_j W_2^2 \Big( \frac{\langle \theta_j, a \rangle}{\|\theta_j\|},
              \frac{\langle \theta_j, b \rangle}{\|\theta_j\|} \Big)

    Parameters
    ----------
    a, b : (n, p) array
        Samples.
    directions : (k, p) array
        Directions θ, usually from N(0, I).

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
    unit = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    return float(np.sqrt(np.mean((np.sort(a @ unit, axis=0) - np.sort(b @ unit, axis=0)) ** 2)))
