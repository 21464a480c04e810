r"""What score networks are trained by: losses of `score_matching` and the joint one, with gradients in the parameters.

Each is a mean over the batch, and its gradient is one vector in the order of `layers.flatten`.
"""

from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.array_domains import nonnegative_array
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, optional, positive
from refimpl.backpropagation import mlp
from refimpl.backpropagation.layers import Network, flatten, network
from refimpl.diffusion import score_network_gradients
from refimpl.diffusion.score_network import ScoreNetwork, labels, score_network
from refimpl.diffusion.sde import point_times

_points = array("n p")


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


@domain(h=_field, a=_points)
def implicit_gradient(h: Network, a: Array) -> Loss:
    r"""Hyvärinen's loss of a network and its gradient, for which the trace is differentiated.

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
    trace = bare(score_network_gradients.trace)(h, a)
    of_trace = bare(score_network_gradients.trace_backward)(h, a, np.full(len(a), 1 / len(a)))
    value = float(((values**2).sum(-1) / 2 + trace).mean())
    return Loss(value, flatten(back(values / len(a)).layers) + flatten(of_trace.layers))


@domain(h=_field, a=_points, v=_points)
def sliced_gradient(h: Network, a: Array, v: Array) -> Loss:
    r"""The sliced loss of a network and its gradient.

    .. math:: \frac1n \sum_i v_i^\top \nabla h_x(a_i) \, v_i + \tfrac12 (v_i^\top h_x(a_i))^2

    Parameters
    ----------
    h : Network
        Model of the score.
    a, v : (n, p) array
        Samples of the data, and directions with :math:`E[v v^\top] = I`.

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


@domain(h=_field, a=_points, z=_points, sigma=positive)
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


@domain(h=score_network, a=_points, t=_times, z=_points, y=optional(labels), weight=optional(nonnegative_array("n 1")))
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

    value, gradient = bare(score_network_gradients.loss_gradient)(h, scale * a + std * z, t, y, loss)
    return Loss(value, flatten(gradient))
