"""Denoisers as scores of SDEs, and denoising steps as steps of SDEs: slide "The answer: Diffusion models"."""

import numpy as np

from refimpl.diffusion import marginals, probability_flow, sampler, tweedie
from refimpl.diffusion import scores_and_denoisers as parameters
from verify.calculus.mixtures import random_mixture
from verify.claims import claim
from verify.diffusion.denoising_progressive import falls
from verify.diffusion.probability_flow import processes
from verify.diffusion.tweedie import posterior
from verify.diffusion.tweedie_steps import SLIDE, ancestral
from verify.evidence import equal


@claim("D11", slide=SLIDE, source="conditioning of Gaussians; Tweedie")
def scores_of_sdes_are_denoisers(
    rng,
    *,
    time_of=parameters.time_of,
    denoiser_from_score=parameters.denoiser_from_score,
    score_from_denoiser=parameters.score_from_denoiser,
):
    r"""With x = a/scale, σ = std/scale the score of p_t is the denoiser E[X | X_σ = x], and back: VP, sub-VP, VE."""
    mixture = random_mixture(rng)

    def denoiser(x, sigma):
        r, m, *_ = posterior(x, sigma, *mixture)
        return np.einsum("nk,nki->ni", r, m)

    for process in processes():
        for t in rng.uniform(0.05, 0.9, 4):
            scale, std = process.kernel(t)
            sigma = std / scale
            yield equal(f"{process.name}: time of σ = {sigma:.3g}", time_of(process, sigma), t, rtol=1e-10)
            x = mixture[1][rng.integers(4, size=20)] + sigma * rng.standard_normal((20, 3))
            score = marginals.marginal_score(process, *mixture)
            error = 1e-9 * (1 + sigma) ** 2
            measured = denoiser_from_score(process, score)(x, sigma)
            yield equal(f"{process.name}: E[X | X_σ]", measured, denoiser(x, sigma), atol=error)
            measured = score_from_denoiser(process, denoiser)(scale * x, t)
            yield equal(f"{process.name}: score", measured, score(scale * x, t), atol=error / std**2)


def denoiser_by(factor, point=lambda scale: scale):
    """The denoiser x + factor·∇log p_t(point·x), to be spoilt: functions of scale and std, and of scale."""

    def of_score(process, score):
        def denoiser(x, sigma):
            t = parameters.time_of(process, sigma)
            scale, std = process.kernel(t)
            return x + factor(scale, std) * score(point(scale) * x, t)

        return denoiser

    return of_score


def score_by(point=lambda scale: 1 / scale, noise=lambda scale, std: std / scale):
    """The score (scale·D(point·a, noise) − a)/std², to be spoilt."""

    def of_denoiser(process, denoiser):
        def score(a, t):
            scale, std = process.kernel(t)
            return (scale * denoiser(point(scale) * a, noise(scale, std)) - a) / std**2

        return score

    return of_denoiser


def score_of_the_other_sign(process, denoiser):
    right = parameters.score_from_denoiser(process, denoiser)
    return lambda a, t: -right(a, t)


scores_of_sdes_are_denoisers.mutants(
    {
        "scale left out": denoiser_by(lambda scale, std: (std / scale) ** 2),
        "points not scaled": denoiser_by(lambda scale, std: std**2 / scale, point=lambda scale: 1.0),
        "std for σ": denoiser_by(lambda scale, std: std**2 * scale),
    },
    replaces="denoiser_from_score",
)
scores_of_sdes_are_denoisers.mutants(
    {
        "points not unscaled": score_by(point=lambda scale: 1.0),
        "noise std for std/scale": score_by(noise=lambda scale, std: std),
        "score of the other sign": score_of_the_other_sign,
    },
    replaces="score_from_denoiser",
)
scores_of_sdes_are_denoisers.mutants(
    {
        "time at which std = σ": lambda process, sigma: parameters.time_of(
            process._replace(kernel=lambda t: (1.0, process.kernel(t)[1])), min(sigma, 0.99)
        ),
        "1 % too late": lambda process, sigma: 1.01 * parameters.time_of(process, sigma),
    },
    replaces="time_of",
)


def instances(rng):
    """Of each process the exact score of a noised mixture, the denoiser that it stands for, a time, and points then."""
    mixture = random_mixture(rng)
    for process in processes():
        score = marginals.marginal_score(process, *mixture)
        t = rng.uniform(0.3, 0.6)
        scale, std = process.kernel(t)
        a = scale * mixture[1][rng.integers(4, size=20)] + std * rng.standard_normal((20, 3))
        yield process, score, parameters.denoiser_from_score(process, score), t, a


def scaled(step, process, denoiser, a, t, t_next, *noise):
    """What a denoising step of x = a/scale, σ = std/scale makes of a."""
    (scale, std), (low_scale, low_std) = process.kernel(t), process.kernel(t_next)
    return low_scale * np.asarray(step(denoiser, a / scale, std / scale, low_std / low_scale, *noise))


