"""One jump against many small steps, by laws computed without sampling: slide "The answer: Diffusion models"."""

import itertools

import numpy as np
import scipy

from refimpl.diffusion import denoising, tweedie
from refimpl.diffusion.schedules import noise_levels
from verify.claims import claim
from verify.evidence import equal

SLIDE = "The answer: Diffusion models"
STEPS = np.array([32, 48, 64, 96, 128, 192, 256, 384, 512, 768])
NODES = 1000


def line_mixture(rng):
    """Weights, means and variances of a mixture of two on the line."""
    w = rng.uniform(0.3, 0.7)
    return np.array([w, 1 - w]), np.array([-1, 1]) * rng.uniform(1, 2, 2), rng.uniform(0.1, 0.4, 2)


def cdf(x, law, sigma=0.0):
    """Distribution function of X + σZ."""
    w, m, v = law
    return scipy.special.ndtr((x[..., None] - m) / np.sqrt(v + sigma**2)) @ w


def quantiles(u, law, sigma=0.0):
    """Its inverse, by bisection."""
    _, m, v = law
    low = np.full(u.shape, m.min() - 40 * np.sqrt(v.max() + sigma**2))
    high = -low + m.max() + m.min()
    for _ in range(70):
        middle = (low + high) / 2
        below = cdf(middle, law, sigma) < u
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def normal_mixture(x, law, sigma):
    """Density of X + σZ."""
    w, m, v = law
    return scipy.stats.norm.pdf(x[..., None], m, np.sqrt(v + sigma**2)) @ w


def denoiser_of(law):
    """The exact denoiser of a mixture on the line, of points (..., 1)."""
    w, m, v = law

    def denoiser(x, sigma):
        noised = (w, m[:, None], (v + sigma**2)[:, None, None])
        return tweedie.tweedie_denoiser(x, lambda y: tweedie.mixture_score(y, *noised), sigma)

    return denoiser


def falls(what, x, y, order, rtol):
    """Evidence that y goes like x to a power, up to what the next power adds at the coarsest point."""
    finest = np.argmin(y)
    yield equal(f"{what}: order {order:g}", y / y[finest], (x / x[finest]) ** order, rtol=rtol)


def mixture_moments(law):
    """Mean and variance."""
    w, m, v = law
    return w @ m, w @ (v + m**2) - (w @ m) ** 2


def wasserstein_of_flow(denoise, law, sigmas, nodes=NODES):
    """W₁ from X + σ_nZ to what `denoise` makes of X + σ₀Z: it moves the line without folding it, so by quantiles."""
    u = (np.arange(nodes) + 0.5) / nodes
    moved = np.asarray(denoise(denoiser_of(law), quantiles(u, law, sigmas[0])[:, None], sigmas))[:, 0]
    return np.abs(np.sort(moved) - quantiles(u, law, sigmas[-1])).mean()


@claim("D11", slide=SLIDE, source="quantiles: optimal transport on the line")
def one_shot_misses_what_small_steps_reach(rng, *, denoise=denoising.denoise):
    r"""On a mixture W₁ falls like 1/n in the number of steps; one shot from ever more noise gives the mean of X alone.

    Where the flow parts, errors are large on a share of 1/n of the points, which have to be many more than the steps.
    From σ₀ = 10¹…10⁴ one shot is off by W₁ → E|X − E X|, the distance of X from its mean, up to O(1/σ₀).
    """
    law = line_mixture(rng)
    m, variance = mixture_moments(law)
    spread = scipy.integrate.quad(
        lambda x: abs(x - m) * (law[0] * scipy.stats.norm.pdf(x, law[1], np.sqrt(law[2]))).sum(),
        -12,
        12,
        points=[m],
        limit=200,
    )[0]
    top = np.geomspace(1e2, 1e4, 9)
    missed = np.array([wasserstein_of_flow(denoise, law, np.array([s, 0.0])) for s in top])
    yield equal("one shot from σ₀ = 10⁴: E|X − E X|", missed[-1], spread, atol=variance / 1e4 + 2 / NODES)
    yield equal("one shot from σ₀ = 100", missed[0], spread, atol=variance / 1e2 + 2 / NODES)
    end, top, steps = 0.1, rng.uniform(4, 8), STEPS[:7]
    next_order = 2 * np.log(top / end) / steps[0]
    for name, levels in (("", np.geomspace), (", ρ = 7", lambda top, end, n: noise_levels(top, end, n)[:-1])):
        distance = np.array([wasserstein_of_flow(denoise, law, levels(top, end, n + 1), 6000) for n in steps])
        yield from falls(f"W₁ against the number of steps{name}", steps, distance, -1, next_order)


def steps(denoiser, x, sigmas, wrong):
    """A plain loop, to be spoilt."""
    for sigma, sigma_next in itertools.pairwise(sigmas):
        x = wrong(denoiser, x, sigma, sigma_next)
    return x


def noise_level_one_step_behind(denoiser, x, sigmas):
    late = np.append(sigmas[0], sigmas[:-1])
    for i in range(1, len(sigmas)):
        D = denoiser(x, late[i - 1])
        x = D + sigmas[i] / sigmas[i - 1] * (x - D) if sigmas[i] else 0 * D
    return x


one_shot_misses_what_small_steps_reach.mutants({
    "always one shot": lambda denoiser, x, sigmas: denoiser(x, sigmas[0]),
    "one shot per step: the noise forgotten": lambda denoiser, x, sigmas: steps(
        denoiser, x, sigmas, lambda D, x, s, s_next: D(x, s)
    ),
    "1 % too much noise left at each step": lambda denoiser, x, sigmas: steps(
        denoiser, x, sigmas, lambda D, x, s, s_next: D(x, s) + 1.01 * s_next / s * (x - D(x, s))
    ),
    "stochastic step without its noise": lambda denoiser, x, sigmas: steps(
        denoiser, x, sigmas, lambda D, x, s, s_next: D(x, s) + (s_next / s) ** 2 * (x - D(x, s))
    ),
    "σ one step behind": noise_level_one_step_behind,
    "stays where it is": lambda denoiser, x, sigmas: x,
})
