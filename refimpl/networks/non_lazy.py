r"""Non-lazy training: the lecture's sufficient condition, and the stability of two layers that start small.

Two layers with α = 1 and β₁ = β_L = m^(−c) stand at γ = 2c, γ' = 0 of the phase diagram: condensed for c > ½ already.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer, nonnegative, number, positive
from refimpl.networks.fully_connected import network_weights
from refimpl.networks.initialization import Scales, scales_of_a_network
from refimpl.networks.perturbation_stability import ball_constant


@domain(scales=scales_of_a_network, m=integer(1), L=integer(2))
def non_lazy_ratio(scales: Scales, m: int, L: int) -> float:
    r"""Ratio that must be far below 1: then training is not lazy.

    .. math:: \frac{(m^{3/2} \sum_{l=1}^L \beta_l)^L}{\alpha}

    Parameters
    ----------
    scales : Scales
        β₁, β (of the L − 2 layers in the middle), β_L and α.
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: main results (Non-lazy training regime)", α ≫ (m^{3/2} Σ β_i)^L.

    Examples
    --------
    >>> non_lazy_ratio(Scales(0.25, 9.0, 0.5, 72.0), m=4, L=2)  # (8 · 0.75)² / 72
    0.5
    """
    total = scales.beta_1 + (L - 2) * scales.beta + scales.beta_L
    return (m**1.5 * total) ** L / scales.alpha


@domain(c=number(""), m=integer(1))
def small_scales(c: float, m: int) -> Scales:
    r"""Scales of the slide's setting.

    .. math:: \beta_1 = \beta = \beta_L = m^{-c}, \qquad \alpha = 1

    Parameters
    ----------
    c : float
        Exponent; the slide asks c > 1.5.
    m : int
        Width, ≥ 1.

    Returns
    -------
    Scales

    Examples
    --------
    >>> small_scales(1.5, 4)
    Scales(beta_1=0.125, beta=0.125, beta_L=0.125, alpha=1.0)
    """
    return Scales(*(float(m) ** -c,) * 3, 1.0)


@domain(n=integer(1), m=integer(1), c=number(""))
def printed_bound(n: int, m: int, c: float) -> float:
    r"""The slide's bound on the perturbation stability, without its constant and logarithms.

    .. math:: \frac{n}{m^{c + 1.5}}

    The slide says neither when it holds nor for which ε.

    * At initialisation P ~ ε m^(½−2c). So it holds for c ≥ 2, and for smaller c if n ≥ m^(2−c). As the slide asks for
      m ≫ n², that is never so for c ≤ 1.5.
    * After training it fails at every c for networks that have learnt labels of size 1 (`homogeneity_floor`), unless ε
      itself is as small as the bound.

    Parameters
    ----------
    n : int
        Number of points, ≥ 1.
    m : int
        Width, ≥ 1.
    c : float
        Exponent of β = m^(−c).

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: main results (Non-lazy training regime)", theorem.

    Examples
    --------
    >>> printed_bound(8, 4, 1.5)
    0.125
    """
    return n * float(m) ** -(c + 1.5)


@domain(weights=network_weights, h=nonnegative, a_norm=positive, alpha=positive)
def least_change(weights: list[Any], h: float, a_norm: float, alpha: float = 1.0) -> Any:
    r"""The relative change that some layer needs before an output can be as large as h.

    .. math:: |h(a)| \le \frac{\|a\|}\alpha \prod_l \|X_l'\|_2
              \quad\Rightarrow\quad \max_l \frac{\|X_l' - X_l\|_2}{\|X_l\|_2} \ge
              \left( \frac{\alpha h}{\|a\| \prod_l \|X_l\|_2} \right)^{1/L} - 1

    This is why small starts are not lazy. At initialisation ‖X_l‖₂ ~ √m β_l. So the change goes to ∞ when
    α ≫ (√m Σ β_l)^L, and the printed condition implies that.

    Parameters
    ----------
    weights : list of L arrays
        The start: one network, or k networks on a further first axis.
    h : float
        Size of an output after training, such as that of a label, ≥ 0.
    a_norm : float
        Norm ‖a‖ of its point, > 0.
    alpha : float
        Divisor α of the output, > 0.

    Returns
    -------
    float, or (k,) array
        Negative where no layer need change.

    References
    ----------
    Slides "Robustness in deep learning: lazy-training" and "main results (Non-lazy training regime)".

    Examples
    --------
    >>> float(least_change([[[0.5]], [[0.5]]], 1.0, 1.0))  # both layers must double
    1.0
    """
    sizes = np.prod([np.linalg.norm(X, 2, axis=(-2, -1)) for X in weights], axis=0)
    if not np.all(sizes):
        raise ValueError("weights must be other than 0, got a layer of zeros")
    return (alpha * h / (a_norm * sizes)) ** (1 / len(weights)) - 1


@domain(h=array("..."), a=array("... p"), eps=positive)
def homogeneity_floor(h: Any, a: Any, eps: float = 1.0) -> Array:
    r"""A lower bound on the mean perturbation, from the output alone.

    .. math:: \epsilon c_p \|\nabla h(a)\| \ge \epsilon c_p \frac{|h(a)|}{\|a\|}

    Networks without biases are homogeneous: h(a) = ⟨∇h(a), a⟩.

    Parameters
    ----------
    h : (...,) array
        Outputs at the points.
    a : (..., p) array
        Points other than 0.
    eps : float
        Radius ε of the perturbations, > 0.

    Returns
    -------
    (...,) array
        Least perturbation that each point can contribute to P(h, ε).

    References
    ----------
    Euler's theorem on homogeneous functions; slide "Robustness in deep learning: average-case metric".

    Examples
    --------
    >>> homogeneity_floor(2.0, [4.0])  # c₁ = ½
    array(0.25)
    """
    if not (size := np.asarray(np.linalg.norm(a, axis=-1))).all():
        raise ValueError("a must hold points other than 0, got one at 0")
    if np.shape(h) != size.shape:
        raise ValueError(f"h must have shape {size.shape}, one number a point, got {np.shape(h)}")
    return np.asarray(eps * ball_constant(np.shape(a)[-1]) * np.abs(h) / size)
