"""Stochastic gradient descent: slide "Recall SGD results from Lecture 10"."""

import numpy as np
import scipy

from refimpl.minimax import stochastic_descent
from verify.claims import claim
from verify.evidence import (
    ALPHA,
    at_most,
    binomial_interval,
    confidence_sequence,
    distribution,
    equal,
    mean,
    rate,
    rounding,
)

RECALL = "Recall SGD results from Lecture 10"
SGD_SOURCE = "Mertikopoulos, Hallak, Kavis & Cevher 2020"


def sgd_with(**changes):
    """A mutant of `sgd` called with changed arguments: ``sigma=lambda sigma: 2 * sigma``."""

    def sgd(grad_f, x0, etas, sigma, rng):
        given = {"grad_f": grad_f, "x0": x0, "etas": etas, "sigma": sigma}
        return stochastic_descent.sgd(
            **given | {name: change(given[name]) for name, change in changes.items()}, rng=rng
        )

    return sgd


@claim("M07", slide=RECALL, source="definition; Laurent & Massart 2000, Lemma 1")
def errors_of_the_gradients_are_white_noise(rng, *, sgd=stochastic_descent.sgd):
    r"""ξ_k = (x_k − x_{k+1})/ηₖ − ∇f(x_k) are σ times standard normal, independent in steps, paths, coordinates."""
    x0, etas, sigma = rng.uniform(-3, 3, (500, 4)), rng.uniform(0.01, 0.2, 500), rng.uniform(0.5, 2)
    path = sgd(np.sin, x0, etas, sigma, rng)
    yield equal("the start comes first", path[0], x0)
    x = sgd(np.sin, x0, etas, 0.0, rng)
    yield equal("σ = 0", x[1:], x[:-1] - etas[:, None, None] * np.sin(x[:-1]), atol=rounding(8, x[:-1]))
    z = ((path[:-1] - path[1:]) / etas[:, None, None] - np.sin(path[:-1])) / sigma
    quantile = np.log(2 / ALPHA)
    bound = 2 * np.sqrt(quantile / z.size) + 2 * quantile / z.size
    pairs = {
        "the errors' variance over σ²": (z, z, 1.0),
        "covariance of steps": (z[1:], z[:-1], 0.0),
        "covariance of paths": (z[:, 1:], z[:, :-1], 0.0),
        "covariance of coordinates": (z[..., 1:], z[..., :-1], 0.0),
    }
    for name, (u, v, expected) in pairs.items():
        yield equal(name, (u * v).mean(), expected, atol=2 * bound if expected == 0 else bound)._replace(alpha=ALPHA)
    yield distribution("law of the errors", z, scipy.special.ndtr, delta=0.01)


def sgd_with_errors(draw):
    """A mutant of `sgd` whose errors are drawn otherwise."""

    def sgd(grad_f, x0, etas, sigma, rng):
        x = [x0]
        for eta in etas:
            x.append(stochastic_descent.sgd_step(grad_f, x[-1], eta, sigma * draw(rng, x0.shape)))
        return np.array(x)

    return sgd


errors_of_the_gradients_are_white_noise.mutants({
    "noise 1 % too large": sgd_with(sigma=lambda sigma: 1.01 * sigma),
    "gradient 1 % too small": sgd_with(grad_f=lambda grad_f: lambda x: 0.99 * grad_f(x)),
    "step sizes one step late": sgd_with(etas=lambda etas: np.roll(etas, 1)),
    "ascends": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
    "the last two steps of one size": sgd_with(etas=lambda etas: np.append(etas[:-1], etas[-2:-1])),
    "one error for all coordinates": sgd_with_errors(
        lambda rng, shape: np.broadcast_to(rng.standard_normal((shape[0], 1)), shape)
    ),
    "one error for all paths": sgd_with_errors(
        lambda rng, shape: np.broadcast_to(rng.standard_normal(shape[1:]), shape)
    ),
    "uniform errors of variance 1": sgd_with_errors(lambda rng, shape: rng.uniform(-np.sqrt(3), np.sqrt(3), shape)),
})


