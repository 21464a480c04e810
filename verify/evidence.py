"""Kinds of evidence: each a pure function of numbers that ends in a verdict. NaN never passes.

Deterministic kinds (`equal`, `sign`, `at_most`, `at_least`) take tolerances from rounding analysis. Statistical kinds
(`rate`, `mean`, `variance`, `distribution`) declare the probability α of a false alarm, which the ledger adds up, and
the discrepancy δ that they are sure to see: an interval too wide to see it is INCONCLUSIVE, not PASS. Evidence that
asks nothing says so: an inequality that need not come near its bound, or a δ within which everything lies. It is a
FAIL of ``--mutants --thorough``.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import scipy

EPS = float(np.finfo(float).eps)
ALPHA = 1e-12
ASKS_NOTHING = "asks nothing: "
"""How the detail of evidence begins that says too little."""


class Verdict(StrEnum):
    """How a piece of evidence, or a claim, ends."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_PROVIDED = "NOT PROVIDED"


class Evidence(NamedTuple):
    """One comparison: numbers, the interval that `measured` was held against or lies in, and the verdict.

    `tolerance` is how far apart `measured` and `expected` may be, where that was said as a number.
    """

    what: str
    kind: str
    verdict: Verdict
    measured: Any
    expected: Any
    interval: tuple[float, float] | None = None
    alpha: float = 0.0
    detail: str = ""
    tolerance: float | None = None


def rounding(operations: float, scale: Any = 1.0) -> Any:
    """Rounding error of a number of float64 operations on values of a size: operations · 2⁻⁵² · scale."""
    return operations * EPS * np.abs(scale)


@np.errstate(divide="ignore", invalid="ignore")
def equal(what: str, measured: Any, expected: Any, *, rtol: float = 0.0, atol: Any = 0.0) -> Evidence:
    """|measured − expected| ≤ atol + rtol |expected| everywhere; shows the worst place. Tolerances 0 mean equality.

    `expected` is broadcast to `measured`, whose shape must not be the larger by an axis of size 1.
    """
    m, e = _numbers(measured), _numbers(expected)
    if problem := _problem(m, e):
        return Evidence(what, "equal", Verdict.FAIL, measured=None, expected=None, detail=problem)
    e = np.broadcast_to(e, m.shape)
    tolerance = np.broadcast_to(atol + rtol * np.abs(e), m.shape)
    error = np.abs(m - e)
    share = np.where(error == 0, 0.0, error / tolerance)
    worst = np.unravel_index(np.argmax(np.nan_to_num(share, nan=np.inf)), m.shape)
    good = bool(np.isfinite(m).all() and np.isfinite(tolerance).all() and (error <= tolerance).all())
    interval = (float(e[worst] - tolerance[worst]), float(e[worst] + tolerance[worst])) if np.isrealobj(e) else None
    numbers = (m[worst].item(), e[worst].item(), interval)
    return Evidence(what, "equal", _verdict(good), *numbers, detail=_count(m), tolerance=float(tolerance[worst]))


def sign(what: str, measured: Any, expected: Any = 1.0) -> Evidence:
    """Every number is finite and has the sign expected, +1 or −1; shows the worst place. Zero has neither sign.

    `expected` is broadcast to `measured` as in `equal`.
    """
    m, e = _numbers(measured), _numbers(expected)
    if e.size == 0 or not np.isin(e, (1.0, -1.0)).all():
        raise ValueError(f"expected must be +1 or -1, got {expected}")
    if problem := _problem(m, e) or _complex_problem(m):
        return Evidence(what, "sign", Verdict.FAIL, measured=None, expected=None, detail=problem)
    e = np.broadcast_to(e, m.shape)
    side = np.where(np.isfinite(m), m * e, -np.inf)
    worst = np.unravel_index(np.argmin(side), m.shape)
    interval = (0.0, np.inf) if e[worst] > 0 else (-np.inf, 0.0)
    numbers = (m[worst].item(), e[worst].item(), interval)
    return Evidence(what, "sign", _verdict(bool((side > 0).all())), *numbers, detail=_count(m))


