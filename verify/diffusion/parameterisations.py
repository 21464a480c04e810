"""What networks are asked for: slide "Joint training of the score network"."""

import itertools

import numpy as np

from refimpl.diffusion import parameterisations as parameters
from verify.claims import claim
from verify.evidence import at_least, equal, rounding

SLIDE = "Joint training of the score network"
NAMES = ("score", "noise", "clean", "v")


@claim("D15", slide=SLIDE, source="Salimans & Ho 2022, Appendix D; Tweedie")
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


parameterisations_say_the_same.mutants({
    "score = ε/std": replaced("noise", "score", lambda noise, a, scale, std: noise / std),
    "score = −ε/std²": replaced("noise", "score", lambda noise, a, scale, std: -noise / std**2),
    "score = −ε": replaced("noise", "score", lambda noise, a, scale, std: -noise),
    "scale not divided out of x₀": replaced("noise", "clean", lambda noise, a, scale, std: a - std * noise),
    "v of the other sign": replaced("clean", "v", lambda x, a, scale, std: std * x - scale * (a - scale * x) / std),
    "v for VP only": replaced("v", "noise", lambda v, a, scale, std: std * a + scale * v),
    "x₀ = scale·a − std·v, for VP only": replaced("v", "clean", lambda v, a, scale, std: scale * a - std * v),
    "σ² for std² in Tweedie": replaced("score", "clean", lambda s, a, scale, std: a + std**2 * s / scale),
})


@claim("D15", slide=SLIDE, source="Karras et al. 2022, Appendix B.6")
def preconditioned_networks_learn_what_is_left(rng, *, preconditioning=parameters.preconditioning):
    r"""Inputs and targets have variance 1; no other share of the input leaves the network less to learn; σ_d = ½."""
    for deviation, sigma in 10 ** rng.uniform(-2, 2, (6, 2)):
        skip, out, into, noise = preconditioning(sigma, deviation)

        def target_variance(skip, deviation=deviation, sigma=sigma):
            return (1 - skip) ** 2 * deviation**2 + skip**2 * sigma**2

        yield equal("variance of the input", into**2 * (deviation**2 + sigma**2), 1.0, rtol=rounding(16))
        yield equal("variance of the target", target_variance(skip) / out**2, 1.0, rtol=rounding(64))
        others, seen = target_variance(skip + np.array([-1e-2, -1e-3, 1e-3, 1e-2])), (deviation + sigma) ** 2
        yield at_least("out² with another skip", others, out**2, slack=rounding(64, out**2), resolution=1e-5 * seen)
        yield equal("noise", noise, 0.25 * np.log(sigma), atol=rounding(16, 2))
    sigma = rng.uniform(0.1, 2.0)
    yield equal("skip, σ_d = ½ of images", preconditioning(sigma).skip, 1 / (1 + 4 * sigma**2), rtol=rounding(16))


@claim("D15", slide=SLIDE, source="Karras et al. 2022, eq. (7)")
def preconditioned_denoisers_add_to_the_best_linear_one(
    rng, *, preconditioned_denoiser=parameters.preconditioned_denoiser
):
    r"""D(x, σ) = x σ_d²/(σ² + σ_d²) + F(x/√(σ² + σ_d²), ¼ log σ) σσ_d/√(σ² + σ_d²): with F = 0 the best linear one."""
    for deviation, sigma in 10 ** rng.uniform(-2, 2, (6, 2)):
        x = rng.standard_normal((10, 3))
        measured = preconditioned_denoiser(lambda x, c: np.sin(3 * x) + c, deviation)(x, sigma)
        network = np.sin(3 * x / np.hypot(sigma, deviation)) + np.log(sigma) / 4
        share = deviation**2 / (sigma**2 + deviation**2)
        expected = share * x + np.sqrt(share) * sigma * network
        yield equal("D", measured, expected, atol=rounding(256, 10 + np.sqrt(share) * sigma * 5))
    x, sigma = rng.standard_normal((10, 3)), rng.uniform(0.1, 2.0)
    of_images = preconditioned_denoiser(lambda x, c: 0 * x)(x, sigma)
    yield equal("D of F = 0, σ_d = ½ of images", of_images, x / (1 + 4 * sigma**2), atol=rounding(64, 5))


def edm(**changes):
    """Preconditioning with some factors changed."""

    def wrong(sigma, sigma_data=0.5):
        right = parameters.preconditioning(sigma, sigma_data)
        return right._replace(**{
            name: change(getattr(right, name), sigma, sigma_data) for name, change in changes.items()
        })

    return wrong


preconditioned_networks_learn_what_is_left.mutants(
    {
        "skip = σ²/(σ² + σ_d²)": edm(skip=lambda skip, sigma, deviation: 1 - skip),
        "skip = 0: all is left to the network": edm(skip=lambda skip, sigma, deviation: 0.0),
        "out = σ": edm(out=lambda out, sigma, deviation: sigma),
        "in = 1": edm(in_=lambda into, sigma, deviation: 1.0),
        "in² for in": edm(in_=lambda into, sigma, deviation: into**2),
        "log σ without ¼": edm(noise=lambda noise, sigma, deviation: 4 * noise),
        "out 1 % too large": edm(out=lambda out, sigma, deviation: 1.01 * out),
        "σ_d = 0.45 unless given": lambda sigma, sigma_data=0.45: parameters.preconditioning(sigma, sigma_data),
    },
)


def input_not_scaled(network, sigma_data=0.5):
    return lambda x, sigma: parameters.preconditioned_denoiser(
        lambda y, c: network(y * np.hypot(sigma, sigma_data), c), sigma_data
    )(x, sigma)


def noise_given_as_sigma(network, sigma_data=0.5):
    return lambda x, sigma: parameters.preconditioned_denoiser(lambda y, c: network(y, sigma), sigma_data)(x, sigma)


def no_skip(network, sigma_data=0.5):
    right = parameters.preconditioned_denoiser(network, sigma_data)
    return lambda x, sigma: right(x, sigma) - sigma_data**2 / (sigma**2 + sigma_data**2) * x


preconditioned_denoisers_add_to_the_best_linear_one.mutants({
    "input not scaled": input_not_scaled,
    "noise given as σ": noise_given_as_sigma,
    "σ_d = 1 unless given": lambda network, sigma_data=1.0: parameters.preconditioned_denoiser(network, sigma_data),
    "no skip": no_skip,
})
