"""A Wasserstein GAN on the plane as a stochastic game: the sizes, the randomness and the gradients of an iteration.

An iteration is one gradient of the generator x after `Gan.critic_steps` gradients of the critic y. All randomness of it
is a `Draw`, so that the gradients are functions.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, bare, domain, generator, integer, nonnegative
from refimpl.arguments.records import record
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten, widths
from refimpl.backpropagation.mlp import forward
from refimpl.minimax import wgan
from refimpl.minimax.twenty_five_gaussians import sample_gaussians

_forward, _unflatten = bare(forward), bare(unflatten)
_critic_gradient, _generator_gradient = bare(wgan.critic_gradient), bare(wgan.generator_gradient)


class Gan(NamedTuple):
    """Sizes of the layers, and how the critic is trained: batch, gradients an iteration, weight of the penalty."""

    generator_widths: tuple[int, ...] = (2, 64, 64, 2)
    critic_widths: tuple[int, ...] = (2, 64, 64, 1)
    batch: int = 256
    critic_steps: int = 2
    penalty: float = 1.0


class Players(NamedTuple):
    """Generator x and critic y: parameters, or states of optimizers with a field `x`."""

    x: Any
    y: Any


class Draw(NamedTuple):
    """All randomness of one iteration.

    For the critic's k-th gradient samples `real[k]` (n, 2), the generator's noise `omega_y[k]` (n, q), weights `u[k]`
    (n, 1) of the mixtures, Langevin noise `z_y[k]`; for the generator's gradient `omega_x` (n, q) and `z_x`.
    """

    real: Array
    omega_y: Array
    u: Array
    z_y: Array
    omega_x: Array
    z_x: Array


def _check_gan(name: str, value: Any, sizes: Sizes) -> Gan:
    value = _gan_record.check(name, value, sizes)
    if (value.generator_widths[-1], value.critic_widths[0], value.critic_widths[-1]) != (2, 2, 1):
        raise ValueError(
            f"{name}'s generator must end, its critic begin with 2 and end with 1 in the widths, got {value}"
        )
    return value


_gan_record = record(
    Gan,
    generator_widths=widths,
    critic_widths=widths,
    batch=integer(1),
    critic_steps=integer(1),
    penalty=nonnegative,
)
gan_domain, _draw = Domain("Gan", _check_gan), record(Draw)
_vector = array("d")


@domain(gan=gan_domain, rng=generator)
def random_players(gan: Gan, rng: np.random.Generator) -> Players:
    """Random layers (`refimpl.backpropagation.layers.random_layers`) of generator and critic as vectors.

    Parameters
    ----------
    gan : Gan
        Sizes.
    rng : numpy.random.Generator
        Source of the weights.

    Returns
    -------
    Players
    """
    return Players(*(flatten(random_layers(widths, rng)) for widths in (gan.generator_widths, gan.critic_widths)))


@domain(gan=gan_domain, x=_vector, omega=array("... q"))
def generate(gan: Gan, x: Array, omega: Array) -> Array:
    """Samples h_x(ω) of the generator.

    Parameters
    ----------
    gan : Gan
        Sizes.
    x : (d,) array
        Parameters of the generator.
    omega : (..., q) array
        Noise.

    Returns
    -------
    (..., 2) array
    """
    return forward(Network(unflatten(x, gan.generator_widths), relu), omega)


@domain(gan=gan_domain, rng=generator)
def random_draw(gan: Gan, rng: np.random.Generator) -> Draw:
    """The randomness of one iteration on the 25 Gaussians.

    Parameters
    ----------
    gan : Gan
        Sizes.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Draw
    """
    k, n, q = gan.critic_steps, gan.batch, gan.generator_widths[0]
    d_x, d_y = (sum(m * (p + 1) for p, m in pairwise(w)) for w in (gan.generator_widths, gan.critic_widths))
    return Draw(
        sample_gaussians(k * n, rng).reshape(k, n, 2),
        rng.standard_normal((k, n, q)),
        rng.random((k, n, 1)),
        rng.standard_normal((k, d_y)),
        rng.standard_normal((n, q)),
        rng.standard_normal(d_x),
    )


@domain(gan=gan_domain, x=_vector, y=array("e"), draw=_draw, k=integer(0))
def critic_slope(gan: Gan, x: Array, y: Array, draw: Draw, k: int) -> Array:
    """The critic's k-th gradient of an iteration (`refimpl.minimax.wgan.critic_gradient`).

    Parameters
    ----------
    gan : Gan
        Sizes, and the weight of the gradient penalty.
    x, y : (d,), (e,) array
        Parameters of generator and critic.
    draw : Draw
        Randomness of the iteration.
    k : int
        Which of the critic's gradients, 0 ≤ k < `Gan.critic_steps`.

    Returns
    -------
    (e,) array
    """
    if k >= gan.critic_steps:
        raise ValueError(f"k must be < {gan.critic_steps}, got {k}")
    fake = _forward(_network(x, gan.generator_widths), draw.omega_y[k])
    mixed = draw.u[k] * draw.real[k] + (1 - draw.u[k]) * fake
    return _critic_gradient(_network(y, gan.critic_widths), draw.real[k], fake, mixed, gan.penalty)


@domain(gan=gan_domain, x=_vector, y=array("e"), draw=_draw)
def generator_slope(gan: Gan, x: Array, y: Array, draw: Draw) -> Array:
    """The generator's gradient of an iteration (`refimpl.minimax.wgan.generator_gradient`).

    Parameters
    ----------
    gan : Gan
        Sizes.
    x, y : (d,), (e,) array
        Parameters of generator and critic.
    draw : Draw
        Randomness of the iteration.

    Returns
    -------
    (d,) array
    """
    return _generator_gradient(_network(x, gan.generator_widths), _network(y, gan.critic_widths), draw.omega_x)


def _network(x: Array, widths: tuple[int, ...]) -> Network:
    return Network(_unflatten(x, widths), relu)
