"""What training draws and where its steps go; what linear score networks sample, whose laws are known."""

import copy
from itertools import pairwise

import numpy as np
import scipy

from refimpl.activations import identity
from refimpl.diffusion import learning, network_losses, network_sampler, training
from refimpl.diffusion.learning import Training
from refimpl.diffusion.network import ScoreNetwork, random_score_network
from refimpl.diffusion.network_losses import Loss
from refimpl.diffusion.sde import sub_vp, vp
from refimpl.layers import Layer, Network
from verify.claims import claim
from verify.evidence import distribution, equal, mean

SLIDE = "Joint training of the score network"


@claim("D15", slide=SLIDE, source="Song et al. 2021, (7); Ho & Salimans 2022, Algorithm 1")
def batches_have_uniform_times_and_drop_labels(rng, *, joint_draw=training.joint_draw):
    r"""Samples at random with their labels, each dropped with its probability; t ~ Unif[t₀, 1], noise N(0, I)."""
    data, y, n = rng.standard_normal((7, 2)), np.array([0, 1, 2, 0, 1, 2, 0]), 20_000
    drop, start = rng.uniform(0.1, 0.4), rng.uniform(0.01, 0.3)
    a, t, z, labels = joint_draw(data, n, y, drop, start)(rng)
    drawn = (a[:, None] == data).all(-1)
    yield equal("samples of the data", drawn.sum(1), np.ones(n))
    i = drawn.argmax(1)
    yield equal("labels kept are the samples' own", np.where(labels == -1, y[i], labels), 1.0 * y[i])
    yield mean("labels dropped", labels == -1, drop, delta=0.04)
    for k in range(7):
        yield mean(f"sample {k}", i == k, 1 / 7, delta=0.04)
    yield distribution("t", t[:, 0], lambda t: np.clip((t - start) / (1 - start), 0, 1), delta=0.05)
    normal = scipy.stats.norm.cdf
    yield distribution("noise", z.ravel(), normal, delta=0.05)
    yield distribution("noise along the diagonal", z.sum(1) / np.sqrt(2), normal, delta=0.06)
    yield distribution("noise where t is small", z[t[:, 0] < np.median(t), 0], normal, delta=0.08)
    yield distribution(
        "t of the first sample", (t[i == 0, 0] - start) / (1 - start), scipy.stats.uniform.cdf, delta=0.16
    )


def redrawn(change):
    """Batches changed by a function of (a, t, z, y, rng)."""

    def wrong(data, batch, y, drop, t_min):
        return lambda rng: change(*training.joint_draw(data, batch, y, drop, t_min)(rng), rng)

    return wrong


for text, wrong in {
    "times from 0 on": lambda data, batch, y, drop, t_min: training.joint_draw(data, batch, y, drop, 1e-9),
    "small times more often": redrawn(lambda a, t, z, y, rng: (a, t**1.2, z, y)),
    "noise of variance 1.2": redrawn(lambda a, t, z, y, rng: (a, t, 1.1 * z, y)),
    "one noise for all coordinates": redrawn(lambda a, t, z, y, rng: (a, t, z[:, :1] + 0 * z, y)),
    "labels kept with the probability of dropping": lambda data, batch, y, drop, t_min: training.joint_draw(
        data, batch, y, 1 - drop, t_min
    ),
    "labels of other samples": redrawn(lambda a, t, z, y, rng: (a, t, z, rng.permutation(y))),
    "the last sample never": lambda data, batch, y, drop, t_min: training.joint_draw(
        data[:-1], batch, y[:-1], drop, t_min
    ),
}.items():
    batches_have_uniform_times_and_drop_labels.mutant(text)(wrong)


