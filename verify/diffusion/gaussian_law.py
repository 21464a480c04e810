"""The laws that denoising makes of Gaussian data: slide "The answer: Diffusion models"."""

import itertools

import numpy as np

from refimpl.diffusion import denoising, gaussian_law, tweedie
from verify.claims import claim
from verify.diffusion.denoising_progressive import STEPS, falls
from verify.diffusion.tweedie_steps import SLIDE
from verify.evidence import equal, mean, rounding


def gaussian_denoiser(m, v):
    """The exact denoiser of N(m, v)."""
    return lambda x, sigma: tweedie.tweedie_denoiser(x, lambda y: (m - y) / (v + sigma**2), sigma)


@claim("D11", slide=SLIDE, source="Gaussian laws under affine maps")
def laws_on_gaussian_data_follow_their_recursions(
    rng,
    *,
    denoise=denoising.denoise,
    ancestral_denoise=denoising.ancestral_denoise,
    denoising_law=gaussian_law.denoising_law,
    ancestral_denoising_law=gaussian_law.ancestral_denoising_law,
):
    r"""Any noise levels: gains Π(v + σσ⁺)/(v + σ²), or Π(v + σ⁺²)/(v + σ²) = (v + σ_n²)/(v + σ₀²) and noise."""
    m, v, m0, v0 = rng.standard_normal(), rng.uniform(0.2, 2), rng.standard_normal(), rng.uniform(0.5, 5)
    sigmas = np.append(np.sort(rng.uniform(0.1, 5, 9))[::-1], rng.uniform(0.02, 0.1))
    before, after = sigmas[:-1], sigmas[1:]
    gain = np.prod((v + before * after) / (v + before**2))
    points = rng.standard_normal((20, 2))
    reached = denoise(gaussian_denoiser(m, v), points, sigmas)
    yield equal("denoise", reached, m + gain * (points - m), atol=rounding(256, 10))
    law = denoising_law(m, v, sigmas, m0, v0)
    yield equal("law of denoise", np.array(law), [m + gain * (m0 - m), gain**2 * v0], atol=rounding(512, 10))
    gains = (v + sigmas[-1] ** 2) / (v + sigmas**2)
    variance = gains[0] ** 2 * v0 + (gains[1:] ** 2 * after**2 * (1 - after**2 / before**2)).sum()
    law = ancestral_denoising_law(m, v, sigmas, m0, v0)
    yield equal("law of ancestral_denoise", np.array(law), [m + gains[0] * (m0 - m), variance], atol=rounding(512, 10))
    short = sigmas[[0, 4, 8, 9]]
    centre, spread = gaussian_law.ancestral_denoising_law(m, v, short, 0.0, 0.0)
    drawn = np.asarray(ancestral_denoise(gaussian_denoiser(m, v), np.zeros((2 * 10**5, 2)), short, rng))
    u = (drawn - centre) / np.sqrt(spread)
    directions = {"x₁": u[:, 0], "x₂": u[:, 1], "(x₁ + x₂)/√2": u.sum(1) / np.sqrt(2)}
    neighbours = (u[1::2, 0] - u[::2, 0]) / np.sqrt(2)
    for name, values in {**directions, "neighbours": neighbours}.items():
        yield mean(f"ancestral_denoise: E e^(−u²/2), {name}", np.exp(-(values**2) / 2), np.sqrt(0.5), delta=0.02)
        yield mean(f"ancestral_denoise: P(u ≤ 0), {name}", values <= 0, 0.5, delta=0.03)


def denoised_point_kept(denoiser, x, sigmas):
    D = denoiser(x, sigmas[0])
    return denoising.denoise(lambda y, s: D, x, sigmas)


def stochastic_gains_without_noise(m, v, sigmas, m0, v0):
    c = (v + sigmas[-1] ** 2) / (v + sigmas[0] ** 2)
    return m + c * (m0 - m), c**2 * v0


def variance_by_the_gain(m, v, sigmas, m0, v0):
    centre, variance = gaussian_law.denoising_law(m, v, sigmas, m0, v0)
    return centre, np.sqrt(variance * v0)


laws_on_gaussian_data_follow_their_recursions.mutants(
    {
        "last step left out": lambda denoiser, x, sigmas: denoising.denoise(denoiser, x, sigmas[:-1]),
        "one shot": lambda denoiser, x, sigmas: denoiser(x, sigmas[0]),
        "D kept from the first step": denoised_point_kept,
    },
    replaces="denoise",
)
laws_on_gaussian_data_follow_their_recursions.mutants(
    {
        "stochastic gains": stochastic_gains_without_noise,
        "variance by the gain, not its square": variance_by_the_gain,
        "v 1 % too large": lambda m, v, sigmas, m0, v0: gaussian_law.denoising_law(m, 1.01 * v, sigmas, m0, v0),
    },
    replaces="denoising_law",
)
laws_on_gaussian_data_follow_their_recursions.mutants(
    {
        "no noise": stochastic_gains_without_noise,
        "v 1 % too small": lambda m, v, sigmas, m0, v0: gaussian_law.ancestral_denoising_law(
            m, 0.99 * v, sigmas, m0, v0
        ),
        "the mean stays": lambda m, v, sigmas, m0, v0: (
            m0,
            gaussian_law.ancestral_denoising_law(m, v, sigmas, m0, v0)[1],
        ),
    },
    replaces="ancestral_denoising_law",
)


