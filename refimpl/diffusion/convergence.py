"""How near reverse diffusion comes to the data: the method of the theorem, and its exact law on Gaussians.

Noise is added by dx = −x dt + √2 dw up to the time T, as `vp` with β = 2T does within [0, 1]. Data N(m, vI) then have
the laws N(e^{−t}m, V_t I), V_t = 1 + (v − 1)e^{−2t}. The method goes back from N(0, I) by n steps of length h = T/n.
"""

from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array, Score
from refimpl.arguments.domains import array, domain, field, integer, nonnegative, number, positive
from refimpl.diffusion.schedules import march
from refimpl.diffusion.sde import SDE, process

_points = array("... p")


@domain(sde=process, score=field, a=_points, t=number("> 0 and <= 1"), dt=number("< 0"), z=_points)
def exponential_step(sde: SDE, score: Score, a: Any, t: float, dt: float, z: Any) -> Any:
    r"""One step of the reverse SDE of `vp`, exact but for the score, which is kept while the step lasts.

    .. math:: a^+ = r a + 2 (r - 1) \nabla \log p_t(a) + \sqrt{r^2 - 1} \, z, \qquad
              r = \frac{\text{scale}(t + dt)}{\text{scale}(t)} = e^h

    Parameters
    ----------
    sde : SDE
        A variance-preserving process: `vp`.
    score : callable
        ∇log p_t, a function of (a, t) of the shape of a.
    a : (..., p) array
        Points at time t.
    t : float
        Time, > 0 and ≤ 1.
    dt : float
        Time step, < 0, with t + dt ≥ 0.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Theoretical guarantees"; Chen et al. 2022, "Sampling is as easy as learning the score", (2.5).

    Examples
    --------
    >>> from refimpl.diffusion.sde import vp
    >>> h = np.log(2.0)  # r = 2: what score −a brings in is what the drift takes out
    >>> exponential_step(vp(2 * h, 2 * h), lambda a, t: -a, [3.0], 1.0, -1.0, [0.0]).round(12)
    array([0.])
    """
    if t + dt < -1e-12:
        raise ValueError(f"dt must be >= -t = {-t:g}, got {dt:g}")
    scale, std = sde.kernel(t)
    if abs(scale**2 + std**2 - 1) > 1e-9:
        raise ValueError(f"sde must have scale² + std² = 1, as vp() has, got {scale**2 + std**2:g}")
    r = sde.kernel(max(t + dt, 0.0))[0] / scale
    return r * a + 2 * (r - 1) * score(a, t) + np.sqrt(r**2 - 1) * z


@domain(m=number(""), v=positive, T=positive, num_steps=integer(1), m0=number(""), v0=nonnegative, error=number(""))
def exponential_law(
    m: float, v: float, T: float, num_steps: int, m0: float = 0.0, v0: float = 1.0, error: float = 0.0
) -> tuple[float, float]:
    r"""Mean and variance of a coordinate after the steps, with the score of N(m, v) and a constant error in it.

    .. math:: m^+ = e^h m_k + 2 (e^h - 1) \Big( \frac{e^{-t} m - m_k}{V_t} + \epsilon \Big), \quad
              v^+ = \Big( e^h - \frac{2 (e^h - 1)}{V_t} \Big)^2 v_k + e^{2h} - 1

    Parameters
    ----------
    m, v : float
        Mean and variance of the data, v > 0.
    T : float
        Time at which the steps start, > 0.
    num_steps : int
        Number of steps n, ≥ 1.
    m0, v0 : float
        Mean and variance of the start; N(0, 1) unless given. Those of the noised data are e^{−T}m and V_T.
    error : float
        ε, the error of the score in this coordinate.

    Returns
    -------
    mean, variance : float

    References
    ----------
    Slide "Theoretical guarantees".

    Examples
    --------
    >>> mean, variance = exponential_law(0.0, 1.0, np.log(1.5), 1)  # (3/2 − 1)² + 9/4 − 1
    >>> round(variance, 12)
    1.5
    """
    growth = np.expm1(T / num_steps)

    def step(law: Array, t: float, t_next: float) -> Array:
        V = 1 + (v - 1) * np.exp(-2 * t)
        mean, variance = law
        return np.array([
            (1 + growth) * mean + 2 * growth * ((np.exp(-t) * m - mean) / V + error),
            (1 + growth - 2 * growth / V) ** 2 * variance + growth * (growth + 2),
        ])

    mean, variance = march(step, np.array([m0, v0]), np.linspace(T, 0.0, num_steps + 1))
    return float(mean), float(variance)


@domain(v0=positive, v1=positive, p=integer(1))
def isotropic_total_variation(v0: float, v1: float, p: int) -> float:
    r"""Total variation distance of N(0, v₀I) and N(0, v₁I), whose densities cross on a sphere of radius R.

    .. math:: |F(R^2 / v_0) - F(R^2 / v_1)|, \qquad R^2 = p \, \frac{\log v_1 - \log v_0}{1 / v_0 - 1 / v_1}, \qquad
              \frac{R^2}{v_1} = p \, \frac{\ell}{e^\ell - 1}, \quad \ell = \log \frac{v_1}{v_0}

    It is the difference of their masses within. F is the distribution function of χ² with p degrees of freedom.

    Parameters
    ----------
    v0, v1 : float
        Variances, > 0.
    p : int
        Dimension, ≥ 1.

    Returns
    -------
    float

    References
    ----------
    Slide "Theoretical guarantees".

    Examples
    --------
    >>> round(isotropic_total_variation(1.0, 2.0, 2), 12)  # R² = 4 log 2: ½ − ¼
    0.25
    """
    log_ratio = np.log(v1) - np.log(v0)
    inner, outer = (scipy.special.gammainc(p / 2, p / 2 / scipy.special.exprel(x)) for x in (log_ratio, -log_ratio))
    return float(abs(outer - inner))
