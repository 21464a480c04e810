"""Alternating descent on the Dirac-GAN: slide "Difficulties of GAN training"; Mescheder, Geiger & Nowozin 2018."""

import math
from functools import partial

import numpy

from refimpl.minimax import dirac_gan
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.minimax.dirac_gan import LOSSES, SLIDE, SOURCE, loss_field, nearly_double, same_spectrum, slopes_at_zero
from verify.probes import batched

ROUNDS = [(1, 1), (2, 1), (1, 3), (3, 2), (2, 2), (4, 2), (2, 5)]


@claim("M03", slide=SLIDE, source=f"{SOURCE}, Lemma 2.5")
def alternating_descent_takes_turns(rng, *, alternating_step=dirac_gan.alternating_step):
    r"""AltGD: n_g steps down the loss in θ at the old ψ, then n_d steps up in ψ at the new θ.

    A step multiplies errors by at most 1 + h(sup |(t f')'| + sup |f''| ‖z‖²) ≤ 1 + h(1.3 + ‖z‖²/4); f'' = 0 for
    Wasserstein, so that long steps say something there.
    """
    z, short, long = rng.uniform(-3, 3, (400, 2)), rng.uniform(0.01, 0.5), 10 ** rng.uniform(1, 3)
    for name, h, curvature in [("standard", short, 0.25), ("Wasserstein", short, 0.0), ("Wasserstein", long, 0.0)]:
        f, f_prime = LOSSES[name]
        for n_g, n_d in ROUNDS:
            expected, error = z, rounding(8, z).max(-1)
            for player in [0] * n_g + [1] * n_d:
                expected = expected + h * loss_field(f, expected) * numpy.eye(2)[player]
                size = numpy.abs(expected).max(-1)
                error = error * (1 + h * (1.3 + curvature * size**2)) + rounding(8, size)
            step = partial(alternating_step, h=h, f_prime=f_prime, n_g=n_g, n_d=n_d)
            what = f"{name} loss, h = {h:.3g}, n_g = {n_g}, n_d = {n_d}"
            yield equal(what, step(z), expected, atol=error[:, None])
        yield from batched(what, step, z, atol=error.max())


def discriminator_first(z, h, f_prime, n_g=1, n_d=1):
    swap = [1, -1]
    return dirac_gan.alternating_step(z[..., ::-1] * swap, h, f_prime, n_d, n_g)[..., ::-1] * [-1, 1]


def simultaneous_when_one_each(z, h, f_prime, n_g=1, n_d=1):
    if n_g == n_d == 1:
        return dirac_gan.simultaneous_step(z, h, f_prime)
    return dirac_gan.alternating_step(z, h, f_prime, n_g, n_d)


def one_long_step(z, h, f_prime, n_g=1, n_d=1):
    theta, psi = z[..., 0], z[..., 1]
    theta = theta - n_g * h * psi * f_prime(theta * psi)
    for _ in range(n_d):
        psi = psi + h * theta * f_prime(theta * psi)
    return numpy.stack([theta, psi], axis=-1)


def overwrites_z(z, h, f_prime, n_g=1, n_d=1):
    z[...] = dirac_gan.alternating_step(z, h, f_prime, n_g, n_d)
    return z


alternating_descent_takes_turns.mutants({
    "the discriminator first": discriminator_first,
    "simultaneous when n_g = n_d = 1": simultaneous_when_one_each,
    "n_g and n_d exchanged": lambda z, h, f_prime, n_g=1, n_d=1: dirac_gan.alternating_step(z, h, f_prime, n_d, n_g),
    "one long step in place of n_g short ones": one_long_step,
    "overwrites z": overwrites_z,
    "no more than three updates each": lambda z, h, f_prime, n_g=1, n_d=1: dirac_gan.alternating_step(
        z, h, f_prime, min(n_g, 3), min(n_d, 3)
    ),
})


