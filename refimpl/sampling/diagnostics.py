"""What is asked of chains before they are believed: effective sample size and split R̂."""

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain

_chains = array("t n p")


@domain(a=_chains)
def split_rhat(a: Array) -> Array:
    r"""Potential scale reduction of chains cut into halves; near 1 when all halves agree.

    .. math:: \hat R = \sqrt{\frac{N - 1}{N} + \frac{B}{N W}}

    B/N is the variance of the means of the halves, W the mean of their variances, N their length.

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
    """
    halves = _halves(a)
    N, W = len(halves), halves.var(axis=0, ddof=1).mean(axis=0)
    return np.sqrt((N - 1) / N + halves.mean(axis=0).var(axis=0, ddof=1) / W)


@domain(a=_chains)
def effective_sample_size(a: Array) -> Array:
    r"""Number of independent samples that would give means as precise as those of the chains.

    .. math:: \mathrm{ESS} = \frac{t n}{1 + 2 \sum_{s \ge 1} \rho_s}

    The sum ends before the first pair ρ_{2s} + ρ_{2s+1} that is not positive (Geyer). Chains are cut into halves, and
    where the means of the halves disagree, autocorrelations ρ_s are larger.

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
    N, centred = len(halves), halves - halves.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * N, axis=0)) ** 2
    autocovariance = (np.fft.irfft(spectrum, 2 * N, axis=0)[:N] / N).mean(axis=1)
    W = halves.var(axis=0, ddof=1).mean(axis=0)
    total = W * (N - 1) / N + halves.mean(axis=0).var(axis=0, ddof=1)
    rho = 1 - (W - autocovariance * N / (N - 1)) / total
    rho[0] = 1
    pairs = rho[: N // 2 * 2].reshape(-1, 2, rho.shape[1]).sum(axis=1)
    kept = np.logical_and.accumulate(pairs > 0, axis=0)
    return halves.shape[0] * halves.shape[1] / (2 * (pairs * kept).sum(axis=0) - 1)


def _halves(a: Array) -> Array:
    """The chains (t, n, p) cut into (t // 2, 2n, p)."""
    if len(a) < 4:
        raise ValueError(f"a must hold at least 4 states of each chain, got {len(a)}")
    N = len(a) // 2
    return np.concatenate([a[:N], a[-N:]], axis=1)
