"""Threads of linear algebra: limited while loops of small products run, and as they were afterwards."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import threadpoolctl

from refimpl.parallel import threads
from refimpl.parallel.threads import WORTH_THREADS, cores, one_thread_each, operations, spread

np.ones((2, 2)) @ np.ones((2, 2))
with threadpoolctl.threadpool_limits(2, "blas"):
    BLAS = {one["filepath"] for one in threadpoolctl.threadpool_info() if one["num_threads"] == 2}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Whatever the environment says."""
    with threadpoolctl.threadpool_limits(2, "blas"):
        yield


def blas_threads() -> set[int]:
    """Threads of NumPy's and SciPy's libraries; solvers bring others, built for one thread."""
    blas = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    return {one["num_threads"] for one in blas if one["filepath"] in BLAS}


def test_products_run_on_one_thread_inside_and_as_before_outside() -> None:
    assert blas_threads() == {2}
    with one_thread_each():
        assert blas_threads() == {1}
        with one_thread_each():
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_an_error_restores() -> None:
    @one_thread_each()
    def failing() -> None:
        assert blas_threads() == {1}
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011
            failing()
        assert blas_threads() == {2}


def test_who_leaves_first_does_not_restore_for_others() -> None:
    inside, leave, left = threading.Event(), threading.Event(), threading.Event()

    def other() -> None:
        with one_thread_each():
            inside.set()
            leave.wait(10)
        left.set()

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    with one_thread_each():
        leave.set()
        left.wait(10)
        assert blas_threads() == {1}
    thread.join()
    assert blas_threads() == {2}


def test_large_products_keep_all_threads() -> None:
    with one_thread_each(WORTH_THREADS):
        assert blas_threads() == {2}
    with spread(WORTH_THREADS) as run:
        assert run is map
        assert blas_threads() == {2}


@pytest.mark.parametrize("number", [None, 1, 3])
def test_spread_jobs_come_in_order_on_one_thread_each(number: int | None) -> None:
    with spread(threads=number) as run:
        assert list(run(lambda x: (x, blas_threads()), range(5))) == [(x, {1}) for x in range(5)]
    assert blas_threads() == {2}


def test_a_library_that_is_loaded_later_is_limited_too() -> None:
    code = """if True:
        import numpy, sys, threadpoolctl
        from refimpl.parallel.threads import one_thread_each
        def number():
            return {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}
        with one_thread_each():
            import scipy.linalg
            with one_thread_each():
                assert number() == {1}, number()
            assert number() == {1}
        assert number() == {2}, number()"""
    environment = {**os.environ, **dict.fromkeys(threads.VARIABLES, "2"), "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)


def test_operations_are_those_of_the_largest_product() -> None:
    assert operations(5, [np.ones((3, 2)), np.ones((7, 4, 3))]) == 2 * 5 * 12


def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert cores() == 8
    for sharers, share in ((2, 4), (3, 2), (100, 1)):
        monkeypatch.setattr(threads._Process, "sharers", sharers)
        assert cores() == share


def test_what_was_not_limited_by_us_is_not_touched() -> None:
    before = dict(os.environ)
    with spread() as run:
        list(run(str, range(3)))
    assert dict(os.environ) == before
