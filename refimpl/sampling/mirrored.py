r"""Mirrored Langevin Monte Carlo on the simplex: Langevin steps in the dual space of the entropic mirror map.

A point of the open simplex is given by its first p coordinates x; the last atom is x_{p+1} = 1 − Σxᵢ. The mirror map is
the gradient of the negative entropy, y = ∇h(x) = log(xᵢ/x_{p+1}). Its inverse is ∇h*. A law e^{−V} on the simplex
becomes a law e^{−W} on all of Rᵖ, where nothing has to be projected.
"""

from typing import Any

import autograd.numpy as np
import numpy

from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import Domain, array, bare, domain, field, generator, integer, numpy_array, positive
from refimpl.loops.chains import last_state
from refimpl.sampling.langevin import lmc_step

_points = array("... p")


def _interior(entries: Domain) -> Domain:
    def check(name: str, value: Any, sizes: dict[str, int]) -> Any:
        x = entries.check(name, value, sizes)
        if isinstance(x, numpy.ndarray) and not ((x > 0).all() and (x.sum(-1) < 1).all()):
            raise ValueError(f"{name} must be inside the simplex: entries > 0 of sum < 1, got {x.tolist()}")
        return x

    return Domain(f"{entries.text}, entries > 0 of sum < 1", check)


def _check_atoms(name: str, value: Any, sizes: dict[str, int]) -> Any:
    alpha = array("m").check(name, value, sizes)
    if len(alpha) < 2 or not (alpha > 0).all():
        raise ValueError(f"{name} must be two or more numbers > 0, got {alpha.tolist()}")
    return alpha


_atoms = Domain("(p + 1,) array of numbers > 0", _check_atoms)


@domain(y=_points)
def entropic_conjugate(y: Array) -> Array:
    r"""Conjugate of the negative entropy of p + 1 atoms.

    .. math:: h^*(y) = \log \Big(1 + \sum_i e^{y_i}\Big)

    Parameters
    ----------
    y : (..., p) array
        Dual points.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Hsieh, Kavis, Rolland & Cevher 2018, §3.3.

    Examples
    --------
    >>> float(entropic_conjugate([0.0, 0.0]).round(6))  # log 3
    1.098612
    """
    top = np.maximum(np.max(y, axis=-1), 0)
    return top + np.log(np.exp(-top) + np.exp(y - top[..., None]).sum(-1))


@domain(x=_interior(array("... p")))
def to_dual(x: Array) -> Array:
    r"""The mirror map.

    .. math:: \nabla h(x)_i = \log (x_i / x_{p+1})

    Parameters
    ----------
    x : (..., p) array
        Points inside the simplex.

    Returns
    -------
    (..., p) array

    Examples
    --------
    >>> to_dual([0.25, 0.25]).round(6)
    array([-0.693147, -0.693147])
    """
    return np.log(x) - np.log1p(-x.sum(-1, keepdims=True))


@domain(y=_points)
def to_simplex(y: Array) -> Array:
    r"""The inverse mirror map.

    .. math:: \nabla h^*(y)_i = e^{y_i - h^*(y)}

    Parameters
    ----------
    y : (..., p) array
        Dual points.

    Returns
    -------
    (..., p) array

    Examples
    --------
    >>> to_simplex([0.0, 0.0])
    array([0.33333333, 0.33333333])
    """
    return np.exp(y - bare(entropic_conjugate)(y)[..., None])


