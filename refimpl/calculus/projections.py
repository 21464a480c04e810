"""Projections onto convex sets and the proximal step of ‖·‖₁, as functions z → z for methods with a `project`."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, domain, nonnegative, positive


@domain(lower=array("..."), upper=array("..."))
def onto_box(lower: Any, upper: Any) -> Field:
    r"""Projection onto a box.

    .. math:: Q(z) = \min(\max(z, l), u)

    Parameters
    ----------
    lower, upper : array
        Bounds l ≤ u of the coordinates, broadcast to z.

    Returns
    -------
    callable
        Q(z) for z (..., p).

    Raises
    ------
    ValueError
        When the box is empty.

    Examples
    --------
    >>> onto_box(-1.0, 1.0)([3.0, 0.5])
    array([1. , 0.5])
    """
    if (lower > upper).any():
        raise ValueError(f"lower must be <= upper, got {lower} and {upper}")

    @domain(z=array("... p"))
    def project(z: Array) -> Array:
        return np.minimum(np.maximum(z, lower), upper)

    return project


@domain(centre=array("..."), radius=positive)
def onto_ball(centre: Any, radius: float) -> Field:
    r"""Projection onto a Euclidean ball.

    .. math:: Q(z) = c + \frac{z - c}{\max(1, \|z - c\| / r)}

    Parameters
    ----------
    centre : array
        Centre c, broadcast to z.
    radius : float
        Radius r > 0.

    Returns
    -------
    callable
        Q(z) for z (..., p).

    Examples
    --------
    >>> onto_ball(0.0, 1.0)([3.0, 4.0])
    array([0.6, 0.8])
    """

    @domain(z=array("... p"))
    def project(z: Array) -> Array:
        largest = np.abs(z - centre).max(axis=-1, keepdims=True)
        unit = (z - centre) / np.where(largest == 0, 1, largest)
        distance = largest * np.linalg.norm(unit, axis=-1, keepdims=True)
        return centre + (z - centre) / np.maximum(1, distance / radius)

    return project


@domain(threshold=nonnegative)
def soft_threshold(threshold: float) -> Field:
    r"""Proximal step of the ℓ₁ norm: each coordinate moves towards 0 by a threshold, and stops there.

    .. math:: Q(z)_i = \operatorname{sign}(z_i) \max(|z_i| - t, 0)
              = \operatorname{argmin}_{w_i} \tfrac12 (w_i - z_i)^2 + t |w_i|

    A method with steps γ and the term λ‖z‖₁ takes t = γλ.

    Parameters
    ----------
    threshold : float
        t ≥ 0.

    Returns
    -------
    callable
        Q(z) for z (..., p).

    References
    ----------
    Slide "When do the algorithms converge?": constrained and regularised settings; Donoho 1995.

    Examples
    --------
    >>> soft_threshold(1.0)([3.0, -0.5, -2.0])
    array([ 2.,  0., -1.])
    """

    @domain(z=array("... p"))
    def shrink(z: Array) -> Array:
        return z - np.minimum(np.maximum(z, -threshold), threshold)

    return shrink
