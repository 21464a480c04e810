"""Tweedie's formula: slide "A denoising perspective on sampling"."""

import numpy as np

from refimpl.calculus import mixtures
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


@claim("D07", slide=SLIDE, source=SOURCE)
def tweedie_gives_the_conditional_mean_and_covariance(
    rng,
    *,
    tweedie_denoiser=tweedie.tweedie_denoiser,
    tweedie_covariance=tweedie.tweedie_covariance,
    mixture_score=tweedie.mixture_score,
):
    r"""X_σ + σ²∇log π_σ(X_σ) = E[X|X_σ], σ²I + σ⁴∇²log π_σ = Cov[X|X_σ]: mixtures, Gaussians, discrete laws.

    Rounding: cond Σ roundings of the points, and the relative error q of the components' weights, where all within 80
    of the least q = (x − μ)ᵀΣ⁻¹(x − μ) count, times how far their means are from the average (for Cov, its square).
    """
    mixture, gaussian, atoms = random_mixture(rng), random_mixture(rng, k=1), random_mixture(rng, k=20)
    laws = {"mixture": mixture, "Gaussian": gaussian, "discrete law": (*atoms[:2], np.zeros_like(atoms[2]))}
    for name, (weights, means, covariances) in laws.items():
        sigma = 10 ** rng.uniform(-2, 2)
        x = means[rng.integers(len(means), size=100)] + (1 + sigma) * rng.standard_normal((100, 3))
        noised = (weights, means, covariances + sigma**2 * np.eye(3))
        r, m, S, q = posterior(x, sigma, weights, means, covariances)
        mean = np.einsum("nk,nki->ni", r, m)
        spread = m - mean[:, None]
        covariance = np.einsum("nk,kij->nij", r, S) + np.einsum("nk,nki,nkj->nij", r, spread, spread)
        size, far = 1 + np.linalg.norm(x, axis=1), np.linalg.norm(spread, axis=2)
        first, second = (r * far).sum(1), (r * far**2).sum(1)
        error = rounding(4 * CONDITION, size) + rounding(8, (80 + q) * first)

        def score(y, noised=noised):
            return mixture_score(y, *noised)

        def hessian(y, noised=noised):
            return mixtures.mixture_score_jacobian(y, *noised)

        def denoiser(y, score=score, sigma=sigma):
            return tweedie_denoiser(y, score, sigma)

        def uncertainty(y, hessian=hessian, sigma=sigma):
            return tweedie_covariance(y, hessian, sigma)

        yield from batched(f"{name}: E[X|X_σ]", denoiser, x, atol=error.max())
        yield equal(f"{name}: E[X|X_σ] at σ = {sigma:.3g}", denoiser(x), mean, atol=error[:, None])
        error = rounding(4 * CONDITION, sigma**2 + size * first) + rounding(8, (80 + q) * second)
        yield from batched(f"{name}: Cov[X|X_σ]", uncertainty, x, atol=error.max())
        yield equal(f"{name}: Cov[X|X_σ]", uncertainty(x), covariance, atol=error[:, None, None])
    for sigma in (1e-6, 1e6):
        half = tweedie_denoiser(x, lambda y, s=sigma: -y / (2 * s**2), sigma)
        yield equal(f"N(0, σ²I) at σ = {sigma:g}", half, x / 2, rtol=rounding(16))


tweedie_gives_the_conditional_mean_and_covariance.mutants(
    {
        "σ for σ²": lambda x, score, sigma: x + sigma * score(x),
        "steps against the score": lambda x, score, sigma: x - sigma**2 * score(x),
        "half of σ², a Langevin drift": lambda x, score, sigma: x + sigma**2 / 2 * score(x),
        "σ² 1 % too large": lambda x, score, sigma: x + 1.01 * sigma**2 * score(x),
        "σ at a single point": lambda x, score, sigma: x + sigma ** min(x.ndim, 2) * score(x),
    },
    replaces="tweedie_denoiser",
)
tweedie_gives_the_conditional_mean_and_covariance.mutants(
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
    replaces="tweedie_covariance",
)
tweedie_gives_the_conditional_mean_and_covariance.mutants(
    {
        "score of the clean law": lambda x, weights, means, covariances: tweedie.mixture_score(
            x, weights, means, covariances - 0.005 * np.eye(x.shape[-1])
        )
    },
    replaces="mixture_score",
)


@claim("D08", slide=SLIDE, source="projection theorem")
def conditional_mean_minimises_the_squared_error(
    rng, *, tweedie_denoiser=tweedie.tweedie_denoiser, mixture_score=tweedie.mixture_score
):
    r"""E(X − D(X_σ))g(X_σ) = 0 for every direction g; of all combinations of D and such g, least squares choose D.

    By the trapezoidal rule in X and Z, whose error e^{−2πd/h} for functions analytic up to ±id is below rounding here.
    """
    weights, means, variances = np.array([0.2, 0.5, 0.3]), rng.uniform(-3, 3, 3), rng.uniform(0.2, 1, 3)
    sigma = rng.uniform(0.5, 2)
    u, h = np.linspace(-10, 10, 401, retstep=True)
    bell = np.exp(-(u**2) / 2) * h / np.sqrt(2 * np.pi)
    x = (means[:, None] + np.sqrt(variances)[:, None] * u)[..., None]
    noisy = x + sigma * u
    probability = weights[:, None, None] * bell[:, None] * bell
    law = (weights, means[:, None], (variances + sigma**2)[:, None, None])
    D = np.asarray(tweedie_denoiser(noisy[..., None], lambda y: mixture_score(y, *law), sigma))[..., 0]
    directions = {
        "1": np.ones_like,
        "y": lambda y: y,
        "sin y": np.sin,
        "y²": np.square,
        "tanh": lambda y: np.tanh(y - 1),
    }
    for name, g in directions.items():
        slope = (probability * (x - D) * g(noisy)).sum()
        error = rounding(16, (probability * (np.abs(x) + np.abs(noisy) + np.abs(D)) * np.abs(g(noisy))).sum())
        yield equal(f"E(X − D)g(X_σ), g = {name}", slope, 0.0, atol=error)
    weight = np.sqrt(probability).reshape(-1, 1)
    columns = weight * np.stack([D, *(g(noisy) for g in directions.values())], axis=-1).reshape(len(weight), -1)
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
