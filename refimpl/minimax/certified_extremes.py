"""Extremes of smooth functions on planar boxes: found by a grid and polishing, proved by subdivision.

Proof. On a box a polynomial q is Σ cⱼₖ Tⱼ(u) Tₖ(v) in the box's own coordinates u, v ∈ [−1, 1]. The least value of the
part with j + k ≤ 2 is known exactly, and |Tⱼ| ≤ 1 bounds the rest by Σ |cⱼₖ|: a lower bound of q that errs by
O(width³). A box on which it is positive is settled, any other is cut in four, its coefficients carried over exactly.
The first coefficients come from values at Chebyshev nodes, so many that nothing is left in the last two rows and
columns. For a polynomial they are its own. For an analytic function they are those of a polynomial that differs from it
by rounding.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, domain, field, function
from refimpl.calculus.differentiation import exact_jacobian

Scalar = Callable[[Array], Array]

GAP = 1e-9
_NODES = (7, 13, 19, 37, 73)
_RESOLVED = 1e-12
_MOST_BOXES = 200_000


@domain(f=function, parts=function, weights=function, lower=array("2"), upper=array("2"))
def minimum(f: Scalar, parts: Scalar, weights: Callable[[float], Any], lower: Array, upper: Array) -> float:
    """The least value of f on a planar box, which may be −∞.

    `parts(z) @ weights(t)` is a smooth function of z, and < 0 only where f < t. Where it is > 0 all over a box with a
    point at which f > t, f > t all over the box. No point of the box has a value below the one returned by more than
    `GAP`, relative (absolute below 1).
    """
    c = _coefficients(parts, (lower + upper) / 2, (upper - lower) / 2)
    grid = _grid(lower, upper)
    t = _polished(f, grid[np.argmin(f(grid))], lower, upper)
    while t > -1 / GAP and (z := _violation(c * weights(t - GAP * max(1.0, abs(t))), lower, upper)) is not None:
        t = min(_polished(f, z, lower, upper), float(f(z)))
    return t if t > -1 / GAP else -np.inf


def _grid(lower: Array, upper: Array) -> Array:
    u = np.linspace(0, 1, 65)
    return lower + (upper - lower) * np.stack(np.meshgrid(u, u), -1).reshape(-1, 2)


def _polished(f: Scalar, z: Array, lower: Array, upper: Array) -> float:
    """The least value on ever finer grids around the best point so far."""
    u = np.linspace(-1, 1, 9)
    grid, width, best = np.stack(np.meshgrid(u, u), -1).reshape(-1, 2), (upper - lower) / 16, np.inf
    for _ in range(45):
        points = np.clip(z + width * grid, lower, upper)
        values = f(points)
        z, best, width = points[np.argmin(values)], float(values.min()), width / 2
    return best


def _violation(parts: Array, lower: Array, upper: Array) -> Array | None:
    """A point of the box where the sum q of some functions is < 0, or None when q > 0 is proved on all of it."""
    centres, half = (lower + upper)[None] / 2, (upper - lower) / 2
    c = parts.sum(-1)[None]
    rounding = error = np.finfo(float).eps * np.abs(parts).max()
    while len(c) <= _MOST_BOXES:
        at_centres = np.polynomial.chebyshev.chebval2d(0.0, 0.0, np.moveaxis(c, 0, -1))
        if (at_centres < -error).any():
            return centres[np.argmin(at_centres)]
        is_open = _quadratic_minimum(c) - _beyond_quadratic(c) <= error
        if not is_open.any():
            return None
        half = half / 2
        centres = (centres[is_open, None] + half * _CHILDREN).reshape(-1, 2)
        c, dropped = _trimmed(_quartered(c[is_open]), rounding)
        error += dropped + rounding
    raise ArithmeticError(f"no proof: {len(centres)} boxes are left open around {centres[0]}")


_CHILDREN = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])


def _coefficients(parts: Scalar, centre: Array, half: Array) -> Array:
    """Chebyshev coefficients (m, m, n) of n functions on a box."""
    for m in _NODES:
        x = np.cos(np.pi * (np.arange(m) + 0.5) / m)
        values = parts(centre + half * np.stack(np.meshgrid(x, x, indexing="ij"), -1))
        to_coefficients = np.polynomial.chebyshev.chebvander(x, m - 1).T * 2 / m
        to_coefficients[0] /= 2
        c = np.einsum("ij,jln,kl->ikn", to_coefficients, values, to_coefficients)
        if (np.maximum(np.abs(c[-2:]).max((0, 1)), np.abs(c[:, -2:]).max((0, 1))) <= _RESOLVED * np.abs(c).max()).all():
            return c
    raise ValueError(f"V must be smooth on the box: {_NODES[-1]}² Chebyshev nodes do not resolve it")


def _quartered(c: Array) -> Array:
    """Coefficients (4n, m, m) on the quarters of n boxes, in the order of `_CHILDREN`."""
    left, right = (_restriction(c.shape[-1], shift) for shift in (-0.5, 0.5))
    return np.stack([A @ c @ B.T for A in (left, right) for B in (left, right)], 1).reshape(-1, *c.shape[1:])


@functools.cache
def _restriction(m: int, shift: float) -> Array:
    """The matrix that takes Chebyshev coefficients on [−1, 1] to those on shift + [−½, ½]."""
    x = np.cos(np.pi * (np.arange(m) + 0.5) / m)
    here, there = (np.polynomial.chebyshev.chebvander(points, m - 1) for points in (x, shift + x / 2))
    return np.triu(np.linalg.solve(here, there))


def _trimmed(c: Array, negligible: float) -> tuple[Array, float]:
    """The coefficients without the last rows and columns that are negligible, and what they amount to."""
    m, dropped = c.shape[-1], 0.0
    while m > 3:
        last = np.abs(c[:, m - 1, :m]).sum(-1) + np.abs(c[:, : m - 1, m - 1]).sum(-1)
        if last.max() > negligible:
            break
        m, dropped = m - 1, dropped + float(last.max())
    return c[:, :m, :m], dropped


def _beyond_quadratic(c: Array) -> Array:
    j = np.arange(c.shape[-1])
    return (np.abs(c) * (j[:, None] + j > 2)).sum((1, 2))


def _quadratic_minimum(c: Array) -> Array:
    """The least value on [−1, 1]² of the part of degree 2: at a corner, or stationary inside or on a side."""
    a, b, e, p, r = 2 * c[:, 2, 0], 2 * c[:, 0, 2], c[:, 1, 1], c[:, 1, 0], c[:, 0, 1]
    end, ones = np.ones_like(a), [-1, 1]
    points = [(i * end, j * end) for i in ones for j in ones]
    points += [(i * end, _ratio(-r - e * i, 2 * b)) for i in ones]
    points += [(_ratio(-p - e * i, 2 * a), i * end) for i in ones]
    determinant = 4 * a * b - e * e
    points += [(_ratio(e * r - 2 * b * p, determinant), _ratio(e * p - 2 * a * r, determinant))]
    u, v = np.moveaxis(np.array(points), 1, 0)
    return c[:, 0, 0] - (a + b) / 2 + (p * u + r * v + e * u * v + a * u * u + b * v * v).min(0)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """The quotient, brought into [−1, 1]; 0 where there is none."""
    return np.clip(np.where(denominator == 0, 0, numerator / np.where(denominator == 0, 1, denominator)), -1, 1)


_GENERIC = np.array([0.6180339887, 0.4142135624])  # no kink of a field in use lies there, as one may at the centre


@domain(V=field, lower=array("2"), upper=array("2"))
def greatest_slope(V: Field, lower: Array, upper: Array) -> float:
    """max ‖JV‖₂.

    With S = ‖JV‖²_F and D = det JV both singular values² are the roots of t² − St + D². Where they are one root all
    over the box (JV a rotation and a scaling), it is S/2.
    """
    jacobian = exact_jacobian(V, lower + (upper - lower) * _GENERIC)

    def entries(z: Array) -> Array:
        return np.moveaxis(jacobian(z), (-2, -1), (0, 1)).reshape(4, *z.shape[:-1])

    def f(z: Array) -> Array:
        a, b, c, d = entries(z)
        return -(np.hypot(a + d, c - b) + np.hypot(a - d, b + c)) / 2

    def parts(z: Array) -> Array:
        a, b, c, d = entries(z)
        S = a * a + b * b + c * c + d * d
        return np.stack([np.ones_like(S), S, (a * d - b * c) ** 2], -1)

    _, S, D_squared = parts(_grid(lower, upper)).T
    if (S**2 - 4 * D_squared <= 1e-13 * S.max() ** 2).all():
        return -minimum(f, lambda z: parts(z)[..., :2], lambda t: [2 * t**2, -1.0], lower, upper)
    return -minimum(f, parts, lambda t: [t**4, -(t**2), 1.0], lower, upper)


@domain(V=field, z_star=array("2"), lower=array("2"), upper=array("2"))
def least_quotient(V: Field, z_star: Array, lower: Array, upper: Array) -> float:
    """inf ⟨V(z), z − z*⟩/‖V(z)‖², which is 0/0 at z*.

    Blown up at z*: with z = z* + sw, w = p(τ) − z* and p(τ) on a side of the box, V(z) = sW(s, τ) where
    W = ∫₀¹ JV(z* + σsw) w dσ is smooth, and the quotient is ⟨W, w⟩/‖W‖² for 0 ≤ s ≤ 1, directions at z* included. The
    integral is a sum over Gauss nodes.
    """
    jacobian = exact_jacobian(V, z_star)
    z_star = _zero(V, jacobian, z_star, upper - lower)
    if not ((lower <= z_star) & (z_star <= upper)).all():
        raise ValueError(f"z_star must lie in the box, got {z_star}")
    least = np.inf
    for axis, bound in ((0, lower), (0, upper), (1, lower), (1, upper)):
        if bound[axis] == z_star[axis]:
            continue
        centre, half = (lower + upper) / 2 - z_star, (upper - lower) / 2
        centre[axis], half[axis] = bound[axis] - z_star[axis], 0.0
        least = min(least, _least_on_triangle(V, jacobian, z_star, centre, half))
    return least


def _least_on_triangle(V: Field, jacobian: Callable, z_star: Array, centre: Array, half: Array) -> float:
    sigma, weights = _gauss(V, jacobian, z_star, centre + half * np.linspace(-1, 1, 9)[:, None])

    def W_and_w(points: Array) -> tuple[Array, Array]:
        s, w = points[..., :1, None], centre + half * points[..., 1:]
        J = np.tensordot(jacobian(z_star + sigma[:, None] * s * w[..., None, :]), weights, ((-3,), (0,)))
        return (J @ w[..., None])[..., 0], w

    def parts(points: Array) -> Array:
        W, w = W_and_w(points)
        return np.stack([(W * w).sum(-1), (W * W).sum(-1)], -1)

    def f(points: Array) -> Array:
        N, D = np.moveaxis(parts(points), -1, 0)
        return np.where(D > 0, N / np.where(D > 0, D, 1), np.where(N < 0, -np.inf, np.inf))

    return minimum(f, parts, lambda t: [1.0, -t], np.array([0.0, -1.0]), np.array([1.0, 1.0]))


def _gauss(V: Field, jacobian: Callable, z_star: Array, w: Array) -> tuple[Array, Array]:
    """Gauss nodes and weights on [0, 1], enough of them for ∫ JV w dσ = V(z* + w) − V(z*) to rounding."""
    difference = V(z_star + w) - V(z_star)
    for n in (3, 5, 9, 17, 33):
        x, weights = np.polynomial.legendre.leggauss(n)
        sigma, weights = (x + 1) / 2, weights / 2
        J = jacobian(z_star + sigma[:, None, None] * w)
        error = np.einsum("n,nkij,kj->ki", weights, J, w) - difference
        if np.abs(error).max() <= _RESOLVED * np.abs(J).max() * np.abs(w).max():
            return sigma, weights
    raise ValueError("V must be smooth on the box: Gauss's rule does not integrate its Jacobian")


def _zero(V: Field, jacobian: Callable, z_star: Array, size: Array) -> Array:
    """The regular zero of V that z* names, by Newton's method."""
    z = z_star
    for _ in range(20):
        z = z - np.linalg.lstsq(jacobian(z), V(z), rcond=1e-12)[0]
    scale = np.abs(jacobian(z)).max() * size.max()
    if not (np.abs(V(z)).max() <= 1e-12 * scale and (np.abs(z - z_star) <= 1e-3 * size).all()):
        raise ValueError(f"z_star must be a zero of V, got {z_star} with V = {V(z_star)}")
    if not np.linalg.cond(jacobian(z)) < 1e8:
        raise ValueError(f"z_star must be a regular zero of V, got {z_star} where JV is singular")
    return z
