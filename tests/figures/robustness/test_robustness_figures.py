"""What the figures of robustness must show."""

import numpy as np
import pytest

from figures.robustness import adversarial_attacks, digit_classifiers_accuracy, sharpness

pytestmark = pytest.mark.usefixtures("cache")


def rng():
    return np.random.default_rng(0)


def test_attacks_stay_in_their_balls_and_below_the_worst():
    data = adversarial_attacks.data("draft", rng())
    for view, norm in ((data.inf, np.inf), (data.two, 2)):
        assert (np.linalg.norm(view.path - view.path[0], norm, axis=-1) <= adversarial_attacks.EPS * (1 + 1e-9)).all()
        assert (
            np.linalg.norm(view.points - view.points[0], norm, axis=-1) <= adversarial_attacks.EPS * (1 + 1e-9)
        ).all()
        assert view.losses[0] < view.losses[1:3].min() <= view.losses.max() == pytest.approx(view.losses[3], rel=0.01)
    assert np.mean(np.sign(data.erm) != np.sign(data.robust)) > 0.001
    assert len(adversarial_attacks.draw(data).axes) == 3


@pytest.fixture
def small(monkeypatch):
    settings = {"seeds": 1, "steps": 60, "m": 16, "digits": 50, "radii": 3}
    monkeypatch.setitem(digit_classifiers_accuracy.SETTINGS, "draft", settings)


def test_accuracy_falls_with_the_radius(small, capsys):
    data = digit_classifiers_accuracy.data("draft", rng())
    assert data.accuracy.shape == (4, 1, 3)
    assert (np.diff(data.accuracy) <= 0.02).all()
    assert data.accuracy[0, 0, 0] > 0.5 > data.accuracy[0, 0, 1]
    assert np.abs(data.images[1:] - data.images[0]).max() <= digit_classifiers_accuracy.EPS + 1e-12
    assert "adversarial training: 4/4" in capsys.readouterr().err
    again = digit_classifiers_accuracy.data("draft", rng())
    np.testing.assert_array_equal(again.accuracy, data.accuracy)
    assert capsys.readouterr().err == ""
    assert len(digit_classifiers_accuracy.draw(data).axes) == 2


def test_sam_ends_flat_in_the_valley_and_aside_of_the_sharp_well():
    data = sharpness.data("draft", rng())
    np.testing.assert_allclose(data.sam[-1], 1, atol=0.1)
    assert data.descent_trace[-1].min() > 1.5 * data.sam_trace[-1].max()
    assert data.line[data.worst.argmin()] == pytest.approx(1.5, abs=0.05)
    assert data.line[data.loss.argmin()] == pytest.approx(data.descent_end[0], abs=0.05)
    assert data.sam_end[0] - data.descent_end[0] == pytest.approx(1, abs=0.01)
    assert len(sharpness.draw(data).axes) == 3
