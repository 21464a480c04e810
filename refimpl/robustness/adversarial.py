"""Attacks: perturbations of inputs that raise a loss most, in one step or by projected steps.

An input is the last axis of an array. Images are inputs of two or three axes, as `point_ndim` says: without it each of
their rows would be an input of its own, and have a ball of its own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.array_domains import nonnegative_array
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import (
    Domain,
    Sizes,
    array,
    bare,
    domain,
    field,
    integer,
    numpy_array,
    optional,
    positive,
    shortened,
)
from refimpl.arguments.foreign import to_numpy
from refimpl.calculus.projections import onto_ball, onto_box
from refimpl.robustness.duality import any_norm, as_rows, attacked_norm, steepest_direction


def _check_bounds(name: str, value: Any, sizes: Sizes) -> tuple[Array, Array]:
    value = to_numpy(value)
    value = list(value) if isinstance(value, np.ndarray) and value.ndim else value
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (lower, upper), got {shortened(value)}")
    lower, upper = (numpy_array("...").check(f"{name}[{i}]", bound, {}) for i, bound in enumerate(value))
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


_radius = nonnegative_array("...")


@domain(grad=field, a=numpy_array("... p"), eps=_radius, norm=any_norm, point_ndim=integer(1))
def fgsm(grad: Field, a: Any, eps: Any, norm: Any = "inf", *, point_ndim: int = 1) -> Any:
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
    eps : float or (...,) array
        Radius ε ≥ 0, one or one for each input.
    norm : {"inf", "2", "1"}, or a number
        The norm of the ball.
    point_ndim : int
        Number of axes of an input, 2 or 3 for images.

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
    return a + _radii(eps, a, point_ndim) * _direction(grad, a, norm, point_ndim)


@domain(
    grad=field,
    a=numpy_array("... p"),
    eps=_radius,
    step=positive,
    num_steps=integer(0),
    norm=attacked_norm,
    bounds=optional(bounds_domain),
    start=optional(numpy_array("... p")),
    point_ndim=integer(1),
)
def pgd(
    grad: Field,
    a: Any,
    eps: Any,
    step: float,
    num_steps: int,
    norm: Any = "inf",
    bounds: Any = None,
    *,
    start: Any = None,
    point_ndim: int = 1,
) -> Any:
    r"""Projected gradient ascent on the ball around an input.

    .. math:: a_0 = a, \qquad a_{k+1} = \operatorname{clip}\Big(\Pi_{B(a, \epsilon)}\big(a_k + \gamma
              \operatorname{argmax}_{\|\eta\| \le 1} \langle \nabla L(a_k), \eta \rangle\big)\Big)

    The ball is always that around the input a, wherever the steps start. Clipping moves towards a, so it does not leave
    the ball. A start elsewhere is projected and clipped first.

    Parameters
    ----------
    grad : callable
        As for `fgsm`.
    a : (..., p) array
        Inputs, within the bounds.
    eps : float or (...,) array
        Radius ε ≥ 0, one or one for each input.
    step : float
        Length γ > 0 of a step, in the norm of the ball.
    num_steps : int
        Number of steps, ≥ 0.
    norm : {"inf", "2"}, or a number
        The norm of the ball.
    bounds : pair (lower, upper), optional
        Bounds of inputs, broadcast to a, such as (0, 1) for pixels.
    start : (..., p) array, optional
        Where the steps start, of the shape of a; None for a itself.
    point_ndim : int
        Number of axes of an input, 2 or 3 for images.

    Returns
    -------
    (..., p) array

    Raises
    ------
    ValueError
        When the gradient is not finite, an input lies out of the bounds, or a shape does not fit that of the inputs.

    References
    ----------
    Slide "Robustness examples in ML" [42]; Madry et al. 2018, Section 2.1.

    Examples
    --------
    >>> pgd(lambda a: [2.0, -3.0] + 0 * a, [0.5, 0.5], 0.25, 0.1, 9, bounds=(0.3, 1.0))
    array([0.75, 0.3 ])
    """
    project, clip = _onto_ball(a, eps, norm, point_ndim), bare(bare(onto_bounds)(a, bounds))
    if start is not None and start.shape != a.shape:
        raise ValueError(f"start must have the shape {a.shape} of a, got {start.shape}")
    moved = clip(project(a if start is None else start))
    for _ in range(num_steps):
        moved = clip(project(moved + step * _direction(grad, moved, norm, point_ndim)))
    return moved


def _direction(grad: Callable[[Any], Any], a: Any, norm: Any, point_ndim: int) -> Any:
    g = np.asarray(grad(a))
    if not np.isfinite(g).all():
        raise ValueError(f"grad must return finite numbers, got {g[~np.isfinite(g)][0]}")
    return bare(steepest_direction)(g, norm, point_ndim=point_ndim)


def _radii(eps: Array, a: Array, point_ndim: int) -> Array:
    """Radii that broadcast to the inputs."""
    inputs = bare(as_rows)(a, point_ndim).shape[:-1]
    if not _broadcasts(eps.shape, inputs):
        raise ValueError(f"eps must be a number or broadcast to {inputs}, one for each input, got shape {eps.shape}")
    return eps.reshape(*eps.shape, *point_ndim * [1])


def _onto_ball(a: Array, eps: Array, norm: Any, point_ndim: int) -> Field:
    radii = _radii(eps, a, point_ndim)
    if float(norm) == np.inf:
        return bare(onto_box(a - radii, a + radii))
    balls: Any = bare(onto_ball)  # a radius for each
    project = bare(balls(as_rows(a, point_ndim), eps[..., None]))

    def onto_balls(z: Array) -> Array:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return np.where(radii == 0, a, project(as_rows(z, point_ndim)).reshape(a.shape))

    return onto_balls
