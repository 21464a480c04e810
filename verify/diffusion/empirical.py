"""The optimal denoiser of a data set: slide "Examples of optimal denoising on MNIST"."""

import decimal
import operator

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import empirical, tweedie
from verify.claims import claim
from verify.evidence import equal, rate, rounding
from verify.probes import batched, unchanged

SLIDE = "Examples of optimal denoising on MNIST"
SOURCE = "Robbins 1956; Efron 2011"


PROMISED = 1e-12  # what a weight may be off, as part of the largest: `empirical_weights` documents it


def precisely(x, data, sigma):
    """Σ w_i x_i, w = softmax(−‖x − x_i‖²/2σ²), and the least exponent, in 50 digits."""
    with decimal.localcontext(prec=50):
        rows = [[decimal.Decimal(float(c)) for c in row] for row in data]
        point, variance = [decimal.Decimal(float(c)) for c in x], decimal.Decimal(float(sigma)) ** 2
        exponents = [sum((a - b) ** 2 for a, b in zip(point, row, strict=True)) / (2 * variance) for row in rows]
        w = [(min(exponents) - e).exp() for e in exponents]
        average = [float(sum(map(operator.mul, w, column)) / sum(w)) for column in zip(*rows, strict=True)]
        return average, [float(w_i / sum(w)) for w_i in w], float(min(exponents))


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_is_a_softmax_average(
    rng, *, empirical_denoiser=tweedie.empirical_denoiser, empirical_weights=empirical.empirical_weights
):
    r"""D(x) = Σ w_i x_i, w = softmax(−‖x − x_i‖²/2σ²), against 50 digits for σ from 10⁻⁹ to 10⁶, data far from 0.

    Weights: 10⁻¹² of the largest, as documented, and the rounding of exponents E (no more than 40 above the least
    one, or the weight does not count); D: that times the distances of the samples that count from it.
    """
    for sigma in 10.0 ** np.arange(-9, 7):
        averages, weights = [], []
        for n, p in [(1, 3), (2, 1), (6, 2), (12, 3)]:
            centres = rng.standard_normal(((n + 1) // 2, p)) + 5
            data = np.concatenate([centres, centres[: n // 2] + sigma * rng.standard_normal((n // 2, p))])
            x = np.repeat(centres, 2, axis=0)[:6]
            x = x + sigma * rng.standard_normal(x.shape) * np.where(np.arange(len(x)) < 4, 1, 50)[:, None]
            D, w, least = (np.array(part) for part in zip(*(precisely(y, data, sigma) for y in x), strict=True))
            error = PROMISED + rounding(8, 40 + least)[:, None]
            far = ((w > np.exp(-40)) * np.linalg.norm(data - D[:, None], axis=-1)).sum(1, keepdims=True)
            averages.append([empirical_denoiser(x, data, sigma), D, error * far + rounding(8, np.abs(D))])
            weights.append([empirical_weights(x, data, sigma), w, error + 0 * w])
        for name, parts in {"D": averages, "w": weights}.items():
            measured, expected, error = (np.concatenate([np.ravel(a) for a in b]) for b in zip(*parts, strict=True))
            yield equal(f"{name} at σ = {sigma:g}", measured, expected, atol=error)
    data, x = rng.standard_normal((12, 3)), rng.standard_normal((20, 3))
    for name, function in {"D": empirical_denoiser, "w": empirical_weights}.items():
        yield from batched(name, lambda x, f=function: f(x, data, 0.7), x, atol=12 * PROMISED * np.abs(data).max())
        yield from unchanged(name, lambda x, data, f=function: f(x, data, 0.7), x, data)


def distance_for_its_square(x, data, sigma):
    distance = np.sqrt(((x[:, None] - data) ** 2).sum(-1))
    return scipy.special.softmax(-distance / (2 * sigma**2), axis=1) @ data


def weights_by_expanded_squares(x, data, sigma):
    distance = (x**2).sum(-1)[..., None] - 2 * x @ data.T + (data**2).sum(-1)
    return scipy.special.softmax(-distance / (2 * sigma**2), axis=-1)


def largest_exponent_not_taken_out(x, data, sigma):
    w = np.exp(-((x[:, None] - data) ** 2).sum(-1) / (2 * sigma**2))
    return w @ data / w.sum(-1, keepdims=True)


def centres_the_samples_in_place(x, data, sigma):
    D = tweedie.empirical_denoiser(x, data, sigma)
    data -= data.mean(0)
    return D


empirical_denoiser_is_a_softmax_average.mutants(
    {
        "σ² for 2σ²": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, sigma / np.sqrt(2)),
        "distance for its square": distance_for_its_square,
        "mean over coordinates for the sum": lambda x, data, sigma: tweedie.empirical_denoiser(
            x, data, sigma * np.sqrt(data.shape[1])
        ),
        "‖x − x_i‖² expanded, cancelling at small σ": lambda x, data, sigma: (
            weights_by_expanded_squares(x, data, sigma) @ data
        ),
        "exponentials overflow without the largest taken out": largest_exponent_not_taken_out,
        "σ below 10⁻³ taken for 10⁻³": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, max(sigma, 1e-3)),
        "σ below 10⁻⁶ taken for 10⁻⁶": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, max(sigma, 1e-6)),
        "the point itself for one sample": lambda x, data, sigma: (
            x if len(data) == 1 else tweedie.empirical_denoiser(x, data, sigma)
        ),
        "centres the samples in place": centres_the_samples_in_place,
    },
    replaces="empirical_denoiser",
)
empirical_denoiser_is_a_softmax_average.mutants(
    {
        "‖x − x_i‖² expanded, cancelling": weights_by_expanded_squares,
        "always a batch": lambda x, data, sigma: empirical.empirical_weights(np.atleast_2d(x), data, sigma),
        "not normalised": lambda x, data, sigma: np.exp(-((x[:, None] - data) ** 2).sum(-1) / (2 * sigma**2)),
    },
    replaces="empirical_weights",
)


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_tends_to_the_mean(rng, *, empirical_denoiser=tweedie.empirical_denoiser):
    r"""As σ → ∞ D − m ~ −Cov(X, E)/σ², with the mean m of the data and E_i = ½‖x − x_i‖².

    With β = 1/σ²: D = m − β Cov(X, E) + ½β²κ, where κ is a third central moment E(X − D)(E − Ē)² of some softmax
    weights, hence at most ptp(X) ptp(E)².
    """
    data, x = rng.standard_normal((30, 4)), rng.standard_normal(4)
    n, mean, scale, energy = len(data), data.mean(0), np.abs(data).max(), ((x - data) ** 2).sum(1) / 2
    sigma = np.geomspace(3e1, 3e3, 8)
    gap = np.array([empirical_denoiser(x, data, s) for s in sigma]) - mean
    yield rate("‖D − mean‖ against σ", sigma, np.linalg.norm(gap, axis=1), -2.0)
    leading = -((energy - energy.mean())[:, None] * (data - mean)).mean(0)
    moment = np.ptp(data, axis=0) * np.ptp(energy) ** 2
    error = moment / 2 / sigma[-1] ** 2 + rounding(4 * n, scale * sigma[-1] ** 2)
    yield equal("σ²(D − mean) at σ = 3000", gap[-1] * sigma[-1] ** 2, leading, atol=error)


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_tends_to_the_nearest_sample(rng, *, empirical_denoiser=tweedie.empirical_denoiser):
    r"""As σ → 0 D − x₁ ~ e₂(x₂ − x₁), e_i = e^{−(d_i² − d₁²)/2σ²}, for samples x_i at the distances d₁ < d₂ < …

    With S = Σ_{i≥2} e_i: D − x₁ = Σ_{i≥2} e_i (x_i − x₁)/(1 + S), so that D − x₁ − e₂(x₂ − x₁) is
    [Σ_{i≥3} e_i (x_i − x₁) − e₂S(x₂ − x₁)]/(1 + S), at most R((n − 2)e₃ + e₂(e₂ + (n − 2)e₃)) with R = max‖x_i − x₁‖.
    Distances 1, 1.5 and more than 2.5 make e₃ < e₂⁴.
    """
    n, x = 30, rng.standard_normal(4)
    radius = np.concatenate([[1.0, 1.5], rng.uniform(2.5, 4, n - 2)])
    away = rng.standard_normal((n, 4))
    data = x + radius[:, None] * away / np.linalg.norm(away, axis=1, keepdims=True)
    distance = ((x - data) ** 2).sum(1)
    to_second, to_third = distance[1] - distance[0], distance[2:].min() - distance[0]
    small = np.sqrt(to_second / 2 / np.linspace(12, 28, 8))
    error = np.array([empirical_denoiser(x, data, s) for s in small]) - data[0]
    e_2, e_3 = (np.exp(-d / (2 * small**2))[:, None] for d in (to_second, to_third))
    rest = np.linalg.norm(data - data[0], axis=1).max() * ((n - 2) * e_3 + e_2 * (e_2 + (n - 2) * e_3))
    exponents = rounding(16, 28 * distance[1] / to_second)
    expected = e_2 * (data[1] - data[0])
    yield equal("D − x₁ as σ → 0", error, expected, atol=rest + rounding(8, np.abs(data).max()), rtol=exponents)


@claim("D09", slide=SLIDE, source=SOURCE)
def denoised_digits_go_from_the_nearest_digit_to_the_mean(rng, *, empirical_denoiser=tweedie.empirical_denoiser):
    r"""On 10,000 real digits D is the nearest digit at σ = 10⁻³, the mean digit at 10⁷, the softmax average between."""
    images, _ = digits.load()
    noisy = images[rng.integers(len(images), size=6)] + 0.05 * rng.standard_normal((6, 784))
    energy = scipy.spatial.distance.cdist(noisy, images, "sqeuclidean") / 2
    cold, hot = (empirical_denoiser(noisy, images, s) for s in (1e-3, 1e7))
    yield equal("digits, σ = 10⁻³: the nearest digit", cold, images[energy.argmin(1)], atol=rounding(64))
    mean, turned = np.tile(images.mean(0), (6, 1)), np.expm1(np.ptp(energy, axis=1)[:, None] / 1e14)
    yield equal("digits, σ = 10⁷: the mean digit", hot, mean, atol=turned + rounding(len(images)))
    for s in (0.5, 2.0, 10.0):
        expected = scipy.special.softmax(-energy / s**2, axis=1) @ images
        error = rounding(784, energy.min() / s**2 + 40) + rounding(len(images))
        yield equal(f"digits, σ = {s:g}", empirical_denoiser(noisy, images, s), expected, atol=error)


def always_the_nearest(x, data, sigma):
    nearest = scipy.spatial.distance.cdist(np.atleast_2d(x), data).argmin(1)
    return data[nearest].reshape(np.shape(x))


empirical_denoiser_tends_to_the_mean.mutants({
    "always the nearest": always_the_nearest,
    "leaves the last sample out": lambda x, data, sigma: tweedie.empirical_denoiser(x, data[:-1], sigma),
})
empirical_denoiser_tends_to_the_nearest_sample.mutants({
    "always the mean": lambda x, data, sigma: np.broadcast_to(data.mean(0), np.shape(x)),
    "σ 1 % too large": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, 1.01 * sigma),
})
denoised_digits_go_from_the_nearest_digit_to_the_mean.mutants({
    "σ 1 % too large": lambda x, data, sigma: tweedie.empirical_denoiser(x, data, 1.01 * sigma),
})


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_takes_many_points_and_many_samples(
    rng, *, empirical_denoiser=tweedie.empirical_denoiser, empirical_weights=empirical.empirical_weights
):
    r"""1000 points and 5000 samples at once, more than fit in a block: w = softmax(−‖x − x_i‖²/2σ²), D = Σ w_i x_i."""
    data, x, sigma = rng.standard_normal((5000, 2)), rng.standard_normal((1000, 2)), rng.uniform(0.3, 3)
    energy = scipy.spatial.distance.cdist(x, data, "sqeuclidean") / 2
    expected = scipy.special.softmax(-energy / sigma**2, axis=1)
    error = PROMISED * expected.max(1, keepdims=True) + rounding(16, (energy / sigma**2 + 1) * expected)
    yield equal("w", empirical_weights(x, data, sigma), expected, atol=error)
    error = rounding(len(data), np.abs(data).max()) + error.sum(1, keepdims=True) * np.ptp(data)
    yield equal("D", empirical_denoiser(x, data, sigma), expected @ data, atol=error)


def one_block_only(x, data, sigma):
    D = tweedie.empirical_denoiser(x, data, sigma)
    D[800:] = 0
    return D


empirical_denoiser_takes_many_points_and_many_samples.mutants(
    {
        "one block only": one_block_only,
        "the first 100 samples": lambda x, data, sigma: tweedie.empirical_denoiser(x, data[:100], sigma),
    },
    replaces="empirical_denoiser",
)
empirical_denoiser_takes_many_points_and_many_samples.mutants(
    {"weights sorted": lambda x, data, sigma: np.sort(empirical.empirical_weights(x, data, sigma), axis=-1)},
    replaces="empirical_weights",
)
