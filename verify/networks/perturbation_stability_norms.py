"""Norms of input gradients at initialisation, in law: slide "average-case metric". The oracle is a Mellin transform."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.networks import perturbation_stability
from refimpl.networks.initialization import layer_scales
from verify.claims import claim
from verify.evidence import distribution, equal, mean
from verify.networks.perturbation_stability_second_moment import random_scales

SLIDE = "Robustness in deep learning: average-case metric"


def chi_power(k, t):
    """E χ(k)^{it} for numbers k and t."""
    log_gamma = scipy.special.loggamma
    return np.exp(0.5j * t * np.log(2) + log_gamma((k + 1j * t) / 2) - log_gamma(k / 2 + 0j))


def layer_power(m, t):
    """E χ(k)^{it} for k ~ Bin(m, ½) given k > 0."""
    k = np.arange(1, m + 1)
    weights = scipy.stats.binom.pmf(k, m, 0.5)
    return weights @ chi_power(k[:, None], t) / weights.sum()


def norm_cdf(scales, p, m, L, further=lambda t: 1.0):
    """Distribution function of ‖∇h‖ > 0, times an independent factor X with `further` t ↦ EX^{it}: Mellin inversion."""
    t = (np.arange(1500) + 0.5) * 0.1
    centre = np.log(scales.beta_L * scales.beta ** (L - 2) * scales.beta_1 / scales.alpha) + np.log(m) * (L - 1) / 2
    power = layer_power(m, t) ** (L - 1) * chi_power(p, t) * further(t) * m ** (-0.5j * t * (L - 1))

    def cdf(x):
        y = np.log(x) - centre
        grid = np.linspace(y.min(), y.max(), 600)
        values = 0.5 - (np.exp(-1j * np.outer(grid, t)) @ (power / t)).imag * 0.1 / np.pi
        return np.interp(y, grid, values)

    return cdf


LAWS = [(1, 1, 3), (2, 3, 2), (4, 6, 5), (500, 400, 3)]


@claim("N04", slide=SLIDE, source="Derived here")
def norms_of_gradients_have_their_law(rng, *, sample_gradient_norms=perturbation_stability.sample_gradient_norms):
    r"""‖∇h‖ > 0 with probability ½(1 − 2^{−m})^{L−1}. Then it has the law of a product, by Mellin inversion."""
    n = 200_000
    for p, m, L in LAWS:
        name, scales = f"p, m, L = {p}, {m}, {L}", random_scales(rng)
        norms = sample_gradient_norms(scales, p, m, L, n, rng)
        yield equal(f"shape and negative ones, {name}", [*np.shape(norms), (norms < 0).sum()], [n, 0])
        yield mean(f"P(‖∇h‖ > 0), {name}", norms > 0, 0.5 * (1 - 0.5**m) ** (L - 1), delta=0.03)
        positive = np.append(norms[norms > 0], 1.0)[: n // 10 if m == 1 else n // 4]
        yield distribution(f"‖∇h‖, {name}", positive, norm_cdf(scales, p, m, L), delta=0.09 if m == 1 else 0.05)
    p = m = 10**6
    scales = random_scales(rng)._replace(beta=(2 / m) ** 0.5)
    norms = sample_gradient_norms(scales, p, m, 10, 4000, rng)
    limit = scales.beta_1 * scales.beta_L / scales.alpha * (p * m / 2) ** 0.5
    yield equal("‖∇h‖ at p = m = 10⁶, L = 10: twelve deviations", norms[norms > 0] / limit, 1.0, atol=0.041)


class Samplers(NamedTuple):
    """Wrong samplers of ‖∇h‖ and of (h/‖a‖, ‖δ₁‖)."""

    norms: Callable
    pair: Callable


def radial(
    sizes=lambda k, m: k,
    across=lambda k: np.maximum(k - 1, 0),
    share=lambda s: s,
    counts=lambda rng, m, L, n: rng.binomial([*[m] * (L - 1), 1], 0.5, (n, L)),
    betas=layer_scales,
    last=lambda p: p - 1,
    start=lambda fires, alpha: fires / alpha,
):
    """The sampler with other ingredients: norms ‖∇h‖, and pairs (h/‖a‖, ‖δ₁‖)."""

    def norms(scales, p, m, L, n, rng):
        s, delta = pair(scales, m, L, n, rng)
        T = np.sqrt(2 * rng.standard_gamma(np.full(n, last(p) / 2)))
        return np.hypot(share(s), betas(scales, L)[0] * delta * T)

    def pair(scales, m, L, n, rng):
        k = counts(rng, m, L, n)
        R = np.sqrt(2 * rng.standard_gamma(np.broadcast_to(sizes(k, m), k.shape) / 2))
        T = np.sqrt(2 * rng.standard_gamma(across(k) / 2))
        b = betas(scales, L)
        s = delta = start((k > 0).all(1), scales.alpha)
        for l in reversed(range(1, L)):
            s = b[l] * R[:, l] * s
            delta = np.hypot(share(s), b[l] * delta * T[:, l - 1])
        return s * b[0] * R[:, 0], delta

    return Samplers(norms, pair)


def halves(rng, m, L, n):
    """Every layer with half its neurons active."""
    return np.column_stack([np.full((n, L - 1), m / 2), rng.binomial(1, 0.5, n)])


def shared(rng, m, L, n):
    """As many active neurons in every layer."""
    return np.column_stack([np.repeat(rng.binomial(m, 0.5, (n, 1)), L - 1, 1), rng.binomial(1, 0.5, n)])


RADIAL: dict[str, dict[str, Any]] = {
    "rank-one term dropped": {"share": lambda s: 0 * s},
    "rank-one term twice": {"share": lambda s: 2**0.5 * s},
    "k degrees of freedom across": {"across": lambda k: k},
    "every neuron is active across": {"across": lambda k: np.full(k.shape, k.max() - 1)},
    "half of the neurons active, always": {"counts": halves},
    "as many active neurons in every layer": {"counts": shared},
    "the last neuron always fires": {
        "counts": lambda rng, m, L, n: np.column_stack([rng.binomial(m, 0.5, (n, L - 1)), np.ones(n)])
    },
    "α left out": {"start": lambda fires, alpha: fires / 1.0},
    "α² for α": {"start": lambda fires, alpha: fires / alpha**2},
    "the last scale in every layer": {"betas": lambda s, L: [s.beta_1, *[s.beta_L] * (L - 1)]},
    "a middle layer too many": {"betas": lambda s, L: [s.beta_1 * s.beta, *[s.beta] * (L - 2), s.beta_L]},
    "first scale squared": {"betas": lambda s, L: [s.beta_1**2, *[s.beta] * (L - 2), s.beta_L]},
    "β₁ 2 % too large": {"betas": lambda s, L: [1.02 * s.beta_1, *[s.beta] * (L - 2), s.beta_L]},
    "p for p − 1 across a": {"last": lambda p: p},
}

norms_of_gradients_have_their_law.mutants({
    **{text: radial(**options).norms for text, options in RADIAL.items()},
    "squares": lambda scales, p, m, L, n, rng: (
        perturbation_stability.sample_gradient_norms(scales, p, m, L, n, rng) ** 2
    ),
    "the same networks twice": lambda scales, p, m, L, n, rng: np.repeat(
        perturbation_stability.sample_gradient_norms(scales, p, m, L, -(-n // 200), rng), 200
    )[:n],
    "fan-out scaling: p and m swapped": lambda scales, p, m, L, n, rng: perturbation_stability.sample_gradient_norms(
        scales, m, p, L, n, rng
    ),
})
