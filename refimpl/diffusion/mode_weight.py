"""Fitting the weight of one of two distant modes: by maximum likelihood, and by score matching, which hardly can."""

from collections.abc import Callable

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, number, positive
from refimpl.diffusion.two_mode_means import half_log_odds, mean_around, mean_between

_weight = number("> 0 and < 1")


@domain(x=array("n"), a=positive)
def weight_by_likelihood(x: Array, a: float) -> float:
    r"""Maximum-likelihood estimate of the weight of the mode at a.

    .. math:: \hat w = \arg\max_w \sum_i \log \big(w e^{a x_i} + (1 - w) e^{-a x_i}\big)

    Parameters
    ----------
    x : (n,) array
        Samples of w N(a, 1) + (1 − w) N(−a, 1).
    a : float
        The modes are at ±a; > 0.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", remarks.

    Examples
    --------
    >>> round(weight_by_likelihood([-5.0, 5.0, 5.0, 5.0], 5.0), 6)
    0.75
    """
    t = np.tanh(a * x)
    return _least(lambda u: -np.log1p(u * t).mean())


@domain(x=array("n"), a=positive)
def weight_by_score_matching(x: Array, a: float) -> float:
    r"""Estimate of the weight of the mode at a by the implicit loss of its score.

    .. math:: \hat w = \arg\min_w \sum_i \big[ \tfrac12 s_w(x_i)^2 + s_w'(x_i) \big]
              = \arg\max_w \sum_i \big[ a x_i t_i + \tfrac12 a^2 t_i^2 \big], \qquad
              t_i = \tanh \big(a x_i + \tfrac12 \log \tfrac{w}{1 - w} \big)

    Parameters
    ----------
    x, a
        As for `weight_by_likelihood`.

    Returns
    -------
    float
        Of little use for distant modes: the loss is then the same for nearly all w.

    References
    ----------
    Slides "Weaknesses of score matching", "Hyvärinen's trick".

    Examples
    --------
    Symmetric samples have equal weights, to the square root of rounding.

    >>> round(weight_by_score_matching([-1.0, 1.0], 1.5), 6)
    0.5
    """
    y = np.tanh(a * x)

    def loss(u: float) -> float:  # tanh(b + c), from tanh b and u = tanh c = 2w − 1
        t = (y + u) / (1 + u * y)
        return -(a * x * t + a**2 * t**2 / 2).mean()

    return _least(loss)


@domain(a=positive, w=_weight)
def likelihood_variance(a: float, w: float) -> float:
    r"""Asymptotic variance of the maximum-likelihood estimate of w, times the number of samples.

    .. math:: n \operatorname{Var} \hat w \to \Big( E \, \big(\partial_w \log \pi\big)^2 \Big)^{-1}
              \;\to\; w (1 - w) \qquad (a \to \infty)

    Parameters
    ----------
    a : float
        The modes are at ±a; > 0.
    w : float
        Weight of the mode at a, between 0 and 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", remarks; Fisher's information.

    Examples
    --------
    >>> round(likelihood_variance(5.0, 0.3), 5)
    0.21
    """
    u = 2 * w - 1

    def squared_slope(x: Array) -> Array:
        t = np.tanh(a * x)
        return (2 * t / (1 + u * t)) ** 2

    return 1 / mean_around(squared_slope, a, w)


@domain(a=positive, w=_weight)
def score_matching_variance(a: float, w: float) -> float:
    r"""Asymptotic variance of the score-matching estimate of w, times the number of samples.

    .. math:: n \operatorname{Var} \hat w \to
              \frac{E \big[ (x + a t)^2 (1 - t^2)^2 \big]}{\big( \tfrac{a}{2 w (1 - w)} E (1 - t^2)^2 \big)^2}
              \simeq \sqrt{\tfrac{2}{\pi}} \, a \, e^{a^2/2} \, \big(w (1 - w)\big)^{3/2} \qquad (a \to \infty)

    Here :math:`t = \tanh(a x + \tfrac12 \log \tfrac{w}{1 - w})`. The loss bends as little as the Fisher divergence
    does, and only the few samples halfway move its slope.

    Parameters
    ----------
    a, w
        As for `likelihood_variance`.

    Returns
    -------
    float
        Infinite where it exceeds 10³⁰⁸, from a = 38 on.

    References
    ----------
    Slide "Weaknesses of score matching", remarks; Koehler, Heckett & Risteski 2022; the constant is derived here.

    Examples
    --------
    How many times the samples of maximum likelihood it needs:

    >>> [round(score_matching_variance(a, 0.5) / likelihood_variance(a, 0.5)) for a in (1.0, 3.0, 5.0)]
    [2, 140, 591294]
    """
    shift = half_log_odds(w)

    def bell(y: Array) -> Array:
        e = np.exp(-2 * np.abs(y + shift))
        return 4 * e / (1 + e) ** 2

    def slope(y: Array) -> Array:
        return (y / a + a * np.tanh(y + shift)) * bell(y)

    noise, bend = (mean_between(lambda y, g=g: g(y) ** 2, a, w, 40 + abs(shift)) for g in (slope, bell))  # type: ignore[misc]
    with np.errstate(over="ignore"):
        return float(np.exp(a**2 / 2) * noise / (a / (2 * w * (1 - w)) * bend) ** 2)


def _least(loss: Callable[[float], float]) -> float:
    """The weight w at which a loss of u = 2w − 1 is least: on a grid, then between its neighbours."""
    grid = np.linspace(-1, 1, 203)[1:-1]
    best = grid[np.argmin([loss(u) for u in grid])]
    step = grid[1] - grid[0]
    bounds = (best - step, best + step)
    found = scipy.optimize.minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return (1 + float(found.x)) / 2
