"""Means under w N(a, 1) + (1 − w) N(−a, 1), by trapezoids: around its modes, and halfway between them."""

from collections.abc import Callable

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import domain, function, number, positive

_weight = number("> 0 and < 1")


@domain(w=_weight)
def half_log_odds(w: float) -> float:
    r"""How far a weight shifts the jump of the score, in units of ax.

    .. math:: \tfrac12 \log \tfrac{w}{1 - w}

    Parameters
    ----------
    w : float
        Weight of the mode at a, between 0 and 1.

    Returns
    -------
    float

    Examples
    --------
    >>> half_log_odds(0.5)
    0.0
    """
    return float(np.log(w / (1 - w)) / 2)


@domain(g=function, a=positive, w=_weight, reach=positive)
def mean_between(g: Callable[[Array], Array], a: float, w: float, reach: float) -> float:
    r"""Mean of what happens halfway between the modes, in units of the density there.

    .. math:: e^{a^2/2} \, E_\pi \, g(a x)

    Parameters
    ----------
    g : callable
        Of y = ax (n,), smooth over distances of 1.
    a : float
        The modes are at ±a; > 0.
    w : float
        Weight of the mode at a, between 0 and 1.
    reach : float
        Bound of where g counts: g(y) is as good as 0 for \|y\| > reach.

    Returns
    -------
    float
    """
    reach = min(reach, a * (a + 12))
    y, step = np.linspace(-reach, reach, 8001, retstep=True)
    density = np.exp(-((y / a) ** 2) / 2) * (w * np.exp(y) + (1 - w) * np.exp(-y)) / np.sqrt(2 * np.pi)
    return float(density @ g(y) * step / a)


@domain(g=function, a=positive, w=_weight)
def mean_around(g: Callable[[Array], Array], a: float, w: float) -> float:
    r"""Mean of what happens around the modes.

    .. math:: E_\pi \, g(x)

    Parameters
    ----------
    g : callable
        Of points (n,), which grows slowly.
    a, w
        As for `mean_between`.

    Returns
    -------
    float

    Examples
    --------
    >>> round(mean_around(np.square, 3.0, 0.2), 12)  # 3² + 1
    10.0
    """
    nodes, step = np.linspace(-12, 12, 4001, retstep=True)
    normal = np.exp(-(nodes**2) / 2) * step / np.sqrt(2 * np.pi)
    return float(w * (normal @ g(a + nodes)) + (1 - w) * (normal @ g(-a + nodes)))
