"""Data on a thin set: no density of their own, but scores and denoisers at every noise level σ > 0.

Two such sets stand here: the circle of radius R in the plane, with points spread evenly over it, whose noisy density is
in closed form; and a data set. Off the set the score grows like distance/σ², and the denoiser projects as σ → 0.
"""

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, positive
from refimpl.diffusion.tweedie import empirical_denoiser

_planar = array("... 2")


@domain(x=_planar, radius=positive, sigma=positive)
def circle_log_density(x: Array, radius: float, sigma: float) -> Array:
    r"""Logarithm of the density of X + σZ, X uniform on a circle.

    .. math:: \log \pi_\sigma(x) = -\log (2 \pi \sigma^2) - \frac{(\|x\| - R)^2}{2 \sigma^2}
              + \log \big(e^{-k} I_0(k)\big), \qquad k = \frac{R \|x\|}{\sigma^2}

    It tends to ∞ on the circle, like 1/(σ (2π)^{3/2} R), and to −∞ elsewhere: no density is left at σ = 0.

    Parameters
    ----------
    x : (..., 2) array
        Noisy points.
    radius : float
        R > 0.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "What about natural distributions?".

    Examples
    --------
    >>> float(circle_log_density([0.0, 0.0], 1.0, 1.0).round(6))  # −log 2π − ½
    -2.337877
    """
    r = np.linalg.norm(x, axis=-1)
    bessel = np.log(scipy.special.i0e(radius * r / sigma**2))
    return bessel - (r - radius) ** 2 / (2 * sigma**2) - np.log(2 * np.pi * sigma**2)


@domain(x=_planar, radius=positive, sigma=positive)
def circle_denoiser(x: Array, radius: float, sigma: float) -> Array:
    r"""The best guess of X, uniform on a circle, from X + σZ = x.

    .. math:: E[X \mid X_\sigma = x] = R \, \frac{I_1(k)}{I_0(k)} \, \frac{x}{\|x\|}
              = \Big( 1 - \frac{\sigma^2}{2 R \|x\|} + O(\sigma^4) \Big) R \frac{x}{\|x\|}, \qquad
              k = \frac{R \|x\|}{\sigma^2}

    Parameters
    ----------
    x, radius, sigma
        As for `circle_log_density`. The centre is guessed to be the centre.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slides "What about natural distributions?", "A denoising perspective on sampling".

    Examples
    --------
    Little noise: nearly the nearest point of the circle.

    >>> circle_denoiser([3.0, 4.0], 1.0, 0.1).round(3)
    array([0.599, 0.799])
    """
    r = np.linalg.norm(x, axis=-1, keepdims=True)
    k = radius * r / sigma**2
    return radius * scipy.special.i1e(k) / scipy.special.i0e(k) * _direction(x, r)


@domain(x=_planar, radius=positive, sigma=positive)
def circle_score(x: Array, radius: float, sigma: float) -> Array:
    r"""Score of X + σZ, X uniform on a circle.

    .. math:: \nabla \log \pi_\sigma(x) = \frac{E[X \mid X_\sigma = x] - x}{\sigma^2}
              \simeq \frac{(R - \|x\|) \, x / \|x\|}{\sigma^2} \qquad (\sigma \to 0)

    Parameters
    ----------
    x, radius, sigma
        As for `circle_log_density`.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slides "What about natural distributions?", "A denoising perspective on sampling".

    Examples
    --------
    From a distance of 4, a pull of nearly 4/σ².

    >>> circle_score([3.0, 4.0], 1.0, 0.1).round(1)
    array([-240.1, -320.1])
    """
    return (circle_denoiser(x, radius, sigma) - x) / sigma**2


@domain(x=_planar, radius=positive)
def nearest_on_circle(x: Array, radius: float) -> Array:
    r"""Projection on a circle.

    .. math:: R \, x / \|x\|

    Parameters
    ----------
    x : (..., 2) array
        Points; the centre, which has no nearest point, stays.
    radius : float
        R > 0.

    Returns
    -------
    (..., 2) array

    References
    ----------
    Slide "What about natural distributions?".

    Examples
    --------
    >>> nearest_on_circle([3.0, 4.0], 10.0)
    array([6., 8.])
    """
    return radius * _direction(x, np.linalg.norm(x, axis=-1, keepdims=True))


@domain(x=array("... p"), data=array("n p"), sigma=positive)
def empirical_score(x: Array, data: Array, sigma: float) -> Array:
    r"""Score of X + σZ, X a sample drawn from the data.

    .. math:: \nabla \log \pi_\sigma(x) = \frac{E[X \mid X_\sigma = x] - x}{\sigma^2}
              \simeq \frac{x_{\text{nearest}} - x}{\sigma^2} \qquad (\sigma \to 0)

    Parameters
    ----------
    x : (..., p) array
        Noisy points.
    data : (n, p) array
        Samples x_i.
    sigma : float
        Standard deviation of the noise, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slides "What about natural distributions?", "A denoising perspective on sampling".

    Examples
    --------
    >>> empirical_score([0.5], [[0.0], [2.0]], 0.1).round(6)
    array([-50.])
    """
    return (empirical_denoiser(x, data, sigma) - x) / sigma**2


def _direction(x: Array, r: Array) -> Array:
    return np.divide(x, r, out=np.zeros_like(x), where=r > 0)
