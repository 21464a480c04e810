"""Many independent jobs, here or on other processes, which end with the run that started them."""

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

from refimpl.arguments.domains import Domain, Sizes, integer, shortened
from refimpl.parallel.threads import become_one_of

T = TypeVar("T")
Workers = int | Executor | Callable[[Callable, Sequence], Any]
"""A number of processes, any executor, or a callable like `map` that returns results."""

PATIENCE = 5.0
"""Seconds in which a process that was told to end must have ended."""


class WorkerDied(RuntimeError):
    """What a job is answered with whose process died, twice."""


def _check_workers(name: str, value: Any, sizes: Sizes) -> Any:
    return value if isinstance(value, Executor) or callable(value) else integer(1).check(name, value, sizes)


workers_domain = Domain("integer >= 1, an Executor, or a callable like map", _check_workers)


def as_they_come(job: Callable[[T], Any], items: Sequence[T], workers: Workers) -> Generator[tuple[int, Any]]:
    """Numbers of items with job(item), or with the exception that another process raised, as they are finished.

    With one worker the jobs run here, in order, and so they do inside a daemonic process, which may start no others.
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
    RuntimeError
        Processes die before they begin.
    """
    if isinstance(workers, Executor):
        yield from _from_executor(job, items, workers)
    elif callable(workers):
        yield from _from_map(workers(job, items), len(items))
    elif workers == 1 or len(items) < 2 or multiprocessing.current_process().daemon:
        yield from enumerate(map(job, items))
    else:
        crew = _Crew(job, items, min(workers, len(items)))
        try:
            yield from crew.results()
        finally:
            crew.end()


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


class _Worker:
    """A process, the pipe to it, and the number of its job: None while it starts."""

    def __init__(self, job: bytes, sharers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, job, sharers), daemon=True)
        self.item: int | None = None
        with _no_interrupts():
            self.process.start()
        theirs.close()

    def give(self, i: int, item: bytes) -> None:
        """A process that died in the meantime is found out when its answer is read."""
        self.item = i
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(item)

    def answer(self) -> Any:
        """What it sent, or an EOFError that it is dead."""
        try:
            packed = self.pipe.recv_bytes()
        except (EOFError, OSError):
            self.process.join()
            raise EOFError(f"exit code {self.process.exitcode}") from None
        try:
            return pickle.loads(packed)
        except Exception as error:
            return error

    def dismiss(self) -> None:
        """See that the process ends: the closed pipe tells it to."""
        self.pipe.close()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class _Crew:
    """The processes at work, those that have none left, and the numbers of items that wait, or whose process died."""

    def __init__(self, job: Callable, items: Sequence[Any], workers: int) -> None:
        self.job, self.items, self.workers = _pickled("job", job), items, workers
        self.left, self.died = deque(range(len(items))), set[int]()
        self.working: dict[Any, _Worker] = {}
        self.idle: list[_Worker] = []

    def results(self) -> Generator[tuple[int, Any]]:
        while self.left or self.working:
            self._fill()
            for pipe in wait(list(self.working)):
                yield from self._heard(self.working[pipe])

    def _fill(self) -> None:
        """As many processes as may be, and as there are items for those that start."""
        starting = sum(one.item is None for one in self.working.values())
        for _ in range(min(self.workers - len(self.working), len(self.left) - starting)):
            worker = _Worker(self.job, self.workers)
            self.working[worker.pipe] = worker

    def _heard(self, worker: _Worker) -> Generator[tuple[int, Any]]:
        done = worker.item
        try:
            answer = worker.answer()
        except EOFError as end:
            self.idle.append(self.working.pop(worker.pipe))
            yield from self._lost(done, end)
            return
        yield from self._next(worker)
        if done is not None:
            yield done, answer

    def _lost(self, item: int | None, end: EOFError) -> Generator[tuple[int, Any]]:
        """Another process will try the item, once."""
        if item is None:
            raise RuntimeError(
                f"a process for {len(self.items)} items died when it started ({end}); a script that asks for processes"
                ' needs the usual if __name__ == "__main__":'
            )
        if item in self.died:
            yield item, WorkerDied(f"the process of items[{item}] died, twice ({end})")
        else:
            self.died.add(item)
            self.left.appendleft(item)

    def _next(self, worker: _Worker) -> Generator[tuple[int, Any]]:
        """Give the process the next item; one that cannot be sent is answered with the error."""
        while self.left:
            i = self.left.popleft()
            try:
                worker.give(i, _pickled(f"items[{i}]", self.items[i]))
            except TypeError as error:
                yield i, error
            else:
                return
        self.idle.append(self.working.pop(worker.pipe))
        worker.pipe.close()

    def end(self) -> None:
        for worker in self.working.values():
            worker.process.terminate()
        for worker in (*self.idle, *self.working.values()):
            worker.dismiss()


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


def _work(pipe: Connection, job: bytes, sharers: int) -> None:
    """Do the jobs that come, until the pipe is closed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})
    become_one_of(sharers)
    pipe.send_bytes(pickle.dumps(None))
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(_answer(job, pipe.recv_bytes()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _answer(job: bytes, item: bytes) -> bytes:
    """The pickled result, or the exception that came instead."""
    try:
        result = _loaded(job)(pickle.loads(item))
    except BaseException as error:
        error.add_note("In a worker process: " + "".join(traceback.format_tb(error.__traceback__)))
        return _sendable(error)
    try:
        return _pickled("the job's result", result)
    except TypeError as error:
        return _sendable(error)


def _sendable(error: BaseException) -> bytes:
    """The exception, or where it cannot be sent one with its words."""
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        words = RuntimeError(f"{type(error).__name__}: {error}")
        words.__notes__ = error.__notes__
        return pickle.dumps(words)
    return packed


_loaded = functools.lru_cache(maxsize=1)(pickle.loads)
