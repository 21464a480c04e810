"""Trends of perturbation stability in width and depth: slide "main results (Lazy-training regime)".

What the slide prints as trends are those of upper bounds. At initialisation P/ε is known exactly, and is
√(1/(πp)) (He), √(1/(2π)) (NTK) or √(1/(2πp)) 2^{−(L−1)/2} (LeCun) times p/(p + 1) times (√(2/m) μ_m)^{L−1}, the last
factor being 1 − 5(L − 1)/(8m) + O(1/m²). It rises with the width and falls with the depth, for all three: a little,
but for LeCun's depth, where the printed trend is that of P/ε too.
"""

import numpy as np
import scipy

from refimpl.networks import perturbation_stability
from refimpl.networks.perturbation_stability import expected_squared_gradient
from verify.claims import claim
from verify.evidence import at_most, equal, rate, sign
from verify.networks.perturbation_stability_bounds import LARGE, SLIDE, SOURCE, WIDTHS, WRONG_IN_DEPTH, exact

DEPTHS = range(2, 11)


@claim("N05", slide=SLIDE, source=SOURCE)
def width_does_not_help_at_initialisation(rng, *, stability=perturbation_stability.stability):
    r"""Printed: ↗ then ↘ in m, width helps. P/ε at initialisation only rises, to its limit, by 1 − 5(L − 1)/(8m)."""
    for name, limit in (("lecun", 0.5), ("he", 1.0), ("ntk", 1.0)):
        for L in (2, 3, 6, 10):
            values = np.array([exact(stability, name, 784, m, L) for m in WIDTHS])
            top = limit ** ((L - 1) / 2) / np.sqrt(2 * np.pi) * 784 / 785
            top *= {"lecun": 784**-0.5, "he": (2 / 784) ** 0.5, "ntk": 1.0}[name]
            rises = np.diff(values) / values[1:]
            yield sign(f"{name}: rise from one m to the next, L = {L}", rises)
            yield at_most(f"{name}: P/ε over its limit, L = {L}", values / top, 1.0, tight=1e-5)
            m = np.array([w for w in WIDTHS if w >= 10**4])
            lacks = 1 - values[-len(m) :] / top
            yield equal(f"{name}: what it lacks, L = {L}", lacks, 5 * (L - 1) / (8 * m), rtol=2e-3)
            yield rate(f"{name}: what it lacks, in m, L = {L}", m, lacks, -1.0)


def trending(factor):
    """The exact value with another trend."""
    return lambda s, p, m, L: perturbation_stability.stability(s, p, m, L) * factor(m, L)


TRENDS = {
    "the root of the second moment, which has no trend": lambda s, p, m, L: (
        perturbation_stability.ball_constant(p) * expected_squared_gradient(s, p, m, L) ** 0.5 / 2**0.5
    ),
    "falls with the width": trending(lambda m, L: 1 + 5 * (L - 1) / (4 * m)),
    "turns in the width, as the bound": trending(lambda m, L: 1 + 0.01 * (m / L**3) ** 0.5 * np.exp(-m / L**3)),
    "twice as far from the limit": trending(lambda m, L: 1 - 5 * (L - 1) / (8 * m) if m > 100 else 1.0),
}

width_does_not_help_at_initialisation.mutants({
    **TRENDS,
    "a layer too few": LARGE["a layer too few"],
    "0.1 % too small": trending(lambda m, L: 0.999),
})


