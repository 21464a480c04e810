"""What the figures of the control chapter must show."""

import numpy as np
import pytest

from figures.control import noisy_actions, policy_gradient_theorem


def drawn(module):
    data = module.data("draft", np.random.default_rng(0))
    return data, module.draw(data)


def test_robustness_costs_at_home_and_pays_abroad():
    data, figure = drawn(noisy_actions)
    nominal, robust = data.exact
    home = np.argmin(np.abs(noisy_actions.MASSES - 1))
    assert data.least[home] == pytest.approx(nominal[home])
    assert robust[home] > nominal[home]
    finite = ~np.isnan(robust)
    assert finite.all()
    assert (data.least <= np.nanmin(data.exact, axis=0) * (1 + 1e-9)).all()
    assert np.isnan(nominal[-1])
    assert (data.by_mass[0, :, -1] > 100 * data.by_mass[1, :, -1]).all()
    assert data.by_probability[0, :, -1].mean() > 1.5 * data.by_probability[1, :, -1].mean()
    assert data.by_probability[0, :, 0].mean() < data.by_probability[1, :, 0].mean()
    assert len(figure.axes) == 2


def test_simulated_costs_agree_with_exact_ones():
    data, _ = drawn(noisy_actions)
    mean, spread = data.by_mass.mean(1), np.ptp(data.by_mass, axis=1)
    near = (noisy_actions.MASSES < 1.5) & (noisy_actions.MASSES > 0.7)
    assert (np.abs(mean - data.exact) < 2 * spread + 0.3 * data.exact)[:, near].all()


def test_two_paths_find_the_optimum_and_one_leaves():
    data, figure = drawn(policy_gradient_theorem)
    own, natural, narrow = data.falls
    for path, fall in zip(data.paths[:2], (own, natural), strict=True):
        np.testing.assert_allclose(path[-1], data.best, atol=0.05)
        assert (np.diff(fall) < 0).all()
    assert len(narrow) < policy_gradient_theorem.NUM_STEPS
    assert (np.diff(narrow) > 0).all()
    assert narrow[-1] > 10 * narrow[0]
    assert np.nanmin(data.excess) >= 0
    assert (np.isnan(data.excess) == (data.growth >= 1)).all()
    assert len(figure.axes) == 2


@pytest.mark.parametrize("module", [policy_gradient_theorem, noisy_actions])
def test_texts_are_there(module):
    assert all(len(text) > 15 for text in (module.SLIDE, module.CAPTION, module.ALT))
