"""Output and input gradient at initialisation, in law: slide "average-case metric".

The oracles are the Mellin transform of the law of ‖∇h‖, and dense networks.
"""

import itertools
from typing import Any

import numpy as np
import scipy

from refimpl.networks import gradient_law
from refimpl.networks.gradient_law import Draws
from refimpl.networks.initialization import layer_scales
from verify.claims import claim
from verify.evidence import distribution, equal, mean, rounding
from verify.networks.gradient_moments import dense, random_scales

SLIDE = "Robustness in deep learning: average-case metric"


def dense_draws(rng, scales, a, m, L, n):
    """Networks at initialisation, with all their weights."""
    betas = [scales.beta_1, *[scales.beta] * (L - 2), scales.beta_L]
    widths = [len(a), *[m] * (L - 1), 1]
    pairs = itertools.pairwise(widths)
    return dense([b * rng.standard_normal((n, k, j)) for b, (j, k) in zip(betas, pairs, strict=True)], a, scales.alpha)


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
def norms_of_gradients_have_their_law(rng, *, sample_gradient_norms=gradient_law.sample_gradient_norms):
    r"""‖∇h‖ > 0 with probability ½(1 − 2^{−m})^{L−1}, and then has the law of a product, by Mellin inversion."""
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


def radial(
    sizes=lambda k, m: k,
    across=lambda k: np.maximum(k - 1, 0),
    share=lambda s: s,
    counts=lambda rng, m, L, n: rng.binomial([*[m] * (L - 1), 1], 0.5, (n, L)),
    betas=layer_scales,
    last=lambda p: p - 1,
    start=lambda fires, alpha: fires / alpha,
):
    """Samplers of ‖∇h‖ and of (h/‖a‖, ‖δ₁‖), to be spoiled."""

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

    return norms, pair


def of_another_network(s):
    """Of the next network that fires."""
    moved = s.copy()
    moved[s > 0] = np.roll(s[s > 0], 1)
    return moved


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

for _text, _options in RADIAL.items():
    norms_of_gradients_have_their_law.mutant(_text)(radial(**_options)[0])


@norms_of_gradients_have_their_law.mutant("squares")
def _(scales, p, m, L, n, rng):
    return gradient_law.sample_gradient_norms(scales, p, m, L, n, rng) ** 2


