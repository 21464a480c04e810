"""What the figure of non-lazy training must show, on one process and on several."""

import numpy as np
import pytest

from figures.networks import non_lazy

pytestmark = pytest.mark.usefixtures("cache")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


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
