"""The spectra of the picture: flat at first, then the low frequencies rise."""

import numpy as np
import pytest

from figures.diffusion import spectrum
from refimpl.data import digits


@pytest.fixture(scope="module")
def data() -> spectrum.Data:
    return spectrum.data("draft", np.random.default_rng(0))


def test_a_real_photograph() -> None:
    picture = spectrum.photograph()
    assert picture.shape == (256, 256)
    assert 0 <= picture.min() < 0.1 < 0.9 < picture.max() <= 1


def test_spectra_begin_flat_at_the_noise(data: spectrum.Data) -> None:
    np.testing.assert_allclose(data.photograph_power[0, 4:], 900, rtol=0.2)
    np.testing.assert_allclose(data.digit_power[0], 900, rtol=0.3)


def test_the_photograph_ends_clean_with_falling_power(data: spectrum.Data) -> None:
    assert data.photograph_power[-1, 0] > 1e4 * data.photograph_power[-1, -1]
    assert (np.diff(data.photograph_power[-1, ::4]) < 0).all()


def test_lower_frequencies_emerge_before_higher_ones(data: spectrum.Data) -> None:
    for levels, power in (
        (data.photograph_levels, data.photograph_power),
        (data.digit_levels, data.digit_power),
    ):
        out = power > 2 * levels[:, None] ** 2
        emerged = out.argmax(axis=0)
        assert out[-1].all()
        assert (np.diff(emerged) >= 0).all()
        assert emerged[0] < emerged[-1]


def test_the_digit_becomes_a_real_one(data: spectrum.Data) -> None:
    distance = np.abs(digits.load().images - data.digit[-1].ravel()).max(axis=1)
    assert distance.min() < 0.1
