"""Sweeps: the same on any number of processes, resumed where they were stopped, bad input."""

import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from refimpl.parallel import sweep

ITEMS = [1.0, 4.0, 9.0, 16.0]


def test_workers_may_be_a_number_an_executor_or_a_map() -> None:
    with ThreadPoolExecutor(2) as pool:
        for workers in (1, 2, map, pool.map, pool):
            np.testing.assert_array_equal(sweep(math.sqrt, ITEMS, workers), [1, 2, 3, 4])


def test_jobs_without_a_name(tmp_path: Path) -> None:
    job = functools.partial(math.pow, 2.0)
    np.testing.assert_array_equal(sweep(job, [1.0, 3.0], 2, path=tmp_path / "partial.npz"), [2, 8])


def test_results_of_any_shape() -> None:
    assert sweep(np.eye, [3, 3]).shape == (2, 3, 3)


@pytest.mark.parametrize("workers", [1, map])
def test_a_sweep_resumes_where_it_stopped(workers: int | Callable, tmp_path: Path) -> None:
    calls: list[float] = []

    def root(x: float) -> float:
        calls.append(x)
        return math.sqrt(x)

    def stop(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    path = tmp_path / "partial.npz"
    with pytest.raises(KeyboardInterrupt):
        sweep(root, ITEMS, workers, stop, path)
    assert calls == [1.0, 4.0]
    seen: list[int] = []
    np.testing.assert_array_equal(sweep(root, ITEMS, workers, seen.append, path), [1, 2, 3, 4])
    assert calls == ITEMS
    assert seen == [3, 4]
    np.testing.assert_array_equal(sweep(root, ITEMS, workers, seen.append, str(path)), [1, 2, 3, 4])
    assert calls == ITEMS
    with pytest.raises(ValueError, match="path must hold partial results of these items"):
        sweep(root, ITEMS[:2], path=path)


def test_results_are_appended(tmp_path: Path) -> None:
    path, sizes = tmp_path / "partial", [0]
    sweep(math.sqrt, ITEMS, progress=lambda done: sizes.append(path.stat().st_size), path=path)
    assert len(set(np.diff(sizes)[1:])) == 1


def test_a_half_written_end_is_computed_again(tmp_path: Path) -> None:
    path, calls = tmp_path / "partial", []

    def root(x: float) -> float:
        calls.append(x)
        return math.sqrt(x)

    sweep(root, ITEMS, path=path)
    whole = path.read_bytes()
    for lost, again in ((1, 1), (len(whole) // 2, 2), (len(whole), 4), (len(whole) - 1, 4), (len(whole) - 30, 4)):
        path.write_bytes(whole[:-lost])
        calls.clear()
        np.testing.assert_array_equal(sweep(root, ITEMS, path=path), [1, 2, 3, 4])
        assert len(calls) >= again
        assert path.read_bytes() == whole


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "partial"
    sweep(math.sqrt, ITEMS, path=path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"path must hold partial results, got a damaged file .*partial"):
        sweep(math.sqrt, ITEMS, path=path)
    path.write_text("something else")
    with pytest.raises(ValueError, match="path must hold partial results of these items, got something else in"):
        sweep(math.sqrt, ITEMS, path=path)
    assert path.read_text() == "something else"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sweep(3, ITEMS), TypeError, "job must be callable"),
        (lambda: sweep(math.sqrt, []), TypeError, "items must be a sequence"),
        (lambda: sweep(math.sqrt, ITEMS, 0), ValueError, "workers must be >= 1, got 0"),
        (lambda: sweep(math.sqrt, ITEMS, 1.5), TypeError, "workers must be an integer"),
        (lambda: sweep(math.sqrt, ITEMS, path=3), TypeError, "path must be a path"),
        (lambda: sweep(math.sqrt, [-1.0, 1.0]), ValueError, "math domain error|nonnegative"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
