r"""Double-loop Langevin Monte Carlo: an outer loop lowers the step, an inner loop runs Langevin Monte Carlo with it.

Each outer iteration forgets the larger bias of the one before. On a strongly convex target this takes a time ηn of
order 1. So steps that are halved while lengths are doubled waste nothing: for as many gradients, the law is nearer to π
than that of any fixed step. Rolland et al. treat targets that are only convex. Their steps shrink by e⁻², their lengths
grow by e³ (times k²), and they project onto a growing ball. That projection is left out here.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import covariance
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import (
    Domain,
    bare,
    domain,
    field,
    generator,
    integer,
    number,
    numpy_array,
    positive,
)
from refimpl.loops.chains import last_state
from refimpl.sampling.gaussian_law import lmc_covariance
from refimpl.sampling.langevin import lmc_step


class Schedule(NamedTuple):
    """Steps η_k and numbers n_k of inner iterations."""

    eta: tuple[float, ...]
    num_steps: tuple[int, ...]


def _check_schedule(name: str, value: Any, sizes: dict[str, int]) -> Schedule:
    if not isinstance(value, tuple) or len(value) != 2 or len(value[0]) != len(value[1]):
        raise TypeError(f"{name} must be a Schedule of as many steps as lengths, got {value!r}")
    eta = tuple(positive.check(f"{name}.eta", e, sizes) for e in value[0])
    return Schedule(eta, tuple(integer(0).check(f"{name}.num_steps", n, sizes) for n in value[1]))


_schedule = Domain("a Schedule (eta, num_steps)", _check_schedule)


@domain(eta=positive, num_steps=integer(1), num_outer=integer(1), shrink=number("> 0 and < 1"), grow=number(">= 1"))
def geometric_schedule(
    eta: float, num_steps: int, num_outer: int, shrink: float = float(np.exp(-2)), grow: float = float(np.exp(3))
) -> Schedule:
    r"""Steps that shrink and inner loops that grow geometrically.

    .. math:: \eta_k = s^k \eta_0, \qquad n_k = \lceil g^k n_0 \rceil, \qquad k = 0, \dots, K - 1

    Parameters
    ----------
    eta : float
        First step η₀, > 0.
    num_steps : int
        First number of inner iterations n₀, ≥ 1.
    num_outer : int
        Number K of outer iterations, ≥ 1.
    shrink : float
        Factor s of the steps, in (0, 1).
    grow : float
        Factor g of the numbers of iterations, ≥ 1.

    Returns
    -------
    Schedule

    References
    ----------
    Slide "Langevin Monte Carlo", table; Rolland, Eftekhari, Kavis & Cevher 2020.

    Examples
    --------
    >>> geometric_schedule(0.5, 3, 3, shrink=0.5, grow=2.0)
    Schedule(eta=(0.5, 0.25, 0.125), num_steps=(3, 6, 12))
    """
    k = range(num_outer)
    return Schedule(tuple(eta * shrink**j for j in k), tuple(int(np.ceil(num_steps * grow**j)) for j in k))


@domain(grad_f=field, a0=numpy_array("n p"), schedule=_schedule, rng=generator)
def double_loop_lmc(grad_f: Field, a0: Array, schedule: Schedule, rng: np.random.Generator) -> Array:
    r"""Last states of n independent chains of double-loop Langevin Monte Carlo.

    .. math:: a \leftarrow a - \eta_k \nabla f(a) + \sqrt{2 \eta_k} \, z \quad (n_k \text{ times}), \, k = 0, 1, \dots

    Parameters
    ----------
    grad_f : callable
        ∇f of the target π ∝ e^{−f}, from (n, p) to (n, p).
    a0 : (n, p) array
        Where the chains start.
    schedule : Schedule
        η_k and n_k.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    (n, p) array

    Raises
    ------
    DivergedError
        When a state is not finite. It carries the last finite state, and its step in the inner loop.

    References
    ----------
    Slide "Langevin Monte Carlo", table; Rolland, Eftekhari, Kavis & Cevher 2020, Algorithm 1.

    Examples
    --------
    >>> schedule = geometric_schedule(0.5, 10, 3)
    >>> double_loop_lmc(lambda a: a, np.full((5, 2), 9.0), schedule, np.random.default_rng(0)).shape
    (5, 2)
    """
    a = a0
    for eta, num_steps in zip(*schedule, strict=True):
        a = last_state(lambda a, z, e=eta: bare(lmc_step)(grad_f, a, e, z), a, num_steps, rng)  # type: ignore[misc]
    return a


@domain(A=covariance("p p"), schedule=_schedule, C0=covariance("p p"))
def double_loop_covariance(A: Array, schedule: Schedule, C0: Array) -> Array:
    r"""Covariance in which double-loop Langevin Monte Carlo on N(m, A⁻¹) ends.

    .. math:: C \leftarrow \mathrm{cov}(n_k \text{ steps } \eta_k \text{ from } C), \qquad k = 0, 1, \dots

    Parameters
    ----------
    A : (p, p) array
        Inverse of the target's covariance, symmetric positive definite.
    schedule : Schedule
        η_k and n_k.
    C0 : (p, p) array
        Covariance of the start, symmetric positive definite.

    Returns
    -------
    (p, p) array

    Raises
    ------
    DivergedError
        When the covariance overflows.

    Examples
    --------
    >>> double_loop_covariance([[1.0]], Schedule((0.5, 0.25), (1, 1)), [[4.0]])  # 0.75² (0.5² 4 + 1) + 0.5
    array([[1.625]])
    """
    C = C0
    for eta, num_steps in zip(*schedule, strict=True):
        C = lmc_covariance(A, eta, num_steps, C)
    return C
