"""Tweedie's formula: slide "A denoising perspective on sampling"."""

import numpy as np

from refimpl import mixtures
from refimpl.diffusion import tweedie
from verify.claims import claim
from verify.diffusion.mixtures import SLIDE, random_mixture
from verify.evidence import at_least, equal, rounding

SOURCE = "Efron 2011"


def posterior(x, sigma, weights, means, covariances):
    """Weights, means and covariances of the components of X given X_σ = x, by conditioning each Gaussian."""
    noisy = covariances + sigma**2 * np.eye(x.shape[-1])
    gain = covariances @ np.linalg.inv(noisy)
    residual = x[:, None] - means
    m = means + np.einsum("kij,nkj->nki", gain, residual)
    distance = np.einsum("nki,kij,nkj->nk", residual, np.linalg.inv(noisy), residual)
    r = weights / np.sqrt(np.linalg.det(noisy)) * np.exp(-(distance - distance.min(1, keepdims=True)) / 2)
    return r / r.sum(1, keepdims=True), m, covariances - gain @ covariances


@claim("D07", slide=SLIDE, source=SOURCE)
def tweedie_gives_the_conditional_mean_and_covariance(
    rng,
    *,
    tweedie_denoiser=tweedie.tweedie_denoiser,
    tweedie_covariance=tweedie.tweedie_covariance,
    mixture_score=tweedie.mixture_score,
):
    r"""X_σ + σ²∇log π_σ(X_σ) = E[X|X_σ], σ²I + σ⁴∇²log π_σ = Cov[X|X_σ]: mixtures, Gaussians, discrete laws."""
    mixture, gaussian, atoms = random_mixture(rng), random_mixture(rng, k=1), random_mixture(rng, k=20)
    laws = {"mixture": mixture, "Gaussian": gaussian, "discrete law": (*atoms[:2], np.zeros_like(atoms[2]))}
    for name, (weights, means, covariances) in laws.items():
        sigma = 10 ** rng.uniform(-1, 1)
        x = means[rng.integers(len(means), size=100)] + (1 + sigma) * rng.standard_normal((100, 3))
        noised = (weights, means, covariances + sigma**2 * np.eye(3))
        r, m, S = posterior(x, sigma, weights, means, covariances)
        mean = np.einsum("nk,nki->ni", r, m)
        spread = m - mean[:, None]
        covariance = np.einsum("nk,kij->nij", r, S) + np.einsum("nk,nki,nkj->nij", r, spread, spread)
        measured = tweedie_denoiser(x, lambda y, noised=noised: mixture_score(y, *noised), sigma)
        scale = rounding(512, (10 + sigma) ** 2 * (1 + 1 / min(sigma, 1)))
        yield equal(f"{name}: E[X|X_σ] at σ = {sigma:.3g}", measured, mean, atol=scale)

        def hessian(y, noised=noised):
            return mixtures.mixture_score_jacobian(y, *noised)

        error = scale * (10 + sigma) ** 2
        yield equal(f"{name}: Cov[X|X_σ]", tweedie_covariance(x, hessian, sigma), covariance, atol=error)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("σ for σ²", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x + sigma * score(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("steps against the score", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x - sigma**2 * score(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("half of σ², a Langevin drift", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x + sigma**2 / 2 * score(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("σ² 1 % too large", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x + 1.01 * sigma**2 * score(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("σ² before the Hessian", replaces="tweedie_covariance")
def _(x, score_jacobian, sigma):
    return sigma**2 * np.eye(x.shape[-1]) + sigma**2 * score_jacobian(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("no noise left at all", replaces="tweedie_covariance")
def _(x, score_jacobian, sigma):
    return sigma**4 * score_jacobian(x)


@tweedie_gives_the_conditional_mean_and_covariance.mutant("score of the clean law", replaces="mixture_score")
def _(x, weights, means, covariances):
    return tweedie.mixture_score(x, weights, means, covariances - 0.005 * np.eye(x.shape[-1]))


@claim("D08", slide=SLIDE, source="projection theorem")
def conditional_mean_minimises_the_squared_error(
    rng, *, tweedie_denoiser=tweedie.tweedie_denoiser, mixture_score=tweedie.mixture_score
):
    r"""E(X − D(X_σ) − εg(X_σ))² = E(X − D)² + ε²E g² for every direction g: no first-order term, and it only grows."""
    weights, means, variances = np.array([0.2, 0.5, 0.3]), rng.uniform(-3, 3, 3), rng.uniform(0.2, 1, 3)
    sigma = rng.uniform(0.5, 2)
    u, h = np.linspace(-10, 10, 401, retstep=True)
    bell = np.exp(-(u**2) / 2) * h / np.sqrt(2 * np.pi)
    x = (means[:, None] + np.sqrt(variances)[:, None] * u)[..., None]
    noisy = x + sigma * u
    probability = weights[:, None, None] * bell[:, None] * bell
    law = (weights, means[:, None], (variances + sigma**2)[:, None, None])
    D = np.asarray(tweedie_denoiser(noisy[..., None], lambda y: mixture_score(y, *law), sigma))[..., 0]
    risk = (probability * (x - D) ** 2).sum()
    error = rounding(1e4, risk + 20)
    directions = {
        "1": np.ones_like,
        "y": lambda y: y,
        "sin y": np.sin,
        "y²": np.square,
        "tanh": lambda y: np.tanh(y - 1),
    }
    for name, g in directions.items():
        size = (probability * g(noisy) ** 2).sum()
        changed = np.array([(probability * (x - D - t * g(noisy)) ** 2).sum() for t in (-1e-3, 1e-3)])
        slope = (probability * (x - D) * g(noisy)).sum()
        yield equal(f"E(X − D)g(X_σ), g = {name}", slope, 0.0, atol=error * np.sqrt(1 + size))
        yield at_least(f"excess risk of D ± 10⁻³g, g = {name}", changed - risk, 1e-6 * size, slack=error, tight=1e-3)


@conditional_mean_minimises_the_squared_error.mutant(
    "denoises to the median-like mode: no σ²", replaces="tweedie_denoiser"
)
def _(x, score, sigma):
    return x + score(x)


@conditional_mean_minimises_the_squared_error.mutant("does nothing", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x


@conditional_mean_minimises_the_squared_error.mutant("σ² 1 % too small", replaces="tweedie_denoiser")
def _(x, score, sigma):
    return x + 0.99 * sigma**2 * score(x)


@conditional_mean_minimises_the_squared_error.mutant("only the strongest component's score", replaces="mixture_score")
def _(x, weights, means, covariances):
    strongest = weights.argmax()
    return (means[strongest] - x) / covariances[strongest, 0]