def at_most(
    what: str,
    measured: Any,
    bound: Any,
    *,
    slack: Any = 0.0,
    tight: float | None = None,
    resolution: float | None = None,
) -> Evidence:
    """measured ≤ bound + slack (rounding) everywhere, and near enough somewhere for the inequality to say something.

    Give `tight`, the relative gap that the tightest place must not exceed, or `resolution`, the absolute one; where the
    tightest place is farther the verdict is INCONCLUSIVE.

    What is larger asks nothing: `tight` is at most ½, and `resolution` at most half the scale, which is the
    largest of all |bound| and |measured|. Beside a bound that is 0 everywhere the scale is that of `measured`, so that
    the tightest place must be at most half as large as the largest; what is only above or below 0 is a `sign`.
    """
    return _inequality(what, "at most", measured, bound, 1.0, slack, tight, resolution)


def at_least(
    what: str,
    measured: Any,
    bound: Any,
    *,
    slack: Any = 0.0,
    tight: float | None = None,
    resolution: float | None = None,
) -> Evidence:
    """measured ≥ bound − slack (rounding) everywhere, with `tight` or `resolution` as in `at_most`."""
    return _inequality(what, "at least", measured, bound, -1.0, slack, tight, resolution)


@np.errstate(divide="ignore", invalid="ignore")
def _inequality(
    what: str,
    kind: str,
    measured: Any,
    bound: Any,
    sign: float,
    slack: Any,
    tight: float | None,
    resolution: float | None,
) -> Evidence:
    if (tight is None) == (resolution is None):
        raise TypeError("an inequality states either how tight it is or its resolution")
    limit = _within("tight or resolution", tight if resolution is None else resolution, 0, np.inf)
    m, b = _numbers(measured), _numbers(bound)
    if problem := _problem(m, b) or _complex_problem(m):
        return Evidence(what, kind, Verdict.FAIL, measured=None, expected=None, detail=problem)
    b = np.broadcast_to(b, m.shape)
    gap = sign * (b - m)
    near = np.fmin.reduce(np.where(gap == 0, 0.0, gap / np.abs(b) if resolution is None else gap), axis=None)
    allowed = np.broadcast_to(slack, m.shape)
    worst = np.unravel_index(np.argmin(np.nan_to_num(gap + allowed, nan=-np.inf)), m.shape)
    detail = f"{_count(m)}, nearest {near:.2g}, asked {limit:.2g}"
    finite = np.isfinite(m).all() and np.isfinite(b).all() and np.isfinite(slack).all()
    if not (finite and (gap >= -allowed).all()):
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.PASS if near <= limit else Verdict.INCONCLUSIVE
    interval = (-np.inf, float(b[worst])) if sign > 0 else (float(b[worst]), np.inf)
    numbers = (m[worst].item(), b[worst].item(), interval)
    found = Evidence(what, kind, verdict, *numbers, detail=detail, tolerance=float(allowed[worst]))
    return _asking(found, _idle_inequality(m, b, tight, resolution))


def _idle_inequality(m: np.ndarray, b: np.ndarray, tight: float | None, resolution: float | None) -> str:
    """Why an inequality need not come near its bound; empty where it must."""
    advice = "state a sign, or a bound that comes nearer"
    if tight is not None:
        return f"tight must be <= 0.5, got {tight:.3g}: {advice}" if tight > 0.5 else ""
    scale = float(max(np.abs(m).max(), np.abs(b).max()))
    if resolution is None or resolution <= scale / 2:
        return ""
    return f"resolution must be <= {scale / 2:.3g}, half the scale, got {resolution:.3g}: {advice}"


def rate(what: str, x: Any, y: Any, order: float, *, alpha: float = ALPHA) -> Evidence:
    """The slope of log y against log x: its t-interval must contain the order and exclude order ± ½.

    The points are independent: log y = c + order · log x + noise, Gaussian of one variance, plus rounding. Where y has
    no noise, the interval stands for the curvature of the points instead, and is the wider for it.
    """
    x, y = _numbers(x), _numbers(y)
    _within("alpha", alpha, 0, 1)
    if not (x.shape == y.shape and x.ndim == 1 and x.size >= 4):
        raise ValueError(f"a rate needs x and y of one shape (n,), n >= 4, got {x.shape} and {y.shape}")
    if _complex_problem(y) or not (np.isfinite(y).all() and (y > 0).all()):
        return Evidence(what, "rate", Verdict.FAIL, None, order, alpha=alpha, detail="y is not finite and positive")
    u, v = np.log(x) - np.log(x).mean(), np.log(y)
    slope = u @ v / (u @ u)
    residual = v - v.mean() - slope * u
    deviation = np.sqrt(residual @ residual / (x.size - 2)) + 4 * EPS * np.abs(v).max()
    radius = scipy.stats.t.ppf(1 - alpha / 2, x.size - 2) * deviation / np.sqrt(u @ u)
    return _judge(what, "rate", slope, order, (slope - radius, slope + radius), 0.5, alpha, f"{x.size} points")


