"""Power: how mutants end, and what that shows of the claim that they are held to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from verify.evidence import ASKS_NOTHING, Evidence, Verdict

FINE = 0.02
"""Largest relative distance from the truth at which a claim with fine power tells one of its mutants from it."""

End = Literal["evidence", "diverged", "survived", "broken"]


class Trial(NamedTuple):
    """A mutant and how it ended: by which evidence, with a finite wrong number or not, and how far from the truth.

    `distance` is relative, and the smallest of those of the evidence that failed.
    """

    need: str
    text: str
    end: End
    what: str = ""
    number: bool = False
    distance: float | None = None


class Power(NamedTuple):
    """What the mutants of a claim show: the smallest distance at which one died, and the evidence that decided nothing.

    `coarse` is the claim's own word on why none dies near the truth; `silent` is evidence that asks nothing.
    """

    finest: float | None
    coarse: str
    idle: tuple[str, ...]
    silent: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether a mutant died near the truth."""
        return self.finest is not None and self.finest <= FINE


def trial(need: str, text: str, seen: Sequence[Evidence], end: End) -> Trial:
    """How a mutant ended, from the evidence that was seen, and from how its run did."""
    failed = [one for one in seen if one.verdict is Verdict.FAIL]
    distances = [away for one in failed if (away := distance(one)) is not None]
    number = any(is_number(one) for one in failed)
    return Trial(need, text, end, failed[0].what if failed else "", number, min(distances, default=None))


def is_number(one: Evidence) -> bool:
    """Whether evidence compares finite numbers, and not shapes or what becomes of arguments."""
    return one.kind not in ("error", "promise") and _finite(one.measured) and _finite(one.expected)


def distance(one: Evidence) -> float | None:
    """|measured − expected| / |expected|; None where evidence has no such number, or none but 0."""
    if one.kind == "sign" or not is_number(one) or one.expected == 0:
        return None
    with np.errstate(all="ignore"):
        away = float(np.abs(np.subtract(one.measured, one.expected) / one.expected))
    return away if away > 0 else None


def power(trials: Iterable[Trial], evidence: Iterable[Evidence], coarse: str) -> Power:
    """What trials show of a claim: `evidence` is all that was seen in them."""
    distances = [one.distance for one in trials if one.distance is not None]
    decided: dict[str, bool] = {}
    silent: dict[str, None] = {}
    for one in evidence:
        decided[one.what] = decided.get(one.what, False) or one.verdict is Verdict.FAIL
        if one.detail.startswith(ASKS_NOTHING):
            silent[one.what] = None
    idle = tuple(what for what, did in decided.items() if not did)
    return Power(min(distances, default=None), coarse, idle, tuple(silent))


def problems(trials: Sequence[Trial], needs: Mapping[str, object], found: Power, *, thorough: bool) -> list[str]:
    """Why mutants do not show that a claim can tell wrong functions from right ones."""
    tried = {one.need for one in trials}
    numbers = {one.need for one in trials if one.number}
    unseen = [need for need in needs if need in tried - numbers]
    wrong = f"no mutant of {', '.join(unseen)} dies by a finite wrong number" if unseen else ""
    coarse = "" if found.fine or found.coarse else nearest(found)
    silent = f"asks nothing: {', '.join(found.silent)}" if found.silent else ""
    return [problem for problem in (wrong, coarse, silent) if problem and thorough]


def nearest(found: Power) -> str:
    """How far from the truth the nearest mutant is that a claim sees."""
    away = "none dies by a number" if found.finest is None else f"the nearest dies at {found.finest:.2g}"
    return f"no mutant within {FINE} of the truth ({away}), and coarse= says not why"


def _finite(value: object) -> bool:
    try:
        return bool(np.isfinite(value))  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return False