@claim("M07", slide=RECALL, source="Ghadimi & Lan 2013")
def stochastic_descent_finds_critical_points(rng, *, sgd=stochastic_descent.sgd, sgd_step=stochastic_descent.sgd_step):
    r"""f = Σ(1 − cos xᵢ), η = c/√N: mean of E‖∇f‖² ≤ (Δ/(ηN) + ησ²p/2)/(1 − η/2), of order N^−½."""
    x, noise, eta = rng.uniform(-3, 3, (50, 3)), rng.standard_normal((50, 3)), rng.uniform(0.1, 0.9)
    step = sgd_step(np.sin, x, eta, noise)
    yield equal("a step: x − η(∇f + ξ)", step, x - eta * np.sin(x) - eta * noise, atol=rounding(16, 4.0))
    x0, sigma, measured = rng.uniform(-2, 2, (2000, 1)), 1.5, []
    lengths = np.geomspace(100, 3000, 12).astype(int)
    for N in lengths:
        eta = 1 / np.sqrt(N)
        path = sgd(np.sin, x0, np.full(N, eta), sigma, rng)
        squares = (np.sin(path[:-1]) ** 2).mean(0)[:, 0]
        gap = (1 - np.cos(x0)).mean()
        bound = (gap / (eta * N) + eta * sigma**2 / 2) / (1 - eta / 2)
        if N < 500:
            low = confidence_sequence(squares, (0.0, 1.0), ALPHA)[0]
            yield at_most(f"N = {N}: mean ‖∇f‖², lower end", low, bound, tight=0.9)._replace(alpha=ALPHA)
        measured.append(squares.mean())
    yield rate("mean ‖∇f‖² against N", lengths, measured, -0.5)


stochastic_descent_finds_critical_points.mutants(
    {
        "no gradient": sgd_with(grad_f=lambda grad_f: lambda x: 0 * x),
        "steps of constant size": sgd_with(etas=lambda etas: 0.2 + 0 * etas),
        "noise η^½ z of a Langevin step": sgd_with(sigma=lambda sigma: 4 * sigma),
    },
    replaces="sgd",
)


stochastic_descent_finds_critical_points.mutants(
    {
        "the error keeps its size": lambda grad_f, x, eta, noise: x - eta * grad_f(x) + noise,
        "η 1 % too large": lambda grad_f, x, eta, noise: stochastic_descent.sgd_step(grad_f, x, 1.01 * eta, noise),
    },
    replaces="sgd_step",
)


@claim("M07", slide=RECALL, source=SGD_SOURCE)
def stochastic_descent_leaves_a_strict_saddle(rng, *, sgd=stochastic_descent.sgd):
    r"""f = ½(bx₂² − ax₁²) from 0: x₁ is Gaussian, P(T ≤ k) = P(|Z| > r m^−k/s), m^E[T] ~ 1/σ with m = 1 + ηa."""
    a, b, eta, r, paths = rng.uniform(0.8, 1.2), 1.0, 0.1, 1.0, 4000
    m = 1 + eta * a
    curvature = np.array([-a, b])
    mean_time, sigmas = [], np.geomspace(1e-2, 1e-7, 12)
    for sigma in sigmas:
        limit = eta * sigma / np.sqrt(m**2 - 1)
        median = int(np.log(r / (0.67 * limit)) / np.log(m))
        x = sgd(lambda x: x * curvature, np.zeros((paths, 2)), np.full(median + 100, eta), sigma, rng)[:, :, 0]
        escaped = np.abs(x) > r
        mean_time.append((~np.logical_or.accumulate(escaped)).sum(0).mean())
        if sigma == sigmas[0]:
            scale = limit * np.sqrt(m**60 - 1)
            law = lambda u, scale=scale: scipy.special.ndtr(u / scale)  # noqa: E731
            yield distribution("law of x₁ after 30 steps", x[30], law, delta=0.15)
        exact = 2 * scipy.special.ndtr(-r / (limit * m**median))
        yield mean(f"escaped by step {median}, σ = {sigma:.1e}", escaped[: median + 1].any(0), exact, delta=0.15)
    yield rate("(1 + ηa)^(mean escape time) against 1/σ", 1 / sigmas, m ** np.array(mean_time), 1.0)
    still = sgd(lambda x: x * curvature, np.zeros((1, 2)), np.full(300, eta), 0.0, rng)
    yield equal("without noise: stays on the saddle", still, np.zeros((301, 1, 2)))


