"""What the figures of training must show."""

import numpy as np
import pytest

from figures.networks import lazy_training_dynamics, non_lazy, phase_diagram, trained_stability
from refimpl.networks.phase_diagram import movement_exponent

pytestmark = pytest.mark.usefixtures("cache")


def rng():
    return np.random.default_rng(0)


def test_lazy_neurons_stay_and_others_leave():
    data = lazy_training_dynamics.data("draft", rng())
    assert data.change[1] < data.change[0] < 0.5 < 20 < data.change[2]
    assert data.neurons.shape == (3, 101, 100, 2)
    assert len(lazy_training_dynamics.draw(data).axes) == 3


def test_measured_exponents_are_the_derived_ones(monkeypatch, capsys):
    monkeypatch.setattr(phase_diagram, "GRID", ((0.5, -0.5), (1.0, 0.0), (2.0, 0.0)))
    data = phase_diagram.data("draft", rng())
    derived = [movement_exponent(*place) for place in data.places.tolist()]
    np.testing.assert_allclose(data.slopes, derived, atol=0.35)
    capsys.readouterr()
    np.testing.assert_array_equal(phase_diagram.data("draft", rng(), workers=map).slopes, data.slopes)
    assert capsys.readouterr().err == ""
    assert len(phase_diagram.draw(data).axes) == 2


def test_width_does_not_change_the_stability_of_small_starts(monkeypatch):
    monkeypatch.setitem(non_lazy.SETTINGS, "draft", ((16, 128), 4))
    data = non_lazy.data("draft", rng())
    assert np.ptp(data.after) < 0.1 * data.after.min()
    assert (data.before < 1e-3 * data.after.min()).all()
    assert (np.diff(np.median(data.kappa, axis=2))[:, 0] > 0).tolist() == [False, True, True]
    assert len(non_lazy.draw(data).axes) == 2


def test_processes_find_what_one_finds(monkeypatch, tmp_path):
    monkeypatch.setitem(non_lazy.SETTINGS, "draft", ((4, 8), 2))
    alone = non_lazy.data("draft", rng(), workers=1)
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path / "another"))
    for one, other in zip(alone, non_lazy.data("draft", rng(), workers=2), strict=True):
        np.testing.assert_array_equal(one, other)


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
