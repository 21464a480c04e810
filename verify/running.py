"""Running claims: which, on whose functions, on how many processes, within one error budget."""

import difflib
import importlib.util
import signal
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from functools import cache
from multiprocessing import get_context
from typing import Any, NamedTuple

from verify.claims import Claim, EngineError, Result, check, discover, kill, result
from verify.evidence import Verdict

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
            names = {word for one in claims for word in (one.row, one.name, *_parts(one.name))}
            close = difflib.get_close_matches(pattern, names, n=3)
            raise LookupError(f"no claim matches {pattern!r}" + (f"; close: {', '.join(close)}" if close else ""))
    return [one for one in claims if not patterns or any(_matches(one, pattern) for pattern in patterns)]


def _parts(name: str) -> list[str]:
    chapter, module, function = name.split(".")
    return [chapter, module, function, f"{chapter}.{module}"]


def _matches(one: Claim, pattern: str) -> bool:
    return any(fnmatch(word, pattern) for word in (one.row, one.name, *_parts(one.name))) or (
        len(pattern) > 3 and pattern in one.name
    )


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
    if workers < 1:
        raise ValueError(f"workers must be >= 1, got {workers}")
    claims = select(patterns)
    if against:
        load(against)
    jobs = [Job(one.name, nonce, None, against) for one in claims]
    if mutants:
        jobs = [Job(one.name, nonce, i) for one in claims for i in range(len(one.mutants))]
    results = {}
    for i, done in _done(jobs, workers):
        progress(done)
        results[i] = done
    if not mutants:
        spend(results.values())
    return [results[i] for i in range(len(jobs))]


def spend(results: Iterable[Result]) -> float:
    """The error budget that a run has used: the sum of the α of its evidence, refused above `BUDGET`."""
    spent = sum(evidence.alpha for one in results for evidence in one.evidence)
    if spent > BUDGET:
        raise EngineError(f"the error budget is overdrawn: {spent:.3g} > {BUDGET:g}")
    return spent


def _done(jobs: list[Job], workers: int) -> Iterator[tuple[int, Result]]:
    """Numbers of jobs with their results, as they come."""
    if workers == 1:
        yield from enumerate(map(perform, jobs))
        return
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, get_context("spawn"), signal.signal, ignore) as pool:
        futures = {pool.submit(perform, job): i for i, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@cache
def _claims() -> dict[str, Claim]:
    return {one.name: one for one in discover()}


def perform(job: Job) -> Result:
    """Run one job."""
    one = _claims()[job.claim]
    if job.mutant is not None:
        return kill(one, one.mutants[job.mutant], job.nonce)
    if job.against is None:
        return check(one, job.nonce, {})
    module = load(job.against)
    offers = {need: [find(module, path) for path in one.paths(need)] for need in one.needs}
    theirs = {need: next(o for o in offer if o is not None) for need, offer in offers.items() if any(offer)}
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
