"""Outputs and input gradients at initialisation, in joint law: slide "average-case metric".

The oracles are dense networks, and Mellin transforms of the laws of h and of ‖∇h‖.
"""

import itertools

import numpy as np

from refimpl.networks import gradient_law
from refimpl.networks.gradient_law import Draws
from verify.claims import claim
from verify.evidence import distribution, equal, mean, rounding, variance
from verify.networks.perturbation_stability_norms import RADIAL, SLIDE, norm_cdf, radial, shared
from verify.networks.perturbation_stability_second_moment import dense, random_scales


def dense_draws(rng, scales, a, m, L, n):
    """Networks at initialisation, with all their weights."""
    betas = [scales.beta_1, *[scales.beta] * (L - 2), scales.beta_L]
    widths = [len(a), *[m] * (L - 1), 1]
    pairs = itertools.pairwise(widths)
    return dense([b * rng.standard_normal((n, k, j)) for b, (j, k) in zip(betas, pairs, strict=True)], a, scales.alpha)


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
        a, b = orthogonal(rng, p)
        expected = bounded(dense_draws(rng, scales, a, m, L, n), a, b)
        for name, sample in (("by norms", sample_gradients), ("by neurons", sample_gradients_by_neurons)):
            draws = sample(scales, a, m, L, n, rng)
            size, case = np.abs(draws.gradient) @ np.abs(a), f"{name}, p, m, L = {p}, {m}, {L}"
            yield equal(f"⟨∇h, a⟩, {case}", draws.gradient @ a, draws.output, atol=rounding(1000, size.max()))
            for what, ours in bounded(draws, a, b).items():
                gap = ours.astype(float) - expected[what]
                yield mean(f"{what}, {case}", gap, 0.0, delta=0.06, support=(-1.0, 1.0))


def orthogonal(rng, p):
    """A point, and a direction of length 1 across it."""
    a = rng.standard_normal(p)
    across = np.linalg.qr(np.column_stack([a, np.roll(a, 1) + 1]))[0][:, 1]
    return a / np.linalg.norm(a) * rng.uniform(0.5, 2), across


@claim("N04", slide=SLIDE, source="Derived here")
def outputs_and_gradients_each_have_their_law(
    rng,
    *,
    sample_gradients=gradient_law.sample_gradients,
    sample_gradients_by_neurons=gradient_law.sample_gradients_by_neurons,
):
    r"""‖∇h‖ has its law, by Mellin inversion; h/‖a‖ has that of ‖∇h‖ for inputs of size 1."""
    p, m, L, n = 100, 150, 2, 14_000
    for name, sample in (("by norms", sample_gradients), ("by neurons", sample_gradients_by_neurons)):
        a, scales = rng.standard_normal(p), random_scales(rng)
        h, g = sample(scales, a, m, L, n, rng)
        alive = np.flatnonzero(h > 0)[: int(0.45 * n)]
        for what, values, size in (("h/‖a‖", h / np.linalg.norm(a), 1), ("‖∇h‖", np.linalg.norm(g, axis=1), p)):
            law = norm_cdf(scales, size, m, L)
            yield distribution(f"{what}, {name}, p, m, L = {p}, {m}, {L}", values[alive], law, delta=0.11)


def of_another_network(s):
    """Of the next network that fires."""
    moved = s.copy()
    moved[s > 0] = np.roll(s[s > 0], 1)
    return moved


def gradients(tie=lambda s: s, part=lambda xi, a: xi - np.outer(xi @ a, a), **options):
    """The sampler of (h, ∇h) with other ingredients."""

    def sample(scales, a, m, L, n, rng):
        a = np.asarray(a)
        radius = np.linalg.norm(a)
        s, delta = radial(**options).pair(scales, m, L, n, rng)
        xi = part(rng.standard_normal((n, len(a))), a / radius)
        return Draws(s * radius, np.outer(tie(s), a / radius) + scales.beta_1 * delta[:, None] * xi)

    return sample


def one_noise(xi, a):
    """The part across a of one number in all coordinates."""
    same = np.outer(xi[:, 0], np.ones_like(a))
    return same - np.outer(same @ a, a)


