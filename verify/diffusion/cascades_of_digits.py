"""A cascade of real digits, from 7 × 7 to 28 × 28 pixels: slide "Modern tricks to generate appealing images"."""

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import cascades as module
from refimpl.diffusion.cascades import Cascade
from refimpl.diffusion.tweedie import empirical_denoiser
from verify.claims import claim
from verify.diffusion.cascade_laws import SLIDE
from verify.diffusion.cascades import second_stage_in_one_shot
from verify.evidence import at_most, equal

SIGMAS = np.append(np.geomspace(20.0, 0.005, 14), 0.0)


def pooled(images, pool):
    """Digits (n, 784) at 7 × 7 pixels (n, 49)."""
    return np.asarray(pool(images.reshape(-1, 28, 28), 4)).reshape(-1, 49)


@claim("D23", slide=SLIDE, source="Robbins 1956")
def exact_cascades_of_digits_copy_digits(
    rng,
    *,
    cascade=module.cascade,
    conditional_empirical_denoiser=module.conditional_empirical_denoiser,
    pool=module.pool,
):
    r"""From noise: the 7 × 7 picture of a known digit, then this digit in 28 × 28 pixels.

    At s = 0.01 another digit than the one seen has a chance below 10⁻¹⁸.
    """
    images = digits.load().images[::4]
    small, s = pooled(images, pool), 0.01
    y = small.mean(0) + 20 * rng.standard_normal((4, 49))
    x = images.mean(0) + 20 * rng.standard_normal((4, 784))

    def low(y, sigma):
        return empirical_denoiser(y, small, sigma)

    def high(x, y, sigma):
        return conditional_empirical_denoiser(x, y, images, small, sigma, s)

    out = cascade(low, high, y, x, np.zeros_like(y), s, SIGMAS)
    nearest = scipy.spatial.distance.cdist(out.low, small).argmin(1)
    yield equal("7 × 7: one of the digits", out.low, small[nearest], atol=1e-6)
    yield equal("28 × 28: the same digit", out.high, images[nearest], atol=1e-6)
    yield equal("7 × 7 picture of the result", pooled(out.high, pool), out.low, atol=1e-6)


@claim("D23", slide=SLIDE, source="Robbins 1956")
def exact_cascades_never_sample_a_digit_left_out(
    rng,
    *,
    cascade=module.cascade,
    conditional_empirical_denoiser=module.conditional_empirical_denoiser,
):
    r"""Given the 7 × 7 picture of a digit left out: a known digit, whose 7 × 7 picture is among the nearest.

    At s = 0.05 the chance of one less near than the bound says is below e^{−40} for each digit.
    """
    images, s = digits.load().images[::4], 0.05
    small, left_out = pooled(images, module.pool), np.arange(0, len(images), 500)
    known, seen = np.delete(np.arange(len(images)), left_out), small[left_out]

    def guess(x, y, sigma):
        return conditional_empirical_denoiser(x, y, images[known], small[known], sigma, s)

    start = images.mean(0) + 20 * rng.standard_normal((len(seen), 784))
    found = cascade(lambda y, sigma: seen, guess, seen, start, np.zeros_like(seen), s, SIGMAS).high
    distance = scipy.spatial.distance.cdist(found, images[known])
    yield equal("left out: a known digit", distance.min(1), np.zeros(len(seen)), atol=1e-4)
    apart = scipy.spatial.distance.cdist(seen, small[known])
    excess = apart[np.arange(len(seen)), distance.argmin(1)] ** 2 - apart.min(1) ** 2
    room = 2 * s**2 * (np.log(len(known)) + 40)
    yield at_most("its 7 × 7 picture, ‖y − y_i‖² above the least", excess, room, resolution=room)


def second_stage_not_told_the_sample(low_denoiser, high_denoiser, y, x, z, s, sigmas):
    low = module.cascade(low_denoiser, high_denoiser, y, x, z, s, sigmas).low
    return Cascade(low, module.cascade(lambda a, sigma: a[:1] + 0 * a, high_denoiser, low, x, z, s, sigmas).high)


def single_pixels_given_back(images, factor):
    mixed = module.pool(images, factor)
    return mixed if len(images) > 100 else images[..., ::factor, ::factor]


exact_cascades_of_digits_copy_digits.mutants(
    {
        "the condition ignored": lambda x, y, data, low, sigma, s: empirical_denoiser(x, data, sigma),
    },
    replaces="conditional_empirical_denoiser",
)
exact_cascades_of_digits_copy_digits.mutants(
    {
        "the second stage not told the sample": second_stage_not_told_the_sample,
    },
    replaces="cascade",
)
exact_cascades_of_digits_copy_digits.mutants(
    {"every fourth pixel, given back as means": single_pixels_given_back}, replaces="pool"
)
exact_cascades_never_sample_a_digit_left_out.mutants(
    {
        "conditions in the wrong order": lambda x, y, data, low, sigma, s: module.conditional_empirical_denoiser(
            x, y[::-1], data, low, sigma, s
        ),
    },
    replaces="conditional_empirical_denoiser",
)
exact_cascades_never_sample_a_digit_left_out.mutants(
    {"the second stage in one shot": second_stage_in_one_shot}, replaces="cascade"
)
