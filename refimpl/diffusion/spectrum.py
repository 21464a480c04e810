"""Spectra of images under noise: which frequencies the optimal denoiser brings back first.

Spectra are |ŷ|² of the plain discrete Fourier transform of N = height × width pixels, not shifted: white noise of
variance σ² a pixel has E|ẑ|² = Nσ² at every frequency.
"""

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, integer, nonnegative, number

_images = array("... h w")


def _check_spectrum(name: str, value: np.ndarray, sizes: Sizes) -> Array:
    S = array("h w").check(name, value, sizes)
    if (S < 0).any():
        raise ValueError(f"{name} must be >= 0, got {S.min()}")
    return S


_spectrum = Domain("nonnegative array of shape (h, w)", _check_spectrum)


@domain(images=_images)
def power_spectrum(images: Array) -> Array:
    r"""Power of each frequency of an image.

    .. math:: |\hat y_k|^2, \qquad \hat y_k = \sum_n y_n e^{-2 \pi i \langle k, n \rangle}

    Parameters
    ----------
    images : (..., h, w) array
        Images y.

    Returns
    -------
    (..., h, w) array
        In the order of `numpy.fft.fft2`; the mean of the image is at (0, 0).

    References
    ----------
    Slide "Analyzing what happens during the progressive denoising".

    Examples
    --------
    >>> power_spectrum([[1.0, 1.0], [1.0, 3.0]])
    array([[36.,  4.],
           [ 4.,  4.]])
    """
    return np.abs(np.fft.fft2(images)) ** 2


@domain(power=_images, num_bands=integer(1))
def radial_average(power: Array, num_bands: int) -> Array:
    r"""Mean power in rings of equal width up to half a cycle a pixel, without the constant and without the corners.

    .. math:: \text{ring } b = \Big\{ k \ne 0 : \frac{b}{2B} \le |(k_1 / h, k_2 / w)| < \frac{b + 1}{2B} \Big\},
              \qquad b = 0, \dots, B - 1

    with signed frequencies, :math:`-\tfrac12 \le k_1 / h < \tfrac12`.

    Parameters
    ----------
    power : (..., h, w) array
        Power, as from `power_spectrum`.
    num_bands : int
        Number of rings B; every ring must hold a frequency.

    Returns
    -------
    (..., B) array

    References
    ----------
    Slide "Analyzing what happens during the progressive denoising".

    Examples
    --------
    A wave of four pixels has two of the eight frequencies in this ring, with (16/2)² each.

    >>> wave = [[1.0, 0.0, -1.0, 0.0]] * 4
    >>> radial_average(power_spectrum(wave), 1)
    array([16.])
    """
    rings = _rings(power.shape[-2], power.shape[-1], num_bands)
    count = np.bincount(rings.ravel(), minlength=num_bands + 1)[:num_bands]
    if not count.all():
        raise ValueError(f"num_bands must leave a frequency in every ring, got {num_bands} for {power.shape[-2:]}")
    return np.stack([power[..., rings == b].mean(axis=-1) for b in range(num_bands)], axis=-1)


@domain(spectrum=_spectrum, sigma=nonnegative)
def wiener_gain(spectrum: Array, sigma: float) -> Array:
    r"""What the best linear denoiser leaves of each frequency.

    .. math:: \frac{S_k}{S_k + N \sigma^2}

    Parameters
    ----------
    spectrum : (h, w) array
        Mean power S of clean images (about their mean), ≥ 0; N = hw.
    sigma : float
        Standard deviation of the noise on a pixel, ≥ 0; without noise what has no power stays as it is.

    Returns
    -------
    (h, w) array
        Between 0 and 1.

    References
    ----------
    Slide "Analyzing what happens during the progressive denoising"; Wiener 1949.

    Examples
    --------
    >>> wiener_gain([[4.0, 12.0]], 1.0).round(3)
    array([[0.667, 0.857]])
    """
    noise = spectrum.size * sigma**2
    return spectrum / (spectrum + noise) if noise else np.ones_like(spectrum)


@domain(x=_images, mean=array("h w"), spectrum=_spectrum, sigma=nonnegative)
def wiener_denoiser(x: Array, mean: Array, spectrum: Array, sigma: float) -> Array:
    r"""The best linear denoiser of stationary images, and the best of all for Gaussian ones.

    .. math:: \hat D = \hat m + \frac{S}{S + N \sigma^2} (\hat x - \hat m), \qquad
              E |\hat D - \hat m|^2 = \frac{S^2}{S + N \sigma^2}

    Parameters
    ----------
    x : (..., h, w) array
        Noisy images.
    mean : (h, w) array
        Mean image m.
    spectrum, sigma
        As for `wiener_gain`.

    Returns
    -------
    (..., h, w) array

    References
    ----------
    Slide "Analyzing what happens during the progressive denoising"; Wiener 1949.

    Examples
    --------
    >>> wiener_denoiser([[1.0, 3.0]], [[0.0, 0.0]], [[4.0, 0.0]], 1.0).round(3)  # half of the constant part
    array([[1.333, 1.333]])
    """
    return mean + np.fft.ifft2(wiener_gain(spectrum, sigma) * np.fft.fft2(x - mean)).real


@domain(spectrum=_spectrum, gain=number("> 0 and < 1"))
def emergence_level(spectrum: Array, gain: float = 0.5) -> Array:
    r"""Noise level at which each frequency comes out of the noise: where the Wiener gain is g.

    .. math:: \sigma_k = \sqrt{\frac{S_k}{N} \Big( \frac1g - 1 \Big)}

    Parameters
    ----------
    spectrum : (h, w) array
        Mean power S of clean images about their mean, ≥ 0; N = hw.
    gain : float
        g, between 0 and 1.

    Returns
    -------
    (h, w) array

    References
    ----------
    Slide "Analyzing what happens during the progressive denoising".

    Examples
    --------
    >>> emergence_level([[32.0, 8.0]])  # the stronger one earlier, while there still is more noise
    array([[4., 2.]])
    """
    return np.sqrt(spectrum / spectrum.size * (1 / gain - 1))


def _rings(height: int, width: int, num_bands: int) -> np.ndarray:
    """Index of the ring of each frequency; num_bands for those in none."""
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    rings = np.where(radius < 0.5, np.floor(2 * num_bands * radius), num_bands).astype(int)
    rings[0, 0] = num_bands
    return rings
