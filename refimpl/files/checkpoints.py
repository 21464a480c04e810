"""Partial results of long computations, kept in files from which they resume."""

import hashlib
import io
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.files.writing import write_whole


def cache_directory() -> Path:
    """Where partial results are kept: ``$REFIMPL_CACHE``, or ``~/.cache/refimpl``."""
    return Path(os.environ.get("REFIMPL_CACHE") or Path.home() / ".cache" / "refimpl")


def key(*settings: Any) -> str:
    """Hash of settings, and of the source text of modules among them."""
    texts = (Path(s.__file__).read_text("utf-8") if hasattr(s, "__file__") else repr(s) for s in settings)
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def save(path: Path, arrays: Sequence[Array]) -> None:
    """Write arrays to a file that is never seen half written."""
    content = io.BytesIO()
    np.savez(content, *arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())


def load(path: Path) -> list[Array]:
    """The arrays of a file that `save` wrote."""
    stored = read(path)
    return [stored[f"arr_{i}"] for i in range(len(stored))]


def read(path: Path) -> dict[str, Array]:
    """The arrays of an npz file by their names, or a ValueError that says how it is damaged.

    It is read as a whole: NumPy leaves a damaged file open.
    """
    content = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise ValueError("not a whole npz file")
    try:
        with np.load(io.BytesIO(content)) as stored:
            return dict(stored)
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError) as error:
        raise ValueError(str(error)) from None


def read_entry(path: Path, name: str, dtype: type, most: int) -> Array:
    """One array of an npz file, or a ValueError that says what is wrong with it.

    Its header is looked at before anything is unpacked: it must be of that kind and of no more than `most` bytes.
    """
    content = io.BytesIO(path.read_bytes())
    if not zipfile.is_zipfile(content):
        raise ValueError("not a whole npz file")
    try:
        with zipfile.ZipFile(content) as members, members.open(f"{name}.npy") as member:
            version = np.lib.format.read_magic(member)
            if version != (1, 0):
                raise ValueError(f"{name} must be an array of format 1.0, got {version}")
            shape, _, found = np.lib.format.read_array_header_1_0(member)
            size = math.prod(shape) * found.itemsize
            if not np.issubdtype(found, dtype) or size > most:
                raise ValueError(f"{name} must be {dtype.__name__} of <= {most} bytes, got {found} of {size}")
        with zipfile.ZipFile(content) as members, members.open(f"{name}.npy") as member:
            return np.lib.format.read_array(member, allow_pickle=False)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def leaves(tree: Any) -> list[Any]:
    """Arrays and numbers in nested tuples, from left to right."""
    return [leaf for branch in tree for leaf in leaves(branch)] if isinstance(tree, tuple) else [tree]


def rebuild(tree: Any, values: list[Any]) -> Any:
    """The nested (named) tuples of `tree` with other leaves, which are taken from the list."""
    if not isinstance(tree, tuple):
        return type(tree)(values.pop(0)) if np.isscalar(tree) else values.pop(0)
    branches = [rebuild(branch, values) for branch in tree]
    return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)
