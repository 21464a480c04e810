"""Data on a thin set, a circle or the digits: slide "What about natural distributions?"."""

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import manifold, tweedie
from refimpl.diffusion.tweedie import mixture_score
from verify.claims import claim
from verify.evidence import at_most, equal, rate, rounding

SLIDE = "What about natural distributions?"
SOURCE = "integral over the angle, by the trapezoidal rule; Tweedie"


def on_circle(n, radius):
    """Equally spaced points of a circle."""
    angle = 2 * np.pi * np.arange(n) / n
    return radius * np.stack([np.cos(angle), np.sin(angle)], -1)


@claim("D24", slide=SLIDE, source=SOURCE)
def noise_gives_a_circle_a_density_and_tweedie_holds_for_it(
    rng,
    *,
    circle_log_density=manifold.circle_log_density,
    circle_score=manifold.circle_score,
    circle_denoiser=manifold.circle_denoiser,
    tweedie_denoiser=tweedie.tweedie_denoiser,
):
    r"""Density, score and E[X|X_σ] on a circle are those of many points on it; X_σ + σ²∇log π_σ = E[X|X_σ] at all σ."""
    radius = rng.uniform(0.5, 2)
    points = on_circle(600, radius)
    x = rng.standard_normal((60, 2)) * np.geomspace(0.1, 2, 60)[:, None]
    for sigma in (0.08 * radius, *rng.uniform(0.3, 1, 2) * radius, 3.0):
        squares = ((x[:, None] - points) ** 2).sum(-1)
        logits = -squares / (2 * sigma**2)
        log_density = scipy.special.logsumexp(logits, axis=1) - np.log(600 * 2 * np.pi * sigma**2)
        size = rounding(1e4, squares.max() / sigma**2 + 10)
        yield equal(f"log π_σ at σ = {sigma:.3g}", circle_log_density(x, radius, sigma), log_density, atol=size)
        average = scipy.special.softmax(logits, axis=1) @ points
        yield equal("E[X|X_σ]", circle_denoiser(x, radius, sigma), average, atol=size * radius)
        law = (np.full(600, 1 / 600), points, np.tile(sigma**2 * np.eye(2), (600, 1, 1)))
        score = mixture_score(x, *law)
        error = size * (1 + radius) / sigma**2
        yield equal("∇log π_σ", circle_score(x, radius, sigma), score, atol=error)

        def pull(y, sigma=sigma):
            return circle_score(y, radius, sigma)

        yield equal("X_σ + σ²∇log π_σ", tweedie_denoiser(x, pull, sigma), average, atol=size * (1 + radius))


def gaussian_in_the_radius(x, radius, sigma):
    r = np.linalg.norm(x, axis=-1)
    return -((r - radius) ** 2) / (2 * sigma**2) - np.log((2 * np.pi) ** 1.5 * radius * sigma)


def bessel_function_not_normalised(x, radius, sigma):
    r = np.linalg.norm(x, axis=-1, keepdims=True)
    return radius * scipy.special.i1e(radius * r / sigma**2) * x / r


def two_terms_of_the_expansion(x, radius, sigma):
    r = np.linalg.norm(x, axis=-1, keepdims=True)
    k = radius * r / sigma**2
    return np.where(k > 50, (1 - 1 / (2 * k)) * radius * x / r, manifold.circle_denoiser(x, radius, sigma))


