r"""Projected Langevin Monte Carlo: chains for any target on a convex set, and their exact law on an interval.

Near its boundary a chain moves like a driftless random walk with steps N(0, 2η) that is stopped at a wall. By Spitzer's
identity such a walk sits on the wall with √η times the density beside it. So the chain puts the mass √η ∫ π(b) db on
the boundary, up to terms of order η, where π(b) is the density of π there. The law of the chain has no density. It
tends to π with an error of order √η, in W₁ and in total variation.
"""

from typing import NamedTuple

import numpy as np
import scipy

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, bare, domain, field, generator, integer, number, numpy_array, positive
from refimpl.arguments.records import record
from refimpl.loops.chains import last_state
from refimpl.sampling.langevin import projected_lmc_step

ZETA_HALF = -1.4603545088095868
"""Riemann's ζ(½)."""

MOST_STEPS = 1000.0
"""Longest interval whose law is computed, in widths √(2η) of a step."""

_number = number("")


class IntervalLaw(NamedTuple):
    """A law on [l, u], as masses (n,) of points x (n,).

    The first and the last point are the atoms l and u. The others are nodes of a quadrature and stand for a density.
    A step from x, before it is projected, has mean `mean` (n,) and standard deviation `std`.
    """

    x: Array
    mass: Array
    mean: Array
    std: float


_law = record(IntervalLaw)


@domain(grad_f=field, project=field, a0=numpy_array("n p"), eta=positive, num_steps=integer(0), rng=generator)
def projected_lmc(
    grad_f: Field, project: Field, a0: Array, eta: float, num_steps: int, rng: np.random.Generator
) -> Array:
    r"""Last states of n independent chains of projected Langevin Monte Carlo.

    .. math:: a^{k+1} = P_K\big(a^k - \eta \nabla f(a^k) + \sqrt{2 \eta} \, z^{k+1}\big)

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f} on K, from (n, p) to (n, p).
    project : callable
        Projection onto the convex set K, such as those of `refimpl.calculus.projections`.
    a0 : (n, p) array
        Where the chains start; their first step projects them.
    eta : float
        Step size η, > 0.
    num_steps : int
        Number of steps, ≥ 0.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    (n, p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last finite one.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Bubeck, Eldan & Lehec 2018.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a = projected_lmc(np.zeros_like, lambda a: np.clip(a, -1, 1), np.zeros((5, 2)), 0.1, 10, rng)
    >>> a.shape, bool((abs(a) <= 1).all())
    ((5, 2), True)
    """

    def step(a: Array, z: Array) -> Array:
        return bare(projected_lmc_step)(grad_f, project, a, eta, z)

    return last_state(step, a0, num_steps, rng)


@domain(grad_f=field, lower=_number, upper=_number, eta=positive)
def interval_law(grad_f: Field, lower: float, upper: float, eta: float) -> IntervalLaw:
    r"""Stationary law of projected Langevin Monte Carlo on an interval, with its two atoms, by quadrature.

    .. math:: \rho(x) = \int \varphi_{2\eta}\big(x - y + \eta f'(y)\big) \, d\mu(y), \qquad
              \mu(\{l\}) = \int \Phi\Big(\frac{l - y + \eta f'(y)}{\sqrt{2 \eta}}\Big) d\mu(y)

    and likewise at u. Here μ is ρ with the two atoms. Gauss-Legendre nodes, a few to each √(2η), make the law exact to
    about twelve digits (Nyström's method).

    Parameters
    ----------
    grad_f : callable
        f' of the target π ∝ e^{−f} on [l, u], from (n, 1) to (n, 1).
    lower, upper : float
        Ends l < u.
    eta : float
        Step size η, > 0.

    Returns
    -------
    IntervalLaw

    Raises
    ------
    ValueError
        When the interval is empty, or too long for so small a step.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants.

    Examples
    --------
    >>> law = interval_law(np.zeros_like, -1.0, 1.0, 0.01)
    >>> float(law.mass.sum().round(12)), float(law.mass[0].round(4))  # near √η/2
    (1.0, 0.0462)
    """
    if lower >= upper:
        raise ValueError(f"lower must be < upper, got {lower} and {upper}")
    std = np.sqrt(2 * eta)
    if upper - lower > MOST_STEPS * std:
        raise ValueError(f"eta must be >= {((upper - lower) / MOST_STEPS) ** 2 / 2:.3g} for this interval, got {eta}")
    nodes, weights = np.polynomial.legendre.leggauss(40 + int(5 * (upper - lower) / std))
    x = (lower + upper + (upper - lower) * np.array([-1, *nodes, 1])) / 2
    mean = x - eta * grad_f(x[:, None])[:, 0]
    P = np.exp(-(((x - mean[:, None]) / std) ** 2) / 2) / (np.sqrt(2 * np.pi) * std)
    P[:, 1:-1] *= (upper - lower) / 2 * weights
    P[:, 0], P[:, -1] = scipy.special.ndtr((lower - mean) / std), scipy.special.ndtr((mean - upper) / std)
    uniform = np.full(len(x), 1 / len(x))
    mass = np.linalg.solve(P.T - np.eye(len(x)) + uniform[:, None], uniform)  # mass = Pᵀ mass of sum 1
    return IntervalLaw(x, mass, mean, std)


@domain(law=_law, x=array("..."))
def interval_cdf(law: IntervalLaw, x: Array) -> Array:
    r"""Distribution function of the law of projected Langevin Monte Carlo inside its interval, l ≤ x < u.

    .. math:: F(x) = \int \Phi\Big(\frac{x - y + \eta f'(y)}{\sqrt{2 \eta}}\Big) d\mu(y)

    Parameters
    ----------
    law : IntervalLaw
        From `interval_law`.
    x : array
        Points.

    Returns
    -------
    array

    Examples
    --------
    >>> float(interval_cdf(interval_law(np.zeros_like, -1.0, 1.0, 0.01), 0.0).round(12))
    0.5
    """
    return scipy.special.ndtr((x[..., None] - law.mean) / law.std) @ law.mass


@domain(eta=positive, width=positive)
def uniform_boundary_mass(eta: float, width: float) -> float:
    r"""Mass on each end of an interval of width w, for the uniform target.

    .. math:: \frac{\sqrt{\eta}}{w - 2 \zeta(\tfrac12) \sqrt{\eta / \pi}}, \qquad \zeta(\tfrac12) = -1.46035\ldots

    What is left out falls like e^{−cw/√η}.

    Parameters
    ----------
    eta : float
        Step size η, > 0.
    width : float
        Width w, > 0, of many times √η.

    Returns
    -------
    float

    References
    ----------
    Spitzer 1960 (ladder heights); Chernoff 1965 and Siegmund 1979 (the constant −ζ(½)/√(2π) = 0.5826).

    Examples
    --------
    >>> round(uniform_boundary_mass(0.01, 2.0), 4)
    0.0462
    """
    return float(np.sqrt(eta) / (width - 2 * ZETA_HALF * np.sqrt(eta / np.pi)))
