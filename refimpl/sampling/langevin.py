r"""Langevin Monte Carlo: one step of each kind, and chains.

One convention holds throughout: the target is π ∝ e^{−f}, a step moves by −η∇f and adds noise √(2η) z, z ~ N(0, I).

============================================== ==================================================
other texts                                    here
============================================== ==================================================
a + (h/2)∇log π + √h z                         η = h/2
a + lr ∇log π + √(2 lr) z                      η = lr
a + (σ²/2)∇log π + σz                          η = σ²/2
a − lr ∇f + √(2 lr T) z, target e^{−f/T}       potential f/T, η = lr T
energy or loss E, score s                      f = E, ∇f = −s
============================================== ==================================================
"""

from typing import Any

import numpy as np

from refimpl.arguments.array_domains import alike
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import domain, field, generator, integer, numpy_array, optional, positive
from refimpl.loops import chains

_points = alike("... p")


def _move(a: Any, g: Any, eta: float, z: Any) -> Any:
    """Where a chain at a goes, given the gradient g there and the noise z: a − ηg + √(2η) z."""
    return a - eta * g + np.sqrt(2 * eta) * z


@domain(grad_f=field, a=_points, eta=positive, z=_points)
def lmc_step(grad_f: Field, a: Any, eta: float, z: Any) -> Any:
    r"""One step of Langevin Monte Carlo (the unadjusted Langevin algorithm).

    .. math:: a^+ = a - \eta \nabla f(a) + \sqrt{2 \eta} \, z

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f}; the score is −∇f.
    a : (..., p) array
        Points.
    eta : float
        Step size η, > 0; the module's table converts other conventions.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC".

    Examples
    --------
    >>> lmc_step(lambda a: a, [1.0, 2.0], 0.5, [1.0, -1.0])
    array([1.5, 0. ])
    """
    return _move(a, grad_f(a), eta, z)


@domain(grad_f=field, project=field, a=_points, eta=positive, z=_points)
def projected_lmc_step(grad_f: Field, project: Field, a: Any, eta: float, z: Any) -> Any:
    r"""One step of projected Langevin Monte Carlo, for a target on a convex set K.

    .. math:: a^+ = P_K\big(a - \eta \nabla f(a) + \sqrt{2 \eta} \, z\big)

    Parameters
    ----------
    grad_f, a, eta, z
        As for `lmc_step`; the target π ∝ e^{−f} is one on K.
    project : callable
        Projection onto K, from (..., p) to (..., p).

    Returns
    -------
    (..., p) array

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Bubeck, Eldan & Lehec 2018.

    Examples
    --------
    >>> import numpy as np
    >>> projected_lmc_step(lambda a: a, lambda a: np.clip(a, -1, 1), [1.0, 2.0], 0.5, [1.0, -1.0])
    array([1., 0.])
    """
    return project(_move(a, grad_f(a), eta, z))


@domain(grad_f=field, a=_points, v=_points, h=positive, gamma=positive, u=positive, z=_points)
def baoab_step(grad_f: Field, a: Any, v: Any, h: float, gamma: float, u: float, z: Any) -> tuple[Any, Any]:
    r"""One step of underdamped Langevin dynamics by the splitting BAOAB.

    .. math:: da = v \, dt, \qquad dv = -\gamma v \, dt - u \nabla f(a) \, dt + \sqrt{2 \gamma u} \, dW

    The step is half a kick (B), half a drift (A), the exact Ornstein-Uhlenbeck step of the velocity (O), then A and B
    again. The stationary law of the dynamics is e^{−f} × N(0, uI).

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f}.
    a, v : (..., p) array
        Points and velocities.
    h : float
        Time step, > 0.
    gamma : float
        Friction γ, > 0.
    u : float
        Inverse mass u, > 0.
    z : (..., p) array
        Noise, N(0, I).

    Returns
    -------
    a, v : (..., p) array

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Leimkuhler & Matthews 2013.

    Examples
    --------
    >>> import numpy as np
    >>> a, v = baoab_step(lambda a: 0 * a, [1.0], [2.0], 0.5, np.log(4), 1.0, [0.0])
    >>> float(a[0].round(12)), float(v[0].round(12))
    (1.75, 1.0)
    """
    c = np.exp(-gamma * h)
    v = v - h / 2 * u * grad_f(a)
    a = a + h / 2 * v
    v = c * v + np.sqrt(u * -np.expm1(-2 * gamma * h)) * z
    a = a + h / 2 * v
    return a, v - h / 2 * u * grad_f(a)


@domain(
    grad_f=field, a0=numpy_array("n p"), eta=positive, num_steps=integer(0), rng=generator, threads=optional(integer(1))
)
def lmc(
    grad_f: Field, a0: Array, eta: float, num_steps: int, rng: np.random.Generator, threads: int | None = None
) -> Array:
    r"""Last states of n independent chains of Langevin Monte Carlo.

    .. math:: a^{k+1} = a^k - \eta \nabla f(a^k) + \sqrt{2 \eta} \, z^{k+1}

    Gradients of `targets` in closed form run compiled, on all cores. Any other gradient runs in plain Python, on all
    chains at once.

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f}, from (n, p) to (n, p).
    a0 : (n, p) array
        Where each chain starts.
    eta : float
        Step size η, > 0.
    num_steps : int
        Number of steps, ≥ 0.
    rng : numpy.random.Generator
        Draws the seeds of one generator for each block of chains.
    threads : int, optional
        Number of threads, one for each core by default; the states do not depend on it.

    Returns
    -------
    (n, p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last step after which all were.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC".

    Examples
    --------
    From 10 the mean of N(0, 1) is reached as 0.9^k.

    >>> a = lmc(lambda a: a, [[10.0]] * 1000, 0.1, 60, np.random.default_rng(0))
    >>> a.shape, bool(abs(a.mean()) < 0.2)
    ((1000, 1), True)
    """
    return chains.last(_move, grad_f, a0, eta, num_steps, rng, threads)


@domain(
    grad_f=field,
    a0=numpy_array("n p"),
    eta=positive,
    num_steps=integer(0),
    rng=generator,
    every=integer(1),
    threads=optional(integer(1)),
)
def lmc_trace(
    grad_f: Field,
    a0: Array,
    eta: float,
    num_steps: int,
    rng: np.random.Generator,
    every: int = 1,
    threads: int | None = None,
) -> Array:
    """States of the chains of `lmc` after 0, every, 2 every, … steps, up to num_steps.

    Parameters
    ----------
    grad_f, a0, eta, num_steps, rng, threads
        As for `lmc`, whose result is the last state when `every` divides num_steps.
    every : int
        Number of steps between two states that are kept, 1 ≤ every ≤ num_steps.

    Returns
    -------
    (num_steps // every + 1, n, p) array

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last step after which all were.

    Examples
    --------
    >>> lmc_trace(lambda a: a, [[1.0]] * 5, 0.1, 60, np.random.default_rng(0), every=20).shape
    (4, 5, 1)
    """
    if every > max(num_steps, 1):
        raise ValueError(f"every must be <= num_steps = {num_steps}, got {every}")
    states = np.empty((num_steps // every + 1, *a0.shape))
    states[0] = a0
    chains.trace(_move, grad_f, a0, eta, every, rng, states[1:], threads)
    return states
