"""``python -m figures``: make the lecture's pictures, and a page that shows them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from figures.discovery import describe, select
from figures.display import Display, written
from figures.rendering import FORMATS, QUALITIES, Rendering
from figures.running import run
from refimpl.parallel.processes import ended_by_signals
from refimpl.parallel.threads import cores


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m figures",
        usage="%(prog)s [PATTERN ...] [--out DIR] [--format {png,svg,pdf} ...] [--quality {draft,full}]"
        " [--workers N] [--list]",
        description="Make the lecture's pictures, and an index.html that shows them; exit 1 if one fails.",
        epilog="examples: python -m figures minimax    python -m figures 'dirac*' --format svg pdf --quality full",
    )
    p.add_argument(
        "patterns", nargs="*", metavar="PATTERN", help="names, parts of names or shell patterns (all figures)"
    )
    p.add_argument("--list", action="store_true", help="show the names, slides and titles, and make nothing")
    p.add_argument("--out", metavar="DIR", default="gallery", help="directory to write into (gallery)")
    p.add_argument(
        "--format", nargs="+", choices=FORMATS, default=["png"], help="one or several, after the patterns (png)"
    )
    p.add_argument("--quality", choices=QUALITIES, default="draft", help="full may take longer (draft)")
    p.add_argument(
        "--workers", type=_positive, default=cores(), metavar="N", help="number of processes (as many as cores)"
    )
    return p


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {word!r}")
    return int(word)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = parser().parse_args(arguments)
    chosen: list[str] = []
    finished: list[Rendering] = []
    try:
        chosen = select(options.patterns)
        if options.list:
            print(listing(chosen), flush=True)
            return 0
        with ended_by_signals(), Display(len(chosen), finished) as display:
            run(chosen, options.out, options.format, options.quality, options.workers, display.show)
    except KeyboardInterrupt:
        written(f"figures: interrupted, {len(finished)} of {len(chosen)} finished in {options.out}\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LookupError, OSError) as error:
        written(f"figures: {error}\n")
        return 2
    failed = [rendering.name for rendering in finished if rendering.error]
    print(f"{len(finished) - len(failed)} of {len(finished)} made: {Path(options.out, 'index.html')}")
    return int(bool(failed))


def listing(chosen: Sequence[str]) -> str:
    """A line for each figure: its name, slide and title."""
    described = [describe(name) for name in chosen]
    names, slides = (max(len(getattr(one, word)) for one in described) for word in ("name", "slide"))
    return "\n".join(f"{one.name:{names}}  {one.slide:{slides}}  {one.title}" for one in described)


if __name__ == "__main__":
    sys.exit(main())
