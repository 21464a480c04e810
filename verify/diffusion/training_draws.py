"""What training draws: samples, times, noise and labels."""

import numpy as np
import scipy

from refimpl.diffusion import training
from verify.claims import claim
from verify.evidence import distribution, equal, mean

SLIDE = "Joint training of the score network"


def normal(z):
    """Distribution function of N(0, 1)."""
    return scipy.stats.norm.cdf(z)


def draw_many(joint_draw, rng):
    """Many draws from seven samples of three labels, with the samples' numbers; the settings of the draw."""
    data, y, n = rng.standard_normal((7, 2)), np.array([0, 1, 2, 0, 1, 2, 0]), 20_000
    drop, start = rng.uniform(0.1, 0.4), rng.uniform(0.01, 0.3)
    a, t, z, labels = joint_draw(data, n, y, drop, start)(rng)
    return a[:, None] == data, t[:, 0], z, labels, y, drop, start


@claim("D15", slide=SLIDE, source="Song et al. 2021, (7); Ho & Salimans 2022, Algorithm 1")
def batches_have_uniform_times_and_drop_labels(rng, *, joint_draw=training.joint_draw):
    r"""Samples at random with their labels, each dropped with its probability; t ~ Unif[t₀, 1], noise N(0, I)."""
    same, t, z, labels, y, drop, start = draw_many(joint_draw, rng)
    drawn = same.all(-1)
    yield equal("samples of the data", drawn.sum(1), np.ones(len(t)))
    i = drawn.argmax(1)
    yield equal("labels kept are the samples' own", np.where(labels == -1, y[i], labels), 1.0 * y[i])
    yield mean("labels dropped", labels == -1, drop, delta=0.04)
    for k in range(7):
        yield mean(f"sample {k}", i == k, 1 / 7, delta=0.04)
    yield distribution("t", t, lambda t: np.clip((t - start) / (1 - start), 0, 1), delta=0.05)
    yield distribution("noise", z.ravel(), normal, delta=0.05)


@claim("D15", slide=SLIDE, source="Song et al. 2021, (7); Ho & Salimans 2022, Algorithm 1")
def what_batches_draw_is_independent(rng, *, joint_draw=training.joint_draw):
    r"""Samples, times, noise and dropped labels say nothing of one another, nor one row of a batch of another row."""
    same, t, z, labels, y, drop, start = draw_many(joint_draw, rng)
    i, half, dropped, early = same.all(-1).argmax(1), len(t) // 2, labels == -1, t < np.median(t)
    yield distribution("noise along the diagonal", z.sum(1) / np.sqrt(2), normal, delta=0.06)
    yield distribution("noise where t is small", z[early, 0], normal, delta=0.08)
    first = (t[i == 0] - start) / (1 - start)
    yield distribution("t of the first sample", first, scipy.stats.uniform.cdf, delta=0.16)
    for k in range(3):
        yield mean(f"labels {k} dropped", dropped[y[i] == k], drop, delta=0.08)
    yield mean("labels dropped where t is small", dropped[early], drop, delta=0.06)
    yield mean("the same sample in both halves", i[:half] == i[half:], 1 / 7, delta=0.05)
    yield mean("the same sample twice running", i[::2] == i[1::2], 1 / 7, delta=0.05)
    yield mean("t rises", t[::2] < t[1::2], 0.5, delta=0.06)
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
    "times from 0 on": lambda data, batch, y, drop, t_min: training.joint_draw(data, batch, y, drop, 1e-9),
    "small times more often": redrawn(lambda a, t, z, y, rng: (a, t**1.2, z, y)),
    "noise of variance 1.2": redrawn(lambda a, t, z, y, rng: (a, t, 1.1 * z, y)),
    "labels kept with the probability of dropping": lambda data, batch, y, drop, t_min: training.joint_draw(
        data, batch, y, 1 - drop, t_min
    ),
    "labels of other samples": redrawn(lambda a, t, z, y, rng: (a, t, z, rng.permutation(y))),
    "the last sample never": lambda data, batch, y, drop, t_min: training.joint_draw(
        data[:-1], batch, y[:-1], drop, t_min
    ),
})
what_batches_draw_is_independent.mutants({
    "labels dropped at late times alone": dropped_where(lambda t, labels: t > np.median(t)),
    "labels 0 dropped alone": dropped_where(lambda t, labels: labels == 0),
    "one noise for all coordinates": redrawn(lambda a, t, z, y, rng: (a, t, z[:, :1] + 0 * z, y)),
    "noise of the first half again": redrawn(lambda a, t, z, y, rng: (a, t, again(z), y)),
    "noise and its opposite in turn": redrawn(
        lambda a, t, z, y, rng: (a, t, z[np.arange(len(z)) // 2 * 2] * sign(z), y)
    ),
    "samples of the first half again": redrawn(lambda a, t, z, y, rng: (again(a), t, z, again(y))),
    "times in order": redrawn(lambda a, t, z, y, rng: (a, np.sort(t, axis=0), z, y)),
})
