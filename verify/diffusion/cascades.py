"""The stages of a cascade, and both together on Gaussians: slide "Modern tricks to generate appealing images"."""

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import cascades as module
from refimpl.diffusion.cascade_laws import conditional_mixture
from refimpl.diffusion.cascades import Cascade
from refimpl.diffusion.tweedie import empirical_denoiser
from verify.claims import claim
from verify.diffusion.cascade_laws import SLIDE, SOURCE
from verify.evidence import equal, rounding
from verify.probes import unchanged
from verify.sampling.metrics import random_law


@claim("D23", slide=SLIDE, source=SOURCE)
def low_resolution_is_a_mean_over_squares(rng, *, pool=module.pool):
    r"""The matrix (I ⊗ 1/f)x(I ⊗ 1/f)ᵀ of every image of a batch; it keeps the mean, and a white image's noise / f."""
    for f, h, w in ((1, 3, 5), (2, 4, 6), (4, 8, 4), (3, 3, 9)):
        x = rng.standard_normal((2, 3, h, w))
        rows, columns = (np.kron(np.eye(n // f), np.full((1, f), 1 / f)) for n in (h, w))
        yield equal(f"f = {f}, {h} × {w}", pool(x, f), rows @ x @ columns.T, atol=rounding(64, 4))
        yield equal(f"f = {f}, {h} × {w}: mean", pool(x, f).mean((-2, -1)), x.mean((-2, -1)), atol=rounding(64, 4))
    yield from unchanged("pool", lambda x: pool(x, 3), x)


def largest_pixel_of_each_square(images, factor):
    *batch, h, w = images.shape
    return images.reshape(*batch, h // factor, factor, w // factor, factor).max((-3, -1))


low_resolution_is_a_mean_over_squares.mutants({
    "every f-th pixel": lambda images, factor: images[..., ::factor, ::factor],
    "sums": lambda images, factor: factor**2 * module.pool(images, factor),
    "rows for columns": lambda images, factor: module.pool(images.mT, factor),
    "the largest pixel of each square": largest_pixel_of_each_square,
})


def squares(a, data):
    """Squared distances of all points of a batch to all samples."""
    return scipy.spatial.distance.cdist(a.reshape(-1, a.shape[-1]), data, "sqeuclidean")


def images_seen(rng):
    """Eight digits under noise and their 7 × 7 pictures, also so; all digits, and theirs."""
    images = digits.load().images
    small = module.pool(images.reshape(-1, 28, 28), 4).reshape(-1, 49)
    chosen = rng.choice(10000, 8, replace=False)
    seen = small[chosen] + 0.2 * rng.standard_normal((8, 49))
    return images[chosen] + rng.standard_normal((8, 784)), seen, images, small


@claim("D23", slide=SLIDE, source="definition")
def conditional_denoisers_weigh_both_resolutions(
    rng, *, conditional_empirical_denoiser=module.conditional_empirical_denoiser
):
    r"""w = softmax(−‖x − x_i‖²/2σ² − ‖y − y_i‖²/2s²), by distances; s → ∞ forgets y; on real digits too."""
    x, y, data, low = (rng.standard_normal(shape) for shape in ((2, 6, 5), (2, 6, 2), (40, 5), (40, 2)))
    for name, levels, arguments in (
        ("points", ((0.3, 0.7), (2.0, 0.2), (0.1, 3.0)), (x, y, data, low)),
        ("digits", ((1.0, 0.2), (4.0, 0.5)), images_seen(rng)),
    ):
        at, seen, samples, theirs = arguments
        for sigma, s in levels:
            energy = squares(at, samples) / (2 * sigma**2) + squares(seen, theirs) / (2 * s**2)
            expected = (scipy.special.softmax(-energy, axis=1) @ samples).reshape(at.shape)
            error = 1e-11 + rounding(1e3, energy.max())
            measured = conditional_empirical_denoiser(*arguments, sigma, s)
            yield equal(f"{name}, σ = {sigma}, s = {s}", measured, expected, atol=error * np.ptp(samples))
    free = conditional_empirical_denoiser(x, y, data, low, 0.7, 1e8)
    yield equal("s → ∞: y forgotten", free, empirical_denoiser(x, data, 0.7), atol=1e-11)
    what = "conditional_empirical_denoiser"
    yield from unchanged(what, lambda *a: conditional_empirical_denoiser(*a, 0.7, 0.3), x, y, data, low)


def x_ignored(x, y, data, low, sigma, s):
    w = scipy.special.softmax(-((y[..., None, :] - low) ** 2).sum(-1) / (2 * s**2), axis=-1)
    return w @ data


conditional_denoisers_weigh_both_resolutions.mutants({
    "the condition ignored": lambda x, y, data, low, sigma, s: empirical_denoiser(x, data, sigma),
    "x ignored": x_ignored,
    "σ and s exchanged": lambda x, y, data, low, sigma, s: module.conditional_empirical_denoiser(
        x, y, data, low, s, sigma
    ),
    "the same noise in both": lambda x, y, data, low, sigma, s: module.conditional_empirical_denoiser(
        x, y, data, low, sigma, sigma
    ),
    "s² for 2s²": lambda x, y, data, low, sigma, s: module.conditional_empirical_denoiser(
        x, y, data, low, sigma, s / np.sqrt(2)
    ),
})


def gaussian_stages(m, C, A, s):
    """Exact denoisers of both stages."""

    def posterior(x, mean, covariance, sigma):
        return mean + (x - mean) @ np.linalg.solve(covariance + sigma**2 * np.eye(len(covariance)), covariance)

    def low(y, sigma):
        return posterior(y, A @ m, A @ C @ A.T, sigma)

    def high(x, y, sigma):
        given = [conditional_mixture(one, A, s, [1.0], m[None], C[None]) for one in y]
        return np.stack([
            posterior(a, law.means[0], law.covariances[0], sigma) for a, law in zip(x, given, strict=True)
        ])

    return low, high


def flowed(C, sigmas):
    """What the steps of a stage make of deviations from the mean, for data of covariance C."""
    v, Q = np.linalg.eigh(C)
    before, after = sigmas[:-1, None], sigmas[1:, None]
    return (Q * np.prod((v + before * after) / (v + before**2), axis=0)) @ Q.T


@claim("D23", slide=SLIDE, source=SOURCE)
def cascades_of_gaussian_stages_reach_the_data(rng, *, cascade=module.cascade):
    r"""With exact denoisers of N(m, C) each stage is affine, with gains Π(v + σσ⁺)/(v + σ²) in eigenvectors.

    From noise, 400 steps a stage give the law of the data and of their low resolution, up to O(1/400).
    """
    m, C = random_law(rng, 3)
    A, s = rng.standard_normal((2, 3)), rng.uniform(0.2, 0.8)
    low, high = gaussian_stages(m, C, A, s)
    S = A @ C @ A.T
    K = C @ A.T @ np.linalg.inv(S + s**2 * np.eye(2))
    left = C - K @ A @ C

    def expected(y, x, z, sigmas):
        first = A @ m + (y - A @ m) @ flowed(S, sigmas)
        centre = m + (first + s * z - A @ m) @ K.T
        return first, centre + (x - centre) @ flowed((left + left.T) / 2, sigmas)

    y, x, z = (3 * rng.standard_normal((6, n)) for n in (2, 3, 2))
    sigmas = np.append(np.sort(rng.uniform(0.1, 4, 7))[::-1], 0.0)
    out, size = cascade(low, high, y, x, z, s, sigmas), rounding(1e5, 10 * np.linalg.cond(S))
    for name, measured, right in zip(("low", "high"), out, expected(y, x, z, sigmas), strict=True):
        yield equal(f"{name} resolution after 7 steps", measured, right, atol=size)
    top, inputs = 30.0, np.vstack([np.zeros(7), np.eye(7)])
    sigmas = np.append(np.geomspace(top, 1e-3, 400), 0.0)
    y, x, z = np.split(inputs, [2, 5], axis=1)
    both = np.concatenate(cascade(low, high, A @ m + top * y, m + top * x, z, s, sigmas), axis=1)
    gain, seen = both[1:] - both[0], K @ S
    data = np.block([[S, seen.T], [seen, C]])
    error = 6 * (np.log(top / 1e-3) / 400 + np.linalg.norm(data) / top**2) * np.linalg.norm(data)
    yield equal("mean of both resolutions", both[0], np.append(A @ m, m), atol=error / top)
    yield equal("covariance of both resolutions", gain.T @ gain, data, atol=error)


def conditioned_on_the_noise(low_denoiser, high_denoiser, y, x, z, s, sigmas):
    out = module.cascade(low_denoiser, high_denoiser, y, x, z, s, sigmas)
    return Cascade(out.low, module.cascade(lambda a, sigma: a, high_denoiser, y, x, z, s, sigmas).high)


def first_stage_in_one_shot(low_denoiser, high_denoiser, y, x, z, s, sigmas):
    first = low_denoiser(y, sigmas[0])
    return module.cascade(lambda a, sigma: first, high_denoiser, y, x, z, s, sigmas)


def second_stage_in_one_shot(low_denoiser, high_denoiser, y, x, z, s, sigmas):
    low = module.cascade(low_denoiser, high_denoiser, y, x, z, s, sigmas).low
    return Cascade(low, high_denoiser(x, low + s * z, sigmas[0]))


def sample_given_back_under_noise(low_denoiser, high_denoiser, y, x, z, s, sigmas):
    out = module.cascade(low_denoiser, high_denoiser, y, x, z, s, sigmas)
    return out._replace(low=out.low + s * z)


cascades_of_gaussian_stages_reach_the_data.mutants({
    "no noise between the stages": lambda low_denoiser, high_denoiser, y, x, z, s, sigmas: module.cascade(
        low_denoiser, high_denoiser, y, x, 0 * z, s, sigmas
    ),
    "s² for s": lambda low_denoiser, high_denoiser, y, x, z, s, sigmas: module.cascade(
        low_denoiser, high_denoiser, y, x, z, s**2, sigmas
    ),
    "conditioned on the noise, not on the sample": conditioned_on_the_noise,
    "the first stage in one shot": first_stage_in_one_shot,
    "the second stage in one shot": second_stage_in_one_shot,
    "the sample under noise given back": sample_given_back_under_noise,
})