@claim("D15", slide=SLIDE, source="Kingma & Ba 2015, Algorithm 1")
def learning_goes_by_falling_steps(rng, *, learn=learning.learn):
    r"""Step k of n is Adam's with α(1 − k/n); records are the mean losses between them, and the steps so far."""
    x, alpha, decay = rng.standard_normal(3), rng.uniform(0.01, 0.1), rng.uniform(0.2, 0.4)
    plan, seed = Training(alpha, decay, iterations=4, records=3), int(rng.integers(2**32))

    def objective(x, a):
        return Loss(float(((x - a) ** 2).sum(1).mean() / 2), (x - a).mean(0))

    found = learn(objective, lambda rng: [rng.standard_normal((5, 3))], x, plan, np.random.default_rng(seed))
    m, v, average, losses = 0 * x, 0 * x, x, []
    for i, stream in enumerate(np.random.default_rng(seed).spawn(3)):
        total = 0.0
        for k in range(4 * i, 4 * i + 4):
            a = stream.standard_normal((5, 3))
            total += ((x - a) ** 2).sum() / 10 / 4
            g = x - a.sum(0) / 5
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            move = m / (1 - 0.9 ** (k + 1)) / (np.sqrt(v / (1 - 0.999 ** (k + 1))) + 1e-8)
            x = x - alpha * (1 - k / 12) * move
            weight = min(decay, (k + 1) / (k + 10))
            average = weight * average + (1 - weight) * x
        losses.append(total)
    yield equal("steps", found.steps, [4.0, 8.0, 12.0])
    yield equal("losses", found.losses, losses, rtol=1e-10)
    yield equal("x", found.x, x, atol=1e-10)
    yield equal("average", found.average, average, atol=1e-10)


for text, wrong in {
    "step 1 % too large": lambda f, draw, x, plan, rng: learning.learn(
        f, draw, x, plan._replace(step=1.01 * plan.step), rng
    ),
    "one record fewer": lambda f, draw, x, plan, rng: learning.learn(f, draw, x, plan._replace(records=2), rng),
    "the average for x": lambda f, draw, x, plan, rng: (lambda history: history._replace(x=history.average))(
        learning.learn(f, draw, x, plan, rng)
    ),
    "steps counted from 0": lambda f, draw, x, plan, rng: (lambda history: history._replace(steps=history.steps - 4))(
        learning.learn(f, draw, x, plan, rng)
    ),
    "γ 1 % too large": lambda f, draw, x, plan, rng: learning.learn(
        f, draw, x, plan._replace(decay=1.01 * plan.decay), rng
    ),
}.items():
    learning_goes_by_falling_steps.mutant(text)(wrong)


@claim("D15", slide=SLIDE, source="Song et al. 2021, (7); Kingma & Ba 2015, Algorithm 1")
def training_averages_adam_on_the_joint_loss_of_its_batches(rng, *, train=training.train):
    r"""The network returned has the averaged parameters of Adam's steps on λ-weighted joint losses of drawn batches.

    Unless told a batch has 512 samples, a tenth of their labels is dropped, λ = std², and times start at 10⁻³.
    """
    plan, seed = (
        Training(rng.uniform(0.01, 0.1), rng.uniform(0.2, 0.4), iterations=3, records=2),
        int(rng.integers(2**32)),
    )
    data, y = rng.standard_normal((50, 2)), rng.integers(2, size=50)
    h = random_score_network(sub_vp(), (2, 4), rng, 1, 2)
    for told in ((6, 0.4, lambda t: 1 + t, 0.2), ()):
        batch, drop, weight, t_min = told or (512, 0.1, None, 1e-3)
        draw = training.joint_draw(data, batch, y, drop, t_min)
        x = average = training.parameters(h)
        m, v, losses = 0 * x, 0 * x, []
        for i, stream in enumerate(np.random.default_rng(seed).spawn(2)):
            for k in range(3 * i, 3 * i + 3):
                a, t, z, labels = draw(stream)
                model = training.with_parameters(h, x)
                loss = network_losses.joint_gradient(model, a, t, z, labels, weight and weight(t))
                x, m, v = adam(x, m, v, loss.gradient, k + 1, plan.step * (1 - k / 6))
                share = min(plan.decay, (k + 1) / (k + 10))
                average = share * average + (1 - share) * x
                losses.append(loss.value)
        found = train(h, data, plan, np.random.default_rng(seed), y, *told)
        name = "as told" if told else "unless told"
        yield equal(f"{name}: losses", found.history.losses, np.reshape(losses, (2, 3)).mean(1), rtol=1e-9)
        yield equal(f"{name}: the network's parameters", training.parameters(found.network), average, atol=1e-9)


