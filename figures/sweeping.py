"""Sweeps behind figures: with a line of progress now and then, on all processors where they are long, resumable."""

import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from refimpl.arguments.arrays import Array
from refimpl.files import checkpoints
from refimpl.networks.sweeps import Workers, sweep

LINES = 20


def resumed(
    name: str,
    job: Callable[[Any], Array],
    items: Sequence[Any],
    code: Sequence[ModuleType],
    workers: Workers | None = None,
    quality: str = "full",
) -> Array:
    """The job's array of every item, as `sweeps.sweep`; partial results are kept in the cache directory.

    The file's name follows from items and code, so that what was computed by other code is not used again. Without
    `workers` a draft runs here, and the full figure on all processors.
    """

    def progress(done: int) -> None:
        if done % max(len(items) // LINES, 1) == 0 or done == len(items):
            print(f"{name}: {done}/{len(items)}", file=sys.stderr)

    path = checkpoints.cache_directory() / f"sweep-{checkpoints.key(name, items, *code)}.npz"
    return sweep(job, items, workers or (1 if quality == "draft" else os.cpu_count() or 1), progress, path)
