"""What all derivatives of a multilayer perceptron are made of: its pass forward, its pass backward, and one layer."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.backpropagation.layers import Layer, Network


class Gradient(NamedTuple):
    """Gradients in the parameters, layer by layer and summed over the batch, and in the input (..., p)."""

    layers: tuple[Layer, ...]
    input: Any


def passes(h: Network, a: Any) -> Iterator[tuple[Any, Any]]:
    """Input a_{l−1} and preactivations u_l of one layer after the other."""
    u = a
    for l, (W, b) in enumerate(h.layers):
        a = h.activation.value(u) if l else a
        u = a @ W.T + b
        yield a, u


def trace(h: Network, a: Any) -> tuple[list[Any], list[Any]]:
    """Inputs a_{l−1} and preactivations u_l of all layers."""
    inputs, u = zip(*passes(h, a), strict=True)
    return list(inputs), list(u)


def cotangents(h: Network, inputs: list[Any], u: list[Any], c: Any) -> list[Any]:
    """Cotangents δ_l of the preactivations of all layers."""
    delta = [np.broadcast_to(c, u[-1].shape)]
    for l in reversed(range(1, len(u))):
        delta.append(delta[-1] @ h.layers[l].W * slopes(h, inputs, u, l))
    return delta[::-1]


def slopes(h: Network, inputs: list[Any], u: list[Any], l: int) -> Any:
    """σ'(u_l), from a_l = σ(u_l) where the activation knows how."""
    by_value = h.activation.slope_by_value
    return by_value(inputs[l]) if by_value else h.activation.slope(u[l - 1])


def in_layer(delta: Any, a: Any) -> Layer:
    """Gradients in W and b from the cotangents and inputs of a layer."""
    delta = _rows(delta)
    return Layer(outer(delta, a), np.ones(len(delta)) @ delta)


def outer(delta: Any, a: Any) -> Any:
    """Σ δ aᵀ over the batch, as (Σ a δᵀ)ᵀ where that is quicker: BLAS wants the longer side first."""
    delta, a = _rows(delta), _rows(a)
    return (a.T @ delta).T if delta.shape[1] < a.shape[1] else delta.T @ a


def _rows(a: Any) -> Any:
    """A batch (n, m) of what stands on the last axis."""
    return a.reshape(-1, a.shape[-1])
