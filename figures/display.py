"""How far a run of figures is: on a terminal one line that is drawn anew, elsewhere a line now and then."""

import sys
import threading
import time

from figures.rendering import Rendering

SILENCE = 10.0
"""Seconds after which a run that is no terminal's says that it goes on."""


class Display:
    """A context in which each figure that is finished is shown and remembered, and a clock runs between them."""

    def __init__(self, total: int, finished: list[Rendering]) -> None:
        self.total, self.finished, self.start = total, finished, time.monotonic()
        self.terminal, self.over, self.lock = sys.stderr.isatty(), threading.Event(), threading.Lock()
        self.spoken = self.start

    def __enter__(self) -> "Display":
        self._refresh()
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.over.set()
            if self.terminal:
                written("")

    def show(self, rendering: Rendering) -> None:
        """A line for a figure that is finished."""
        result = f"FAILED: {rendering.error}" if rendering.error else f"{rendering.seconds:.1f} s"
        with self.lock:
            self.finished.append(rendering)
            self._line(f"{rendering.name}  {result}" + ("" if rendering.error else f"; {self._times()}"))
        self._refresh()

    def _tick(self) -> None:
        while not self.over.wait(1.0 if self.terminal else SILENCE / 10):
            self._refresh()

    def _refresh(self) -> None:
        """The line that is drawn anew; elsewhere a line where none came for long."""
        with self.lock:
            if self.over.is_set():
                return
            if self.terminal:
                written(_bar(len(self.finished), self.total) + "  " + self._times())
            elif time.monotonic() - self.spoken > 0.8 * SILENCE:
                self._line(self._times())

    def _line(self, text: str) -> None:
        written(f"[{len(self.finished)}/{self.total}] {text}\n")
        self.spoken = time.monotonic()

    def _times(self) -> str:
        """Time so far, and what is left when the others take as long as those that are finished."""
        done, spent = len(self.finished), time.monotonic() - self.start
        left = f", about {clock(spent / done * (self.total - done))} left" if 0 < done < self.total else ""
        return f"{clock(spent)} so far{left}"


def clock(seconds: float) -> str:
    """Seconds as minutes and hours where there are any: 7 s, 2:05 min, 1:02:05 h."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02}:{s:02} h" if hours else f"{m}:{s:02} min" if m else f"{s} s"


def _bar(done: int, total: int) -> str:
    filled = 30 * done // total
    return f"[{'#' * filled}{'.' * (30 - filled)}] {done}/{total}"


def written(text: str) -> None:
    """Write on stderr, on a terminal in place of the bar."""
    sys.stderr.write("\r\033[K" + text if sys.stderr.isatty() else text)
    sys.stderr.flush()
