"""Sweeps behind figures: with a line of progress now and then, and resumable."""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from refimpl.arguments.arrays import Array
from refimpl.files import checkpoints
from refimpl.parallel import Workers, sweep
from refimpl.parallel.journal import open_journal
from refimpl.parallel.sweeps import mark

LINES = 20


def resumed(
    name: str, job: Callable[[Any], Array], items: Sequence[Any], code: Sequence[ModuleType], workers: Workers = 1
) -> Array:
    """The job's array of every item, as `refimpl.parallel.sweep`; partial results are kept in the cache directory.

    The file's name follows from items and code, so that what was computed by other code is not used again. A file of
    that name that is damaged, or something else, is made anew.
    """

    def progress(done: int) -> None:
        if done % max(len(items) // LINES, 1) == 0 or done == len(items):
            print(f"{name}: {done}/{len(items)}", file=sys.stderr)

    path = checkpoints.cache_directory() / f"sweep-{checkpoints.key(name, items, *code)}.partial"
    try:
        open_journal(path, mark(job, items))
    except ValueError:
        path.unlink()
    return sweep(job, items, workers, progress, path)
