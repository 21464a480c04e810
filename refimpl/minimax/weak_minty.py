"""Weak Minty games, ⟨V(z), z − z*⟩ ≥ ρ‖V(z)‖² for all z: the best ρ, and L, of a planar game on a box.

The methods that live with ρ < 0 have their own module, `weak_minty_methods`.
"""

from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, array, domain, field
from refimpl.minimax import certified_extremes
from refimpl.minimax._forward_backward import Run, StochasticRun
from refimpl.minimax.weak_minty_methods import adaptive_eg_plus, bc_seg_plus, ceg_plus, curvature_eg_plus

__all__ = [
    "Run",
    "StochasticRun",
    "adaptive_eg_plus",
    "bc_seg_plus",
    "ceg_plus",
    "curvature_eg_plus",
    "lipschitz_constant",
    "weak_minty_constant",
]


def _check_box(name: str, value: Any, sizes: Any) -> tuple[Array, Array]:
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (lower, upper), got {value!r}")
    bounds = [array("...").check(f"{name}[{i}]", bound, sizes) for i, bound in enumerate(value)]
    if any(bound.shape not in ((), (1,), (2,)) for bound in bounds):
        raise ValueError(f"{name} must be a box in the plane, got {value!r}")
    lower, upper = (np.broadcast_to(bound, 2) for bound in bounds)
    if not (lower < upper).all():
        raise ValueError(f"{name} must have lower < upper, got {value!r}")
    return lower, upper


_box = Domain("pair (lower, upper) of bounds, broadcast to the plane", _check_box)


@domain(V=field, z_star=array("2"), box=_box)
def weak_minty_constant(V: Field, z_star: Array, box: tuple[Any, Any]) -> float:
    r"""The best ρ of the weak Minty inequality of a planar field on a box.

    .. math:: \rho = \inf_z \frac{\langle V(z), z - z^* \rangle}{\|V(z)\|^2}

    Proved by subdivision (see `certified_extremes`): no point of the box is lower by more than 10⁻⁹ relative, and the
    value is polished to rounding.

    Parameters
    ----------
    V : callable
        Smooth field of batches (..., 2), as in `curvature_eg_plus`.
    z_star : (2,) array
        Solution, V(z*) = 0, in the box; Newton's method refines its last digits.
    box : pair (lower, upper)
        Bounds, broadcast to the plane.

    Returns
    -------
    float
        −∞ where the quotient has no lower bound, as near a second zero of V.

    References
    ----------
    Slide "When do the algorithms converge?", equation (4); Diakonikolas, Daskalakis & Jordan 2021.

    Examples
    --------
    >>> from refimpl.minimax.games import lower_bound
    >>> round(weak_minty_constant(lower_bound(2.0, -1.0).operator, [0.0, 0.0], (-1.0, 1.0)), 12)
    -0.2
    """
    return certified_extremes.least_quotient(V, z_star, *box)


@domain(V=field, box=_box)
def lipschitz_constant(V: Field, box: tuple[Any, Any]) -> float:
    r"""The Lipschitz constant of a planar field on a box.

    .. math:: L = \max_z \|JV(z)\|_2

    Proved by subdivision (see `certified_extremes`): nowhere in the box is ‖JV‖₂ larger by more than 10⁻⁹ relative, and
    the value is polished to rounding.

    Parameters
    ----------
    V : callable
        Smooth field of batches (..., 2), as in `curvature_eg_plus`.
    box : pair (lower, upper)
        Bounds, broadcast to the plane.

    Returns
    -------
    float

    References
    ----------
    Slide "When do the algorithms converge?".

    Examples
    --------
    >>> from refimpl.minimax.games import lower_bound
    >>> round(lipschitz_constant(lower_bound(4.0, -3.0).operator, (-1.0, 1.0)), 12)
    5.0
    """
    return certified_extremes.greatest_slope(V, *box)
