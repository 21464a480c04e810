"""Paths there and back: where they start and end."""

import numpy as np
import pytest

from figures.diffusion import sampler_paths
from figures.rendering import seed


@pytest.fixture(scope="module")
def data() -> sampler_paths.Data:
    return sampler_paths.data("draft", np.random.default_rng(seed("diffusion/paths")))


def test_ends_have_the_laws_of_noise_and_of_the_data(data: sampler_paths.Data) -> None:
    """Mean and variance within five standard errors, and the share of each mode."""
    forward, *back = data.ends
    n = len(forward)
    assert abs(forward.mean()) < 5 / np.sqrt(n)
    assert abs(forward.var() - 1) < 5 * np.sqrt(2 / n)
    for ends in back:
        assert abs((ends < -0.3).mean() - 0.4) < 5 * np.sqrt(0.24 / n)
        for mode, centre, variance in ((ends[ends < -0.3], -1.5, 0.04), (ends[ends >= -0.3], 1.0, 0.06)):
            assert abs(mode.mean() - centre) < 5 * np.sqrt(variance / len(mode)) + 0.01
            assert mode.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / len(mode)) + 0.05)


def test_reverse_and_flow_start_from_the_same_noise(data: sampler_paths.Data) -> None:
    np.testing.assert_array_equal(data.reverse[0], data.flow[0])


def test_the_flow_is_smooth_and_does_not_cross_itself(data: sampler_paths.Data) -> None:
    order = np.argsort(data.flow[0])
    assert (np.diff(data.flow[:, order], axis=1) > 0).all()
    assert np.abs(np.diff(data.flow, axis=0)).max() < np.abs(np.diff(data.reverse, axis=0)).max() / 5


def test_densities_have_mass_one(data: sampler_paths.Data) -> None:
    np.testing.assert_allclose(data.densities.sum(axis=1) * (data.places[1] - data.places[0]), 1, atol=2e-3)


def test_each_panel_has_a_rim(data: sampler_paths.Data) -> None:
    titles = [axes.get_title() for axes in sampler_paths.draw(data).axes]
    assert titles == ["forward SDE", "$p_{1}$", "reverse SDE", "$p_{0}$", "probability flow", "$p_{0}$"]
