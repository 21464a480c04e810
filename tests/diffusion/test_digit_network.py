"""The network of the digits: what ships with the package, and the command that trains it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refimpl.diffusion import digit_network, score_network
from refimpl.diffusion.data_sets import digit_sets, to_coordinates
from refimpl.diffusion.score_network import parameters, score
from refimpl.diffusion.training import Training, train


def test_the_shipped_network_knows_more_than_the_untrained_one() -> None:
    rng, h = np.random.default_rng(0), digit_network.trained()
    assert parameters(h).nbytes / 2 < 2e6
    _, held = digit_sets()
    a, z, t = to_coordinates(digit_network.digit_whitening(), held.points), rng.standard_normal((2000, 32)), 0.1
    scale, std = h.sde.kernel(t)
    noisy = scale * a + std * z
    losses = [((std * s + z) ** 2).sum(1).mean() for s in (score(h, noisy, t), score(h, noisy, t, held.labels), -noisy)]
    assert losses[1] < losses[0] < 0.9 * losses[2]


def test_the_command_says_what_is_wrong_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for options, message in (
        (["--steps", "5"], "steps must be >= 20, got 5"),
        (["--out", str(tmp_path / "none" / "x.npz")], "--out must be a file in a writable directory"),
        (["--out", str(tmp_path)], "--out must be a file in a writable directory"),
    ):
        monkeypatch.setattr("sys.argv", ["digit_network", *options])
        with pytest.raises(SystemExit, match="2"):
            digit_network.main()
        assert message in capsys.readouterr().err


def test_the_command_trains_and_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", ["digit_network", "--steps", "20", "--out", str(tmp_path / "x.npz")])
    train = digit_network.train

    def stopped(*args: object, progress: Callable, **keywords: object) -> object:
        def stop(records: int, loss: float) -> None:
            progress(records, loss)
            if records == 18:
                raise KeyboardInterrupt

        return train(*args, progress=stop, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(digit_network, "train", stopped)
    assert digit_network.main() == 130
    assert "step 18 of 20" in capsys.readouterr().err
    monkeypatch.setattr(digit_network, "train", train)
    assert digit_network.main() == 0
    assert capsys.readouterr().err.startswith("step 19 of 20")
    score_network.load(tmp_path / "x.npz", digit_network.untrained(rng()))


def test_fit_is_training_as_the_module_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path))
    found = digit_network.fit(3, 20)
    rng, (digits, _) = np.random.default_rng(3), digit_sets()
    h, data = digit_network.untrained(rng), to_coordinates(digit_network.digit_whitening(), digits.points)
    expected = train(h, data, Training(2e-3, 0.999, 1, 20), rng, digits.labels, 256, 0.2)
    np.testing.assert_array_equal(found.history.losses, expected.history.losses)
    np.testing.assert_array_equal(parameters(found.network), parameters(expected.network))
    assert [found.history.steps[-1], data.shape[1], np.abs(data.std(axis=0) - 1).max() < 1e-9] == [20, 32, True]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_too_few_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="steps must be >= 20"):
        digit_network.fit(0, 5)
