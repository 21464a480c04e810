r"""The lecture's bounds on perturbation stability, P/ε up to a constant, as functions of width m and depth L."""

import math
from typing import NamedTuple

from refimpl.arguments.domains import domain, integer, one_of

NAMES = ("lecun", "he", "ntk")


class RelatedBounds(NamedTuple):
    """Orders of three bounds on P/ε under NTK initialisation, by their numbers among the lecture's references.

    `zhu` is [83] (Zhu, Liu, Chrysos & Cevher 2022), `wu` [81] (Wu, Chen, Cai, He & Gu 2021) and `huang` [41] (Huang,
    Wang, Erfani, Gu, Bailey & Ma 2021).
    """

    zhu: float
    wu: float
    huang: float


@domain(name=one_of(*NAMES), p=integer(1), m=integer(1), L=integer(2))
def stability_bound(name: str, p: int, m: int, L: int) -> float:
    r"""Bound on P(h, ε)/ε of a network of inputs of norm 1, without its constant.

    .. math::
        w = \sqrt{\frac{L^3 m}{p}} \, e^{-m/L^3}, \qquad
        \begin{array}{ll}
        \text{lecun} & \big(w + \sqrt{1/p}\big) \, (\sqrt2/2)^{L-2} \\
        \text{he}    & w + \sqrt{1/p} \\
        \text{ntk}   & w + 1
        \end{array}

    Parameters
    ----------
    name : str
        ``"lecun"``, ``"he"`` or ``"ntk"``: the lecture bounds no other initialisation.
    p, m, L : int
        Size of the inputs, width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    float

    References
    ----------
    Slide "Robustness in deep learning: main results (Lazy-training regime)"; Zhu, Liu, Chrysos & Cevher 2022.

    Examples
    --------
    >>> [round(stability_bound(name, 4, 8, 2), 6) for name in NAMES]  # w = 4/e
    [1.971518, 1.971518, 2.471518]
    """
    w = math.sqrt(L**3 * m / p) * math.exp(-m / L**3)
    bound = w + (1 if name == "ntk" else math.sqrt(1 / p))
    return bound * (math.sqrt(2) / 2) ** (L - 2 if name == "lecun" else 0)


@domain(m=integer(1), L=integer(2))
def related_bounds(m: int, L: int) -> RelatedBounds:
    r"""Three bounds on P(h, ε)/ε under NTK initialisation side by side, without their constants.

    .. math::
        \sqrt{L^3 m} \, e^{-m/L^3} + 1, \qquad L^2 m^{1/3} \sqrt{\log m} + \sqrt{m L}, \qquad 2^{(3L - 5)/2} \sqrt m

    The first is `stability_bound` at p = 1: the table of comparison leaves √p out.

    Parameters
    ----------
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.

    Returns
    -------
    RelatedBounds

    References
    ----------
    Slide "Robustness in deep learning: width and depth & other trade-offs", table.

    Examples
    --------
    >>> related_bounds(1, 3)[1:]
    (1.7320508075688772, 4.0)
    """
    wu = L**2 * m ** (1 / 3) * math.sqrt(math.log(m)) + math.sqrt(m * L)
    return RelatedBounds(stability_bound("ntk", 1, m, L), wu, 2 ** ((3 * L - 5) / 2) * math.sqrt(m))
