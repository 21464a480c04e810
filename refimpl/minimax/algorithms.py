"""Basic algorithms for minimax: one step of each, and trajectories."""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, domain, field, integer, numpy_array, one_of, positive
from refimpl.arguments.errors import DivergedError
from refimpl.calculus.differentiation import central_jacobian
from refimpl.loops.compiling import planar
from refimpl.loops.iteration import orbit

_points = array("... p")


@planar
@domain(V=field, z=_points, alpha=positive)
def gda_step(V: Field, z: Any, alpha: float) -> Any:
    r"""One step of gradient descent-ascent.

    .. math:: z^+ = z - \alpha V(z)

    Parameters
    ----------
    V : callable
        Field of the game, V(z) = [∇ₓΦ, −∇ᵧΦ], of the shape of z.
    z : (..., p) array
        Points.
    alpha : float
        Step size, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Basic algorithms for minimax".

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> gda_step(bilinear().operator, [1.0, 2.0], 0.5)
    array([0. , 2.5])
    """
    return z - alpha * V(z)


@domain(V=field, z=_points, alpha=positive)
def ppm_step(V: Field, z: Array, alpha: float) -> Array:
    r"""One step of the proximal point method, by its implicit equation.

    .. math:: z^+ = z - \alpha V(z^+)

    By Newton's method, with a Jacobian by central differences, until a correction is below 10⁻¹⁰ of |z⁺| + |z|. The
    next one would be about its square: below rounding, unless V bends sharply or I + αV' is nearly singular.

    Parameters
    ----------
    V : callable
        Field of the game; it must take batches of points.
    z : (..., p) array
        Points.
    alpha : float
        Step size, > 0.

    Returns
    -------
    (..., p) array

    Raises
    ------
    DivergedError
        When Newton's method finds no solution; `last` is its last finite iterate.

    References
    ----------
    Slide "Basic algorithms for minimax"; Rockafellar 1976; Martinet 1970.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> ppm_step(bilinear().operator, [1.0, 2.0], 0.5).round(12)
    array([0., 2.])
    """
    w = np.array(z, float)
    for newton_step in range(50):
        J = np.eye(z.shape[-1]) + alpha * central_jacobian(V, w)
        correction = np.linalg.solve(J, (w + alpha * V(w) - z)[..., None])[..., 0]
        if not np.isfinite(correction).all():
            raise DivergedError(w, newton_step)
        w = w - correction
        size = np.abs(w).max(-1) + np.abs(z).max(-1) + np.finfo(float).tiny
        if (np.abs(correction).max(-1) <= 1e-10 * size).all():
            return w
    raise DivergedError(w, newton_step)


@planar
@domain(V=field, z=_points, alpha=positive)
def eg_step(V: Field, z: Any, alpha: float) -> Any:
    r"""One extragradient step.

    .. math:: z^+ = z - \alpha V(z - \alpha V(z))

    Parameters
    ----------
    V, z, alpha
        As for `gda_step`.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Basic algorithms for minimax"; Korpelevich 1976.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> eg_step(bilinear().operator, [1.0, 2.0], 0.5)
    array([-0.25,  2.  ])
    """
    return z - alpha * V(z - alpha * V(z))


@planar
@domain(V=field, z=_points, z_prev=_points, alpha=positive)
def ogda_step(V: Field, z: Any, z_prev: Any, alpha: float) -> Any:
    r"""One step of optimistic gradient descent-ascent.

    .. math:: z^+ = z - \alpha [2 V(z) - V(z_-)]

    Parameters
    ----------
    V : callable
        Field of the game.
    z, z_prev : (..., p) array
        Points, and the points one step before (z itself in the first step).
    alpha : float
        Step size, > 0.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Basic algorithms for minimax"; Popov 1980.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> ogda_step(bilinear().operator, [1.0, 2.0], [1.0, 1.0], 0.5)
    array([-0.5,  2.5])
    """
    return z - alpha * (2 * V(z) - V(z_prev))


@planar
@domain(V=field, z=_points, z_prev=_points, alpha=positive)
def rfbs_step(V: Field, z: Any, z_prev: Any, alpha: float) -> Any:
    r"""One step of reflected forward-backward splitting.

    .. math:: z^+ = z - \alpha V(2 z - z_-)

    Parameters
    ----------
    V, z, z_prev, alpha
        As for `ogda_step`.

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Basic algorithms for minimax"; Cevher & Vũ 2020.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> rfbs_step(bilinear().operator, [1.0, 2.0], [1.0, 1.0], 0.5)
    array([-0.5,  2.5])
    """
    return z - alpha * V(2 * z - z_prev)


STEPS: dict[str, Callable[..., Any]] = {
    "gda": gda_step,
    "ppm": ppm_step,
    "eg": eg_step,
    "ogda": ogda_step,
    "rfbs": rfbs_step,
}


@domain(method=one_of(*STEPS), V=field, z0=numpy_array("... p"), alpha=positive, num_steps=integer(0))
def trajectory(method: str, V: Field, z0: Array, alpha: float, num_steps: int) -> Array:
    r"""Iterates z₀, …, z_n of a method; the first step of OGDA and RFBS takes z₋₁ = z₀.

    .. math:: z_{k+1} = \mathrm{step}(V, z_k, \alpha) \quad \text{or} \quad
              z_{k+1} = \mathrm{step}(V, z_k, z_{k-1}, \alpha)

    Parameters
    ----------
    method : {"gda", "ppm", "eg", "ogda", "rfbs"}
        Name of the step.
    V : callable
        Field of the game.
    z0 : (..., p) array
        Start.
    alpha : float
        Step size, > 0.
    num_steps : int
        Number of steps, ≥ 0.

    Returns
    -------
    (num_steps + 1, ..., p) array
        The start first.

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last finite one.

    References
    ----------
    Slide "Basic algorithms for minimax", figure.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> trajectory("gda", bilinear().operator, [1.0, 1.0], 1.0, 2)
    array([[ 1.,  1.],
           [ 0.,  2.],
           [-2.,  2.]])
    """
    return orbit(STEPS[method], V, z0, alpha, num_steps)
