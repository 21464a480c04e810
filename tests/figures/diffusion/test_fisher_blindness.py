"""The two laws of the picture: scores alike, modes not."""

import numpy as np
import pytest
import scipy

from figures.diffusion import fisher_blindness


@pytest.fixture(scope="module")
def data() -> fisher_blindness.Data:
    return fisher_blindness.data("draft", np.random.default_rng(0))


def test_densities_are_densities_with_unlike_modes(data: fisher_blindness.Data) -> None:
    np.testing.assert_allclose(scipy.integrate.trapezoid(data.densities, data.x), 1, atol=1e-4)
    right = scipy.integrate.trapezoid(np.where(data.x > 0, data.densities, 0), data.x)
    np.testing.assert_allclose(right, [0.5, 0.9], atol=1e-3)


def test_scores_differ_only_where_there_is_no_mass(data: fisher_blindness.Data) -> None:
    apart = np.abs(data.scores[0] - data.scores[1]) > 0.01
    assert apart.any()
    assert (np.abs(data.x[apart]) < 1.5).all()
    assert scipy.integrate.trapezoid(np.where(apart, data.densities[0], 0), data.x) < 0.01


def test_the_caption_says_the_numbers_shown(data: fisher_blindness.Data) -> None:
    shown = data.fisher[data.a == fisher_blindness.A]
    assert f"{shown[0]:.4f}" in fisher_blindness.CAPTION
    assert f"tends to {data.kl[-1]:.3f} and the total variation to {data.total_variation[-1]:.1f}" in (
        fisher_blindness.CAPTION
    )


def test_one_distance_vanishes_and_two_stay(data: fisher_blindness.Data) -> None:
    assert data.fisher[-1] < 1e-12
    assert min(data.kl[-1], data.total_variation[-1]) > 0.39
    np.testing.assert_allclose(data.asymptote[data.a > 7], data.fisher[data.a > 7], rtol=0.02)
