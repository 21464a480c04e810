"""What the figure of the 25 Gaussians must show, and that its runs are computed once."""

import numpy as np
import pytest

from figures.minimax import wgan


@pytest.fixture(autouse=True)
def small_budget(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path_factory.getbasetemp() / "refimpl"))
    monkeypatch.setitem(wgan.BUDGETS, "draft", (4, 2))
    monkeypatch.setattr(wgan, "TRAININGS", {name: one._replace(inner=2) for name, one in wgan.TRAININGS.items()})


def test_every_algorithm_spends_the_same_and_starts_alike() -> None:
    rows = wgan.runs("draft")
    assert [len(row) for row in rows] == [3] * 4
    for seed in range(3):
        assert len({tuple(row[seed].iterations) for row in rows}) == 1
        for row in rows[1:]:
            np.testing.assert_array_equal(row[seed].samples[0], rows[0][seed].samples[0])


def test_runs_are_computed_once(capsys: pytest.CaptureFixture[str]) -> None:
    first = wgan.data("draft", np.random.default_rng(0))
    capsys.readouterr()
    again = wgan.data("draft", np.random.default_rng(1))
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(first.modes, again.modes)
    assert first.iterations[-1] == 8


def test_uniform_samples_have_the_share_of_the_discs() -> None:
    discs = 25 * np.pi * (4 * 0.05 / 2.828) ** 2 / 3.6**2
    measured = wgan.data("draft", np.random.default_rng(0)).uniform_share
    assert measured == pytest.approx(discs, abs=5 * np.sqrt(discs / 200_000))


def test_drawing_shows_every_seed() -> None:
    figure = wgan.draw(wgan.data("draft", np.random.default_rng(0)))
    panels = figure.subfigs[0].axes
    assert [axes.get_title(loc="left").split("\n")[0] for axes in panels] == list(wgan.TRAININGS)
    assert all(axes.get_title(loc="left").count(",") == 4 for axes in panels)
    assert len(figure.subfigs[1].axes) == 2
