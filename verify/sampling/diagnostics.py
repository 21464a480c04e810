"""Effective sample size and split R̂ of chains whose autocorrelations are known (beyond the lecture)."""

import numpy as np
import scipy

from refimpl.sampling import diagnostics
from verify.claims import claim
from verify.evidence import at_least, at_most, equal
from verify.sampling.langevin import SLIDE

SOURCE = "Gelman et al. 2013; Geyer 1992; Vehtari et al. 2021"


def autoregression(rng, phi, t, n):
    """n stationary chains x⁺ = φx + √(1 − φ²)z, (t, n, 1): autocorrelations φˢ, ESS/(tn) = (1 − φ)/(1 + φ)."""
    z = np.sqrt(1 - phi**2) * rng.standard_normal((t, n, 1))
    z[0] /= np.sqrt(1 - phi**2)
    return scipy.signal.lfilter([1.0], [1.0, -phi], z, axis=0)


@claim("S04", slide=SLIDE, source=SOURCE)
def effective_sample_size_is_that_of_an_autoregression(rng, *, effective_sample_size=diagnostics.effective_sample_size):
    r"""x⁺ = φx + √(1 − φ²)z: ESS/(tn) = (1 − φ)/(1 + φ), φ = −½ … 0.9, within a tenth, which is 7 deviations.

    Shifting and scaling change nothing; where 8 chains disagree by widths they count as few; six numbers by hand.
    """
    t, n = 20_000, 64
    phis = np.array([-0.5, 0.0, 0.5, 0.8, 0.9])
    for phi in phis:
        x = autoregression(rng, phi, t, n)
        both = np.concatenate([x, 1e3 - 7 * x], axis=2)
        share = np.asarray(effective_sample_size(both)) / (t * n)
        yield equal(f"ESS/(tn), φ = {phi}", share, (1 - phi) / (1 + phi), rtol=0.1)
    apart = autoregression(rng, 0.0, 1000, 8) + 3 * np.arange(8)[:, None]
    yield at_most("ESS of chains 3 widths apart", effective_sample_size(apart), 16.0, tight=0.9)
    odd = autoregression(rng, 0.5, 4001, n)
    yield equal("ESS/(tn), odd length", effective_sample_size(odd) / (4000 * n), 1 / 3, rtol=0.13)
    few = np.array([[0.3, -1.0, 0.2, 1.0, 0.7, -0.4], [0.5, 0.1, -0.9, 0.2, 1.4, 1.5]]).T
    for n in (1, 2):
        ess = effective_sample_size(few[:, :n, None])
        yield equal(f"ESS of {n} chains of six states, by hand", ess, by_hand(few[:, :n].T), rtol=1e-10)


def by_hand(chains):
    """ESS of chains of six states, from the definition."""
    halves = [half for x in chains for half in (x[:3], x[3:])]
    W = np.mean([sum((h - h.mean()) ** 2) / 2 for h in halves])
    total = W * 2 / 3 + np.var([h.mean() for h in halves], ddof=1)
    gamma = np.mean([sum((h[1:] - h.mean()) * (h[:2] - h.mean())) / 3 for h in halves])
    rho = 1 - (W - gamma * 3 / 2) / total
    return 3 * len(halves) / (2 * max(1 + rho, 0) - 1)


def corrected(change):
    """An effective sample size made from the right one's autocorrelation time τ = tn/ESS."""
    return lambda a: a.shape[0] * a.shape[1] / change(a.shape[0] * a.shape[1] / diagnostics.effective_sample_size(a))


def from_lags(a, lags, centred=1.0):
    """ESS from a fixed number of autocorrelations."""
    x = a - centred * a.mean((0, 1))
    rho = [(x[s:] * x[: len(x) - s]).mean((0, 1)) / (x**2).mean((0, 1)) for s in range(1, min(lags, len(x) - 1))]
    return a.shape[0] * a.shape[1] / (1 + 2 * np.sum(rho, axis=0))


