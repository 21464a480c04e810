"""Small stochastic steps, and data becoming noise, by quadrature: slide "The answer: Diffusion models"."""

import itertools

import numpy as np
import scipy

from refimpl.calculus import mixtures
from refimpl.diffusion import tweedie
from verify.claims import claim
from verify.diffusion.denoising_progressive import (
    SLIDE,
    cdf,
    denoiser_of,
    falls,
    line_mixture,
    mixture_moments,
    normal_mixture,
)
from verify.diffusion.tweedie_steps import ancestral
from verify.evidence import equal


def moved(step, law, sigma, sigma_next, grid, functions):
    """E φ(x⁺) for x ~ X + σZ, each φ, by quadrature over x and over the noise of the step."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    density = normal_mixture(grid, law, sigma) * (grid[1] - grid[0])
    x, z = (np.ravel(part)[:, None] for part in np.meshgrid(grid, nodes, indexing="ij"))
    after = np.asarray(step(denoiser_of(law), x, sigma, sigma_next, z)).reshape(len(grid), -1)
    return np.array([density @ phi(after) @ weights / weights.sum() for phi in functions])


def ancestral_law(step, law, sigmas, grid):
    """Density on a grid of what stochastic steps make of X + σ₀Z, by quadrature of their kernels."""
    h, column = grid[1] - grid[0], grid[:, None]
    density = normal_mixture(grid, law, sigmas[0])
    for sigma, sigma_next in itertools.pairwise(sigmas):
        centre = np.asarray(step(denoiser_of(law), column, sigma, sigma_next, 0 * column))
        spread = np.abs(np.asarray(step(denoiser_of(law), column, sigma, sigma_next, 0 * column + 1)) - centre)
        kernel = np.exp(-(((grid - centre) / spread) ** 2) / 2) / (np.sqrt(2 * np.pi) * spread)
        density = density @ kernel * h
    return density


@claim("D11", slide=SLIDE, source="weak order of Euler's method, by quadrature")
def stochastic_steps_reach_the_law_too(rng, *, ancestral_denoising_step=tweedie.ancestral_denoising_step):
    r"""On a mixture one step from σ to (1 − δ)σ misses the law of X + (1 − δ)σZ by O(δ²); n steps miss it by O(1/n)."""
    law = line_mixture(rng)
    sigma, delta, grid = rng.uniform(0.5, 2), np.geomspace(1e-4, 3e-3, 8), np.linspace(-30, 30, 1201)
    functions = (np.square, np.cos, np.sin, np.tanh)
    error = [
        moved(ancestral_denoising_step, law, sigma, (1 - d) * sigma, grid, functions)
        - [phi(grid) @ normal_mixture(grid, law, (1 - d) * sigma) * 0.05 for phi in functions]
        for d in delta
    ]
    what = "error of E x², E cos x, E sin x, E tanh x after one step against δ"
    yield from falls(what, delta, np.linalg.norm(error, axis=1), 2, rtol=0.1)
    top, end = 3.0, 0.4
    grid = np.linspace(-15, 15, 501)
    target = cdf(grid, law, end)
    counts = np.array([12, 14, 16, 19, 22, 26, 30, 35, 41, 48, 56])
    distance = []
    for n in counts:
        density = ancestral_law(ancestral_denoising_step, law, np.geomspace(top, end, n + 1), grid)
        distance.append(np.abs(scipy.integrate.cumulative_trapezoid(density, grid, initial=0) - target).sum() * 0.06)
    yield from falls(
        "W₁ against the number of steps", counts, np.array(distance), -1, 2 * np.log(top / end) / counts[0]
    )


stochastic_steps_reach_the_law_too.mutants({
    "noise 1 % too large": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
        denoiser, x, sigma, sigma_next, 1.01 * z
    ),
    "all of the noise drawn anew": ancestral(lambda r: 0.0, lambda r: 1.0),
    "σ⁺/σ for its square": ancestral(gain=lambda r: r),
    "D 1 % too small": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
        lambda x, s: 0.99 * denoiser(x, s), x, sigma, sigma_next, z
    ),
})


@claim("D11", slide="How to sample with a denoiser", source="Edgeworth expansion of the density")
def noisy_data_become_gaussian(rng, *, mixture_log_density=mixtures.mixture_log_density):
    r"""TV(X + tZ, N(E X, Var X + t²)) = κ₃/(6t³) · ½E|z³ − 3z| + O(t⁻⁴): the more noise, the more Gaussian.

    ½E|z³ − 3z| = (1 + 4e^{−3/2})/√(2π).
    """
    share, d, width = rng.uniform(0.2, 0.3), rng.uniform(1, 2), rng.uniform(0.1, 0.4)
    w, m, v = law = np.array([share, 1 - share]), np.array([0.0, d]), np.array([width, width])
    centre, variance = mixture_moments(law)
    third = w @ ((m - centre) ** 3 + 3 * (m - centre) * v)
    noise = np.geomspace(30, 300, 8)
    z = np.linspace(-9, 9, 4001)
    distance = []
    for t in noise:
        s = np.sqrt(variance + t**2)
        log_p = mixture_log_density((centre + s * z)[:, None], w, m[:, None], (v + t**2)[:, None, None])
        distance.append(np.abs(np.exp(log_p) * s - np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)).sum() * (z[1] - z[0]) / 2)
    leading = np.abs(third) / 6 * (1 + 4 * np.exp(-1.5)) / np.sqrt(2 * np.pi)
    yield equal("t³ TV at t = 300", distance[-1] * 300**3, leading, rtol=0.02)
    yield from falls("TV against t", noise, np.array(distance), -3, rtol=0.1)


def gaussian_once(x, weights, means, covariances):
    m = weights @ means[:, 0]
    v = weights @ (covariances[:, 0, 0] + means[:, 0] ** 2) - m**2
    return -((x[:, 0] - m) ** 2) / (2 * v) - np.log(2 * np.pi * v) / 2


noisy_data_become_gaussian.mutants({
    "weights left out": lambda x, weights, means, covariances: mixtures.mixture_log_density(
        x, np.full(len(weights), 1 / len(weights)), means, covariances
    ),
    "covariances 1 % too large": lambda x, weights, means, covariances: mixtures.mixture_log_density(
        x, weights, means, 1.01 * covariances
    ),
    "2π forgotten": lambda x, weights, means, covariances: (
        mixtures.mixture_log_density(x, weights, means, covariances) + np.log(2 * np.pi) / 2
    ),
    "a Gaussian at once": gaussian_once,
})
