"""The command's face: a line for each statement of the lecture, and what one needs to know where it does not hold."""

import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, NamedTuple, get_args

from verify.evidence import Evidence, Verdict
from verify.numbers import comparison, number, subject
from verify.power import FINE, Trial
from verify.register import ROWS, Row, Status
from verify.running import Planned, Result, worst

MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?", Verdict.NOT_PROVIDED: "−"}
COLOURS = {Verdict.PASS: 32, Verdict.FAIL: 31, Verdict.INCONCLUSIVE: 33, Verdict.NOT_PROVIDED: 33}
NEUTRAL = "·"


class Face(NamedTuple):
    """How lines look: their width, whether in colour, and whether with all the evidence."""

    width: int = 132
    colour: bool = False
    verbose: bool = False

    def paint(self, text: str, verdict: Verdict) -> str:
        """A text in the colour of a verdict."""
        return f"\033[{COLOURS[verdict]}m{text}\033[m" if self.colour else text


def face_of(stream: IO[str], verbose: bool = False) -> Face:
    """The face for a stream: as wide as the terminal (else 132), in colour on a terminal unless NO_COLOR is set."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    return Face(shutil.get_terminal_size((132, 24)).columns, colour, verbose)


def group_of(one: Planned, mutants: bool) -> str:
    """What shares a line: the claims on a row, or the mutants of a claim; what has no row stands alone."""
    return one.claim if mutants or one.row not in ROWS else one.row


class InOrder:
    """Groups of results, each handed on as soon as it and all groups before it are whole."""

    def __init__(self, sizes: Mapping[str, int], show: Callable[[str, list[Result]], None]):
        self.waiting: dict[str, list[Result]] = {group: [] for group in sizes}
        self.sizes, self.show = sizes, show
        self._hand_on()

    def add(self, group: str, one: Result) -> None:
        """Take one more result."""
        self.waiting[group].append(one)
        self._hand_on()

    def rest(self) -> None:
        """Hand on what there is of the groups that did not become whole."""
        for group, results in self.waiting.items():
            if results:
                self.show(group, results)
        self.waiting = {}

    def _hand_on(self) -> None:
        for group in list(self.waiting):
            if len(self.waiting[group]) < self.sizes[group]:
                return
            self.show(group, self.waiting.pop(group))


def heading(face: Face, mutants: bool) -> str:
    """The names of the columns."""
    if mutants:
        return _columns(face, "claim", "killed", "", "seconds")
    return _columns(face, "row  statement", "claims", "comparisons", "seconds")


def row_lines(group: str, results: Sequence[Result], size: int, face: Face) -> str:
    """A line for a row of the register; below it what is not PASS, and with `verbose` everything.

    Of `size` claims on the row there are results; where they are not all, the line says so.
    """
    if group not in ROWS:
        return "\n".join(line for one in results for line in _claim_lines(one, face, f"{_mark(results, face)} ", "  "))
    row = ROWS[group]
    if not size:
        return _wrapped(f"{NEUTRAL} {row.id}  {row.statement}: {row.status}", face, "       ")
    claims = str(size) if len(results) == size else f"{len(results)} of {size}"
    numbers = (claims, str(sum(len(one.evidence) for one in results)), _seconds(results))
    lines = [_columns(face, f"{row.id}  {row.statement}", *numbers, results=results)]
    for one in results:
        if face.verbose or one.verdict is not Verdict.PASS or one.note:
            lines += _claim_lines(one, face, "    ", "        ")
    return "\n".join(lines)


def mutant_lines(group: str, results: Sequence[Result], size: int, face: Face) -> str:
    """A line for the mutants of a claim; below it what is not PASS, and with `verbose` how each of them died."""
    killed = sum(one.verdict is Verdict.PASS for one in results if one.kind != "power")
    lines = [_columns(face, group, f"{killed} of {size}", "", _seconds(results), results=results)]
    for one in results:
        if one.verdict is not Verdict.PASS or (face.verbose and one.kind != "power"):
            named = f"{one.note}{_death(one.trial)}" if one.verdict is Verdict.PASS else _named(one)
            lines.append(_wrapped(f"    {named}", face, "        "))
    return "\n".join(lines)


def summary(results: Sequence[Result], shown: Iterable[Row], seconds: float) -> str:
    """How many statements, claims and comparisons there were, how they ended, what was risked, and the seconds."""
    statuses = Counter(row.status for row in shown)
    by_status = ", ".join(f"{statuses[status]} {status}" for status in get_args(Status) if statuses[status])
    statements = f"{count(statuses.total(), 'statement')}: {by_status}. " if statuses else ""
    verdicts = Counter(one.verdict for one in results)
    ended = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict]) or "none"
    evidence = [e for one in results for e in one.evidence]
    return (
        f"{statements}{count(len(results), 'claim')}: {ended}. {count(len(evidence), 'comparison')}, "
        f"false-alarm probability {sum(e.alpha for e in evidence):.2g}, {seconds:.1f} s."
    )


def mutants_summary(results: Sequence[Result], planned: int, seconds: float, *, verbose: bool = False) -> str:
    """How many mutants were killed, how much evidence decided nothing, and which claims have no fine power.

    With `verbose`, first the evidence and the claims.
    """
    killed = sum(one.verdict is Verdict.PASS for one in results if one.kind != "power")
    judged = [(one.claim, one.power) for one in results if one.power]
    idle = [f"decided nothing: {claim}: {what}" for claim, found in judged for what in found.idle]
    coarse = [
        f"no mutant within {100 * FINE:g} %: {claim} (nearest: {number(found.finest, 2) or 'none'})"
        for claim, found in judged
        if not (found.fine or found.coarse)
    ]
    ended = [f"{killed} of {planned} mutants killed"]
    if judged:
        ended += [f"{count(len(idle), 'piece')} of evidence decided nothing"]
        ended += [f"{count(len(coarse), 'claim')} without a mutant within {100 * FINE:g} % or a word why"]
    listed = [*idle, *coarse] if verbose else []
    return "\n".join([*listed, f"{', '.join(ended)}, {seconds:.1f} s."])


def _named(one: Result) -> str:
    return f"{one.verdict} {one.claim}: {one.note}"


def _death(trial: Trial | None) -> str:
    """Which evidence killed a mutant, and how far from the truth."""
    if trial is None or trial.end != "evidence":
        return ""
    away = "" if trial.distance is None else f" at relative distance {number(trial.distance, 2)}"
    return f" (by {trial.what}{away})"


def evidence_lines(e: Evidence, face: Face, indent: str) -> list[str]:
    """A piece of evidence: on one line where it fits, else what was compared and below it the numbers."""
    verdict = "" if e.verdict is Verdict.PASS else f"{e.verdict} "
    what, numbers = f"{indent}{verdict}{subject(e)}", comparison(e)
    if len(what) + len(numbers) + 2 <= face.width:
        lines = [f"{what}{numbers:>{face.width - len(what)}}" if numbers else what]
    else:
        lines = [_wrapped(what, face, f"{indent}    "), _wrapped(f"{indent}    {numbers}", face, f"{indent}    ")]
    return [line.rstrip() for line in lines if line.strip()]


def _claim_lines(one: Result, face: Face, first: str, indent: str) -> list[str]:
    """A claim's verdict, name and statement; its evidence that is not PASS, and with `verbose` all of it."""
    note = one.note or ("" if one.verdict is Verdict.PASS and not face.verbose else one.statement)
    head = _wrapped(f"{first}{one.verdict} {one.claim}: {note}", face, indent)
    lines = [head.replace(one.verdict, face.paint(one.verdict, one.verdict), 1)]
    if one.note and one.statement and (face.verbose or one.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)):
        lines.append(_wrapped(indent + one.statement, face, indent))
    shown = [e for e in one.evidence if face.verbose or e.verdict is not Verdict.PASS]
    lines += [line for e in shown for line in evidence_lines(e, face, indent)]
    if passed := len(one.evidence) - len(shown):
        lines += [f"{indent}({count(passed, 'other comparison')} PASS)"] if one.verdict is not Verdict.PASS else []
    return lines


def _columns(face: Face, text: str, *numbers: str, results: Sequence[Result] = ()) -> str:
    """The results' mark, a text in its column (cut to it only where all PASS), and numbers in theirs."""
    right = "{:>8} {:>11} {:>8}".format(*numbers)
    room = max(face.width - len(right) - 3, 20)
    good = all(one.verdict is Verdict.PASS for one in results)
    lines = [text] if good else textwrap.wrap(text, room, subsequent_indent="     ", break_long_words=False)
    first = lines[0][: room - 1] + "…" if good and len(text) > room else lines[0]
    mark = _mark(results, face) if results else " "
    return "\n".join([f"{mark} {first:<{room}} {right}", *(f"  {line}" for line in lines[1:])])


def _wrapped(text: str, face: Face, indent: str) -> str:
    """A text on as many lines as it takes."""
    start = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(
        text.strip(),
        max(face.width, 40),
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _mark(results: Sequence[Result], face: Face) -> str:
    verdict = worst(one.verdict for one in results)
    return face.paint(MARKS[verdict], verdict)


def _seconds(results: Sequence[Result]) -> str:
    return f"{sum(one.seconds for one in results):.2f}"


def count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
