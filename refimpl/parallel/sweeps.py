"""Many jobs of one kind, such as trainings, with progress, resumed from a file where they were stopped."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, domain, function, optional
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain
from refimpl.parallel import journal
from refimpl.parallel.processes import Workers, as_they_come, workers_domain


def _check_items(name: str, value: Any, sizes: Sizes) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or not value:
        raise TypeError(f"{name} must be a sequence that is not empty, got {value!r:.40}")
    return tuple(value)


items_domain = Domain("sequence that is not empty", _check_items)


@domain(
    job=function, items=items_domain, workers=workers_domain, progress=optional(function), path=optional(path_domain)
)
def sweep(
    job: Callable[[Any], Array],
    items: Sequence[Any],
    workers: Workers = 1,
    progress: Callable[[int], None] | None = None,
    path: Path | None = None,
) -> Array:
    """The job's array of every item.

    Parameters
    ----------
    job : callable
        An item to an array, of one shape for all items; for processes a function of a module.
    items : sequence
        What to do, such as trainings; each item's `repr` tells it from others.
    workers : int, concurrent.futures.Executor or callable
        Number of processes, ≥ 1; or an executor, such as `get_executor()` of a client of Dask; or a callable like `map`
        that takes the job and the items that are left.
    progress : callable, optional
        Called with the number of items that are done, after each.
    path : path, optional
        File of partial results: each is appended when it comes, and what is there is not computed again.

    Returns
    -------
    (items, ...) array

    Raises
    ------
    ValueError
        When the file holds partial results of other items, is damaged, or something else.

    Examples
    --------
    >>> sweep(np.square, [1.0, 2.0, 3.0], workers=map)
    array([1., 4., 9.])
    """
    found = journal.open_journal(path, mark(job, items)) if path else {}
    left = [i for i in range(len(items)) if i not in found]
    with closing(as_they_come(job, [items[i] for i in left], workers)) as arriving:
        for k, result in arriving:
            if isinstance(result, BaseException):
                raise result
            found[left[k]] = np.asarray(result)
            if path:
                journal.append(path, left[k], found[left[k]])
            if progress:
                progress(len(found))
    return np.array([found[i] for i in range(len(items))])


def mark(job: Callable, items: Sequence[Any]) -> str:
    """What tells the partial results of this job on these items from others."""
    return checkpoints.key(getattr(job, "__name__", type(job).__name__), tuple(items))
