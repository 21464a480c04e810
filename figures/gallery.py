"""The directory that a run writes: pictures, beside each its record, and an index of all that is there."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from figures.discovery import lecture_order
from figures.page import page
from figures.rendering import FORMATS, Rendering
from refimpl.files.writing import write_whole

RECORD = {"name", "slide", "title", "caption", "alternative text", "formats", "quality"}
"""What a record needs to be shown."""


def prepare(out: Path, names: Iterable[str]) -> None:
    """Make the directories and try to write into them.

    Raises
    ------
    OSError
        Saying which cannot be written into, and why.
    """
    for directory in (out, *sorted({(out / name).parent for name in names})):
        try:
            directory.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=directory).close()
        except (FileExistsError, NotADirectoryError):
            raise NotADirectoryError(f"cannot write into {directory}: a file is in the way") from None
        except OSError as error:
            raise OSError(f"cannot write into {directory}: {error.strerror}") from error


def store(out: Path, rendering: Rendering) -> Rendering:
    """Write the pictures of a figure, then its record; return it with the error that kept it from being written."""
    if rendering.error:
        return rendering
    try:
        for format, picture in rendering.pictures.items():
            write_whole(_file(out, rendering.name, format), picture)
        record = _with_earlier_formats(rendering.record, _file(out, rendering.name, "json"))
        write_whole(_file(out, rendering.name, "json"), _as_json(record))
    except OSError as error:
        return rendering._replace(error=f"{type(error).__name__}: {error}")
    return rendering


def _file(out: Path, name: str, suffix: str) -> Path:
    return out / f"{name}.{suffix}"


def _as_json(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()


def _with_earlier_formats(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """The record, also of the pictures in other formats that an earlier run made from all the same."""
    earlier = _read(path)
    if earlier is None or {**earlier, "formats": []} != {**record, "formats": []}:
        return record
    return {**record, "formats": [f for f in FORMATS if f in earlier["formats"] + record["formats"]]}


def _read(path: Path) -> dict[str, Any] | None:
    """The record of the pictures that are there; None where the file is missing or something else."""
    try:
        record = json.loads(path.read_bytes())
        name = path.parent.name + "/" + path.stem
        formats = [f for f in record["formats"] if f in FORMATS and path.with_suffix(f".{f}").exists()]
        return {**record, "formats": formats} if record.keys() >= RECORD and record["name"] == name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_index(out: Path) -> None:
    """Write ``index.html``, a page that shows every figure with a record in the directory."""
    records = [record for path in out.glob("*/*.json") if (record := _read(path)) is not None]
    records.sort(key=lambda record: lecture_order(record["name"]))
    write_whole(out / "index.html", page(records).encode())
