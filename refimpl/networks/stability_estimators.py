r"""Three estimators of perturbation stability at initialisation: independent samples, all of mean P(h, ε).

* `plain_samples` is the definition: it draws a, â and all weights.
* `rao_blackwell_samples` takes the mean over â in closed form, E|⟨g, a − â⟩| = ε c_p ‖g‖. A conditional mean has the
  same mean and a smaller variance.
* `conditional_samples` has the same law as these, for any data. It draws ‖∇h(a)‖ without the weights (`gradient_law`).
"""

from collections.abc import Iterator

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, bare, domain, generator, integer, positive
from refimpl.networks.fully_connected import input_gradient
from refimpl.networks.initialization import Scales, sample_weights, scales_of_a_network
from refimpl.networks.perturbation_stability import (
    ball_constant,
    ball_point,
    expected_perturbation,
    perturbation,
    sample_gradient_norms,
)

_BLOCK = 2**18  # weights drawn at once: they stay in the fast cache

_sampled = {
    "scales": scales_of_a_network,
    "data": array("n p"),
    "eps": positive,
    "m": integer(1),
    "L": integer(2),
    "num_networks": integer(1),
    "rng": generator,
}


@domain(**_sampled)
def plain_samples(
    scales: Scales, data: Array, eps: float, m: int, L: int, num_networks: int, rng: np.random.Generator
) -> Array:
    r"""Samples of |⟨∇h(a), a − â⟩| over data, perturbed points and weights, as P is defined.

    Parameters
    ----------
    scales : Scales
        Standard deviations and divisor of the output.
    data : (n, p) array
        Points, of which each network gets one at random.
    eps : float
        Radius ε, > 0.
    m, L : int
        Width, ≥ 1, and number of layers, ≥ 2.
    num_networks : int
        Number of samples, ≥ 1.
    rng : numpy.random.Generator
        Source of all three.

    Returns
    -------
    (num_networks,) array
        Independent, of mean P(h, ε).

    References
    ----------
    Slide "Robustness in deep learning: average-case metric".
    """

    def samples(g: Array) -> Array:
        u = 1 - rng.random(len(g))
        return bare(perturbation)(g, eps * bare(ball_point)(rng.standard_normal(g.shape), u))

    return np.concatenate([samples(g) for g in _dense_gradients(scales, data, m, L, num_networks, rng)])


@domain(**_sampled)
def rao_blackwell_samples(
    scales: Scales, data: Array, eps: float, m: int, L: int, num_networks: int, rng: np.random.Generator
) -> Array:
    r"""Samples of ε c_p ‖∇h(a)‖ over data and weights: the mean of `plain_samples`, and a smaller variance.

    .. math:: \frac{E(\text{plain})^2}{E(\text{this})^2} = \frac{1}{(p + 2) c_p^2} \to \frac{\pi}{2}

    Parameters
    ----------
    scales, data, eps, m, L, num_networks, rng
        As in `plain_samples`.

    Returns
    -------
    (num_networks,) array
        Independent, of mean P(h, ε).
    """
    gradients = _dense_gradients(scales, data, m, L, num_networks, rng)
    return np.concatenate([bare(expected_perturbation)(g, eps) for g in gradients])


@domain(**{name: _sampled[name] for name in _sampled if name != "data"}, p=integer(1))
def conditional_samples(
    scales: Scales, p: int, eps: float, m: int, L: int, num_networks: int, rng: np.random.Generator
) -> Array:
    r"""Samples in the law of `rao_blackwell_samples`, for any data, without drawing a matrix.

    Parameters
    ----------
    scales, eps, m, L, num_networks, rng
        As in `plain_samples`.
    p : int
        Size of the inputs, ≥ 1.

    Returns
    -------
    (num_networks,) array
        Independent, of mean P(h, ε).
    """
    return eps * bare(ball_constant)(p) * bare(sample_gradient_norms)(scales, p, m, L, num_networks, rng)


def _dense_gradients(
    scales: Scales, data: Array, m: int, L: int, num_networks: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Gradients (n, p) of networks with all their weights, each at a random point of the data, block by block."""
    p = data.shape[-1]
    size = max(1, _BLOCK // (m * p + (L - 2) * m * m + m))
    for start in range(0, num_networks, size):
        n = min(size, num_networks - start)
        weights = bare(sample_weights)(scales, p, m, L, rng, n)
        a = data[rng.integers(len(data), size=(n, 1))]
        yield bare(input_gradient)(weights, a, scales.alpha)[:, 0]
