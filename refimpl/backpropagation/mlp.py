"""Multilayer perceptrons by hand: forward, backward, products with the Jacobian, and the backward pass of those.

A network h(a) has layers u_l = W_l a_{l−1} + b_l and a_l = σ(u_l), with a₀ = a and h(a) = u_L. Batches stand on
leading axes; gradients in parameters sum over them. `backward` trains on values of h. Gradient penalties and implicit
score matching train on derivatives of h, and need `jvp_backward`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.domains import array, bare, domain, function
from refimpl.backpropagation.layers import Layer, Network, network

_inputs, _outputs = array("... p"), array("... m")


class Gradient(NamedTuple):
    """Gradients in the parameters, layer by layer and summed over the batch, and in the input (..., p)."""

    layers: tuple[Layer, ...]
    input: Any


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
    (W, b), *rest = h.layers
    u = a @ W.T + b
    for W, b in rest:
        u = h.activation.value(u) @ W.T + b
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
    r"""Output of a network, and `backward` as a function of the cotangents c alone: the pass forward is run once.

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
        return Gradient(tuple(map(_in_layer, delta, inputs)), delta[0] @ h.layers[0].W)

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
    return value, tuple(map(_in_layer, cotangents(h, inputs, u, c), inputs))


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


@domain(h=network, a=_inputs, v=_inputs)
def jvp(h: Network, a: Any, v: Any) -> Any:
    r"""The Jacobian in the input times tangents: ∇h(a) v.

    .. math:: \dot u_l = W_l \dot a_{l-1}, \qquad \dot a_l = \sigma'(u_l) \odot \dot u_l, \qquad \dot a_0 = v

    Parameters
    ----------
    h : Network
        Layers and activation.
    a, v : (..., p) array
        Inputs, and their tangents.

    Returns
    -------
    (..., m) array

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> jvp(Network((Layer([[3.0, 4.0]], [1.0]),), identity), [0.0, 0.0], [1.0, -1.0])
    array([-1.])
    """
    inputs, u = trace(h, a)
    return _tangents(h, inputs, u, v)[1][-1]


@domain(h=network, a=_inputs, v=_inputs, c=_outputs)
def jvp_backward(h: Network, a: Any, v: Any, c: Any) -> Gradient:
    r"""Gradients of ⟨c, ∇h(a) v⟩, summed over the batch, in parameters and input: double backpropagation.

    .. math:: \dot\delta_L = c, \qquad \dot\delta_{l-1} = \sigma'(u_{l-1}) \odot W_l^\top \dot\delta_l

    .. math:: \delta_L = 0, \qquad \delta_{l-1} = \sigma'(u_{l-1}) \odot W_l^\top \delta_l
              + \sigma''(u_{l-1}) \odot \dot u_{l-1} \odot W_l^\top \dot\delta_l

    .. math:: \nabla_{W_l} = \dot\delta_l \dot a_{l-1}^\top + \delta_l a_{l-1}^\top, \qquad
              \nabla_{b_l} = \delta_l, \qquad \nabla_a = W_1^\top \delta_1

    The gradient of a function φ of g = cᵀ∇h(a) is this one at v = ∇φ(g).

    Parameters
    ----------
    h : Network
        Layers and activation.
    a, v : (..., p) array
        Inputs, and their tangents.
    c : (..., m) array
        Cotangents of the outputs.

    Returns
    -------
    Gradient

    References
    ----------
    Drucker & LeCun 1992 (double backpropagation); Pearlmutter 1994 (products with second derivatives).

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> jvp_backward(Network((Layer([[3.0, 4.0]], [1.0]),), identity), [0.0, 0.0], [1.0, -1.0], [2.0]).layers
    (Layer(W=array([[ 2., -2.]]), b=array([0.])),)
    """
    inputs, u = trace(h, a)
    d_inputs, d_u = _tangents(h, inputs, u, v)
    d_delta = np.broadcast_to(c, u[-1].shape)
    delta, layers = 0 * d_delta, []
    for l in reversed(range(len(u))):
        W, b = _in_layer(delta, inputs[l])
        layers.append(Layer(_outer(d_delta, d_inputs[l]) + W, b))
        d_c, c = d_delta @ h.layers[l].W, delta @ h.layers[l].W
        if l:
            slope, curvature = _slopes(h, inputs, u, l), h.activation.curvature(u[l - 1])
            d_delta, delta = slope * d_c, slope * c + curvature * d_u[l - 1] * d_c
    return Gradient(tuple(layers[::-1]), c)


def _tangents(h: Network, inputs: list[Any], u: list[Any], v: Any) -> tuple[list[Any], list[Any]]:
    """Tangents of the inputs and of the preactivations of all layers."""
    d_inputs: list[Any] = []
    d_u: list[Any] = []
    for l, (W, _) in enumerate(h.layers):
        d_inputs.append(_slopes(h, inputs, u, l) * d_u[-1] if l else np.broadcast_to(v, inputs[0].shape))
        d_u.append(d_inputs[-1] @ W.T)
    return d_inputs, d_u


def trace(h: Network, a: Any) -> tuple[list[Any], list[Any]]:
    """Inputs a_{l−1} and preactivations u_l of all layers."""
    (W, b), *rest = h.layers
    inputs, u = [a], [a @ W.T + b]
    for W, b in rest:
        inputs.append(h.activation.value(u[-1]))
        u.append(inputs[-1] @ W.T + b)
    return inputs, u


def cotangents(h: Network, inputs: list[Any], u: list[Any], c: Any) -> list[Any]:
    """Cotangents δ_l of the preactivations of all layers."""
    delta = [np.broadcast_to(c, u[-1].shape)]
    for l in reversed(range(1, len(u))):
        delta.append(delta[-1] @ h.layers[l].W * _slopes(h, inputs, u, l))
    return delta[::-1]


def _slopes(h: Network, inputs: list[Any], u: list[Any], l: int) -> Any:
    """σ'(u_l), from a_l = σ(u_l) where the activation knows how."""
    by_value = h.activation.slope_by_value
    return by_value(inputs[l]) if by_value else h.activation.slope(u[l - 1])


def _in_layer(delta: Any, a: Any) -> Layer:
    """Gradients in W and b from the cotangents and inputs of a layer."""
    delta = _rows(delta)
    return Layer(_outer(delta, a), np.ones(len(delta)) @ delta)


def _outer(delta: Any, a: Any) -> Any:
    """Σ δ aᵀ over the batch, as (Σ a δᵀ)ᵀ where that is quicker: BLAS wants the longer side first."""
    delta, a = _rows(delta), _rows(a)
    return (a.T @ delta).T if delta.shape[1] < a.shape[1] else delta.T @ a


def _rows(a: Any) -> Any:
    """A batch (n, m) of what stands on the last axis."""
    return a.reshape(-1, a.shape[-1])
