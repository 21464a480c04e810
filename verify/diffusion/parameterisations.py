"""What networks are asked for, and denoising steps as steps of SDEs: slide "The answer: Diffusion models"."""

import itertools

import numpy as np

from refimpl.diffusion import marginals, sampler, schedules, tweedie
from refimpl.diffusion import parameterisations as parameters
from verify.claims import claim
from verify.diffusion.flow import processes
from verify.diffusion.mixtures import random_mixture
from verify.diffusion.progressive import falls
from verify.diffusion.tweedie import posterior
from verify.evidence import at_least, equal, rounding

JOINT = "Joint training of the score network"
NAMES = ("score", "noise", "clean", "v")


@claim("D15", slide=JOINT, source="Salimans & Ho 2022, Appendix D; Tweedie")
def parameterisations_say_the_same(rng, *, convert=parameters.convert):
    r"""For a = scale·x₀ + std·ε: score −ε/std, noise ε, clean x₀, v = scale·ε − std·x₀, each from each, VP or not."""
    clean, noise = rng.standard_normal((2, 30, 3))
    for scale, std in [*rng.uniform(0.2, 2, (4, 2)), (0.6, 0.8)]:
        a = scale * clean + std * noise
        outputs = dict(zip(NAMES, (-noise / std, noise, clean, scale * noise - std * clean), strict=True))
        for given, wanted in itertools.product(NAMES, NAMES):
            measured = convert(outputs[given], a, scale, std, given, wanted)
            yield equal(f"{wanted} from {given}", measured, outputs[wanted], atol=rounding(1e3, 40))


def replaced(given, wanted, formula):
    """`convert` with one of its formulas wrong."""

    def convert(output, a, scale, std, given_, wanted_):
        if (given_, wanted_) == (given, wanted):
            return formula(output, a, scale, std)
        return parameters.convert(output, a, scale, std, given_, wanted_)

    return convert


for text, wrong in {
    "score = ε/std": replaced("noise", "score", lambda noise, a, scale, std: noise / std),
    "score = −ε/std²": replaced("noise", "score", lambda noise, a, scale, std: -noise / std**2),
    "score = −ε": replaced("noise", "score", lambda noise, a, scale, std: -noise),
    "scale not divided out of x₀": replaced("noise", "clean", lambda noise, a, scale, std: a - std * noise),
    "v of the other sign": replaced("clean", "v", lambda x, a, scale, std: std * x - scale * (a - scale * x) / std),
    "v for VP only": replaced("v", "noise", lambda v, a, scale, std: std * a + scale * v),
    "x₀ = scale·a − std·v, for VP only": replaced("v", "clean", lambda v, a, scale, std: scale * a - std * v),
    "σ² for std² in Tweedie": replaced("score", "clean", lambda s, a, scale, std: a + std**2 * s / scale),
}.items():
    parameterisations_say_the_same.mutant(text)(wrong)


@claim("D15", slide=JOINT, source="Karras et al. 2022, Appendix B.6")
def preconditioned_networks_learn_what_is_left(
    rng,
    *,
    preconditioning=parameters.preconditioning,
    preconditioned_denoiser=parameters.preconditioned_denoiser,
):
    r"""Inputs and targets have variance 1; skip makes out the least; F = 0 denoises best linearly; D follows."""
    for deviation, sigma in 10 ** rng.uniform(-2, 2, (6, 2)):
        skip, out, into, noise = preconditioning(sigma, deviation)

        def target_variance(skip, deviation=deviation, sigma=sigma):
            return (1 - skip) ** 2 * deviation**2 + skip**2 * sigma**2

        yield equal("variance of the input", into**2 * (deviation**2 + sigma**2), 1.0, rtol=rounding(16))
        yield equal("variance of the target", target_variance(skip) / out**2, 1.0, rtol=rounding(64))
        others = target_variance(skip + np.array([-1e-2, -1e-3, 1e-3, 1e-2]))
        yield at_least(
            "out² with another skip",
            others,
            out**2,
            slack=rounding(64, out**2),
            resolution=1e-5 * (deviation + sigma) ** 2,
        )
        yield equal("noise", noise, 0.25 * np.log(sigma), atol=rounding(16, 2))
        x = rng.standard_normal((10, 3))
        measured = preconditioned_denoiser(lambda x, c: np.sin(3 * x) + c, deviation)(x, sigma)
        network = np.sin(3 * x / np.hypot(sigma, deviation)) + np.log(sigma) / 4
        share = deviation**2 / (sigma**2 + deviation**2)
        expected = share * x + np.sqrt(share) * sigma * network
        yield equal("D", measured, expected, atol=rounding(256, 10 + np.sqrt(share) * sigma * 5))


