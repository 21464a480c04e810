"""The densities of the picture: guided flow and tilted law part as w grows."""

import numpy as np
import pytest
import scipy

from figures.diffusion import guidance


@pytest.fixture(scope="module")
def data() -> guidance.Data:
    return guidance.data("draft", np.random.default_rng(0))


def test_all_densities_have_mass_one(data: guidance.Data) -> None:
    mass = scipy.integrate.trapezoid(np.vstack([data.wanted, data.flow, data.tilted]), data.x)
    np.testing.assert_allclose(mass, 1, atol=2e-3)


def test_without_guidance_the_flow_gives_the_class(data: guidance.Data) -> None:
    np.testing.assert_allclose(data.flow[0], data.wanted, atol=3e-3)
    np.testing.assert_allclose(data.tilted[0], data.wanted, atol=1e-6)


def test_guidance_leaves_the_mode_amid_other_data_sooner_than_the_tilted_law(data: guidance.Data) -> None:
    left = scipy.integrate.trapezoid(np.where(data.x < 1.5, [data.flow, data.tilted], 0), data.x)
    assert (np.diff(left[0]) < -0.1).all()
    assert (left[0, 1:] < left[1, 1:] - 0.1).all()
    assert left[0, -1] < 0.01


def test_variances_are_ordered_and_meet_at_no_guidance(data: guidance.Data) -> None:
    np.testing.assert_allclose(data.variances[:, 0], 1)
    assert (np.diff(data.variances[:, 1:], axis=0) > 0).all()
    at_1 = data.variances[:, np.isclose(data.strengths, 1)].ravel()
    np.testing.assert_allclose(at_1, [1 / 2, 7 / 12, 2 / 3], rtol=1e-12)
