r"""Chains of Langevin steps on a Gaussian target, whose law is Gaussian at every step and known exactly.

A step on N(0, A⁻¹) is linear, s⁺ = Ms + Nz with z ~ N(0, I). So covariances follow C⁺ = MCMᵀ + NNᵀ. The state s is a
for overdamped and (a, v) for underdamped dynamics.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import covariance, semidefinite
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, array, bare, domain, integer, positive
from refimpl.arguments.errors import DivergedError
from refimpl.parallel.threads import one_thread_each, operations
from refimpl.sampling.langevin import baoab_step, lmc_step
from refimpl.sampling.metrics import gaussian_kl

_precision, _covariance = covariance("p p"), covariance("q q")


class Transition(NamedTuple):
    """A linear step s⁺ = Ms + Nz: M is (q, q), N is (q, p)."""

    M: Array
    N: Array


def _check_transition(name: str, value: Any, sizes: dict[str, int]) -> Transition:
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"{name} must be a Transition (M, N), got {value!r}")
    M, N = value
    return Transition(array("q q").check(f"{name}.M", M, sizes), array("q p").check(f"{name}.N", N, sizes))


_transition = Domain("a Transition (M, N)", _check_transition)


@domain(A=_precision, eta=positive)
def lmc_transition(A: Array, eta: float) -> Transition:
    r"""The step of Langevin Monte Carlo on N(0, A⁻¹), as a linear map.

    .. math:: M = I - \eta A, \qquad N = \sqrt{2 \eta} \, I

    Parameters
    ----------
    A : (p, p) array
        Inverse of the target's covariance, symmetric positive definite.
    eta : float
        Step size η, > 0.

    Returns
    -------
    Transition

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC".

    Examples
    --------
    >>> lmc_transition([[2.0]], 0.125)
    Transition(M=array([[0.75]]), N=array([[0.5]]))
    """
    I, O = np.eye(len(A)), np.zeros_like(A)
    step, grad_f = bare(lmc_step), lambda a: a @ A
    return Transition(step(grad_f, I, eta, O).T, step(grad_f, O, eta, I).T)


@domain(A=_precision, h=positive, gamma=positive, u=positive)
def baoab_transition(A: Array, h: float, gamma: float, u: float = 1.0) -> Transition:
    r"""The step BAOAB on N(0, A⁻¹), as a linear map of (a, v).

    .. math:: M = B A_h O A_h B, \qquad
              B = \begin{pmatrix} I & 0 \\ -\tfrac{h}{2} u A & I \end{pmatrix}, \quad
              A_h = \begin{pmatrix} I & \tfrac{h}{2} I \\ 0 & I \end{pmatrix}, \quad
              O = \begin{pmatrix} I & 0 \\ 0 & e^{-\gamma h} I \end{pmatrix}

    Parameters
    ----------
    A : (p, p) array
        Inverse of the target's covariance, symmetric positive definite.
    h : float
        Time step, > 0.
    gamma : float
        Friction γ, > 0.
    u : float
        Inverse mass u, > 0.

    Returns
    -------
    Transition
        With M (2p, 2p) and N (2p, p).

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Leimkuhler & Matthews 2013.

    Examples
    --------
    >>> baoab_transition([[1.0]], 1.0, np.log(2)).M
    array([[ 0.625 ,  0.75  ],
           [-0.5625,  0.125 ]])
    """
    I, O = np.eye(len(A)), np.zeros_like(A)

    def image(a: Array, v: Array, z: Array) -> Array:
        return np.concatenate(bare(baoab_step)(lambda a: a @ A, a, v, h, gamma, u, z), axis=-1).T

    return Transition(np.hstack([image(I, O, O), image(O, I, O)]), image(O, O, I))


@domain(A=_precision, h=positive, u=positive)
def baoab_stationary_covariance(A: Array, h: float, u: float = 1.0) -> Array:
    r"""Covariance of (a, v) in which BAOAB on N(0, A⁻¹) ends, for any friction.

    .. math:: \begin{pmatrix} A^{-1} & 0 \\ 0 & u (I - h^2 u A / 4) \end{pmatrix}

    The covariance of a is that of the target: it has no error.

    Parameters
    ----------
    A, u
        As for `baoab_transition`.
    h : float
        Time step, 0 < h < 2/√(uλmax(A)).

    Returns
    -------
    (2p, 2p) array

    Raises
    ------
    ValueError
        When h ≥ 2/√(uλmax(A)): the chain is unstable and has no stationary law.

    References
    ----------
    Leimkuhler & Matthews 2013, on the harmonic oscillator.

    Examples
    --------
    >>> baoab_stationary_covariance([[2.0]], 1.0)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    limit = 2 / np.sqrt(u * np.linalg.eigvalsh(A)[-1])
    if h >= limit:
        raise ValueError(f"h must be < 2/√(uλmax(A)) = {limit:.6g} for a stationary law to exist, got {h}")
    I, O = np.eye(len(A)), np.zeros_like(A)
    return np.block([[np.linalg.inv(A), O], [O, u * (I - h**2 * u * A / 4)]])


@domain(step=_transition, num_steps=integer(0), C0=semidefinite("q q"))
def covariance_after(step: Transition, num_steps: int, C0: Array) -> Array:
    r"""Covariance of the state after k steps.

    .. math:: C_{k+1} = M C_k M^\top + N N^\top

    Parameters
    ----------
    step : Transition
        M and N.
    num_steps : int
        Number of steps k, ≥ 0.
    C0 : (q, q) array
        Covariance of the start, symmetric positive semidefinite.

    Returns
    -------
    (q, q) array

    Raises
    ------
    DivergedError
        When the covariance overflows.

    Examples
    --------
    >>> covariance_after(lmc_transition([[2.0]], 0.25), 2, [[0.0]])  # 0.5 (1 + 0.5²)
    array([[0.625]])
    """
    C, Q = C0.copy(), step.N @ step.N.T
    with one_thread_each(operations(len(C), [C])), np.errstate(over="ignore", invalid="ignore"):
        for k in range(num_steps):
            after = step.M @ C @ step.M.T + Q
            if not np.isfinite(after).all():
                raise DivergedError(C, k)
            C = after
    return C


@domain(step=_transition, C0=_covariance, target=_covariance, eps=positive, max_steps=integer(1))
def steps_to_accuracy(step: Transition, C0: Array, target: Array, eps: float, max_steps: int = 100_000) -> int:
    r"""The first number of steps after which the chain's law is within ε of the target, in Kullback-Leibler divergence.

    .. math:: \min \{ k : \mathrm{KL}(N(0, C_k) \,\|\, N(0, C)) \le \varepsilon \}

    Parameters
    ----------
    step : Transition
        M and N.
    C0, target : (q, q) array
        Covariance of the start, and of the target; both symmetric positive definite.
    eps : float
        Accuracy ε, > 0.
    max_steps : int
        Number of steps after which to give up, ≥ 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When it takes more than `max_steps`, as it must when the bias of the step exceeds ε.

    Examples
    --------
    >>> steps_to_accuracy(lmc_transition([[1.0]], 0.5), [[4.0]], [[1.0]], 0.1)
    2
    """
    C, mean, divergence = C0, np.zeros(len(C0)), bare(gaussian_kl)
    with one_thread_each(operations(len(C), [C])):
        for k in range(max_steps):
            if divergence(mean, C, mean, target) <= eps:
                return k
            C = step.M @ C @ step.M.T + step.N @ step.N.T
    raise ValueError(f"max_steps must suffice for KL <= {eps}, got {max_steps} without reaching it")
