"""Making many figures: which, on how many processes, into which directory."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from figures import gallery
from figures.discovery import select
from figures.rendering import FORMATS, QUALITIES, Rendering, render
from refimpl.arguments.domains import domain, integer, one_of
from refimpl.parallel import as_they_come


@domain(quality=one_of(*QUALITIES), workers=integer(1))
def run(
    patterns: Sequence[str] = (),
    out: str | os.PathLike[str] = "gallery",
    formats: Sequence[str] = ("png",),
    quality: str = "draft",
    workers: int = 1,
    progress: Callable[[Rendering], None] = lambda rendering: None,
) -> list[Rendering]:
    """Make figures, and write them with their records and an ``index.html`` into a directory.

    The pictures depend on nothing but the figure, the format and the quality.

    Parameters
    ----------
    patterns : sequence of str
        Names of figures, parts of names or shell patterns (see `figures.names`); all figures when empty.
    out : path
        The directory, made when missing; what it holds of other figures stays in its index.
    formats : sequence of {"png", "svg", "pdf"}
        Formats of each picture.
    quality : {"draft", "full"}
        "full" may take longer.
    workers : int
        Number of processes, ≥ 1. More than one start anew: a script that asks for them needs the usual
        ``if __name__ == "__main__":``.
    progress : callable
        Called with each `Rendering` when its files are written.

    Returns
    -------
    list of Rendering
        One for each figure, in the order of `figures.names`; a figure that failed says why in its `error`.

    Raises
    ------
    LookupError
        A pattern matches no figure.
    OSError
        The directory cannot be written into; nothing was computed.
    TypeError, ValueError
        Another argument is not as above.
    """
    chosen = select([patterns] if isinstance(patterns, str) else patterns)
    formats = [one_of(*FORMATS).check("formats", f, {}) for f in ([formats] if isinstance(formats, str) else formats)]
    if not formats:
        raise ValueError(f"formats must name at least one of {', '.join(FORMATS)}, got none")
    directory = Path(out)
    gallery.prepare(directory, chosen)
    finished = {}
    job = partial(render, formats=tuple(dict.fromkeys(formats)), quality=quality)
    try:
        with closing(as_they_come(job, chosen, workers)) as renderings:
            for i, made in renderings:
                finished[chosen[i]] = gallery.store(directory, _rendering(chosen[i], made))
                progress(finished[chosen[i]])
    finally:
        gallery.write_index(directory)
    return [finished[name] for name in chosen]


def _rendering(name: str, made: Rendering | BaseException) -> Rendering:
    """What a process made, or that it died."""
    if isinstance(made, Rendering):
        return made
    return Rendering(name, {}, {}, 0.0, f"{type(made).__name__}: {made}")
