"""Norms on inputs, given as 1, 2 or ∞, their dual norms, and the steepest directions in which these are attained."""

from typing import Any

import numpy as np

from refimpl.arguments.domains import Domain, Sizes, array, domain, integer, shortened


def _norm_among(*norms: float) -> Domain:
    """A norm on inputs: some of 1, 2 and infinity, as a number or as its text."""
    names = {f"{norm:g}": float(norm) for norm in norms}
    text = " or ".join(names)

    def check(name: str, value: Any, sizes: Sizes) -> float:
        is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        if not (is_number or isinstance(value, str)):
            raise TypeError(f"{name} must be {text}, got {shortened(value)}")
        for key, norm in names.items():
            if value in (key, norm):
                return norm
        raise ValueError(f"{name} must be {text}, got {shortened(value)}")

    return Domain(text, check)


any_norm, attacked_norm, polyhedral_norm = _norm_among(1, 2, np.inf), _norm_among(2, np.inf), _norm_among(1, np.inf)


@domain(a=array("... p"), point_ndim=integer(1))
def as_rows(a: Any, point_ndim: int) -> Any:
    """Points of several axes, such as images (28, 28) or (3, 32, 32), as rows of numbers.

    Parameters
    ----------
    a : (..., p) array
        Points, on the last axes.
    point_ndim : int
        Number of axes of a point, ≥ 1.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ValueError
        A point has more axes than the array.

    Examples
    --------
    >>> as_rows(np.zeros((5, 3, 32, 32)), 3).shape
    (5, 3072)
    """
    if a.ndim < point_ndim:
        raise ValueError(f"a must have at least point_ndim = {point_ndim} axes, got shape {tuple(a.shape)}")
    return a if point_ndim == 1 else a.reshape(*a.shape[: a.ndim - point_ndim], -1)


@domain(g=array("... p"), norm=any_norm, point_ndim=integer(1))
def steepest_direction(g: Any, norm: Any = "inf", *, point_ndim: int = 1) -> Any:
    r"""The point of the unit ball farthest along a gradient.

    .. math:: \operatorname{argmax}_{\|\eta\| \le 1} \langle g, \eta \rangle = \operatorname{sign}(g) \ (\infty),
              \qquad \frac{g}{\|g\|_2} \ (2), \qquad \operatorname{sign}(g_k) e_k, \ |g_k| = \|g\|_\infty \ (1)

    A point is the last axis, or as many of the last ones as `point_ndim` says. The direction is 0 where the gradient is
    0; of several k the first is taken. Large and small gradients do not overflow.

    Parameters
    ----------
    g : (..., p) array
        Gradients.
    norm : {"inf", "2", "1"}, or a number
        The norm of the ball.
    point_ndim : int
        Number of axes of a point, 2 or 3 for images.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Robustness examples in ML".

    Examples
    --------
    >>> steepest_direction([3.0, -4.0]), steepest_direction([3.0, -4.0], 2)
    (array([ 1., -1.]), array([ 0.6, -0.8]))
    """
    if float(norm) == np.inf:
        return np.sign(g)
    rows = as_rows(g, point_ndim)
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    unit = rows / np.where(largest == 0, 1, largest)
    if float(norm) == 1:
        unit = np.sign(unit) * (np.arange(unit.shape[-1]) == np.abs(unit).argmax(axis=-1)[..., None])
    else:
        unit = unit / np.maximum(1, np.linalg.norm(unit, axis=-1, keepdims=True))
    return unit.reshape(g.shape)


@domain(g=array("... p"), norm=any_norm)
def dual_norm(g: Any, norm: Any = "inf") -> Any:
    r"""The norm of gradients that belongs to a norm of inputs.

    .. math:: \|g\|_* = \max_{\|\eta\| \le 1} \langle g, \eta \rangle

    Parameters
    ----------
    g : (..., p) array
        Gradients.
    norm : {"inf", "2", "1"}, or a number
        The norm of inputs: its dual is the sum of the entries' sizes (∞), the Euclidean norm (2) or their maximum (1).

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Robustness in deep learning: worst-case metric".

    Examples
    --------
    >>> [float(dual_norm([3.0, -4.0], norm)) for norm in ("inf", "2", "1")]
    [7.0, 5.0, 4.0]
    """
    return (g * steepest_direction(g, norm)).sum(axis=-1)