@claim("N05", slide=SLIDE, source=SOURCE)
def depth_helps_at_initialisation_whatever_its_name(rng, *, stability=perturbation_stability.stability):
    r"""Printed: ↘ in L for LeCun, ↗ for He and NTK. P/ε falls by 1 − 5/(8m) a layer, LeCun's by √½ besides: as printed.

    From L = 2 on LeCun's is 2^{−(L−2)/2}(1 − 5(L − 2)/(8m)) of its first value, He's and NTK's the second factor alone.
    What m and L take from the limit in m is small: 25/8000, 0.3 %, at m = 1000, L = 6.
    """
    for name, limit in (("lecun", 0.5**0.5), ("he", 1.0), ("ntk", 1.0)):
        values = np.array([[exact(stability, name, 784, m, L) for L in DEPTHS] for m in WIDTHS])
        factors = values[:, 1:] / values[:, :-1]
        yield at_most(f"{name}: P/ε from a depth to the next", factors, limit * (1 - 6e-7), tight=1e-6)
        m = np.array([w for w in WIDTHS if w >= 10**3])
        lacks = (1 - factors[-len(m) :] / limit) * m[:, None]
        yield equal(f"{name}: what a layer takes, times m", lacks, 5 / 8, rtol=1e-3)
        L = np.array(DEPTHS)
        trend = limit ** (L - 2) * (1 - 5 * (L - 2) / (8 * m[:, None]))
        yield equal(f"{name}: P/ε over its value at L = 2", values[-len(m) :] / values[-len(m) :, :1], trend, rtol=2e-5)
        wide = exact(stability, name, 784, 10**9, 6)
        yield equal(
            f"{name}: lack at m = 1000, L = 6", 1 - exact(stability, name, 784, 1000, 6) / wide, 0.0031, atol=5e-5
        )


depth_helps_at_initialisation_whatever_its_name.mutants({
    "rises with the depth": trending(lambda m, L: (1 + 5 / (4 * m)) ** L),
    "rises with the depth of narrow networks": trending(lambda m, L: L if m < 10 else 1.0),
    "the root of the second moment, which has no trend": TRENDS["the root of the second moment, which has no trend"],
    "twice the fall": trending(lambda m, L: (1 - 5 / (8 * m)) ** L if m > 1 else 1.0),
    "0.1 % less a layer": trending(lambda m, L: 0.999**L),
    "√½ a layer under every name": lambda s, p, m, L: perturbation_stability.stability(
        s._replace(beta=m**-0.5), p, m, L
    ),
})


def last_rise():
    """The width up to which LeCun's bound rises from L = 9 to 10: √(L³m)e^{−m/L³} + 1 against the same times √2."""

    def rise(m):
        nine, ten = (1 + np.sqrt(L**3 * m) * np.exp(-m / L**3) for L in (9, 10))
        return ten - np.sqrt(2) * nine

    return int(scipy.optimize.brentq(rise, 5000, 20000))


@claim("N05", slide=SLIDE, source=SOURCE)
def depth_trends_of_the_bounds_need_wide_networks(rng, *, stability_bound=perturbation_stability.stability_bound):
    r"""He's and NTK's bounds rise with L, as printed; LeCun's falls, as printed, to L = 10 only if m > 8831 ≈ 9L³."""
    for name in ("he", "ntk"):
        bounds = np.array([[stability_bound(name, 784, m, L) for L in DEPTHS] for m in WIDTHS])
        where = np.array(WIDTHS) < 200
        yield sign(f"{name}: rise from a depth to the next, m < 200", np.diff(bounds[where]))
        falls = np.maximum(-np.diff(bounds[~where]), 0)
        yield equal(f"{name}: fall from a depth to the next, m > 200", falls, 0.0)
    for p in (10, 784):
        last = last_rise()
        widths = [10, 100, 1000, last - 5, last, last + 1, last + 9, 10**5, 10**6]
        bounds = np.array([[stability_bound("lecun", p, m, L) for L in DEPTHS] for m in widths])
        falls = (np.diff(bounds) < 0).all(1)
        yield equal(f"lecun: falls with every layer, p = {p}", falls, [False] * 5 + [True] * 4)
        rise = (np.sqrt(1e6) * np.exp(-1) + 1) / 2**4 / (np.sqrt(8e3) * np.exp(-125) + 1)
        yield equal(f"lecun: L = 10 over L = 2, m = 1000, p = {p}", bounds[2, -1] / bounds[2, 0], rise, rtol=1e-12)
    yield equal("the last width at which it does not", last, 8831)


depth_trends_of_the_bounds_need_wide_networks.mutants({
    **WRONG_IN_DEPTH,
    "1 % too large at ten layers": lambda name, p, m, L: (
        (1.01 if L == 10 else 1.0) * perturbation_stability.stability_bound(name, p, m, L)
    ),
})
