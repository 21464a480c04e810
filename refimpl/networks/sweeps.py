"""Many trainings of one kind, on several processes, with progress, resumed from a file where they were stopped."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, domain, function, integer, optional
from refimpl.files import checkpoints
from refimpl.files.writing import path_domain
from refimpl.parallel import as_they_come

Workers = int | Callable[[Callable, Sequence], Any]


def _check_items(name: str, value: Any, sizes: Sizes) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or not value:
        raise TypeError(f"{name} must be a sequence that is not empty, got {value!r:.40}")
    return tuple(value)


def _check_workers(name: str, value: Any, sizes: Sizes) -> Any:
    return value if callable(value) else integer(1).check(name, value, sizes)


items_domain = Domain("sequence that is not empty", _check_items)
workers_domain = Domain("integer >= 1, or a callable like map", _check_workers)


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
    workers : int or callable
        Number of processes, ≥ 1, or a callable like `map` that takes the job and the items that are left.
    progress : callable, optional
        Called with the number of items that are done, after each.
    path : path, optional
        File of partial results: written after each item, read when it exists.

    Returns
    -------
    (items, ...) array

    Raises
    ------
    ValueError
        When the file holds partial results of other items.

    Examples
    --------
    >>> sweep(np.square, [1.0, 2.0, 3.0], workers=map)
    array([1., 4., 9.])
    """
    fingerprint, done = checkpoints.key(getattr(job, "__name__", type(job).__name__), items), np.zeros(len(items), bool)
    results: list[Any] = [None] * len(items)
    if path and path.exists():
        found, done, stored = checkpoints.load(path)
        if found != fingerprint:
            raise ValueError(f"path must hold partial results of these items, got those of others in {path}")
        for i, result in zip(np.flatnonzero(done), stored, strict=True):
            results[i] = result
    left = [int(i) for i in np.flatnonzero(~done)]
    with closing(_finished(job, [items[i] for i in left], workers)) as arriving:
        for i, result in arriving:
            if isinstance(result, BaseException):
                raise result
            results[left[i]], done[left[i]] = np.asarray(result), True
            if path:
                checkpoints.save(path, [np.array(fingerprint), done, np.array([r for r in results if r is not None])])
            if progress:
                progress(int(done.sum()))
    return np.array(results)


def _finished(job: Callable, items: Sequence[Any], workers: Workers) -> Any:
    """Numbers of items with their results, as they come."""
    if not callable(workers):
        yield from as_they_come(job, items, workers)
    else:
        yield from enumerate(workers(job, items))
