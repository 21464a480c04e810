"""The Dirac-GAN with a gradient penalty: Mescheder, Geiger & Nowozin 2018, beyond the lecture."""

from functools import partial

import numpy

from refimpl.minimax import dirac_gan, dirac_gan_penalty
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.minimax.dirac_gan import (
    LOSSES,
    SLIDE,
    SOURCE,
    STEEPEST,
    field_tolerance,
    loss_field,
    nearly_double,
    points,
    same_spectrum,
    slopes_at_zero,
)
from verify.probes import batched


@claim("M04", slide=SLIDE, source=f"{SOURCE}, Section 4.1 (beyond the lecture)")
def penalized_field_follows_the_penalized_loss(rng, *, penalized_field=dirac_gan_penalty.penalized_field):
    r"""v_γ is (−∂L/∂θ, ∂L/∂ψ) of the loss L = f(θψ) + f(0) − (γ/2)ψ²."""
    z = points(rng)
    for name, (f, f_prime) in LOSSES.items():
        same = rounding(16 * (1 + STEEPEST), z).max()
        yield from batched(f"{name} loss: v_γ", partial(penalized_field, f_prime=f_prime, gamma=0.3), z, atol=same)
        for weight in [0.0, *10 ** rng.uniform(-4, 4, 4)]:
            tolerance = field_tolerance(f, z) + rounding(4, weight * z)
            v = penalized_field(z, f_prime, weight)
            yield equal(f"{name} loss, γ = {weight:.3g}: v_γ", v, loss_field(f, z, weight), atol=tolerance)


penalized_field_follows_the_penalized_loss.mutants({
    "penalty γψ², without the ½": lambda z, f_prime, gamma: dirac_gan_penalty.penalized_field(z, f_prime, 2 * gamma),
    "penalty 1 % too large": lambda z, f_prime, gamma: dirac_gan_penalty.penalized_field(z, f_prime, 1.01 * gamma),
    "the generator pays the penalty": lambda z, f_prime, gamma: dirac_gan.vector_field(z, f_prime) - gamma * z * [1, 0],
    "penalty with the wrong sign": lambda z, f_prime, gamma: (
        2 * dirac_gan.vector_field(z, f_prime) - dirac_gan_penalty.penalized_field(z, f_prime, gamma)
    ),
    "no penalty at a single point": lambda z, f_prime, gamma: dirac_gan_penalty.penalized_field(
        z, f_prime, gamma if z.ndim > 1 else 0.0
    ),
})


@claim("M04", slide=SLIDE, source=f"{SOURCE}, Lemma 4.1 (beyond the lecture)")
def gradient_penalty_makes_it_converge(
    rng,
    *,
    penalized_field=dirac_gan_penalty.penalized_field,
    penalized_eigenvalues=dirac_gan_penalty.penalized_eigenvalues,
):
    r"""With the penalty (γ/2)ψ²: λ = −γ/2 ± √(γ²/4 − f'(0)²), Re λ < 0, and no turning from γ = 2|f'(0)| on.

    That is −|f'(0)| e^{±arcosh x}, x = γ/2|f'(0)|, with imaginary arcosh x for x < 1.
    """
    x = numpy.concatenate([[0.0], 10 ** rng.uniform(-4, -0.02, 20), [1.0], 10 ** rng.uniform(0.02, 9, 20)])
    cases = [(f_prime, c, 2 * abs(c) * x_i) for f_prime, c in slopes_at_zero(rng) for x_i in x]
    fields = [partial(penalized_field, f_prime=f_prime, gamma=gamma) for f_prime, _, gamma in cases]
    eigenvalues = numpy.array([penalized_eigenvalues(gamma, c) for _, c, gamma in cases])
    yield from same_spectrum(eigenvalues, fields)
    slope = numpy.array([abs(c) for _, c, _ in cases]).reshape(-1, len(x))
    real, imaginary = eigenvalues.real.reshape(*slope.shape, 2), eigenvalues.imag.reshape(*slope.shape, 2)
    decay, turn = numpy.arccosh(numpy.maximum(x, 1)), numpy.sqrt(numpy.maximum((1 - x) * (1 + x), 0))
    slow, fast = numpy.where(x < 1, -x, -numpy.exp([-decay, decay]))
    error = rounding(32, slope * nearly_double(x))
    yield equal("the slower Re λ < 0", real.max(-1), slope * slow, atol=numpy.abs(error * slow))
    yield equal("the faster", real.min(-1), slope * fast, atol=numpy.abs(error * fast))
    turned = numpy.abs(imaginary).max(-1)
    yield equal("|Im λ|", turned, slope * turn, atol=error * numpy.where(x == 1, 1.0, turn))


def cancels_at_large_penalties(gamma, slope):
    root = numpy.sqrt(gamma**2 / 4 - slope**2 + 0j)
    return numpy.array([-gamma / 2 + root, -gamma / 2 - root])


def critical_too_early(gamma, slope):
    root = numpy.sqrt(gamma**2 - slope**2 + 0j)
    return numpy.array([-gamma / 2 + root, -gamma / 2 - root])


gradient_penalty_makes_it_converge.mutants(
    {
        "−γ/2 + √(…) as it stands, 0 at γ = 10⁹": cancels_at_large_penalties,
        "critical weight at f'(0)": critical_too_early,
        "γ for γ/2 in the real part": lambda gamma, slope: (
            dirac_gan_penalty.penalized_eigenvalues(gamma, slope) - gamma / 2
        ),
        "γ 1 % too large": lambda gamma, slope: dirac_gan_penalty.penalized_eigenvalues(1.01 * gamma, slope),
    },
    replaces="penalized_eigenvalues",
)
gradient_penalty_makes_it_converge.mutants(
    {
        "penalty γψ², without the ½": lambda z, f_prime, gamma: dirac_gan_penalty.penalized_field(
            z, f_prime, 2 * gamma
        ),
        "penalty with the wrong sign": lambda z, f_prime, gamma: (
            2 * dirac_gan.vector_field(z, f_prime) - dirac_gan_penalty.penalized_field(z, f_prime, gamma)
        ),
    },
    replaces="penalized_field",
)
