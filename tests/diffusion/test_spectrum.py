"""Spectra of images: shapes, limits, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import spectrum


def test_power_obeys_parseval_and_batches():
    images = np.random.default_rng(0).standard_normal((2, 3, 4, 6))
    power = spectrum.power_spectrum(images)
    assert power.shape == images.shape
    np.testing.assert_allclose(power.sum((-1, -2)), 24 * (images**2).sum((-1, -2)))
    assert spectrum.radial_average(power, 2).shape == (2, 3, 2)


def test_wiener_at_both_ends():
    x, S = np.random.default_rng(1).standard_normal((2, 4, 4)), np.ones((4, 4))
    S[0, 0] = 0.0
    mean = np.full((4, 4), 0.5)
    np.testing.assert_allclose(spectrum.wiener_denoiser(x, mean, S, 0.0), x, atol=1e-14)
    np.testing.assert_allclose(spectrum.wiener_denoiser(x, mean, S, 1e9), np.broadcast_to(mean, x.shape), atol=1e-14)
    assert spectrum.wiener_gain(S, 0.0).min() == 1.0


def test_a_frequency_without_power_never_emerges():
    np.testing.assert_array_equal(spectrum.emergence_level([[0.0, 4.0]]), [[0.0, np.sqrt(2)]])


IMAGE, S = np.ones((4, 4)), np.ones((4, 4))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (spectrum.power_spectrum, ([1.0, 2.0],), r"images must have shape \(\.\.\., h, w\)"),
        (spectrum.power_spectrum, ([[np.nan]],), "images must be finite"),
        (spectrum.radial_average, (S, 0), "num_bands must be >= 1"),
        (spectrum.radial_average, (S, 1.5), "num_bands must be an integer"),
        (spectrum.radial_average, (S, 9), "num_bands must leave a frequency in every ring, got 9"),
        (spectrum.wiener_gain, (-S, 1.0), "spectrum must be >= 0, got -1"),
        (spectrum.wiener_gain, (S, -1.0), "sigma must be >= 0, got -1"),
        (spectrum.wiener_denoiser, (IMAGE, np.ones((3, 4)), S, 1.0), "mean must have shape"),
        (spectrum.wiener_denoiser, (np.ones((5, 4)), IMAGE, S, 1.0), "must have shape"),
        (spectrum.emergence_level, (S, 1.0), "gain must be > 0 and < 1, got 1"),
        (spectrum.emergence_level, ([["a"]],), "spectrum must hold real numbers"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
