"""The complexity table of Langevin Monte Carlo as functions, and exact numbers of steps to hold against it."""

import bisect
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, one_of, positive


class Bound(NamedTuple):
    """A cell of the table: how many steps reach the distance ε, up to constants and logarithms.

    The exponents are those of L, p, 1/ε and C_P, and `assumes` says for which targets. L is the Lipschitz constant of
    ∇f. In rows with C_P, the Poincaré constant, it is that of f itself.
    """

    reference: str
    distance: str
    assumes: str
    of_L: float
    of_p: float
    of_eps: float
    of_C_P: float = 0

    @property
    def formula(self) -> str:
        """The cell as printed."""
        L = "L(f)" if self.of_C_P else "L"
        powers = [(L, self.of_L), ("p", self.of_p), ("C_P", self.of_C_P), ("ε", -self.of_eps)]
        return " ".join(base + _superscript(exponent) for base, exponent in powers if exponent)

    @domain(p=positive, L=positive, eps=positive, C_P=positive)
    def steps(self, p: float, L: float, eps: float, C_P: float = 1.0) -> float:
        """L^(of_L) p^(of_p) C_P^(of_C_P) / ε^(of_eps)."""
        return float(L**self.of_L * p**self.of_p * C_P**self.of_C_P / eps**self.of_eps)


_SMOOTH = "f convex, ∇f L-Lipschitz"
_LIPSCHITZ = "f convex, f itself L(f)-Lipschitz, Poincaré constant C_P"
_DOUBLE = f"{_SMOOTH}; double loop, whose steps decrease"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _superscript(exponent: float) -> str:
    if exponent == 1:
        return ""
    if exponent == int(exponent):
        return str(int(exponent)).translate(_SUPERSCRIPTS)
    return f"^({Fraction(exponent)})".replace("-", "−")


def complexity_table() -> list[Bound]:
    r"""The lecture's table: numbers of steps that suffice for a sample ε-close to π in W₂, TV or KL.

    ==== ============================ =============== =======================
    row  W₂                           TV              KL
    ==== ============================ =============== =======================
    [24] –                            L p³ ε⁻⁴        L p³ ε⁻²
    [25] –                            L² p⁵ ε⁻²       –
    [21] L p⁹ ε⁻⁶                     –               –
    [18] –                            L² p⁴ ε⁻²       L² p⁴ ε⁻¹
    [54] L(f)² p⁴ C_P³ ε⁻⁴            –               –
    [71] L p⁹ ε⁻⁶                     L p³ ε⁻³        L p³ ε^(−3/2)
    ==== ============================ =============== =======================

    Returns
    -------
    list of Bound

    References
    ----------
    Slide "Langevin Monte Carlo", table; numbers in brackets are the lecture's references.

    Examples
    --------
    >>> for row in complexity_table()[:2]:
    ...     print(row.reference, row.distance, row.formula, row.steps(2, 3.0, 0.5))
    [24] Durmus, Majewski & Miasojedow 2019 TV L p³ ε⁻⁴ 384.0
    [24] Durmus, Majewski & Miasojedow 2019 KL L p³ ε⁻² 96.0
    """
    durmus, moulines = "[24] Durmus, Majewski & Miasojedow 2019", "[25] Durmus & Moulines 2017"
    dalalyan, chewi = "[21] Dalalyan, Karagulyan & Riou-Durand 2019", "[18] Chewi et al. 2021"
    lehec, rolland = "[54] Lehec 2021", "[71] Rolland et al. 2020"
    return [
        Bound(durmus, "TV", _SMOOTH, 1, 3, 4),
        Bound(durmus, "KL", _SMOOTH, 1, 3, 2),
        Bound(moulines, "TV", _SMOOTH, 2, 5, 2),
        Bound(dalalyan, "W₂", _SMOOTH, 1, 9, 6),
        Bound(chewi, "TV", _SMOOTH, 2, 4, 2),
        Bound(chewi, "KL", _SMOOTH, 2, 4, 1),
        Bound(lehec, "W₂", _LIPSCHITZ, 2, 4, 4, 3),
        Bound(rolland, "W₂", _DOUBLE, 1, 9, 6),
        Bound(rolland, "TV", _DOUBLE, 1, 3, 3),
        Bound(rolland, "KL", _DOUBLE, 1, 3, 1.5),
    ]


@domain(p=positive, L=positive, eps=positive)
def table_text(p: float, L: float, eps: float) -> str:
    """The table as text, with the numbers of steps for given p, L and ε (C_P = 1).

    Parameters
    ----------
    p, L, eps : float
        Dimension, smoothness and distance ε, > 0.

    Returns
    -------
    str
        A head and a line for each cell.

    Examples
    --------
    >>> print(table_text(1, 1.0, 0.5).splitlines()[1])
    [24] Durmus, Majewski & Miasojedow 2019       TV  L p³ ε⁻⁴                    16
    """
    rows = [(row.reference, row.distance, row.formula, f"{row.steps(p, L, eps):.3g}") for row in complexity_table()]
    head = ("reference", "of", "steps", f"p = {p:g}, L = {L:g}, ε = {eps:g}")
    return "\n".join(f"{a:<44}  {b:<2}  {c:<20}  {d:>8}" for a, b, c, d in [head, *rows])


@domain(l=array("p"), eta=positive, eps=positive, distance=one_of("W₂", "TV", "KL"))
def steps_on_gaussian(l: Array, eta: float, eps: float, distance: str) -> float:
    r"""Number of LMC steps after which N(0, A⁻¹) is ε-near, from a start with four times its covariance.

    .. math:: r_i = \frac{1}{1 - \eta l_i / 2} + (1 - \eta l_i)^{2k} \Big(4 - \frac{1}{1 - \eta l_i / 2}\Big), \qquad
              W_2^2 = \sum_i \frac{(\sqrt{r_i} - 1)^2}{l_i}, \quad
              \mathrm{KL} = \tfrac12 \sum_i (r_i - 1 - \log r_i)

    The law is exact, with variances r_i/l_i. For TV the number is an upper bound: the one for KL = 2ε² (Pinsker).

    Parameters
    ----------
    l : (p,) array
        Eigenvalues of A, > 0.
    eta : float
        Step size η, > 0.
    eps : float
        Distance ε, > 0.
    distance : {"W₂", "TV", "KL"}
        Which distance.

    Returns
    -------
    float
        ∞ when the bias alone is at least ε.

    References
    ----------
    Slide "Langevin Monte Carlo", table.

    Examples
    --------
    >>> steps_on_gaussian([1.0], 0.1, 0.1, "KL"), steps_on_gaussian([1.0], 1.0, 0.1, "KL")
    (7.0, inf)
    """
    if not (l > 0).all():
        raise ValueError(f"l must be > 0, got {l.min()}")
    end = 1 / (1 - eta * l / 2)
    if not ((end > 0) & (end < 4)).all():
        return np.inf

    def near(k: int) -> bool:
        r = end + (1 - eta * l) ** (2 * k) * (4 - end)
        if distance == "W₂":
            return bool(((np.sqrt(r) - 1) ** 2 / l).sum() < eps**2)
        return bool((r - 1 - np.log(r)).sum() / 2 < (2 * eps**2 if distance == "TV" else eps))

    longest = 10**9
    return float(bisect.bisect_left(range(longest), True, key=near)) if near(longest) else np.inf