@norms_of_gradients_have_their_law.mutant("the same networks twice")
def _(scales, p, m, L, n, rng):
    return np.repeat(gradient_law.sample_gradient_norms(scales, p, m, L, -(-n // 200), rng), 200)[:n]


@norms_of_gradients_have_their_law.mutant("fan-out scaling: p and m swapped")
def _(scales, p, m, L, n, rng):
    return gradient_law.sample_gradient_norms(scales, m, p, L, n, rng)


def bounded(draws, a, b):
    """Statistics in [0, 1] of the joint law of output and gradient: one row a network."""
    h, g = draws.output, draws.gradient
    size = np.linalg.norm(g, axis=1)
    cosine = h / np.linalg.norm(a) / np.where(size > 0, size, 1)
    return {
        "P(h > 0)": h > 0,
        "cos²(∇h, a)": cosine**2,
        "cos(∇h, a) where h < 1": cosine * (h < 1),
        "h/(1 + h)": h / (1 + h),
        "‖∇h‖/(1 + h + ‖∇h‖)": size / (1 + h + size),
        "⟨∇h, b⟩ > h": g @ b > h,
        "h/(1 + h + |⟨∇h, b⟩|)": h / (1 + h + np.abs(g @ b)),
    }


@claim("N04", slide=SLIDE, source="Derived here")
def outputs_and_gradients_have_the_joint_law_of_dense_networks(
    rng,
    *,
    sample_gradients=gradient_law.sample_gradients,
    sample_gradients_by_neurons=gradient_law.sample_gradients_by_neurons,
):
    r"""⟨∇h, a⟩ = h to rounding, and (h, ∇h) agrees with dense networks: the rank-one term ties the one to the other."""
    n = 60_000
    for p, m, L in [(2, 2, 2), (3, 3, 4), (3, 8, 3)]:
        scales = random_scales(rng)._replace(beta=(rng.uniform(1, 2) * 2 / m) ** 0.5)
        a = rng.standard_normal(p)
        a, b = (
            a / np.linalg.norm(a) * rng.uniform(0.5, 2),
            np.linalg.qr(np.column_stack([a, np.roll(a, 1) + 1]))[0][:, 1],
        )
        expected = bounded(dense_draws(rng, scales, a, m, L, n), a, b)
        for name, sample in (("by norms", sample_gradients), ("by neurons", sample_gradients_by_neurons)):
            draws = sample(scales, a, m, L, n, rng)
            size, case = np.abs(draws.gradient) @ np.abs(a), f"{name}, p, m, L = {p}, {m}, {L}"
            yield equal(f"⟨∇h, a⟩, {case}", draws.gradient @ a, draws.output, atol=rounding(1000, size.max()))
            for what, ours in bounded(draws, a, b).items():
                gap = ours.astype(float) - expected[what]
                yield mean(f"{what}, {case}", gap, 0.0, delta=0.06, support=(-1.0, 1.0))


def gradients(tie=lambda s: s, part=lambda xi, a: xi - np.outer(xi @ a, a), **options):
    """A sampler of (h, ∇h), to be spoiled."""

    def sample(scales, a, m, L, n, rng):
        a = np.asarray(a)
        radius = np.linalg.norm(a)
        s, delta = radial(**options)[1](scales, m, L, n, rng)
        xi = part(rng.standard_normal((n, len(a))), a / radius)
        return Draws(s * radius, np.outer(tie(s), a / radius) + scales.beta_1 * delta[:, None] * xi)

    return sample


def output(change):
    """The outputs changed, or the gradients."""

    def sample(scales, a, m, L, n, rng):
        return change(gradient_law.sample_gradients(scales, a, m, L, n, rng), scales, np.asarray(a))

    return sample


JOINT = {
    "rank-one term dropped above the first layer": gradients(share=lambda s: 0 * s),
    "rank-one terms above the first layer of another network": gradients(share=of_another_network),
    "rank-one term of the first layer dropped": gradients(tie=lambda s: 0 * s),
    "rank-one term of the first layer of another network": gradients(tie=of_another_network),
    "rank-one term twice": gradients(tie=lambda s: 2 * s),
    "the part along a not taken out": gradients(part=lambda xi, a: xi),
    "taken out twice": gradients(part=lambda xi, a: xi - 2 * np.outer(xi @ a, a)),
    "k degrees of freedom across": gradients(**RADIAL["k degrees of freedom across"]),
    "half of the neurons active, always": gradients(**RADIAL["half of the neurons active, always"]),
    "the last neuron always fires": gradients(**RADIAL["the last neuron always fires"]),
    "first scale squared": gradients(**RADIAL["first scale squared"]),
    "α left out": gradients(**RADIAL["α left out"]),
    "as many active neurons in every layer": gradients(counts=shared),
    "along a only": gradients(part=lambda xi, a: 0 * xi),
    "gradients of other networks": output(lambda d, s, a: Draws(d.output, np.roll(d.gradient, 1, 0))),
    "minus the gradient": output(lambda d, s, a: Draws(d.output, -d.gradient)),
    "outputs at a/‖a‖": output(lambda d, s, a: Draws(d.output / np.linalg.norm(a), d.gradient)),
    "outputs before the last rectifier": output(
        lambda d, s, a: Draws(np.where(d.output > 0, d.output, -np.roll(d.output, 1)), d.gradient)
    ),
    "gradient of half the squared output": output(lambda d, s, a: Draws(d.output, d.gradient * d.output[:, None])),
    "one noise for all coordinates": gradients(part=lambda xi, a: (y := 0 * xi + xi[:, :1]) - np.outer(y @ a, a)),
}

for _text, _sample in JOINT.items():
    for _name in ("sample_gradients", "sample_gradients_by_neurons"):
        outputs_and_gradients_have_the_joint_law_of_dense_networks.mutant(_text, replaces=_name)(_sample)
