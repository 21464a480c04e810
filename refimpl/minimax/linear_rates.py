"""How fast the basic algorithms for minimax converge on linear fields: bilinear and quadratic games."""

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, domain, number, one_of, positive


def _check_complex(name: str, value: complex, sizes: Sizes) -> Array:
    nu = np.asarray(value)
    if nu.dtype.kind not in "fiuc":
        raise TypeError(f"{name} must hold complex numbers, got {value!r}")
    if nu.size == 0 or not np.isfinite(nu).all():
        raise ValueError(f"{name} must be finite and not empty, got {value!r}")
    return nu


_complex = Domain("finite complex array", _check_complex)


@domain(method=one_of("gda", "ppm", "eg", "ogda", "rfbs"), nu=_complex, alpha=positive)
def contraction(method: str, nu: Array, alpha: float) -> Array:
    r"""Factor by which a step multiplies, in the long run, the mode of eigenvalue ν of a linear field: < 1 shrinks it.

    .. math:: |1 - a|, \qquad \frac{1}{|1 + a|}, \qquad |1 - a + a^2|, \qquad
              \max_\pm \frac{|1 - 2a \pm \sqrt{1 + 4a^2}|}{2}, \qquad a = \alpha\nu

    for GDA, PPM, EG, and for both OGDA and RFBS, since these two agree on linear fields. A bilinear game has
    ν = ± iσ for every singular value σ; a strongly convex-strongly concave one has Re ν ≥ μ.

    Parameters
    ----------
    method : {"gda", "ppm", "eg", "ogda", "rfbs"}
        Name of the step.
    nu : (...) complex array
        Eigenvalues of the Jacobian of V.
    alpha : float
        Step size, > 0.

    Returns
    -------
    (...) array

    References
    ----------
    Slide "Comparison of convergence rates for smooth convex-concave minimax"; Mokhtari, Ozdaglar & Pattathil 2020.

    Examples
    --------
    >>> float(contraction("eg", 1.0j, 1.0))
    1.0
    """
    a = alpha * nu
    if method == "gda":
        return np.abs(1 - a)
    if method == "ppm":
        return 1 / np.abs(1 + a)
    if method == "eg":
        return np.abs(1 - a + a**2)
    root = np.sqrt(1 + 4 * a**2 + 0j)
    return np.maximum(np.abs(1 - 2 * a + root), np.abs(1 - 2 * a - root)) / 2


@domain(factor=number("> 0 and < 1"), eps=number("> 0 and <= 1"))
def iterations(factor: float, eps: float) -> float:
    r"""Number of steps, not rounded to an integer, in which a distance shrinks to the share ε.

    .. math:: N = \frac{\log(1/\varepsilon)}{\log(1/\rho)}

    Parameters
    ----------
    factor : float
        ρ, such as the largest `contraction` over the modes of a game, in (0, 1).
    eps : float
        Relative accuracy, in (0, 1].

    Returns
    -------
    float

    References
    ----------
    Slide "Comparison of convergence rates for smooth convex-concave minimax".

    Examples
    --------
    >>> iterations(0.5, 0.125)
    3.0
    """
    return float(np.log(eps) / np.log(factor))
