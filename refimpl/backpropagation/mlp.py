"""Multilayer perceptrons by hand: forward, backward, products with the Jacobian, and the backward pass of those.

A network h(a) has layers u_l = W_l a_{l−1} + b_l and a_l = σ(u_l), with a₀ = a and h(a) = u_L. Batches stand on
leading axes; gradients in parameters sum over them. `backward` trains on values of h; gradient penalties and implicit
score matching train on derivatives of h, and need `jvp_backward`.
"""

from collections.abc import Callable
from typing import Any

from refimpl.arguments.domains import array, bare, domain, function
from refimpl.backpropagation.layers import Layer, Network, network
from refimpl.backpropagation.mlp_passes import Gradient, cotangents, in_layer, passes, trace
from refimpl.backpropagation.mlp_tangents import jvp, jvp_backward

__all__ = ["Gradient", "backward", "forward", "jvp", "jvp_backward", "loss_gradient", "pullback", "vjp"]

_inputs, _outputs = array("... p"), array("... m")


@domain(h=network, a=_inputs)
def forward(h: Network, a: Any) -> Any:
    r"""Output of a network.

    .. math:: u_l = W_l a_{l-1} + b_l, \qquad a_l = \sigma(u_l), \qquad h(a) = u_L

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.

    Returns
    -------
    (..., m) array

    Examples
    --------
    >>> from refimpl.backpropagation.activations import relu
    >>> h = Network((Layer([[1.0], [-1.0]], [0.0, 0.0]), Layer([[1.0, 1.0]], [0.5])), relu)
    >>> forward(h, [[2.0], [-3.0]])  # |a| + 1/2
    array([[2.5],
           [3.5]])
    """
    for _, u in passes(h, a):  # noqa: B007
        pass
    return u


@domain(h=network, a=_inputs, c=_outputs)
def backward(h: Network, a: Any, c: Any) -> Gradient:
    r"""Gradients of ⟨c, h(a)⟩, summed over the batch, in parameters and input.

    .. math:: \delta_L = c, \quad \delta_{l-1} = \sigma'(u_{l-1}) \odot W_l^\top \delta_l, \qquad
              \nabla_{W_l} = \delta_l a_{l-1}^\top, \quad \nabla_{b_l} = \delta_l, \quad \nabla_a = W_1^\top \delta_1

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.
    c : (..., m) array
        Cotangents of the outputs, such as the gradient of a loss.

    Returns
    -------
    Gradient

    Examples
    --------
    >>> from refimpl.backpropagation.activations import relu
    >>> h = Network((Layer([[1.0], [-1.0]], [0.0, 0.0]), Layer([[1.0, 1.0]], [0.5])), relu)
    >>> backward(h, [[2.0], [-3.0]], [[1.0], [1.0]]).input
    array([[ 1.],
           [-1.]])
    """
    return bare(pullback)(h, a)[1](c)


@domain(h=network, a=_inputs)
def pullback(h: Network, a: Any) -> tuple[Any, Callable[[Any], Gradient]]:
    r"""Output of a network and, as a function of the cotangents c, what `backward` gives: forward is run once.

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.

    Returns
    -------
    (..., m) array, and callable

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> value, back = pullback(Network((Layer([[3.0, 4.0]], [1.0]),), identity), [1.0, 1.0])
    >>> value, back([2.0]).input
    (array([8.]), array([6., 8.]))
    """
    inputs, u = trace(h, a)

    def back(c: Any) -> Gradient:
        delta = cotangents(h, inputs, u, c)
        return Gradient(tuple(map(in_layer, delta, inputs)), delta[0] @ h.layers[0].W)

    return u[-1], back


@domain(h=network, a=_inputs, loss=function)
def loss_gradient(h: Network, a: Any, loss: Callable[[Any], tuple[Any, Any]]) -> tuple[Any, tuple[Layer, ...]]:
    """A loss of the outputs and its gradients in the parameters, by one pass forward and one backward.

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.
    loss : callable
        Outputs (..., m) to the loss and its gradient in them (..., m).

    Returns
    -------
    float, tuple of Layer
    """
    inputs, u = trace(h, a)
    value, c = loss(u[-1])
    return value, tuple(map(in_layer, cotangents(h, inputs, u, c), inputs))


@domain(h=network, a=_inputs, c=_outputs)
def vjp(h: Network, a: Any, c: Any) -> Any:
    r"""Cotangents times the Jacobian in the input: cᵀ∇h(a), the last part of `backward` alone.

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (..., p) array
        Inputs.
    c : (..., m) array
        Cotangents of the outputs.

    Returns
    -------
    (..., p) array

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> vjp(Network((Layer([[3.0, 4.0]], [1.0]),), identity), [0.0, 0.0], [2.0])
    array([6., 8.])
    """
    return cotangents(h, *trace(h, a), c)[0] @ h.layers[0].W
