"""Running claims: on whose functions, on how many processes, within one error budget."""

import importlib.util
import math
import time
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, Literal, NamedTuple

from refimpl.arguments.domains import domain, integer
from refimpl.arguments.errors import DivergedError
from refimpl.parallel.processes import Workers, as_they_come, workers_domain
from refimpl.parallel.threads import one_thread_each
from verify import power
from verify.choosing import Broken, choose, discover
from verify.claims import Claim, EngineError, Mutant
from verify.evidence import Evidence, Verdict
from verify.power import Power, Trial

BUDGET = 1e-9
"""Largest probability that a full run, all claims true, raises any false alarm."""


class Result(NamedTuple):
    """A claim, one of its mutants, or the power that these show, after it ran; or a module that does not import.

    `functions` are the paths of what the claim checks, `place` is where it stands, as file:line.
    """

    claim: str
    row: str
    slide: str
    statement: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    seconds: float
    note: str = ""
    kind: Literal["claim", "mutant", "power", "module"] = "claim"
    source: str = ""
    functions: tuple[str, ...] = ()
    place: str = ""
    trial: Trial | None = None
    power: Power | None = None


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


def kill(one: Claim, mutant: Mutant, nonce: int, *, thorough: bool = False) -> Result:
    """Run a claim on a mutant up to the first evidence that fails, or, when `thorough`, to its end.

    The verdict is PASS when the mutant is killed, by evidence or by divergence; a mutant that is broken (raises
    anything else) or that survives is FAIL.
    """
    start, seen = time.perf_counter(), []
    stopped: power.End = "survived"
    note = ""
    try:
        for evidence in one.evidence(nonce, {mutant.replaces: mutant.function}):
            seen.append(evidence)
            if evidence.verdict is Verdict.FAIL and not thorough:
                break
    except DivergedError as error:
        stopped, note = "diverged", f" ({error})"
    except (Exception, SystemExit) as error:
        stopped, note = "broken", f" ({type(error).__name__}: {error})"
    end: power.End = "evidence" if any(evidence.verdict is Verdict.FAIL for evidence in seen) else stopped
    killed = end in ("evidence", "diverged")
    note = f"{'killed' if killed else end.upper()}: {mutant.text}{'' if end == 'evidence' else note}"
    if origin := mutant.shipped:
        note += f" [{' '.join(filter(None, origin[1:]))}]"
    tried = power.trial(mutant.replaces, mutant.text, seen, end)
    verdict = Verdict.PASS if killed else Verdict.FAIL
    done = result(one, verdict, tuple(seen), time.perf_counter() - start, note)
    return done._replace(kind="mutant", trial=tried)


def judge(one: Claim, tried: Sequence[Result], *, thorough: bool = False) -> Result:
    """The power of a claim, from the results of its mutants; a FAIL where they do not show enough."""
    trials = [each.trial for each in tried if each.trial]
    found = power.power(trials, [e for each in tried for e in each.evidence], one.coarse)
    weak = "; ".join(power.problems(trials, one.needs, found, thorough=thorough))
    note = "; ".join(filter(None, [one.problem(), f"{one.place}: claim {one.name}: {weak}" if weak else ""]))
    return result(one, Verdict.FAIL if note else Verdict.PASS, (), 0.0, note)._replace(kind="power", power=found)


def result(one: Claim, verdict: Verdict, evidence: tuple[Evidence, ...], seconds: float, note: str) -> Result:
    """A result that names its claim."""
    statement = next(iter(one.statement.splitlines()), "")
    functions = tuple(one.path(need) for need, function in one.needs.items() if hasattr(function, "__name__"))
    done = Result(one.name, one.row, one.slide, statement, verdict, evidence, seconds, note)
    return done._replace(source=one.source, functions=functions, place=one.place)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together."""
    return max(verdicts, key=[Verdict.PASS, Verdict.NOT_PROVIDED, Verdict.INCONCLUSIVE, Verdict.FAIL].index)


def _error(what: str, detail: str) -> Evidence:
    return Evidence(what, "error", Verdict.FAIL, measured=None, expected=None, detail=detail)


class Job(NamedTuple):
    """One thing to run, in a form that another process can be sent; `lacks` is what makes its result a FAIL."""

    claim: str
    row: str
    nonce: int
    mutant: int | None = None
    against: str | None = None
    thorough: bool = False
    lacks: str = ""


class Judgement(NamedTuple):
    """A claim's power, to be judged when its mutants have run."""

    claim: str
    row: str