def edm(**changes):
    """Preconditioning with some factors changed."""

    def wrong(sigma, sigma_data):
        right = parameters.preconditioning(sigma, sigma_data)
        return right._replace(
            **{name: change(getattr(right, name), sigma, sigma_data) for name, change in changes.items()}
        )

    return wrong


for text, wrong in {
    "skip = σ²/(σ² + σ_d²)": edm(skip=lambda skip, sigma, deviation: 1 - skip),
    "skip = 0: all is left to the network": edm(skip=lambda skip, sigma, deviation: 0.0),
    "out = σ": edm(out=lambda out, sigma, deviation: sigma),
    "in = 1": edm(in_=lambda into, sigma, deviation: 1.0),
    "in² for in": edm(in_=lambda into, sigma, deviation: into**2),
    "log σ without ¼": edm(noise=lambda noise, sigma, deviation: 4 * noise),
    "out 1 % too large": edm(out=lambda out, sigma, deviation: 1.01 * out),
}.items():
    preconditioned_networks_learn_what_is_left.mutant(text, replaces="preconditioning")(wrong)


@preconditioned_networks_learn_what_is_left.mutant("input not scaled", replaces="preconditioned_denoiser")
def _(network, sigma_data):
    return lambda x, sigma: parameters.preconditioned_denoiser(
        lambda y, c: network(y * np.hypot(sigma, sigma_data), c), sigma_data
    )(x, sigma)


@preconditioned_networks_learn_what_is_left.mutant("noise given as σ", replaces="preconditioned_denoiser")
def _(network, sigma_data):
    return lambda x, sigma: parameters.preconditioned_denoiser(lambda y, c: network(y, sigma), sigma_data)(x, sigma)


@preconditioned_networks_learn_what_is_left.mutant("no skip", replaces="preconditioned_denoiser")
def _(network, sigma_data):
    right = parameters.preconditioned_denoiser(network, sigma_data)
    return lambda x, sigma: right(x, sigma) - sigma_data**2 / (sigma**2 + sigma_data**2) * x


@claim("D11", slide="The answer: Diffusion models", source="conditioning of Gaussians; Tweedie")
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


@scores_of_sdes_are_denoisers.mutant("scale left out", replaces="denoiser_from_score")
def _(process, score):
    def denoiser(x, sigma):
        t = parameters.time_of(process, sigma)
        return x + sigma**2 * score(process.kernel(t)[0] * x, t)

    return denoiser


@scores_of_sdes_are_denoisers.mutant("points not scaled", replaces="denoiser_from_score")
def _(process, score):
    def denoiser(x, sigma):
        t = parameters.time_of(process, sigma)
        return x + sigma**2 * process.kernel(t)[0] * score(x, t)

    return denoiser


@scores_of_sdes_are_denoisers.mutant("std for σ", replaces="denoiser_from_score")
def _(process, score):
    def denoiser(x, sigma):
        t = parameters.time_of(process, sigma)
        scale, std = process.kernel(t)
        return x + std**2 * scale * score(scale * x, t)

    return denoiser


@scores_of_sdes_are_denoisers.mutant("points not unscaled", replaces="score_from_denoiser")
def _(process, denoiser):
    def score(a, t):
        scale, std = process.kernel(t)
        return (scale * denoiser(a, std / scale) - a) / std**2

    return score


@scores_of_sdes_are_denoisers.mutant("noise std for std/scale", replaces="score_from_denoiser")
def _(process, denoiser):
    def score(a, t):
        scale, std = process.kernel(t)
        return (scale * denoiser(a / scale, std) - a) / std**2

    return score


