"""The Wasserstein GAN: its objective, the exact critic, and the gradients that train a generator and a critic."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, function, nonnegative, positive
from refimpl.backpropagation.layers import Network, flatten, network
from refimpl.backpropagation.mlp import backward, forward, jvp_backward, vjp

Critic = Callable[[Any], Any]

_points = array("n p")


def _check_critic(name: str, value: Any, sizes: Sizes) -> Network:
    """A network of one output. Its inputs are the outputs of a generator before it in the signature, else points."""
    own: Sizes = {}
    d = network.check(name, value, own)
    if own["m"] != 1:
        raise ValueError(f"{name} must have one output, got {own['m']}")
    wanted = sizes.setdefault("m" if "m" in sizes else "p", own["p"])
    if own["p"] != wanted:
        raise ValueError(f"{name} must have {wanted} inputs, got {own['p']}")
    return d


_critic = Domain("Network of one output", _check_critic)
_forward, _backward, _vjp, _jvp_backward = bare(forward), bare(backward), bare(vjp), bare(jvp_backward)


@domain(d=function, real=_points, fake=array("k p"))
def objective(d: Critic, real: Any, fake: Any) -> Any:
    r"""The objective that the critic maximises and the generator minimises, on samples.

    .. math:: \Phi = E_{a \sim \hat\mu_n}[d(a)] - E_{\omega \sim p_\Omega}[d(h(\omega))]

    Parameters
    ----------
    d : callable
        Critic: points (n, p) to numbers (n,) or (n, 1).
    real, fake : (n, p), (k, p) array
        Samples of the target, and of the generator.

    Returns
    -------
    float

    References
    ----------
    Slide "Recall: Wasserstein GANs formulation", eq. (1); Arjovsky, Chintala & Bottou 2017.

    Examples
    --------
    >>> float(objective(lambda a: a.sum(-1), [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0]]))
    3.0
    """
    return np.mean(_values(d, real)) - np.mean(_values(d, fake))


def _values(d: Critic, a: Any) -> Any:
    """The critic's values, one a point."""
    values = d(a)
    if np.shape(values) not in {(len(a),), (len(a), 1)}:
        raise ValueError(f"d must give one value a point, got {np.shape(values)} for points {np.shape(a)}")
    return values


@domain(a=array("n"), b=array("k"))
def wasserstein_line(a: Array, b: Array) -> float:
    r"""W₁ between samples on the line.

    .. math:: W_1 = \int |F_a(t) - F_b(t)| \, dt

    Parameters
    ----------
    a, b : (n,), (k,) array
        Samples.

    Returns
    -------
    float

    Examples
    --------
    >>> wasserstein_line([0.0, 1.0], [2.0])
    1.5
    """
    t = np.sort(np.concatenate([a, b]))
    F_a, F_b = (np.searchsorted(np.sort(s), t[:-1], side="right") / len(s) for s in (a, b))
    return float(np.abs(F_a - F_b) @ np.diff(t))


@domain(real=_points, fake=array("k p"))
def exact_critic(real: Array, fake: Array) -> Critic:
    r"""A critic that is 1-Lipschitz everywhere and best for the samples: its objective is W₁ (Kantorovich-Rubinstein).

    .. math:: \max_{\alpha, \beta} \frac1n \sum_i \alpha_i - \frac1k \sum_j \beta_j
              \quad \text{subject to} \quad \alpha_i - \beta_j \le \|a_i - b_j\|,
              \qquad d(t) = \min_j \beta_j + \|t - b_j\|

    Parameters
    ----------
    real, fake : (n, p), (k, p) array
        Samples a and b.

    Returns
    -------
    callable
        d: points (..., p) to numbers (...).

    References
    ----------
    Slide "Recall: Wasserstein GANs formulation"; Villani 2009, Remark 6.5; McShane 1934 (the extension).

    Examples
    --------
    >>> d = exact_critic([[0.0], [1.0]], [[2.0]])
    >>> float(objective(d, [[0.0], [1.0]], [[2.0]]))
    1.5
    """
    n, k = len(real), len(fake)
    cost = np.linalg.norm(real[:, None] - fake, axis=-1)
    rows: Any = scipy.sparse.hstack([
        scipy.sparse.kron(scipy.sparse.eye(n), np.ones((k, 1))),
        scipy.sparse.kron(np.ones((n, 1)), -scipy.sparse.eye(k)),
    ])
    gain = np.concatenate([np.full(n, 1 / n), np.full(k, -1 / k)])
    solution: Any = scipy.optimize.linprog(-gain, rows, cost.ravel(), bounds=(None, None), method="highs")
    beta = solution.x[n:]
    return lambda t: np.min(beta + np.linalg.norm(np.asarray(t)[..., None, :] - fake, axis=-1), axis=-1)


