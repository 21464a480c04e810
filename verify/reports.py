"""Results as JSON, JUnit XML and HTML, and the register as a list."""

import html
import json
import math
import platform
import re
import textwrap
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

from verify.claims import Claim
from verify.evidence import Verdict
from verify.face import count, summary
from verify.numbers import apart, comparison, interval, subject
from verify.register import ROWS, Row
from verify.running import Result

COLUMNS = ("statement", "measured", "expected", "interval", "verdict", "seconds")


def coverage(
    claims: Sequence[Claim],
    shown: Sequence[Row],
    figures: Mapping[str, Sequence[str]] = MappingProxyType({}),
    *,
    width: int = 132,
) -> str:
    """Rows of the register by slide, each with its status, formulas, claims and figures.

    `figures` has the names of each row's figures.
    """
    lines = []
    for slide, rows in groupby(shown, key=lambda row: row.slide):
        lines += ["", slide]
        for row in rows:
            mine = [one for one in claims if one.row == row.id]
            lines += _row(row, mine, figures.get(row.id, ()), width)
    statuses = [row.status for row in shown]
    totals = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
    claimed = sum(one.row in {row.id for row in shown} for one in claims)
    return "\n".join([*lines[1:], "", f"{count(len(shown), 'row')}: {totals}; {count(claimed, 'claim')}."])


def _row(row: Row, claims: Sequence[Claim], figures: Sequence[str], width: int) -> list[str]:
    """A row's statement, and below it what belongs to the row, each kind after its name."""
    formulas = dict.fromkeys(
        one.path(need) for one in claims if not one.problem(needs_mutants=False) for need in one.needs
    )
    mutants = sum(len(one.catalogue) for one in claims)
    modules = groupby(claims, key=_module)
    named = "; ".join(f"{module}: {', '.join(one.function.__name__ for one in those)}" for module, those in modules)
    status = f"{row.status}; {count(len(claims), 'claim')}, {count(mutants, 'mutant')}" if claims else row.status
    kinds = {
        "status": status,
        "why": row.note,
        "formulas": ", ".join(formulas),
        "claims": named,
        "figures": ", ".join(figures),
    }
    lines = _wrapped(f"  {row.id}  ", row.statement, width)
    return lines + [line for kind, text in kinds.items() for line in _wrapped(f"       {kind:<10}", text, width)]


def _module(one: Claim) -> str:
    return one.name.rpartition(".")[0]


def _wrapped(start: str, text: str, width: int) -> list[str]:
    """A text on lines of a width, the first after `start`, the others below it."""
    return textwrap.wrap(
        text,
        max(width, 60),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_json(results: Sequence[Result], nonce: int, complete: bool = True) -> str:
    """Everything that was measured, for other programs."""
    packages = {name: version(name) for name in ("numpy", "scipy", "autograd", "numba")}
    report = {
        "nonce": nonce,
        "complete": complete,
        "python": platform.python_version(),
        "packages": packages,
        "results": results,
    }
    return json.dumps(_plain(report), indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def as_junit(results: Sequence[Result]) -> str:
    """JUnit XML: one test case for each claim; INCONCLUSIVE and NOT PROVIDED are skipped."""
    failures = sum(one.verdict is Verdict.FAIL for one in results)
    skipped = sum(one.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_PROVIDED) for one in results)
    suite = ElementTree.Element(
        "testsuite", name="verify", tests=str(len(results)), failures=str(failures), errors="0", skipped=str(skipped)
    )
    for one in results:
        module, _, name = one.claim.rpartition(".")
        case = ElementTree.SubElement(suite, "testcase", classname=module, name=name, time=f"{one.seconds:.3f}")
        if one.verdict is not Verdict.PASS:
            kind = "failure" if one.verdict is Verdict.FAIL else "skipped"
            problem = ElementTree.SubElement(case, kind, message=f"{one.verdict}: {one.statement} {one.note}".strip())
            problem.text = "\n".join(f"{e.verdict} {subject(e)} {comparison(e)}".rstrip() for e in one.evidence)
    ElementTree.indent(suite)
    text = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def as_html(results: Sequence[Result]) -> str:
    """A page with a table: by slide a line for each claim, and under it one for each piece of evidence."""
    rows = []
    for slide, group in groupby(results, key=lambda one: one.slide):
        rows.append(f'<tr><th colspan="6" scope="rowgroup">{html.escape(slide)}</th></tr>')
        for one in group:
            rows.append(
                _html_row("claim", f"{one.row} {one.statement} {one.note}", "", "", "", one.verdict, one.seconds)
            )
            rows += [
                _html_row("", subject(e), *apart(e.measured, e.expected), interval(e.interval), e.verdict)
                for e in one.evidence
            ]
    summed = summary(results, _rows(results), sum(one.seconds for one in results))
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>The lecture, verified</title><style>'
        "body{font:15px/1.4 system-ui,sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse;width:100%}"
        "td,th{padding:.2em .6em;text-align:left;vertical-align:top}tr.claim{font-weight:600;border-top:1px solid #ccc}"
        "th[colspan]{padding-top:1.4em;font-size:1.1em}td.number{text-align:right;font-variant-numeric:tabular-nums}"
        "td.bad{background:#fbd9d3}</style></head><body>\n<h1>The lecture, verified</h1>"
        f"<p>{html.escape(summed)}</p>\n<table><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table></body></html>\n"
    )


def _rows(results: Sequence[Result]) -> list[Row]:
    """The rows of the register that results are about."""
    return [ROWS[id] for id in dict.fromkeys(one.row for one in results) if id in ROWS]


def _html_row(kind: str, what: str, measured: str, expected: str, bounds: str, verdict: str, seconds: Any = "") -> str:
    numbers = "".join(f'<td class="number">{html.escape(n)}</td>' for n in (measured, expected, bounds))
    bad = "" if verdict == Verdict.PASS else ' class="bad"'
    shown = f"{seconds:.2f}" if seconds != "" else ""
    cells = f"<td>{html.escape(what.strip())}</td>{numbers}<td{bad}>{verdict}</td>"
    return f'<tr class="{kind}">{cells}<td class="number">{shown}</td></tr>'


def _plain(value: Any) -> Any:
    """What JSON has: tuples with names as objects, and NaN, infinity and complex numbers as strings."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