@scores_of_sdes_are_denoisers.mutant("score of the other sign", replaces="score_from_denoiser")
def _(process, denoiser):
    right = parameters.score_from_denoiser(process, denoiser)
    return lambda a, t: -right(a, t)


@scores_of_sdes_are_denoisers.mutant("time at which std = σ", replaces="time_of")
def _(process, sigma):
    return parameters.time_of(process._replace(kernel=lambda t: (1.0, process.kernel(t)[1])), min(sigma, 0.99))


@scores_of_sdes_are_denoisers.mutant("1 % too late", replaces="time_of")
def _(process, sigma):
    return 1.01 * parameters.time_of(process, sigma)


@claim("D11", slide="The answer: Diffusion models", source="Song, Meng & Ermon 2021; Song et al. 2021, Appendix E")
def denoising_is_the_flow_and_the_reverse_sde(
    rng,
    *,
    denoising_step=tweedie.denoising_step,
    ancestral_denoising_step=tweedie.ancestral_denoising_step,
    ddim_step=sampler.ddim_step,
    probability_flow_step=sampler.probability_flow_step,
    reverse_step=sampler.reverse_step,
):
    r"""With x = a/scale, σ = std/scale a denoising step is DDIM's, and near the Euler steps of flow and reverse SDE.

    The deterministic step is O(dt²) from the flow's; the stochastic one is O(dt²) in the mean and O(|dt|^{3/2}) in the
    noise from the reverse SDE's. So they have the same limit, the marginals p_t.
    """
    mixture = random_mixture(rng)
    for process in processes():
        score = marginals.marginal_score(process, *mixture)
        denoiser = parameters.denoiser_from_score(process, score)
        t, z = rng.uniform(0.3, 0.6), rng.standard_normal((20, 3))
        scale, std = process.kernel(t)
        a = scale * mixture[1][rng.integers(4, size=20)] + std * rng.standard_normal((20, 3))

        def scaled(step, t_next, *noise, process=process, denoiser=denoiser, a=a, scale=scale, std=std):
            low_scale, low_std = process.kernel(t_next)
            return low_scale * np.asarray(step(denoiser, a / scale, std / scale, low_std / low_scale, *noise))

        long = scaled(denoising_step, 0.2)
        error = 1e-10 * (1 + std / scale) ** 2 * (1 + np.abs(long).max())
        yield equal(f"{process.name}: DDIM", ddim_step(process, score, a, t, 0.2 - t), long, atol=error)
        size = np.geomspace(1e-5, 1e-3, 8)
        flow, centre, noise = [], [], []
        for h in size:
            flow.append(scaled(denoising_step, t - h) - probability_flow_step(process, score, a, t, -h))
            still = scaled(ancestral_denoising_step, t - h, 0 * z)
            back = reverse_step(process, score, a, t, -h, 0 * z)
            centre.append(still - back)
            moved = scaled(ancestral_denoising_step, t - h, z) - still
            noise.append(moved - (reverse_step(process, score, a, t, -h, z) - back))
        for name, gap, order in (("flow", flow, 2), ("reverse SDE's mean", centre, 2), ("its noise", noise, 1.5)):
            distance = np.sqrt((np.array(gap) ** 2).mean((1, 2)))
            yield from falls(f"{process.name}: distance from the {name} against |dt|", size, distance, order, rtol=0.1)


@denoising_is_the_flow_and_the_reverse_sde.mutant("always to D", replaces="denoising_step")
def _(denoiser, x, sigma, sigma_next):
    return denoiser(x, sigma)


@denoising_is_the_flow_and_the_reverse_sde.mutant("stochastic share", replaces="denoising_step")
def _(denoiser, x, sigma, sigma_next):
    return denoiser(x, sigma) + (sigma_next / sigma) ** 2 * (x - denoiser(x, sigma))


@denoising_is_the_flow_and_the_reverse_sde.mutant("noise σ⁺, all anew", replaces="ancestral_denoising_step")
def _(denoiser, x, sigma, sigma_next, z):
    return denoiser(x, sigma) + sigma_next * z