def ancestral(denoiser, x, sigmas, rng, draw=lambda rng, x: rng.standard_normal(x.shape)):
    """A plain loop, to be spoilt."""
    for sigma, sigma_next in itertools.pairwise(sigmas):
        x = tweedie.ancestral_denoising_step(denoiser, x, sigma, sigma_next, draw(rng, x))
    return x


def same_noise_at_every_step(denoiser, x, sigmas, rng):
    z = rng.standard_normal(x.shape)
    return ancestral(denoiser, x, sigmas, rng, draw=lambda rng, x: z)


def noise_shared_by_neighbours(denoiser, x, sigmas, rng):
    half = ancestral(denoiser, x[::2], sigmas, rng)
    return np.repeat(half, 2, axis=0)


laws_on_gaussian_data_follow_their_recursions.mutants(
    {
        "no noise": lambda denoiser, x, sigmas, rng: ancestral(denoiser, x, sigmas, rng, draw=lambda rng, x: 0 * x),
        "the same noise at every step": same_noise_at_every_step,
        "noise shared by coordinates": lambda denoiser, x, sigmas, rng: ancestral(
            denoiser, x, sigmas, rng, draw=lambda rng, x: rng.standard_normal((len(x), 1)) + 0 * x
        ),
        "noise shared by neighbours": noise_shared_by_neighbours,
        "uniform noise": lambda denoiser, x, sigmas, rng: ancestral(
            denoiser, x, sigmas, rng, draw=lambda rng, x: rng.uniform(-np.sqrt(3), np.sqrt(3), x.shape)
        ),
    },
    replaces="ancestral_denoise",
)


@claim("D11", slide=SLIDE, source="order of Euler's method; Gaussian laws")
def errors_on_gaussians_fall_like_one_over_the_number_of_steps(
    rng,
    *,
    denoising_law=gaussian_law.denoising_law,
    ancestral_denoising_law=gaussian_law.ancestral_denoising_law,
):
    r"""From N(m, v + σ₀²), both kinds of step reach N(m, v + σ_n²) but for O(1/n), whose leading terms are known.

    With q = σ²/(v + σ²) and h = log(σ₀/σ_n)/n, the logarithm of the variance is off by −½h(q₀ − q_n), or for
    stochastic steps by −h((1 − q_n)² − (1 − q₀)²)/(1 − q_n).
    """
    m, v = rng.standard_normal(), rng.uniform(0.5, 2)
    top, end = rng.uniform(3, 10), rng.uniform(0.05, 0.2)
    q = np.array([top**2, end**2]) / (v + np.array([top**2, end**2]))
    counts, length = 4 * STEPS, np.log(top / end)
    leading = {
        "deterministic": (denoising_law, (q[0] - q[1]) / 2),
        "stochastic": (ancestral_denoising_law, ((1 - q[1]) ** 2 - (1 - q[0]) ** 2) / (1 - q[1])),
    }
    for name, (law, coefficient) in leading.items():
        runs = [law(m, v, np.geomspace(top, end, n + 1), m, v + top**2) for n in counts]
        means, variances = np.array(runs).T
        error = np.log((v + end**2) / variances)
        yield equal(f"{name}: mean", means, m, atol=rounding(1e4, 1))
        yield equal(f"{name}: n × error", counts[-1] * error[-1], length * coefficient, rtol=5 * length / counts[-1])
        yield from falls(f"{name}: error of the variance against n", counts, np.abs(error), -1, 5 * length / counts[0])


def noise_too_large(m, v, sigmas, m0, v0):
    start = ((v + sigmas[-1] ** 2) / (v + sigmas[0] ** 2)) ** 2 * v0
    return m, 2 * gaussian_law.ancestral_denoising_law(m, v, sigmas, m0, v0)[1] - start


def noise_all_anew(m, v, sigmas, m0, v0):
    variance = v0
    for sigma, after in itertools.pairwise(sigmas):
        variance = (v / (v + sigma**2)) ** 2 * variance + after**2
    return m, variance


errors_on_gaussians_fall_like_one_over_the_number_of_steps.mutants(
    {
        "gain (v + σσ⁺)/(v + σ²) + 1 %": lambda m, v, sigmas, m0, v0: (
            m,
            1.01 * gaussian_law.denoising_law(m, v, sigmas, m0, v0)[1],
        ),
        "gain of the stochastic step without its noise": lambda m, v, sigmas, m0, v0: (
            m,
            ((v + sigmas[-1] ** 2) / (v + sigmas[0] ** 2)) ** 2 * v0,
        ),
        "v 1 % too small": lambda m, v, sigmas, m0, v0: gaussian_law.denoising_law(m, 0.99 * v, sigmas, m0, v0),
        "exact: not this method": lambda m, v, sigmas, m0, v0: (m, v + sigmas[-1] ** 2 + 1 / len(sigmas) ** 2),
    },
    replaces="denoising_law",
)
errors_on_gaussians_fall_like_one_over_the_number_of_steps.mutants(
    {
        "noise √2 too large": noise_too_large,
        "noise σ⁺, all anew": noise_all_anew,
    },
    replaces="ancestral_denoising_law",
)
