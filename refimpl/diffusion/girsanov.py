"""The theorem's bound on the law at the end of reverse diffusion, and what its proof bounds: the law of whole paths.

Times and laws are those of `convergence`: data N(m, vI), V_t = 1 + (v − 1)e^{−2t}, n steps of length h = T/n.
"""

import math
from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer, nonnegative, positive

_vector = array("p")
_run = {"T": positive, "num_steps": integer(1)}


@domain(m=_vector, v=positive, **_run, error=_vector)
def path_divergence(m: Array, v: float, T: float, num_steps: int, error: Array) -> float:
    r"""Kullback-Leibler divergence of whole paths: KL(reverse diffusion of N(m, vI) ‖ the steps).

    .. math:: \mathrm{KL}\big(N(e^{-T} m, V_T I) \,\|\, N(0, I)\big)
              + \int_0^T E \|\nabla \log p_t(x_t) - \nabla \log p_{t'}(x_{t'})\|^2 dt + T \|\epsilon\|^2,
              \qquad \int_0^T = p \Big( T + \frac12 \log \frac{V_T}{v}
              + \sum_k \frac{h - 2 + 2 e^{-h}}{V_{t_k}} \Big)

    Here t' = t_k is where the step that contains t begins, and ε is constant. Girsanov's theorem gives the integral. By
    Pinsker's inequality the laws at the end of the paths are within √(KL/2) in total variation.

    Parameters
    ----------
    m : (p,) array
        Mean of the data.
    v : float
        Their variance in each direction, > 0.
    T : float
        Time at which the steps start, from N(0, I), > 0.
    num_steps : int
        Number of steps n, ≥ 1.
    error : (p,) array
        ε, the error of the score.

    Returns
    -------
    float

    References
    ----------
    Slide "Theoretical guarantees"; Chen et al. 2022, Section 5.

    Examples
    --------
    >>> round(path_divergence([0.0], 1.0, 1.0, 1, [2.0]), 6)  # 1 + (1 − 2 + 2/e) + 2²
    4.735759
    """
    h, p = T / num_steps, len(m)
    V = 1 + (v - 1) * np.exp(-2 * np.linspace(T, h, num_steps))
    start = (p * (V[0] - 1 - np.log(V[0])) + np.exp(-2 * T) * (m**2).sum()) / 2
    steps = p * (T + np.log(V[0] / v) / 2 + (h + 2 * np.expm1(-h)) * (1 / V).sum())
    return float(start + steps + T * (error**2).sum())


class Bound(NamedTuple):
    """The three terms of the bound: of the start, of the steps, and of the score's error."""

    start: float
    steps: float
    score: float


@domain(kl=nonnegative, L=positive, m2=nonnegative, p=integer(1), **_run, epsilon=nonnegative)
def total_variation_bound(kl: float, L: float, m2: float, p: int, T: float, num_steps: int, epsilon: float) -> Bound:
    r"""The theorem's bound on the total variation distance at the end, up to a constant that it does not give.

    .. math:: \sqrt{\mathrm{KL}} \, e^{-T} + \big( L \sqrt{p h} + L m_2 h \big) \sqrt T + \epsilon \sqrt T,
              \qquad h = T / n

    Parameters
    ----------
    kl : float
        Divergence of the data from N(0, I), ≥ 0.
    L : float
        Lipschitz constant of the scores ∇log p_t at all times (of N(m, vI): 1/min(v, 1)), > 0; hL must be ≲ 1.
    m2 : float
        √E‖a‖² of the data.
    p : int
        Dimension, ≥ 1.
    T : float
        Time at which the steps start, > 0.
    num_steps : int
        Number of steps n, ≥ 1.
    epsilon : float
        Root mean square error of the score, ≥ 0.

    Returns
    -------
    Bound

    References
    ----------
    Slide "Theoretical guarantees"; Chen et al. 2022, Theorem 2.

    Examples
    --------
    >>> total_variation_bound(0.0, 2.0, 1.0, 4, 4.0, 4, 0.5)
    Bound(start=0.0, steps=12.0, score=1.0)
    """
    h = T / num_steps
    return Bound(
        float(np.sqrt(kl) * np.exp(-T)),
        float((L * np.sqrt(p * h) + L * m2 * h) * np.sqrt(T)),
        float(epsilon * np.sqrt(T)),
    )


@domain(L=positive, p=integer(1), epsilon=positive)
def enough_steps(L: float, p: int, epsilon: float) -> int:
    r"""The number of steps that the slide gives for an error of order ε, with 1 for the constant that it leaves out.

    .. math:: n = \lceil L^2 p / \epsilon^2 \rceil

    With it the bound's term of the steps, without m₂, is εT.

    Parameters
    ----------
    L : float
        Lipschitz constant of the scores ∇log p_t at all times, > 0.
    p : int
        Dimension, ≥ 1.
    epsilon : float
        Error wanted, and error of the score, > 0.

    Returns
    -------
    int

    References
    ----------
    Slide "Theoretical guarantees"; Chen et al. 2022, Section 3.1.

    Examples
    --------
    >>> enough_steps(2.0, 3, 0.5)
    48
    """
    return math.ceil((L / epsilon) ** 2 * p)