@denoising_is_the_flow_and_the_reverse_sde.mutant("deterministic share", replaces="ancestral_denoising_step")
def _(denoiser, x, sigma, sigma_next, z):
    r, D = sigma_next / sigma, denoiser(x, sigma)
    return D + r * (x - D) + sigma_next * np.sqrt(1 - r**2) * z


@denoising_is_the_flow_and_the_reverse_sde.mutant("noise 1 % too large", replaces="ancestral_denoising_step")
def _(denoiser, x, sigma, sigma_next, z):
    return tweedie.ancestral_denoising_step(denoiser, x, sigma, sigma_next, 1.01 * z)


@denoising_is_the_flow_and_the_reverse_sde.mutant("Euler's step", replaces="ddim_step")
def _(process, score, a, t, dt):
    return sampler.probability_flow_step(process, score, a, t, dt)


@denoising_is_the_flow_and_the_reverse_sde.mutant("g² for ½g²", replaces="probability_flow_step")
def _(process, score, a, t, dt):
    return sampler.probability_flow_step(process, lambda a, t: 2 * score(a, t), a, t, dt)


@denoising_is_the_flow_and_the_reverse_sde.mutant("flow's ½ in the reverse SDE", replaces="reverse_step")
def _(process, score, a, t, dt, z):
    return sampler.reverse_step(process, lambda a, t: score(a, t) / 2, a, t, dt, z)


@denoising_is_the_flow_and_the_reverse_sde.mutant("noise 1 % too small", replaces="reverse_step")
def _(process, score, a, t, dt, z):
    return sampler.reverse_step(process, score, a, t, dt, 0.99 * z)


@claim("D11", slide="The answer: Diffusion models", source="Karras et al. 2022, eq. (5)")
def noise_levels_are_even_in_a_root(rng, *, noise_levels=schedules.noise_levels):
    r"""From σmax to σmin in n levels, then 0: σ^{1/ρ} is evenly spaced; for ρ → ∞ it is a geometric sequence."""
    for _ in range(5):
        low, high = 10 ** rng.uniform([-3, 0], [-1, 2])
        n, rho = int(rng.integers(5, 50)), rng.uniform(1, 9)
        levels = np.asarray(noise_levels(high, low, n, rho))
        yield equal("ends", levels[[0, -2, -1]], [high, low, 0.0], rtol=rounding(256))
        roots = np.linspace(high ** (1 / rho), low ** (1 / rho), n)
        yield equal("σ^{1/ρ}", levels[:-1] ** (1 / rho), roots, rtol=rounding(256))
        geometric = np.geomspace(high, low, n)
        flat = np.log(high / low) ** 2 / 1e6
        yield equal("ρ = 10⁶", np.asarray(noise_levels(high, low, n, 1e6))[:-1], geometric, rtol=flat + 1e-8)


@noise_levels_are_even_in_a_root.mutant("one level too few")
def _(sigma_max, sigma_min, num_steps, rho):
    return schedules.noise_levels(sigma_max, sigma_min, num_steps - 1, rho)


@noise_levels_are_even_in_a_root.mutant("no 0 at the end")
def _(sigma_max, sigma_min, num_steps, rho):
    return schedules.noise_levels(sigma_max, sigma_min, num_steps, rho)[:-1]


@noise_levels_are_even_in_a_root.mutant("ρ for 1/ρ")
def _(sigma_max, sigma_min, num_steps, rho):
    return schedules.noise_levels(sigma_max, sigma_min, num_steps, 1 / rho)


@noise_levels_are_even_in_a_root.mutant("evenly spaced")
def _(sigma_max, sigma_min, num_steps, rho):
    return np.append(np.linspace(sigma_max, sigma_min, num_steps), 0.0)


@noise_levels_are_even_in_a_root.mutant("i/n for i/(n − 1)")
def _(sigma_max, sigma_min, num_steps, rho):
    return np.append(schedules.noise_levels(sigma_max, sigma_min, num_steps + 1, rho)[:-2], 0.0)
