"""Choosing claims: which there are, and which of them and of the register's rows a pattern means."""

import difflib
import importlib.util
import pkgutil
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import verify
from refimpl.data import contents
from verify import former_names
from verify.claims import Claim, shown_path
from verify.register import ROWS, Row, chapter


class Broken(NamedTuple):
    """A module of claims that does not import: why, after the place, and its text."""

    name: str
    problem: str
    text: str


class Found(NamedTuple):
    """All claims, in the order of the register's rows, and the modules that do not import."""

    claims: list[Claim]
    broken: list[Broken]


def discover() -> Found:
    """Import every module of claims; one that breaks stops no other one."""
    rooms = [one.name for one in pkgutil.iter_modules(verify.__path__) if one.ispkg]
    packages = [name for name in rooms if importlib.util.find_spec(f"refimpl.{name}")]
    modules = [module for name in packages for module in _modules(f"verify.{name}")]
    claims = [
        value
        for module in modules
        if isinstance(module, ModuleType)
        for value in vars(module).values()
        if isinstance(value, Claim) and value.function.__module__ == module.__name__
    ]
    order = {row: i for i, row in enumerate(ROWS)}
    claims.sort(key=lambda one: (order.get(one.row, len(order)), contents.lecture_order(one.name)[:2]))
    return Found(claims, [module for module in modules if isinstance(module, Broken)])


def _modules(package: str) -> Iterator[ModuleType | Broken]:
    """The modules of a chapter, or what keeps each from being imported."""
    whole = _module(package)
    if isinstance(whole, Broken):
        yield whole
        return
    for name in sorted(one.name for one in pkgutil.iter_modules(whole.__path__, f"{package}.")):
        yield _module(name)


def _module(name: str) -> ModuleType | Broken:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        spec = importlib.util.find_spec(name)
        file = (spec and spec.origin) or ""
        text = Path(file).read_bytes().decode(errors="replace") if file else ""
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return Broken(name.removeprefix("verify."), f"{_place(error, file)}: does not import: {what}", text)


def _place(error: BaseException, file: str) -> str:
    """Where an import broke: the line of a module's own file if it came as far as that, as file:line."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown_path(error.filename)}:{error.lineno}"
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [frame for frame in frames if frame[0] == file] or [(file, 1)]
    return f"{shown_path(own[-1][0])}:{own[-1][1]}"


class Chosen(NamedTuple):
    """What patterns mean: rows, claims, modules that do not import, and the patterns that have a new name."""

    rows: list[Row]
    claims: list[Claim]
    broken: list[Broken]
    renamed: Mapping[str, str]


class _Words(NamedTuple):
    """What a row or a claim is called by, and the texts in which a pattern may stand."""

    names: frozenset[str]
    texts: tuple[str, ...]


def choose(patterns: Sequence[str], *, to_run: bool = False) -> Chosen:
    """Rows, claims and broken modules that any pattern means; all of them without patterns.

    A pattern is looked for without regard to case: as the name of a row, chapter, module, claim or function that a
    claim checks, and, where it names none, as a part or a shell pattern of these and of the statements, slides and
    sources. A row comes with its claims, and a claim with its row. A module that does not import is meant by whatever
    stands in its text.

    Raises
    ------
    LookupError
        A pattern means nothing (close names are offered), or nothing that can be run, where that is the purpose.
    """
    found = discover()
    if not patterns:
        return Chosen(list(ROWS.values()), *found, {})
    words: list[tuple[Row | Claim, _Words]] = [(row, _row_words(row)) for row in ROWS.values()]
    words += [(one, _claim_words(one)) for one in found.claims]
    renamed = {pattern: new for pattern in patterns if (new := _new_name(pattern, found.claims, words)) != pattern}
    rows, claims, broken = set(), set(), set()
    for pattern in patterns:
        meant = _meant(renamed.get(pattern, pattern), words)
        named = [one.name for one in found.broken if _bears((one.name, one.text), _folded(pattern))]
        if not meant and not named:
            raise LookupError(f"nothing matches {pattern!r}{_close(pattern, found.claims)}")
        if to_run and not named and all(isinstance(one, Row) for one in meant):
            idle = ", ".join(f"{one.id} ({one.status})" for one in meant if isinstance(one, Row))
            raise LookupError(f"no claim matches {pattern!r}, only rows that none checks: {idle}")
        rows |= {one.id if isinstance(one, Row) else one.row for one in meant}
        claims |= {one.name for one in meant if isinstance(one, Claim)}
        broken |= set(named)
    return Chosen(
        [row for row in ROWS.values() if row.id in rows],
        [one for one in found.claims if one.name in claims],
        [one for one in found.broken if one.name in broken],
        renamed,
    )


def _meant(pattern: str, words: Iterable[tuple[Row | Claim, _Words]]) -> list[Row | Claim]:
    """What bears a pattern as its name; where nothing does, what bears it anywhere."""
    sought = _folded(pattern)
    exact = [one for one, its in words if sought in its.names]
    return exact or [one for one, its in words if _bears((*its.names, *its.texts), sought)]


def _bears(texts: Iterable[str], sought: str) -> bool:
    return sought != "" and any(sought in text or fnmatchcase(text, sought) for text in map(_folded, texts))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _row_words(row: Row) -> _Words:
    return _Words(frozenset(map(_folded, (row.id, chapter(row.id)))), (row.slide, row.statement))


def _claim_words(one: Claim) -> _Words:
    row = ROWS.get(one.row)
    paths = [one.path(need) for need, function in one.needs.items() if hasattr(function, "__name__")]
    names = [one.row, *_parts(one.name), *paths, *(path.rpartition(".")[2] for path in paths)]
    texts = (one.slide, one.source, one.statement, *((row.slide, row.statement) if row else ()))
    return _Words(frozenset(map(_folded, names)), texts)


def _parts(name: str) -> list[str]:
    """All that a claim is called by: its name, with and without its module, and its module and chapter."""
    module, _, function = name.rpartition(".")
    chapter, _, stem = module.rpartition(".")
    return [part for part in (name, function, module, stem, chapter) if part]


def _new_name(pattern: str, claims: Sequence[Claim], words: Iterable[tuple[Row | Claim, _Words]]) -> str:
    """What a pattern is called today that names a moved module, a renamed claim, or a claim of a moved module."""
    sought = _folded(pattern)
    if any(sought in its.names for _, its in words):
        return pattern
    moved = {_folded(old): new for old, new in former_names.MODULES.items()}
    moved |= {old.rpartition(".")[2]: new for old, new in moved.items()}
    moved |= former_names.DIVIDED
    renamed = {_folded(old): one for one in claims for old in one.formerly}
    module, _, function = sought.rpartition(".")
    if sought in moved or function in former_names.DIVIDED:
        return moved[sought if sought in moved else function]
    if function in renamed:
        return renamed[function].name
    today = [one.name for one in claims if _folded(one.function.__name__) == function]
    return today[0] if module in moved and today else pattern


def _close(pattern: str, claims: Collection[Claim]) -> str:
    """Names like a pattern, in words for an error message."""
    names = {word for row in ROWS for word in (row, chapter(row))}
    names |= {part for one in claims for part in _parts(one.name)}
    names |= {
        one.path(need).rpartition(".")[2]
        for one in claims
        if not one.problem(needs_mutants=False)
        for need in one.needs
    }
    folded = {_folded(name): name for name in sorted(names)}
    close = difflib.get_close_matches(_folded(pattern), folded, n=3)
    return f"; close: {', '.join(folded[name] for name in close)}" if close else ""