def mean(
    what: str,
    samples: Any,
    expected: float,
    *,
    delta: float,
    support: tuple[float, float] = (0.0, 1.0),
    alpha: float = ALPHA,
) -> Evidence:
    """The mean of independent samples in `support`, by a confidence sequence (booleans: an exact binomial interval).

    A δ within which both ends of the support lie asks nothing.
    """
    x = np.asarray(samples)
    _declared(x.size, alpha, delta)
    if x.dtype == bool:
        interval = binomial_interval(int(x.sum()), x.size, alpha)
    elif _complex_problem(x) or not (np.isfinite(x).all() and support[0] <= x.min() and x.max() <= support[1]):
        return Evidence(what, "mean", Verdict.FAIL, None, expected, alpha=alpha, detail=f"samples leave {support}")
    else:
        interval = confidence_sequence(x.ravel(), support, alpha)
    found = _judge(what, "mean", x.mean(), expected, interval, delta, alpha, f"n = {x.size}, δ = {delta:g}")
    low, high = (0.0, 1.0) if x.dtype == bool else support
    return _asking(found, _too_large(delta, max(expected - low, high - expected), "every mean in the support"))


def variance(what: str, samples: Any, expected: float, *, delta: float, alpha: float = ALPHA) -> Evidence:
    """The variance of independent Gaussian samples of mean 0, by the exact interval of their sum of squares (χ²).

    A δ within which a variance of 0 lies asks nothing.
    """
    x = np.asarray(samples)
    _declared(x.size, alpha, delta)
    if _complex_problem(x) or not np.isfinite(x).all():
        detail = "samples are not finite real numbers"
        return Evidence(what, "variance", Verdict.FAIL, None, expected, alpha=alpha, detail=detail)
    squares, law = float((x**2).sum()), scipy.stats.chi2(x.size)
    interval = (squares / law.isf(alpha / 2), squares / law.ppf(alpha / 2))
    detail = f"n = {x.size}, δ = {delta:g}"
    found = _judge(what, "variance", squares / x.size, expected, interval, delta, alpha, detail)
    return _asking(found, _too_large(delta, expected, "a variance of 0"))


def distribution(
    what: str, samples: Any, cdf: Callable[[np.ndarray], Any], *, delta: float, alpha: float = ALPHA
) -> Evidence:
    """Kolmogorov's distance of independent samples (n,) from a continuous distribution, by the DKW inequality.

    A δ ≥ 1, which no distance exceeds, asks nothing.
    """
    x = np.asarray(samples)
    _declared(x.size, alpha, delta)
    if _complex_problem(x) or not np.isfinite(x).all():
        detail = "samples are not finite real numbers"
        return Evidence(what, "distribution", Verdict.FAIL, None, 0.0, alpha=alpha, detail=detail)
    x, k = np.sort(x.ravel().astype(float)), np.arange(x.size)
    F = np.asarray(cdf(x.copy()))
    distance = max((F - k / x.size).max(), ((k + 1) / x.size - F).max())
    radius = np.sqrt(np.log(2 / alpha) / (2 * x.size))
    interval = (max(distance - radius, 0.0), distance + radius)
    found = _judge(what, "distribution", distance, 0.0, interval, delta, alpha, f"n = {x.size}, δ = {delta:g}")
    return _asking(found, _too_large(delta, 1.0, "every distance"))


