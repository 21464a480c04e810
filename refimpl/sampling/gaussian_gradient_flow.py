"""The gradient flow of KL in Wasserstein space, and its JKO step, from a Gaussian towards a Gaussian: closed forms."""

from typing import NamedTuple

import numpy as np

from refimpl.arguments.domains import domain, nonnegative, number, positive

_number = number("")


class Gaussian(NamedTuple):
    """Mean and standard deviation."""

    mean: float
    std: float


@domain(mean=_number, std=positive, l=positive, t=nonnegative)
def gaussian_flow(mean: float, std: float, l: float, t: float) -> Gaussian:
    r"""The flow from a Gaussian towards N(0, 1/l).

    .. math:: m_t = e^{-lt} m, \qquad s_t^2 = \tfrac1l + e^{-2lt} \big(s^2 - \tfrac1l\big)

    Parameters
    ----------
    mean, std : float
        m and s > 0 at time 0.
    l : float
        Inverse variance of the target, > 0.
    t : float
        Time, ≥ 0.

    Returns
    -------
    Gaussian

    Examples
    --------
    >>> gaussian_flow(4.0, 1.0, 1.0, np.log(2)).mean
    2.0
    """
    decay = np.exp(-l * t)
    return Gaussian(float(decay * mean), float(np.sqrt((1 - decay**2) / l + decay**2 * std**2)))


@domain(mean=_number, std=positive, l=positive, tau=positive)
def gaussian_jko_step(mean: float, std: float, l: float, tau: float) -> Gaussian:
    r"""The JKO step from a Gaussian towards N(0, 1/l).

    .. math:: m^+ = \frac{m}{1 + \tau l}, \qquad \frac{s^+ - s}{\tau} + l s^+ - \frac{1}{s^+} = 0

    Parameters
    ----------
    mean, std, l
        As for `gaussian_flow`.
    tau : float
        Step τ, > 0.

    Returns
    -------
    Gaussian

    References
    ----------
    Wibisono 2018, §4 (the proximal step on Gaussians).

    Examples
    --------
    >>> gaussian_jko_step(3.0, 1.0, 1.0, 0.5)
    Gaussian(mean=2.0, std=1.0)
    """
    k = 1 + tau * l
    return Gaussian(mean / k, float((std + np.sqrt(std**2 + 4 * tau * k)) / (2 * k)))