@claim("M03", slide=SLIDE, source=f"{SOURCE}, Lemma 2.5")
def alternating_eigenvalues_stay_on_the_circle_up_to_two(
    rng, *, alternating_eigenvalues=dirac_gan.alternating_eigenvalues, alternating_step=dirac_gan.alternating_step
):
    r"""λ = e^{±2i arcsin(α/2)} for α = √(n_g n_d) h |f'(0)| ≤ 2, and −e^{±2 arcosh(α/2)}, one outside, for α > 2."""
    alpha = numpy.concatenate([10 ** rng.uniform(-4, 0.29, 20), [2.0], 10 ** rng.uniform(0.31, 3, 20)])
    turn, grow = 2j * numpy.arcsin(numpy.minimum(alpha / 2, 1)), 2 * numpy.arccosh(numpy.maximum(alpha / 2, 1))
    inner = numpy.where(alpha > 2, -numpy.exp(-grow), numpy.exp(turn))
    expected = numpy.stack([inner, 1 / inner], axis=-1)
    for n_g, n_d in ROUNDS:
        cases = [
            (f_prime, c, a / (numpy.sqrt(n_g * n_d) * abs(c))) for f_prime, c in slopes_at_zero(rng) for a in alpha
        ]
        rounds = [partial(alternating_step, h=h, f_prime=f_prime, n_g=n_g, n_d=n_d) for f_prime, _, h in cases]
        eigenvalues = numpy.array([alternating_eigenvalues(h, c, n_g, n_d) for _, c, h in cases])
        yield from same_spectrum(eigenvalues, rounds)
        eigenvalues = eigenvalues.reshape(-1, len(alpha), 2)
        swapped = numpy.abs(eigenvalues[..., 0]) > numpy.abs(eigenvalues[..., 1])
        swapped = numpy.where(alpha > 2, swapped, eigenvalues[..., 0].imag < 0)
        eigenvalues = numpy.where(swapped[..., None], eigenvalues[..., ::-1], eigenvalues)
        error = rounding(32, nearly_double(alpha / 2)[:, None])
        real, imaginary = numpy.abs(expected), numpy.where(alpha[:, None] == 2, 1.0, expected.imag)
        what = f"λ, n_g = {n_g}, n_d = {n_d}"
        yield equal(f"{what}: real parts", eigenvalues.real, expected.real, atol=error * real)
        yield equal(f"{what}: imaginary parts", eigenvalues.imag, expected.imag, atol=error * numpy.abs(imaginary))


def cancels_at_small_steps(h, slope, n_g=1, n_d=1):
    centre = 1 - n_g * n_d * (h * slope) ** 2 / 2
    root = numpy.sqrt(centre**2 - 1 + 0j)
    return numpy.array([centre + root, centre - root])


alternating_eigenvalues_stay_on_the_circle_up_to_two.mutants(
    {
        "α² for α": lambda h, slope, n_g=1, n_d=1: dirac_gan.alternating_eigenvalues(
            n_g * n_d * h**2 * abs(slope), slope
        ),
        "n_g n_d for √(n_g n_d)": lambda h, slope, n_g=1, n_d=1: dirac_gan.alternating_eigenvalues(
            n_g * n_d * h, slope
        ),
        "α²/2 1 % too large": lambda h, slope, n_g=1, n_d=1: dirac_gan.alternating_eigenvalues(
            numpy.sqrt(1.01) * h, slope, n_g, n_d
        ),
        "least common multiple of n_g and n_d": lambda h, slope, n_g=1, n_d=1: dirac_gan.alternating_eigenvalues(
            h, slope, 1, math.lcm(n_g, n_d)
        ),
        "(1 − α²/2)² − 1 as it stands, cancelling at small α": cancels_at_small_steps,
    },
    replaces="alternating_eigenvalues",
)
alternating_eigenvalues_stay_on_the_circle_up_to_two.mutants(
    {"simultaneous steps": lambda z, h, f_prime, n_g=1, n_d=1: dirac_gan.simultaneous_step(z, h, f_prime)},
    replaces="alternating_step",
)
