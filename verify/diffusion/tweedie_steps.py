"""Denoising in many steps: slide "The answer: Diffusion models"."""

import decimal

import numpy as np

from refimpl.diffusion import tweedie
from verify.claims import claim, shipped
from verify.evidence import equal, rounding

SLIDE = "The answer: Diffusion models"


def crooked(x, sigma):
    """A denoiser like no other, of size at most 1."""
    return np.sin(3 * x) / (1 + sigma) + np.cos(x[..., ::-1] * sigma) / 2


@claim("D11", slide=SLIDE, source="Song, Meng & Ermon 2021; Karras et al. 2022, eq. (4)")
def denoising_step_is_an_euler_step_of_the_flow(rng, *, denoising_step=tweedie.denoising_step):
    r"""x⁺ = x + (σ⁺ − σ)(x − D)/σ for any D; it is exact when all data are one point, and D itself for σ⁺ = 0."""
    x = rng.uniform(-3, 3, (40, 3))
    for sigma in 10 ** rng.uniform(-2, 2, 8):
        for share in (0.0, rng.uniform(0, 1), 0.999):
            D = crooked(x, sigma)
            expected = x + (share * sigma - sigma) * (x - D) / sigma
            measured = denoising_step(crooked, x, sigma, share * sigma)
            yield equal(f"x⁺ at σ = {sigma:.3g}", measured, expected, atol=rounding(32, 5))
    z, point = rng.standard_normal((2, 40, 3))
    steps = denoising_step(lambda x, sigma: point, point + 7 * z, 7.0, 0.2)
    yield equal("one point: X + 0.2Z from X + 7Z", steps, point + 0.2 * z, atol=rounding(256, 10))


def denoised_at_the_level_to_come(denoiser, x, sigma, sigma_next):
    D = denoiser(x, sigma_next)
    return D + sigma_next / sigma * (x - D)


denoising_step_is_an_euler_step_of_the_flow.mutants({
    "(σ⁺/σ)² of what is off: the stochastic step without noise": lambda denoiser, x, sigma, sigma_next: (
        denoiser(x, sigma) + (sigma_next / sigma) ** 2 * (x - denoiser(x, sigma))
    ),
    "denoised once, then taken as it is": lambda denoiser, x, sigma, sigma_next: denoiser(x, sigma),
    "x and D swapped": lambda denoiser, x, sigma, sigma_next: x + sigma_next / sigma * (denoiser(x, sigma) - x),
    "D at the level to come": denoised_at_the_level_to_come,
    "1 % too much noise left": lambda denoiser, x, sigma, sigma_next: tweedie.denoising_step(
        denoiser, x, sigma, min(1.01 * sigma_next, sigma)
    ),
    "D 1 % too large": lambda denoiser, x, sigma, sigma_next: tweedie.denoising_step(
        lambda x, s: 1.01 * denoiser(x, s), x, sigma, sigma_next
    ),
})


@claim("D11", slide=SLIDE, source="Ho, Jain & Abbeel 2020, eq. (4)-(7)")
def ancestral_step_draws_from_the_noising_chain(rng, *, ancestral_denoising_step=tweedie.ancestral_denoising_step):
    r"""x⁺ has the law of X_σ⁺ given X_σ = x and X = D, by conditioning Gaussians: for σ, and for a chain a = √ᾱ x."""
    x, z = rng.uniform(-3, 3, (40, 3)), rng.standard_normal((40, 3))
    for sigma in 10 ** rng.uniform(-2, 2, 8):
        sigma_next = sigma * rng.uniform(0, 0.99)
        joint = np.array([[sigma_next**2, sigma_next**2], [sigma_next**2, sigma**2]])
        gain = joint[0, 1] / joint[1, 1]
        variance = np.linalg.det(joint) / joint[1, 1]
        D = crooked(x, sigma)
        expected = D + gain * (x - D) + np.sqrt(variance) * z
        error = rounding(64, 5 * (1 + sigma_next))
        yield equal("x⁺", ancestral_denoising_step(crooked, x, sigma, sigma_next, z), expected, atol=error)
    beta = rng.uniform(0.01, 0.3, 6)
    kept = np.cumprod(1 - beta)
    for i, j in ((5, 4), (5, 2)):  # one step of the chain, and several at once
        noise = 1 - kept
        through = np.sqrt(kept[i] / kept[j])
        joint = np.array([[noise[j], noise[j] * through], [noise[j] * through, noise[i]]])
        gain = joint[0, 1] / joint[1, 1]
        D = crooked(x, np.sqrt(noise[i] / kept[i]))
        centre = np.sqrt(kept[j]) * D + gain * np.sqrt(kept[i]) * (x - D)
        expected = centre + np.sqrt(joint[0, 0] - gain * joint[0, 1]) * z
        levels = np.sqrt(noise[[i, j]] / kept[[i, j]])
        measured = np.sqrt(kept[j]) * np.asarray(ancestral_denoising_step(crooked, x, *levels, z))
        yield equal(f"chain of β: from {i} to {j}", measured, expected, atol=rounding(1e3, 5))


RATIOS = np.array([1, 1 + 1e-12, 1 + 1e-8, 1.001, 1.5, 1e2, 1e4, 1e6, 1e7, 3e7, 1e8, 1e10, 1e12])