def changed(change):
    """Draws that went through change(draws, a)."""

    def sample(scales, a, m, L, n, rng):
        return change(gradient_law.sample_gradients(scales, a, m, L, n, rng), np.asarray(a))

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
    "gradients of other networks": changed(lambda d, a: Draws(d.output, np.roll(d.gradient, 1, 0))),
    "minus the gradient": changed(lambda d, a: Draws(d.output, -d.gradient)),
    "outputs at a/‖a‖": changed(lambda d, a: Draws(d.output / np.linalg.norm(a), d.gradient)),
    "outputs before the last rectifier": changed(
        lambda d, a: Draws(np.where(d.output > 0, d.output, -np.roll(d.output, 1)), d.gradient)
    ),
    "gradient of half the squared output": changed(lambda d, a: Draws(d.output, d.gradient * d.output[:, None])),
    "one noise for all coordinates": gradients(part=one_noise),
}

outputs_and_gradients_have_the_joint_law_of_dense_networks.mutants(JOINT, replaces="sample_gradients")
outputs_and_gradients_have_the_joint_law_of_dense_networks.mutants(JOINT, replaces="sample_gradients_by_neurons")

LAWS = {
    "both 5 % too large": changed(lambda d, a: Draws(1.05 * d.output, 1.05 * d.gradient)),
    "5 % too large across a": changed(
        lambda d, a: Draws(d.output, 1.05 * d.gradient - np.outer(0.05 * d.output, a / (a @ a)))
    ),
}

outputs_and_gradients_each_have_their_law.mutants(LAWS, replaces="sample_gradients")
outputs_and_gradients_each_have_their_law.mutants(LAWS, replaces="sample_gradients_by_neurons")


@claim("N04", slide=SLIDE, source="Derived here")
def outputs_of_wide_networks_are_half_gaussian(
    rng, *, norms_at_first_layer=gradient_law.norms_at_first_layer, sample_gradients=gradient_law.sample_gradients
):
    r"""Wide networks have s₀ = β₁ ∏ β_l (m/2)^{(L−1)/2} z/α, z ~ N(0, 1), z > 0, and ‖δ₁‖ the same without β₁ and z.

    In variance, to 1 %: in two layers at m = 10⁶, in three and five; h is s₀‖a‖.
    """
    n, m = 1_000_000, 10**6
    for L in (2, 3, 5):
        scales = random_scales(rng)._replace(beta=(2 / m) ** 0.5)
        s, delta = norms_at_first_layer(scales, m, L, n, rng)
        size = scales.beta_L / scales.alpha * (m / 2) ** 0.5
        yield variance(f"s₀, L = {L}", s[s > 0] / (scales.beta_1 * size), 1.0, delta=0.02)
        if L == 2:
            within = np.array([(delta[delta > 0] / size).min(), (delta[delta > 0] / size).max()])
            yield equal("‖δ₁‖, L = 2: eight deviations", within, 1.0, atol=0.008)
    a = 3 * np.eye(2)[0]
    h = sample_gradients(scales, a, m, L, n, rng).output
    yield variance("h/‖a‖", h[h > 0] / (3 * scales.beta_1 * size), 1.0, delta=0.02)


outputs_of_wide_networks_are_half_gaussian.mutants(
    {
        "first layer's factor 1 % too large": lambda scales, m, L, n, rng: (lambda one: one._replace(s=1.01 * one.s))(
            gradient_law.norms_at_first_layer(scales, m, L, n, rng)
        ),
        "the others' factor 1 % too large": lambda scales, m, L, n, rng: (
            lambda one: one._replace(delta=1.01 * one.delta)
        )(gradient_law.norms_at_first_layer(scales, m, L, n, rng)),
        "β₁ left out": lambda scales, m, L, n, rng: gradient_law.norms_at_first_layer(
            scales._replace(beta_1=1.0), m, L, n, rng
        ),
    },
    replaces="norms_at_first_layer",
)
outputs_of_wide_networks_are_half_gaussian.mutants(
    {
        "1 % too large": changed(lambda d, a: Draws(1.01 * d.output, 1.01 * d.gradient)),
        "outputs at a/‖a‖": changed(lambda d, a: Draws(d.output / np.linalg.norm(a), d.gradient)),
    },
    replaces="sample_gradients",
)
