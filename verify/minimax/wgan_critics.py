"""Trained critics against the constraint that they should meet: slide "Recall: Wasserstein GANs formulation"."""

from itertools import pairwise

import numpy as np
import scipy

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import leaky_relu
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.backpropagation.optimizers import adam_start, adam_step
from refimpl.minimax import wgan
from verify.claims import claim
from verify.evidence import at_least, at_most

SLIDE = "Recall: Wasserstein GANs formulation"
WIDTHS, N, STEPS = (2, 16, 16, 1), 24, 400


def clouds(rng):
    """Two clouds at a distance near 1.5, and W₁ between them, by the best assignment."""
    real, fake = 0.1 * rng.standard_normal((2, N, 2)) + [[[1.5, 0.0]], [[0.0, 0.0]]]
    cost = np.linalg.norm(real[:, None] - fake, axis=-1)
    return real, fake, cost[scipy.optimize.linear_sum_assignment(cost)].mean()


def trained(rng, gradient, project, scale):
    """A critic after some steps of Adam along `gradient(d, u)`, each followed by a projection of its parameters."""
    state = adam_start(flatten(random_layers(WIDTHS, rng)))
    for step in range(STEPS):
        d = Network(unflatten(state.x, WIDTHS), leaky_relu(0.2))
        state = adam_step(gradient(d, rng.random((N, 1))), state, scale * (1 - step / STEPS))
        state = state._replace(x=project(state.x))
    return Network(unflatten(state.x, WIDTHS), leaky_relu(0.2))


@claim("M26", slide=SLIDE, source="Arjovsky, Chintala & Bottou 2017")
def clipped_critics_undershoot(rng, *, clip_weights=wgan.clip_weights, critic_gradient=wgan.critic_gradient):
    r"""A critic trained under clipping to c = 0.01 has objective ≤ L W₁ with L = Π c√(mp), here below W₁/2000."""
    real, fake, distance = clouds(rng)
    c, L = 0.01, np.prod([0.01 * np.sqrt(m * p) for p, m in pairwise(WIDTHS)])
    d = trained(rng, lambda d, u: critic_gradient(d, real, fake, real, 0.0), lambda x: clip_weights(x, c), 1e-3)
    reached = wgan.objective(lambda a: mlp.forward(d, a), real, fake)
    yield at_most("objective / W₁", reached / distance, L, resolution=L)
    yield at_least("objective", reached, 0.0, resolution=distance / 2000)


clipped_critics_undershoot.mutants(
    {
        "not clipped": lambda x, c: x,
        "clipped to 10c": lambda x, c: wgan.clip_weights(x, 10 * c),
    },
    replaces="clip_weights",
)
clipped_critics_undershoot.mutants(
    {
        "the critic serves the generator": lambda d, real, fake, mixed, weight: (
            -wgan.critic_gradient(d, real, fake, mixed, weight)
        )
    },
    replaces="critic_gradient",
)


@claim("M26", slide=SLIDE, source="Gulrajani et al. 2017; the bound worked out here")
def penalised_critics_overshoot(rng, *, critic_gradient=wgan.critic_gradient):
    r"""Over pairs at distances r, Φ − λR ≤ E[r + r²/4λ], since sr − λ(s − 1)² ≤ r + r²/4λ: training comes near.

    The bound exceeds W₁: slopes s = 1 + r/2λ pay, so a penalised critic does not measure W₁.
    """
    real, fake, distance = clouds(rng)
    u = (np.arange(16)[:, None, None, None] + 0.5) / 16
    mixed = (u * real[:, None] + (1 - u) * fake).reshape(-1, 2)
    r = np.linalg.norm(real[:, None] - fake, axis=-1)
    for weight in (0.5, 2.0):

        def gradient(d, u):
            order = rng.permutation(N)
            return critic_gradient(d, real, fake, u * real + (1 - u) * fake[order], weight)  # noqa: B023

        d = trained(rng, gradient, lambda x: x, 1e-2)
        objective = wgan.objective(lambda a: mlp.forward(d, a), real, fake)  # noqa: B023
        penalised, bound = objective - weight * wgan.gradient_penalty(d, mixed), (r + r**2 / (4 * weight)).mean()
        what = f"λ = {weight}"
        yield at_most(f"{what}: Φ − λR", penalised, bound, slack=0.01 * bound, tight=0.1)
        yield at_least(f"{what}: Φ − λR, share of the bound", penalised / bound, 0.9, resolution=0.15)
        yield at_least(f"{what}: Φ / W₁", objective / distance, 1.0, resolution=2.0)


def penalty_negated(d, real, fake, mixed, weight):
    return 2 * wgan.critic_gradient(d, real, fake, mixed, 0.0) - wgan.critic_gradient(d, real, fake, mixed, weight)


penalised_critics_overshoot.mutants({
    "no penalty": lambda d, real, fake, mixed, weight: wgan.critic_gradient(d, real, fake, mixed, 0.0),
    "the critic serves the generator": lambda d, real, fake, mixed, weight: wgan.critic_gradient(
        d, fake, real, mixed, weight
    ),
    "penalty of the wrong sign": penalty_negated,
    "weight 20 times too large": lambda d, real, fake, mixed, weight: wgan.critic_gradient(
        d, real, fake, mixed, 20 * weight
    ),
})
