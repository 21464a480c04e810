"""Tweedie's formula: slide "A denoising perspective on sampling"."""

from typing import Any, NamedTuple

import numpy as np

from refimpl.calculus.mixtures import mixture_score_jacobian
from refimpl.diffusion import tweedie
from verify.calculus.mixtures import CONDITION, SLIDE, random_mixture
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.probes import batched

SOURCE = "Efron 2011"


def posterior(x, sigma, weights, means, covariances):
    """Weights, means and covariances of X's components given X_σ = x, by conditioning each Gaussian; the least q."""
    noisy = covariances + sigma**2 * np.eye(x.shape[-1])
    gain = covariances @ np.linalg.inv(noisy)
    residual = x[:, None] - means
    m = means + np.einsum("kij,nkj->nki", gain, residual)
    distance = np.einsum("nki,kij,nkj->nk", residual, np.linalg.inv(noisy), residual)
    r = weights / np.sqrt(np.linalg.det(noisy)) * np.exp(-(distance - distance.min(1, keepdims=True)) / 2)
    return r / r.sum(1, keepdims=True), m, sigma**2 * gain, distance.min(1)


class Noised(NamedTuple):
    """A law under noise σ: points x of it, and of X given X_σ = x its components' weights, means and covariances."""

    name: str
    sigma: float
    mixture: tuple
    x: Any
    r: Any
    mean: Any
    spread: Any
    S: Any
    q: Any


def noised_laws(rng):
    """A mixture, a Gaussian and a discrete law, each under noise."""
    mixture, gaussian, atoms = random_mixture(rng), random_mixture(rng, k=1), random_mixture(rng, k=20)
    laws = {"mixture": mixture, "Gaussian": gaussian, "discrete law": (*atoms[:2], np.zeros_like(atoms[2]))}
    for name, (weights, means, covariances) in laws.items():
        sigma = 10 ** rng.uniform(-2, 2)
        x = means[rng.integers(len(means), size=100)] + (1 + sigma) * rng.standard_normal((100, 3))
        r, m, S, q = posterior(x, sigma, weights, means, covariances)
        mean = np.einsum("nk,nki->ni", r, m)
        noisy = weights, means, covariances + sigma**2 * np.eye(3)
        yield Noised(name, sigma, noisy, x, r, mean, m - mean[:, None], S, q)


def rounding_of_moments(law):
    """Rounding errors of the mean, and of the covariance, of X given X_σ.

    The points have an error of cond Σ roundings. The weights of the components, where all within 80 of the least
    q = (x − μ)ᵀΣ⁻¹(x − μ) count, have the relative error q, times how far their means are from the average (for the
    covariance, its square).
    """
    size, far = 1 + np.linalg.norm(law.x, axis=1), np.linalg.norm(law.spread, axis=2)
    first, second = (law.r * far).sum(1), (law.r * far**2).sum(1)
    of_mean = rounding(4 * CONDITION, size) + rounding(8, (80 + law.q) * first)
    return of_mean, rounding(4 * CONDITION, law.sigma**2 + size * first) + rounding(8, (80 + law.q) * second)


@claim("D07", slide=SLIDE, source=SOURCE)
def tweedie_gives_the_conditional_mean(
    rng, *, tweedie_denoiser=tweedie.tweedie_denoiser, mixture_score=tweedie.mixture_score
):
    r"""X_σ + σ²∇log π_σ(X_σ) = E[X|X_σ] on mixtures, Gaussians and discrete laws; on N(0, σ²I) for tiny and huge σ."""
    for law in noised_laws(rng):

        def denoiser(y, law=law):
            return tweedie_denoiser(y, lambda y: mixture_score(y, *law.mixture), law.sigma)

        error, _ = rounding_of_moments(law)
        yield from batched(f"{law.name}: E[X|X_σ]", denoiser, law.x, atol=error.max())
        what = f"{law.name}: E[X|X_σ] at σ = {law.sigma:.3g}"
        yield equal(what, denoiser(law.x), law.mean, atol=error[:, None])
    x = rng.standard_normal((100, 3))
    for sigma in (1e-6, 1e6):
        half = tweedie_denoiser(x, lambda y, s=sigma: -y / (2 * s**2), sigma)
        yield equal(f"N(0, σ²I) at σ = {sigma:g}", half, x / 2, rtol=rounding(16))


@claim("D07", slide=SLIDE, source=SOURCE)
def tweedie_gives_the_conditional_covariance(rng, *, tweedie_covariance=tweedie.tweedie_covariance):
    r"""σ²I + σ⁴∇²log π_σ(X_σ) = Cov[X|X_σ] on mixtures, Gaussians and discrete laws."""
    for law in noised_laws(rng):

        def uncertainty(y, law=law):
            return tweedie_covariance(y, lambda y: mixture_score_jacobian(y, *law.mixture), law.sigma)

        _, error = rounding_of_moments(law)
        within = np.einsum("nk,kij->nij", law.r, law.S)
        between = np.einsum("nk,nki,nkj->nij", law.r, law.spread, law.spread)
        yield from batched(f"{law.name}: Cov[X|X_σ]", uncertainty, law.x, atol=error.max())
        yield equal(f"{law.name}: Cov[X|X_σ]", uncertainty(law.x), within + between, atol=error[:, None, None])


