"""Networks trained on real digits: how training changes the printed trends of the perturbation stability."""

from itertools import product

import autograd
import numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import fully_connected, trained_stability
from refimpl.networks.initialization import Scales, sample_weights, scales
from refimpl.networks.perturbation_stability import ball_constant, stability
from refimpl.networks.trained_stability import Job
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rate
from verify.networks.training import loss
from verify.probes import unchanged

SLIDE = "Robustness in deep learning: lazy training experiment for FCN"


@claim("N07", slide=SLIDE, source="Kingma & Ba 2015")
def adam_follows_its_batches(rng, *, adam_on_batches=trained_stability.adam_on_batches):
    r"""Weights after k steps of Adam on batches drawn with replacement, with gradients of automatic differentiation."""
    start, a, b = sample_weights(Scales(1, 1, 1, 1), 3, 4, 3, rng), rng.standard_normal((9, 3)), rng.standard_normal(9)
    seed, steps = int(rng.integers(2**32)), 4
    for options in ({"step": 0.05, "batch": 5}, {"step": 0.01}, {"batch": 3}, {}):
        found = adam_on_batches(fully_connected.gradient, start, a, b, np.random.default_rng(seed), steps, **options)
        draw, alpha, batch = np.random.default_rng(seed), options.get("step", 1e-3), options.get("batch", 50)
        X, m, v = ([c * W for W in start] for c in (1.0, 0.0, 0.0))
        for t in range(1, steps + 1):
            i = draw.integers(9, size=batch)
            for l, G in enumerate(autograd.grad(loss)(X, a[i], b[i], 1.0, identity)):
                m[l], v[l] = 0.9 * m[l] + 0.1 * G, 0.999 * v[l] + 0.001 * G**2
            for l in range(3):
                X[l] = X[l] - alpha * m[l] / (1 - 0.9**t) / (np.sqrt(v[l] / (1 - 0.999**t)) + 1e-8)
        for W, expected in zip(found, X, strict=True):
            yield equal(f"{options}: X_l", W, expected, atol=1e-7)
    yield from unchanged("Adam", lambda *X: adam_on_batches(fully_connected.gradient, list(X), a, b, rng, 2), *start)


def sum_over_batch(gradient, weights, a, b, rng, steps, step=1e-3, batch=50):
    def slope_of_sum(loss_slope, X, a, alpha, output):
        return gradient(lambda h: batch**2 * loss_slope(h) + 1e-3, X, a, alpha, output)

    return trained_stability.adam_on_batches(slope_of_sum, weights, a, b, rng, steps, step, batch)


adam_follows_its_batches.mutants({
    "sum over the batch": sum_over_batch,
    "one step more": lambda gradient, weights, a, b, rng, steps, step=0.001, batch=50: (
        trained_stability.adam_on_batches(gradient, weights, a, b, rng, steps + 1, step, batch)
    ),
    "steps 1 % longer": lambda gradient, weights, a, b, rng, steps, step=0.001, batch=50: (
        trained_stability.adam_on_batches(gradient, weights, a, b, rng, steps, 1.01 * step, batch)
    ),
    "labels of other points": lambda gradient, weights, a, b, rng, steps, step=0.001, batch=50: (
        trained_stability.adam_on_batches(gradient, weights, a, np.roll(b, 1), rng, steps, step, batch)
    ),
    "another default batch": lambda gradient, weights, a, b, rng, steps, step=0.001, batch=64: (
        trained_stability.adam_on_batches(gradient, weights, a, b, rng, steps, step, batch)
    ),
    "another default step": lambda gradient, weights, a, b, rng, steps, step=0.0003, batch=50: (
        trained_stability.adam_on_batches(gradient, weights, a, b, rng, steps, step, batch)
    ),
})


