"""How many samples the optimal denoiser averages: slide "Examples of optimal denoising on MNIST"."""

import decimal

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import empirical
from verify.claims import claim
from verify.diffusion.empirical import PROMISED, SLIDE
from verify.evidence import equal, rounding
from verify.probes import batched


@claim("D10", slide=SLIDE, source="Gibbs: entropy of e^{−βE}/Z, β = 1/σ²")
def denoising_from_high_noise_averages_many_digits(
    rng, *, empirical_weights=empirical.empirical_weights, weight_entropy=empirical.weight_entropy
):
    r"""H(w) = log Σe^{−E_i/σ²} + E_w E/σ², E_i = ½‖x − x_i‖²: from one of 10,000 real digits to log n − Var E/2σ⁴.

    With β = 1/σ²: log n − H = ∫₀^β b Var_b E db, and |dVar_b E/db| ≤ ptp(E) Var_b E: a factor e^{β ptp(E)} at most.
    """
    images, _ = digits.load()
    n = len(images)
    x = images[rng.choice(n, 4, replace=False)]
    energy = scipy.spatial.distance.cdist(x, images, "sqeuclidean") / 2
    sigma = np.geomspace(0.5, 100, 12)
    H = [np.asarray(weight_entropy(empirical_weights(x, images, s))) for s in sigma]
    for s, entropy in zip(sigma, H, strict=True):
        w = scipy.special.softmax(-energy / s**2, axis=1)
        averaged = (w * energy).sum(1) / s**2
        expected = scipy.special.logsumexp(-energy / s**2, axis=1) + averaged
        yield equal(f"H at σ = {s:.3g}", entropy, expected, atol=rounding(784, 1 + averaged) + PROMISED)
    missing = np.log(n) - H[-1]
    second_order = np.expm1(np.ptp(energy, axis=1) / sigma[-1] ** 2) * energy.var(axis=1)
    error = second_order + 2 * sigma[-1] ** 4 * PROMISED
    yield equal("(log n − H)·2σ⁴ at σ = 100: Var ½‖x − x_i‖²", missing * 2e8, energy.var(axis=1), atol=error)


def most_likely_digit_left_out(x, data, sigma):
    w = empirical.empirical_weights(x, data, sigma)
    w[np.arange(len(w)), w.argmax(1)] = 0
    return w / w.sum(1, keepdims=True)


denoising_from_high_noise_averages_many_digits.mutants(
    {
        "entropy in bits": lambda weights: empirical.weight_entropy(weights) / np.log(2),
        "−log Σw², the collision entropy": lambda weights: -np.log((weights**2).sum(-1)),
    },
    replaces="weight_entropy",
)
denoising_from_high_noise_averages_many_digits.mutants(
    {
        "σ² for 2σ²": lambda x, data, sigma: empirical.empirical_weights(x, data, sigma / np.sqrt(2)),
        "the most likely digit is left out": most_likely_digit_left_out,
    },
    replaces="empirical_weights",
)


def precise_entropy(weights):
    """−Σ w log w of each row, in 50 digits."""
    with decimal.localcontext(prec=50):
        rows = [[decimal.Decimal(float(w)) for w in row if w > 0] for row in weights]
        return [float(-sum(w * w.ln() for w in row)) for row in rows]


@claim("D10", slide=SLIDE, source="Shannon 1948")
def entropy_counts_what_an_average_is_made_of(rng, *, weight_entropy=empirical.weight_entropy):
    r"""H(w) = −Σ w log w with 0 log 0 = 0, log k for k equal weights, down to the last digits of the least entropy.

    All terms are ≥ 0, so that the sum has the relative error of its terms, an addition each.
    """
    for n in (1, 2, 7, 40):
        equal_weights = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
        yield equal(
            f"log k for k of {n}", weight_entropy(equal_weights), np.log(np.arange(1, n + 1)), atol=rounding(n, 4)
        )
        generic = rng.dirichlet(np.full(n, 0.3), 20)
        generic[:10, : n // 2] = 0
        generic /= generic.sum(1, keepdims=True)
        sure = np.append(np.eye(n)[:1], np.eye(n)[:1] + 1e-18 * np.eye(n)[-1:] * (n > 1), axis=0)
        for name, w in {"generic weights": generic, "nearly one": sure}.items():
            yield from batched(f"{name}, n = {n}", weight_entropy, w, rtol=rounding(n))
            expected = precise_entropy(w)
            yield equal(f"{name}, n = {n}", weight_entropy(w), expected, rtol=rounding(4 + n))


def overwrites_weights(weights):
    H = empirical.weight_entropy(weights)
    weights[...] = 0
    return H


entropy_counts_what_an_average_is_made_of.mutants({
    "0 log 0 is not a number": lambda weights: -(weights * np.log(weights)).sum(-1),
    "log(w + 10⁻¹⁰)": lambda weights: -(weights * np.log(weights + 1e-10)).sum(-1),
    "as part of log n": lambda weights: empirical.weight_entropy(weights) / np.log(max(weights.shape[-1], 2)),
    "in bits for one row": lambda weights: empirical.weight_entropy(weights) / (np.log(2) if weights.ndim == 1 else 1),
    "overwrites the weights": overwrites_weights,
})
