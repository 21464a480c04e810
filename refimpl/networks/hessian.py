"""Sharpness: the largest eigenvalue of the loss's Hessian in the trainable weights, by exact products with vectors."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, integer
from refimpl.backpropagation.layers import Network, network
from refimpl.backpropagation.losses import cross_entropy
from refimpl.backpropagation.losses import labels as labels_domain
from refimpl.networks.mup import ABC, abc_domain, at_width
from refimpl.networks.mup_training import network_of, weights_domain

_cross_entropy = bare(cross_entropy)


@domain(h=network, a=array("n p"), labels=labels_domain, tangents=weights_domain)
def hessian_product(h: Network, a: Any, labels: Any, tangents: Sequence[Any]) -> tuple[Array, ...]:
    r"""The Hessian of the mean cross-entropy in a network's weights, times tangents; biases stay fixed.

    .. math:: \dot u_l = \dot X_l h_{l-1} + X_l \dot h_{l-1}, \qquad \dot h_l = \sigma'(u_l) \odot \dot u_l, \qquad
              \dot\delta_L = \tfrac1n (q \odot \dot u_L - q \langle q, \dot u_L \rangle)

    .. math:: \dot\delta_{l-1} = \sigma'(u_{l-1}) \odot (\dot X_l^\top \delta_l + X_l^\top \dot\delta_l)
              + \sigma''(u_{l-1}) \odot \dot u_{l-1} \odot X_l^\top \delta_l, \qquad
              (H \dot X)_l = \dot\delta_l h_{l-1}^\top + \delta_l \dot h_{l-1}^\top

    with q the probabilities of the classes and δ the gradients in u.

    Parameters
    ----------
    h : Network
        Layers and activation.
    a : (n, p) array
        Inputs.
    labels : (n,) array of int
        Their classes.
    tangents : sequence of arrays
        Tangents of the weights, of their shapes.

    Returns
    -------
    tuple of arrays

    References
    ----------
    Pearlmutter 1994.
    """
    shapes = [np.shape(layer.W) for layer in h.layers], [np.shape(V) for V in tangents]
    if shapes[0] != shapes[1]:
        raise ValueError(f"tangents must have shapes {shapes[0]}, got {shapes[1]}")
    inputs, u, d_inputs, d_u = _forward(h, a, tangents)
    (delta, d_delta), products = _top(u[-1], d_u[-1], labels), []
    for l in reversed(range(len(u))):
        products.append(d_delta.T @ inputs[l] + delta.T @ d_inputs[l])
        if l:
            X, V, slope = h.layers[l].W, tangents[l], h.activation.slope(u[l - 1])
            curvature = h.activation.curvature(u[l - 1]) * d_u[l - 1]
            d_delta = slope * (delta @ V + d_delta @ X) + curvature * (delta @ X)
            delta = slope * (delta @ X)
    return tuple(products[::-1])


def _forward(h: Network, a: Any, tangents: Sequence[Any]) -> tuple[list[Any], ...]:
    """h₀, …, then u₁, …, and the derivatives of both along the tangents."""
    inputs, u, d_inputs, d_u = [a], [], [0 * a], []
    for (X, b), V in zip(h.layers, tangents, strict=True):
        u.append(inputs[-1] @ X.T + b)
        d_u.append(inputs[-1] @ V.T + d_inputs[-1] @ X.T)
        inputs.append(h.activation.value(u[-1]))
        d_inputs.append(h.activation.slope(u[-1]) * d_u[-1])
    return inputs, u, d_inputs, d_u


def _top(u: Any, d_u: Any, labels: Any) -> tuple[Any, Any]:
    """The loss's gradient in the outputs, and its derivative along theirs."""
    _, delta = _cross_entropy(u, labels)
    q = delta * len(u) + (np.arange(u.shape[1]) == labels[:, None])
    return delta, q * (d_u - np.sum(q * d_u, axis=-1, keepdims=True)) / len(u)


@domain(abc=abc_domain, weights=weights_domain, a=array("n p"), labels=labels_domain, base=integer(1))
def sharpness(abc: ABC, weights: Sequence[Any], a: Any, labels: Any, base: int = 1) -> float:
    r"""Largest eigenvalue of the Hessian in the trainable weights, in units of the learning rates.

    .. math:: \lambda = \lambda_{\max}\big(D^{1/2} \, \nabla_W^2 \ell \, D^{1/2}\big), \qquad
              D_l = (m / m_0)^{-c_l}

    Gradient descent at the rate η leaves a minimum where ηλ > 2. Equivalent parameterisations have the same λ.

    Parameters
    ----------
    abc : ABC
        Exponents.
    weights : sequence of L + 1 arrays
        Trainable weights.
    a : (n, p) array
        Inputs.
    labels : (n,) array of int
        Their classes.
    base : int
        Base width, ≥ 1.

    Returns
    -------
    float

    References
    ----------
    Slide "μ-transfer: transferability and empirical results"; Noci et al. 2024; Cohen et al. 2021.
    """
    scaling = at_width(abc, len(weights[0]), base)
    scale = scaling.multiplier * np.sqrt(scaling.rate)
    h, ends = network_of(abc, weights, base), np.cumsum([0, *(np.size(W) for W in weights)])

    def product(v: Array) -> Array:
        parts = [v[i:j].reshape(np.shape(W)) for (i, j), W in zip(pairwise(ends), weights, strict=True)]
        scaled = tuple(k * part for k, part in zip(scale, parts, strict=True))
        curved = bare(hessian_product)(h, a, labels, scaled)
        return np.concatenate([k * part.ravel() for k, part in zip(scale, curved, strict=True)])

    H = scipy.sparse.linalg.LinearOperator((ends[-1], ends[-1]), product, dtype=float)
    start = np.random.default_rng(0).standard_normal(ends[-1])
    if not product(start).any():
        return 0.0
    return float(scipy.sparse.linalg.eigsh(H, 1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)[0])
