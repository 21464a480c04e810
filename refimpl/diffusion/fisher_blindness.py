"""Two distant modes: how little the Fisher divergence, and so score matching, knows of their weights.

π = w N(a, 1) + (1 − w) N(−a, 1) on the line, and μ likewise with the weight v. Integrals are trapezoidal sums, whose
error falls exponentially for such integrands: they are right to rounding, also relative to results as small as 10⁻³⁰⁰.
"""

from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number, positive
from refimpl.diffusion.two_mode_means import half_log_odds, mean_around, mean_between

_weight = number("> 0 and < 1")
_two_laws = {"a": positive, "w": _weight, "v": _weight}


@domain(x=array("..."), a=positive, w=_weight)
def mode_density(x: Any, a: float, w: float) -> Any:
    r"""Density of two modes.

    .. math:: \pi(x) = w \, \varphi(x - a) + (1 - w) \, \varphi(x + a)

    Parameters
    ----------
    x : (...) array
        Points of the line.
    a : float
        The modes are at ±a; > 0.
    w : float
        Weight of the mode at a, between 0 and 1.

    Returns
    -------
    (...) array

    References
    ----------
    Slide "Weaknesses of score matching".

    Examples
    --------
    >>> float(mode_density(0.0, 1.0, 0.3).round(6))  # e^{−½} / √(2π), for every w
    0.241971
    """
    return (w * np.exp(-((x - a) ** 2) / 2) + (1 - w) * np.exp(-((x + a) ** 2) / 2)) / np.sqrt(2 * np.pi)


@domain(x=array("..."), a=positive, w=_weight)
def mode_score(x: Any, a: float, w: float) -> Any:
    r"""Score of two modes; the weight only moves the place between them where it jumps.

    .. math:: \nabla \log \pi(x) = a \tanh \big(a x + \tfrac12 \log \tfrac{w}{1 - w} \big) - x

    Parameters
    ----------
    x, a, w
        As for `mode_density`.

    Returns
    -------
    (...) array

    References
    ----------
    Slide "Weaknesses of score matching".

    Examples
    --------
    >>> float(mode_score(0.0, 3.0, 0.9).round(6))  # a(2w − 1)
    2.4
    """
    return a * np.tanh(a * x + half_log_odds(w)) - x


@domain(**_two_laws)
def mode_fisher_divergence(a: float, w: float, v: float) -> float:
    r"""Fisher divergence of the laws with weights w and v (no ½).

    .. math:: J(\pi \| \mu) = E_\pi |\nabla \log \pi - \nabla \log \mu|^2
              = a^2 \, E_\pi \Big[ \tanh \big(a x + \tfrac12 \log \tfrac{w}{1 - w} \big)
              - \tanh \big(a x + \tfrac12 \log \tfrac{v}{1 - v} \big) \Big]^2

    Parameters
    ----------
    a : float
        The modes are at ±a; > 0.
    w, v : float
        Weights of the mode at a in π and in μ, between 0 and 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", (6).

    Examples
    --------
    >>> [f"{mode_fisher_divergence(a, 0.5, 0.9):.2e}" for a in (3.0, 5.0)]
    ['2.63e-02', '1.52e-05']
    """
    s, r = half_log_odds(w), half_log_odds(v)

    def squared_gap(y: Array) -> Array:  # |tanh b − tanh c| = sinh |b − c| / (cosh b · cosh c), from exponents ≤ 0
        b, c = np.abs(y + s), np.abs(y + r)
        ends = (1 + np.exp(-2 * b)) * (1 + np.exp(-2 * c))
        return (2 * np.expm1(-2 * abs(s - r)) * np.exp(abs(s - r) - b - c) / ends) ** 2

    return float(a**2 * np.exp(-(a**2) / 2) * mean_between(squared_gap, a, w, 40 + max(abs(s), abs(r))))


@domain(**_two_laws)
def mode_fisher_asymptote(a: float, w: float, v: float) -> float:
    r"""The Fisher divergence of distant modes, to leading order: only points halfway count, which are rare.

    .. math:: J(\pi \| \mu) \simeq \sqrt{\tfrac{\pi}{2}} \, a \, e^{-a^2/2} \,
              \frac{\big(\sqrt{w (1 - v)} - \sqrt{v (1 - w)}\big)^2}{\sqrt{v (1 - v)}} \qquad (a \to \infty)

    Derivation: with y = ax the density near 0 is e^{−a²/2}(w e^y + (1 − w)e^{−y})/√(2π), and the integral over y with
    t = e^{2y} is elementary, by ∫√t/((t + A)(t + B)²) dt = π/(2√B(√A + √B)²). The next term is smaller by a⁻².

    Parameters
    ----------
    a, w, v
        As for `mode_fisher_divergence`.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching"; the rate is derived here.

    Examples
    --------
    >>> round(mode_fisher_divergence(20.0, 0.5, 0.9) / mode_fisher_asymptote(20.0, 0.5, 0.9), 3)
    0.999
    """
    roots = np.sqrt(w * (1 - v)) - np.sqrt(v * (1 - w))
    return float(np.sqrt(np.pi / 2) * a * np.exp(-(a**2) / 2) * roots**2 / np.sqrt(v * (1 - v)))


@domain(**_two_laws)
def mode_kl(a: float, w: float, v: float) -> float:
    r"""Kullback-Leibler divergence of the laws with weights w and v: that of two coins, for distant modes.

    .. math:: \mathrm{KL}(\pi \| \mu) = E_\pi \log \frac{w e^{a x} + (1 - w) e^{-a x}}{v e^{a x} + (1 - v) e^{-a x}}
              \;\to\; w \log \frac{w}{v} + (1 - w) \log \frac{1 - w}{1 - v}

    Parameters
    ----------
    a, w, v
        As for `mode_fisher_divergence`.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", remarks.

    Examples
    --------
    >>> [round(mode_kl(a, 0.5, 0.9), 4) for a in (3.0, 5.0)]
    [0.5081, 0.5108]
    """

    def log_ratio(x: Array) -> Array:
        y = a * x
        return np.logaddexp(np.log(w) + y, np.log1p(-w) - y) - np.logaddexp(np.log(v) + y, np.log1p(-v) - y)

    return mean_around(log_ratio, a, w)


@domain(**_two_laws)
def mode_total_variation(a: float, w: float, v: float) -> float:
    r"""Total variation distance of the laws with weights w and v.

    .. math:: \mathrm{TV}(\pi, \mu) = |w - v| \, (2 \Phi(a) - 1)

    Parameters
    ----------
    a, w, v
        As for `mode_fisher_divergence`.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching".

    Examples
    --------
    >>> round(mode_total_variation(3.0, 0.5, 0.9), 3)
    0.399
    """
    return float(np.abs(w - v) * scipy.special.erf(a / np.sqrt(2)))