stochastic_descent_leaves_a_strict_saddle.mutants({
    "noise 30 % too large": sgd_with(sigma=lambda sigma: 1.3 * sigma),
    "variance for standard deviation": sgd_with(sigma=lambda sigma: sigma**2),
    "descends the other way: the saddle's other axis": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
    "steps 5 % too long": sgd_with(etas=lambda etas: 1.05 * etas),
    "noise even for σ = 0": sgd_with(sigma=lambda sigma: sigma + 1e-12),
})


@claim("M07", slide=RECALL, source=SGD_SOURCE)
def stochastic_descent_stays_near_hurwitz_minimisers(rng, *, sgd=stochastic_descent.sgd):
    r"""f = ½lx²: x_k is Gaussian; on ¼(x² − 1)², P(ever r away from 1) ≤ ((x₀ − 1)² + σ²Σηₖ²)/r²: small, not 0."""
    curvature, x0, sigma = rng.uniform(0.5, 2), rng.uniform(0.5, 1.5), rng.uniform(0.5, 1)
    for name, etas in (("constant", np.full(60, 0.2)), ("decreasing", 0.5 / np.arange(1, 61))):
        factors = np.append(np.cumprod((1 - etas * curvature)[::-1])[::-1], 1.0)
        deviation = sigma * np.sqrt(((etas * factors[1:]) ** 2).sum())
        x = sgd(lambda x: curvature * x, np.full((4000, 1), x0), etas, sigma, rng)[-1, :, 0]
        law = lambda u, centre=x0 * factors[0], scale=deviation: scipy.special.ndtr((u - centre) / scale)  # noqa: E731
        yield distribution(f"{name} steps: law of x₆₀", x, law, delta=0.15)
    start = 1 + rng.uniform(-0.02, 0.02)
    for r, length in ((0.15, 300), (0.25, 300), (0.15, 1)):
        etas = 0.1 / np.arange(1, length + 1) ** 0.75
        path = sgd(lambda x: x**3 - x, np.full((20_000, 1), start), etas, 0.4 if length > 1 else 1.2, rng)
        left = np.count_nonzero((np.abs(path - 1) > r).any(0))
        bound = ((start - 1) ** 2 + (0.4 if length > 1 else 1.2) ** 2 * (etas**2).sum()) / r**2
        low = binomial_interval(left, 20_000, ALPHA)[0]
        what = f"double well, r = {r}, {length} steps: share that ever leaves, lower end"
        yield at_most(what, low, bound, resolution=bound)._replace(alpha=ALPHA)
    loud = 2.0
    path = sgd(lambda x: x**3 - x, np.ones((4000, 1)), np.full(1, 0.2), loud, rng)
    exact = 2 * scipy.special.ndtr(-r / (0.2 * loud))
    yield mean(
        "one loud step leaves with the probability of its tail, > 0", np.abs(path[1, :, 0] - 1) > r, exact, delta=0.15
    )


stochastic_descent_stays_near_hurwitz_minimisers.mutants({
    "noise 30 % too large": sgd_with(sigma=lambda sigma: 1.3 * sigma),
    "noise 30 % too small": sgd_with(sigma=lambda sigma: 0.7 * sigma),
    "noise thrice too large": sgd_with(sigma=lambda sigma: 3 * sigma),
    "steps in reversed order": sgd_with(etas=lambda etas: etas[::-1]),
    "ascends": sgd_with(grad_f=lambda grad_f: lambda x: -grad_f(x)),
    "all steps as long as the first": sgd_with(etas=lambda etas: 0 * etas + etas[0]),
    "one error for all paths": sgd_with_errors(
        lambda rng, shape: np.broadcast_to(rng.standard_normal((1, *shape[1:])), shape)
    ),
})
