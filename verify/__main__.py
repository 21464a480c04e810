"""``python -m verify``: check the lecture's theorems, on this package or on another implementation."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from refimpl.files.writing import write_whole
from verify import reports
from verify.claims import EngineError, Result, discover
from verify.evidence import Verdict
from verify.register import ROWS
from verify.running import rows, run, select


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m verify",
        description="Check the lecture's theorems numerically; exit 1 if anything is not PASS.",
        epilog="examples: M09    minimax.algorithms --workers 2    '*_on_xy' --nonce random    --against mymodule",
    )
    p.add_argument(
        "patterns", nargs="*", metavar="PATTERN", help="rows (M09), chapters, modules, claims or shell patterns"
    )
    shown = p.add_mutually_exclusive_group()
    shown.add_argument("--list", action="store_true", help="show every row of the lecture with its status and claims")
    shown.add_argument(
        "--errata", action="store_true", help="run and show the claims on rows that the lecture misprints"
    )
    shown.add_argument(
        "--mutants", action="store_true", help="check that every wrong version in the catalogue is found out"
    )
    shown.add_argument(
        "--against", metavar="MODULE", help="check MODULE's functions, named as refimpl's, in their place"
    )
    p.add_argument(
        "--nonce", type=_nonce, default=0, metavar="N", help="which random instances: a number or 'random' (0)"
    )
    p.add_argument("--workers", type=_positive, default=1, metavar="N", help="number of processes (1)")
    for kind in ("JSON", "JUnit", "HTML"):
        p.add_argument(f"--{kind.lower()}", type=_writable, metavar="FILE", help=f"write the results as {kind}")
    return p


def _nonce(word: str) -> int:
    return secrets.randbits(32) if word == "random" else _at_least(0, word)


def _positive(word: str) -> int:
    return _at_least(1, word)


def _at_least(minimum: int, word: str) -> int:
    if not word.isdecimal() or len(word) > 20 or int(word) < minimum:
        raise argparse.ArgumentTypeError(f"must be an integer >= {minimum}, got {word!r}")
    return int(word)


def _writable(word: str) -> Path:
    path = Path(word)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"must be a file in a writable directory, got {word!r}")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _command(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LookupError, ImportError) as error:
        print(f"verify: {error.args[0]}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"verify: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except EngineError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1


def _command(options: argparse.Namespace) -> int:
    if options.list:
        print(reports.coverage(discover(), rows(options.patterns)))
        return 0
    return _errata(options) if options.errata else _run(options)


def _run(options: argparse.Namespace) -> int:
    finished: list[Result] = []
    progress = _progress(len(select(options.patterns)), finished)
    keywords = {"nonce": options.nonce, "workers": options.workers, "progress": progress}
    try:
        results = run(options.patterns, against=options.against, mutants=options.mutants, **keywords)
        interrupted = False
    except KeyboardInterrupt:
        results, interrupted = finished, True
    return _report(options, results, interrupted)


def _errata(options: argparse.Namespace) -> int:
    claims = [one for one in select(options.patterns) if ROWS[one.row].status == "corrected"]
    if not claims:
        print("No claim on a row with status 'corrected' is here.")
        return 0
    print(reports.coverage(claims, [row for row in ROWS.values() if row.id in {one.row for one in claims}]) + "\n")
    options.patterns = [one.name for one in claims]
    return _run(options)


def _report(options: argparse.Namespace, results: Sequence[Result], interrupted: bool) -> int:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(reports.mutants_text(results) if options.mutants else reports.text(results))
    print(f"nonce {options.nonce}" + (": interrupted, the results so far" if interrupted else ""))
    if options.json:
        _write(options.json, reports.as_json(results, options.nonce, complete=not interrupted))
    if options.junit:
        _write(options.junit, reports.as_junit(results))
    if options.html:
        _write(options.html, reports.as_html(results))
    if interrupted:
        return 130
    return int(any(one.verdict is not Verdict.PASS for one in results))


def _write(path: Path, report: str) -> None:
    write_whole(path, report.encode(errors="backslashreplace"))


def _progress(claims: int, finished: list[Result]) -> Callable[[Result], None]:
    """Remember each result; on a terminal show a line that is written over."""

    def show(one: Result) -> None:
        finished.append(one)
        if sys.stderr.isatty():
            line = f"[{len({r.claim for r in finished})}/{claims}] {one.claim}"
            print(f"\r\033[K{line[:78]}", end="", file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
