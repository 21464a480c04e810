"""What the figure of μ-transfer must show, and that its trainings are computed once."""

import numpy as np
import pytest

from figures.networks import mup


@pytest.fixture(autouse=True)
def small_budget(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path_factory.getbasetemp() / "refimpl"))
    small = {"widths": (2, 2, 2), "seeds": 1, "steps": 8, "batch": 16, "check": (32, 64, 128, 256)}
    monkeypatch.setitem(mup.SETTINGS, "draft", small)


def test_both_rows_are_one_training_at_the_base_width() -> None:
    data = mup.data("draft", np.random.default_rng(0))
    for name in mup.BASE:
        np.testing.assert_array_equal(data.losses[name][0, 0], data.losses[name][1, 0])
        assert not np.array_equal(data.losses[name][0, 1], data.losses[name][1, 1])


def test_sizes_of_updates_follow_their_powers() -> None:
    data = mup.data("draft", np.random.default_rng(0))
    slopes = [np.polyfit(np.log(data.checked), np.log(sizes), 1)[0] for sizes in data.sizes]
    np.testing.assert_allclose(slopes, [[-0.5, 0.5, 1.0], [0, 0, 0]], atol=0.4)


def test_trainings_are_computed_once(capsys: pytest.CaptureFixture[str]) -> None:
    first = mup.data("draft", np.random.default_rng(0))
    capsys.readouterr()
    again = mup.data("draft", np.random.default_rng(1))
    assert capsys.readouterr().err == ""
    for name in mup.BASE:
        np.testing.assert_array_equal(first.losses[name], again.losses[name])


def test_drawing_has_a_panel_for_every_setting() -> None:
    figure = mup.draw(mup.data("draft", np.random.default_rng(0)))
    assert len(figure.axes) == 8
    assert [axes.get_title(loc="left") for axes in figure.axes[1:3]] == list(mup.BASE)[1:]
