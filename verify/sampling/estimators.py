"""Distances estimated from samples: slide "Langevin Monte Carlo"."""

import itertools

import numpy as np
import scipy

from refimpl.sampling import estimators, metrics
from verify.claims import claim, shipped
from verify.evidence import equal
from verify.sampling.metrics import SLIDE, random_law

COUNT = 20_000


@claim("S02", slide=SLIDE, source="quasi-Monte Carlo: quantiles; closed forms of Gaussians")
def estimates_from_samples_agree_with_closed_forms(
    rng,
    *,
    sample_kl=estimators.sample_kl,
    sample_total_variation=estimators.sample_total_variation,
    sample_w2=estimators.sample_w2,
):
    r"""N(m, v) and N(m', v') on the line by their quantiles: KL(p‖q), TV and W₂, within the error of the rule."""
    u = (np.arange(COUNT) + 0.5) / COUNT
    for _ in range(3):
        (m0, s0), (m1, s1) = (rng.uniform(-1, 1), rng.uniform(0.5, 1)), (rng.uniform(-1, 1), rng.uniform(1.1, 2))
        p, q = scipy.stats.norm(m0, s0), scipy.stats.norm(m1, s1)
        a, b = (rng.permutation(law.ppf(u))[:, None] for law in (p, q))
        laws = [m0], [[s0**2]], [m1], [[s1**2]]
        log_p, log_q = lambda a, p=p: p.logpdf(a[:, 0]), lambda a, q=q: q.logpdf(a[:, 0])
        yield equal("KL", sample_kl(log_p, log_q, a), metrics.gaussian_kl(*laws), atol=4e-3)
        x = np.linspace(-20, 20, 40_001)
        tv = np.abs(p.pdf(x) - q.pdf(x)).sum() * (x[1] - x[0]) / 2
        yield equal("TV", sample_total_variation(log_p, log_q, a), tv, atol=1e-3)
        yield equal("W₂", sample_w2(a, b), metrics.gaussian_w2(*laws), atol=6e-3)
    few = rng.standard_normal((7, 2))
    low = sample_kl(lambda a: a[:, 0], lambda a: a[:, 0] + 1 + a[:, 1] ** 2, few)
    yield equal("KL of a few points, below 0", low, -1 - (few[:, 1] ** 2).mean(), rtol=1e-13)
    log_q = lambda a: np.where(a[:, 0] > 0, -np.inf, 0.0)  # noqa: E731
    none = (few[:, 0] > 0).mean()
    yield equal("TV where q = 0", sample_total_variation(lambda a: 0 * a[:, 0], log_q, few), none, atol=1e-14)
    far = few[:2] + 800.0
    yield equal("TV far out", sample_total_variation(lambda a: -(a**2).sum(1), lambda a: -(a**2).sum(1), far), 0.0)


estimates_from_samples_agree_with_closed_forms.mutants(
    {
        "KL(q‖p)'s sign": lambda log_p, log_q, a: -estimators.sample_kl(log_p, log_q, a),
        "never below 0": lambda log_p, log_q, a: max(estimators.sample_kl(log_p, log_q, a), 0.0),
        "sum for mean": lambda log_p, log_q, a: (log_p(a) - log_q(a)).sum(),
        "entropy alone": lambda log_p, log_q, a: log_p(a).mean(),
        "1 % too large": lambda log_p, log_q, a: 1.01 * estimators.sample_kl(log_p, log_q, a) + 4e-3,
    },
    replaces="sample_kl",
)
estimates_from_samples_agree_with_closed_forms.mutants(
    {
        "|1 − q/p|": lambda log_p, log_q, a: np.abs(1 - np.exp(log_q(a) - log_p(a))).mean(),
        "(q/p − 1)₊/2": lambda log_p, log_q, a: np.maximum(np.exp(log_q(a) - log_p(a)) - 1, 0).mean() / 2,
        "(1 − p/q)₊": lambda log_p, log_q, a: estimators.sample_total_variation(log_q, log_p, a),
        "densities that underflow": lambda log_p, log_q, a: np.maximum(
            1 - np.exp(log_q(a)) / np.exp(log_p(a)), 0
        ).mean(),
        "half of it": lambda log_p, log_q, a: estimators.sample_total_variation(log_p, log_q, a) / 2,
    },
    replaces="sample_total_variation",
)
WRONG_DISTANCES = {
    "its square": lambda a, b: estimators.sample_w2(a, b) ** 2,
    "in the order given": lambda a, b: np.sqrt(((a - b) ** 2).sum(1).mean()),
}
estimates_from_samples_agree_with_closed_forms.mutants(WRONG_DISTANCES, replaces="sample_w2")


@claim("S02", slide=SLIDE, source="all permutations; Brenier 1991")
def samples_are_matched_at_the_least_cost(rng, *, sample_w2=estimators.sample_w2):
    r"""Six points: the least mean of ‖a_i − b_τ(i)‖² over all τ; images under Tx + b are matched to x."""
    for p in (1, 2, 3):
        a, b = rng.standard_normal((2, 6, p))
        costs = [((a - b[list(order)]) ** 2).sum(1).mean() for order in itertools.permutations(range(6))]
        yield equal(f"W₂ of six points, p = {p}", sample_w2(a, b), np.sqrt(min(costs)), rtol=1e-12)
    T = random_law(rng)[1]
    a = rng.standard_normal((150, 3))
    b = a @ T + rng.standard_normal(3)
    expected = np.sqrt(((a - b) ** 2).sum(1).mean())
    yield equal("W₂ of a convex gradient's image", sample_w2(a, rng.permutation(b)), expected, rtol=1e-12)


