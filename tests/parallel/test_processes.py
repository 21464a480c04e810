"""Jobs on several processes: each answered once, whatever dies; no process outlives the run."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import threadpoolctl

from refimpl.parallel.processes import WorkerDied, as_they_come, ended_by_signals
from refimpl.parallel.threads import VARIABLES, cores

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("workers", [1, 2, map])
def test_every_item_comes_once(workers: Any) -> None:
    assert dict(as_they_come(math.sqrt, [1.0, 4.0, 9.0], workers)) == {0: 1.0, 1: 2.0, 2: 3.0}


def test_an_executor_may_do_the_jobs() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = dict(as_they_come(math.sqrt, [1.0, -1.0, 9.0], pool))
        assert (results[0], type(results[1]), results[2]) == (1.0, ValueError, 3.0)


def test_futures_are_refused() -> None:
    def like_dask(job: Callable, items: list[float]) -> list[Future]:
        return [Future() for _ in items]

    with pytest.raises(TypeError, match=r"workers must return results like map, got futures .*client.get_executor"):
        list(as_they_come(math.sqrt, [1.0, 2.0], like_dask))


@pytest.mark.parametrize("results", [[1.0], [1.0, 2.0, 3.0]])
def test_another_number_of_results_is_refused(results: list[float]) -> None:
    with pytest.raises(ValueError, match="one result for each of 2 items, got"):
        list(as_they_come(math.sqrt, [1.0, 4.0], lambda job, items: results))


def test_a_process_that_dies_costs_only_its_own_job(tmp_path: Path) -> None:
    results = dict(as_they_come(dies_at_three, [(x, str(tmp_path)) for x in range(6)], 2))
    assert isinstance(results.pop(3), WorkerDied)
    assert results == {x: x for x in (0, 1, 2, 4, 5)}
    assert len(list(tmp_path.iterdir())) == 2


def dies_at_three(item: tuple[int, str]) -> int:
    x, directory = item
    if x == 3:
        Path(directory, str(os.getpid())).touch()
        os._exit(7)
    return x


def test_a_job_whose_process_died_once_is_done_by_another(tmp_path: Path) -> None:
    items = [str(tmp_path / name) for name in "ab"]
    assert dict(as_they_come(dies_the_first_time, items, 2)) == {0: items[0], 1: items[1]}


def dies_the_first_time(path: str) -> str:
    if not os.path.exists(path):
        Path(path).touch()
        os._exit(7)
    return path


def test_exceptions_come_as_results() -> None:
    results = dict(as_they_come(fails, ["plain", "odd", "result"], 2))
    assert repr(results[0]) == "ValueError('plain')"
    assert "in fails" in results[0].__notes__[0]
    assert repr(results[1]) == "RuntimeError('Odd: (1, 2)')"
    assert "the job's result must be picklable" in str(results[2])


class Odd(Exception):
    """One that cannot be unpickled."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__((one, two))


def fails(how: str) -> Any:
    if how == "plain":
        raise ValueError("plain")
    if how == "odd":
        raise Odd(1, 2)
    return lambda: None


def test_what_cannot_be_pickled_is_named() -> None:
    with pytest.raises(TypeError, match=r"job must be picklable for other processes, such as a function of a module"):
        list(as_they_come(lambda x: x, [1, 2], 2))
    results = dict(as_they_come(repr, [1, lambda: 2, 3], 2))
    assert (results[0], results[2]) == ("1", "3")
    assert "items[1] must be picklable" in str(results[1])


def test_leaving_ends_the_processes() -> None:
    before = set(multiprocessing.active_children())
    start = time.monotonic()
    with closing(as_they_come(time.sleep, [0.0, 100.0, 100.0], 2)) as results:
        assert next(results) == (0, None)
    assert set(multiprocessing.active_children()) == before
    assert time.monotonic() - start < 50


def test_the_users_process_stays_as_it_was() -> None:
    environment, handlers = dict(os.environ), [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with threadpoolctl.threadpool_limits(2, "blas"):
        before = threadpoolctl.threadpool_info()
        seen = dict(as_they_come(state, [0, 1], 2))
        after = threadpoolctl.threadpool_info()
    assert [one["num_threads"] for one in after] == [one["num_threads"] for one in before]
    assert dict(os.environ) == environment
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert all(found == ({1}, "1", max(1, cores() // 2)) for found in seen.values())


def state(item: int) -> tuple[set[int], str, int]:
    import scipy.linalg  # noqa: F401  a library that is loaded in the job

    blas = {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}
    return blas, os.environ[VARIABLES[0]], cores()


def test_inside_a_worker_jobs_run_one_after_another() -> None:
    assert dict(as_they_come(nested, [1, 2], 2)) == {0: (True, [1.0, 2.0]), 1: (True, [1.0, 2.0])}


def nested(item: int) -> tuple[bool, list[float]]:
    results = dict(as_they_come(math.sqrt, [1.0, 4.0], 2))
    return not multiprocessing.active_children(), list(results.values())


# Ends


RUN = """
import os, sys, time
from refimpl.parallel.processes import as_they_come, ended_by_signals
def job(seconds):
    os.write(1, b"at work\\n")
    time.sleep(seconds)
if __name__ == "__main__":
    try:
        with ended_by_signals():
            list(as_they_come(job, [100, 101, 102], 2))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
"""


def descendants(group: int) -> list[int]:
    """Processes of a group that are not mere entries of a table."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            status, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and status != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see other processes")
@pytest.mark.parametrize(
    ("number", "last", "status"),
    [(signal.SIGKILL, "", -9), (signal.SIGTERM, "interrupted\n", 130), (signal.SIGHUP, "interrupted\n", 130)],
)
def test_no_process_outlives_the_run(number: signal.Signals, last: str, status: int, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    words, environment = [sys.executable, str(script)], {**os.environ, "PYTHONPATH": str(ROOT)}
    streams = {"stdout": subprocess.PIPE, "text": True, "env": environment, "start_new_session": True}
    with subprocess.Popen(words, **streams) as process:  # type: ignore[call-overload]
        assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2
        assert len(descendants(process.pid)) >= 3
        process.send_signal(number)
        assert process.stdout.read() == last  # ends when nobody holds the pipe
        assert process.wait(20) == status
        end = time.monotonic() + 20
        while descendants(process.pid) and time.monotonic() < end:
            time.sleep(0.05)
        assert descendants(process.pid) == []


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text("import math\nfrom refimpl.parallel import sweep\nsweep(math.sqrt, [1, 4], 2)")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert 'needs the usual if __name__ == "__main__":' in done.stderr


def test_signals_interrupt_and_their_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ended_by_signals(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone() -> None:
    seen = []

    def run() -> None:
        with ended_by_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
