"""Running claims: on whose functions, on how many processes, within one error budget."""

import importlib.util
import math
import time
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from refimpl.arguments.domains import domain, integer
from refimpl.arguments.errors import DivergedError
from refimpl.parallel.processes import Workers, as_they_come, workers_domain
from refimpl.parallel.threads import one_thread_each
from verify.choosing import Broken, choose, discover
from verify.claims import Claim, EngineError, Mutant
from verify.evidence import Evidence, Verdict

BUDGET = 1e-9
"""Largest probability that a full run, all claims true, raises any false alarm."""


class Result(NamedTuple):
    """A claim, or one of its mutants, after it ran."""

    claim: str
    row: str
    slide: str
    statement: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    seconds: float
    note: str = ""


Progress = Callable[[Result], None]


def check(one: Claim, nonce: int, replacements: Mapping[str, Callable], note: str = "") -> Result:
    """Run a claim; what its functions raise is a FAIL that says so, and so is a claim that says nothing."""
    evidence: list[Evidence] = []
    start = time.perf_counter()
    try:
        evidence.extend(one.evidence(nonce, replacements))
        if not evidence:
            evidence.append(_error("silent", f"{one.place}: claim {one.name} yields no evidence: it cannot fail"))
    except EngineError as error:
        evidence.append(_error("misused", str(error)))
    except (Exception, SystemExit) as error:
        evidence.append(_error("raised", f"{type(error).__name__}: {error}"))
    return result(one, worst(e.verdict for e in evidence), tuple(evidence), time.perf_counter() - start, note)


def kill(one: Claim, mutant: Mutant, nonce: int) -> Result:
    """Run a claim on a mutant up to the first evidence that fails.

    The verdict is PASS when the mutant is killed, by evidence or by divergence; a mutant that is broken (raises
    anything else) or that survives is FAIL.
    """
    start, seen = time.perf_counter(), []
    verdict, note = Verdict.FAIL, f"SURVIVED: {mutant.text}"
    try:
        for evidence in one.evidence(nonce, {mutant.replaces: mutant.function}):
            seen.append(evidence)
            if evidence.verdict is Verdict.FAIL:
                verdict, note = Verdict.PASS, f"killed: {mutant.text}"
                break
    except DivergedError as error:
        verdict, note = Verdict.PASS, f"killed: {mutant.text} ({error})"
    except (Exception, SystemExit) as error:
        note = f"BROKEN: {mutant.text} ({type(error).__name__}: {error})"
    if origin := mutant.shipped:
        note += f" [{' '.join(filter(None, origin[1:]))}]"
    return result(one, verdict, tuple(seen), time.perf_counter() - start, note)