def matched(a, b, power, metric="euclidean"):
    """The mean distance of the best matching, to a power."""
    cost = scipy.spatial.distance.cdist(a, b, metric)
    return cost[scipy.optimize.linear_sum_assignment(cost)].mean() ** power


samples_are_matched_at_the_least_cost.mutants({
    **WRONG_DISTANCES,
    "coordinates sorted one by one": lambda a, b: np.sqrt(((np.sort(a, 0) - np.sort(b, 0)) ** 2).sum(1).mean()),
    "distances, not their squares": lambda a, b: matched(a, b, 0.5),
    "each point to its nearest": lambda a, b: np.sqrt(scipy.spatial.distance.cdist(a, b, "sqeuclidean").min(1).mean()),
    "sum for mean": lambda a, b: estimators.sample_w2(a, b) * np.sqrt(len(a)),
    "W₁": lambda a, b: matched(a, b, 1),
})


@claim("S02", slide=SLIDE, source="linear programs; copies of points as weights")
def weights_are_copies_of_points(rng, *, sample_w2=estimators.sample_w2, sliced_w2=estimators.sliced_w2):
    r"""Weights k/N act as k copies of a point, p ≤ 3, at scales 10^±200; SW₂² is the mean of W₂² over lines."""
    for p in (1, 2, 3):
        a, b, k, l = rng.standard_normal((4, p)), rng.standard_normal((3, p)), (1, 2, 3, 4), (5, 2, 3)
        many = np.repeat(a, k, axis=0), np.repeat(b, l, axis=0)
        expected = matched(*many, 1, "sqeuclidean") ** 0.5
        weights = np.array(k) / 10, np.array(l) / 10
        theta = rng.standard_normal((6, p)) * 10.0 ** np.arange(-2, 4)[:, None]
        lines = [many[0] @ t / np.sqrt(t @ t) for t in theta], [many[1] @ t / np.sqrt(t @ t) for t in theta]
        sliced = np.sqrt(np.mean((np.sort(lines[0], axis=1) - np.sort(lines[1], axis=1)) ** 2))
        for scale in (1e-200, 1.0, 1e200):
            at = scale * a, scale * b
            copies = scale * many[0], scale * many[1]
            found = sample_w2(*at, weights=weights) / scale, sample_w2(*copies) / scale
            yield equal(f"W₂, p = {p}, × {scale:g}", found, expected, rtol=1e-9)
            found = sliced_w2(*at, theta, weights=weights) / scale, sliced_w2(*copies, scale * theta) / scale
            yield equal(f"SW₂, p = {p}, × {scale:g}", found, sliced, rtol=1e-9)
        one = sample_w2(a[:1], b[:1]), sliced_w2(a[:1], b[:1], np.eye(p)) * np.sqrt(p)
        yield equal(f"one point, p = {p}", one, np.sqrt(((a[0] - b[0]) ** 2).sum()), rtol=1e-12)
        yield equal(f"no distance from itself, p = {p}", sample_w2(a, a, weights=(weights[0], weights[0])), 0.0)


def sliced(a, b, directions, weights=None, power=0.5, axis=1):
    """SW₂ that can be spoilt, by copies of the points for weights of tenths."""
    if weights is not None:
        a, b = (np.repeat(x, np.rint(10 * w).astype(int), axis=0) for x, w in zip((a, b), weights, strict=True))
    unit = (directions / np.linalg.norm(directions, axis=axis, keepdims=True)).T
    return np.mean((np.sort(a @ unit, 0) - np.sort(b @ unit, 0)) ** 2) ** power


weights_are_copies_of_points.mutants(
    {
        "weights left out": lambda a, b, weights=None: estimators.sample_w2(a[: len(b)], b[: len(a)]),
        "1 % too large": lambda a, b, weights=None: 1.01 * estimators.sample_w2(a, b, weights=weights),
        "weights exchanged": lambda a, b, weights=None: estimators.sample_w2(
            a, b, weights=weights and (weights[0][::-1], weights[1])
        ),
        "‖x − y‖₂ for its square": shipped(
            lambda a, b, weights=None: (
                matched(a, b, 1.0) if weights is None else estimators.sample_w2(a, b, weights=weights)
            ),
            project="POT",
            thread="#779",
        ),
    },
    replaces="sample_w2",
)
weights_are_copies_of_points.mutants(
    {
        "no root": lambda a, b, directions, weights=None: sliced(a, b, directions, weights, power=1),
        "norms over the other axis": lambda a, b, directions, weights=None: sliced(a, b, directions, weights, axis=0),
        "1 % too large": lambda a, b, directions, weights=None: (
            1.01 * estimators.sliced_w2(a, b, directions, weights=weights)
        ),
    },
    replaces="sliced_w2",
)
