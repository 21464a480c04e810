"""Files that are written whole or not at all, whatever interrupts."""

import os
from pathlib import Path
from typing import Any

from refimpl.arguments.domains import Domain, Sizes


def _check_path(name: str, value: Any, sizes: Sizes) -> Path:
    if not isinstance(value, str | Path):
        raise TypeError(f"{name} must be a path, got {value!r}")
    return Path(value)


path_domain = Domain("path", _check_path)


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file as a whole: into a part beside it, which then takes its place.

    What is not a regular file, such as ``/dev/stdout`` or a pipe, is written to directly; a link keeps pointing.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    part = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
