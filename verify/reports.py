"""Results as text, JSON, JUnit XML and HTML."""

import html
import json
import math
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from verify.claims import Claim, Result
from verify.evidence import Evidence, Verdict
from verify.register import Row

COLUMNS = ("statement", "measured", "expected", "interval", "verdict", "seconds")


def text(results: Sequence[Result]) -> str:
    """A table by slide: a line for each claim, and under it one for each piece of evidence."""
    lines = ["{:<58} {:>13} {:>13} {:>27}  {:<12} {:>7}".format(*COLUMNS)]
    for slide, group in groupby(results, key=lambda one: one.slide):
        lines += ["", slide]
        for one in group:
            note = f"  ({one.note})" if one.note else ""
            statement = f"{one.row} {one.statement}{note}"
            lines.append(f"{_cut(statement, 115):<115}  {one.verdict:<12} {one.seconds:7.2f}")
            lines += [_evidence_line(evidence) for evidence in one.evidence]
    return "\n".join([*lines, "", summary(results)])


def _evidence_line(e: Evidence) -> str:
    what = _cut(f"    {e.what}" + (f" ({e.detail})" if e.detail else ""), 58)
    shown = "" if e.verdict is Verdict.PASS else e.verdict
    line = f"{what:<58} {_number(e.measured):>13} {_number(e.expected):>13} {_interval(e.interval):>27}  {shown:<12}"
    return line.rstrip() + (f"\n        {e.detail}" if e.verdict is not Verdict.PASS and e.detail else "")


def summary(results: Sequence[Result]) -> str:
    """How many ended how, the false-alarm probability spent, and the seconds."""
    counts = [f"{n} {verdict}" for verdict in Verdict if (n := sum(one.verdict is verdict for one in results))]
    evidence = [e for one in results for e in one.evidence]
    alpha, seconds = sum(e.alpha for e in evidence), sum(one.seconds for one in results)
    return (
        f"{len(results)} claims: {', '.join(counts) or 'none'}. {len(evidence)} pieces of evidence, "
        f"false-alarm probability {alpha:.2g}, {seconds:.1f} s."
    )


def mutants_text(results: Sequence[Result]) -> str:
    """A line for each mutant, by claim."""
    lines = []
    for name, group in groupby(results, key=lambda one: one.claim):
        lines.append(name)
        lines += [f"    {one.note}" for one in group]
    killed = sum(one.verdict is Verdict.PASS for one in results)
    return "\n".join([
        *lines,
        "",
        f"{killed} of {len(results)} mutants killed, {sum(r.seconds for r in results):.1f} s.",
    ])


def coverage(claims: Sequence[Claim], shown: Sequence[Row]) -> str:
    """Rows of the register, each with its status and the claims on it."""
    lines = []
    for slide, rows in groupby(shown, key=lambda row: row.slide):
        lines += ["", slide]
        for row in rows:
            mine = [one for one in claims if one.row == row.id]
            counted = f"{len(mine)} claims, {sum(len(one.catalogue) for one in mine)} mutants" if mine else ""
            lines.append(f"  {row.id}  {row.status:<12} {counted:<22} {row.statement}")
            lines += [f"       {'why':<12} {row.note}"] if row.note else []
    statuses = [row.status for row in shown]
    totals = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
    claimed = sum(one.row in {row.id for row in shown} for one in claims)
    return "\n".join([*lines[1:], "", f"{len(shown)} rows: {totals}; {claimed} claims."])


def as_json(results: Sequence[Result], nonce: int, complete: bool = True) -> str:
    """Everything that was measured, for other programs."""
    packages = {name: version(name) for name in ("numpy", "scipy", "autograd", "numba")}
    report = {
        "nonce": nonce,
        "complete": complete,
        "python": platform.python_version(),
        "packages": packages,
        "results": [one._asdict() | {"evidence": [e._asdict() for e in one.evidence]} for one in results],
    }
    return json.dumps(_finite(report), indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"


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
            problem.text = "\n".join(_evidence_line(e) for e in one.evidence)
    ElementTree.indent(suite)
    text = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def as_html(results: Sequence[Result]) -> str:
    """A page with the table of `text`."""
    rows = []
    for slide, group in groupby(results, key=lambda one: one.slide):
        rows.append(f'<tr><th colspan="6" scope="rowgroup">{html.escape(slide)}</th></tr>')
        for one in group:
            rows.append(
                _html_row("claim", f"{one.row} {one.statement} {one.note}", "", "", "", one.verdict, one.seconds)
            )
            rows += [
                _html_row(
                    "",
                    f"{e.what} ({e.detail})",
                    _number(e.measured),
                    _number(e.expected),
                    _interval(e.interval),
                    e.verdict,
                )
                for e in one.evidence
            ]
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>The lecture, verified</title><style>'
        "body{font:15px/1.4 system-ui,sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse;width:100%}"
        "td,th{padding:.2em .6em;text-align:left;vertical-align:top}tr.claim{font-weight:600;border-top:1px solid #ccc}"
        "th[colspan]{padding-top:1.4em;font-size:1.1em}td.number{text-align:right;font-variant-numeric:tabular-nums}"
        "td.bad{background:#fbd9d3}</style></head><body>\n<h1>The lecture, verified</h1>"
        f"<p>{html.escape(summary(results))}</p>\n<table><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table></body></html>\n"
    )


def _html_row(
    kind: str, what: str, measured: str, expected: str, interval: str, verdict: str, seconds: Any = ""
) -> str:
    numbers = "".join(f'<td class="number">{html.escape(n)}</td>' for n in (measured, expected, interval))
    bad = "" if verdict == Verdict.PASS else ' class="bad"'
    shown = f"{seconds:.2f}" if seconds != "" else ""
    cells = f"<td>{html.escape(what.strip())}</td>{numbers}<td{bad}>{verdict}</td>"
    return f'<tr class="{kind}">{cells}<td class="number">{shown}</td></tr>'


def _finite(value: Any) -> Any:
    """JSON has no NaN, infinity or complex numbers: they become strings."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value


def _number(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, complex):
        return f"{value:.3g}"
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _interval(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return ""
    low, high = interval
    if high - low < 1e-4 * abs(high):
        return f"± {(high - low) / 2:.1e}"
    return f"[{low:.6g}, {high:.6g}]"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