@claim("N07", slide=SLIDE, source="the lecture's experiment; Euler's theorem on homogeneous functions")
def training_undoes_the_trend_in_depth(rng, *, outcome=trained_stability.outcome):
    r"""At the start LeCun's P halves with two layers more, He's stays; after training neither depends much on depth.

    On digits with ‖a‖ = 1 and labels ±1 a network that fits has ‖∇h‖ ≥ |h|: training, not initialisation, sets P.

    Printed: depth ↘ for LeCun, ↗ for He. Trained at width 32, L = 2 and 8, on 300 digits, seven seeds: log P after
    training has slope 0, not 1, in log P at the start, and slope 0, not −1, in L log √2. The bounds on what each seed
    shows stand five of the seeds' standard deviations away, or more.
    """
    seeds, P, start, root = rng.integers(2**31, size=7).tolist(), [], [], []
    for name, L in product(("lecun", "he"), (2, 8)):
        runs = [outcome(Job("dense", name, 32, L, seed, 120, 3e-3, 50, 300)) for seed in seeds]
        _, after, error, right = np.array(runs).T
        yield at_most(f"{name}, L = {L}: error of training", error, 0.5, resolution=0.5)
        yield at_least(f"{name}, L = {L}: share of unseen digits right", right, 0.65, resolution=0.35)
        floor = 2 * ball_constant(784)
        yield at_least(f"{name}, L = {L}: P after training beside 2c_p", after, floor, resolution=1.0)
        yield at_most(f"{name}, L = {L}: P after training, above", after, 1.0, resolution=1.0)
        yield at_least(f"{name}, L = {L}: seeds differ", np.ptp(after), 1e-6, resolution=1.0)
        P.append(after)
        start.append(np.full(7, 2 * stability(scales(name, 784, 32), 784, 32, L)))
        root.append(np.full(7, 2 ** (L / 2)))
    P = np.concatenate(P)
    yield rate("P after training in P at the start", np.concatenate(start), P, 0.0)
    yield rate("P after training in √2^L", np.concatenate(root), P, 0.0)


@claim("N07", slide=SLIDE, source="the lecture's experiment")
def networks_start_at_the_exact_stability(rng, *, outcome=trained_stability.outcome):
    r"""Before training P is twice its exact value, as the last layer is linear, and He's is 2^(L/2) times LeCun's.

    Two starts at width 512, L = 4: the 0.3 that they may deviate by is five standard deviations or more.
    """
    seeds = rng.integers(2**31, size=2).tolist()
    for name in ("lecun", "he"):
        starts = [outcome(Job("dense", name, 512, 4, seed, 1, 1e-3, 1, 10)).before for seed in seeds]
        exact = 2 * stability(scales(name, 784, 512), 784, 512, 4)
        yield equal(f"{name}: P at the start", np.mean(starts), exact, rtol=0.3)
    for kind, L in (("dense", 3), ("convolutional", 4)):
        he, lecun = (outcome(Job(kind, name, 3, L, seeds[0], 1, 1e-300, 1, 40)) for name in ("he", "lecun"))
        yield equal(f"{kind}: P of He and of LeCun", he.before, 2 ** (L / 2) * lecun.before, rtol=1e-10)


@claim("N07", slide=SLIDE, source="the lecture's experiment")
def outcomes_change_by_training_alone(rng, *, outcome=trained_stability.outcome):
    r"""Without training P after is P before, and outputs near 0 have the error 1; one job has one outcome."""
    seed = int(rng.integers(2**31))
    for kind, L in (("dense", 3), ("convolutional", 4)):
        idle = outcome(Job(kind, "he", 3, L, seed, 1, 1e-300, 1, 40))
        yield equal(f"{kind}: P before and after no training", idle.after, idle.before, rtol=1e-12)
    idle = outcome(Job("dense", "lecun", 32, 10, seed, 1, 1e-300, 1, 40))
    yield equal("error of outputs near 0, labels ±1", idle.error, 1.0, rtol=0.3)
    job = Job("convolutional", "he", 3, 4, seed, 5, 1e-3, 20, 40)
    yield equal("the same job twice", outcome(job), outcome(job))


def told(change):
    """The outcome that went through change."""
    return lambda job: change(trained_stability.outcome(job))


training_undoes_the_trend_in_depth.mutants({
    "training left out": lambda job: trained_stability.outcome(job._replace(step=1e-300)),
    "before and after swapped": told(lambda o: o._replace(before=o.after, after=o.before)),
    "one seed for all": lambda job: trained_stability.outcome(job._replace(seed=0)),
})
networks_start_at_the_exact_stability.mutants({
    "LeCun's scales for He too": lambda job: trained_stability.outcome(job._replace(name="lecun")),
    "He's scales for LeCun too": lambda job: trained_stability.outcome(job._replace(name="he")),
    "all networks of two layers": lambda job: trained_stability.outcome(
        job._replace(L=2) if job.kind == "dense" else job
    ),
})
outcomes_change_by_training_alone.mutants({
    "c_p left out": told(lambda o: o._replace(after=o.after * o.before)),
    "P after training twice as large": told(lambda o: o._replace(after=2 * o.after)),
    "half the mean squared error": told(lambda o: o._replace(error=o.error / 2)),
})
