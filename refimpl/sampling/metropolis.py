"""The Metropolis-adjusted Langevin algorithm (MALA): Langevin steps as proposals, without bias. Beyond the lecture."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import alike
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import (
    Domain,
    Sizes,
    array,
    bare,
    domain,
    field,
    from_start,
    generator,
    integer,
    numpy_array,
    positive,
    potential,
)
from refimpl.arguments.errors import DivergedError
from refimpl.sampling.langevin import lmc_step

_points = alike("... p")


def _check_uniform(name: str, value: Any, sizes: Sizes) -> Any:
    u = array("...").check(name, value, sizes)
    if not ((u >= 0) & (u <= 1)).all():
        raise ValueError(f"{name} must be >= 0 and <= 1, got {u[~((u >= 0) & (u <= 1))].flat[0]}")
    if u.shape != (wanted := sizes.get("(... p)", (*u.shape, 0))[:-1]):
        raise ValueError(f"{name} must have the shape {wanted} of the points, got {u.shape}")
    return u


_uniform = Domain("array of shape (...,) in [0, 1]", _check_uniform)


@domain(f=potential, grad_f=field, a=_points, b=_points, eta=positive)
def log_acceptance(f: Callable, grad_f: Field, a: Any, b: Any, eta: float) -> Any:
    r"""Logarithm of the ratio that decides whether the proposal b from a is accepted.

    .. math:: f(a) - f(b) + \frac{\|b - a + \eta \nabla f(a)\|^2 - \|a - b + \eta \nabla f(b)\|^2}{4 \eta}

    Parameters
    ----------
    f, grad_f : callable
        Potential, from (..., p) to (...,), and its gradient.
    a, b : (..., p) array
        Points, and what is proposed there.
    eta : float
        Step size η, > 0.

    Returns
    -------
    (...,) array

    References
    ----------
    Roberts & Tweedie 1996.

    Examples
    --------
    >>> float(log_acceptance(lambda a: (a**2).sum(-1) / 2, lambda a: a, [1.0], [0.0], 0.5))
    0.125
    """
    there = ((b - a + eta * grad_f(a)) ** 2).sum(-1)
    back = ((a - b + eta * grad_f(b)) ** 2).sum(-1)
    return f(a) - f(b) + (there - back) / (4 * eta)


@domain(f=potential, grad_f=field, a=_points, eta=positive, z=_points, u=_uniform)
def mala_step(f: Callable, grad_f: Field, a: Array, eta: float, z: Array, u: Array) -> Array:
    r"""One step of the Metropolis-adjusted Langevin algorithm, which leaves π ∝ e^{−f} as it is.

    .. math:: b = a - \eta \nabla f(a) + \sqrt{2 \eta} \, z, \qquad
              a^+ = b \text{ if } \log u < \texttt{log\_acceptance}(a, b), \text{ else } a

    A proposal is refused where f is infinite, and where f or its gradient is not a number.

    Parameters
    ----------
    f, grad_f : callable
        Potential, from (..., p) to (...,), and its gradient.
    a : (..., p) array
        Points.
    eta : float
        Step size η, > 0.
    z : (..., p) array
        Noise, N(0, I).
    u : (...,) array
        Uniform in [0, 1].

    Returns
    -------
    (..., p) array

    References
    ----------
    Roberts & Tweedie 1996.

    Examples
    --------
    >>> mala_step(lambda a: (a**2).sum(-1) / 2, lambda a: a, [[1.0], [1.0]], 0.5, [[0.0], [3.0]], [0.9, 0.9])
    array([[0.5],
           [1. ]])
    """
    f, grad_f = from_start(f, a), from_start(grad_f, a)
    b = bare(lmc_step)(grad_f, a, eta, z)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        accepted = np.log(u) < bare(log_acceptance)(f, grad_f, a, b, eta)
    return np.where(accepted[..., None], b, a)


class Chains(NamedTuple):
    """States (num_steps // every + 1, n, p) of n chains, the start first, and the share of accepted proposals."""

    a: Array
    acceptance: float


@domain(
    f=potential,
    grad_f=field,
    a0=numpy_array("n p"),
    eta=positive,
    num_steps=integer(1),
    rng=generator,
    every=integer(1),
)
def mala(
    f: Callable, grad_f: Field, a0: Array, eta: float, num_steps: int, rng: np.random.Generator, every: int = 1
) -> Chains:
    """Run chains of `mala_step`.

    Parameters
    ----------
    f, grad_f, eta
        As for `mala_step`.
    a0 : (n, p) array
        Where each chain starts.
    num_steps : int
        Number of steps, ≥ 1.
    rng : numpy.random.Generator
        Draws the noise.
    every : int
        Number of steps between two states that are kept, 1 ≤ every ≤ num_steps.

    Returns
    -------
    Chains

    Raises
    ------
    DivergedError
        When the potential is not finite at the start.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mala(lambda a: (a**2).sum(-1) / 2, lambda a: a, [[0.0]] * 4, 1e-3, 10, rng).a.shape
    (11, 4, 1)
    """
    if every > num_steps:
        raise ValueError(f"every must be <= num_steps = {num_steps}, got {every}")
    if not np.isfinite(f(a0)).all():
        raise DivergedError(a0, 0)
    a, moved, states = a0, 0, np.empty((num_steps // every + 1, *a0.shape))
    states[0] = a0
    for k in range(1, num_steps + 1):
        previous = a
        a = bare(mala_step)(f, grad_f, a, eta, rng.standard_normal(a.shape), 1 - rng.random(len(a)))
        moved += (a != previous).any(-1).sum()
        if k % every == 0:
            states[k // every] = a
    return Chains(states, float(moved / (num_steps * len(a))))
