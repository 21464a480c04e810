"""The arrows between the rooms and between the chapters, read from the imports themselves; domains are declared."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import refimpl
from refimpl import CHAPTERS
from refimpl.arguments.domains import domain, positive

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    "refimpl": {"matplotlib", "verify", "figures"},
    "verify": {"matplotlib", "figures"},
    "figures": {"verify"},
}
FILES = sorted(path.relative_to(ROOT) for room in FORBIDDEN for path in (ROOT / room).rglob("*.py"))


def imported(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """Dotted names that a module's text imports, wherever in it; `from a import b` may mean a.b."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def rank(name: str) -> int:
    """Place of a module of refimpl: 0 on the ground floor, then by chapter."""
    _, chapter, *_ = [*name.split("."), ""]
    return CHAPTERS.index(chapter) + 1 if chapter in CHAPTERS else 0


def against_the_arrows(source: str, module: str, is_package: bool = False) -> list[str]:
    """Imports that a module must not make."""
    room = module.partition(".")[0]
    names = list(imported(source, module, is_package))
    wrong = [name for name in names if name.partition(".")[0] in FORBIDDEN[room]]
    if room == "refimpl":
        wrong += [name for name in names if name.startswith("refimpl.") and rank(name) > rank(module)]
    return wrong


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_follow_the_arrows(path: Path) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert not against_the_arrows(source, module_name(path), path.name == "__init__.py")


def test_both_floors_of_refimpl_are_read() -> None:
    names = {module_name(path) for path in FILES}
    assert {"refimpl", "refimpl.arguments.domains", "refimpl.minimax", "refimpl.minimax.games"} <= names


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("refimpl.arguments.arrays", "import matplotlib.pyplot as plt"),
        ("refimpl.arguments.arrays", "from refimpl.minimax.games import Game"),
        ("refimpl.arguments.arrays", "from refimpl import minimax"),
        ("refimpl.arguments.arrays", "def late():\n    import refimpl.control"),
        ("refimpl.minimax.games", "import verify"),
        ("refimpl.minimax.games", "from figures.style import draw"),
        ("refimpl.minimax.games", "import refimpl.sampling.langevin"),
        ("refimpl.minimax.games", "from ..sampling import langevin"),
        ("refimpl.minimax.games", "from .. import sampling"),
        ("refimpl.robustness.lipschitz", "from refimpl.control import robust"),
        ("verify.claims", "from matplotlib.figure import Figure"),
        ("verify.claims", "import figures.minimax"),
        ("figures.minimax.dirac_gan", "from verify import run"),
    ],
)
def test_a_wrong_import_is_seen(module: str, source: str) -> None:
    assert against_the_arrows(source, module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("refimpl.minimax.games", "from refimpl.arguments.arrays import Array\nfrom refimpl import domains"),
        ("refimpl.minimax.mixed_nash", "from refimpl.minimax import games\nfrom .algorithms import eg_step"),
        ("refimpl.diffusion.sampler", "from refimpl.sampling.targets import Target"),
        ("verify.minimax.algorithms", "from refimpl.control import robust\nfrom verify.evidence import equal"),
        ("figures.minimax.dirac_gan", "from matplotlib.figure import Figure\nimport refimpl.minimax.dirac_gan"),
    ],
)
def test_a_right_import_passes(module: str, source: str) -> None:
    assert not against_the_arrows(source, module)


def test_a_package_resolves_its_own_relative_imports() -> None:
    assert list(imported("from . import games", "refimpl.minimax", is_package=True)) == ["refimpl.minimax.games"]


def undeclared(module: ModuleType) -> list[str]:
    """Parameters without a domain, of the public functions that a module defines."""
    return [
        f"{name}({parameter})"
        for name, function in vars(module).items()
        if not name.startswith("_") and is_own_function(function, module)
        for parameter in inspect.signature(function).parameters
        if parameter not in getattr(function, "domains", {})
    ]


def is_own_function(value: Any, module: ModuleType) -> bool:
    return inspect.isfunction(inspect.unwrap(value)) and value.__module__ == module.__name__


def chapter_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(refimpl.__path__, "refimpl.")]
    return [name for name in names if rank(name) and "._" not in name]


@pytest.mark.parametrize("name", chapter_modules())
def test_public_functions_declare_every_domain(name: str) -> None:
    assert not undeclared(importlib.import_module(name))


def test_a_missing_domain_is_seen() -> None:
    module = ModuleType("refimpl.minimax.example")

    @domain(x=positive)
    def half(x: float, y: float) -> float:
        return x / 2

    def bare(x: float) -> float:
        return x

    for function in (half, bare):
        function.__module__ = module.__name__
        setattr(module, function.__name__, function)
    module._hidden = bare  # type: ignore[attr-defined]
    module.positive = positive  # type: ignore[attr-defined]
    assert undeclared(module) == ["half(y)", "bare(x)"]
