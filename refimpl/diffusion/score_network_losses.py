r"""Losses of score networks and their gradients in the parameters, by derivatives written by hand.

The losses are those of `score_matching` and the joint one: means over a batch, with the gradient as one vector in the
order of `layers.flatten`. Before them stand the derivatives that they need: the backward pass of h_x(a, t), the
divergence tr ∇_a h_x(a, t), and the gradient of that.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as np

from refimpl.arguments.array_domains import alike, nonnegative_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, is_foreign, optional, positive
from refimpl.backpropagation import mlp
from refimpl.backpropagation.layers import Layer, Network, flatten, network
from refimpl.diffusion.score_network import ScoreNetwork, labels, network_domain, perceptron_inputs, score_from_output
from refimpl.diffusion.sde import point_times


def _check_weights(name: str, value: Any, sizes: Sizes) -> Any:
    w, points = array("...").check(name, value, sizes), sizes.get("(... p)")
    if not is_foreign(w) and points and w.shape != points[:-1]:
        raise ValueError(f"{name} must have the shape {points[:-1]}, a number for each point, got {w.shape}")
    return w


_points, _weights = array("... p"), Domain("array of shape (...), for points (..., p)", _check_weights)
_given = {"h": network_domain, "a": _points, "t": point_times, "y": optional(labels)}


@domain(**_given, loss=function)
def loss_gradient(
    h: ScoreNetwork, a: Any, t: Any, y: Any, loss: Callable[[Any], tuple[Any, Any]]
) -> tuple[Any, tuple[Layer, ...]]:
    """A loss of the scores and its gradients in the parameters, by one pass forward and one backward.

    Parameters
    ----------
    h, a, t, y
        As for `score_network.score`.
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
        As for `score_network.score`.
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
    r"""Trace of a network's Jacobian: the slope of output i along input i, summed over its m outputs.

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
        As for `score_network.score`.

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
        As for `score_network.score`.
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


_batch = array("n p")


class Loss(NamedTuple):
    """A loss, and its gradient (d,) in the parameters."""

    value: float
    gradient: Array


def _check_field(name: str, value: Any, sizes: Sizes) -> Network:
    h = network.check(name, value, sizes)
    if sizes["m"] != sizes["p"]:
        raise ValueError(f"{name} must have as many outputs as inputs, {sizes['p']}, got {sizes['m']}")
    return h


def _check_times(name: str, value: Any, sizes: Sizes) -> Any:
    t = point_times.check(name, value, sizes)
    return array("n 1").check(name, t, sizes) if np.ndim(t) else t


_times = Domain("a time, or times (n, 1), >= 0 and <= 1", _check_times)
_field = Domain("Network of as many outputs as inputs", _check_field)


@domain(h=_field, a=_batch)
def implicit_gradient(h: Network, a: Array) -> Loss:
    r"""Hyvärinen's loss of a network, and its gradient, which differentiates the trace.

    .. math:: \frac1n \sum_i \tfrac12 \|h_x(a_i)\|^2 + \operatorname{tr} \nabla h_x(a_i)

    Parameters
    ----------
    h : Network
        Model of the score.
    a : (n, p) array
        Samples of the data.

    Returns
    -------
    Loss

    References
    ----------
    Slide "Hyvärinen's trick"; Hyvärinen 2005.

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> from refimpl.backpropagation.layers import Layer
    >>> implicit_gradient(Network((Layer([[-1.0]], [0.0]),), identity), [[1.0], [3.0]])  # 5/2 − 1; 1 − 5, −2
    Loss(value=1.5, gradient=array([-4., -2.]))
    """
    values, back = bare(mlp.pullback)(h, a)
    of_trace = bare(trace_backward)(h, a, np.full(len(a), 1 / len(a)))
    value = float(((values**2).sum(-1) / 2 + bare(trace)(h, a)).mean())
    return Loss(value, flatten(back(values / len(a)).layers) + flatten(of_trace.layers))


@domain(h=_field, a=_batch, v=_batch)
def sliced_gradient(h: Network, a: Array, v: Array) -> Loss:
    r"""The sliced loss of a network and its gradient.

    .. math:: \frac1n \sum_i v_i^\top \nabla h_x(a_i) \, v_i + \tfrac12 (v_i^\top h_x(a_i))^2

    Parameters
    ----------
    h, a
        As for `implicit_gradient`.
    v : (n, p) array
        Directions, with :math:`E[v v^\top] = I`.

    Returns
    -------
    Loss

    References
    ----------
    Slide "Hyvärinen's trick", remarks; Song, Garg, Shi & Ermon 2019, (7).

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> from refimpl.backpropagation.layers import Layer
    >>> sliced_gradient(Network((Layer([[-1.0]], [0.0]),), identity), [[1.0], [3.0]], [[1.0], [-1.0]])
    Loss(value=1.5, gradient=array([-4., -2.]))
    """
    values, back = bare(mlp.pullback)(h, a)
    along = (v * values).sum(-1, keepdims=True)
    curvature = (v * bare(mlp.jvp)(h, a, v)).sum(-1, keepdims=True)
    of_curvature = bare(mlp.jvp_backward)(h, a, v, v / len(a))
    value = float((curvature + along**2 / 2).mean())
    return Loss(value, flatten(back(along * v / len(a)).layers) + flatten(of_curvature.layers))


@domain(h=_field, a=_batch, z=_batch, sigma=positive)
def denoising_gradient(h: Network, a: Array, z: Array, sigma: float) -> Loss:
    r"""The denoising loss of a network and its gradient.

    .. math:: \frac1n \sum_i \tfrac12 \big\| h_x(a_i + \sigma z_i) + z_i / \sigma \big\|^2

    Parameters
    ----------
    h : Network
        Model of the score of the noisy data.
    a, z : (n, p) array
        Samples of the data, and noise from N(0, I).
    sigma : float
        Standard deviation of the noise added, > 0.

    Returns
    -------
    Loss

    References
    ----------
    Slide "Hyvärinen's trick", remarks; Vincent 2011, (11).

    Examples
    --------
    >>> from refimpl.backpropagation.activations import identity
    >>> from refimpl.backpropagation.layers import Layer
    >>> denoising_gradient(Network((Layer([[-1.0]], [0.0]),), identity), [[0.0]], [[1.0]], 0.5)  # ½·1.5²; 0.5·1.5
    Loss(value=1.125, gradient=array([0.75, 1.5 ]))
    """

    def loss(values: Array) -> tuple[float, Array]:
        error = values + z / sigma
        return float((error**2).sum() / (2 * len(a))), error / len(a)

    value, gradient = bare(mlp.loss_gradient)(h, a + sigma * z, loss)
    return Loss(value, flatten(gradient))


@domain(h=network_domain, a=_batch, t=_times, z=_batch, y=optional(labels), weight=optional(nonnegative_array("n 1")))
def joint_gradient(
    h: ScoreNetwork, a: Array, t: Array, z: Array, y: Array | None = None, weight: Array | None = None
) -> Loss:
    r"""The weighted denoising loss of a score network over many times, and its gradient.

    .. math:: \frac1n \sum_i \lambda_i \big\| h_x(\text{scale}_i \, a_i + \text{std}_i z_i, t_i)
              + z_i / \text{std}_i \big\|^2

    With λ = std² (the default) this is ‖std h + z‖², whose targets −z have variance 1.

    Parameters
    ----------
    h : ScoreNetwork
        Model of the scores at all times.
    a, z : (n, p) array
        Samples of the data at time 0, and noise from N(0, I).
    t : float or (n, 1) array
        Times, > 0 and ≤ 1, for the slide's loss uniform.
    y : (n,) array of integers, optional
        Labels; −1 for none.
    weight : (n, 1) array, optional
        λ(t) ≥ 0, by default std².

    Returns
    -------
    Loss

    References
    ----------
    Slide "Joint training of the score network"; Song et al. 2021, (7).

    Examples
    --------
    The score of noised N(0, I), of a sample at 0, at a time when std² = ½: std h + z = −z/2 + z.

    >>> from refimpl.diffusion.score_network import random_score_network
    >>> from refimpl.diffusion.sde import vp
    >>> h = random_score_network(vp(1.0, 1.0), [2, 3], np.random.default_rng(0))
    >>> round(joint_gradient(h, [[0.0, 0.0]], [[np.log(2)]], [[2.0, 2.0]]).value, 12)
    2.0
    """
    scale, std = h.sde.kernel(t)
    weight = std**2 if weight is None else weight

    def loss(values: Array) -> tuple[float, Array]:
        error = values + z / std
        return float((weight * error**2).sum() / len(a)), 2 / len(a) * weight * error

    value, gradient = bare(loss_gradient)(h, scale * a + std * z, t, y, loss)
    return Loss(value, flatten(gradient))


def _unit_tangents(F: Network, a: Any) -> tuple[Any, Any, int]:
    """Inputs (m, ..., p), m times, for the i-th copy tangents e_i; and the number m of outputs."""
    m, p = len(F.layers[-1].b), a.shape[-1]
    e = np.eye(m, p).reshape(m, *(1,) * (a.ndim - 1), p)
    return np.broadcast_to(a, (m, *a.shape)), np.broadcast_to(e, (m, *a.shape)), m


def _flat(c: Any) -> Any:
    """Numbers (..., 1), one for each point, without their last axis."""
    return c[..., 0] if np.ndim(c) else c
