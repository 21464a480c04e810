"""Norms on inputs, given as 1, 2 or ∞, their dual norms, and the steepest directions in which these are attained."""

from typing import Any

import numpy as np

from refimpl.domains import Domain, Sizes, array, domain, shortened

NAMES = {"1": 1.0, "2": 2.0, "inf": np.inf}


def _norms(*names: str) -> Domain:
    """One of these norms, given as a number or as its name, and handed on as its name, as defaults are."""
    text = f"one of the norms {', '.join(names)}, as a number or a string"

    def check(name: str, value: Any, sizes: Sizes) -> str:
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        for one in names:
            if (isinstance(value, str) and value == one) or (is_number and value == NAMES[one]):
                return one
        raise ValueError(f"{name} must be {text}, got {shortened(value)}")

    return Domain(text, check)


any_norm, attacked_norm = _norms("1", "2", "inf"), _norms("2", "inf")


@domain(g=array("... p"), norm=any_norm)
def steepest_direction(g: Any, norm: Any = "inf") -> Any:
    r"""The point of the unit ball farthest along a gradient.

    .. math:: \operatorname{argmax}_{\|\eta\| \le 1} \langle g, \eta \rangle = \operatorname{sign}(g) \ (\infty),
              \qquad \frac{g}{\|g\|_2} \ (2), \qquad \operatorname{sign}(g_k) e_k, \ |g_k| = \|g\|_\infty \ (1)

    It is 0 where the gradient is 0; of several k the first is taken. Large and small gradients do not overflow.

    Parameters
    ----------
    g : (..., p) array
        Gradients.
    norm : {"inf", "2", "1"}, or a number
        The norm of the ball.

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
    if norm == "inf":
        return np.sign(g)
    largest = np.abs(g).max(axis=-1, keepdims=True)
    g = g / np.where(largest == 0, 1, largest)
    if norm == "1":
        return np.sign(g) * (np.arange(g.shape[-1]) == np.abs(g).argmax(axis=-1)[..., None])
    return g / np.maximum(1, np.linalg.norm(g, axis=-1, keepdims=True))


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
