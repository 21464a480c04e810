"""Limit cycles of planar games: where the flow ż = −V(z) ends when it does not end at a solution."""

import functools
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.array_domains import positive_array
from refimpl.arguments.arrays import Array, Field, split
from refimpl.arguments.domains import array, domain, field, integer
from refimpl.arguments.errors import DivergedError
from refimpl.calculus.differentiation import jacobian


class CriticalPoint(NamedTuple):
    """A zero z of V, with the eigenvalues of its Jacobian there: it attracts the flow when their real parts are > 0."""

    z: Array
    eigenvalues: Any


class Cycle(NamedTuple):
    """Points z (n, 2) in the order of the flow, period, extent (lowest (x, y), highest (x, y)), Floquet multiplier.

    The cycle attracts when the multiplier is < 1 and repels when it is > 1.
    """

    z: Array
    period: float
    extent: Array
    multiplier: float


@domain(V=field, z0=array("p"))
def critical_point(V: Field, z0: Array) -> CriticalPoint:
    r"""Critical point near a start, by Newton's method.

    .. math:: V(z^\star) = 0

    Parameters
    ----------
    V : callable
        Field of the game, written with ``autograd.numpy``.
    z0 : (p,) array
        Start.

    Returns
    -------
    CriticalPoint
        Point z* (p,), eigenvalues (p,) of JV(z*).

    Raises
    ------
    DivergedError
        When Newton's method finds no zero in 50 steps.

    References
    ----------
    Slide "Minimax is more difficult than just optimization".

    Examples
    --------
    >>> from refimpl.minimax.games import lower_bound
    >>> critical_point(lower_bound(2.0, -1.0).operator, [1.0, 1.0]).eigenvalues
    array([-1.+2.j, -1.-2.j])
    """
    z = z0
    for newton_step in range(50):
        try:
            correction = np.linalg.solve(jacobian(V, z), V(z))
        except np.linalg.LinAlgError:
            raise DivergedError(z, newton_step) from None
        z = z - correction
        if np.abs(correction).max() <= 1e-9 * (1 + np.abs(z).max()):
            return CriticalPoint(z, np.linalg.eigvals(jacobian(V, z)))
    raise DivergedError(z, newton_step)


@domain(V=field, centre=array("2"), radius=positive_array("..."))
def return_map(V: Field, centre: Array, radius: Array) -> Array:
    r"""Poincaré's return map of the flow ż = −V(z) on the ray from a centre in the direction of x.

    With polar coordinates z = centre + (r cos θ, r sin θ) it takes r(0) to r(±2π), the sign being that of θ̇, along

    .. math:: \frac{dr}{d\theta} = r \, \frac{\langle V(z), e_r \rangle}{\langle V(z), e_\theta \rangle}

    Parameters
    ----------
    V : callable
        Field of the game; it must take batches of points.
    centre : (2,) array
        A point around which the flow turns.
    radius : (...) array
        Distances r > 0 from the centre at which the flow starts on the ray.

    Returns
    -------
    (...) array
        Distances at which it comes back.

    Raises
    ------
    ValueError
        When the flow leaves for infinity, or stops turning around the centre, before it is back.

    References
    ----------
    Slide "Minimax is more difficult than just optimization"; Hsieh, Mertikopoulos & Cevher 2021.

    Examples
    --------
    >>> from refimpl.minimax.games import bilinear
    >>> return_map(bilinear().operator, [0.0, 0.0], [1.0, 2.0]).round(9)
    array([1., 2.])
    """
    return _turn(V, centre, radius).y[:, -1].reshape(radius.shape)