Planned = Job | Judgement | Result


def plan(
    patterns: Sequence[str] = (),
    *,
    against: str | None = None,
    nonce: int = 0,
    mutants: bool = False,
    thorough: bool = False,
) -> list[Planned]:
    """All that a run does, in the order of the register; what is unfinished is a FAIL before anything runs.

    Claims must have mutants, and of each of their functions, where all claims are run, and where their mutants are.
    """
    chosen = choose([patterns] if isinstance(patterns, str) else patterns, to_run=True)
    planned: list[Planned] = [_broken(module) for module in chosen.broken]
    for one in chosen.claims:
        lacks = one.problem(needs_mutants=mutants or not patterns)
        if lacks and (not one.catalogue or one.problem(needs_mutants=False)):
            planned.append(result(one, Verdict.FAIL, (), 0.0, lacks))
        elif mutants:
            planned += [Job(one.name, one.row, nonce, i, None, thorough) for i in range(len(one.catalogue))]
            planned.append(Judgement(one.name, one.row))
        else:
            planned.append(Job(one.name, one.row, nonce, None, against, lacks=lacks))
    return planned


def _broken(module: Broken) -> Result:
    place = module.problem.partition(": ")[0]
    return Result(module.name, "", "", "", Verdict.FAIL, (), 0.0, module.problem, kind="module", place=place)


@domain(nonce=integer(0), workers=workers_domain)
def run(
    patterns: Sequence[str] = (),
    *,
    against: str | None = None,
    nonce: int = 0,
    workers: Workers = 1,
    mutants: bool = False,
    thorough: bool = False,
    progress: Progress = lambda result: None,
) -> list[Result]:
    """Check claims, and return a result for each (with ``mutants=True`` for each mutant and for each claim's power).

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
        Check instead that every mutant is told from the truth, and each function's by a finite wrong number at least
        once.
    thorough : bool
        Run every mutant to its end, and insist that each claim sees one within 2 % of the truth or says why none can
        be seen.
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
    if thorough and not mutants:
        raise ValueError("thorough must be False without mutants=True: it is mutants that it runs to their end")
    planned = plan(patterns, against=against, nonce=nonce, mutants=mutants, thorough=thorough)
    if against is not None:
        load(against)
    results = {i: one for i, one in enumerate(planned) if isinstance(one, Result)}
    for one in results.values():
        progress(one)
    jobs = {i: one for i, one in enumerate(planned) if isinstance(one, Job)}
    judgements = {one.claim: i for i, one in enumerate(planned) if isinstance(one, Judgement)}
    tried: dict[str, list[int]] = {claim: [] for claim in judgements}
    places = list(jobs)
    with one_thread_each(), closing(as_they_come(perform, list(jobs.values()), workers)) as finished:
        for n, done in finished:
            job = jobs[places[n]]
            results[places[n]] = _result(job, done)
            progress(results[places[n]])
            if mutants:
                mine = tried[job.claim]
                mine.append(places[n])
                if len(mine) == len(_claim(job.claim).catalogue):
                    judged = judge(_claim(job.claim), [results[i] for i in sorted(mine)], thorough=thorough)
                    results[judgements[job.claim]] = judged
                    progress(judged)
    if not mutants:
        spend(results.values())
    return [results[i] for i in range(len(planned))]


def _result(job: Job, done: Result | BaseException) -> Result:
    """What a job gave; a process that died is a FAIL that says so."""
    if isinstance(done, Result):
        return done
    died = _error("died", f"{type(done).__name__}: {done}")
    kind: Literal["claim", "mutant"] = "claim" if job.mutant is None else "mutant"
    return result(_claim(job.claim), Verdict.FAIL, (died,), 0.0, "")._replace(kind=kind)


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
    done = _perform(job)
    note = "; ".join(filter(None, [job.lacks, done.note]))
    return done._replace(verdict=Verdict.FAIL, note=note) if job.lacks else done


def _perform(job: Job) -> Result:
    one = _claim(job.claim)
    if job.mutant is not None:
        return kill(one, one.catalogue[job.mutant], job.nonce, thorough=job.thorough)
    if job.against is None:
        return check(one, job.nonce, {})
    module = load(job.against)
    offers = {need: find(module, one.path(need)) for need in one.needs}
    theirs = {need: offer for need, offer in offers.items() if offer is not None}
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
