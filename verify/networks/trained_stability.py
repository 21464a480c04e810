"""Networks trained on real digits: how training changes the printed trends of the perturbation stability."""

from itertools import product

import autograd
import numpy as np
import scipy

from refimpl.backpropagation.activations import identity
from refimpl.networks import fully_connected, non_lazy, perturbation_stability, trained_stability
from refimpl.networks.initialization import Scales, sample_weights, scales
from refimpl.networks.perturbation_stability import stability
from refimpl.networks.trained_stability import Job
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rate, sign
from verify.networks.perturbation_stability_bounds import SOURCE
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


DEPTHS = (2, 4, 6, 8, 10)


@claim(
    "N07",
    slide=SLIDE,
    source="the lecture's experiment",
    coarse="P after training differs by several per cent from seed to seed",
)
def training_undoes_the_trend_in_depth(rng, *, outcome=trained_stability.outcome):
    r"""At the start LeCun's P halves with two layers more, He's stays; after training neither depends much on depth.

    Printed: depth ↘ for LeCun, ↗ for He. Trained at width 32, L = 2, 4, 6, 8, 10, by 120 steps on 300 digits,
    three seeds: the ten geometric means of P are within a factor 2, and four to thirteen times He's start. log P has
    slope 0, not 1, in log P at the start, and slope 0, neither −1 nor 1, in L log √2. The marks
    4, 13 and 2 were set after a first look, at which the means were within 6.5 and 8.4, and a factor 1.3.
    """
    seeds, P, start, error, right = rng.integers(2**31, size=3).tolist(), [], [], [], []
    places = list(product(("lecun", "he"), DEPTHS))
    for name, L in places:
        runs = np.array([outcome(Job("dense", name, 32, L, seed, 120, 3e-3, 50, 300)) for seed in seeds])
        P.append(runs[:, 1])
        error.append(runs[:, 2])
        right.append(runs[:, 3])
        start.append(2 * stability(scales(name, 784, 32), 784, 32, L))
    middle, he = np.exp(np.log(P).mean(axis=1)), 2 * stability(scales("he", 784, 32), 784, 32, 2)
    yield sign("a third of the start's error, less what is left", 1 / 3 - np.array(error))
    yield at_least("share of unseen digits right", right, 0.65, resolution=0.3)
    yield sign("seeds differ", np.ptp(P, axis=1))
    yield at_most("largest P over smallest", middle.max() / middle.min(), 2.0, tight=0.5)
    yield sign("P less four times He's start", middle - 4 * he)
    yield at_most("P over He's start, above", middle / he, 13.0, resolution=6.0)
    yield rate("P after training in P at the start", np.repeat(start, 3), np.ravel(P), 0.0)
    yield rate("P after training in √2^L", np.repeat([2 ** (L / 2) for _, L in places], 3), np.ravel(P), 0.0)


@claim(
    "N07",
    slide="Robustness in deep learning: lazy training experiment for CNN",
    source="the lecture's experiment",
    coarse="it states a sign only, not by how much P rises",
)
def training_raises_the_stability_of_convolutional_networks(rng, *, outcome=trained_stability.outcome):
    r"""P of convolutional networks rises in training too, under both initialisations: four filters, L = 4, 60 steps."""
    for name in ("he", "lecun"):
        job = Job("convolutional", name, 4, 4, int(rng.integers(2**31)), 60, 3e-3, 25, 100)
        before, after, error, _ = outcome(job)
        yield sign(f"{name}: log P after training less log P before", np.log(after / before))
        yield sign(f"{name}: what is left of the error, less 1", error - 1, -1)


@claim("N07", slide=SLIDE, source=f"{SOURCE}; Euler's theorem on homogeneous functions")
def lecuns_bound_leaves_no_room_for_labels(
    rng, *, stability_bound=perturbation_stability.stability_bound, homogeneity_floor=non_lazy.homogeneity_floor
):
    r"""With ‖a‖ = 1 and outputs ±1, P/ε ≥ c_p = 0.0285 at p = 784; LeCun's bound at L = 10 tends to 0.0022 in m.

    So the bounds are about the start: trained networks, if they fit their labels, cannot keep to them. √(2/(πp)) is
    c_p to 2 %, and LeCun's bound tends to 2^{−(L−2)/2}/√p, which is below it from L = 4 on (p = 1: from 6).
    """
    for p in (1, 2, 10, 784, 10**5):
        a = rng.standard_normal((20, p))
        a /= np.linalg.norm(a, axis=1, keepdims=True)
        floor = homogeneity_floor(rng.choice([-1.0, 1.0], 20), a)
        mean_size = scipy.special.beta(p / 2 + 1, 0.5) / np.pi
        yield equal(f"p = {p}: least P/ε of labels ±1", floor, mean_size, rtol=1e-9)
        bounds = np.array([stability_bound("lecun", p, 10**6, L) for L in DEPTHS])
        yield equal(f"p = {p}: LeCun's bound, wide", bounds, p**-0.5 * 2.0 ** -np.arange(5), rtol=1e-12)
        yield sign(f"p = {p}: bound less floor, from L = 4 or 6 on", bounds[1 if p > 1 else 2 :] - mean_size, -1)
    at_784 = [homogeneity_floor(1.0, np.eye(784)[0]), stability_bound("lecun", 784, 10**6, 10)]
    yield equal("at p = 784", at_784, [0.02847, 0.00223], atol=5e-6)


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


def bound_times(change):
    """The bound with a further factor change(p, L)."""
    return lambda name, p, m, L: perturbation_stability.stability_bound(name, p, m, L) * change(p, L)


lecuns_bound_leaves_no_room_for_labels.mutants(
    {
        "1 % too large": bound_times(lambda p, L: 1.01),
        "damping by ½": bound_times(lambda p, L: 2 ** (-(L - 2) / 2)),
        "no damping": bound_times(lambda p, L: 2 ** ((L - 2) / 2)),
        "1 for √(1/p)": bound_times(lambda p, L: p**0.5),
    },
    replaces="stability_bound",
)
lecuns_bound_leaves_no_room_for_labels.mutants(
    {
        "1 % too large": lambda h, a, eps=1.0: 1.01 * non_lazy.homogeneity_floor(h, a, eps),
        "c_p left out": lambda h, a, eps=1.0: eps * np.abs(h) / np.linalg.norm(a, axis=-1),
        "h with its sign": lambda h, a, eps=1.0: non_lazy.homogeneity_floor(h, a, eps) * np.sign(h),
    },
    replaces="homogeneity_floor",
)
training_raises_the_stability_of_convolutional_networks.mutants({
    "training left out": lambda job: trained_stability.outcome(job._replace(step=1e-300)),
    "before and after swapped": told(lambda o: o._replace(before=o.after, after=o.before)),
    "P falls as it rose": told(lambda o: o._replace(after=o.before**2 / o.after)),
})
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
