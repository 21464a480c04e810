"""Rooms rhyme: every module stands in the folder of the module of `refimpl` that it is about, and bears its name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from refimpl import CHAPTERS
from refimpl.data.contents import modules

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(path.parent.name for path in (ROOT / "refimpl").glob("*/__init__.py"))
ROOMS = {"verify": {"book"}, "figures": set(), "tests": {"benchmarks", "crosscheck", "figures", "verify"}}
"""Rooms, with the folders that are not about one module of `refimpl`."""


def stems(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py") if path.name != "__init__.py"}


def strangers(folder: Path) -> Iterator[str]:
    """Modules of a folder that neither bear the name of one of refimpl's, nor begin with an underscore."""
    known = stems(ROOT / "refimpl" / folder.name)
    for path in folder.rglob("*.py"):
        name = path.stem.removeprefix("test_")
        about = any(name == one or name.startswith(one + "_") for one in known)
        if not ((about and path.parent == folder) or name.startswith("_") or name == "conftest"):
            yield f"{path.relative_to(folder.parents[0])}: no module of refimpl/{folder.name} is called so"


def folders() -> list[Path]:
    """The folders of rooms that follow the rule; figures have tests of their own in the same order."""
    rooms = [(ROOT / room, outside) for room, outside in ROOMS.items()] + [(ROOT / "tests" / "figures", set())]
    inner = [path for room, outside in rooms for path in room.iterdir() if path.is_dir() and path.name not in outside]
    return sorted(path for path in inner if path.name != "__pycache__")


@pytest.mark.parametrize("folder", folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_bear_the_names_of_what_they_are_about(folder: Path) -> None:
    assert folder.name in PACKAGES
    assert not list(strangers(folder))


def test_a_misnamed_module_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "sampling"
    folder.mkdir()
    for name in ("langevin.py", "langevin_traces.py", "_laws.py", "test_metrics.py", "lange.py", "langevins.py"):
        (folder / name).touch()
    assert sorted(one.partition(":")[0] for one in strangers(folder)) == ["sampling/lange.py", "sampling/langevins.py"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_module_bears_the_name_of_a_function_of_its_chapter(chapter: str) -> None:
    folder = ROOT / "refimpl" / chapter
    defined = {
        node.name
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert not stems(folder) & defined


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_lists_its_modules_in_its_docstring(package: str) -> None:
    public = {name for name in stems(ROOT / "refimpl" / package) if not name.startswith("_")}
    assert sorted(modules(package)) == sorted(public)


def test_refimpl_lists_its_packages() -> None:
    text = (ROOT / "refimpl" / "__init__.py").read_text("utf-8")
    assert all(f"- `{package}`: " in text for package in PACKAGES)
    assert [text.index(f"- `{chapter}`: ") for chapter in CHAPTERS] == sorted(
        text.index(f"- `{chapter}`: ") for chapter in CHAPTERS
    )
