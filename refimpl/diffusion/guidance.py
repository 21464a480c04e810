"""Guidance: steering a sampler towards a class, and the law that it then really samples.

Scores are functions of (a, t). The laws are exact for the condition N(m, v) and all data N(0, V) on the line, with
noise of variance s added (variance exploding), exact scores, and a start from s → ∞.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.array_domains import covariance, probabilities
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, function, integer, number, positive
from refimpl.diffusion.tweedie import mixture_score

_real = number("")

TimedField = Callable[[Any, Any], Any]


@domain(score=function, grad_log_classifier=function, scale=_real)
def classifier_guided_score(score: TimedField, grad_log_classifier: TimedField, scale: float) -> TimedField:
    r"""Score with classifier guidance; at scale 1 it is Bayes' rule.

    .. math:: \nabla \log p_t(a) + \gamma \, \nabla \log p_t(y \mid a), \qquad
              \nabla \log p_t(a \mid y) = \nabla \log p_t(a) + \nabla \log p_t(y \mid a)

    Parameters
    ----------
    score : callable
        ∇log p_t, a function of (a, t).
    grad_log_classifier : callable
        ∇log p_t(y | ·), a function of (a, t), for the class y that is wanted.
    scale : float
        γ: 0 is no guidance, 1 conditions exactly, more exaggerates.

    Returns
    -------
    callable
        Of (a, t).

    References
    ----------
    Slide "Modern tricks to generate appealing images"; Dhariwal & Nichol 2021.

    Examples
    --------
    >>> classifier_guided_score(lambda a, t: -a, lambda a, t: 1 + 0 * a, 2.0)(np.array([3.0]), 0.5)
    array([-1.])
    """
    return lambda a, t: score(a, t) + scale * grad_log_classifier(a, t)


@domain(score_cond=function, score_uncond=function, w=_real)
def classifier_free_score(score_cond: TimedField, score_uncond: TimedField, w: float) -> TimedField:
    r"""Score with classifier-free guidance: from the unconditional score through the conditional one, and beyond.

    .. math:: (1 + w) \nabla \log p_t(a \mid y) - w \nabla \log p_t(a)

    Parameters
    ----------
    score_cond : callable
        ∇log p_t(· | y), a function of (a, t).
    score_uncond : callable
        ∇log p_t, likewise.
    w : float
        0 is the conditional score, −1 the unconditional one; others write γ = 1 + w.

    Returns
    -------
    callable
        Of (a, t).

    References
    ----------
    Slide "Modern tricks to generate appealing images"; Ho & Salimans 2022, (6).

    Examples
    --------
    >>> classifier_free_score(lambda a, t: 1 - a, lambda a, t: -a / 2, 1.0)(np.array([3.0]), 0.5)
    array([-2.5])
    """
    return lambda a, t: (1 + w) * score_cond(a, t) - w * score_uncond(a, t)


@domain(x=array("... p"), y=integer(0), weights=probabilities("k"), means=array("k p"), covariances=covariance("k p p"))
def mixture_classifier_gradient(x: Array, y: int, weights: Array, means: Array, covariances: Array) -> Array:
    r"""Gradient of log p(y|x) for the exact classifier of a mixture, whose classes are its components.

    .. math:: \nabla \log p(y \mid x) = \nabla \log \frac{w_y N(x; \mu_y, \Sigma_y)}{\sum_k w_k N(x; \mu_k, \Sigma_k)}

    Parameters
    ----------
    x : (..., p) array
        Points.
    y : int
        The class that is wanted, 0..k − 1.
    weights : (k,) array
        Weights of the components, ≥ 0, of sum 1.
    means : (k, p) array
        Their means.
    covariances : (k, p, p) array
        Their covariances; those of the noisy law at time t.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Modern tricks to generate appealing images".

    Examples
    --------
    >>> mixture = [0.5, 0.5], [[-1.0], [1.0]], [[[1.0]], [[1.0]]]
    >>> mixture_classifier_gradient([[0.0], [50.0]], 1, *mixture).round(12)
    array([[1.],
           [0.]])
    """
    if y >= len(weights):
        raise ValueError(f"y must be < {len(weights)}, the number of components, got {y}")
    conditional = (means[y] - x) @ np.linalg.inv(covariances[y])
    return conditional - mixture_score(x, weights, means, covariances)


class Gaussian(NamedTuple):
    """Mean and variance of a law on the line."""

    mean: float
    variance: float


_guided = {"m": _real, "v": positive, "V": positive, "w": _real}


@domain(**_guided)
def tilted_law(m: float, v: float, V: float, w: float) -> Gaussian:
    r"""The law that guidance is often said to sample.

    .. math:: p_c^{1 + w} p_u^{-w} / Z: \qquad \text{variance } \Big( \frac{1 + w}{v} - \frac{w}{V} \Big)^{-1}, \quad
              \text{mean } \frac{(1 + w) m}{v} \cdot \text{variance}

    Parameters
    ----------
    m, v : float
        Mean and variance of the condition, v > 0.
    V : float
        Variance of all data, > 0.
    w : float
        Strength of the guidance, such that the density can be normalised.

    Returns
    -------
    Gaussian

    References
    ----------
    Slide "Modern tricks to generate appealing images".

    Examples
    --------
    >>> tilted_law(0.0, 1.0, 2.0, 1.0).variance  # 2/3
    0.6666666666666666
    """
    precision = (1 + w) / v - w / V
    if precision <= 0:
        raise ValueError(f"w must leave (1 + w)/v − w/V > 0, got {w} with v = {v}, V = {V}")
    return Gaussian((1 + w) * m / v / precision, 1 / precision)


@domain(**_guided)
def guided_flow_law(m: float, v: float, V: float, w: float) -> Gaussian:
    r"""The law at which the guided probability flow ends.

    .. math:: \text{variance } v q^w, \qquad
              \text{mean } (1 + w) m \int_0^1 (q + (1 - q) \rho^2)^{w/2} d\rho, \qquad q = v / V

    Derivation: the guided score −g(s)a + (1 + w)m/(v + s), g = (1 + w)/(v + s) − w/(V + s), is affine. So what
    was a at noise s ends as √Ψ(s) a, where log Ψ(s) = −∫₀ˢ g; with r = v/(v + s) this is Ψ = r(q + (1 − q)r)ʷ.

    Parameters
    ----------
    m, v : float
        Mean and variance of the condition, v > 0.
    V : float
        Variance of all data, > 0.
    w : float
        Strength of the guidance.

    Returns
    -------
    Gaussian

    References
    ----------
    Slide "Modern tricks to generate appealing images"; derived here.

    Examples
    --------
    >>> guided_flow_law(0.0, 1.0, 2.0, 1.0).variance
    0.5
    """
    q = v / V
    integral = q ** (w / 2) * scipy.special.hyp2f1(-w / 2, 0.5, 1.5, 1 - 1 / q)
    return Gaussian(float((1 + w) * m * integral), float(v * q**w))


@domain(**_guided)
def guided_diffusion_law(m: float, v: float, V: float, w: float) -> Gaussian:
    r"""The law at which the guided reverse SDE ends.

    .. math:: \text{variance } \int_0^\infty \Psi(s)^2 ds = v \, \frac{1 - q^{1 + 2w}}{(1 + 2w)(1 - q)}, \qquad
              \text{mean } m \, \frac{1 - q^{1 + w}}{1 - q}, \qquad q = v / V

    As in `guided_flow_law`, but the SDE contracts by Ψ where the flow does by √Ψ, and adds noise.

    Parameters
    ----------
    m, v, V, w
        As for `guided_flow_law`.

    Returns
    -------
    Gaussian

    References
    ----------
    Slide "Modern tricks to generate appealing images"; derived here.

    Examples
    --------
    >>> round(12 * guided_diffusion_law(0.0, 1.0, 2.0, 1.0).variance, 12)  # 7/12
    7.0
    """
    q = v / V
    return Gaussian(float((1 + w) * m * _mean_power(q, w)), float(v * _mean_power(q, 2 * w)))


def _mean_power(q: float, k: float) -> float:
    """∫₀¹ (q + (1 − q)r)ᵏ dr = (1 − qᵏ⁺¹)/((k + 1)(1 − q)), also at its limits k = −1 and q = 1."""
    return scipy.special.exprel((k + 1) * np.log(q)) / scipy.special.exprel(np.log(q))