tweedie_gives_the_conditional_mean.mutants(
    {
        "σ for σ²": lambda x, score, sigma: x + sigma * score(x),
        "steps against the score": lambda x, score, sigma: x - sigma**2 * score(x),
        "half of σ², a Langevin drift": lambda x, score, sigma: x + sigma**2 / 2 * score(x),
        "σ² 1 % too large": lambda x, score, sigma: x + 1.01 * sigma**2 * score(x),
        "σ at a single point": lambda x, score, sigma: x + sigma ** min(x.ndim, 2) * score(x),
    },
    replaces="tweedie_denoiser",
)
tweedie_gives_the_conditional_covariance.mutants(
    {
        "σ² before the Hessian": lambda x, score_jacobian, sigma: (
            sigma**2 * np.eye(x.shape[-1]) + sigma**2 * score_jacobian(x)
        ),
        "no noise left at all": lambda x, score_jacobian, sigma: sigma**4 * score_jacobian(x),
        "I at a single point": lambda x, score_jacobian, sigma: (
            tweedie.tweedie_covariance(x, score_jacobian, sigma) + (np.eye(len(x)) if x.ndim == 1 else 0)
        ),
        "10⁻⁸ too large": lambda x, score_jacobian, sigma: (
            tweedie.tweedie_covariance(x, score_jacobian, sigma) * (1 + 1e-8)
        ),
    },
)
tweedie_gives_the_conditional_mean.mutants(
    {
        "score of the clean law": lambda x, weights, means, covariances: tweedie.mixture_score(
            x, weights, means, covariances - 0.005 * np.eye(x.shape[-1])
        )
    },
    replaces="mixture_score",
)


DIRECTIONS = {
    "1": np.ones_like,
    "y": lambda y: y,
    "sin y": np.sin,
    "y²": np.square,
    "tanh": lambda y: np.tanh(y - 1),
}


def joint_law(rng):
    """A mixture on the line by the trapezoidal rule: X, X_σ, their probabilities, σ, and the law of X_σ.

    The rule's error e^{−2πd/h}, for functions that are analytic up to ±id, is below rounding here.
    """
    weights, means, variances = np.array([0.2, 0.5, 0.3]), rng.uniform(-3, 3, 3), rng.uniform(0.2, 1, 3)
    sigma = rng.uniform(0.5, 2)
    u, h = np.linspace(-10, 10, 401, retstep=True)
    bell = np.exp(-(u**2) / 2) * h / np.sqrt(2 * np.pi)
    x = (means[:, None] + np.sqrt(variances)[:, None] * u)[..., None]
    law = weights, means[:, None], (variances + sigma**2)[:, None, None]
    return x, x + sigma * u, weights[:, None, None] * bell[:, None] * bell, sigma, law


@claim("D08", slide=SLIDE, source="projection theorem")
def conditional_mean_minimises_the_squared_error(
    rng, *, tweedie_denoiser=tweedie.tweedie_denoiser, mixture_score=tweedie.mixture_score
):
    r"""E(X − D(X_σ))g(X_σ) = 0 for every direction g; of all combinations of D and such g, least squares choose D."""
    x, noisy, probability, sigma, law = joint_law(rng)
    D = np.asarray(tweedie_denoiser(noisy[..., None], lambda y: mixture_score(y, *law), sigma))[..., 0]
    for name, g in DIRECTIONS.items():
        slope = (probability * (x - D) * g(noisy)).sum()
        error = rounding(16, (probability * (np.abs(x) + np.abs(noisy) + np.abs(D)) * np.abs(g(noisy))).sum())
        yield equal(f"E(X − D)g(X_σ), g = {name}", slope, 0.0, atol=error)
    weight = np.sqrt(probability).reshape(-1, 1)
    columns = weight * np.stack([D, *(g(noisy) for g in DIRECTIONS.values())], axis=-1).reshape(len(weight), -1)
    columns /= np.linalg.norm(columns, axis=0)
    target, alone = weight[:, 0] * np.broadcast_to(x, D.shape).ravel(), np.linalg.norm(np.sqrt(probability) * D)
    coefficients, _, _, singular = np.linalg.lstsq(columns, target)
    error = rounding(64, (singular[0] / singular[-1]) ** 2)
    yield equal("least squares: D and nothing else", coefficients / alone, np.eye(6)[0], atol=error)


def only_strongest_components_score(x, weights, means, covariances):
    strongest = weights.argmax()
    return (means[strongest] - x) / covariances[strongest, 0]


conditional_mean_minimises_the_squared_error.mutants(
    {
        "denoises to the median-like mode: no σ²": lambda x, score, sigma: x + score(x),
        "does nothing": lambda x, score, sigma: x,
        "σ² 1 % too small": lambda x, score, sigma: x + 0.99 * sigma**2 * score(x),
    },
    replaces="tweedie_denoiser",
)
conditional_mean_minimises_the_squared_error.mutants(
    {"only the strongest component's score": only_strongest_components_score}, replaces="mixture_score"
)