noise_gives_a_circle_a_density_and_tweedie_holds_for_it.mutants(
    {
        "not normalised": lambda x, radius, sigma: manifold.circle_log_density(x, radius, sigma) + np.log(2 * np.pi),
        "a Gaussian in the radius": gaussian_in_the_radius,
    },
    replaces="circle_log_density",
)
noise_gives_a_circle_a_density_and_tweedie_holds_for_it.mutants(
    {
        "the projection": lambda x, radius, sigma: manifold.nearest_on_circle(x, radius),
        "I₁ for I₁/I₀": bessel_function_not_normalised,
        "two terms of its expansion at small noise": two_terms_of_the_expansion,
        "σ² without the square": lambda x, radius, sigma: manifold.circle_denoiser(x, radius, np.sqrt(sigma)),
    },
    replaces="circle_denoiser",
)
noise_gives_a_circle_a_density_and_tweedie_holds_for_it.mutants(
    {
        "the pull of a Gaussian in the radius": lambda x, radius, sigma: (
            (manifold.nearest_on_circle(x, radius) - x) / sigma**2
        ),
        "away from the circle": lambda x, radius, sigma: -manifold.circle_score(x, radius, sigma),
    },
    replaces="circle_score",
)
noise_gives_a_circle_a_density_and_tweedie_holds_for_it.mutants(
    {"σ for σ²": lambda x, score, sigma: x + sigma * score(x)}, replaces="tweedie_denoiser"
)


SMALL = np.geomspace(1e-3, 3e-2, 8)  # levels of noise


def circle_and_direction(rng):
    """A radius, and a unit vector."""
    radius, angle = rng.uniform(0.5, 2), rng.uniform(0, 2 * np.pi)
    return radius, np.array([np.cos(angle), np.sin(angle)])


@claim("D24", slide=SLIDE, source="Laplace's method; Bessel functions of large argument")
def off_a_thin_set_scores_explode_and_denoising_projects(
    rng,
    *,
    circle_score=manifold.circle_score,
    circle_denoiser=manifold.circle_denoiser,
    nearest_on_circle=manifold.nearest_on_circle,
):
    r"""As σ → 0 on a circle, σ²∇log π_σ(x) → projection − x, and the denoiser to the projection but for σ²/2‖x‖."""
    radius, out = circle_and_direction(rng)
    nearest, exact = radius * out, rounding(64, radius)
    for distance in (-0.6 * radius, -0.1 * radius, 0.0, 0.3, 2.0):
        x = (radius + distance) * out
        yield equal("projection", nearest_on_circle(x, radius), nearest, atol=exact)
        inwards = (nearest - np.array([circle_denoiser(x, radius, s) for s in SMALL])) @ out
        leading = SMALL**2 / (2 * (radius + distance))
        later = SMALL**4 / (4 * radius * (radius + distance) ** 2)  # twice the next term
        error = later + rounding(64, radius + 3)
        yield equal(f"distance {distance:+.2g}: projection − D", inwards, leading, atol=error)
        yield rate("the same against σ", SMALL, inwards, 2.0)
        if distance:
            growth = np.array([np.linalg.norm(circle_score(x, radius, s)) for s in SMALL])
            gap = (leading + later) / abs(distance) + rounding(64, radius + 3)
            yield equal("σ²‖∇log π_σ‖/distance", growth * SMALL**2 / abs(distance), np.ones(8), atol=gap)
    yield equal("projection from near the middle", nearest_on_circle(1e-6 * out, radius), nearest, atol=exact)


@claim("D24", slide=SLIDE, source="Laplace's method")
def densities_concentrate_on_a_thin_set(rng, *, circle_log_density=manifold.circle_log_density):
    r"""As σ → 0 the density under noise goes like 1/((2π)^{3/2}Rσ) on the circle, and to 0 beside it."""
    radius, out = circle_and_direction(rng)
    density = np.exp([circle_log_density(radius * out, radius, s) for s in SMALL])
    known = 1 / ((2 * np.pi) ** 1.5 * radius)
    yield equal("σπ_σ on the circle", density * SMALL, np.full(8, known), atol=known * SMALL**2 / radius**2)
    yield rate("π_σ on the circle against σ", SMALL, density, -1.0)
    beside = np.exp(circle_log_density((radius + 0.3) * out, radius, 3e-2))
    yield at_most("π_σ beside it, at σ = 0.03", beside, 1e-15, resolution=1e-14)


