r"""Training against the worst perturbation of the parameters: ε-stability and sharpness-aware minimization (SAM).

.. math:: \min_x \max_{\|\eta\|_2 \le \epsilon} f(x + \eta)

SAM replaces the inner maximum by that of the linearised loss, a step of length ε. It descends along the gradient there.
All parameters together are the last axis of an array. Where they are a matrix or have more axes, `point_ndim` says how
many: without it each row would be perturbed by ε of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.array_domains import symmetric
from refimpl.arguments.arrays import Array, Field
from refimpl.arguments.domains import array, bare, domain, field, function, integer, nonnegative, positive
from refimpl.backpropagation.layers import Layer, Network, flatten, network, sizes_of, unflatten
from refimpl.backpropagation.mlp import loss_gradient
from refimpl.backpropagation.optimizers import sgd_step
from refimpl.robustness.duality import steepest_direction

_direction = bare(steepest_direction)


class Maximum(NamedTuple):
    """The largest value of a function on a ball, and a perturbation (d,) where it is taken."""

    value: float
    eta: Array


@domain(g=array("... d"), eps=nonnegative, point_ndim=integer(1))
def sam_perturbation(g: Any, eps: float, *, point_ndim: int = 1) -> Any:
    r"""The perturbation of all parameters that raises a linear loss most, by one norm over them all.

    .. math:: \eta = \epsilon \frac{g}{\|g\|_2}

    Parameters
    ----------
    g : (..., d) array
        Gradient in the parameters, of all layers in one vector; where it is 0 so is η.
    eps : float
        Radius ε ≥ 0.
    point_ndim : int
        Number of axes of the parameters, 2 for those of one matrix.

    Returns
    -------
    (..., d) array

    References
    ----------
    Slide "Robustness examples in ML" [31]; Foret et al. 2021, equation 2 with p = 2.

    Examples
    --------
    >>> sam_perturbation([3.0, -4.0], 0.5)
    array([ 0.3, -0.4])
    """
    return eps * _direction(g, "2", point_ndim=point_ndim)


@domain(grad_f=field, x=array("... d"), eps=nonnegative, point_ndim=integer(1))
def sam_gradient(grad_f: Field, x: Any, eps: float, *, point_ndim: int = 1) -> Any:
    r"""The gradient at the perturbed parameters; SAM moves the unperturbed ones along it.

    .. math:: \nabla f(x + \eta), \qquad \eta = \epsilon \frac{\nabla f(x)}{\|\nabla f(x)\|_2}

    Parameters
    ----------
    grad_f : callable
        Gradient of the loss, (..., d) to (..., d).
    x : (..., d) array
        Parameters.
    eps : float
        Radius ε ≥ 0; at 0 it is the gradient.
    point_ndim : int
        Number of axes of the parameters.

    Returns
    -------
    (..., d) array

    References
    ----------
    Slide "Robustness examples in ML" [31]; Foret et al. 2021, equation 3.

    Examples
    --------
    >>> sam_gradient(lambda x: x**2, [3.0], 0.5)
    array([12.25])
    """
    return grad_f(x + bare(sam_perturbation)(grad_f(x), eps, point_ndim=point_ndim))


@domain(grad_f=field, x=array("... d"), eps=nonnegative, alpha=positive, point_ndim=integer(1))
def sam_step(grad_f: Field, x: Any, eps: float, alpha: float, *, point_ndim: int = 1) -> Any:
    r"""One step of sharpness-aware minimization.

    .. math:: x^+ = x - \alpha \nabla f\Big(x + \epsilon \frac{\nabla f(x)}{\|\nabla f(x)\|_2}\Big)

    Parameters
    ----------
    grad_f, x, eps, point_ndim
        As in `sam_gradient`.
    alpha : float
        Step size, > 0.

    Returns
    -------
    (..., d) array

    References
    ----------
    Slide "Robustness examples in ML" [31]; Foret et al. 2021, Algorithm 1.

    Examples
    --------
    >>> sam_step(lambda x: x**2, [3.0], 0.5, 0.2)
    array([0.55])
    """
    return bare(sgd_step)(bare(sam_gradient)(grad_f, x, eps, point_ndim=point_ndim), x, alpha)


@domain(h=network, a=array("... p"), loss=function, eps=nonnegative)
def network_sam_gradient(
    h: Network, a: Any, loss: Callable[[Any], tuple[Any, Any]], eps: float
) -> tuple[Any, tuple[Layer, ...]]:
    r"""SAM's gradient in the parameters of a network, by two passes forward and two backward.

    .. math:: \nabla f(x + \eta), \qquad \eta = \epsilon \frac{\nabla f(x)}{\|\nabla f(x)\|_2}, \qquad
              \|\nabla f\|_2^2 = \sum_l \|\nabla_{W_l} f\|_F^2 + \|\nabla_{b_l} f\|_2^2

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.
    loss : callable
        Outputs (..., m) to the loss and its gradient in them (..., m).
    eps : float
        Radius ε ≥ 0.

    Returns
    -------
    float, tuple of Layer
        The loss at the perturbed parameters, and its gradient there.

    References
    ----------
    Slide "Robustness examples in ML" [31]; Foret et al. 2021, Algorithm 1.
    """
    _, gradient = bare(loss_gradient)(h, a, loss)
    moved = flatten(h.layers) + bare(sam_perturbation)(flatten(gradient), eps)
    return bare(loss_gradient)(h._replace(layers=bare(unflatten)(moved, sizes_of(h.layers))), a, loss)


@domain(H=symmetric("d d"), g=array("d"), eps=positive)
def quadratic_maximum(H: Any, g: Any, eps: float) -> Maximum:
    r"""The exact inner maximum of a quadratic loss, a trust-region problem.

    .. math:: \max_{\|\eta\|_2 \le \epsilon} g^\top \eta + \tfrac12 \eta^\top H \eta: \qquad
              (\mu I - H) \eta = g, \quad \mu \ge \max(\lambda_{\max}, 0), \quad \mu (\epsilon - \|\eta\|) = 0

    With H = QΛQᵀ the multiplier μ is the root of ‖η(μ)‖ = ε. Where that has none, η lies inside the ball (μ = 0, H
    negative definite), or has a part along the first eigenvector, of either sign (μ = λ_max, the hard case).

    Parameters
    ----------
    H : (d, d) array
        Hessian, symmetric, definite or not.
    g : (d,) array
        Gradient.
    eps : float
        Radius ε > 0.

    Returns
    -------
    Maximum

    Raises
    ------
    ValueError
        When H is not symmetric.

    References
    ----------
    Slide "Robustness examples in ML" [9]; Conn, Gould & Toint 2000, Section 7.3.

    Examples
    --------
    >>> quadratic_maximum([[3.0, 0.0], [0.0, 1.0]], [0.0, 4.0], 2.0)  # μ = 3 and η₁ = 0, the hard case
    Maximum(value=10.0, eta=array([0., 2.]))
    """
    l, Q = np.linalg.eigh(H)
    l[l[-1] - l <= 16 * np.finfo(float).eps * np.abs(l).max()] = l[-1]
    c, gaps = g @ Q, max(l[-1], 0.0) - l

    def along(s: float) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(c == 0, 0, c / (s + gaps))

    y = along(0.0)
    if np.linalg.norm(y) > eps:
        far = 2 * np.linalg.norm(c) / eps
        excess = lambda s: 1 / eps - 1 / np.linalg.norm(along(s))  # noqa: E731
        y = along(scipy.optimize.brentq(excess, 0, far, xtol=1e-300, maxiter=999))
    elif l[-1] >= 0:
        y[-1] += np.sqrt(max(eps**2 - float(y @ y), 0.0))
    return Maximum(float(c @ y + (l * y) @ y / 2), Q @ y)
