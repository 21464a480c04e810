"""Probabilities that a noisy point is each of the samples of a data set, and their entropy.

The optimal denoiser, `tweedie.empirical_denoiser`, averages the samples with these weights. All squared distances come
from one matrix product, whose rounding error is divided by σ². Where that would show, they are computed again, without
cancellation, for the few samples that matter.
"""

from collections.abc import Iterator

import numpy as np
import scipy

from refimpl.arguments.array_domains import probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, positive

_BLOCK = 2**25  # bytes of a block of weights, or of the differences computed again: 32 MB bound the memory at hand
_CACHED = 2**22  # bytes of a block of samples: 4 MB stay in a last-level cache between two passes
_UNSEEN = 2e-13  # an error of log w, times w, that may stay: a fifth of the 1e-12 that `empirical_weights` promises
_LEAST = -700.0  # logarithm of the smallest weight kept: e⁻⁷⁰⁰ is a normal number still, and costs no slow subnormals


@domain(x=array("... p"), data=array("n p"), sigma=positive)
def empirical_weights(x: Array, data: Array, sigma: float) -> Array:
    r"""Probabilities that x is each of the samples, seen under noise.

    .. math:: w = \mathrm{softmax}_i \big(-\|x - x_i\|^2 / 2\sigma^2\big)

    Parameters
    ----------
    x : (..., p) array
        Noisy points.
    data : (n, p) array
        Samples x_i.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., n) array
        Each right to about 1e-12 of the largest.

    References
    ----------
    Slide "Examples of optimal denoising on MNIST".

    Examples
    --------
    >>> empirical_weights([[0.5], [0.0]], [[0.0], [1.0]], 0.01)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    points = x.reshape(-1, x.shape[-1])
    weights = np.empty((len(points), len(data)))
    for rows, w in bare(relative_weights)(points, data, sigma):
        np.divide(w, w.sum(axis=1, keepdims=True), out=weights[rows])
    return weights.reshape(*x.shape[:-1], len(data))


@domain(weights=probabilities("... n"))
def weight_entropy(weights: Array) -> Array:
    r"""Entropy of weights, in nats; e to this power is how many samples an average is made of.

    .. math:: H(w) = -\sum_i w_i \log w_i

    Parameters
    ----------
    weights : (..., n) array
        Weights, ≥ 0, of sum 1.

    Returns
    -------
    (...,) array
        Between 0 (one sample) and log n (all alike).

    References
    ----------
    Slide "Examples of optimal denoising on MNIST".

    Examples
    --------
    >>> float(np.exp(weight_entropy([0.25, 0.25, 0.25, 0.25, 0.0])).round(12))
    4.0
    """
    return scipy.special.entr(weights).sum(axis=-1)


@domain(x=array("m p"), data=array("n p"), sigma=positive)
def relative_weights(x: Array, data: Array, sigma: float) -> Iterator[tuple[slice, Array]]:
    """Weights in units of the largest, w_i / max w, for one block of points after the other.

    Parameters
    ----------
    x, data, sigma
        As for `empirical_weights`, with x (m, p).

    Returns
    -------
    iterator
        Of the points of a block, as a slice, and their weights (rows, n); one array serves all blocks.
    """
    n, p = data.shape
    variance = max(sigma * sigma, np.finfo(float).tiny)  # positive, also where σ² underflows
    origin = data[:100].mean(axis=0)  # a point amid the data: what all have in common costs no digits, and 100 tell it
    half_norms = np.concatenate([_half_norms(data[rows] - origin) for rows in _blocks(n, 8 * p, _CACHED)])
    room = np.empty((min(len(x), max(1, _BLOCK // (8 * n))), n))
    for rows in _blocks(len(x), 8 * n, _BLOCK):
        a = x[rows] - origin
        error = _rounding(a, origin, half_norms)
        log_w = np.matmul(a, data.T, out=room[: len(a)])
        log_w -= half_norms
        nearest = log_w.argmax(axis=1)
        log_w -= log_w.max(axis=1, keepdims=True)
        _recompute(log_w, nearest, x[rows], data, variance, error)
        _exponentiate(log_w, variance)
        yield rows, log_w


def _rounding(a: Array, origin: Array, half_norms: Array) -> Array:
    """Rounding error of aᵀx_i − ‖x_i − origin‖²/2: a few units of its terms, as products sum in blocks."""
    with np.errstate(over="ignore", invalid="ignore"):
        radius, reach, norms = (np.sqrt(2 * h) for h in (half_norms.max(), _half_norms(origin), _half_norms(a)))
        error = 4 * np.finfo(float).eps * (norms * (radius + reach) + radius * radius)
    if not np.isfinite(error).all():
        raise ValueError("x and data must have squares below 1e308, got larger ones")
    return error


def _recompute(log_w: Array, nearest: Array, x: Array, data: Array, variance: float, error: Array) -> None:
    """Put exact differences of −‖x − x_i‖²/2 from that of the nearest sample, where the error would show."""
    with np.errstate(divide="ignore"):
        seen = variance * (np.log(_UNSEEN / error) + np.log(variance)) - 2 * error
    pairs = np.flatnonzero(log_w > seen[:, None])
    for some in _blocks(len(pairs), 64 * x.shape[1], _BLOCK):  # up to eight arrays of differences live at once
        i, j = np.divmod(pairs[some], len(data))
        x_i, x_j = data[nearest[i]], data[j]
        log_w[i, j] = np.vecdot(x_j - x_i, (x[i] - x_i) + (x[i] - x_j)) / 2


def _exponentiate(log_w: Array, variance: float) -> None:
    """Turn differences of −‖x − x_i‖²/2 into weights; those below e⁻⁷⁰⁰ of the largest become 0."""
    log_w -= log_w.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        log_w /= variance
    kept = log_w > _LEAST
    np.maximum(log_w, _LEAST, out=log_w)
    np.exp(log_w, out=log_w)
    log_w *= kept


def _half_norms(a: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.vecdot(a, a) / 2


def _blocks(count: int, size: int, budget: int) -> list[slice]:
    """Slices of `count` things of `size` bytes, each within a budget of bytes."""
    step = max(1, budget // size)
    return [slice(start, start + step) for start in range(0, count, step)]
