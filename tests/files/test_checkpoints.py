"""Partial results: where they lie, what names them, and that they come back as they were."""

from pathlib import Path

import numpy as np
import pytest

from refimpl.backpropagation import mlp
from refimpl.backpropagation.optimizers import AdamState, adam_start
from refimpl.files import checkpoints


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path, state = tmp_path / "new" / "some.npz", (adam_start([1.0, 2.0]), (np.arange(3), 5))
    checkpoints.save(path, checkpoints.leaves(state))
    found = checkpoints.rebuild(state, checkpoints.load(path))
    assert type(found[0]) is AdamState
    assert (found[0].t, found[1][1]) == (0, 5)
    np.testing.assert_array_equal(found[0].x, [1.0, 2.0])
    assert [one.name for one in path.parent.iterdir()] == ["some.npz"]


def test_a_key_tells_settings_and_code_apart() -> None:
    assert checkpoints.key(1.0, "a") == checkpoints.key(1.0, "a") != checkpoints.key(1.0, "b")
    assert checkpoints.key(mlp) != checkpoints.key(checkpoints)


def test_the_environment_moves_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path))
    assert checkpoints.cache_directory() == tmp_path
    monkeypatch.delenv("REFIMPL_CACHE")
    assert checkpoints.cache_directory() == Path.home() / ".cache" / "refimpl"