@domain(V=field, centre=array("2"), bracket=positive_array("2"), num_points=integer(3))
def limit_cycle(V: Field, centre: Array, bracket: Array, num_points: int = 1024) -> Cycle:
    r"""Limit cycle of the flow ż = −V(z) around a centre: a fixed point of the return map.

    .. math:: T = \int_0^{2\pi} \frac{d\theta}{|\dot\theta|}, \qquad
              \mu = \exp\Big( -\int_0^{2\pi} \frac{\operatorname{tr} JV(z)}{|\dot\theta|} \, d\theta \Big)

    The integrals are sums over equal angles, which converge geometrically for a smooth cycle.

    Parameters
    ----------
    V : callable
        Field of the game, written with ``autograd.numpy``; it must take batches of points.
    centre : (2,) array
        A point around which the flow turns.
    bracket : (2,) array
        Distances from the centre, on the ray in the direction of x, between which one cycle lies.
    num_points : int
        Number of points at equal angles, ≥ 3.

    Returns
    -------
    Cycle
        Points (num_points, 2), period T, extent (2, 2), Floquet multiplier μ.

    Raises
    ------
    ValueError
        As `return_map`, and when the return map leads to one side at both ends of the bracket, or nowhere.

    References
    ----------
    Slide "Minimax is more difficult than just optimization"; Hsieh, Mertikopoulos & Cevher 2021.

    Examples
    --------
    >>> from refimpl.minimax.games import polar
    >>> cycle = limit_cycle(polar().operator, [0.0, 0.0], [0.5, 0.9])
    >>> round(cycle.period, 9), cycle.extent.round(9)[1], cycle.multiplier > 1
    (6.283185307, array([0.75, 0.75]), True)
    """

    @functools.cache
    def displacement(r: float) -> float:
        return _turn(V, centre, r).y[0, -1] - r

    low, high = map(displacement, bracket)
    every_circle_closes = max(abs(low), abs(high)) <= 1e-10 * bracket.max()
    if low * high > 0 or every_circle_closes:
        raise ValueError(f"bracket must hold one cycle, got {bracket} with displacements {low:.3g} and {high:.3g}")
    radius = scipy.optimize.brentq(displacement, bracket[0], bracket[1], xtol=1e-14, rtol=1e-14)
    flow = _turn(V, centre, radius, dense_output=True)
    angles = np.linspace(0, flow.t[-1], num_points, endpoint=False)
    z = _points(centre, flow.sol(angles)[0], angles)
    speed = np.abs(_velocity(V, centre, z)[1])
    trace = np.trace(jacobian(V, z), axis1=-2, axis2=-1)
    period, exponent = 2 * np.pi * (1 / speed).mean(), -2 * np.pi * (trace / speed).mean()
    return Cycle(z, float(period), _extent(centre, flow, angles), float(np.exp(exponent)))


def _points(centre: Array, r: Any, theta: Any) -> Array:
    return centre + np.stack([r * np.cos(theta), r * np.sin(theta)], -1)


def _velocity(V: Field, centre: Array, z: Array) -> tuple[Array, Array]:
    """(ṙ/r, θ̇) of the flow ż = −V(z) at points z."""
    (x, y), (v_x, v_y) = split(z - centre), split(-V(z))
    r_squared = x**2 + y**2
    return (x * v_x + y * v_y) / r_squared, (x * v_y - y * v_x) / r_squared


_RADIAL = 1e-6  # a flow that turns so much slower than it grows leaves for infinity, or for the centre


def _turn(V: Field, centre: Array, radius: Any, dense_output: bool = False) -> Any:
    """The flow once around the centre from the ray in the direction of x: radii (n,) as functions of the angle."""
    start = np.ravel(radius)
    stays_away = ValueError(f"radius must be such that the flow comes back around {centre}, got {radius}")
    turning = _velocity(V, centre, _points(centre, start, 0.0 * start))[1]
    sign = np.sign(turning[0])
    if not (sign * turning > 0).all():
        raise stays_away

    def slope(theta: float, r: Array) -> Array:
        growth, turning = _velocity(V, centre, _points(centre, r, 0 * r + theta))
        if not (sign * turning > _RADIAL * np.abs(growth)).all():
            raise stays_away
        return r * growth / turning

    span = (0, sign * 2 * np.pi)
    with np.errstate(all="ignore"):
        flow = scipy.integrate.solve_ivp(
            slope, span, start, "DOP853", dense_output=dense_output, rtol=1e-12, atol=1e-14
        )
    if not flow.success:
        raise stays_away
    return flow


def _extent(centre: Array, flow: Any, angles: Array) -> Array:
    """Lowest and highest x and y of a closed curve r(θ), polished around the best of the given angles."""
    step = abs(angles[1])

    def best(sign: int, axis: int) -> float:
        def depth(theta: Any) -> Any:
            return -sign * _points(centre, flow.sol(np.mod(theta, flow.t[-1]))[0], theta)[..., axis]

        peak = angles[np.argmin(depth(angles))]
        polished = scipy.optimize.minimize_scalar(depth, bounds=(peak - step, peak + step), method="bounded")
        return -sign * polished.fun

    return np.array([[best(sign, axis) for axis in (0, 1)] for sign in (-1, 1)])