@domain(grad_V=field)
def dual_gradient(grad_V: Field) -> Field:
    r"""Gradient of the dual potential of a target e^{−V} on the simplex.

    .. math:: W(y) = V(x) - \log \det \nabla^2 h^*(y) = V(x) - \sum_{i \le p+1} \log x_i, \qquad x = \nabla h^*(y)

    .. math:: \nabla W(y)_i = x_i \Big(\partial_i V(x) - \sum_j x_j \partial_j V(x)\Big) + (p + 1) x_i - 1

    Parameters
    ----------
    grad_V : callable
        ∇V in the first p coordinates, from (..., p) to (..., p).

    Returns
    -------
    callable
        ∇W, from dual points (..., p) to (..., p).

    References
    ----------
    Hsieh, Kavis, Rolland & Cevher 2018, equation (3.1).

    Examples
    --------
    >>> dual_gradient(lambda x: 0 * x)([0.0])  # the uniform law on [0, 1]: 2x − 1 at x = 1/2
    array([0.])
    """

    @domain(y=_points)
    def grad_W(y: Array) -> Array:
        x = bare(to_simplex)(y)
        pull = x * grad_V(x)
        return pull - x * pull.sum(-1, keepdims=True) + (x.shape[-1] + 1) * x - 1

    return grad_W


@domain(alpha=_atoms)
def dirichlet_dual_gradient(alpha: Array) -> Field:
    r"""Gradient of the dual potential W of the Dirichlet law.

    .. math:: W(y) = \Big(\sum_j \alpha_j\Big) h^*(y) - \sum_{i \le p} \alpha_i y_i, \qquad
              \nabla W(y)_i = \Big(\sum_j \alpha_j\Big) \nabla h^*(y)_i - \alpha_i

    W is always convex. V is not, where an α_i is below 1.

    Parameters
    ----------
    alpha : (p + 1,) array
        Parameters, > 0.

    Returns
    -------
    callable
        ∇W, from dual points (..., p) to (..., p).

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Hsieh, Kavis, Rolland & Cevher 2018, §3.3.

    Examples
    --------
    >>> dirichlet_dual_gradient([1.0, 2.0, 3.0])([0.0, 0.0])
    array([1., 0.])
    """

    alpha = alpha.copy()

    @domain(y=array(f"... {len(alpha) - 1}"))
    def grad_W(y: Array) -> Array:
        return alpha.sum() * bare(to_simplex)(y) - alpha[:-1]

    return grad_W


@domain(grad_W=field, x0=_interior(numpy_array("n p")), eta=positive, num_steps=integer(0), rng=generator)
def mirrored_lmc(grad_W: Field, x0: Array, eta: float, num_steps: int, rng: numpy.random.Generator) -> Array:
    r"""Last states of n independent chains of mirrored Langevin Monte Carlo on the simplex.

    .. math:: y^{k+1} = y^k - \eta \nabla W(y^k) + \sqrt{2 \eta} \, z^{k+1}, \qquad x^k = \nabla h^*(y^k)

    The chain of y is Langevin Monte Carlo, biased at order η. Yet on a Dirichlet law the mean E x = α/Σα_j is exact for
    every η, because E∇W = 0 once the mean of y has settled.

    Parameters
    ----------
    grad_W : callable
        ∇W from `dual_gradient` for any target, or from `dirichlet_dual_gradient`.
    x0 : (n, p) array
        Where the chains start, inside the simplex.
    eta : float
        Step size η, > 0.
    num_steps : int
        Number of steps, ≥ 0.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    (n, p) array
        The first p coordinates; a coordinate may underflow to 0.

    Raises
    ------
    DivergedError
        When a state is not finite; it carries the last finite y.

    References
    ----------
    Slide "Iterative refinement like in optimization: MCMC", variants; Hsieh, Kavis, Rolland & Cevher 2018, Algorithm 1.

    Examples
    --------
    >>> x0 = np.full((2000, 2), 1 / 3)
    >>> x = mirrored_lmc(dirichlet_dual_gradient([6.0, 3.0, 1.0]), x0, 0.1, 100, np.random.default_rng(0))
    >>> x.mean(0).round(1)
    array([0.6, 0.3])
    """

    def step(y: Array, z: Array) -> Array:
        return bare(lmc_step)(grad_W, y, eta, z)

    return bare(to_simplex)(last_state(step, bare(to_dual)(x0), num_steps, rng))
