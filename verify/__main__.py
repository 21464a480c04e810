"""``python -m verify``: check the lecture's theorems, on this package or on another implementation."""

import argparse
import errno
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from refimpl.data import contents
from refimpl.files.writing import write_whole
from refimpl.parallel.processes import ended_by_signals
from verify import reports
from verify.choosing import Chosen, choose, discover
from verify.claims import EngineError
from verify.evidence import Verdict
from verify.face import face_of, mutants_summary, summary
from verify.register import ROWS
from verify.running import Result, plan, run
from verify.screen import Screen


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m verify",
        description="Check the lecture's theorems numerically; exit 1 if anything is not PASS.",
        epilog="examples: M09    minimax.algorithms --workers 2    '*_on_xy' --nonce random    --against mymodule",
    )
    p.add_argument(
        "patterns",
        nargs="*",
        metavar="PATTERN",
        help="in any case: a row (M09), chapter, module, claim or function (ogda_step); else a part or shell pattern "
        "of these, of statements, slides or sources ('Lemma 2.5')",
    )
    shown = p.add_mutually_exclusive_group()
    shown.add_argument(
        "--list",
        action="store_true",
        help="show every row of the lecture with its status, formulas, claims and figures",
    )
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
    p.add_argument(
        "--workers", type=_positive, default=_cores(), metavar="N", help="number of processes (one for each core)"
    )
    p.add_argument(
        "--thorough",
        action="store_true",
        help="with --mutants: run each to its end, and insist that every claim sees one within 2 %% of the truth",
    )
    p.add_argument("-v", "--verbose", action="store_true", help="show all the evidence, also where it is PASS")
    for kind in ("JSON", "JUnit", "HTML"):
        p.add_argument(f"--{kind.lower()}", type=_writable, metavar="FILE", help=f"write the results as {kind}")
    return p


def _cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def _figures() -> dict[str, tuple[str, ...]]:
    """The figures of each row, as the shipped table of contents has them."""
    return {id: row.figures for id, row in contents.load().rows.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = parser().parse_args(arguments)
    if options.thorough and not options.mutants:
        parser().error("--thorough goes with --mutants")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with ended_by_signals():
            return _command(options)
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LookupError, ImportError) as error:
        print(f"verify: {error.args[0]}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"verify: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


def _interrupted(error: KeyboardInterrupt) -> int:
    """The exit status that says which signal ended the run."""
    return 128 + int(error.args[0] if error.args else signal.SIGINT)


def _command(options: argparse.Namespace) -> int:
    chosen = choose(options.patterns)
    for old, new in chosen.renamed.items():
        print(f"verify: {old} is now {new}", file=sys.stderr)
    if options.list:
        return _list(chosen)
    return _errata(options, chosen) if options.errata else _run(options)


def _list(chosen: Chosen) -> int:
    print(reports.coverage(chosen.claims, chosen.rows, _figures(), width=face_of(sys.stdout).width))
    problems = [one.problem for one in discover().broken]
    problems += [problem for one in chosen.claims if (problem := one.problem())]
    print("".join(f"\n{problem}" for problem in problems), end="\n" if problems else "")
    return int(bool(problems))


def _errata(options: argparse.Namespace, chosen: Chosen) -> int:
    claims = [one for one in chosen.claims if one.row in ROWS and ROWS[one.row].status == "corrected"]
    options.patterns = [*(one.name for one in claims), *(one.name for one in chosen.broken)]
    if not options.patterns:
        print("No claim on a row with status 'corrected' is here.")
        return 0
    corrected = [row for row in chosen.rows if row.status == "corrected"]
    print(reports.coverage(claims, corrected, _figures(), width=face_of(sys.stdout).width) + "\n")
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    keywords = {"against": options.against, "nonce": options.nonce}
    keywords |= {"mutants": options.mutants, "thorough": options.thorough}
    planned = plan(options.patterns, **keywords)
    screen = Screen(
        planned,
        face_of(sys.stdout, options.verbose),
        mutants=options.mutants,
        whole=not options.patterns,
        workers=options.workers,
    )
    status, ended = 0, f"nonce {options.nonce}"
    try:
        with screen:
            run(options.patterns, workers=options.workers, progress=screen.add, **keywords)
    except KeyboardInterrupt as error:
        status, ended = _interrupted(error), f"{ended}: interrupted, the results so far"
    except EngineError as error:
        status, ended = 1, f"{ended}: {error}"
    except OSError as error:
        if not _unheard(error):
            raise
        status = 1
    results = screen.in_order(screen.finished)
    try:
        _write_reports(options, results, complete=len(results) == len(planned))
    finally:
        unheard = _last_words(screen, [_summary(options, results, screen), ended])
    return status or unheard or int(any(one.verdict is not Verdict.PASS for one in results))


def _last_words(screen: Screen, words: Sequence[str]) -> int:
    """Show what is left of a run; 1 where nobody reads it."""
    try:
        screen.rest()
        print("", *words, sep="\n", flush=True)
    except OSError as error:
        if not _unheard(error):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _unheard(error: OSError) -> bool:
    """Whether nobody reads the output any more: a closed pipe, or a terminal that is gone."""
    return error.errno in (errno.EPIPE, errno.EIO)


def _summary(options: argparse.Namespace, results: Sequence[Result], screen: Screen) -> str:
    if options.mutants:
        return mutants_summary(results, screen.jobs.total(), screen.seconds(), verbose=options.verbose)
    done, claimed = {one.row for one in results}, {one.row for one in screen.planned}
    shown = [row for row in ROWS.values() if row.id in done or not (options.patterns or row.id in claimed)]
    return summary(results, shown, screen.seconds())


def _write_reports(options: argparse.Namespace, results: Sequence[Result], complete: bool) -> None:
    if options.json:
        _write(options.json, reports.as_json(results, options.nonce, complete))
    if options.junit:
        _write(options.junit, reports.as_junit(results))
    if options.html:
        _write(options.html, reports.as_html(results))


def _write(path: Path, report: str) -> None:
    write_whole(path, report.encode(errors="backslashreplace"))


if __name__ == "__main__":
    sys.exit(main())
