"""Networks trained by each loss against the exact score of the data, and a step of the training by hand."""

from collections.abc import Callable
from functools import partial

import numpy as np

from refimpl.backpropagation import mlp
from refimpl.backpropagation.activations import tanh
from refimpl.backpropagation.layers import Network, flatten, random_layers, unflatten
from refimpl.backpropagation.optimizers import AdamState, adam_start
from refimpl.diffusion import score_network_losses, training
from refimpl.diffusion.score_network_losses import Loss
from refimpl.diffusion.training import Learner, Training
from refimpl.diffusion.tweedie import mixture_score
from verify.claims import claim
from verify.evidence import at_most, equal, rounding

SLIDE, JOINT = "Learning the score", "Joint training of the score network"

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


MUTANTS: list[tuple[str, str, Callable]] = [
    ("‖h‖² without ½", "implicit_gradient", gradient_of(lambda g, half: g + half, "implicit_gradient")),
    ("trace subtracted", "implicit_gradient", gradient_of(lambda g, half: 2 * half - g, "implicit_gradient")),
    ("½‖h‖² added", "sliced_gradient", gradient_of(lambda g, half: g + half, "sliced_gradient")),
    ("ascends", "sliced_gradient", gradient_of(lambda g, half: -g, "sliced_gradient")),
    (
        "target −z",
        "denoising_gradient",
        lambda h, a, z, sigma: score_network_losses.denoising_gradient(h, a + (sigma - 1) * z, z, 1.0),
    ),
    ("the start returned", "learn", lambda *args, threads: training.learn(*args)._replace(average=args[2])),
]
for text, replaced, wrong in MUTANTS:
    each_loss_teaches_a_network_the_score.mutants({text: wrong}, replaces=replaced)


@claim("D15", slide=JOINT, source="Kingma & Ba 2015, Algorithm 1")
def learning_steps_are_adam_on_the_whole_batch(rng, *, learning_step=training.learning_step):
    r"""However a batch is cut into blocks, a step is Adam's on its mean loss; the average follows by its weights."""
    a, b = rng.standard_normal((3, 700, 4)), rng.standard_normal((3, 700, 1))
    x, decay, alphas = rng.standard_normal(4), rng.uniform(0.2, 0.9), rng.uniform(0.01, 0.1, 3)

    def objective(x, a, b):
        error = np.cos(a @ x)[:, None] - b
        return Loss(float((error**2).mean()), (2 * error * -np.sin(a @ x)[:, None] * a).mean(axis=0))

    state = Learner(AdamState(x, 0 * x, 0 * x, 0), x)
    m = v = 0 * x
    average = x
    for k in range(3):
        state, loss = learning_step(objective, state, (a[k], b[k]), alphas[k], decay)
        whole = np.array([np.cos(row @ x) - c for row, c in zip(a[k], b[k, :, 0], strict=True)])
        g = sum(-2 * e * np.sin(row @ x) * row for e, row in zip(whole, a[k], strict=True)) / 700
        yield equal(f"loss {k}", loss, (whole**2).sum() / 700, rtol=rounding(1e4))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - alphas[k] * m / (1 - 0.9 ** (k + 1)) / (np.sqrt(v / (1 - 0.999 ** (k + 1))) + 1e-8)
        weight = min(decay, (k + 1) / (k + 10))
        average = weight * average + (1 - weight) * x
        yield equal(f"parameters {k}", state.adam.x, x, rtol=1e-9)
        yield equal(f"average {k}", state.average, average, rtol=1e-9)


def stepped(change):
    """A step whose results are changed: a function of (state before, state after, step's γ)."""

    def wrong(objective, state, batch, alpha, decay):
        after, loss = training.learning_step(objective, state, batch, alpha, decay)
        return change(state, after, decay), loss

    return wrong


learning_steps_are_adam_on_the_whole_batch.mutants({
    "the first block alone": lambda objective, state, batch, alpha, decay: training.learning_step(
        objective, state, [part[: training.BLOCK] for part in batch], alpha, decay
    ),
    "blocks weigh alike, whatever their size": lambda objective, state, batch, alpha, decay: training.learning_step(
        lambda x, *_: alike([objective(x, *(part[i : i + 256] for part in batch)) for i in (0, 256, 512)]),
        state,
        [part[:1] for part in batch],
        alpha,
        decay,
    ),
    "sum over the blocks": lambda objective, state, batch, alpha, decay: training.learning_step(
        lambda x, *parts: tripled(objective(x, *parts)), state, batch, alpha, decay
    ),
    "step 1 % too large": lambda objective, state, batch, alpha, decay: training.learning_step(
        objective, state, batch, 1.01 * alpha, decay
    ),
    "average of the parameters before the step": stepped(
        lambda before, after, decay: after._replace(average=decay * before.average + (1 - decay) * before.adam.x)
    ),
    "weights of the average swapped": stepped(
        lambda before, after, decay: after._replace(average=(1 - decay) * before.average + decay * after.adam.x)
    ),
    "no warm-up of the average": stepped(
        lambda before, after, decay: after._replace(average=0.95 * before.average + 0.05 * after.adam.x)
    ),
    "moments forgotten": lambda objective, state, batch, alpha, decay: training.learning_step(
        objective, state._replace(adam=adam_start(state.adam.x)), batch, alpha, decay
    ),
})


def tripled(loss):
    """A loss three times as large."""
    return Loss(3 * loss.value, 3 * loss.gradient)


def alike(losses):
    """The plain mean of losses."""
    return Loss(*(sum(parts) / len(losses) for parts in zip(*losses, strict=True)))