off_a_thin_set_scores_explode_and_denoising_projects.mutants(
    {
        "the projection itself": lambda x, radius, sigma: manifold.nearest_on_circle(x, radius),
        "correction of the wrong sign": lambda x, radius, sigma: (
            2 * manifold.nearest_on_circle(x, radius) - manifold.circle_denoiser(x, radius, sigma)
        ),
        "1 % more noise assumed": lambda x, radius, sigma: manifold.circle_denoiser(x, radius, 1.01 * sigma),
    },
    replaces="circle_denoiser",
)
off_a_thin_set_scores_explode_and_denoising_projects.mutants(
    {
        "divided by σ": lambda x, radius, sigma: sigma * manifold.circle_score(x, radius, sigma),
        "1 % too large": lambda x, radius, sigma: 1.01 * manifold.circle_score(x, radius, sigma),
    },
    replaces="circle_score",
)
densities_concentrate_on_a_thin_set.mutants(
    {
        "length of the circle left out": lambda x, radius, sigma: (
            manifold.circle_log_density(x, radius, sigma) + np.log(radius)
        ),
        "density along the circle only": lambda x, radius, sigma: (
            manifold.circle_log_density(x, radius, sigma) + np.log(sigma)
        ),
    },
)
off_a_thin_set_scores_explode_and_denoising_projects.mutants(
    {"on the unit circle": lambda x, radius: x / np.linalg.norm(x, axis=-1, keepdims=True)},
    replaces="nearest_on_circle",
)


@claim("D24", slide=SLIDE, source="softmax of two terms; 10,000 real digits")
def near_digits_the_score_points_to_the_nearest_one(
    rng, *, empirical_score=manifold.empirical_score, empirical_denoiser=tweedie.empirical_denoiser
):
    r"""σ²∇log π_σ(x) → nearest digit − x, up to e^{−(d₂² − d₁²)/2σ²}; x + σ²∇log π_σ(x) = E[X|X_σ = x] at every σ."""
    images, _ = digits.load()
    x = images[rng.choice(len(images), 5, replace=False)] + rng.uniform(-0.3, 0.3, (5, 784))
    squares = scipy.spatial.distance.cdist(x, images, "sqeuclidean")
    nearest, distance = images[squares.argmin(1)], np.sqrt(squares.min(1))
    second = np.sort(squares, axis=1)[:, 1] - squares.min(1)
    for sigma in (0.3, 0.1, 0.03, 0.01):
        pull = sigma**2 * np.asarray(empirical_score(x, images, sigma))
        others = len(images) * np.exp(-second / (2 * sigma**2))
        error = rounding(64, 2) + np.minimum(others, 1)[:, None]
        yield equal(f"σ²∇log π_σ at σ = {sigma}", pull, nearest - x, atol=error)
        growth = np.linalg.norm(pull, axis=1) / distance
        yield equal("σ²‖∇log π_σ‖/distance", growth, np.ones(5), atol=rounding(1e3) + 30 * np.minimum(others, 1))
    for sigma in (0.5, 2.0, 10.0):
        weights = scipy.special.softmax(-squares / (2 * sigma**2), axis=1)
        pull = np.asarray(empirical_score(x, images, sigma))
        error = rounding(1e4, 1 + squares.max() / sigma**2)
        yield equal(f"x + σ²∇log π_σ at σ = {sigma}", x + sigma**2 * pull, weights @ images, atol=error)
        yield equal("E[X|X_σ]", empirical_denoiser(x, images, sigma), weights @ images, atol=error)


near_digits_the_score_points_to_the_nearest_one.mutants(
    {
        "divided by σ": lambda x, data, sigma: sigma * manifold.empirical_score(x, data, sigma),
        "away from the data": lambda x, data, sigma: -manifold.empirical_score(x, data, sigma),
        "always the nearest": lambda x, data, sigma: (
            (data[scipy.spatial.distance.cdist(x, data).argmin(1)] - x) / sigma**2
        ),
        "1 % too large": lambda x, data, sigma: 1.01 * manifold.empirical_score(x, data, sigma),
    },
    replaces="empirical_score",
)
near_digits_the_score_points_to_the_nearest_one.mutants(
    {"the mean of the data": lambda x, data, sigma: np.tile(data.mean(0), (len(x), 1))}, replaces="empirical_denoiser"
)
