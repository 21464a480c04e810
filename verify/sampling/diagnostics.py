"""Effective sample size and split R̂ of chains whose autocorrelations are known (beyond the lecture)."""

import numpy as np
import scipy

from refimpl.sampling import diagnostics
from verify.claims import claim, shipped
from verify.evidence import equal
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

    At φ = −0.95 it is log₁₀ tn, the largest that is given. Shifting and scaling change nothing.
    """
    t, n = 20_000, 64
    for phi in (-0.95, -0.5, 0.0, 0.5, 0.8, 0.9):
        x = autoregression(rng, phi, t, n)
        both = np.concatenate([x, 1e3 - 7 * x], axis=2)
        share = np.asarray(effective_sample_size(both)) / (t * n)
        largest = np.log10(t * n)
        yield equal(
            f"ESS/(tn), φ = {phi}", share, min((1 - phi) / (1 + phi), largest), rtol=0.1 if phi > -0.9 else 1e-12
        )
    odd = autoregression(rng, 0.5, 4001, n)
    yield equal("ESS/(tn), odd length", effective_sample_size(odd) / (4000 * n), 1 / 3, rtol=0.13)


@claim("S04", slide=SLIDE, source=SOURCE)
def effective_sample_size_stays_in_its_range(rng, *, effective_sample_size=diagnostics.effective_sample_size):
    r"""0 < ESS ≤ tn log₁₀ tn, and equal to the definition by loops: short chains, swinging, stuck, apart, 10^±300.

    Six states, 0.3, −1, 0.2, 1, 0.7, −0.4, count 6 log₁₀ 6 = 4.67. NaN if all states are equal.
    """
    six = np.array([0.3, -1.0, 0.2, 1.0, 0.7, -0.4])[:, None]
    yield equal("ESS of six states", effective_sample_size(six[..., None]), 4.668907502301861, rtol=1e-14)
    batch = [six, np.array([[0.0], [1.0]] * 4), autoregression(rng, 0.0, 500, 8)[..., 0] + 3 * np.arange(8)]
    for t in (4, 5, 6, 7, 8, 9, 40):
        for n in (1, 2, 3):
            batch += [autoregression(rng, phi, t, n)[..., 0] for phi in (-0.95, -0.5, 0.5, 0.99)]
    stuck = autoregression(rng, 0.5, 30, 3)[..., 0]
    batch += [np.where([True, False, False], 0.1, stuck), np.tile([0.1, 0.3, 0.7], (30, 1))]
    for x in batch:
        expected, where = by_hand(x), f"{x.shape[0]} states of {x.shape[1]} chains"
        both = np.stack([x, x[::-1]], axis=2)
        for scale in (1e-300, 1.0, 1e300):
            yield equal(f"ESS of {where}, × {scale:g}", effective_sample_size(scale * both), expected, rtol=1e-8)
    yield equal("NaN where all states are equal", np.isnan(effective_sample_size(np.full((9, 3, 2), 0.1))), True)


def by_hand(x):
    """ESS of chains x (t, n), from the definition."""
    N = len(x) // 2
    halves = [half - x[0, 0] for chain in x.T for half in (chain[:N], chain[len(x) - N :])]
    scale = max(np.abs(h).max() for h in halves)
    halves = [h / scale for h in halves]
    means = [h[0] + (h - h[0]).mean() for h in halves]
    W = np.mean([((h - h[0]) - (h - h[0]).mean()) @ (h - h[0]) / (N - 1) for h in halves])
    total = W * (N - 1) / N + np.var(means, ddof=1)
    rho = [1.0]
    for s in range(1, N):
        gamma = np.mean([(h[s:] - m) @ (h[: N - s] - m) / N for h, m in zip(halves, means, strict=True)])
        rho.append(1 - (W - gamma * N / (N - 1)) / total)
    tau, s = -1.0, 0
    while s + 1 < N and rho[s] + rho[s + 1] > 0:
        tau, s = tau + 2 * (rho[s] + rho[s + 1]), s + 2
    number = N * len(halves)
    return number / max(tau, 1 / np.log10(number))


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
    "each chain by itself": each_chain_by_itself,
    "ten autocorrelations": lambda a: from_lags(a, 10),
    "mean not taken off": lambda a: from_lags(a, 1000, centred=0.0),
})


def unbounded(a):
    """ESS with whatever autocorrelation time the sum gives."""
    N = len(a) // 2
    halves = np.concatenate([a[:N], a[-N:]], axis=1)
    centred = halves - halves.mean(0)
    gamma = np.array([(centred[s:] * centred[: N - s]).sum(0) / N for s in range(N)]).mean(1)
    W = halves.var(axis=0, ddof=1).mean(axis=0)
    total = W * (N - 1) / N + halves.mean(0).var(axis=0, ddof=1)
    rho = 1 - (W - gamma * N / (N - 1)) / total
    rho[0] = 1
    pairs = rho[: len(rho) // 2 * 2].reshape(-1, 2, rho.shape[1]).sum(axis=1)
    return N * halves.shape[1] / (2 * (pairs * np.logical_and.accumulate(pairs > 0, axis=0)).sum(axis=0) - 1)


effective_sample_size_stays_in_its_range.mutants({
    "1 % too large": lambda a: 1.01 * diagnostics.effective_sample_size(a),
    "may be negative": shipped(unbounded, project="pymc", thread="#1770"),
    "any autocorrelation time, in another library": shipped(unbounded, project="blackjax", thread="#1019"),
    "absolute value of the autocorrelation time": lambda a: np.abs(unbounded(a)),
    "natural logarithm": lambda a: np.minimum(np.abs(unbounded(a)), a.shape[0] * a.shape[1] * np.log(a[..., 0].size)),
    "0 where all states are equal": lambda a: np.nan_to_num(diagnostics.effective_sample_size(a)),
    "middle state counted": lambda a: diagnostics.effective_sample_size(a) * len(a) / (len(a) // 2 * 2),
    "chains laid end to end": lambda a: diagnostics.effective_sample_size(a.swapaxes(0, 1).reshape(-1, 1, a.shape[2])),
    "one stuck chain makes it NaN": lambda a: np.where(
        (np.ptp(a, axis=0) == 0).any(0), np.nan, diagnostics.effective_sample_size(a)
    ),
})


@claim("S04", slide=SLIDE, source=SOURCE)
def split_rhat_compares_halves_of_chains(rng, *, split_rhat=diagnostics.split_rhat):
    r"""R̂² = (N − 1)/N + B/(NW) of the 2n halves, by loops; shifted chains: R̂² → 1 + var of the shifts; a drift.

    With one chain stuck it is finite; all stuck apart: ∞; all states equal: NaN; scales 10^±300.
    """
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
    agree, half = autoregression(rng, 0.3, t, n), t // 2
    yield equal("R̂ of chains that agree", split_rhat(agree), 1 + (1.3 / 0.7 - 1) / 2 / half, atol=1.5e-3)
    drift = autoregression(rng, 0.3, t, n) + np.linspace(0, 3, t)[:, None, None]
    expected = np.sqrt(1 + 0.75**2 * 2 * n / (2 * n - 1) / (1 + 1.5**2 / 12))
    yield equal("R̂ of chains that drift together", split_rhat(drift), expected, rtol=0.03)
    some = np.where(np.arange(3)[:, None] == 0, 0.1, a)
    W, means = (
        some[:20].var(0, ddof=1) + some[-20:].var(0, ddof=1),
        np.concatenate([some[:20].mean(0), some[-20:].mean(0)]),
    )
    expected = np.sqrt(19 / 20 + means.var(0, ddof=1) / (W.sum(0) / 6))
    yield equal("R̂ with a stuck chain", split_rhat(some), expected, rtol=1e-9)
    all_stuck = np.tile([[0.1], [0.3], [0.7]], (9, 1, 2))
    yield equal("R̂ = ∞, chains stuck apart", np.isposinf(split_rhat(all_stuck)), True)
    yield equal("R̂ is NaN, all states equal", np.isnan(split_rhat(np.full((9, 3, 2), 0.1))), True)
    for scale in (1e-300, 1e300):
        yield equal(f"R̂, × {scale:g}", split_rhat(scale * (a - 100)), split_rhat(a - 100), rtol=1e-12)


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
    "1 % too large": lambda a: 1.01 * diagnostics.split_rhat(a),
    "NaN as soon as a chain is stuck": shipped(
        lambda a: np.where((np.ptp(a, axis=0) == 0).any(0), np.nan, diagnostics.split_rhat(a)),
        project="stan",
        thread="#2824",
    ),
    "1 where all chains are stuck": lambda a: np.nan_to_num(diagnostics.split_rhat(a), nan=1.0, posinf=1.0),
    "overflows": lambda a: whole(np.concatenate([a[: len(a) // 2], a[len(a) - len(a) // 2 :]], axis=1)),
    "middle state twice": lambda a: diagnostics.split_rhat(np.insert(a, len(a) // 2, a[len(a) // 2], axis=0)),
})
