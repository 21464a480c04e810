"""What the figure of trained networks must show."""

import numpy as np
import pytest

from figures.networks import trained_stability

pytestmark = pytest.mark.usefixtures("cache")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def small(monkeypatch):
    settings = {"dense": ((4,), (2, 3), 2, 3), "convolutional": ((2,), (4,), 2, 2)}
    monkeypatch.setitem(trained_stability.SETTINGS, "draft", settings)
    monkeypatch.setitem(trained_stability.POINTS, "draft", 20)


def test_trained_networks_by_depth_width_and_seed(small, capsys):
    data = trained_stability.data("draft", rng())
    assert data.dense_he.after.shape == (2, 1, 2)
    assert data.convolutional_he.before.shape == (1, 1, 2)
    assert "trained networks: 10/10" in capsys.readouterr().err
    again = trained_stability.data("draft", rng())
    np.testing.assert_array_equal(again.dense_lecun.after, data.dense_lecun.after)
    assert len(trained_stability.draw(data).axes) == 3
