"""The optimal denoiser of a data set: slide "Examples of optimal denoising on MNIST"."""

import decimal
import operator

import numpy as np
import scipy

from refimpl import digits
from refimpl.diffusion import empirical
from verify.claims import claim
from verify.evidence import equal, rate, rounding

SLIDE = "Examples of optimal denoising on MNIST"
SOURCE = "Robbins 1956; Efron 2011"


def precise_average(x, data, sigma):
    """Σ w_i x_i, w = softmax(−‖x − x_i‖²/2σ²), in 50 digits."""
    with decimal.localcontext(prec=50):
        rows = [[decimal.Decimal(float(c)) for c in row] for row in data]
        point, variance = [decimal.Decimal(float(c)) for c in x], decimal.Decimal(float(sigma)) ** 2
        exponents = [-sum((a - b) ** 2 for a, b in zip(point, row, strict=True)) / (2 * variance) for row in rows]
        w = [(e - max(exponents)).exp() for e in exponents]
        return [float(sum(map(operator.mul, w, column)) / sum(w)) for column in zip(*rows, strict=True)]


def precise_weights(x, data, sigma):
    """The weights of `precise_average`, by differences in float64: enough where σ is not small."""
    return scipy.special.softmax(-((x[:, None] - data) ** 2).sum(-1) / (2 * sigma**2), axis=1)


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_is_a_softmax_average(
    rng, *, empirical_denoiser=empirical.empirical_denoiser, empirical_weights=empirical.empirical_weights
):
    r"""D(x) = Σ w_i x_i, w = softmax(−‖x − x_i‖²/2σ²), against 50 digits for σ from 10⁻³ to 10³, data far from 0."""
    centres = rng.standard_normal((6, 3)) + 5
    for sigma in 10.0 ** np.arange(-3, 4):
        data = np.concatenate([centres, centres + sigma * rng.standard_normal((6, 3))])
        x = centres + sigma * rng.standard_normal((6, 3)) * np.array([[1.0], [1], [1], [1], [50], [50]])
        expected = [precise_average(y, data, sigma) for y in x]
        yield equal(
            f"D at σ = {sigma:g}", empirical_denoiser(x, data, sigma), expected, atol=rounding(64, 8) + 1e-11 * sigma
        )
    data, x, sigma = rng.standard_normal((12, 3)), rng.standard_normal((20, 3)), rng.uniform(0.3, 3)
    expected = precise_weights(x, data, sigma)
    yield equal("w", empirical_weights(x, data, sigma), expected, atol=rounding(256, 1 + 50 / sigma**2))


@empirical_denoiser_is_a_softmax_average.mutant("σ² for 2σ²", replaces="empirical_denoiser")
def _(x, data, sigma):
    return empirical.empirical_denoiser(x, data, sigma / np.sqrt(2))


@empirical_denoiser_is_a_softmax_average.mutant("distance for its square", replaces="empirical_denoiser")
def _(x, data, sigma):
    distance = np.sqrt(((x[:, None] - data) ** 2).sum(-1))
    return scipy.special.softmax(-distance / (2 * sigma**2), axis=1) @ data


@empirical_denoiser_is_a_softmax_average.mutant("mean over coordinates for the sum", replaces="empirical_denoiser")
def _(x, data, sigma):
    return empirical.empirical_denoiser(x, data, sigma * np.sqrt(data.shape[1]))


@empirical_denoiser_is_a_softmax_average.mutant(
    "‖x − x_i‖² expanded, cancelling at small σ", replaces="empirical_denoiser"
)
def _(x, data, sigma):
    distance = (x**2).sum(-1)[:, None] - 2 * x @ data.T + (data**2).sum(-1)
    return scipy.special.softmax(-distance / (2 * sigma**2), axis=1) @ data


@empirical_denoiser_is_a_softmax_average.mutant(
    "exponentials overflow without the largest taken out", replaces="empirical_denoiser"
)
def _(x, data, sigma):
    w = np.exp(-((x[:, None] - data) ** 2).sum(-1) / (2 * sigma**2))
    return w @ data / w.sum(-1, keepdims=True)


@empirical_denoiser_is_a_softmax_average.mutant("not normalised", replaces="empirical_weights")
def _(x, data, sigma):
    return np.exp(-((x[:, None] - data) ** 2).sum(-1) / (2 * sigma**2))


