"""Running claims: which, on whose functions, on how many processes, within one error budget."""

import difflib
import importlib.util
import math
import types
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from refimpl.arguments.domains import domain, integer
from refimpl.parallel import as_they_come
from verify.claims import Claim, EngineError, Result, check, discover, kill, result
from verify.evidence import Evidence, Verdict
from verify.register import ROWS, Row, chapter

BUDGET = 1e-9
"""Largest probability that a full run, all claims true, raises any false alarm."""

Progress = Callable[[Result], None]


class Job(NamedTuple):
    """One thing to run, in a form that another process can be sent."""

    claim: str
    nonce: int
    mutant: int | None = None
    against: str | None = None


def select(patterns: Sequence[str]) -> list[Claim]:
    """Claims whose row, name or part of a name matches any pattern; all of them without patterns.

    Raises
    ------
    LookupError
        A pattern matches none; close matches are offered.
    """
    claims = discover()
    for pattern in patterns:
        if not any(_matches(one, pattern) for one in claims):
            if pattern in ROWS:
                raise LookupError(f"row {pattern} is {ROWS[pattern].status}: no claim checks it")
            names = {word for one in claims for word in (one.row, one.name, *_parts(one.name))}
            close = difflib.get_close_matches(pattern, names, n=3)
            raise LookupError(f"no claim matches {pattern!r}" + (f"; close: {', '.join(close)}" if close else ""))
    return [one for one in claims if not patterns or any(_matches(one, pattern) for pattern in patterns)]


def rows(patterns: Sequence[str]) -> list[Row]:
    """Rows of the register that a pattern matches by id or chapter, or by a claim on them; all without patterns."""
    plain = [
        row for row in ROWS.values() if any(fnmatchcase(w, p) for w in (row.id, chapter(row.id)) for p in patterns)
    ]
    others = [p for p in patterns if not any(fnmatchcase(w, p) for row in plain for w in (row.id, chapter(row.id)))]
    claimed = {one.row for one in select(others)} if others else set()
    return [row for row in ROWS.values() if not patterns or row in plain or row.id in claimed]


def _parts(name: str) -> list[str]:
    chapter, module, function = name.split(".")
    return [chapter, module, function, f"{chapter}.{module}"]


def _matches(one: Claim, pattern: str) -> bool:
    return any(fnmatchcase(word, pattern) for word in (one.row, one.name, *_parts(one.name))) or (
        len(pattern) > 3 and pattern in one.name
    )


@domain(nonce=integer(0), workers=integer(1))
def run(
    patterns: Sequence[str] = (),
    *,
    against: str | None = None,
    nonce: int = 0,
    workers: int = 1,
    mutants: bool = False,
    progress: Progress = lambda result: None,
) -> list[Result]:
    """Check claims, and return a result for each (for each mutant with ``mutants=True``).

    Parameters
    ----------
    patterns : sequence of str
        Rows ("M09"), chapters, modules, claim names or shell patterns of these; all claims when empty.
    against : str, optional
        Name of an importable module with functions to check in place of `refimpl`'s, under `refimpl`'s own names
        (``minimax.algorithms.eg_step``). A claim of which it provides nothing is NOT PROVIDED.
    nonce : int
        Chooses the random instances; any must do.
    workers : int
        Number of processes.
    mutants : bool
        Check instead that every mutant is told from the truth.
    progress : callable
        Called with each result as it comes.

    Raises
    ------
    LookupError
        A pattern matches no claim.
    ImportError
        The module to check does not import.
    EngineError
        A claim yields no evidence, has no mutant, or the run overdraws its error budget.
    """
    if mutants and against is not None:
        raise ValueError("against must be None with mutants=True: mutants are checked on refimpl's own claims")
    claims = select([patterns] if isinstance(patterns, str) else patterns)
    if against is not None:
        load(against)
    jobs = [Job(one.name, nonce, None, against) for one in claims]
    if mutants:
        jobs = [Job(one.name, nonce, i) for one in claims for i in range(len(one.catalogue))]
    results = {}
    with closing(as_they_come(perform, jobs, workers)) as finished:
        for i, done in finished:
            results[i] = _result(jobs[i], done)
            progress(results[i])
    if not mutants:
        spend(results.values())
    return [results[i] for i in range(len(jobs))]


def _result(job: Job, done: Result | BaseException) -> Result:
    """What a job gave; a process that died is a FAIL that says so, an error of the engine stays one."""
    if isinstance(done, Result):
        return done
    if isinstance(done, EngineError):
        raise done
    detail = f"{type(done).__name__}: {done}"
    died = Evidence("died", "error", Verdict.FAIL, measured=None, expected=None, detail=detail)
    return result(_claims()[job.claim], Verdict.FAIL, (died,), 0.0, "")


def spend(results: Iterable[Result]) -> float:
    """The error budget that a run has used: the sum of the α of its evidence, refused above `BUDGET`."""
    spent = math.fsum(evidence.alpha for one in results for evidence in one.evidence)
    if not spent <= BUDGET:
        raise EngineError(f"the error budget is overdrawn: {spent:.3g} > {BUDGET:g}")
    return spent


@cache
def _claims() -> dict[str, Claim]:
    return {one.name: one for one in discover()}


def perform(job: Job) -> Result:
    """Run one job."""
    one = _claims()[job.claim]
    if job.mutant is not None:
        return kill(one, one.catalogue[job.mutant], job.nonce)
    if job.against is None:
        return check(one, job.nonce, {})
    module = load(job.against)
    offers = {need: [find(module, path) for path in one.paths(need)] for need in one.needs}
    found = {need: [offer for offer in offered if offer is not None] for need, offered in offers.items()}
    theirs = {need: offered[0] for need, offered in found.items() if offered}
    lacking = [one.paths(need)[-1] for need in one.needs if need not in theirs]
    if not theirs:
        return result(one, Verdict.NOT_PROVIDED, (), 0.0, f"lacks {', '.join(lacking)}")
    return check(one, job.nonce, theirs, note=f"with refimpl's {', '.join(lacking)}" if lacking else "")


def load(name: str) -> types.ModuleType:
    """Import the module to check.

    Raises
    ------
    ImportError
        Whatever importing it raised.
    """
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        hint = " (give a module's name, not a file's)" if name.endswith(".py") else ""
        raise ImportError(f"{name!r} does not import: {type(error).__name__}: {error}{hint}") from error


def find(module: Any, path: str) -> Any:
    """The object of a dotted name in a module, importing submodules on the way; None where there is none."""
    for name in path.split("."):
        if not hasattr(module, name) and isinstance(module, types.ModuleType) and hasattr(module, "__path__"):
            submodule = f"{module.__name__}.{name}"
            if importlib.util.find_spec(submodule):
                load(submodule)
        module = getattr(module, name, None)
        if module is None:
            return None
    return module
