"""Threads within one process: how many multiply one pair of matrices, and how many take blocks of their own.

Small products on many threads are slow, and beside another busy process many times slower, for the threads wait for one
another. So loops of small products run on one thread of linear algebra, and spread blocks over the cores themselves.
"""

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

WORTH_THREADS = 2**28
"""Operations of one product from which on threads of linear algebra pay, also where they wait for one another."""

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What libraries of linear algebra read when they are loaded."""


class _Process:
    """What is one for all threads of this process: entered limits, and how many processes share the cores."""

    lock = threading.Lock()
    entered = 0
    limits: tuple[Any, ...] = ()
    sharers = 1


def cores() -> int:
    """Number of cores that this process may use; in a worker process its share of them, at least one.

    Returns
    -------
    int
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, allowed // _Process.sharers)


def become_one_of(sharers: int) -> None:
    """Make this process one of so many that share the cores: it multiplies on one thread from now on.

    Libraries that are here already are told so, and others find it in the environment when they are loaded.
    """
    _Process.sharers = sharers
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    _enter()


def operations(rows: int, matrices: Iterable[Any]) -> float:
    """Additions and multiplications of the largest product of so many rows with one of the matrices (..., m, p)."""
    return 2.0 * rows * max(W.shape[-2] * W.shape[-1] for W in matrices)


@contextlib.contextmanager
def one_thread_each(size: float = 0.0) -> Iterator[None]:
    """Products of matrices run on one thread each, until the last who asked for it leaves; also as a decorator.

    It belongs around loops, not into them: to enter takes ten microseconds, half a millisecond the first time.

    Parameters
    ----------
    size : float
        `operations` of the largest product; from `WORTH_THREADS` on nothing is limited.
    """
    if size >= WORTH_THREADS:
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


@contextlib.contextmanager
def spread(size: float = 0.0, threads: int | None = None) -> Iterator[Callable[..., Iterator[Any]]]:
    """A `map` whose jobs run on threads, by default one for each core, and multiply on one thread each.

    Parameters
    ----------
    size : float
        `operations` of a job's largest product; from `WORTH_THREADS` on the jobs run one after another
        unless `threads` is given, and all cores take part in each product.
    threads : int, optional
        Number of threads, ≥ 1.
    """
    if threads is None and size >= WORTH_THREADS:
        yield map
        return
    with one_thread_each(), ThreadPoolExecutor(threads or cores()) as pool:
        yield pool.map


def _enter() -> None:
    """Limit the libraries that are loaded; where that was done before, those that have been loaded since."""
    with _Process.lock:
        controller = _controller(len(sys.modules))
        if not _Process.entered or any(one["num_threads"] > 1 for one in _blas(controller)):
            _Process.limits += (controller.limit(limits=1, user_api="blas"),)
        _Process.entered += 1


def _leave() -> None:
    with _Process.lock:
        _Process.entered -= 1
        if not _Process.entered:
            for limit in reversed(_Process.limits):
                limit.restore_original_limits()
            _Process.limits = ()


def _blas(controller: Any) -> list[dict[str, Any]]:
    return [one.info() for one in controller.lib_controllers if one.user_api == "blas"]


@functools.lru_cache(maxsize=1)
def _controller(modules: int) -> Any:
    """What sets the threads of the libraries that are loaded; sought anew when modules have been imported since."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()
