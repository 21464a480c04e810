"""Claims: theorems as programs, and the mutants that they must tell from the truth."""

import hashlib
import importlib
import inspect
import pkgutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from refimpl.arguments.errors import DivergedError
from verify.evidence import Evidence, Verdict
from verify.register import ROWS


class EngineError(Exception):
    """A claim that cannot do its work: no evidence, no mutant, a mutant that survives, an error budget overdrawn."""


class Shipped(NamedTuple):
    """A wrong version that really stood in a project: in which of its versions, and the thread that reports it."""

    function: Callable
    project: str
    version: str
    thread: str


def shipped(function: Callable, *, project: str, version: str = "", thread: str = "") -> Shipped:
    """Say of a wrong version where it really shipped."""
    return Shipped(function, project, version, thread)


class Mutant(NamedTuple):
    """A wrong version of one of the functions that a claim checks, and where it really shipped."""

    text: str
    replaces: str
    function: Callable
    shipped: Shipped | None = None


class Claim:
    """A function of (rng, *, functions under test) that yields evidence, the row it verifies, and its mutants."""

    def __init__(self, function: Callable[..., Iterator[Evidence]], row: str, slide: str, source: str):
        self.function, self.row, self.slide, self.source = function, row, slide, source
        self.name = f"{function.__module__.removeprefix('verify.')}.{function.__name__}"
        self.statement = inspect.getdoc(function) or ""
        parameters = inspect.signature(function).parameters.values()
        self.needs = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.catalogue: list[Mutant] = []
        if row not in ROWS:
            raise EngineError(f"claim {self.name} names row {row!r}, which the register does not hold")
        if not self.statement or not self.needs:
            raise EngineError(f"claim {self.name} needs a docstring and the functions it checks as keyword defaults")

    def paths(self, need: str) -> list[str]:
        """Where `refimpl` keeps a function under test, such as ``minimax.algorithms.eg_step``; its home first."""
        function = self.needs[need]
        home, name = function.__module__, function.__name__
        offering = [module for module in sys.modules if module.startswith("refimpl.") and module != home]
        found = [home, *(module for module in offering if name in getattr(sys.modules[module], "__all__", ()))]
        return [f"{module}.{name}".removeprefix("refimpl.") for module in found]

    def mutants(self, versions: Mapping[str, Callable | Shipped], *, replaces: str | None = None) -> None:
        """Declare wrong versions of a function under test (`replaces` says which, where there are several)."""
        replaced = replaces or next(iter(self.needs))
        if replaced not in self.needs or (replaces is None and len(self.needs) > 1):
            raise EngineError(f"mutants of {self.name} must replace one of {', '.join(self.needs)}, got {replaces!r}")
        for text, version in versions.items():
            function, origin = (version.function, version) if isinstance(version, Shipped) else (version, None)
            self.catalogue.append(Mutant(text, replaced, function, origin))

    def rng(self, nonce: int) -> np.random.Generator:
        """The stream of this claim in a run: a hash of its name and the nonce."""
        return np.random.default_rng(list(hashlib.sha256(f"{self.name}:{nonce}".encode()).digest()))

    def evidence(self, nonce: int, replacements: Mapping[str, Callable]) -> Iterator[Evidence]:
        """What the claim yields, with some of its functions replaced."""
        with np.errstate(all="ignore"):
            for one in self.function(self.rng(nonce), **replacements):
                if not (isinstance(one, Evidence) and isinstance(one.verdict, Verdict)):
                    raise EngineError(f"claim {self.name} must yield Evidence, got {one!r}")
                yield one


def claim(row: str, *, slide: str, source: str) -> Callable[[Callable[..., Iterator[Evidence]]], Claim]:
    """Declare a claim on a row of the register: the slide it stands on, and the paper it comes from."""
    return lambda function: Claim(function, row, slide, source)


def discover() -> list[Claim]:
    """All claims, in the order of the register's rows; a claim without mutants is an error."""
    import verify

    found = []
    for module in pkgutil.walk_packages(verify.__path__, "verify."):
        if module.name.count(".") == 2:
            values = vars(importlib.import_module(module.name)).values()
            found += [v for v in values if isinstance(v, Claim) and v.function.__module__ == module.name]
    for one in found:
        if not one.catalogue:
            raise EngineError(f"claim {one.name} has no mutant: nothing shows that it can fail")
    rows = list(ROWS)
    return sorted(found, key=lambda one: rows.index(one.row))


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


def check(one: Claim, nonce: int, replacements: Mapping[str, Callable], note: str = "") -> Result:
    """Run a claim; what its functions raise is a FAIL that says so."""
    evidence: list[Evidence] = []
    start = time.perf_counter()
    try:
        evidence.extend(one.evidence(nonce, replacements))
    except EngineError:
        raise
    except (Exception, SystemExit) as error:
        raised = f"{type(error).__name__}: {error}"
        evidence.append(Evidence("raised", "error", Verdict.FAIL, measured=None, expected=None, detail=raised))
    if not evidence:
        raise EngineError(f"claim {one.name} yields no evidence: it cannot fail")
    return result(one, worst(e.verdict for e in evidence), tuple(evidence), time.perf_counter() - start, note)


def result(one: Claim, verdict: Verdict, evidence: tuple[Evidence, ...], seconds: float, note: str) -> Result:
    """A result that names its claim."""
    return Result(one.name, one.row, one.slide, one.statement.splitlines()[0], verdict, evidence, seconds, note)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together."""
    return max(verdicts, key=[Verdict.PASS, Verdict.NOT_PROVIDED, Verdict.INCONCLUSIVE, Verdict.FAIL].index)


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
    except EngineError:
        raise
    except (Exception, SystemExit) as error:
        note = f"BROKEN: {mutant.text} ({type(error).__name__}: {error})"
    if origin := mutant.shipped:
        note += f" [{', '.join(filter(None, origin[1:]))}]"
    return result(one, verdict, tuple(seen), time.perf_counter() - start, note)
