"""Training in a parameterisation (a, b, c): X_l = multiplier · W_l, one learning rate for each layer, by SGD or Adam.

Networks have L hidden ReLU layers of one width m and a linear readout, without biases; what is trained is W.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, generator, integer, positive, same_size
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network
from refimpl.backpropagation.losses import cross_entropy
from refimpl.backpropagation.losses import labels as labels_domain
from refimpl.backpropagation.mlp import loss_gradient
from refimpl.backpropagation.optimizers import AdamState, adam_start, adam_step, sgd_step
from refimpl.networks.mup import ABC, Scaling, abc_domain, at_width, optimizer_domain

BLOCK = 2**14
EPS = 1e-8
_loss_gradient, _adam_step, _sgd_step = bare(loss_gradient), bare(adam_step), bare(sgd_step)


def _check_weights(name: str, value: Any, sizes: Sizes) -> tuple[Array, ...]:
    if not isinstance(value, Sequence) or len(value) < 2:
        raise TypeError(f"{name} must be a sequence of at least two matrices, got {value!r:.40}")
    same_size(f"{name}'s layers", "k", len(value), sizes)
    weights = tuple(array("m p").check(f"{name}[{l}]", W, {}) for l, W in enumerate(value))
    for l, (W, V) in enumerate(pairwise(weights), start=1):
        if not len(weights[0]) == len(W) == V.shape[1]:
            raise ValueError(f"{name}[{l}] must have shape (..., {len(weights[0])}), got {V.shape} after {W.shape}")
    same_size(f"{name}'s inputs", "p", weights[0].shape[1], sizes)
    return weights


def _check_tuple(name: str, value: Any, sizes: Sizes) -> tuple[Any, ...]:
    if not isinstance(value, tuple) or len(value) < 2:
        raise TypeError(f"{name} must be a tuple of at least two states, got {value!r:.40}")
    same_size(f"{name}'s layers", "k", len(value), sizes)
    parts = [array("m p").check(f"{name}[{l}]", W, {}) for l, W in enumerate(bare(parameters)(value))]
    shapes = [W.shape for W in parts]
    if shapes != (wanted := sizes.setdefault("shapes", shapes)):
        raise ValueError(f"{name} must have shapes {wanted}, got {shapes}")
    pairs = zip(value, parts, strict=True)
    return tuple(one._replace(x=W) if isinstance(one, AdamState) else W for one, W in pairs)


def _check_state(name: str, value: Any, sizes: Sizes) -> tuple[Any, ...]:
    state = _check_tuple(name, value, sizes)
    _check_weights(name, bare(parameters)(state), sizes)
    return state


def _check_scaling(name: str, value: Any, sizes: Sizes) -> Scaling:
    if not isinstance(value, Scaling):
        raise TypeError(f"{name} must be a Scaling, got {type(value).__name__}")
    fields = zip(Scaling._fields, value, strict=True)
    return Scaling(*(array("k").check(f"{name}.{field}", part, sizes) for field, part in fields))


weights_domain = Domain("L + 1 matrices that chain, the hidden ones of one width", _check_weights)
_tuple = Domain("tuple of at least two matrices or states of Adam", _check_tuple)
_scaling = Domain("Scaling", _check_scaling)
_state = Domain("L + 1 matrices, or states of Adam that hold them", _check_state)


@domain(abc=abc_domain, p=integer(1), m=integer(1), num_outputs=integer(1), rng=generator, base=integer(1))
def random_weights(
    abc: ABC, p: int, m: int, num_outputs: int, rng: np.random.Generator, base: int = 1
) -> tuple[Array, ...]:
    r"""Trainable weights at the start.

    .. math:: [W_l]_{ij} \sim N(0, s_l^2), \qquad s = \text{the deviations of at\_width}

    The same generator gives every parameterisation the same normals.

    Parameters
    ----------
    abc : ABC
        Exponents, L + 1 layers.
    p, m, num_outputs : int
        Sizes of the input, of the hidden layers and of the output, ≥ 1.
    rng : numpy.random.Generator
        Source of the weights.
    base : int
        Base width, ≥ 1.

    Returns
    -------
    tuple of L + 1 arrays, (m, p), (m, m), …, (num_outputs, m)
    """
    widths = [p, *[m] * (len(abc.a) - 1), num_outputs]
    deviation = at_width(abc, m, base).deviation
    return tuple(s * rng.standard_normal((k, n)) for s, (n, k) in zip(deviation, pairwise(widths), strict=True))


@domain(abc=abc_domain, weights=weights_domain, base=integer(1))
def network_of(abc: ABC, weights: Sequence[Any], base: int = 1) -> Network:
    r"""The network of trainable weights.

    .. math:: X_l = (m / m_0)^{-a_l} W_l

    Parameters
    ----------
    abc : ABC
        Exponents.
    weights : sequence of L + 1 arrays
        Trainable weights W_l.
    base : int
        Base width, ≥ 1.

    Returns
    -------
    Network
        With ReLU and biases 0.

    Examples
    --------
    >>> from refimpl.backpropagation.mlp import forward
    >>> from refimpl.networks.mup import abc_mup
    >>> h = network_of(abc_mup(1), [np.ones((4, 1)), np.ones((1, 4))])
    >>> forward(h, [3.0])  # ½ · 4 · 2 · 3
    array([12.])
    """
    multiplier = at_width(abc, len(weights[0]), base).multiplier
    layers = (Layer(W if k == 1 else k * W, np.zeros(len(W))) for k, W in zip(multiplier, weights, strict=True))
    return Network(tuple(layers), relu)


@domain(weights=weights_domain, optimizer=optimizer_domain)
def start(weights: Sequence[Any], optimizer: str = "sgd") -> tuple[Any, ...]:
    """State before the first step: the weights themselves, or one state of Adam for each layer.

    Parameters
    ----------
    weights : sequence of arrays
        Trainable weights.
    optimizer : {"sgd", "adam"}
        What trains them.

    Returns
    -------
    tuple of arrays or of AdamState
    """
    return tuple(weights) if optimizer == "sgd" else tuple(map(adam_start, weights))


@domain(state=_tuple)
def parameters(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """The trainable weights of a state.

    Parameters
    ----------
    state : tuple of arrays or of AdamState
        Weights, or states of Adam that hold them.

    Returns
    -------
    tuple of arrays
    """
    return tuple(getattr(one, "x", one) for one in state)


@domain(abc=abc_domain, state=_state, a=array("n p"), labels=labels_domain, eta=positive, base=integer(1))
def train_step(
    abc: ABC, state: tuple[Any, ...], a: Any, labels: Any, eta: float, base: int = 1
) -> tuple[tuple[Any, ...], float]:
    r"""One step of SGD or of Adam on the mean cross-entropy of a batch.

    .. math:: \nabla_{W_l} = (m / m_0)^{-a_l} \nabla_{X_l}, \qquad
              W_l^+ = W_l - \eta (m / m_0)^{-c_l} \nabla_{W_l} \quad \text{or Adam's step at that rate}

    Parameters
    ----------
    abc : ABC
        Exponents.
    state : tuple of arrays or of AdamState
        Weights, as `start` gives them; they say which optimizer steps.
    a : (n, p) array
        Inputs.
    labels : (n,) array of int
        Their classes.
    eta : float
        Learning rate η at the base width, > 0.
    base : int
        Base width, ≥ 1.

    Returns
    -------
    tuple
        State after the step.
    float
        Loss before it.

    References
    ----------
    Slide "Implementation of μP: abc-parameterizations".
    """
    weights = bare(parameters)(state)
    h = bare(network_of)(abc, weights, base)
    loss, gradient = _loss_gradient(h, a, lambda u: bare(cross_entropy)(u, labels))
    return bare(descend)(at_width(abc, len(weights[0]), base), state, tuple(layer.W for layer in gradient), eta), loss


@domain(scaling=_scaling, state=_tuple, gradient=_tuple, eta=positive)
def descend(scaling: Scaling, state: tuple[Any, ...], gradient: tuple[Any, ...], eta: float) -> tuple[Any, ...]:
    r"""The optimizer's step in trainable weights from gradients in what they multiply to.

    .. math:: W^+ = W - \eta \, \text{rate} \cdot \text{multiplier} \, \nabla_X \quad \text{(SGD)}, \qquad
              W^+ = W - \eta \, \text{rate} \cdot \text{Adam}(\text{multiplier} \, \nabla_X) \quad \text{(Adam)}

    Adam's ε is in units of the gradients in X, so that the symmetry of (a, b, c) is exact.

    Parameters
    ----------
    scaling : Scaling
        Multipliers and factors of the rate, one for each matrix.
    state : tuple of arrays or of AdamState
        Trainable weights.
    gradient : tuple of arrays
        Gradients in multiplier · W.
    eta : float
        Learning rate, > 0.

    Returns
    -------
    tuple of arrays or of AdamState
    """
    layers = zip(scaling.multiplier, scaling.rate, state, gradient, strict=True)
    return tuple(_layer_step(k, eta * rate, one, g) for k, rate, one, g in layers)


def _layer_step(k: float, alpha: float, one: Any, g: Any) -> Any:
    """One matrix's step, by blocks of rows: their intermediate arrays fit a core's second cache."""
    rows = max(1, BLOCK // g.shape[-1])
    blocks = [slice(i, i + rows) for i in range(0, len(g), rows)]
    if not isinstance(one, AdamState):
        x = np.empty_like(g)
        for s in blocks:
            x[s] = _sgd_step(g[s], one[s], alpha * k)
        return x
    t, (x, m, v) = one.t, np.empty((3, *g.shape))
    for s in blocks:
        part = AdamState(one.x[s], one.m[s], one.v[s], one.t)
        x[s], m[s], v[s], t = _adam_step(k * g[s], part, alpha, eps=EPS * k)
    return AdamState(x, m, v, t)
