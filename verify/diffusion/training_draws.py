"""What training draws; what linear score networks sample, whose laws are known."""

import copy
from itertools import pairwise

import numpy as np
import scipy

from refimpl.backpropagation.activations import identity
from refimpl.backpropagation.layers import Layer, Network
from refimpl.diffusion import score_network_sampler, training
from refimpl.diffusion.score_network import ScoreNetwork
from refimpl.diffusion.sde import sub_vp, vp
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
    half, dropped = n // 2, labels == -1
    for k in range(3):
        yield mean(f"labels {k} dropped", dropped[y[i] == k], drop, delta=0.08)
    yield mean("labels dropped where t is small", dropped[t[:, 0] < np.median(t)], drop, delta=0.06)
    yield mean("the same sample in both halves", i[:half] == i[half:], 1 / 7, delta=0.05)
    yield mean("the same sample twice running", i[::2] == i[1::2], 1 / 7, delta=0.05)
    yield mean("t rises", t[::2, 0] < t[1::2, 0], 0.5, delta=0.06)
    yield distribution("noise of both halves", (z[:half, 0] + z[half:, 0]) / np.sqrt(2), normal, delta=0.08)
    yield distribution("noise of neighbours", (z[::2, 0] + z[1::2, 0]) / np.sqrt(2), normal, delta=0.08)


def redrawn(change):
    """Batches changed by a function of (a, t, z, y, rng)."""

    def wrong(data, batch, y, drop, t_min):
        return lambda rng: change(*training.joint_draw(data, batch, y, drop, t_min)(rng), rng)

    return wrong


def again(a):
    """The first half of some rows, twice."""
    return np.concatenate([a[: len(a) // 2]] * 2)


def sign(z):
    """1 and −1 in turn, for rows."""
    return (1 - 2 * (np.arange(len(z)) % 2))[:, None]


def dropped_where(chosen):
    """Labels dropped as often, but only where a function of (t, labels) says so."""

    def wrong(data, batch, y, drop, t_min):
        draw = training.joint_draw(data, batch, y, 0.0, t_min)

        def drawn(rng):
            a, t, z, labels = draw(rng)
            some = chosen(t[:, 0], labels)
            return a, t, z, np.where(some & (rng.random(batch) < drop / some.mean()), -1, labels)

        return drawn

    return wrong


batches_have_uniform_times_and_drop_labels.mutants({
    "labels dropped at late times alone": dropped_where(lambda t, labels: t > np.median(t)),
    "labels 0 dropped alone": dropped_where(lambda t, labels: labels == 0),
    "times from 0 on": lambda data, batch, y, drop, t_min: training.joint_draw(data, batch, y, drop, 1e-9),
    "small times more often": redrawn(lambda a, t, z, y, rng: (a, t**1.2, z, y)),
    "noise of variance 1.2": redrawn(lambda a, t, z, y, rng: (a, t, 1.1 * z, y)),
    "one noise for all coordinates": redrawn(lambda a, t, z, y, rng: (a, t, z[:, :1] + 0 * z, y)),
    "labels kept with the probability of dropping": lambda data, batch, y, drop, t_min: training.joint_draw(
        data, batch, y, 1 - drop, t_min
    ),
    "labels of other samples": redrawn(lambda a, t, z, y, rng: (a, t, z, rng.permutation(y))),
    "noise of the first half again": redrawn(lambda a, t, z, y, rng: (a, t, np.tile(z[: len(z) // 2], (2, 1)), y)),
    "noise and its opposite in turn": redrawn(
        lambda a, t, z, y, rng: (a, t, z[np.arange(len(z)) // 2 * 2] * sign(z), y)
    ),
    "samples of the first half again": redrawn(lambda a, t, z, y, rng: (again(a), t, z, again(y))),
    "times in order": redrawn(lambda a, t, z, y, rng: (a, np.sort(t, axis=0), z, y)),
    "the last sample never": lambda data, batch, y, drop, t_min: training.joint_draw(
        data[:-1], batch, y[:-1], drop, t_min
    ),
})


@claim("D16", slide=SLIDE, source="Ho & Salimans 2022, Algorithm 2; recursions of affine maps")
def linear_networks_sample_known_gaussians(rng, *, sample_network=score_network_sampler.sample_network):
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


linear_networks_sample_known_gaussians.mutants({
    "w for 1 + w": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, y, w - 1, end
    ),
    "1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: (
        1.01 * score_network_sampler.sample_network(h, n, steps, rng, y, w, end)
    ),
    "w 1 % too large": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, y, 1.01 * w, end
    ),
    "no guidance": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, y, 0.0, end
    ),
    "labels left out": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, 0 * y - 1, w, end
    ),
    "stops at 1e-3": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, y, w
    ),
    "stops at 1e-2 unless told": lambda h, n, steps, rng, y, w, end=1e-2: score_network_sampler.sample_network(
        h, n, steps, rng, y, w, end
    ),
    "half the steps": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps // 2, rng, y, w, end
    ),
    "the same noise for all blocks": lambda h, n, steps, rng, y, w, end=1e-3: np.concatenate([
        score_network_sampler.sample_network(h, n // 9, steps, copy.deepcopy(rng), part, w, end)
        for part in np.split(y, 9)
    ]),
    "the first block's labels for all": lambda h, n, steps, rng, y, w, end=1e-3: score_network_sampler.sample_network(
        h, n, steps, rng, np.resize(y[:256], n), w, end
    ),
})
