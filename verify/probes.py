"""Probes: evidence that functions keep what all of them promise, batches on leading axes and untouched arguments."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from verify.evidence import Evidence, equal


def batched(
    what: str, function: Callable[..., Any], *batches: Any, rtol: float = 0.0, atol: float = 0.0
) -> Iterator[Evidence]:
    """One real value a point: the same alone, among n and among (2, n/2), and no argument changed.

    The batches have on their first axis the n points (n even) that go together.
    """
    kept = [np.array(batch) for batch in batches]
    given = [batch.copy() for batch in kept]
    together = np.asarray(function(*given))
    n, trailing = len(kept[0]), together.shape[1:]
    alone = [np.asarray(function(*(batch[i].copy() for batch in kept))) for i in (0, n - 1)]
    folded = np.asarray(function(*(batch.reshape(2, n // 2, *batch.shape[1:]).copy() for batch in kept)))
    shapes = [together.shape == (n, *trailing), folded.shape == (2, n // 2, *trailing)]
    shapes += [value.shape == trailing for value in alone]
    broken = [_changed(given, kept), shapes.count(False), np.iscomplexobj(together)]
    yield _kept(f"{what}: arguments changed, wrong shapes, complex values", broken)
    measured, expected = [*alone, folded], [*together[[0, -1]], together]
    flat = [np.concatenate([np.ravel(a) for a in side]) for side in (measured, expected)]
    yield equal(f"{what}: alone and in (2, n/2)", *flat, rtol=rtol, atol=atol)


def unchanged(what: str, function: Callable[..., Any], *arguments: Any) -> Iterator[Evidence]:
    """A function leaves the arrays that it is given as they were."""
    kept = [np.array(argument) for argument in arguments]
    given = [argument.copy() for argument in kept]
    function(*given)
    yield _kept(f"{what}: arguments changed", [_changed(given, kept)])


def _kept(what: str, broken: list[int]) -> Evidence:
    """Evidence that no promise is broken, of a kind of its own: what breaks one returns no wrong number."""
    return equal(what, broken, np.zeros(len(broken)))._replace(kind="promise")


def _changed(given: list[Any], kept: list[Any]) -> int:
    return sum(not np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
