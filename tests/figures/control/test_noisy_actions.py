"""What the figure of noisy actions must show."""

import numpy as np
import pytest

from figures.control import noisy_actions as figure


def drawn():
    data = figure.data("draft", np.random.default_rng(0))
    return data, figure.draw(data)


def test_robustness_costs_at_home_and_pays_abroad():
    data, picture = drawn()
    nominal, robust = data.exact
    home = np.argmin(np.abs(figure.MASSES - 1))
    assert data.least[home] == pytest.approx(nominal[home])
    assert robust[home] > nominal[home]
    finite = ~np.isnan(robust)
    assert finite.all()
    assert (data.least <= np.nanmin(data.exact, axis=0) * (1 + 1e-9)).all()
    assert np.isnan(nominal[-1])
    assert (data.by_mass[0, :, -1] > 100 * data.by_mass[1, :, -1]).all()
    assert data.by_probability[0, :, -1].mean() > 1.5 * data.by_probability[1, :, -1].mean()
    assert data.by_probability[0, :, 0].mean() < data.by_probability[1, :, 0].mean()
    assert len(picture.axes) == 2


def test_simulated_costs_agree_with_exact_ones():
    data, _ = drawn()
    mean, spread = data.by_mass.mean(1), np.ptp(data.by_mass, axis=1)
    near = (figure.MASSES < 1.5) & (figure.MASSES > 0.7)
    assert (np.abs(mean - data.exact) < 2 * spread + 0.3 * data.exact)[:, near].all()


def test_texts_are_there():
    assert all(len(text) > 15 for text in (figure.SLIDE, figure.CAPTION, figure.ALT))