@domain(x=array("..."), c=positive)
def clip_weights(x: Any, c: float) -> Any:
    r"""Weight clipping: parameters projected onto a box, so that the critics form a compact set.

    .. math:: x_i \leftarrow \min(\max(x_i, -c), c)

    A layer m × p has then a norm of at most c√(mp): the critic is Lipschitz, but with a constant far from 1.

    Parameters
    ----------
    x : (...) array
        Parameters.
    c : float
        Half the width of the box, > 0.

    Returns
    -------
    (...) array

    References
    ----------
    Arjovsky, Chintala & Bottou 2017, Algorithm 1.

    Examples
    --------
    >>> clip_weights([-3.0, 0.5], 1.0)
    array([-1. ,  0.5])
    """
    return np.clip(x, -c, c)


@domain(d=_critic, a=_points)
def gradient_penalty(d: Network, a: Any) -> float:
    r"""How far the critic's slopes at given points are from 1.

    .. math:: R = \frac1n \sum_i (\|\nabla d(a_i)\| - 1)^2

    Parameters
    ----------
    d : Network
        Critic, of one output.
    a : (n, p) array
        Points, usually random mixtures of real and generated ones.

    Returns
    -------
    float

    References
    ----------
    Gulrajani, Ahmed, Arjovsky, Dumoulin & Courville 2017, eq. (3).
    """
    return np.mean((np.linalg.norm(_vjp(d, a, np.ones(1)), axis=-1) - 1) ** 2)


@domain(d=_critic, real=_points, fake=_points, mixed=_points, weight=nonnegative)
def critic_gradient(d: Network, real: Any, fake: Any, mixed: Any, weight: float) -> Array:
    r"""Gradient in the critic's parameters y of what the critic minimises, by hand.

    .. math:: \nabla_y \Big[ \frac1n \sum_i d_y(b_i) - \frac1n \sum_i d_y(a_i)
              + \frac{\lambda}{n} \sum_i (\|\nabla d_y(\hat a_i)\| - 1)^2 \Big]

    Parameters
    ----------
    d : Network
        Critic, of one output.
    real, fake, mixed : (n, p) array
        Samples a of the target, b of the generator, and the points â of the gradient penalty.
    weight : float
        Weight λ of the penalty, ≥ 0.

    Returns
    -------
    (d,) array
        In the order of `refimpl.backpropagation.layers.flatten`.

    References
    ----------
    Slide "Recall: Wasserstein GANs formulation"; Gulrajani et al. 2017, Algorithm 1.
    """
    n = len(real)
    c = np.repeat([-1 / n, 1 / n], n)[:, None]
    gradient = flatten(_backward(d, np.concatenate([real, fake]), c).layers)
    if weight == 0:
        return gradient
    one = np.ones((n, 1))
    g = _vjp(d, mixed, one)
    norm = np.maximum(np.linalg.norm(g, axis=-1, keepdims=True), np.finfo(float).tiny)
    return gradient + flatten(_jvp_backward(d, mixed, 2 * weight / n * (norm - 1) / norm * g, one).layers)


@domain(h=network, d=_critic, omega=array("n p"))
def generator_gradient(h: Network, d: Network, omega: Any) -> Array:
    r"""Gradient in the generator's parameters x of what the generator minimises, by hand.

    .. math:: \nabla_x \Big[ -\frac1n \sum_i d(h_x(\omega_i)) \Big]

    Parameters
    ----------
    h, d : Network
        Generator; critic, of one output.
    omega : (n, p) array
        Noise.

    Returns
    -------
    (d,) array
        In the order of `refimpl.backpropagation.layers.flatten`.

    References
    ----------
    Slide "Recall: Wasserstein GANs formulation".
    """
    c = _vjp(d, _forward(h, omega), np.full(1, -1 / len(omega)))
    return flatten(_backward(h, omega, c).layers)
