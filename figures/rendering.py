"""One figure, computed and drawn in memory: the bytes of its pictures and the record that describes them."""

import hashlib
import importlib
import io
import math
import platform
import time
import traceback
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from figures.discovery import load, title
from refimpl.parallel import Workers

FORMATS = ("png", "svg", "pdf")
QUALITIES = ("draft", "full")
STYLE = Path(__file__).with_name("refimpl.mplstyle")

_UNDATED: dict[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Rendering(NamedTuple):
    """A figure's pictures (bytes by format), what they were made from, the seconds it took, and what went wrong.

    Without an error, `error` is empty; with one, `trace` is its traceback and there are no pictures.
    """

    name: str
    record: dict[str, Any]
    pictures: dict[str, bytes]
    seconds: float
    error: str = ""
    trace: str = ""


def render(name: str, formats: Sequence[str], quality: str, workers: Workers | None = None) -> Rendering:
    """Compute and draw a figure; whatever its module raises is reported, not raised.

    `workers` are for the sweeps of a figure that has any.
    """
    start = time.perf_counter()
    try:
        figure = load(name)
        arguments = {} if workers is None else {"workers": workers}
        data = figure.data(quality, np.random.default_rng(seed(name)), **arguments)
        pictures = {format: picture(figure, data, format) for format in formats}
        record = _record(name, figure, data, formats, quality)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return Rendering(name, {}, {}, time.perf_counter() - start, text, traceback.format_exc())
    return Rendering(name, record, pictures, time.perf_counter() - start)


def seed(name: str) -> int:
    """Seed of a figure: 32 bits of the hash of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])


def picture(figure: types.ModuleType, data: Any, format: str) -> bytes:
    """A figure drawn in the house style, in one format; drawn anew for each, for saving may move its layout."""
    import matplotlib.style

    buffer = io.BytesIO()
    with matplotlib.style.context(STYLE, after_reset=True):
        metadata = {"Title": title(figure.__doc__), **_UNDATED[format]}
        figure.draw(data).savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


def _record(name: str, figure: types.ModuleType, data: Any, formats: Sequence[str], quality: str) -> dict[str, Any]:
    """All that stands beside a picture, as plain values."""
    return {
        "name": name,
        "slide": figure.SLIDE,
        "title": title(figure.__doc__),
        "caption": figure.CAPTION,
        "alternative text": figure.ALT,
        "formats": list(formats),
        "quality": quality,
        "seed": seed(name),
        "parameters": summary(data._asdict()),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Versions of all that a picture depends on."""
    packages = ("numpy", "scipy", "matplotlib", "refimpl")
    return {"python": platform.python_version()} | {p: importlib.import_module(p).__version__ for p in packages}


def summary(value: Any) -> Any:
    """A value as JSON can hold it: numbers and text as they are, an array of numbers as its shape and range."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): summary(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [summary(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, np.ndarray):
        plain = isinstance(value, int | str | None) or (isinstance(value, float) and math.isfinite(value))
        return value if plain else str(value)
    finite = value[np.isfinite(value)] if value.dtype.kind in "iuf" else value[:0]
    limits = {"min": finite.min().item(), "max": finite.max().item()} if finite.size else {}
    return {"shape": list(value.shape), "dtype": str(value.dtype), **limits}
