"""The Dirac-GAN: one parameter for the generator, one for the discriminator, and training that circles.

Loss L(θ, ψ) = f(θψ) + f(0), which the generator θ minimises and the discriminator ψ maximises; f(t) = −log(1 + e^−t)
for the standard GAN, f(t) = t for the Wasserstein GAN. Points are z = (θ, ψ).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from refimpl.arguments.arrays import join, split
from refimpl.arguments.domains import array, domain, function, integer, number, positive

Slope = Callable[[Any], Any]
Eigenvalues = npt.NDArray[np.complex128]


@domain(t=array("..."))
def standard_slope(t: Any) -> Any:
    r"""Slope f' of the standard GAN's f(t) = −log(1 + e^−t).

    .. math:: f'(t) = \frac{1}{1 + e^t} = e^{-\log(1 + e^t)}

    Parameters
    ----------
    t : (...,) array
        Arguments; numbers too.

    Returns
    -------
    (...,) array
        Between 0 and 1.

    References
    ----------
    Slide "Difficulties of GAN training"; Goodfellow et al. 2014.

    Examples
    --------
    >>> float(standard_slope(0.0))
    0.5
    """
    return np.exp(-np.logaddexp(0, t))


@domain(t=array("..."))
def wasserstein_slope(t: Any) -> Any:
    r"""Slope f' of the Wasserstein GAN's f(t) = t.

    .. math:: f'(t) = 1

    Parameters
    ----------
    t : (...,) array
        Arguments; numbers too.

    Returns
    -------
    (...,) array
        Ones.

    References
    ----------
    Slide "Difficulties of GAN training"; Arjovsky, Chintala & Bottou 2017.

    Examples
    --------
    >>> float(wasserstein_slope(3.0))
    1.0
    """
    return 1.0 + 0.0 * t


@domain(z=array("... 2"), f_prime=function)
def vector_field(z: Any, f_prime: Slope) -> Any:
    r"""Gradient field of the Dirac-GAN: the direction in which both players move.

    .. math:: v(\theta, \psi) = (-\psi f'(\theta\psi), \; \theta f'(\theta\psi))

    Parameters
    ----------
    z : (..., 2) array
        Points (θ, ψ).
    f_prime : callable
        f' of the loss, such as `standard_slope`.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018, Lemma 2.3.

    Examples
    --------
    >>> vector_field([3.0, 2.0], wasserstein_slope)
    array([-2.,  3.])
    """
    theta, psi = split(z)
    slope = f_prime(theta * psi)
    return join(-psi * slope, theta * slope)


@domain(z=array("... 2"), h=positive, f_prime=function)
def simultaneous_step(z: Any, h: float, f_prime: Slope) -> Any:
    r"""One step of simultaneous gradient descent (SimGD).

    .. math:: z^+ = z + h v(z)

    Parameters
    ----------
    z : (..., 2) array
        Points (θ, ψ).
    h : float
        Learning rate, > 0.
    f_prime : callable
        f' of the loss.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018, Lemma 2.4.

    Examples
    --------
    >>> simultaneous_step([1.0, 1.0], 0.5, wasserstein_slope)
    array([0.5, 1.5])
    """
    return z + h * vector_field(z, f_prime)


@domain(z=array("... 2"), h=positive, f_prime=function, n_g=integer(1), n_d=integer(1))
def alternating_step(z: Any, h: float, f_prime: Slope, n_g: int = 1, n_d: int = 1) -> Any:
    r"""One round of alternating gradient descent (AltGD): the generator first, then the discriminator.

    .. math:: \theta \leftarrow \theta - h \psi f'(\theta\psi) \quad (n_g \text{ times}), \qquad
              \psi \leftarrow \psi + h \theta f'(\theta\psi) \quad (n_d \text{ times})

    Parameters
    ----------
    z : (..., 2) array
        Points (θ, ψ).
    h : float
        Learning rate, > 0.
    f_prime : callable
        f' of the loss.
    n_g, n_d : int
        Updates of the generator and of the discriminator a round, ≥ 1.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018, Lemma 2.5.

    Examples
    --------
    >>> alternating_step([1.0, 1.0], 0.5, wasserstein_slope)
    array([0.5 , 1.25])
    """
    theta, psi = split(z)
    for _ in range(n_g):
        theta = theta - h * psi * f_prime(theta * psi)
    for _ in range(n_d):
        psi = psi + h * theta * f_prime(theta * psi)
    return join(theta, psi)


@domain(h=positive, slope=number(""))
def simultaneous_eigenvalues(h: float, slope: float) -> Eigenvalues:
    r"""Eigenvalues of the Jacobian of `simultaneous_step` at the equilibrium.

    .. math:: \lambda_{1/2} = 1 \pm i h f'(0), \qquad |\lambda| = \sqrt{1 + h^2 f'(0)^2}

    Parameters
    ----------
    h : float
        Learning rate, > 0.
    slope : float
        f'(0).

    Returns
    -------
    (2,) complex array

    References
    ----------
    Slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018, Lemma 2.4.

    Examples
    --------
    >>> simultaneous_eigenvalues(0.2, 0.5)
    array([1.+0.1j, 1.-0.1j])
    """
    return np.array([complex(1, h * slope), complex(1, -h * slope)])


@domain(h=positive, slope=number(""), n_g=integer(1), n_d=integer(1))
def alternating_eigenvalues(h: float, slope: float, n_g: int = 1, n_d: int = 1) -> Eigenvalues:
    r"""Eigenvalues of the Jacobian of `alternating_step` at the equilibrium.

    .. math:: \lambda_{1/2} = 1 - \frac{\alpha^2}{2} \pm \sqrt{\Big(1 - \frac{\alpha^2}{2}\Big)^2 - 1},
              \qquad \alpha = \sqrt{n_g n_d}\, h f'(0)

    On the unit circle iff |α| ≤ 2. Their product is 1: the inner one is computed from the outer one, without
    cancellation.

    Parameters
    ----------
    h : float
        Learning rate, > 0.
    slope : float
        f'(0).
    n_g, n_d : int
        Updates of the generator and of the discriminator a round, ≥ 1.

    Returns
    -------
    (2,) complex array

    References
    ----------
    Slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018, Lemma 2.5.

    Examples
    --------
    >>> alternating_eigenvalues(1.0, 1.0).round(6)
    array([0.5+0.866025j, 0.5-0.866025j])
    """
    alpha = math.sqrt(n_g * n_d) * h * abs(slope)
    root = alpha * np.sqrt(alpha / 2 - 1 + 0j) * np.sqrt(alpha / 2 + 1)
    outer = 1 - alpha * alpha / 2 - root
    return np.array([1 / outer, outer])
