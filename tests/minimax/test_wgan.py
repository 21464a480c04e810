"""Wasserstein GANs: slopes of trained critics, bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.backpropagation.optimizers import adam_start, adam_step
from refimpl.minimax import wgan

A, B = np.zeros((3, 2)), np.ones((3, 2))


def trained_critic(clip: float | None, weight: float) -> tuple[Network, np.ndarray, np.ndarray]:
    """A critic trained on two fixed clouds at distance 1.5, by clipping or by penalty."""
    rng, widths = np.random.default_rng(0), (2, 32, 32, 1)
    real, fake = 0.1 * rng.standard_normal((2, 128, 2)) + [[[1.5, 0.0]], [[0.0, 0.0]]]
    state = adam_start(flatten(random_layers(widths, rng)))
    for _ in range(400):
        u = rng.random((128, 1))
        d = Network(unflatten(state.x, widths), relu)
        g = wgan.critic_gradient(d, real, fake, u * real + (1 - u) * fake, weight)
        state = adam_step(g, state, 3e-3)
        if clip:
            state = state._replace(x=wgan.clip_weights(state.x, clip))
    return Network(unflatten(state.x, widths), relu), real, fake


def steepest(d: Network) -> float:
    """Largest slope of a critic on a grid around the clouds."""
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 2, 101), np.linspace(-0.5, 0.5, 41)), axis=-1)
    return float(np.linalg.norm(mlp.vjp(d, grid, np.ones(1)), axis=-1).max())


def test_a_clipped_critic_is_far_from_slope_one() -> None:
    d, real, fake = trained_critic(clip=0.01, weight=0.0)
    assert steepest(d) < 0.05
    critic = wgan.exact_critic(real, fake)
    assert wgan.objective(lambda a: mlp.forward(d, a), real, fake) < 0.05 * wgan.objective(critic, real, fake)


def test_a_penalised_critic_exceeds_slope_one_and_the_distance() -> None:
    d, real, fake = trained_critic(clip=None, weight=1.0)
    assert 1.2 < steepest(d) < 4
    critic = wgan.exact_critic(real, fake)
    assert wgan.objective(lambda a: mlp.forward(d, a), real, fake) > 1.2 * wgan.objective(critic, real, fake)


def network(*widths: int) -> Network:
    return Network(random_layers(widths, np.random.default_rng(0)), relu)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: wgan.objective(3, A, B), TypeError, "d must be callable"),
        (lambda: wgan.objective(np.sum, A, np.ones((3, 3))), ValueError, "fake must have shape"),
        (lambda: wgan.exact_critic(np.empty((0, 2)), B), ValueError, "real must not be empty"),
        (lambda: wgan.wasserstein_line([np.nan], [1.0]), ValueError, "a must be finite"),
        (lambda: wgan.clip_weights([1.0], 0.0), ValueError, "c must be > 0"),
        (lambda: wgan.critic_gradient(network(2, 2), A, B, A, 1.0), ValueError, "d must have one output"),
        (lambda: wgan.critic_gradient(network(2, 1), A, B[:2], A, 1.0), ValueError, "fake must have shape"),
        (lambda: wgan.critic_gradient(network(2, 1), A, B, A, -1.0), ValueError, "weight must be >= 0"),
        (lambda: wgan.critic_gradient(network(3, 1), A, B, A, 1.0), ValueError, "real must have shape"),
        (lambda: wgan.generator_gradient(network(2, 3), network(2, 1), A), ValueError, "d must have 3 inputs"),
        (lambda: wgan.generator_gradient(network(3, 2), network(2, 1), A), ValueError, "omega must have shape"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
