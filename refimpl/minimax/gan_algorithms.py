"""Four algorithms for Wasserstein GANs, one round of each: SGD, Adam, Mirror-GAN and Mirror-Prox-GAN.

SGD and Adam play against the opponent as it is. The mirror methods play mixed strategies: Gibbs measures, each
represented by a damped average of Langevin iterates. During a round of K iterations the opponents stay where they were.
All spend the same: an iteration is one gradient of the generator x after `Gan.critic_steps` gradients of the critic y.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, bare, domain, nonnegative, number, positive
from refimpl.backpropagation.optimizers import AdamState, RMSState, adam_step, langevin_step
from refimpl.minimax.gan import Draw, Gan, Players, critic_slope, gan_domain, generator_slope

_adam_step, _langevin_step = bare(adam_step), bare(langevin_step)
_critic_slope, _generator_slope = bare(critic_slope), bare(generator_slope)


def _players(kind: type) -> Domain:
    def check(name: str, value: Any, sizes: Sizes) -> Players:
        if not isinstance(value, Players):
            raise TypeError(f"{name} must be Players, got {type(value).__name__}")
        if not all(isinstance(player, kind) for player in value):
            raise TypeError(f"{name} must be Players of {kind.__name__}s, got {[type(one).__name__ for one in value]}")
        return value

    return Domain(f"Players of {kind.__name__}s", check)


def _check_draws(name: str, value: Any, sizes: Sizes) -> Sequence[Draw]:
    if not (isinstance(value, Sequence) and value and all(isinstance(one, Draw) for one in value)):
        raise TypeError(f"{name} must be a sequence of Draws, not empty")
    return value


_draws = Domain("sequence of Draws", _check_draws)
_share = number("> 0 and <= 1")


@domain(gan=gan_domain, z=_players(np.ndarray), draws=_draws, alpha=positive)
def sgd_round(gan: Gan, z: Players, draws: Sequence[Draw], alpha: float) -> Players:
    r"""Alternating stochastic gradient descent: the critic first, then the generator, each step at the newest opponent.

    .. math:: y \leftarrow y - \alpha \nabla_y \ell(x, y) \quad (\text{critic\_steps times}), \qquad
              x \leftarrow x - \alpha \nabla_x \ell(x, y)

    Parameters
    ----------
    gan : Gan
        Sizes.
    z : Players
        Parameters.
    draws : sequence of Draw
        Randomness of each iteration.
    alpha : float
        Step size, > 0.

    Returns
    -------
    Players
    """
    return _descend(gan, z, draws, lambda g, x: x - alpha * g, lambda x: x)


@domain(gan=gan_domain, z=_players(AdamState), draws=_draws, alpha=positive)
def adam_round(gan: Gan, z: Players, draws: Sequence[Draw], alpha: float) -> Players:
    r"""`sgd_round` with the steps of Adam, β₁ = 1/2, β₂ = 0.9.

    Parameters
    ----------
    z : Players
        `AdamState`s.
    gan, draws, alpha
        As for `sgd_round`.

    Returns
    -------
    Players
    """

    def update(g: Array, state: AdamState) -> AdamState:
        return _adam_step(g, state, alpha, 0.5, 0.9)

    return _descend(gan, z, draws, update, lambda state: state.x)


@domain(gan=gan_domain, z=_players(RMSState), draws=_draws, gamma=positive, temperature=nonnegative, beta=_share)
def mirror_round(
    gan: Gan, z: Players, draws: Sequence[Draw], gamma: float, temperature: float, beta: float = 0.9
) -> Players:
    r"""One round of Mirror-GAN: K Langevin iterations of each player against the opponents of the round's start.

    .. math:: y^{k+1} = L(y^k, \nabla_y \ell(x_t, y^k)), \quad x^{k+1} = L(x^k, \nabla_x \ell(x^k, y_t)), \qquad
              \bar x \leftarrow (1 - \beta) \bar x + \beta x^{k+1}, \qquad
              x_{t+1} = (1 - \beta) x_t + \beta \bar x

    with L a preconditioned Langevin step (`optimizers.langevin_step`); the averages of y are like those of x.

    Parameters
    ----------
    gan : Gan
        Sizes.
    z : Players
        `RMSState`s.
    draws : sequence of Draw
        Randomness of the K iterations.
    gamma : float
        Step size of the Langevin iterations, > 0.
    temperature : float
        Temperature of the Langevin iterations, ≥ 0.
    beta : float
        Weight of the newest iterate in the averages, in (0, 1].

    Returns
    -------
    Players

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter"; Hsieh, Liu & Cevher 2019, Algorithm 3.
    """
    return _sample(gan, z, _parameters(z), draws, gamma, temperature, beta)


@domain(gan=gan_domain, z=_players(RMSState), draws=_draws, gamma=positive, temperature=nonnegative, beta=_share)
def mirror_prox_round(
    gan: Gan, z: Players, draws: Sequence[Draw], gamma: float, temperature: float, beta: float = 0.9
) -> Players:
    r"""One round of Mirror-Prox-GAN: a round of Mirror-GAN to z̃, then one from the same start against z̃.

    Parameters
    ----------
    draws : sequence of Draw
        Randomness of 2K iterations, K for each half.
    gan, z, gamma, temperature, beta
        As for `mirror_round`.

    Returns
    -------
    Players

    References
    ----------
    Slide "Application to 25 Gaussians: Algorithms matter"; Hsieh, Liu & Cevher 2019, Algorithm 4 (its appendix).
    """
    if len(draws) % 2:
        raise ValueError(f"draws must be of even number, one half for each of the two loops, got {len(draws)}")
    half = len(draws) // 2
    ahead = _sample(gan, z, _parameters(z), draws[:half], gamma, temperature, beta)
    start = Players(*(new._replace(x=old.x) for new, old in zip(ahead, z, strict=True)))
    return _sample(gan, start, _parameters(ahead), draws[half:], gamma, temperature, beta)


def _parameters(z: Players) -> Players:
    return Players(z.x.x, z.y.x)


def _descend(
    gan: Gan, z: Players, draws: Sequence[Draw], update: Callable[[Array, Any], Any], at: Callable[[Any], Array]
) -> Players:
    x, y = z
    for one in draws:
        for k in range(gan.critic_steps):
            y = update(_critic_slope(gan, at(x), at(y), one, k), y)
        x = update(_generator_slope(gan, at(x), at(y), one), x)
    return Players(x, y)


def _sample(
    gan: Gan, z: Players, opponents: Players, draws: Sequence[Draw], gamma: float, temperature: float, beta: float
) -> Players:
    x, y = z
    x_bar, y_bar = _parameters(z)
    for one in draws:
        for k in range(gan.critic_steps):
            y = _langevin_step(_critic_slope(gan, opponents.x, y.x, one, k), y, gamma, temperature, one.z_y[k])
            y_bar = (1 - beta) * y_bar + beta * y.x
        x = _langevin_step(_generator_slope(gan, x.x, opponents.y, one), x, gamma, temperature, one.z_x)
        x_bar = (1 - beta) * x_bar + beta * x.x
    return Players(RMSState((1 - beta) * z.x.x + beta * x_bar, x.v), RMSState((1 - beta) * z.y.x + beta * y_bar, y.v))
