"""Which figures there are: every module of every chapter's directory, read without importing them."""

import ast
import difflib
import importlib
import importlib.util
import pkgutil
import types
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import figures
from refimpl.data import contents


class Description(NamedTuple):
    """What a list of figures shows of one; `rows` are the statements that it draws."""

    name: str
    slide: str
    title: str
    rows: tuple[str, ...]


def names() -> list[str]:
    """Names of all figures, such as ``minimax/dirac_gan``, by chapter in the lecture's order."""
    return sorted((name for path in figures.__path__ for name in _names(Path(path))), key=lecture_order)


def _names(directory: Path) -> list[str]:
    chapters = [chapter.name for chapter in pkgutil.iter_modules([str(directory)]) if chapter.ispkg]
    return [f"{c}/{module.name}" for c in chapters for module in pkgutil.iter_modules([str(directory / c)])]


def lecture_order(name: str) -> tuple[int, int, str]:
    """Sorting key of a figure's name: the place in the lecture of the module that it is named after."""
    return contents.lecture_order(name.replace("/", "."))


def select(patterns: Sequence[str]) -> list[str]:
    """Names of the figures that any pattern matches; all of them without patterns.

    A pattern is a name, a part of one, or a shell pattern of a name, a chapter or a module; a dot stands for a slash.

    Raises
    ------
    LookupError
        A pattern matches none; close matches are offered.
    """
    every = names()
    chosen = set(every if not patterns else ())
    for given in patterns:
        pattern = given.replace(".", "/")
        found = [name for name in every if name == pattern] or [name for name in every if _matches(name, pattern)]
        if not found:
            raise LookupError(f"no figure matches {given!r}" + _hint(pattern, every))
        chosen.update(found)
    return [name for name in every if name in chosen]


def _matches(name: str, pattern: str) -> bool:
    return pattern in name or any(fnmatchcase(word, pattern) for word in (name, *name.split("/")))


def _hint(pattern: str, every: Sequence[str]) -> str:
    words = {word for name in every for word in (name, *name.split("/"))}
    close = difflib.get_close_matches(pattern, words, n=3)
    return f"; close: {', '.join(close)}" if close else " (--list shows all)"


def load(name: str) -> types.ModuleType:
    """The module of a figure."""
    return importlib.import_module(_module(name))


def _module(name: str) -> str:
    return "figures." + name.replace("/", ".")


def sweeps(name: str) -> bool:
    """Whether a figure's data take `workers`, for jobs of their own; from the text of its module."""
    functions = [node for node in _tree(name).body if isinstance(node, ast.FunctionDef) and node.name == "data"]
    return any(a.arg == "workers" for one in functions for a in (*one.args.args, *one.args.kwonlyargs))


def _tree(name: str) -> ast.Module:
    spec = importlib.util.find_spec(_module(name))
    return ast.parse(Path(spec.origin).read_bytes())  # type: ignore[union-attr, arg-type]


def describe(name: str) -> Description:
    """Slide, title and rows of a figure, from the text of its module: importing many would take seconds."""
    tree = _tree(name)
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    if missing := {"SLIDE", "ROWS"} - assigned.keys():
        slide, rows = f"({_module(name)}, line 1: {' and '.join(sorted(missing))} missing)", ()
    else:
        slide, rows = ast.literal_eval(assigned["SLIDE"]), ast.literal_eval(assigned["ROWS"])
    return Description(name, slide, title(ast.get_docstring(tree)), rows)


def title(docstring: str | None) -> str:
    """First line of a module's docstring, without its full stop."""
    return (docstring or "").partition("\n")[0].rstrip(".")
