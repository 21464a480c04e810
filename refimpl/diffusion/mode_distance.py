"""Fitting how far two modes are apart: score matching is as good as maximum likelihood when they are distant."""

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import domain, number, positive
from refimpl.diffusion.two_mode_means import half_log_odds, mean_around

_two_modes = {"a": positive, "w": number("> 0 and < 1")}


@domain(**_two_modes)
def distance_likelihood_variance(a: float, w: float) -> float:
    r"""Asymptotic variance of the maximum-likelihood estimate of a, times the number of samples.

    .. math:: n \operatorname{Var} \hat a \to \big( E (x t - a)^2 \big)^{-1} \;\to\; 1 \qquad (a \to \infty), \qquad
              t = \tanh \big(a x + \tfrac12 \log \tfrac{w}{1 - w} \big)

    Parameters
    ----------
    a : float
        The modes are at ±a; > 0.
    w : float
        Weight of the mode at a, between 0 and 1; known.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", remarks; Fisher's information.

    Examples
    --------
    >>> round(distance_likelihood_variance(5.0, 0.3), 5)
    1.0
    """
    return 1 / mean_around(lambda x: (x * np.tanh(a * x + half_log_odds(w)) - a) ** 2, a, w)


@domain(**_two_modes)
def distance_score_matching_variance(a: float, w: float) -> float:
    r"""Asymptotic variance of the score-matching estimate of a, times the number of samples.

    .. math:: n \operatorname{Var} \hat a \to \frac{E \big[ (a t - x) \, u + 2 a q - 2 a^2 x t q \big]^2}{(E u^2)^2}
              \;\to\; 1 \qquad (a \to \infty), \qquad q = 1 - t^2, \quad u = t + a x q

    Here t is as in `distance_likelihood_variance`; u is the slope of the score in a.

    Parameters
    ----------
    a, w
        As for `distance_likelihood_variance`.

    Returns
    -------
    float

    References
    ----------
    Slide "Weaknesses of score matching", remarks; Koehler, Heckett & Risteski 2022; derived here.

    Examples
    --------
    How many times the samples of maximum likelihood it needs:

    >>> ratio = [distance_score_matching_variance(a, 0.5) / distance_likelihood_variance(a, 0.5) for a in (1.0, 3.0)]
    >>> [round(one, 2) for one in ratio]
    [1.1, 1.01]
    """
    shift = half_log_odds(w)

    def parts(x: Array) -> tuple[Array, Array, Array]:
        t, e = np.tanh(a * x + shift), np.exp(-2 * np.abs(a * x + shift))
        q = 4 * e / (1 + e) ** 2
        return t, q, t + a * x * q

    def squared_slope(x: Array) -> Array:
        t, q, u = parts(x)
        return ((a * t - x) * u + 2 * a * q - 2 * a**2 * x * t * q) ** 2

    return mean_around(squared_slope, a, w) / mean_around(lambda x: parts(x)[2] ** 2, a, w) ** 2
