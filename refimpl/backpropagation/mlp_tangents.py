"""Forward mode through a multilayer perceptron: the Jacobian times tangents, and the backward pass of that product."""

from typing import Any

import autograd.numpy as np

from refimpl.arguments.domains import array, domain
from refimpl.backpropagation.layers import Layer, Network, network
from refimpl.backpropagation.mlp_passes import Gradient, in_layer, outer, slopes, trace

_inputs, _outputs = array("... p"), array("... m")


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
        W, b = in_layer(delta, inputs[l])
        layers.append(Layer(outer(d_delta, d_inputs[l]) + W, b))
        d_c, c = d_delta @ h.layers[l].W, delta @ h.layers[l].W
        if l:
            slope, curvature = slopes(h, inputs, u, l), h.activation.curvature(u[l - 1])
            d_delta, delta = slope * d_c, slope * c + curvature * d_u[l - 1] * d_c
    return Gradient(tuple(layers[::-1]), c)


def _tangents(h: Network, inputs: list[Any], u: list[Any], v: Any) -> tuple[list[Any], list[Any]]:
    """Tangents of the inputs and of the preactivations of all layers."""
    d_inputs: list[Any] = []
    d_u: list[Any] = []
    for l, (W, _) in enumerate(h.layers):
        d_inputs.append(slopes(h, inputs, u, l) * d_u[-1] if l else np.broadcast_to(v, inputs[0].shape))
        d_u.append(d_inputs[-1] @ W.T)
    return d_inputs, d_u
