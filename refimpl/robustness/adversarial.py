"""Attacks: perturbations of inputs that raise a loss most, in one step or by projected steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import (
    Domain,
    Sizes,
    array,
    bare,
    domain,
    field,
    integer,
    nonnegative,
    optional,
    positive,
)
from refimpl.calculus.projections import onto_ball, onto_box
from refimpl.robustness.duality import any_norm, attacked_norm, steepest_direction


def _check_bounds(name: str, value: Any, sizes: Sizes) -> tuple[Array, Array]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (lower, upper), got {value!r:.40}")
    lower, upper = (array("...").check(f"{name}[{i}]", bound, {}) for i, bound in enumerate(value))
    onto_box(lower, upper)
    return lower, upper


bounds_domain = Domain("pair (lower, upper) of bounds, broadcast to the inputs", _check_bounds)


@domain(a=array("... p"), bounds=optional(bounds_domain))
def onto_bounds(a: Any, bounds: tuple[Any, Any] | None = None) -> Field:
    r"""Clipping to the bounds of inputs; the inputs that are attacked must lie within them.

    .. math:: \operatorname{clip}(z) = \min(\max(z, l), u)

    Parameters
    ----------
    a : (..., p) array
        Inputs that are attacked.
    bounds : pair (lower, upper), optional
        Bounds l ≤ u, broadcast to a; None for no bounds.

    Returns
    -------
    callable
        From (..., p) to (..., p).

    Raises
    ------
    ValueError
        When an input lies out of the bounds.

    Examples
    --------
    >>> onto_bounds([0.5, 1.0], (0.0, 1.0))([-0.5, 2.0])
    array([0., 1.])
    """
    if bounds is None:
        return lambda z: z
    clip = onto_box(*bounds)
    if not all(_broadcasts(bound.shape, a.shape) for bound in bounds) or (bare(clip)(a) != a).any():
        raise ValueError(f"a must lie within bounds that broadcast to it, got {a!r:.60} and {bounds!r:.60}")
    return clip


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    tails = zip(reversed(small), reversed(large), strict=False)
    return len(small) <= len(large) and all(m in (1, n) for m, n in tails)


@domain(grad=field, a=array("... p"), eps=nonnegative, norm=any_norm)
def fgsm(grad: Field, a: Any, eps: float, norm: Any = "inf") -> Any:
    r"""One step to the boundary of the ball: the fast gradient sign method for ℓ∞, and the same for ℓ₂ and ℓ₁.

    .. math:: a + \epsilon \operatorname{argmax}_{\|\eta\| \le 1} \langle \nabla L(a), \eta \rangle, \qquad
              a + \epsilon \operatorname{sign} \nabla L(a) \ (\infty)

    It attains the largest loss of a linear model on the ball.

    Parameters
    ----------
    grad : callable
        Gradient of the loss in the input, (..., p) to (..., p); a factor > 0 for each input does not matter.
    a : (..., p) array
        Inputs.
    eps : float
        Radius ε ≥ 0.
    norm : {"inf", "2", "1"}, or a number
        The norm of the ball.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ValueError
        When the gradient is not finite.

    References
    ----------
    Slide "Robustness examples in ML"; Goodfellow, Shlens & Szegedy 2015, Section 4.

    Examples
    --------
    >>> fgsm(lambda a: [2.0, -3.0] + 0 * a, [0.5, 0.5], 0.25)
    array([0.75, 0.25])
    """
    return a + eps * _direction(grad, a, norm)


@domain(
    grad=field,
    a=array("... p"),
    eps=nonnegative,
    step=positive,
    num_steps=integer(0),
    norm=attacked_norm,
    bounds=optional(bounds_domain),
)
def pgd(
    grad: Field,
    a: Any,
    eps: float,
    step: float,
    num_steps: int,
    norm: Any = "inf",
    bounds: tuple[Any, Any] | None = None,
) -> Any:
    r"""Projected gradient ascent on the ball around an input.

    .. math:: a_0 = a, \qquad a_{k+1} = \operatorname{clip}\Big(\Pi_{B(a, \epsilon)}\big(a_k + \gamma
              \operatorname{argmax}_{\|\eta\| \le 1} \langle \nabla L(a_k), \eta \rangle\big)\Big)

    The ball is always that around the first input, a. Clipping moves towards a, so it does not leave the ball.

    Parameters
    ----------
    grad : callable
        As for `fgsm`.
    a : (..., p) array
        Inputs, within the bounds.
    eps : float
        Radius ε ≥ 0.
    step : float
        Length γ > 0 of a step, in the norm of the ball.
    num_steps : int
        Number of steps, ≥ 0.
    norm : {"inf", "2"}, or a number
        The norm of the ball.
    bounds : pair (lower, upper), optional
        Bounds of inputs, broadcast to a, such as (0, 1) for pixels.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ValueError
        When the gradient is not finite, or an input lies out of the bounds.

    References
    ----------
    Slide "Robustness examples in ML" [42]; Madry et al. 2018, Section 2.1.

    Examples
    --------
    >>> pgd(lambda a: [2.0, -3.0] + 0 * a, [0.5, 0.5], 0.25, 0.1, 9, bounds=(0.3, 1.0))
    array([0.75, 0.3 ])
    """
    project, clip = _onto_ball(a, eps, norm), bare(bare(onto_bounds)(a, bounds))
    moved = a.copy()
    for _ in range(num_steps):
        ahead = moved + step * _direction(grad, moved, norm)
        with np.errstate(over="ignore"):
            moved = clip(project(ahead))
    return moved


def _direction(grad: Callable[[Any], Any], a: Any, norm: Any) -> Any:
    g = np.asarray(grad(a))
    if not np.isfinite(g).all():
        raise ValueError(f"grad must return finite numbers, got {g[~np.isfinite(g)][0]}")
    return bare(steepest_direction)(g, norm)


def _onto_ball(a: Array, eps: float, norm: Any) -> Field:
    if float(norm) == np.inf:
        return bare(onto_box(a - eps, a + eps))
    return bare(onto_ball(a, eps)) if eps else lambda z: a.copy()
