"""What the figures of the sampling chapter must show."""

import numpy as np
import pytest

from figures.sampling import complexity, gaussian_law_bias, langevin_chains, langevin_step_size, posterior


def drawn(module):
    data = module.data("draft", np.random.default_rng(0))
    return data, module.draw(data)


def test_chains_fill_the_modes_by_their_weights():
    data, _ = drawn(langevin_chains)
    np.testing.assert_array_equal(data.paths[0], langevin_chains.STARTS)
    np.testing.assert_allclose(langevin_chains.shares(data.last), langevin_chains.WEIGHTS, atol=0.12)


def test_histograms_leave_the_density_as_the_step_grows():
    data, figure = drawn(langevin_step_size)
    distances = [langevin_step_size.distance(heights, data) for heights in data.histograms]
    assert (np.diff(distances) > 0.02).all()
    assert distances[0] < 0.04
    assert len(figure.axes) == len(langevin_step_size.ETAS)


def test_distances_fall_to_their_floors():
    data, figure = drawn(gaussian_law_bias)
    for distance, floor in ((data.kl, data.kl_floor), (data.w2, data.w2_floor)):
        np.testing.assert_allclose(distance[:, -1], floor, rtol=1e-6)
        assert (np.diff(distance, axis=1) <= 1e-9 * distance[:, :1]).all()
    np.testing.assert_allclose(data.w2_floor[:-1] / data.w2_floor[1:], 10, rtol=0.2)
    np.testing.assert_allclose(data.kl_floor[:-1] / data.kl_floor[1:], 100, rtol=0.4)
    assert (data.bound > data.kl[-1]).all()
    assert len(figure.axes) == 2


def test_exact_numbers_of_steps_lie_below_the_bounds():
    data, figure = drawn(complexity)
    for distance, exact in zip(complexity.DISTANCES, data.exact, strict=True):
        of_distance = [row.distance == distance for row in complexity.complexity_table()]
        assert (data.bounds[of_distance] > exact).all()
    labels = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert sum(label.startswith("[") for label in labels) == 9


def test_a_long_step_mixes_well_and_is_too_wide():
    data, figure = drawn(posterior)
    middles = (posterior.EDGES[1:] + posterior.EDGES[:-1]) / 2
    long, short, adjusted = data.heights @ middles**2 / data.heights.sum(1)
    assert long > 1.5
    assert abs(short - 1) < 0.25
    assert abs(adjusted - 1) < 0.15
    assert (data.rhat < 1.1).all()
    assert data.ess[0] > data.ess[2] > data.ess[1]
    assert len(figure.axes) == 2


@pytest.mark.parametrize("module", [gaussian_law_bias, langevin_chains, complexity, posterior, langevin_step_size])
def test_texts_are_there(module):
    assert all(len(text) > 15 for text in (module.SLIDE, module.CAPTION, module.ALT))
