r"""The Fokker-Planck equation as the gradient flow of KL(· ‖ π) in Wasserstein space, on the line.

Langevin dynamics moves its law by ∂ₜρ = (ρf')' + ρ''. One step of Jordan, Kinderlehrer and Otto (JKO) minimises
KL(ρ ‖ π) + W₂²(ρ, ρ₀)/(2τ): implicit Euler for the flow. A law is held by increasing nodes. The mass between two
neighbours is spread evenly and never changes: nodes move, and carry the law along. They never change places, because
the optimal map on the line is increasing. Gaussians have closed forms, in `gaussian_gradient_flow`.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, array, bare, domain, field, function, positive
from refimpl.arguments.errors import DivergedError

_nodes = array("n")


class Law(NamedTuple):
    """Increasing nodes x (n,) and the masses (n − 1,) between neighbours."""

    x: Array
    mass: Array


def _check_law(name: str, value: Any, sizes: dict[str, int]) -> Law:
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"{name} must be a Law (x, mass), got {value!r}")
    x, mass = _nodes.check(f"{name}.x", value[0], {}), array("m").check(f"{name}.mass", value[1], {})
    if len(mass) != len(x) - 1 or not (np.diff(x) > 0).all() or not (mass > 0).all():
        raise ValueError(f"{name} must have n increasing nodes and n − 1 masses > 0, got {len(x)} and {len(mass)}")
    return Law(x, mass)


_law = Domain("a Law (x, mass)", _check_law)


@domain(density=function, x=_nodes)
def law_of(density: Field, x: Array) -> Law:
    r"""The law of a density on given nodes.

    .. math:: m_{i+1/2} \propto (x_{i+1} - x_i) \, \rho\Big(\frac{x_i + x_{i+1}}{2}\Big)

    Parameters
    ----------
    density : callable
        ρ up to a factor, from (n,) to (n,), > 0 between the nodes.
    x : (n,) array
        Increasing nodes, where ρ lives.

    Returns
    -------
    Law
        Of total mass 1.

    Raises
    ------
    ValueError
        When the nodes do not increase, or the density is not > 0 between them.

    Examples
    --------
    >>> law_of(lambda x: 1 + 0 * x, [0.0, 1.0, 4.0]).mass
    array([0.25, 0.75])
    """
    if len(x) < 2 or not (np.diff(x) > 0).all():
        raise ValueError(f"x must be two or more increasing nodes, got {x.tolist()[:5]}")
    middle = (x[1:] + x[:-1]) / 2
    rho = array("n").check("density", density(middle), {"n": len(middle)})
    if not (rho > 0).all():
        raise ValueError(f"density must be > 0 between the nodes, got {rho.min()} at {middle[rho.argmin()]}")
    mass = np.diff(x) * rho
    return Law(x.copy(), mass / mass.sum())


def _node_mass(law: Law) -> Array:
    """Half of each mass belongs to either neighbour."""
    return (np.append(law.mass, 0) + np.append(0, law.mass)) / 2


@domain(f=function, law=_law)
def free_energy(f: Field, law: Law) -> float:
    r"""Free energy of a law: its divergence from π, up to a constant.

    .. math:: \int \rho f + \int \rho \log \rho = \mathrm{KL}(\rho \| \pi) - \log \int e^{-f}

    Parameters
    ----------
    f : callable
        Potential of π ∝ e^{−f}, from (n,) to (n,).
    law : Law
        ρ.

    Returns
    -------
    float

    References
    ----------
    Jordan, Kinderlehrer & Otto 1998.

    Examples
    --------
    >>> free_energy(lambda x: 3 + 0 * x, law_of(lambda x: 1 + 0 * x, [0.0, 1.0, 4.0]))  # 3 − log 4
    1.6137056388801094
    """
    return float(_node_mass(law) @ f(law.x) + law.mass @ np.log(law.mass / np.diff(law.x)))


@domain(grad_f=field, law=_law)
def velocity(grad_f: Field, law: Law) -> Array:
    r"""Velocity of the nodes in the flow.

    .. math:: v = -\big(\log (\rho / \pi)\big)' = -f' - \rho' / \rho

    Parameters
    ----------
    grad_f : callable
        f', from (n,) to (n,).
    law : Law
        ρ.

    Returns
    -------
    (n,) array

    References
    ----------
    Jordan, Kinderlehrer & Otto 1998.

    Examples
    --------
    >>> velocity(lambda x: x, law_of(lambda x: 1 + 0 * x, [-1.0, 0.0, 1.0]))[1]
    np.float64(-0.0)
    """
    density = law.mass / np.diff(law.x)
    return -grad_f(law.x) - (np.append(density, 0) - np.append(0, density)) / _node_mass(law)


@domain(grad_f=field, law=_law)
def fisher_information(grad_f: Field, law: Law) -> float:
    r"""Relative Fisher information, the rate at which the flow loses divergence.

    .. math:: \mathrm{FI}(\rho \| \pi) = \int \rho \, \big|\big(\log (\rho / \pi)\big)'\big|^2
              = -\frac{d}{dt} \mathrm{KL}(\rho_t \| \pi)

    Parameters
    ----------
    grad_f, law
        As for `velocity`.

    Returns
    -------
    float

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", remarks; Jordan, Kinderlehrer & Otto 1998.

    Examples
    --------
    >>> x = np.linspace(-9, 9, 2001)  # N(0, 1) against N(1, 1)
    >>> round(fisher_information(lambda x: x - 1, law_of(lambda x: np.exp(-(x**2) / 2), x)), 3)
    1.0
    """
    return float(_node_mass(law) @ bare(velocity)(grad_f, law) ** 2)


@domain(grad_f=field, law=_law, tau=positive)
def jko_step(grad_f: Field, law: Law, tau: float) -> Law:
    r"""One step of the scheme of Jordan, Kinderlehrer and Otto.

    .. math:: \rho^+ = \arg\min_\rho \; \mathrm{KL}(\rho \| \pi) + \frac{1}{2\tau} W_2^2(\rho, \rho_0)

    The nodes move to y with (y − x)/τ = v(y), found by Newton's method on a tridiagonal system.

    Parameters
    ----------
    grad_f : callable
        f' of the target π ∝ e^{−f}, from (n,) to (n,).
    law : Law
        ρ₀.
    tau : float
        Step τ, > 0, with f'' > −1/τ.

    Returns
    -------
    Law
        With the masses of ρ₀.

    Raises
    ------
    DivergedError
        When Newton's method does not converge, as may happen where f'' ≤ −1/τ.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", remarks; Jordan, Kinderlehrer & Otto 1998.

    Examples
    --------
    >>> x = np.linspace(-8, 8, 1001)  # N(0, 1) towards N(1, 1): the mean moves to τ/(1 + τ)
    >>> moved = jko_step(lambda x: x - 1, law_of(lambda x: np.exp(-(x**2) / 2), x), 0.25)
    >>> float((moved.x - x)[500].round(4))
    0.2
    """
    w, y, e = _node_mass(law), law.x, 1e-5
    for k in range(100):
        gap = np.diff(y)
        gradient = w * ((y - law.x) / tau - bare(velocity)(grad_f, Law(y, law.mass)))
        tie = law.mass / gap**2
        curvature = w * (1 / tau + (grad_f(y + e) - grad_f(y - e)) / (2 * e)) + np.append(tie, 0) + np.append(0, tie)
        move = scipy.linalg.solve_banded((1, 1), [np.append(0, -tie), curvature, np.append(-tie, 0)], -gradient)
        if not np.isfinite(move).all():
            raise DivergedError(y, k)
        y = y + min(1.0, 0.5 / max(0.5, (-np.diff(move) / gap).max())) * move
        if np.abs(move).max() <= 1e-12 * (y[-1] - y[0]):
            return Law(y, law.mass.copy())
    raise DivergedError(y, 100)
