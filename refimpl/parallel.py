"""Many independent jobs on several processes, which end with the run that started them; and how many threads to run."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

T = TypeVar("T")


def as_they_come(job: Callable[[T], Any], items: Sequence[T], workers: int) -> Generator[tuple[int, Any]]:
    """Numbers of items with job(item), or with the exception of a process that died, as they are finished.

    With one worker the jobs run here, in order. Other processes start anew (a script that asks for them needs the usual
    ``if __name__ == "__main__":``) with one thread each for linear algebra unless OMP_NUM_THREADS says otherwise, leave
    Ctrl-C to this one, and are ended when the iteration is left.
    """
    if workers == 1 or len(items) < 2:
        yield from enumerate(map(job, items))
        return
    strangers = set(multiprocessing.active_children())
    quiet = (signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(
        min(workers, len(items)), multiprocessing.get_context("spawn"), signal.signal, quiet
    ) as pool:
        try:
            futures = {pool.submit(job, item): i for i, item in enumerate(items)}
            for future in as_completed(futures):
                error = future.exception()
                yield futures[future], error if error is not None else future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - strangers:
                child.terminate()
            raise


def idle_cores() -> int:
    """Number of threads that may multiply matrices at once: the cores over the threads that each product takes.

    Those are OMP_NUM_THREADS, and all cores unless it is set. Threads beyond that wait for one another, which takes
    several times as long.
    """
    cores = os.cpu_count() or 1
    taken = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, cores // max(1, int(taken))) if taken.isdigit() else 1