def confidence_sequence(x: np.ndarray, support: tuple[float, float], alpha: float) -> tuple[float, float]:
    """Interval for the mean of bounded samples, valid at all times up to the last one at once.

    Predictable plug-in empirical Bernstein sequence of Waudby-Smith & Ramdas 2024 (Theorem 2), intersected over time.
    """
    a, b = support
    u = (x - a) / (b - a)
    t = np.arange(1, u.size + 1)
    centre = (0.5 + np.cumsum(u)) / (t + 1)
    variance = (0.25 + np.cumsum((u - centre) ** 2)) / (t + 1)
    previous = np.concatenate([[0.5], centre[:-1]])
    lam = np.minimum(np.sqrt(2 * np.log(2 / alpha) / (np.concatenate([[0.25], variance[:-1]]) * u.size)), 0.5)
    psi = (-np.log1p(-lam) - lam) / 4
    middle = np.cumsum(lam * u) / np.cumsum(lam)
    radius = (np.log(2 / alpha) + np.cumsum(4 * (u - previous) ** 2 * psi)) / np.cumsum(lam)
    low, high = np.clip([(middle - radius).max(), (middle + radius).min()], 0, 1)
    return a + (b - a) * float(low), a + (b - a) * float(high)


def binomial_interval(successes: int, trials: int, alpha: float) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval for a probability."""
    low = scipy.stats.beta.ppf(alpha / 2, successes, trials - successes + 1) if successes else 0.0
    high = scipy.stats.beta.isf(alpha / 2, successes + 1, trials - successes) if successes < trials else 1.0
    return float(low), float(high)


def _judge(
    what: str,
    kind: str,
    measured: Any,
    expected: float,
    interval: tuple[float, float],
    delta: float,
    alpha: float,
    detail: str,
) -> Evidence:
    """FAIL when the interval excludes what is expected, PASS when it also excludes all that is δ away from it."""
    low, high = interval
    if not low <= expected <= high:
        verdict = Verdict.FAIL
    else:
        seen = expected - delta < low and high < expected + delta
        verdict = Verdict.PASS if seen else Verdict.INCONCLUSIVE
    tolerance = abs(float(low if expected < measured else high) - float(measured))
    numbers = (float(measured), expected, (float(low), float(high)))
    return Evidence(what, kind, verdict, *numbers, alpha, detail, tolerance)


def _asking(found: Evidence, idle: str) -> Evidence:
    """Evidence that says so where it asks nothing."""
    return found._replace(detail=f"{ASKS_NOTHING}{idle}; {found.detail}") if idle else found


def _too_large(delta: float, limit: float, within: str) -> str:
    """Why a δ sees nothing; empty where it does."""
    return f"δ must be < {limit:.3g}, got {delta:.3g}: {within} is within it" if delta >= limit else ""


def _verdict(good: bool) -> Verdict:
    return Verdict.PASS if good else Verdict.FAIL


def _numbers(value: Any) -> np.ndarray:
    a = np.asarray(value)
    return a.astype(float) if a.dtype.kind in "iub" else a


def _problem(measured: np.ndarray, expected: np.ndarray) -> str:
    """Why two arrays cannot be compared; empty where they can."""
    if measured.dtype.kind not in "fc":
        return f"not numbers but {measured.dtype}"
    if measured.size == 0:
        return "nothing was measured"
    extra = measured.shape[: max(measured.ndim - expected.ndim, 0)]
    axes = zip(reversed(measured.shape), reversed(expected.shape), strict=False)
    fits = measured.ndim >= expected.ndim and all(n in (1, m) for m, n in axes)
    if not fits or (expected.ndim and 1 in extra):
        return f"shape {measured.shape}, expected {expected.shape}"
    return ""


def _complex_problem(a: np.ndarray) -> str:
    return "" if np.isrealobj(a) else "complex numbers where real ones are expected"


def _declared(size: int, alpha: float, delta: float) -> None:
    _within("alpha", alpha, 0, 1)
    _within("delta", delta, 0, np.inf)
    if size == 0:
        raise ValueError("a mean or distribution needs samples, got none")


def _within(name: str, value: Any, low: float, high: float) -> Any:
    if not low < value < high:
        raise ValueError(f"{name} must be > {low} and < {high}, got {value}")
    return value


def _count(a: np.ndarray) -> str:
    return "1 value" if a.size == 1 else f"worst of {a.size}"
