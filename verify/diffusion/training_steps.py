"""Where the steps of training go, written out: slide "Joint training of the score network"."""

import numpy as np

from refimpl.backpropagation.optimizers import AdamState, adam_start
from refimpl.diffusion import score_network, score_network_losses, training
from refimpl.diffusion.score_network import random_score_network
from refimpl.diffusion.score_network_losses import Loss
from refimpl.diffusion.sde import sub_vp
from refimpl.diffusion.training import Learner, Training
from refimpl.loops.generators import children
from verify.claims import claim
from verify.evidence import equal, rounding

SLIDE = "Joint training of the score network"


def adam(x, m, v, g, k, alpha):
    """The k-th step, written out."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return x - alpha * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8), m, v


def follow(average, x, k, decay):
    """The average after the k-th step, whose weight on the past is at most `decay`."""
    weight = min(decay, k / (k + 9))
    return weight * average + (1 - weight) * x


@claim("D15", slide=SLIDE, source="Kingma & Ba 2015, Algorithm 1")
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
        x, m, v = adam(x, m, v, g, k + 1, alphas[k])
        average = follow(average, x, k + 1, decay)
        yield equal(f"parameters {k}", state.adam.x, x, rtol=1e-9)
        yield equal(f"average {k}", state.average, average, rtol=1e-9)


def stepped(change):
    """A step whose results are changed: a function of (state before, state after, step's γ)."""

    def wrong(objective, state, batch, alpha, decay):
        after, loss = training.learning_step(objective, state, batch, alpha, decay)
        return change(state, after, decay), loss

    return wrong


def tripled(loss):
    """A loss three times as large."""
    return Loss(3 * loss.value, 3 * loss.gradient)


def alike(losses):
    """The plain mean of losses."""
    return Loss(*(sum(parts) / len(losses) for parts in zip(*losses, strict=True)))


def blocks_weigh_alike(objective, state, batch, alpha, decay):
    def of_blocks(x, *_):
        return alike([objective(x, *(part[i : i + 256] for part in batch)) for i in (0, 256, 512)])

    return training.learning_step(of_blocks, state, [part[:1] for part in batch], alpha, decay)


learning_steps_are_adam_on_the_whole_batch.mutants({
    "the first block alone": lambda objective, state, batch, alpha, decay: training.learning_step(
        objective, state, [part[: training.BLOCK] for part in batch], alpha, decay
    ),
    "blocks weigh alike, whatever their size": blocks_weigh_alike,
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


@claim("D15", slide=SLIDE, source="Kingma & Ba 2015, Algorithm 1")
def learning_goes_by_falling_steps(rng, *, learn=training.learn):
    r"""Step k of n is Adam's with α(1 − k/n); records are the mean losses between them, and the steps so far."""
    x, alpha, decay = rng.standard_normal(3), rng.uniform(0.01, 0.1), rng.uniform(0.2, 0.4)
    plan, seed = Training(alpha, decay, iterations=4, records=3), int(rng.integers(2**32))

    def objective(x, a):
        return Loss(float(((x - a) ** 2).sum(1).mean() / 2), (x - a).mean(0))

    found = learn(objective, lambda rng: [rng.standard_normal((5, 3))], x, plan, np.random.default_rng(seed))
    m, v, average, losses = 0 * x, 0 * x, x, []
    for i, stream in enumerate(children(np.random.default_rng(seed), 3)):
        total = 0.0
        for k in range(4 * i, 4 * i + 4):
            a = stream.standard_normal((5, 3))
            total += ((x - a) ** 2).sum() / 10 / 4
            g = x - a.sum(0) / 5
            x, m, v = adam(x, m, v, g, k + 1, alpha * (1 - k / 12))
            average = follow(average, x, k + 1, decay)
        losses.append(total)
    yield equal("steps", found.steps, [4.0, 8.0, 12.0])
    yield equal("losses", found.losses, losses, rtol=1e-10)
    yield equal("x", found.x, x, atol=1e-10)
    yield equal("average", found.average, average, atol=1e-10)


def average_for_x(*args):
    history = training.learn(*args)
    return history._replace(x=history.average)


def steps_counted_from_0(*args):
    history = training.learn(*args)
    return history._replace(steps=history.steps - 4)


learning_goes_by_falling_steps.mutants({
    "step 1 % too large": lambda f, draw, x, plan, rng: training.learn(
        f, draw, x, plan._replace(step=1.01 * plan.step), rng
    ),
    "one record fewer": lambda f, draw, x, plan, rng: training.learn(f, draw, x, plan._replace(records=2), rng),
    "the average for x": average_for_x,
    "steps counted from 0": steps_counted_from_0,
    "γ 1 % too large": lambda f, draw, x, plan, rng: training.learn(
        f, draw, x, plan._replace(decay=1.01 * plan.decay), rng
    ),
})


@claim("D15", slide=SLIDE, source="Song et al. 2021, (7); Kingma & Ba 2015, Algorithm 1")
def training_averages_adam_on_the_joint_loss_of_its_batches(rng, *, train=training.train):
    r"""The network returned has the averaged parameters of Adam's steps on λ-weighted joint losses of drawn batches.

    Unless told a batch has 512 samples, a tenth of their labels is dropped, λ = std², and times start at 10⁻³.
    """
    plan = Training(rng.uniform(0.01, 0.1), rng.uniform(0.2, 0.4), iterations=3, records=2)
    seed = int(rng.integers(2**32))
    data, y = rng.standard_normal((50, 2)), rng.integers(2, size=50)
    h = random_score_network(sub_vp(), (2, 4), rng, 1, 2)
    for told in ((6, 0.4, lambda t: 1 + t, 0.2), ()):
        batch, drop, weight, t_min = told or (512, 0.1, None, 1e-3)
        draw = training.joint_draw(data, batch, y, drop, t_min)
        x = average = score_network.parameters(h)
        m, v, losses = 0 * x, 0 * x, []
        for i, stream in enumerate(children(np.random.default_rng(seed), 2)):
            for k in range(3 * i, 3 * i + 3):
                a, t, z, labels = draw(stream)
                model = score_network.with_parameters(h, x)
                loss = score_network_losses.joint_gradient(model, a, t, z, labels, weight and weight(t))
                x, m, v = adam(x, m, v, loss.gradient, k + 1, plan.step * (1 - k / 6))
                average = follow(average, x, k + 1, plan.decay)
                losses.append(loss.value)
        found = train(h, data, plan, np.random.default_rng(seed), y, *told)
        name = "as told" if told else "unless told"
        yield equal(f"{name}: losses", found.history.losses, np.reshape(losses, (2, 3)).mean(1), rtol=1e-9)
        yield equal(f"{name}: the network's parameters", score_network.parameters(found.network), average, atol=1e-9)


def last_parameters(h, *args):
    found = training.train(h, *args)
    return found._replace(network=score_network.with_parameters(h, found.history.x))


training_averages_adam_on_the_joint_loss_of_its_batches.mutants({
    "the last parameters, not their average": last_parameters,
    "λ left out": lambda h, data, plan, rng, y, batch=512, drop=0.1, weight=None, t_min=1e-3: training.train(
        h, data, plan, rng, y, batch, drop, None, t_min
    ),
    "λ = 1 unless told": lambda h, data, plan, rng, y, batch=512, drop=0.1, weight=np.ones_like, t_min=1e-3: (
        training.train(h, data, plan, rng, y, batch, drop, weight, t_min)
    ),
    "no label dropped unless told": lambda h, data, plan, rng, y, batch=512, drop=0.0, weight=None, t_min=1e-3: (
        training.train(h, data, plan, rng, y, batch, drop, weight, t_min)
    ),
    "times from 10⁻² on unless told": lambda h, data, plan, rng, y, batch=512, drop=0.1, weight=None, t_min=1e-2: (
        training.train(h, data, plan, rng, y, batch, drop, weight, t_min)
    ),
    "labels left out": lambda h, data, plan, rng, y, *told: training.train(h, data, plan, rng, None, *told),
    "γ 1 % too large": lambda h, data, plan, *args: training.train(
        h, data, plan._replace(decay=1.01 * plan.decay), *args
    ),
})
