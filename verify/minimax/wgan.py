"""Wasserstein GANs: slides "Recall: Wasserstein GANs formulation" and "Application to 25 Gaussians"."""

import autograd.numpy as np
import scipy

from refimpl.minimax import wgan
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.probes import unchanged

SLIDE = "Recall: Wasserstein GANs formulation"
LP = 1e-6


@claim("M26", slide=SLIDE, source="Kantorovich-Rubinstein; Villani 2009, Remark 6.5")
def exact_dual_is_wasserstein(
    rng, *, objective=wgan.objective, exact_critic=wgan.exact_critic, wasserstein_line=wgan.wasserstein_line
):
    r"""With the best 1-Lipschitz critic the objective is W₁: on the line ∫|F − G|, in space the best assignment."""
    a, b = rng.standard_normal((13, 1)), np.append(2 * rng.standard_normal(18) + 1, [-9.0, 9.0])[:, None]
    line = scipy.stats.wasserstein_distance(a[:, 0], b[:, 0])
    yield equal("∫|F − G|", wasserstein_line(a[:, 0], b[:, 0]), line, rtol=rounding(200))
    d = exact_critic(a, b)
    yield equal("line: objective of the exact critic", objective(d, a, b), line, atol=LP)
    column = objective(lambda t: np.asarray(d(t))[:, None], a, b)
    yield equal("line: objective of outputs (n, 1)", column, line, atol=LP)
    a, b = rng.standard_normal((2, 20, 3)) + np.array([[[0.0]], [[0.5]]])
    cost = np.linalg.norm(a[:, None] - b, axis=-1)
    pairs = scipy.optimize.linear_sum_assignment(cost)
    d = exact_critic(a, b)
    yield equal("space: objective of the exact critic", objective(d, a, b), cost[pairs].mean(), atol=LP)
    s = 3 * rng.standard_normal((300, 3))
    t = s + rng.uniform(0.01, 1, (300, 1)) * rng.standard_normal((300, 3))
    s, t = np.concatenate([s, a[pairs[0]]]), np.concatenate([t, b[pairs[1]]])
    slope = np.abs(np.asarray(d(s)) - np.asarray(d(t))) / np.linalg.norm(s - t, axis=-1)
    yield at_most("its slopes", slope, 1.0, slack=rounding(1e4), tight=1e-4)


def steeper_critic(real, fake):
    d = wgan.exact_critic(real, fake)
    return lambda t: 1.01 * d(t)


def steep_between_samples(real, fake):
    d = wgan.exact_critic(real, fake)
    return lambda t: d(t) + np.linalg.norm(t[:, None] - np.concatenate([real, fake]), axis=-1).min(-1)


def squared_distances(a, b):
    t = (np.arange(10000) + 0.5) / 10000
    return ((np.quantile(a, t) - np.quantile(b, t)) ** 2).mean()


exact_dual_is_wasserstein.mutants(
    {
        "players exchanged": lambda d, real, fake: wgan.objective(d, fake, real),
        "1 % too large": lambda d, real, fake: 1.01 * wgan.objective(d, real, fake),
        "one mean over the pooled samples": lambda d, real, fake: (
            (np.sum(d(real)) - np.sum(d(fake))) / (len(real) + len(fake)) * 2
        ),
    },
    replaces="objective",
)
exact_dual_is_wasserstein.mutants(
    {
        "a critic of slope 1.01": steeper_critic,
        "right at the samples, but 2-Lipschitz between them": steep_between_samples,
        "a Lipschitz critic that is not the best": lambda real, fake: (
            lambda t: -np.linalg.norm(t - fake.mean(0), axis=-1)
        ),
    },
    replaces="exact_critic",
)
exact_dual_is_wasserstein.mutants(
    {
        "distances squared: W₂²": squared_distances,
        "distance of the means": lambda a, b: abs(a.mean() - b.mean()),
        "1 % too small": lambda a, b: 0.99 * wgan.wasserstein_line(a, b),
    },
    replaces="wasserstein_line",
)


@claim("M26", slide=SLIDE, source="Arjovsky, Chintala & Bottou 2017")
def clipping_bounds_slopes_but_not_by_one(rng, *, clip_weights=wgan.clip_weights):
    r"""A clipped layer m × p has norm ≤ c√(mp), equal when all weights meet the same bound; the product is not 1."""
    for c in (0.01, 0.1, 1.0):
        layers = 2 * c * rng.standard_normal((50, 6, 4))
        layers[0] = 3 * c
        yield from unchanged(f"c = {c}", lambda x: clip_weights(x, c), layers)  # noqa: B023
        norms = np.linalg.norm(clip_weights(layers, c), ord=2, axis=(-2, -1))
        yield at_most(f"c = {c}: norm of a layer", norms, c * np.sqrt(24), slack=rounding(64, c), tight=1e-12)
        expected = np.median(np.stack([layers, c + 0 * layers, -c + 0 * layers]), axis=0)
        yield equal(f"c = {c}: the nearest point of the box", clip_weights(layers, c), expected)


clipping_bounds_slopes_but_not_by_one.mutants({
    "box 1 % too wide": lambda x, c: np.clip(x, -1.01 * c, 1.01 * c),
    "writes into its argument": lambda x, c: np.clip(x, -c, c, out=x),
    "rescaled into the box instead of clipped": lambda x, c: x * min(1, c / np.abs(x).max()),
    "clipped from above only": lambda x, c: np.minimum(x, c),
})