def each_chain_by_itself(a):
    n = a.shape[1]
    return sum(diagnostics.effective_sample_size(a[:, i : i + 1] - a[:, i].mean(0)) for i in range(n))


effective_sample_size_is_that_of_an_autoregression.mutants({
    "1 + Σρ": corrected(lambda tau: (1 + tau) / 2),
    "2Σρ, without the 1": corrected(lambda tau: np.maximum(tau - 1, 1e-3)),
    "number of states": corrected(lambda tau: 1 + 0 * tau),
    "at most the number of states": corrected(lambda tau: np.maximum(tau, 1)),
    "of one chain": lambda a: diagnostics.effective_sample_size(a) / a.shape[1],
    "chains laid end to end": lambda a: diagnostics.effective_sample_size(a.swapaxes(0, 1).reshape(-1, 1, a.shape[2])),
    "each chain by itself": each_chain_by_itself,
    "ten autocorrelations": lambda a: from_lags(a, 10),
    "mean not taken off": lambda a: from_lags(a, 1000, centred=0.0),
})


@claim("S04", slide=SLIDE, source=SOURCE)
def split_rhat_compares_halves_of_chains(rng, *, split_rhat=diagnostics.split_rhat):
    r"""R̂² = (N − 1)/N + B/(NW) of the 2n halves, by loops; shifted chains: R̂² → 1 + var of the shifts; a drift."""
    a = rng.standard_normal((41, 3, 2)) * [1.0, 5.0] + 100
    for x in (a, a[:40], a[:4], a + np.array([0.0, 0.0, 9.0])[:, None], a + np.linspace(0, 9, 41)[:, None, None]):
        t, N = len(x), len(x) // 2
        halves = [x[s, i] for i in range(3) for s in (slice(0, N), slice(t - N, t))]
        means = [sum(h) / N for h in halves]
        W = sum(sum((h - m) ** 2) / (N - 1) for h, m in zip(halves, means, strict=True)) / 6
        between = sum((m - sum(means) / 6) ** 2 for m in means) / 5
        yield equal("R̂", split_rhat(x), np.sqrt((N - 1) / N + between / W), rtol=1e-12)
    t, n = 4000, 16
    shifts = rng.uniform(1, 3, n)
    shifted = autoregression(rng, 0.3, t, n) + shifts[:, None]
    expected = np.sqrt(1 + 2 * shifts.var() * n / (2 * n - 1))
    yield equal("R̂ of shifted chains", split_rhat(shifted), expected, rtol=0.03)
    yield at_most("R̂ of chains that agree", split_rhat(autoregression(rng, 0.3, t, n)), 1.01, resolution=0.011)
    drift = autoregression(rng, 0.3, t, n) + np.linspace(0, 3, t)[:, None, None]
    yield at_least("R̂ of chains that drift together", split_rhat(drift), 1.2, resolution=1.0)


def whole(a):
    """R̂ of whole chains."""
    N = len(a)
    return np.sqrt((N - 1) / N + a.mean(0).var(0, ddof=1) / a.var(0, ddof=1).mean(0))


split_rhat_compares_halves_of_chains.mutants({
    "whole chains": whole,
    "its square": lambda a: diagnostics.split_rhat(a) ** 2,
    "B for B/N": lambda a: np.sqrt(1 + (diagnostics.split_rhat(a) ** 2 - 1) * len(a)),
    "variances over N": lambda a: np.sqrt(diagnostics.split_rhat(a) ** 2 + 1 / (len(a) // 2)),
    "first halves alone": lambda a: whole(a[: len(a) // 2]),
    "odd and even states": lambda a: diagnostics.split_rhat(
        np.concatenate([a[: len(a) // 2 * 2 : 2], a[1 : len(a) // 2 * 2 : 2]])
    ),
    "1": lambda a: np.ones(a.shape[2]),
    "middle state twice": lambda a: diagnostics.split_rhat(np.insert(a, len(a) // 2, a[len(a) // 2], axis=0)),
})
