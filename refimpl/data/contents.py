"""The table of contents: slides, statements, formulas, claims and figures, and how each leads to the others.

It is generated (``python tests/contents.py --write``) from the register, the claims and the figures, which do not know
one another, and shipped as ``contents.json`` for all of them to read.
"""

import functools
import importlib
import importlib.resources
import importlib.util
import json
import re
from typing import NamedTuple

from refimpl import CHAPTERS


class Slide(NamedTuple):
    """A slide's title, and the rows whose statements are on it."""

    title: str
    rows: tuple[str, ...]


class Statement(NamedTuple):
    """A row of the register: its slide, sentence and status; paths of its formulas, names of its claims and figures."""

    slide: str
    statement: str
    status: str
    formulas: tuple[str, ...]
    claims: tuple[str, ...]
    figures: tuple[str, ...]


class Contents(NamedTuple):
    """Slides in the lecture's order, and the register's rows by their ids."""

    slides: tuple[Slide, ...]
    rows: dict[str, Statement]


@functools.cache
def load() -> Contents:
    """The table of contents that ships with the package."""
    stored = json.loads(importlib.resources.files(__package__).joinpath("contents.json").read_text("utf-8"))
    slides = (Slide(one["title"], tuple(one["rows"])) for one in stored["slides"])
    rows = {
        id: Statement(row["slide"], row["statement"], row["status"], *map(tuple, (row[word] for word in _LISTS)))
        for id, row in stored["rows"].items()
    }
    return Contents(tuple(slides), rows)


_LISTS = ("formulas", "claims", "figures")


@functools.cache
def modules(package: str) -> tuple[str, ...]:
    """Modules of a chapter or a foundation in the lecture's order, as the docstring of the package lists them.

    None of a package that `refimpl` does not have.

    Examples
    --------
    >>> modules("calculus")
    ('differentiation', 'projections', 'mixtures')
    """
    known = importlib.util.find_spec(f"refimpl.{package}") is not None
    listed = importlib.import_module(f"refimpl.{package}").__doc__ or "" if known else ""
    return tuple(re.findall(r"^- `(\w+)`: ", listed, re.MULTILINE))


def lecture_order(path: str) -> tuple[int, int, str]:
    """Sorting key of a dotted path such as ``sampling.langevin.lmc_step``: the places of its chapter and module.

    A module of another room stands where the module of `refimpl` stands whose name it begins with.
    """
    package, _, rest = path.partition(".")
    module = rest.partition(".")[0]
    known = modules(package)
    best = max((m for m in known if module == m or module.startswith(m + "_")), key=len, default=None)
    chapter = CHAPTERS.index(package) if package in CHAPTERS else len(CHAPTERS)
    return chapter, known.index(best) if best else len(known), path
