"""The digits and the curve of the picture."""

import numpy as np
import pytest

from figures.diffusion import cascades
from refimpl.data import digits
from refimpl.diffusion.cascades import pool


@pytest.fixture(scope="module")
def data() -> cascades.Data:
    return cascades.data("draft", np.random.default_rng(0))


def test_fine_digits_are_those_of_the_coarse_ones(data: cascades.Data) -> None:
    np.testing.assert_allclose(pool(data.fine[0], 4), data.coarse, atol=1e-3)


def test_what_is_found_is_known_and_looks_like_what_was_seen(data: cascades.Data) -> None:
    distance = np.abs(digits.load().images[:, None] - data.found.reshape(1, 4, 784)).max(axis=-1)
    assert (distance.min(axis=0) < 1e-3).all()
    assert (np.abs(data.found - data.truth).max(axis=(1, 2)) > 0.5).all()
    coarse = pool(digits.load().images[::8].reshape(-1, 1, 28, 28), 4)
    squares = np.sort(((coarse - data.seen) ** 2).sum(axis=(-2, -1)), axis=0)
    np.testing.assert_array_equal(squares[0], 0)
    np.testing.assert_allclose(((pool(data.found, 4) - data.seen) ** 2).sum(axis=(1, 2)), squares[1], atol=0.2)


def test_noise_forgives_the_first_stage(data: cascades.Data) -> None:
    assert data.result[0] == pytest.approx(data.first, rel=1e-9)
    assert (np.diff(data.result) < 0).all()
    assert data.result[-1] < 0.1 * data.first
