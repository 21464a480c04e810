"""Projections onto convex sets, as functions z → z for the methods that take a `project`."""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, domain, positive


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
