"""Targets π ∝ e^{−f}: potentials f with their gradients, and with log ∫ e^{−f} where it is known.

Gradients in closed form are made with `compiling.bind`, so that chains run compiled. Targets keep copies of what they
are given. Posteriors are in `posterior`, targets on bounded sets in `constrained`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np
import scipy

from refimpl.arguments.array_domains import covariance, probabilities
from refimpl.arguments.arrays import Array, Field, linear
from refimpl.arguments.domains import array, domain, integer, positive
from refimpl.arguments.records import record
from refimpl.calculus import mixtures
from refimpl.loops.compiling import bind, planar


class Target(NamedTuple):
    """A name, a potential f from points (..., p) to (...,), its gradient, and log ∫ e^{−f} (None: not known)."""

    name: str
    f: Callable[[Any], Any]
    grad_f: Field
    log_normalizer: float | None = None


@domain(target=record(Target))
def score(target: Target) -> Field:
    r"""The score of a target.

    .. math:: \nabla \log \pi = -\nabla f

    Parameters
    ----------
    target : Target
        Any.

    Returns
    -------
    callable
        From points (..., p) to (..., p).

    References
    ----------
    Slide "The sampling problem", definition.

    Examples
    --------
    >>> score(gaussian([1.0], [[0.5]]))([2.0])
    array([-2.])
    """
    return lambda a: -target.grad_f(a)


@domain(target=record(Target))
def log_density(target: Target) -> Field:
    r"""Logarithm of the normalised density of a target.

    .. math:: \log \pi(a) = -f(a) - \log \int e^{-f}

    Parameters
    ----------
    target : Target
        One whose normaliser is known.

    Returns
    -------
    callable
        From points (..., p) to (...,).

    Raises
    ------
    ValueError
        When the target does not know its normaliser.

    References
    ----------
    Slide "The sampling problem".

    Examples
    --------
    >>> float(log_density(gaussian([1.0], [[0.5]]))([1.0]).round(6))  # log(1/√π)
    -0.572365
    """
    if target.log_normalizer is None:
        raise ValueError(f"target must know log ∫ e^(−f) for its density, and {target.name} does not")
    return lambda a: -target.f(a) - target.log_normalizer


@domain(mean=array("p"), covariance=covariance("p p"))
def gaussian(mean: Array, covariance: Array) -> Target:
    r"""Gaussian N(m, C), with A = C⁻¹.

    .. math:: f(a) = \tfrac12 (a - m)^\top A (a - m), \qquad \nabla f(a) = A (a - m)

    Parameters
    ----------
    mean : (p,) array
        m.
    covariance : (p, p) array
        C, symmetric positive definite.

    Returns
    -------
    Target

    References
    ----------
    Slide "The sampling problem".

    Examples
    --------
    >>> gaussian([1.0, 0.0], [[0.5, 0.0], [0.0, 1.0]]).grad_f([2.0, 3.0])
    array([2., 3.])
    """
    A = np.linalg.inv(covariance)
    A, mean, p = (A + A.T) / 2, mean.copy(), len(mean)

    def f(a: Any) -> Any:
        return ((a - mean) * linear(A, a - mean)).sum(-1) / 2

    log_normalizer = (p * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1]) / 2
    return _make("Gaussian", p, f, bind(_gaussian_gradient, mean, A), log_normalizer)


@planar
def _gaussian_gradient(a: Any, mean: Any, A: Any) -> Any:
    return linear(A, a - mean)


@domain(weights=probabilities("k"), means=array("k p"), covariances=covariance("k p p"))
def gaussian_mixture(weights: Array, means: Array, covariances: Array) -> Target:
    r"""Mixture of Gaussians Σ_k w_k N(μ_k, Σ_k), by the formulas of `refimpl.calculus.mixtures`.

    .. math:: f = -\log \pi, \qquad \nabla f = -\nabla \log \pi

    Parameters
    ----------
    weights : (k,) array
        Weights of the components, ≥ 0, of sum 1.
    means : (k, p) array
        Their means.
    covariances : (k, p, p) array
        Their covariances, symmetric positive definite.

    Returns
    -------
    Target
        With log ∫ e^{−f} = 0.

    References
    ----------
    Slide "The sampling problem".

    Examples
    --------
    >>> gaussian_mixture([0.5, 0.5], [[-3.0, 0.0], [3.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]] * 2).f([0.0, 0.0]).round(6)
    np.float64(6.337877)
    """
    weights, means, covariances = weights.copy(), means.copy(), covariances.copy()

    def f(a: Any) -> Any:
        return -mixtures.mixture_log_density(a, weights, means, covariances)

    def grad_f(a: Any) -> Any:
        return -mixtures.mixture_gradient(a, weights, means, covariances)

    return _make("Gaussian mixture", means.shape[1], f, grad_f, 0.0)


@domain(p=integer(1), barrier=positive)
def double_well(p: int = 1, barrier: float = 1.0) -> Target:
    r"""Independent double wells: minima at ±1 in each coordinate, a barrier of height h between them.

    .. math:: f(a) = h \sum_i (a_i^2 - 1)^2, \qquad
              \int e^{-h (a^2 - 1)^2} da = \tfrac{\pi}{2} e^{-h/2} \big[I_{1/4}(h/2) + I_{-1/4}(h/2)\big]

    Parameters
    ----------
    p : int
        Number of coordinates, ≥ 1.
    barrier : float
        Height h, > 0.

    Returns
    -------
    Target

    References
    ----------
    Slide "The sampling problem".

    Examples
    --------
    >>> double_well().grad_f([0.5])
    array([-1.5])
    """

    def f(a: Any) -> Any:
        return barrier * ((a**2 - 1) ** 2).sum(-1)

    one = np.pi / 2 * (scipy.special.ive(0.25, barrier / 2) + scipy.special.ive(-0.25, barrier / 2))
    return _make("double well", p, f, bind(_double_well_gradient, barrier), p * np.log(one))


@planar
def _double_well_gradient(a: Any, barrier: Any) -> Any:
    return 4 * barrier * a * (a * a - 1)


def _make(name: str, p: int, f: Callable, grad_f: Callable, log_normalizer: float | None = None) -> Target:
    """A target whose functions check that points have p coordinates."""
    points = array(f"... {p}")
    log_normalizer = None if log_normalizer is None else float(log_normalizer)
    return Target(name, domain(a=points)(f), domain(a=points)(grad_f), log_normalizer)
