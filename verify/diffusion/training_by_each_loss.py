"""Networks trained by each loss against the exact score of the data."""

from functools import partial

import numpy as np

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import tanh
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.diffusion import score_network_losses, training
from refimpl.diffusion.training import Training
from refimpl.diffusion.tweedie import mixture_score
from verify.claims import claim
from verify.evidence import at_most

SLIDE = "Learning the score"

SIZES, SIGMA, BATCH = (2, 32, 32, 2), 0.3, 256
WEIGHTS, MEANS = np.array([0.5, 0.3, 0.2]), np.array([[-1.5, 0.0], [1.5, 0.5], [0.0, 1.8]])
COVARIANCES = np.array([[[0.5, 0.2], [0.2, 0.4]], [[0.3, 0.0], [0.0, 0.6]], [[0.4, -0.1], [-0.1, 0.3]]])
TRAINING = Training(2e-2, 0.99, iterations=120, records=5)


def planar_samples(n, rng):
    """Samples of the mixture."""
    k, z = rng.choice(3, size=n, p=WEIGHTS), rng.standard_normal((n, 2))
    return MEANS[k] + np.einsum("nij,nj->ni", np.linalg.cholesky(COVARIANCES)[k], z)


def planar_network(x):
    """The network with parameters x."""
    return Network(unflatten(x, SIZES), tanh)


def relative_error(model, noise, rng):
    """‖h − s‖/‖s‖ in L² of the data under noise, for the exact score s."""
    a = planar_samples(20_000, rng) + noise * rng.standard_normal((20_000, 2))
    s = mixture_score(a, WEIGHTS, MEANS, COVARIANCES + noise**2 * np.eye(2))
    return np.sqrt(((model(a) - s) ** 2).sum() / (s**2).sum())


@claim("D05", slide=SLIDE, source="Hyvärinen 2005; Song, Garg, Shi & Ermon 2019; Vincent 2011")
def each_loss_teaches_a_network_the_score(
    rng,
    *,
    implicit_gradient=score_network_losses.implicit_gradient,
    sliced_gradient=score_network_losses.sliced_gradient,
    denoising_gradient=score_network_losses.denoising_gradient,
    learn=training.learn,
):
    r"""600 steps of Adam on any of the three losses: a network 2-32-32-2 is within 25 % of the score in L².

    Over 100 runs the errors were 10, 15 and 13 % ± 1 (standard deviations), 18 % at most: the bound is 8 of them away.
    Of the score of a Gaussian with the mixture's mean and covariance the error is 70 %.
    """
    losses = {
        "implicit": (0.0, lambda x, a, v, z: implicit_gradient(planar_network(x), a)),
        "sliced": (0.0, lambda x, a, v, z: sliced_gradient(planar_network(x), a, v)),
        "denoising": (SIGMA, lambda x, a, v, z: denoising_gradient(planar_network(x), a, z, SIGMA)),
    }

    def draw(rng):
        return planar_samples(BATCH, rng), *rng.standard_normal((2, BATCH, 2))

    for name, (noise, loss) in losses.items():
        start = flatten(random_layers(SIZES, rng, 1.0))
        history = learn(loss, draw, start, TRAINING, rng, threads=1)
        error = relative_error(partial(mlp.forward, planar_network(history.average)), noise, rng)
        yield at_most(f"{name}: relative error in L²", error, 0.25, resolution=0.25)


def gradient_of(change, name):
    """A loss whose gradient is changed: a function of the gradient and of that of ½E‖h‖²."""
    good = getattr(score_network_losses, name)

    def wrong(h, a, *rest):
        values, back = mlp.pullback(h, a)
        loss = good(h, a, *rest)
        return loss._replace(gradient=change(loss.gradient, flatten(back(values / len(a)).layers)))

    return wrong


each_loss_teaches_a_network_the_score.mutants(
    {
        "‖h‖² without ½": gradient_of(lambda g, half: g + half, "implicit_gradient"),
        "trace subtracted": gradient_of(lambda g, half: 2 * half - g, "implicit_gradient"),
    },
    replaces="implicit_gradient",
)
each_loss_teaches_a_network_the_score.mutants(
    {
        "½‖h‖² added": gradient_of(lambda g, half: g + half, "sliced_gradient"),
        "ascends": gradient_of(lambda g, half: -g, "sliced_gradient"),
    },
    replaces="sliced_gradient",
)
each_loss_teaches_a_network_the_score.mutants(
    {"target −z": lambda h, a, z, sigma: score_network_losses.denoising_gradient(h, a + (sigma - 1) * z, z, 1.0)},
    replaces="denoising_gradient",
)
each_loss_teaches_a_network_the_score.mutants(
    {"the start returned": lambda *args, threads: training.learn(*args)._replace(average=args[2])}, replaces="learn"
)
