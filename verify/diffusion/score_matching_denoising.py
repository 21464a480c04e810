"""Denoising score matching: slide "Hyvärinen's trick", remarks."""

import numpy as np

from refimpl.diffusion import score_matching, tweedie
from verify.claims import claim, shipped
from verify.diffusion.score_matching import SLIDE, gaussian_points, parabola
from verify.evidence import equal, rounding
from verify.sampling.metrics import random_law


@claim("D04", slide=SLIDE, source="Vincent 2011")
def denoising_loss_is_least_at_the_noised_score_of_gaussians(rng, *, denoising_loss=score_matching.denoising_loss):
    r"""On N(m, C): E = ½(p/σ² − tr(C + σ²I)⁻¹) + ½E‖h − ∇log π_σ‖² for affine h; (p/2)(1/σ² − 1/(v + σ²)) if C = vI."""
    for p in (1, 3, 4):
        m, generic = random_law(rng, p)
        sigma, v = rng.uniform(0.3, 2), rng.uniform(0.2, 2)
        for name, C in (("C", generic), ("vI", v * np.eye(p))):
            root = np.zeros((2 * p, 2 * p))
            root[:p, :p], root[p:, p:] = np.linalg.cholesky(C), np.eye(p)
            a, z = np.split(gaussian_points(np.append(m, np.zeros(p)), root), 2, axis=1)
            noisy = C + sigma**2 * np.eye(p)
            A, G, g = np.linalg.inv(noisy), rng.standard_normal((p, p)), rng.standard_normal(p)

            def loss(c, a=a, z=z, m=m, A=A, G=G, g=g, sigma=sigma):
                return denoising_loss(lambda x: (m - x) @ A + c * ((x - m) @ G.T + g), a, z, sigma)

            error = rounding(1e4, p * (1 + 1 / sigma**2 + np.trace(A) + np.trace(G @ noisy @ G.T) + g @ g))
            least = (p / sigma**2 - np.trace(A)) / 2
            yield equal(f"p = {p}, {name}: at the score of π_σ", loss(0.0), least, atol=error)
            more = least + 0.7**2 / 2 * (np.trace(G @ noisy @ G.T) + g @ g)
            yield equal(f"p = {p}, {name}: away from it", [loss(0.7), loss(-0.7)], [more, more], atol=error)
        best, least = parabola(lambda c, a=a, z=z, m=m, s=sigma: denoising_loss(lambda x: c * (m - x), a, z, s))
        yield equal(f"p = {p}: the best h = c(m − x)", best, 1 / (v + sigma**2), atol=error)
        yield equal(f"p = {p}: its loss", least, p / 2 * (1 / sigma**2 - 1 / (v + sigma**2)), atol=error)
    z = rng.standard_normal((4, *a.shape))
    apart = np.mean([denoising_loss(np.sin, a, one, 0.7) for one in z])
    yield equal("noise four times a sample", denoising_loss(np.sin, a, z, 0.7), apart, rtol=rounding(1e4))


denoising_loss_is_least_at_the_noised_score_of_gaussians.mutants({
    "the noise with the wrong sign": shipped(
        lambda score, a, z, sigma: ((score(a + sigma * z) - z / sigma) ** 2).sum(-1).mean() / 2,
        project="torchebm",
        version="0.8.8",
        thread="#318",
    ),
    "z for z/σ": lambda score, a, z, sigma: ((score(a + sigma * z) + z) ** 2).sum(-1).mean() / 2,
    "z/σ²: the noise taken for σz already": lambda score, a, z, sigma: (
        ((score(a + sigma * z) + z / sigma**2) ** 2).sum(-1).mean() / 2
    ),
    "no ½": lambda score, a, z, sigma: 2 * score_matching.denoising_loss(score, a, z, sigma),
    "mean over coordinates": lambda score, a, z, sigma: ((score(a + sigma * z) + z / sigma) ** 2).mean() / 2,
    "target −z, mean over coordinates": shipped(
        lambda score, a, z, sigma: ((score(a + sigma * z) + z) ** 2).mean() / 2, project="acids-ircam", thread="#5"
    ),
    "score of the clean samples": lambda score, a, z, sigma: ((score(a) + z / sigma) ** 2).sum(-1).mean() / 2,
    "weighted by σ²": lambda score, a, z, sigma: sigma**2 * score_matching.denoising_loss(score, a, z, sigma),
    "noise of variance σ": lambda score, a, z, sigma: (
        ((score(a + np.sqrt(sigma) * z) + z / sigma) ** 2).sum(-1).mean() / 2
    ),
})