def result(one: Claim, verdict: Verdict, evidence: tuple[Evidence, ...], seconds: float, note: str) -> Result:
    """A result that names its claim."""
    statement = next(iter(one.statement.splitlines()), "")
    return Result(one.name, one.row, one.slide, statement, verdict, evidence, seconds, note)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together."""
    return max(verdicts, key=[Verdict.PASS, Verdict.NOT_PROVIDED, Verdict.INCONCLUSIVE, Verdict.FAIL].index)


def _error(what: str, detail: str) -> Evidence:
    return Evidence(what, "error", Verdict.FAIL, measured=None, expected=None, detail=detail)


class Job(NamedTuple):
    """One thing to run, in a form that another process can be sent."""

    claim: str
    row: str
    nonce: int
    mutant: int | None = None
    against: str | None = None


def plan(
    patterns: Sequence[str] = (), *, against: str | None = None, nonce: int = 0, mutants: bool = False
) -> list[Job | Result]:
    """All that a run does, in the order of the register; what is unfinished is a FAIL before anything runs.

    Claims must have mutants where all of them are run, and where their mutants are.
    """
    chosen = choose([patterns] if isinstance(patterns, str) else patterns, to_run=True)
    planned: list[Job | Result] = [_broken(module) for module in chosen.broken]
    for one in chosen.claims:
        if problem := one.problem(needs_mutants=mutants or not patterns):
            planned.append(result(one, Verdict.FAIL, (), 0.0, problem))
        elif mutants:
            planned += [Job(one.name, one.row, nonce, i) for i in range(len(one.catalogue))]
        else:
            planned.append(Job(one.name, one.row, nonce, None, against))
    return planned


def _broken(module: Broken) -> Result:
    return Result(module.name, "", "", "", Verdict.FAIL, (), 0.0, module.problem)


@domain(nonce=integer(0), workers=workers_domain)
def run(
    patterns: Sequence[str] = (),
    *,
    against: str | None = None,
    nonce: int = 0,
    workers: Workers = 1,
    mutants: bool = False,
    progress: Progress = lambda result: None,
) -> list[Result]:
    """Check claims, and return a result for each (for each mutant with ``mutants=True``).

    A claim that is unfinished, or a module of claims that does not import, is a result that FAILs.

    Parameters
    ----------
    patterns : sequence of str
        What to check, in any case: rows ("M09"), chapters, modules, claims, functions, parts of statements, slides or
        sources, or shell patterns of these; all claims when empty.
    against : str, optional
        Name of an importable module with functions to check in place of `refimpl`'s, under `refimpl`'s own names
        (``minimax.algorithms.eg_step``). A claim of which it provides nothing is NOT PROVIDED.
    nonce : int
        Chooses the random instances; any must do.
    workers : int, Executor or callable
        Number of processes, an executor of `concurrent.futures`, or a callable like `map` that returns results.
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
        The run overdraws its error budget.
    """
    if mutants and against is not None:
        raise ValueError("against must be None with mutants=True: mutants are checked on refimpl's own claims")
    planned = plan(patterns, against=against, nonce=nonce, mutants=mutants)
    if against is not None:
        load(against)
    results = {i: one for i, one in enumerate(planned) if isinstance(one, Result)}
    for one in results.values():
        progress(one)
    jobs = {i: one for i, one in enumerate(planned) if isinstance(one, Job)}
    places = list(jobs)
    with one_thread_each(), closing(as_they_come(perform, list(jobs.values()), workers)) as finished:
        for n, done in finished:
            results[places[n]] = _result(jobs[places[n]], done)
            progress(results[places[n]])
    if not mutants:
        spend(results.values())
    return [results[i] for i in range(len(planned))]


def _result(job: Job, done: Result | BaseException) -> Result:
    """What a job gave; a process that died is a FAIL that says so."""
    if isinstance(done, Result):
        return done
    died = _error("died", f"{type(done).__name__}: {done}")
    return result(_claim(job.claim), Verdict.FAIL, (died,), 0.0, "")


def spend(results: Iterable[Result]) -> float:
    """The error budget that a run has used: the sum of the α of its evidence, refused above `BUDGET`."""
    spent = [(math.fsum(evidence.alpha for evidence in one.evidence), one.claim) for one in results]
    total = math.fsum(alpha for alpha, _ in spent)
    if not total <= BUDGET:
        alpha, most = max(spent)
        place = {one.name: f"{one.place}: " for one in discover().claims}.get(most, "")
        raise EngineError(
            f"{place}the error budget is overdrawn: {total:.3g} > {BUDGET:g}; claim {most} took {alpha:.3g}"
        )
    return total


def _claim(name: str) -> Claim:
    """The claim of a name; its module alone is imported."""
    module = importlib.import_module(f"verify.{name.rpartition('.')[0]}")
    return next(one for one in vars(module).values() if isinstance(one, Claim) and one.name == name)


def perform(job: Job) -> Result:
    """Run one job."""
    one = _claim(job.claim)
    if job.mutant is not None:
        return kill(one, one.catalogue[job.mutant], job.nonce)
    if job.against is None:
        return check(one, job.nonce, {})
    discover()
    module = load(job.against)
    offers = {need: [find(module, path) for path in one.paths(need)] for need in one.needs}
    found = {need: [offer for offer in offered if offer is not None] for need, offered in offers.items()}
    theirs = {need: offered[0] for need, offered in found.items() if offered}
    lacking = [one.path(need) for need in one.needs if need not in theirs]
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
