"""Frequencies under noise: slide "Analyzing what happens during the progressive denoising"."""

import numpy as np
import scipy

from refimpl.data import digits
from refimpl.diffusion import spectrum, tweedie
from verify.claims import claim
from verify.evidence import at_least, distribution, equal, rounding

SLIDE = "Analyzing what happens during the progressive denoising"
SOURCE = "Wiener 1949"


def fourier_matrix(height, width):
    """The transform of images, flattened row by row, as a matrix (N, N)."""
    rows, columns = (np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n) for n in (height, width))
    return np.kron(rows, columns)


@claim("D17", slide=SLIDE, source="Parseval; sums of independent Gaussians")
def white_noise_has_a_flat_spectrum(
    rng, *, power_spectrum=spectrum.power_spectrum, radial_average=spectrum.radial_average
):
    r"""Noise of variance σ² a pixel: E|ẑ_k|² = Nσ² at every k, |ẑ_k|²/Nσ² ~ Exp(1); rings average what lies in them."""
    for h, w in ((4, 7), (8, 6), (5, 5)):
        N, images = h * w, rng.standard_normal((3, h, w))
        F = fourier_matrix(h, w)
        power = np.abs(images.reshape(3, N) @ F.T) ** 2
        error = rounding(1e3, N**2)
        yield equal(f"{h} × {w}: |ŷ|²", power_spectrum(images), power.reshape(3, h, w), atol=error)
        basis = np.asarray(power_spectrum(np.eye(N).reshape(N, h, w)))
        yield equal(f"{h} × {w}: E|ẑ|² over noise of variance 1", basis.sum(0), np.full((h, w), float(N)), atol=error)
        k1, k2 = (np.array([(k + n // 2) % n - n // 2 for k in range(n)]) / n for n in (h, w))
        radius = np.sqrt(k1[:, None] ** 2 + k2**2)
        bands = [(radius > 0) & (radius >= b / 4) & (radius < (b + 1) / 4) for b in range(2)]
        rings = np.stack([images[:, band].mean(1) for band in bands], 1)
        yield equal(f"{h} × {w}: means over two rings", radial_average(images, 2), rings, atol=rounding(64, 10))
    sigma, n = rng.uniform(0.5, 2), 20000
    noise = sigma * rng.standard_normal((n, 6, 8))
    k = (int(rng.integers(6)), int(rng.integers(1, 4)))
    at_k = np.asarray(power_spectrum(noise))[:, *k] / (48 * sigma**2)
    yield distribution(f"|ẑ|²/Nσ² at k = {k}", at_k, scipy.stats.expon.cdf, delta=0.08)


def constant_in_the_first_ring(power, num_bands):
    radius = np.hypot(np.fft.fftfreq(power.shape[-2])[:, None], np.fft.fftfreq(power.shape[-1]))
    rings = np.floor(2 * num_bands * radius)
    return np.stack([power[..., rings == b].mean(-1) for b in range(num_bands)], -1)


def corners_in_the_last_ring(power, num_bands):
    rings = np.minimum(spectrum._rings(*power.shape[-2:], num_bands), num_bands - 1)
    rings[0, 0] = num_bands
    return np.stack([power[..., rings == b].mean(-1) for b in range(num_bands)], -1)


def sums_for_means(power, num_bands):
    rings = spectrum._rings(*power.shape[-2:], num_bands)
    return np.stack([power[..., rings == b].sum(-1) for b in range(num_bands)], -1)


def radius_in_indices(power, num_bands):
    h, w = power.shape[-2:]
    rings = spectrum._rings(max(h, w), max(h, w), num_bands)[:h, :w]
    return np.stack([power[..., rings == b].mean(-1) for b in range(num_bands)], -1)


white_noise_has_a_flat_spectrum.mutants(
    {
        "divided by N": lambda images: spectrum.power_spectrum(images) / (images.shape[-2] * images.shape[-1]),
        "amplitude for power": lambda images: np.sqrt(spectrum.power_spectrum(images)),
        "shifted, the constant in the middle": lambda images: np.fft.fftshift(
            spectrum.power_spectrum(images), axes=(-2, -1)
        ),
        "rows only": lambda images: np.abs(np.fft.fft(images)) ** 2,
        "1 % too large": lambda images: 1.01 * spectrum.power_spectrum(images),
    },
    replaces="power_spectrum",
)
white_noise_has_a_flat_spectrum.mutants(
    {
        "the constant in the first ring": constant_in_the_first_ring,
        "corners in the last ring": corners_in_the_last_ring,
        "sums for means": sums_for_means,
        "radius in indices, not in cycles a pixel": radius_in_indices,
    },
    replaces="radial_average",
)


@claim("D17", slide=SLIDE, source=SOURCE)
def the_wiener_filter_is_the_conditional_mean_of_stationary_images(
    rng,
    *,
    wiener_denoiser=spectrum.wiener_denoiser,
    wiener_gain=spectrum.wiener_gain,
    emergence_level=spectrum.emergence_level,
):
    r"""C circulant with spectrum S: E[X|X_σ] = m + C(C + σ²I)⁻¹(x − m), D̂ = S/(S + Nσ²)·x̂, E|D̂|² = S²/(S + Nσ²)."""
    for h, w in ((4, 5), (6, 6)):
        N, sigma = h * w, rng.uniform(0.3, 2)
        F, S = fourier_matrix(h, w), np.abs(np.fft.fft2(rng.standard_normal((h, w)))) ** 2
        C = (F.conj().T @ (S.reshape(-1, 1) * F) / N**2).real
        mean, x = rng.standard_normal((h, w)), rng.standard_normal((3, h, w)) * 2
        noisy = C + sigma**2 * np.eye(N)
        expected = mean + ((x - mean).reshape(3, N) @ np.linalg.solve(noisy, C)).reshape(3, h, w)
        error = rounding(1e4, 10 * (1 + 1 / sigma**2))
        yield equal(f"{h} × {w}: E[X|X_σ]", wiener_denoiser(x, mean, S, sigma), expected, atol=error)
        flat = np.zeros((h, w))
        G = (np.asarray(wiener_denoiser(np.eye(N).reshape(N, h, w), flat, S, sigma)).reshape(N, N)).T
        left = np.einsum("ki,ij,kj->k", F @ G, noisy, (F @ G).conj()).real.reshape(h, w)
        known = S**2 / (S + N * sigma**2)
        yield equal(f"{h} × {w}: E|D̂ − m̂|²", left, known, atol=error * N)
        gain = np.asarray(wiener_gain(S, sigma))
        yield equal(f"{h} × {w}: gain, as known power over power", gain, known / np.maximum(S, 1e-300), atol=error)
        for g in (0.5, rng.uniform(0.1, 0.9)):
            levels = np.asarray(emergence_level(S) if g == 0.5 else emergence_level(S, g))
            at_levels = np.array([wiener_gain(S, level).ravel()[i] for i, level in enumerate(levels.ravel())])
            yield equal(f"{h} × {w}: gain at its level, {g:.2g}", at_levels, np.full(N, g), rtol=rounding(1e3))
    yield equal("without noise, with powers 0: all stays", wiener_gain(S * (S > 30), 0.0), np.ones((h, w)))


the_wiener_filter_is_the_conditional_mean_of_stationary_images.mutants(
    {
        "σ² for Nσ²": lambda S, sigma: S / (S + sigma**2),
        "square root of the gain": lambda S, sigma: np.sqrt(spectrum.wiener_gain(S, sigma)),
        "σ for σ²": lambda S, sigma: S / (S + S.size * sigma),
        "amplitudes for powers": lambda S, sigma: np.sqrt(S) / (np.sqrt(S) + np.sqrt(S.size) * sigma),
    },
    replaces="wiener_gain",
)
the_wiener_filter_is_the_conditional_mean_of_stationary_images.mutants(
    {
        "the mean is filtered too": lambda x, mean, S, sigma: spectrum.wiener_denoiser(
            x, np.zeros_like(mean), S, sigma
        ),
        "does nothing": lambda x, mean, S, sigma: x,
        "2 % more noise assumed": lambda x, mean, S, sigma: spectrum.wiener_denoiser(x, mean, S, 1.02 * sigma),
    },
    replaces="wiener_denoiser",
)
the_wiener_filter_is_the_conditional_mean_of_stationary_images.mutants(
    {
        "√S without N": lambda S, gain=0.5: np.sqrt(S * (1 / gain - 1)),
        "g = 0.4 unless told": lambda S, gain=0.4: spectrum.emergence_level(S, gain),
        "g/(1 − g) inverted": lambda S, gain=0.5: np.sqrt(S / S.size / (1 / gain - 1)),
    },
    replaces="emergence_level",
)


@claim("D17", slide=SLIDE, source="measured on 10,000 real digits")
def low_frequencies_of_digits_emerge_first(
    rng,
    *,
    power_spectrum=spectrum.power_spectrum,
    radial_average=spectrum.radial_average,
    emergence_level=spectrum.emergence_level,
    empirical_denoiser=tweedie.empirical_denoiser,
):
    r"""Four rings of frequencies leave the noise at σ = √(S/N), low before high; so too under the exact denoiser."""
    flat = digits.load().images
    mean = flat.mean(0)
    images = (flat - mean).reshape(-1, 28, 28)
    S = np.mean([np.asarray(power_spectrum(block)).mean(0) for block in np.split(images, 10)], axis=0)
    yield equal("sum of S: N times the variance of all pixels", S.sum(), 784 * (images**2).sum() / 1e4, rtol=1e-10)
    levels = np.sqrt(radial_average(np.asarray(emergence_level(S)) ** 2, 4))
    yield at_least("noise levels of the rings, from low to high", -np.diff(levels), 0.0, resolution=1.0)
    sigma = 2.5
    chosen = rng.choice(len(flat), 120, replace=False)
    noisy = flat[chosen] + sigma * rng.standard_normal((120, 784))
    denoised = (empirical_denoiser(noisy, flat, sigma) - mean).reshape(-1, 28, 28)
    clean, known = (np.asarray(radial_average(power_spectrum(y), 3)).mean(0) for y in (images[chosen], denoised))
    yield at_least("exact denoiser: share of each of three rings", -np.diff(known / clean), 0.0, resolution=1.0)


low_frequencies_of_digits_emerge_first.mutants(
    {"rings from high to low": lambda power, num_bands: spectrum.radial_average(power, num_bands)[..., ::-1]},
    replaces="radial_average",
)
low_frequencies_of_digits_emerge_first.mutants(
    {"the constant in the middle": lambda images: np.fft.fftshift(spectrum.power_spectrum(images), axes=(-2, -1))},
    replaces="power_spectrum",
)
low_frequencies_of_digits_emerge_first.mutants(
    {"1/√S": lambda S, gain=0.5: 1 / spectrum.emergence_level(S, gain)}, replaces="emergence_level"
)
low_frequencies_of_digits_emerge_first.mutants(
    {"leaves the noise in": lambda x, data, sigma: x}, replaces="empirical_denoiser"
)
