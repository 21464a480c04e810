"""Many independent jobs, here or on other processes, which end with the run that started them."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

from refimpl.arguments.domains import Domain, Sizes, integer, shortened
from refimpl.parallel.threads import become_one_of

T = TypeVar("T")
Workers = int | Executor | Callable[[Callable, Sequence], Any]
"""A number of processes, any executor, or a callable like `map` that returns results."""

_GUARD = 'processes needs the usual if __name__ == "__main__":'


class WorkerDied(RuntimeError):
    """What a job is answered with whose process died, twice."""


def _check_workers(name: str, value: Any, sizes: Sizes) -> Any:
    return value if isinstance(value, Executor) or callable(value) else integer(1).check(name, value, sizes)


workers_domain = Domain("integer >= 1, an Executor, or a callable like map", _check_workers)


def as_they_come(job: Callable[[T], Any], items: Sequence[T], workers: Workers) -> Generator[tuple[int, Any]]:
    """Numbers of items with job(item), or with the exception that another process raised, as they are finished.

    With one worker the jobs run here, in order, and so they do inside a process that another one started.
    Other processes start anew (a script that asks for them needs the usual ``if __name__ == "__main__":``), multiply on
    one thread each, leave Ctrl-C to this one, and end when the iteration is left or this process is gone. Where one
    dies, its job is run once more by another.

    Parameters
    ----------
    job : callable
        For other processes it must be picklable, such as a function of a module.
    items : sequence
        What to do.
    workers : int, concurrent.futures.Executor or callable
        Number of processes, ≥ 1; or an executor; or a callable like `map` that takes the job and the items.

    Raises
    ------
    TypeError
        The job cannot be pickled, or `workers` returned futures.
    """
    if isinstance(workers, Executor):
        yield from _from_executor(job, items, workers)
    elif callable(workers):
        yield from _from_map(workers(job, items), len(items))
    elif workers == 1 or len(items) < 2 or multiprocessing.parent_process() is not None:
        yield from enumerate(map(job, items))
    else:
        yield from _from_processes(job, items, min(workers, len(items)))


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP interrupt as Ctrl-C does, so that what was done so far can be written.

    The `KeyboardInterrupt` has the number of the signal as its argument. What is ignored stays so (``nohup``); outside
    the main thread nothing changes.
    """

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt(number)

    mine = threading.current_thread() is threading.main_thread()
    both = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if mine and hasattr(signal, name)]
    before = {one: handler for one in both if (handler := signal.getsignal(one)) not in (signal.SIG_IGN, None)}
    try:
        for one in before:
            signal.signal(one, interrupt)
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _from_executor(job: Callable, items: Sequence[Any], executor: Executor) -> Generator[tuple[int, Any]]:
    futures = {executor.submit(job, item): i for i, item in enumerate(items)}
    try:
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], error if error is not None else future.result()
    finally:
        for future in futures:
            future.cancel()


def _from_map(results: Iterable[Any], expected: int) -> Generator[tuple[int, Any]]:
    count = 0
    for result in results:
        if hasattr(result, "add_done_callback") and hasattr(result, "result"):
            raise TypeError(
                f"workers must return results like map, got futures ({type(result).__name__}): give an executor,"
                " such as Dask's client.get_executor()"
            )
        if count < expected:
            yield count, result
        count += 1
    if count != expected:
        raise ValueError(f"workers must return one result for each of {expected} items, got {count}")


def _from_processes(job: Callable, items: Sequence[Any], workers: int) -> Generator[tuple[int, Any]]:
    """From pools of one process each, so that it is known whose job was at work when one dies."""
    _pickled("job", job)
    waiting, died = deque(range(len(items))), set[int]()
    working: dict[Future, tuple[ProcessPoolExecutor, int]] = {}
    strangers = set(multiprocessing.active_children())
    idle = [_pool(workers) for _ in range(workers)]
    try:
        while waiting or working:
            while waiting and idle:
                pool, i = idle.pop(), waiting.popleft()
                try:
                    _pickled(f"items[{i}]", items[i])
                except TypeError as error:
                    idle.append(pool)
                    yield i, error
                    continue
                with _no_interrupts():
                    working[pool.submit(_answer, job, items[i])] = pool, i
            for future in wait(working, return_when=FIRST_COMPLETED).done:
                pool, i = working.pop(future)
                broken = isinstance(future.exception(), BrokenExecutor)
                idle.append(_pool(workers) if broken else pool)
                if not broken:
                    yield i, future.exception() or future.result()
                elif i in died:
                    yield i, WorkerDied(f"the process of items[{i}] died, twice; a script that asks for {_GUARD}")
                else:
                    died.add(i)
                    waiting.appendleft(i)
    finally:
        for process in set(multiprocessing.active_children()) - strangers:
            process.terminate()
        for pool in (*idle, *(pool for pool, _ in working.values())):
            pool.shutdown(cancel_futures=True)


def _pool(sharers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (sharers,))


def _pickled(name: str, value: Any) -> bytes:
    try:
        return bytes(ForkingPickler.dumps(value))
    except Exception as error:
        hint = ", such as a function of a module" if name == "job" else ""
        raise TypeError(
            f"{name} must be picklable for other processes{hint}, got {shortened(value)}: {error}"
        ) from error


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """What starts meanwhile is never interrupted; signals that come are answered at the end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In the other process


def _begin(sharers: int) -> None:
    """End with the parent and when told to, leave interrupts to the parent, and multiply on one thread."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})
    become_one_of(sharers)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _answer(job: Callable, item: Any) -> Any:
    """The result, or the exception that came instead, in a form that can be sent."""
    try:
        result = job(item)
        _pickled("the job's result", result)
        return result
    except BaseException as error:
        error.add_note("In a worker process: " + "".join(traceback.format_tb(error.__traceback__)))
        return _sendable(error)


def _sendable(error: BaseException) -> BaseException:
    """The exception, or where it cannot be sent one with its words."""
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        words = RuntimeError(f"{type(error).__name__}: {error}")
        words.__notes__ = error.__notes__
        return words
