"""``python -m figures``: make the lecture's pictures, and a page that shows them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from figures.discovery import describe, select
from figures.rendering import FORMATS, QUALITIES, Rendering
from figures.running import run


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
    p.add_argument("--workers", type=_positive, default=1, metavar="N", help="number of processes (1)")
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
        progress = _progress(len(chosen), finished)
        run(chosen, options.out, options.format, options.quality, options.workers, progress)
    except KeyboardInterrupt:
        _show(f"figures: interrupted, {len(finished)} of {len(chosen)} finished in {options.out}\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LookupError, OSError) as error:
        _show(f"figures: {error}\n")
        return 2
    failed = [rendering.name for rendering in finished if rendering.error]
    print(f"{len(finished) - len(failed)} of {len(finished)} made: {Path(options.out, 'index.html')}")
    return int(bool(failed))


def listing(chosen: Sequence[str]) -> str:
    """A line for each figure: its name, slide and title."""
    described = [describe(name) for name in chosen]
    names, slides = (max(len(getattr(one, word)) for one in described) for word in ("name", "slide"))
    return "\n".join(f"{one.name:{names}}  {one.slide:{slides}}  {one.title}" for one in described)


def _progress(total: int, finished: list[Rendering]) -> Callable[[Rendering], None]:
    """Remember each figure; draw a bar on a terminal, else write a line; a failed one always has its line."""
    terminal = sys.stderr.isatty()

    def show(rendering: Rendering) -> None:
        finished.append(rendering)
        result = f"FAILED: {rendering.error}" if rendering.error else f"{rendering.seconds:.1f} s"
        line = f"{rendering.name}  {result}\n" if rendering.error or not terminal else ""
        _show(line + (_bar(len(finished), total) if terminal else ""))

    _show(_bar(0, total) if terminal else "")
    return show


def _bar(done: int, total: int) -> str:
    filled = 40 * done // total
    return f"[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}" + ("\n" if done == total else "")


def _show(text: str) -> None:
    """Write on stderr, on a terminal in place of the bar."""
    sys.stderr.write("\r\033[K" + text if sys.stderr.isatty() else text)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