def normal_nodes(rng):
    """Nodes and weights for means over N(0, 1): the trapezoidal rule, shifted at random."""
    u = np.arange(-8, 8.2, 0.3) + rng.uniform(0, 0.1)
    bell = np.exp(-(u**2) / 2)
    return u, bell / bell.sum()


def loss_on_mixture(denoising_loss, h, mixture, sigma, u, bell):
    """E½‖h(a + σz) + z/σ‖² by quadrature over the points a of a mixture on the line and the noise z."""
    total = 0.0
    for share, mean, variance in zip(*mixture, strict=True):
        for one, weight in zip(mean + np.sqrt(variance) * u, bell, strict=True):
            each = [denoising_loss(h, np.array([[one]]), np.array([[z]]), sigma) for z in u]
            total += share * weight * (bell @ np.array(each))
    return total


@claim("D04", slide=SLIDE, source="Vincent 2011; characteristic functions of Gaussians")
def denoising_loss_learns_the_noised_score_of_mixtures(
    rng, *, denoising_loss=score_matching.denoising_loss, mixture_score=tweedie.mixture_score
):
    r"""½E‖h(a + σz) + z/σ‖² = E_{π_σ}[½h² + h′] + 1/2σ², for waves h; 1/2σ² − ½E(∇log π_σ)² for the best h."""
    sigma, weights = rng.uniform(0.6, 1.2), rng.dirichlet([2.0, 2.0])
    means, variances = rng.uniform(-1, 1, 2), rng.uniform(0.7, 1.2, 2)
    mixture, noisy, (u, bell) = (weights, means, variances), variances + sigma**2, normal_nodes(rng)
    frequency, phase, size = rng.uniform(0.5, 2), rng.uniform(0, 6), rng.uniform(0.5, 2)

    def h(x):
        return size * np.sin(frequency * x + phase)

    def best(x):
        return mixture_score(x, weights, means[:, None], noisy[:, None, None])

    decay = np.exp(-np.array([[1], [4]]) * frequency**2 * noisy / 2)  # of cos at the frequency, and at twice it
    cosines = (weights * decay * np.cos(np.array([[1], [2]]) * (frequency * means + phase))).sum(-1)
    implicit = size**2 * (1 - cosines[1]) / 4 + size * frequency * cosines[0]
    measured = [loss_on_mixture(denoising_loss, one, mixture, sigma, u, bell) for one in (h, best)]
    yield equal("h = A sin(ωx + φ)", measured[0], implicit + 1 / (2 * sigma**2), atol=rounding(1e5, 10))
    x = means[:, None] + np.sqrt(noisy)[:, None] * u
    information = (weights[:, None] * bell * best(x[..., None])[..., 0] ** 2).sum()
    yield equal("h = ∇log π_σ", measured[1], 1 / (2 * sigma**2) - information / 2, atol=rounding(1e5, 10))


denoising_loss_learns_the_noised_score_of_mixtures.mutants(
    {
        "the noise with the wrong sign": shipped(
            lambda score, a, z, sigma: ((score(a + sigma * z) - z / sigma) ** 2).sum(-1).mean() / 2,
            project="torchebm",
            version="0.8.8",
            thread="#318",
        ),
        "z for z/σ": lambda score, a, z, sigma: ((score(a + sigma * z) + z) ** 2).sum(-1).mean() / 2,
        "1 % too much noise": lambda score, a, z, sigma: score_matching.denoising_loss(score, a, 1.01 * z, sigma),
    },
    replaces="denoising_loss",
)
denoising_loss_learns_the_noised_score_of_mixtures.mutants(
    {
        "score of the clean law": lambda x, weights, means, covariances: tweedie.mixture_score(
            x, weights, means, covariances - 0.3
        )
    },
    replaces="mixture_score",
)