def adam(x, m, v, g, k, alpha):
    """The k-th step, written out."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return x - alpha * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8), m, v


def averaged_late(h, *args):
    """The last parameters, not their average."""
    found = training.train(h, *args)
    return found._replace(network=training.with_parameters(h, found.history.x))


for text, wrong in {
    "the last parameters, not their average": averaged_late,
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
}.items():
    training_averages_adam_on_the_joint_loss_of_its_batches.mutant(text)(wrong)


@claim("D16", slide=SLIDE, source="Ho & Salimans 2022, Algorithm 2; recursions of affine maps")
def linear_networks_sample_known_gaussians(rng, *, sample_network=network_sampler.sample_network):
    r"""With F linear each reverse step is affine: the samples' law is N(m, v), guided or not, label by label.

    Large biases put m many standard deviations from 0, where a percent of it, or of w, is seen.
    """
    for process, told in ((vp(), [0.2]), (sub_vp(), [])):
        slope, time, w = rng.uniform(-0.5, 0.5), rng.uniform(20, 40), rng.uniform(0.3, 1.5)
        shifts = rng.uniform(20, 40, 3) * rng.choice([-1, 1], 3)
        W = np.array([[slope, time, *shifts]])
        h = ScoreNetwork(Network((Layer(W, np.zeros(1)),), identity), process, 0, 3)
        y, num_steps, end = np.repeat([2, 0, -1], 3000), 8, (told or [1e-3])[0]
        a = sample_network(h, len(y), num_steps, rng, y, w, *told)
        yield equal(f"{process.name}: samples that repeat others", len(a) - len(np.unique(a)), 0)
        times = np.linspace(1, end, num_steps + 1)
        for label in (2, 0, -1):
            m, v = 0.0, process.kernel(1.0)[1] ** 2
            for t, t_next in pairwise(times):
                dt = t - t_next
                (scale, std), beta, g2 = process.kernel(t), 0.1 + 19.9 * t, process.diffusion(t) ** 2
                c = np.hypot(scale, std)
                shift = (time * t + (1 + w) * (shifts[label] if label >= 0 else 0.0)) * scale / (c * std)
                pull = slope / c * scale / (c * std) - 1 / c**2
                m, v = m + (beta / 2 * m + g2 * (pull * m + shift)) * dt, v * (1 + (beta / 2 + g2 * pull) * dt) ** 2
                v += g2 * dt
            law = scipy.stats.norm(m, np.sqrt(v))
            yield distribution(f"{process.name}: label {label}", a[y == label, 0], law.cdf, delta=0.15)


for text, wrong in {
    "w for 1 + w": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps, rng, y, w - 1, end
    ),
    "1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: (
        1.01 * network_sampler.sample_network(h, n, steps, rng, y, w, end)
    ),
    "w 1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps, rng, y, 1.01 * w, end
    ),
    "no guidance": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps, rng, y, 0.0, end
    ),
    "labels left out": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps, rng, 0 * y - 1, w, end
    ),
    "stops at 1e-3": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(h, n, steps, rng, y, w),
    "stops at 1e-2 unless told": lambda h, n, steps, rng, y, w, end=1e-2: network_sampler.sample_network(
        h, n, steps, rng, y, w, end
    ),
    "half the steps": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps // 2, rng, y, w, end
    ),
    "the same noise for all blocks": lambda h, n, steps, rng, y, w, end=1e-3: np.concatenate(
        [network_sampler.sample_network(h, n // 9, steps, copy.deepcopy(rng), part, w, end) for part in np.split(y, 9)]
    ),
    "the first block's labels for all": lambda h, n, steps, rng, y, w, end=1e-3: network_sampler.sample_network(
        h, n, steps, rng, np.resize(y[:256], n), w, end
    ),
}.items():
    linear_networks_sample_known_gaussians.mutant(text)(wrong)
