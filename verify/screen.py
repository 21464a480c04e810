"""What a run shows while it runs: finished lines on stdout, and on stderr what runs now."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType

from verify.face import Face, InOrder, group_of, heading, mutant_lines, row_lines
from verify.register import ROWS
from verify.running import Judgement, Planned, Result


class Screen:
    """Shows results as they come, in the order of the register; `finished` keeps them.

    On a terminal a line of stderr that is written over says what runs; elsewhere a new line does, every ten seconds.
    """

    def __init__(
        self,
        planned: Sequence[Planned],
        face: Face,
        *,
        mutants: bool,
        whole: bool,
        workers: int,
        period: float = 10,
    ):
        self.planned, self.face, self.mutants, self.workers = planned, face, mutants, workers
        self.finished: list[Result] = []
        self.start = time.monotonic()
        self._sizes = sizes(planned, mutants=mutants, whole=whole)
        self._order = {claim: i for i, claim in enumerate(dict.fromkeys(one.claim for one in planned))}
        self.jobs = Counter(one.claim for one in planned if not isinstance(one, Judgement))
        self._left = Counter(one.claim for one in planned)
        self._terminal = sys.stderr.isatty()
        self._period = 1.0 if self._terminal else period
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Screen":
        print(heading(self.face, self.mutants), flush=True)
        self._lines = InOrder(self._sizes, self._show)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._erase()

    def add(self, one: Result) -> None:
        """Take a result."""
        with self._lock:
            self._erase()
            self.finished.append(one)
            self._left[one.claim] -= 1
            self._lines.add(group_of(one, self.mutants), one)
            if self._terminal:
                self._say()

    def rest(self) -> None:
        """Show what is finished of an interrupted run."""
        with self._lock:
            self._erase()
            self._lines.rest()

    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self.start

    def status(self) -> str:
        """How much is done, and what runs: jobs start in the order of the plan."""
        running = [claim for claim, left in self._left.items() if left > 0][: self.workers]
        what = "mutants" if self.mutants else "claims"
        finished = sum(one.kind != "power" for one in self.finished)
        return f"{finished} of {self.jobs.total()} {what}, {self.seconds():.0f} s: {', '.join(running)}"

    def _show(self, group: str, results: list[Result]) -> None:
        lines, size = (mutant_lines, self.jobs[group]) if self.mutants else (row_lines, self._sizes[group])
        print(lines(group, self.in_order(results), size, self.face), flush=True)

    def in_order(self, results: Sequence[Result]) -> list[Result]:
        """Results by claim, in the order of the plan."""
        return sorted(results, key=lambda one: self._order[one.claim])

    def _watch(self) -> None:
        while not self._stop.wait(self._period):
            with self._lock:
                self._say()

    def _say(self) -> None:
        if self._terminal:
            self._tell(f"\r\033[K{self.status()[: self.face.width - 1]}")
        else:
            self._tell(f"verify: {self.status()}\n")

    def _erase(self) -> None:
        if self._terminal:
            self._tell("\r\033[K")

    @staticmethod
    def _tell(text: str) -> None:
        """Say something on stderr that need not be heard."""
        with suppress(OSError):
            print(text, end="", file=sys.stderr, flush=True)


def sizes(planned: Sequence[Planned], *, mutants: bool, whole: bool) -> Mapping[str, int]:
    """How many results each group has, in the order in which groups are shown; `whole` adds rows without claims."""
    count = Counter(group_of(one, mutants) for one in planned)
    if mutants or not whole:
        return count
    modules = {group: n for group, n in count.items() if group not in ROWS}
    first = {group: n for group, n in modules.items() if group in {one.claim for one in planned if not one.row}}
    return {**first, **{row: count[row] for row in ROWS}, **modules}
