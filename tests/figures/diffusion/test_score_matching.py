"""The arrows of the picture: uphill, and long far away."""

import numpy as np
import pytest
import scipy

from figures.diffusion import score_matching
from refimpl.calculus.mixtures import mixture_log_density


@pytest.fixture(scope="module")
def data() -> score_matching.Data:
    return score_matching.data("draft", np.random.default_rng(0))


def test_arrows_point_to_higher_density(data: score_matching.Data) -> None:
    step = 1e-3 * data.score / np.linalg.norm(data.score, axis=-1, keepdims=True)
    here, there = (mixture_log_density(x, *score_matching.MIXTURE) for x in (data.points, data.points + step))
    assert (there > here).all()


def test_arrows_are_long_at_the_margin(data: score_matching.Data) -> None:
    length = np.linalg.norm(data.score, axis=-1)
    assert length[0].min() > np.median(length)


def test_the_map_holds_the_density(data: score_matching.Data) -> None:
    mass = scipy.integrate.trapezoid(scipy.integrate.trapezoid(data.density, data.grid), data.grid)
    assert mass == pytest.approx(1, abs=1e-2)