@claim("D11", slide=SLIDE, source="Song, Meng & Ermon 2021")
def denoising_steps_are_those_of_ddim(
    rng,
    *,
    denoising_step=tweedie.denoising_step,
    ancestral_denoising_step=tweedie.ancestral_denoising_step,
    ddim_step=probability_flow.ddim_step,
):
    r"""With x = a/scale, σ = std/scale denoising steps, however long, are DDIM's, for η = 0 and 1: VP, sub-VP, VE."""
    for process, score, denoiser, t, a in instances(rng):
        scale, std = process.kernel(t)
        long = scaled(denoising_step, process, denoiser, a, t, 0.2)
        error = 1e-10 * (1 + std / scale) ** 2 * (1 + np.abs(long).max())
        yield equal(process.name, ddim_step(process, score, a, t, 0.2 - t), long, atol=error)
        z = rng.standard_normal(a.shape)
        drawn = scaled(ancestral_denoising_step, process, denoiser, a, t, 0.2, z)
        measured = ddim_step(process, score, a, t, 0.2 - t, eta=1.0, z=z)
        yield equal(f"{process.name}, η = 1", measured, drawn, atol=error * (1 + np.abs(z).max()))


@claim("D11", slide=SLIDE, source="Song et al. 2021, Appendix E")
def denoising_is_the_flow_and_the_reverse_sde(
    rng,
    *,
    denoising_step=tweedie.denoising_step,
    ancestral_denoising_step=tweedie.ancestral_denoising_step,
    probability_flow_step=sampler.probability_flow_step,
    reverse_step=sampler.reverse_step,
):
    r"""With x = a/scale, σ = std/scale denoising steps are near the Euler steps of the flow and of the reverse SDE.

    The deterministic step is O(dt²) from the flow's. The stochastic one is O(dt²) in the mean and O(|dt|^{3/2}) in the
    noise from the reverse SDE's. So they have the same limit, the marginals p_t.
    """
    for process, score, denoiser, t, a in instances(rng):
        size, z = np.geomspace(1e-5, 1e-3, 8), rng.standard_normal((20, 3))
        flow, centre, noise = [], [], []
        for h in size:
            at = process, denoiser, a, t, t - h
            flow.append(scaled(denoising_step, *at) - probability_flow_step(process, score, a, t, -h))
            still, back = scaled(ancestral_denoising_step, *at, 0 * z), reverse_step(process, score, a, t, -h, 0 * z)
            centre.append(still - back)
            moved = scaled(ancestral_denoising_step, *at, z) - still
            noise.append(moved - (reverse_step(process, score, a, t, -h, z) - back))
        for name, gap, order in (("flow", flow, 2), ("reverse SDE's mean", centre, 2), ("its noise", noise, 1.5)):
            distance = np.sqrt((np.array(gap) ** 2).mean((1, 2)))
            yield from falls(f"{process.name}: distance from the {name} against |dt|", size, distance, order, rtol=0.1)


denoising_is_the_flow_and_the_reverse_sde.mutants(
    {
        "always to D": lambda denoiser, x, sigma, sigma_next: denoiser(x, sigma),
        "stochastic share": lambda denoiser, x, sigma, sigma_next: (
            denoiser(x, sigma) + (sigma_next / sigma) ** 2 * (x - denoiser(x, sigma))
        ),
    },
    replaces="denoising_step",
)
denoising_is_the_flow_and_the_reverse_sde.mutants(
    {
        "noise σ⁺, all anew": ancestral(lambda r: 0.0, lambda r: 1.0),
        "deterministic share": ancestral(gain=lambda r: r),
        "noise 1 % too large": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
            denoiser, x, sigma, sigma_next, 1.01 * z
        ),
    },
    replaces="ancestral_denoising_step",
)
denoising_steps_are_those_of_ddim.mutants(
    {
        "Euler's step": lambda process, score, a, t, dt, **noise: sampler.probability_flow_step(
            process, score, a, t, dt
        ),
        "η 1 % too small": lambda process, score, a, t, dt, eta=0.0, z=None: probability_flow.ddim_step(
            process, score, a, t, dt, eta=0.99 * eta, z=z
        ),
    },
    replaces="ddim_step",
)
denoising_is_the_flow_and_the_reverse_sde.mutants(
    {
        "g² for ½g²": lambda process, score, a, t, dt: sampler.probability_flow_step(
            process, lambda a, t: 2 * score(a, t), a, t, dt
        )
    },
    replaces="probability_flow_step",
)
denoising_is_the_flow_and_the_reverse_sde.mutants(
    {
        "flow's ½ in the reverse SDE": lambda process, score, a, t, dt, z: sampler.reverse_step(
            process, lambda a, t: score(a, t) / 2, a, t, dt, z
        ),
        "noise 1 % too small": lambda process, score, a, t, dt, z: sampler.reverse_step(
            process, score, a, t, dt, 0.99 * z
        ),
    },
    replaces="reverse_step",
)
denoising_steps_are_those_of_ddim.mutants(
    {"always to D": lambda denoiser, x, sigma, sigma_next: denoiser(x, sigma)}, replaces="denoising_step"
)
denoising_steps_are_those_of_ddim.mutants(
    {
        "noise 1 % too large": lambda denoiser, x, sigma, sigma_next, z: tweedie.ancestral_denoising_step(
            denoiser, x, sigma, sigma_next, 1.01 * z
        )
    },
    replaces="ancestral_denoising_step",
)
