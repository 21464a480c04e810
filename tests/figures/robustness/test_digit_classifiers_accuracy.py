"""What the figure of accuracy under attacks must show."""

import numpy as np
import pytest

from figures.robustness import digit_classifiers_accuracy as figure

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def small(monkeypatch):
    settings = {"seeds": 1, "steps": 60, "m": 16, "digits": 50, "radii": 3}
    monkeypatch.setitem(figure.SETTINGS, "draft", settings)


def test_accuracy_falls_with_the_radius(small, capsys):
    data = figure.data("draft", np.random.default_rng(0))
    assert data.accuracy.shape == (4, 1, 3)
    assert (np.diff(data.accuracy) <= 0.02).all()
    assert data.accuracy[0, 0, 0] > 0.5 > data.accuracy[0, 0, 1]
    assert np.abs(data.images[1:] - data.images[0]).max() <= figure.EPS + 1e-12
    assert "adversarial training: 4/4" in capsys.readouterr().err
    again = figure.data("draft", np.random.default_rng(0))
    np.testing.assert_array_equal(again.accuracy, data.accuracy)
    assert capsys.readouterr().err == ""
    assert len(figure.draw(data).axes) == 2
