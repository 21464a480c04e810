"""What is asked of chains before they are believed: effective sample size and split R̂."""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain

_chains = array("t n p")


@domain(a=_chains)
def split_rhat(a: Array) -> Array:
    r"""Potential scale reduction of chains cut into halves; near 1 when all halves agree.

    .. math:: \hat R = \sqrt{\frac{N - 1}{N} + \frac{B}{N W}}

    B/N is the variance of the means of the halves, W the mean of their variances, N their length. A chain that is stuck
    counts with variance 0. Where all halves are stuck R̂ is ∞ if they are stuck at different values, and NaN if all
    states are equal: these say nothing.

    Parameters
    ----------
    a : (t, n, p) array
        t ≥ 4 states of each of n chains.

    Returns
    -------
    (p,) array

    References
    ----------
    Gelman et al. 2013; Vehtari et al. 2021.

    Examples
    --------
    >>> split_rhat([[[0.0]], [[1.0]], [[0.0]], [[1.0]]]).round(6)
    array([0.707107])
    >>> split_rhat([[[3.0], [5.0]]] * 9)
    array([inf])
    """
    halves = _halves(a)
    N, W = len(halves.inner), halves.inner.var(axis=0, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((N - 1) / N + halves.means.var(axis=0, ddof=1) / W)


@domain(a=_chains)
def effective_sample_size(a: Array) -> Array:
    r"""Number of independent samples that would give means as precise as those of the chains.

    .. math:: \mathrm{ESS} = \frac{t n}{\tau}, \qquad
              \tau = \max \Big(1 + 2 \sum_{s \ge 1} \rho_s, \, \frac{1}{\log_{10} t n}\Big)

    The sum ends before the first pair ρ_{2s} + ρ_{2s+1} that is not positive (Geyer). Chains are cut into halves, and
    where the means of the halves disagree, autocorrelations ρ_s are larger. Of an odd t the middle state is left out.
    The estimate of 1 + 2Σρ_s is noisy and may be negative for chains that swing; the lower bound, as in Stan and ArviZ,
    keeps 0 < ESS ≤ tn log₁₀ tn. Where all states are equal ESS is NaN: they say nothing.

    Parameters
    ----------
    a : (t, n, p) array
        t ≥ 4 states of each of n chains.

    Returns
    -------
    (p,) array

    References
    ----------
    Geyer 1992; Vehtari et al. 2021.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bool(abs(effective_sample_size(rng.standard_normal((5000, 4, 1)))[0] / 20000 - 1) < 0.1)
    True
    """
    halves = _halves(a)
    N, number = len(halves.inner), halves.inner.shape[0] * halves.inner.shape[1]
    centred = halves.inner - halves.inner.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * N, axis=0)) ** 2
    autocovariance = (np.fft.irfft(spectrum, 2 * N, axis=0)[:N] / N).mean(axis=1)
    W = halves.inner.var(axis=0, ddof=1).mean(axis=0)
    total = W * (N - 1) / N + halves.means.var(axis=0, ddof=1)
    with np.errstate(invalid="ignore"):
        rho = 1 - (W - autocovariance * N / (N - 1)) / total
    rho[0] = np.where(total > 0, 1, np.nan)
    pairs = rho[: N // 2 * 2].reshape(-1, 2, rho.shape[1]).sum(axis=1)
    kept = np.logical_and.accumulate(~(pairs <= 0), axis=0)
    tau = 2 * np.where(kept, pairs, 0).sum(axis=0) - 1
    return number / np.maximum(tau, 1 / np.log10(number))


class _Halves(NamedTuple):
    """Halves of chains, in units of a power of two: states less the first of each half, and the halves' means.

    Of a half that is stuck the states are exactly 0, and its mean is its value, up to a constant of all halves.
    """

    inner: Array
    means: Array


def _halves(a: Array) -> _Halves:
    """The chains (t, n, p) cut into (t // 2, 2n, p)."""
    if len(a) < 4:
        raise ValueError(f"a must hold at least 4 states of each chain, got {len(a)}")
    N = len(a) // 2
    halves = np.ldexp(a, -np.frexp(np.abs(a).max(axis=(0, 1)))[1])
    halves = np.concatenate([halves[:N], halves[-N:]], axis=1)
    inner = halves - halves[0]
    exponent = np.frexp(np.maximum(np.abs(inner).max(axis=(0, 1)), np.ptp(halves[0], axis=0)))[1]
    inner = np.ldexp(inner, -exponent)
    return _Halves(inner, np.ldexp(halves[0] - halves[0, 0], -exponent) + inner.mean(axis=0))
