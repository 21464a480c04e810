"""Claims: theorems as programs, and the mutants that they must tell from the truth."""

import hashlib
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from verify.evidence import Evidence, Verdict
from verify.register import ROWS


class EngineError(Exception):
    """A claim that cannot do its work, or an error budget that is overdrawn."""


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
    """A function of (rng, *, functions under test) that yields evidence, the row it verifies, and its mutants.

    An unfinished claim can be declared, so that it stops no other one; `problem` says what it lacks. `coarse` says why
    none of its mutants that are near the truth can be seen.
    """

    def __init__(
        self,
        function: Callable[..., Iterator[Evidence]],
        row: str,
        slide: str,
        source: str,
        formerly: tuple[str, ...] = (),
        coarse: str = "",
    ):
        self.function, self.row, self.slide, self.source, self.formerly = function, row, slide, source, formerly
        self.coarse = coarse
        self.name = f"{function.__module__.removeprefix('verify.')}.{function.__name__}"
        self.statement = inspect.getdoc(function) or ""
        parameters = inspect.signature(function).parameters.values()
        self.needs = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.catalogue: list[Mutant] = []
        self.misplaced: list[str] = []

    @property
    def place(self) -> str:
        """Where the claim stands, as file:line."""
        code = inspect.unwrap(self.function).__code__
        return f"{shown_path(code.co_filename)}:{code.co_firstlineno}"

    def problem(self, *, needs_mutants: bool = True) -> str:
        """What is unfinished about the claim, after its place; empty for a finished one."""
        unnamed = [need for need, function in self.needs.items() if not hasattr(function, "__name__")]
        problems = [
            f"names row {self.row!r}, which the register does not hold" if self.row not in ROWS else "",
            "" if self.statement else "needs a docstring that states it",
            "" if self.needs else "needs the functions that it checks as keyword defaults",
            f"needs a function as the default of {', '.join(unnamed)}" if unnamed else "",
            *self.misplaced,
            self._unshown() if needs_mutants else "",
        ]
        found = "; ".join(filter(None, problems))
        return f"{self.place}: claim {self.name} {found}" if found else ""

    def _unshown(self) -> str:
        """Which functions have no mutant; empty where each has."""
        lacking = [need for need in self.needs if need not in {one.replaces for one in self.catalogue}]
        of = f" of {', '.join(lacking)}" if self.catalogue else ""
        return f"has no mutant{of}: nothing shows that it can fail" if lacking or not self.catalogue else ""

    def path(self, need: str) -> str:
        """Where `refimpl` keeps a function under test, such as ``minimax.algorithms.eg_step``."""
        function = self.needs[need]
        return f"{function.__module__}.{function.__name__}".removeprefix("refimpl.")

    def mutants(self, versions: Mapping[str, Callable | Shipped], *, replaces: str | None = None) -> None:
        """Declare wrong versions of a function under test (`replaces` says which, where there are several)."""
        replaced = replaces or next(iter(self.needs), "")
        if replaced not in self.needs or (replaces is None and len(self.needs) > 1):
            self.misplaced.append(f"has mutants that must replace one of {', '.join(self.needs)}, got {replaces!r}")
            return
        for text, version in versions.items():
            function, origin = (version.function, version) if isinstance(version, Shipped) else (version, None)
            self.catalogue.append(Mutant(text, replaced, function, origin))

    def rng(self, nonce: int) -> np.random.Generator:
        """The stream of this claim in a run: a hash of its first name and the nonce, whatever module it stands in."""
        name = [*self.formerly, self.function.__name__][0]
        return np.random.default_rng(list(hashlib.sha256(f"{name}:{nonce}".encode()).digest()))

    def evidence(self, nonce: int, replacements: Mapping[str, Callable]) -> Iterator[Evidence]:
        """What the claim yields, with some of its functions replaced."""
        with np.errstate(all="ignore"):
            for one in self.function(self.rng(nonce), **replacements) or ():
                if not (isinstance(one, Evidence) and isinstance(one.verdict, Verdict)):
                    raise EngineError(f"{self.place}: claim {self.name} must yield Evidence, got {one!r}")
                yield one


def claim(
    row: str, *, slide: str, source: str, formerly: tuple[str, ...] = (), coarse: str = ""
) -> Callable[[Callable[..., Iterator[Evidence]]], Claim]:
    """Declare a claim on a row of the register: the slide it stands on, and the paper it comes from.

    A renamed function says what it was called `formerly`, its first name first: it keeps its random instances, and is
    found under its former names. `coarse` says in a sentence why no mutant within 2 % of the truth can be seen.
    """
    return lambda function: Claim(function, row, slide, source, formerly, coarse)


def shown_path(path: str) -> str:
    """A file's path as one would type it here: relative where the file is under the current directory."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
