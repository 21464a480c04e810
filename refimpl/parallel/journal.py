"""Files of partial results to which each result is appended, so that whatever interrupts, those before it are there."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from refimpl.arguments.arrays import Array

_HEAD = b"partial results of "
_FRAME = struct.Struct("<QI")


def open_journal(path: Path, mark: str) -> dict[int, Array]:
    """What a file holds by number of item; without a file it is made. An end that was half written is cut off.

    Parameters
    ----------
    path : path
        The file; directories to it are made.
    mark : str
        What tells these items from others, in one line.

    Raises
    ------
    ValueError
        The file is damaged, something else, or belongs to other items.
    """
    head = _HEAD + mark.encode() + b"\n"
    content = path.read_bytes() if path.exists() else b""
    if head.startswith(content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(head)
        return {}
    if not content.startswith(head):
        told = "those of others in" if content.startswith(_HEAD) else "something else in"
        raise ValueError(f"path must hold partial results of these items, got {told} {path}")
    found, end = {}, len(head)
    for end, i, result in _records(path, content, len(head)):  # noqa: B007
        found[i] = result
    if end < len(content):
        with path.open("r+b") as file:
            file.truncate(end)
    return found


def append(path: Path, i: int, result: Array) -> None:
    """Add the result of item i."""
    content = io.BytesIO()
    np.save(content, np.array(i), allow_pickle=False)
    np.save(content, result, allow_pickle=False)
    record = content.getvalue()
    with path.open("ab") as file:
        file.write(_FRAME.pack(len(record), zlib.crc32(record)) + record)


def _records(path: Path, content: bytes, start: int) -> Iterator[tuple[int, int, Array]]:
    """Where each whole record ends, its item and its result."""
    while len(content) - start >= _FRAME.size:
        length, check = _FRAME.unpack_from(content, start)
        start += _FRAME.size
        record = content[start : start + length]
        if len(record) < length:
            return
        if zlib.crc32(record) != check:
            raise ValueError(f"path must hold partial results, got a damaged file {path}")
        start += length
        parts = io.BytesIO(record)
        yield start, int(np.load(parts, allow_pickle=False)), np.load(parts, allow_pickle=False)
