r"""Derivatives of the score network h_x(a, t), by hand: its backward pass, its divergence, and the gradient of that."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as np

from refimpl.arguments.array_domains import alike
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, is_foreign, optional
from refimpl.backpropagation import mlp
from refimpl.backpropagation.layers import Layer, Network, network
from refimpl.diffusion.score_network import ScoreNetwork, labels, perceptron_inputs, score_from_output, score_network
from refimpl.diffusion.sde import point_times


def _check_weights(name: str, value: Any, sizes: Sizes) -> Any:
    w, points = array("...").check(name, value, sizes), sizes.get("(... p)")
    if not is_foreign(w) and points and w.shape != points[:-1]:
        raise ValueError(f"{name} must have the shape {points[:-1]}, a number for each point, got {w.shape}")
    return w


_points, _weights = array("... p"), Domain("array of shape (...), for points (..., p)", _check_weights)
_given = {"h": score_network, "a": _points, "t": point_times, "y": optional(labels)}


@domain(**_given, loss=function)
def loss_gradient(
    h: ScoreNetwork, a: Any, t: Any, y: Any, loss: Callable[[Any], tuple[Any, Any]]
) -> tuple[Any, tuple[Layer, ...]]:
    """A loss of the scores and its gradients in the parameters, by one pass forward and one backward.

    Parameters
    ----------
    h, a, t, y
        As for `network.score`.
    loss : callable
        Scores (..., p) to the loss and its gradient in them (..., p).

    Returns
    -------
    float, tuple of Layer
    """
    inputs, size, r = bare(perceptron_inputs)(h, a, t, y)

    def of_output(F: Any) -> tuple[Any, Any]:
        value, c = loss(bare(score_from_output)(a, F, size, r))
        return value, c / r

    return bare(mlp.loss_gradient)(h.F, inputs, of_output)


@domain(**_given | {"a": alike("... p")}, c=alike("... p"))
def backward(h: ScoreNetwork, a: Any, t: Any, y: Any, c: Any) -> mlp.Gradient:
    r"""Gradients of ⟨c, h_x(a, t)⟩, summed over the batch, in the parameters x and in the points.

    .. math:: \nabla_x = \nabla_x \langle c / r, F_x \rangle, \qquad
              \nabla_a = -\frac{c}{c_t^2} + \frac{1}{c_t} \nabla_{a / c_t} \langle c / r, F_x \rangle, \qquad
              c_t^2 = \text{scale}^2 + \text{std}^2

    Parameters
    ----------
    h, a, t, y
        As for `network.score`.
    c : (..., p) array
        Cotangents of the score, such as the gradient of a loss.

    Returns
    -------
    Gradient

    References
    ----------
    Slide "Joint training of the score network".
    """
    inputs, size, r = bare(perceptron_inputs)(h, a, t, y)
    g = bare(mlp.backward)(h.F, inputs, c / r)
    return mlp.Gradient(g.layers, -c / size**2 + g.input[..., : a.shape[-1]] / size)


@domain(F=network, a=array("... p"))
def trace(F: Network, a: Any) -> Any:
    r"""Trace of a network's Jacobian: the sum over its m outputs, of which each goes with the input of its number.

    .. math:: \sum_{i \le m} e_i^\top \nabla F(a) \, e_i

    Parameters
    ----------
    F : Network
        Network of m outputs and at least as many inputs.
    a : (..., p) array
        Its inputs.

    Returns
    -------
    (...,) array

    References
    ----------
    Slide "Hyvärinen's trick".

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> from refimpl.backpropagation.layers import Layer
    >>> trace(Network((Layer([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.0, 0.0]),), identity), [[0.0, 0.0, 0.0]])
    array([6.])
    """
    inputs, e, _ = _unit_tangents(F, a)
    return np.einsum("i...i->...", bare(mlp.jvp)(F, inputs, e))


@domain(F=network, a=alike("... p"), w=_weights)
def trace_backward(F: Network, a: Any, w: Any) -> mlp.Gradient:
    r"""Gradients of the sum of w tr ∇F(a) over the batch, in parameters and input: double backpropagation.

    .. math:: \nabla \sum_{i \le m} \langle w e_i, \nabla F(a) \, e_i \rangle

    Parameters
    ----------
    F, a
        As for `trace`.
    w : (...,) array
        A weight for each of the inputs.

    Returns
    -------
    Gradient

    References
    ----------
    Slide "Hyvärinen's trick".
    """
    inputs, e, m = _unit_tangents(F, a)
    g = bare(mlp.jvp_backward)(F, inputs, e, np.asarray(w)[..., None] * e[..., :m])
    return g._replace(input=g.input.sum(0))


@domain(**_given)
def divergence(h: ScoreNetwork, a: Any, t: Any, y: Any = None) -> Any:
    r"""Trace of the Jacobian of the score in the points.

    .. math:: \operatorname{tr} \nabla_a h_x = -\frac{p}{c^2} + \frac{1}{c r} \operatorname{tr} \nabla F_x,
              \qquad c^2 = \text{scale}^2 + \text{std}^2

    Parameters
    ----------
    h, a, t, y
        As for `network.score`.

    Returns
    -------
    (...,) array

    References
    ----------
    Slides "Hyvärinen's trick", "Joint training of the score network".

    Examples
    --------
    >>> from refimpl.diffusion.score_network import random_score_network
    >>> from refimpl.diffusion.sde import vp
    >>> h = random_score_network(vp(), [2, 4], np.random.default_rng(0))
    >>> float(divergence(h, [1.0, -2.0], 0.5))
    -2.0
    """
    inputs, c, r = bare(perceptron_inputs)(h, a, t, y)
    return -a.shape[-1] / _flat(c**2) + bare(trace)(h.F, inputs) / _flat(c * r)


@domain(**_given | {"a": alike("... p")}, w=_weights)
def divergence_backward(h: ScoreNetwork, a: Any, t: Any, y: Any, w: Any) -> mlp.Gradient:
    r"""Gradients of the sum of w tr ∇h_x(a, t) over the batch, in the parameters x and in the points.

    .. math:: \nabla_x \frac{w}{c r} \operatorname{tr} \nabla F_x, \qquad
              \nabla_a = \frac1c \nabla_{a / c} \frac{w}{c r} \operatorname{tr} \nabla F_x

    Parameters
    ----------
    h, a, t, y
        As for `network.score`.
    w : (...,) array
        A weight for each point.

    Returns
    -------
    Gradient

    References
    ----------
    Slides "Hyvärinen's trick", "Joint training of the score network".
    """
    inputs, c, r = bare(perceptron_inputs)(h, a, t, y)
    g = bare(trace_backward)(h.F, inputs, w / _flat(c * r))
    return mlp.Gradient(g.layers, g.input[..., : a.shape[-1]] / c)


def _unit_tangents(F: Network, a: Any) -> tuple[Any, Any, int]:
    """Inputs (m, ..., p), m times, for the i-th copy tangents e_i; and the number m of outputs."""
    m, p = len(F.layers[-1].b), a.shape[-1]
    e = np.eye(m, p).reshape(m, *(1,) * (a.ndim - 1), p)
    return np.broadcast_to(a, (m, *a.shape)), np.broadcast_to(e, (m, *a.shape)), m


def _flat(c: Any) -> Any:
    """Numbers (..., 1), one for each point, without their last axis."""
    return c[..., 0] if np.ndim(c) else c