@claim("D09", slide=SLIDE, source=SOURCE)
def empirical_denoiser_ends_in_the_mean_and_in_the_nearest_sample(
    rng, *, empirical_denoiser=empirical.empirical_denoiser
):
    r"""D → the mean like 1/σ², → the nearest sample like e^{−(d₂² − d₁²)/2σ²}; on real digits too.

    To first order σ²(D − m) = Cov·(x − m) − ½E‖X − m‖²(X − m) as σ → ∞, and D − x₁ = (x₂ − x₁)e^{…} as σ → 0.
    """
    data, x = rng.standard_normal((30, 4)), rng.standard_normal(4)
    mean = data.mean(0)
    sigma = np.geomspace(3e1, 3e3, 8)
    gap = np.array([empirical_denoiser(x, data, s) for s in sigma]) - mean
    yield rate("‖D − mean‖ against σ", sigma, np.linalg.norm(gap, axis=1), -2.0)
    third = ((((data - mean) ** 2).sum(1) - ((data - mean) ** 2).sum(1).mean())[:, None] * (data - mean)).mean(0)
    leading = (data - mean).T @ (data - mean) @ (x - mean) / len(data) - third / 2
    scaled = gap[-1] * sigma[-1] ** 2
    yield equal("σ²(D − mean) at σ = 3000", scaled, leading, atol=1e3 / sigma[-1] ** 2 + rounding(1e3, sigma[-1] ** 2))
    distance = ((x - data) ** 2).sum(1)
    first, second, third_nearest = np.argsort(distance)[:3]
    difference = distance[second] - distance[first]
    small = np.sqrt(difference / 2 / np.linspace(12, 28, 8))
    error = np.array([empirical_denoiser(x, data, s) for s in small]) - data[first]
    expected = np.exp(-difference / (2 * small**2))[:, None] * (data[second] - data[first])
    others = 40 * np.exp(-(distance[third_nearest] - distance[first]) / (2 * small**2)) + np.exp(-difference / small**2)
    scale = np.abs(data).max()
    yield equal("D − x₁ as σ → 0", error, expected, atol=scale * others[:, None] + rounding(32, scale), rtol=1e-9)
    images, _ = digits.load()
    noisy = images[rng.integers(len(images), size=5)] + 0.05 * rng.standard_normal((5, 784))
    nearest = images[scipy.spatial.distance.cdist(noisy, images).argmin(1)]
    cold, hot = (empirical_denoiser(noisy, images, s) for s in (1e-3, 1e7))
    yield equal("digits, σ = 10⁻³: the nearest digit", cold, nearest, atol=rounding(64))
    yield equal(
        "digits, σ = 10⁷: the mean digit", hot, np.tile(images.mean(0), (5, 1)), atol=784**1.5 / 1e14 + rounding(1e4)
    )


@empirical_denoiser_ends_in_the_mean_and_in_the_nearest_sample.mutant("always the mean")
def _(x, data, sigma):
    return np.broadcast_to(data.mean(0), np.shape(x))


@empirical_denoiser_ends_in_the_mean_and_in_the_nearest_sample.mutant("always the nearest")
def _(x, data, sigma):
    return data[scipy.spatial.distance.cdist(np.atleast_2d(x), data).argmin(1)].reshape(np.shape(x))


@empirical_denoiser_ends_in_the_mean_and_in_the_nearest_sample.mutant("σ 1 % too large")
def _(x, data, sigma):
    return empirical.empirical_denoiser(x, data, 1.01 * sigma)


@empirical_denoiser_ends_in_the_mean_and_in_the_nearest_sample.mutant("leaves the last sample out")
def _(x, data, sigma):
    return empirical.empirical_denoiser(x, data[:-1], sigma)


@claim("D10", slide=SLIDE, source="Gibbs: entropy of e^{−βE}/Z, β = 1/σ²")
def denoising_from_high_noise_averages_many_digits(
    rng, *, empirical_weights=empirical.empirical_weights, weight_entropy=empirical.weight_entropy
):
    r"""H(w) = log Σe^{−E_i/σ²} + E_w E/σ², E_i = ½‖x − x_i‖²: from one of 10,000 real digits to log n − Var E/2σ⁴."""
    images, _ = digits.load()
    x = images[rng.choice(len(images), 4, replace=False)]
    energy = scipy.spatial.distance.cdist(x, images, "sqeuclidean") / 2
    sigma = np.geomspace(0.5, 100, 12)
    H = [np.asarray(weight_entropy(empirical_weights(x, images, s))) for s in sigma]
    for s, entropy in zip(sigma, H, strict=True):
        w = scipy.special.softmax(-energy / s**2, axis=1)
        expected = scipy.special.logsumexp(-energy / s**2, axis=1) + (w * energy).sum(1) / s**2
        yield equal(f"H at σ = {s:.3g}", entropy, expected, atol=rounding(1e3, 1 + energy.max() / s**2))
    spread = energy.var(axis=1)
    missing = np.log(len(images)) - H[-1]
    second_order = 8 * np.sqrt(spread.max()) / sigma[-1] ** 2
    yield equal("(log n − H)·2σ⁴ at σ = 100: Var ½‖x − x_i‖²", missing * 2e8, spread, rtol=second_order)


@denoising_from_high_noise_averages_many_digits.mutant("entropy in bits", replaces="weight_entropy")
def _(weights):
    return empirical.weight_entropy(weights) / np.log(2)


@denoising_from_high_noise_averages_many_digits.mutant("−log Σw², the collision entropy", replaces="weight_entropy")
def _(weights):
    return -np.log((weights**2).sum(-1))


@denoising_from_high_noise_averages_many_digits.mutant("σ² for 2σ²", replaces="empirical_weights")
def _(x, data, sigma):
    return empirical.empirical_weights(x, data, sigma / np.sqrt(2))


@denoising_from_high_noise_averages_many_digits.mutant(
    "the most likely digit is left out", replaces="empirical_weights"
)
def _(x, data, sigma):
    w = empirical.empirical_weights(x, data, sigma)
    w[np.arange(len(w)), w.argmax(1)] = 0
    return w / w.sum(1, keepdims=True)