@claim("D11", slide=SLIDE, source="Ho, Jain & Abbeel 2020, eq. (6)-(7), in 50 digits")
def both_steps_lose_no_digits_at_any_ratio(
    rng, *, denoising_step=tweedie.denoising_step, ancestral_denoising_step=tweedie.ancestral_denoising_step
):
    r"""With D = 0 what is left of x and of z, to 14 digits: σ/σ⁺ from 1 to 10¹², σ from 10⁻¹⁰⁰ to 10¹⁰⁰; σ⁺ = 0."""

    def nothing(x, sigma):
        return 0 * x

    size, one, none = rounding(16), np.ones((1, 1)), np.zeros((1, 1))
    for level in 10 ** np.append(rng.uniform(-3, 3, 3), [-100, 100]):
        steps = [(level, level / ratio) for ratio in RATIOS]
        with decimal.localcontext(decimal.Context(prec=50)):
            ratios = [decimal.Decimal(next_) / decimal.Decimal(now) for now, next_ in steps]
            kept = np.array([float(r) for r in ratios])
            squares = np.array([float(r**2) for r in ratios])
            new = np.array([float((1 - r**2).sqrt()) for r in ratios])
        left = [np.asarray(denoising_step(nothing, level * one, *step)).item() / level for step in steps]
        yield equal(f"σ = {level:.2g}: deterministic, of x", left, kept, rtol=size)
        left = [
            np.asarray(ancestral_denoising_step(nothing, level * one, *step, none)).item() / level for step in steps
        ]
        yield equal(f"σ = {level:.2g}: stochastic, of x", left, squares, rtol=size)
        drawn = [np.asarray(ancestral_denoising_step(nothing, none, *step, one)).item() / step[1] for step in steps]
        yield equal(f"σ = {level:.2g}: stochastic, of z", drawn, new, rtol=size)
        ends = [denoising_step(nothing, one, level, 0.0), ancestral_denoising_step(nothing, one, level, 0.0, one)]
        yield equal(f"σ = {level:.2g}: nothing at σ⁺ = 0", np.ravel(ends), 0.0)


def ancestral(gain=lambda r: r**2, noise=lambda r: np.sqrt(1 - r**2)):
    """The step D + gain(r)(x − D) + σ⁺ noise(r) z with r = σ⁺/σ, to be spoilt."""

    def step(denoiser, x, sigma, sigma_next, z):
        r, D = sigma_next / sigma, denoiser(x, sigma)
        return D + gain(r) * (x - D) + sigma_next * noise(r) * z

    return step


def noise_times_denoised(denoiser, x, sigma, sigma_next, z):
    r, D = sigma_next / sigma, denoiser(x, sigma)
    return D + r**2 * (x - D) + sigma_next * np.sqrt(1 - r**2) * z * D


ancestral_step_draws_from_the_noising_chain.mutants({
    "a missing square: σ⁺√(1 − σ⁺/σ)": shipped(
        ancestral(noise=lambda r: np.sqrt(1 - r)), project="diffusers", thread="#590"
    ),
    "noise of the forward step: √(σ² − σ⁺²)": ancestral(noise=lambda r: np.sqrt(r**-2.0 - 1)),
    "β of one step under skipped steps": shipped(
        ancestral(lambda r: max(r, 0.9) ** 2, lambda r: np.sqrt(1 - max(r, 0.9) ** 2)),
        project="diffusers",
        thread="#3006",
    ),
    "noise multiplied onto D": shipped(noise_times_denoised, project="twisted_diffusion_sampler", thread="#3"),
    "all of the noise drawn anew: D + σ⁺z": ancestral(lambda r: 0.0, lambda r: 1.0),
    "the deterministic step": lambda denoiser, x, sigma, sigma_next, z: tweedie.denoising_step(
        denoiser, x, sigma, sigma_next
    ),
    "σ⁺/σ for its square": ancestral(gain=lambda r: r),
    "noise 1 % too large": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
        denoiser, x, sigma, sigma_next, 1.01 * z
    ),
    "one noise for the whole batch": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
        denoiser, x, sigma, sigma_next, z[:1] + 0 * x
    ),
})


def by_differences_of_squares(denoiser, x, sigma, sigma_next, z):
    up = np.sqrt(sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2)
    down = np.sqrt(sigma_next**2 - up**2)
    return x + (down - sigma) * (x - denoiser(x, sigma)) / sigma + up * z


both_steps_lose_no_digits_at_any_ratio.mutants(
    {
        "x + (σ⁺ − σ)(x − D)/σ": lambda denoiser, x, sigma, sigma_next: (
            x + (sigma_next - sigma) * (x - denoiser(x, sigma)) / sigma
        ),
        "1 % too much noise left": lambda denoiser, x, sigma, sigma_next: tweedie.denoising_step(
            denoiser, x, sigma, min(1.01 * sigma_next, sigma)
        ),
    },
    replaces="denoising_step",
)
both_steps_lose_no_digits_at_any_ratio.mutants(
    {
        "σ_down by a difference of squares": shipped(by_differences_of_squares, project="diffusers", thread="#14213"),
        "√(1 − r²), of which half of the digits are lost near r = 1": ancestral(),
        "noise 1 % too large": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
            denoiser, x, sigma, sigma_next, 1.01 * z
        ),
    },
    replaces="ancestral_denoising_step",
)
