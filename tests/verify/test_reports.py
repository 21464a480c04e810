"""Reports: the same results as text, JSON, JUnit XML and HTML."""

import json
from xml.etree import ElementTree

from verify import reports
from verify.claims import Result, discover
from verify.evidence import Evidence, Verdict, equal
from verify.register import ROWS

RESULTS = [
    Result("minimax.a.good", "M09", "A slide", "It holds <always>.", Verdict.PASS, (equal("x", 1.0, 1.0),), 0.1),
    Result("minimax.a.bad", "M10", "A slide", "It fails.", Verdict.FAIL, (equal("y", float("nan"), 1 + 2j),), 0.2),
    Result("minimax.b.lacking", "M11", "Another", "Is missing.", Verdict.NOT_PROVIDED, (), 0.0, "lacks f"),
    Result(
        "minimax.b.vague",
        "M12",
        "Another",
        "Is vague.",
        Verdict.INCONCLUSIVE,
        (Evidence("z", "mean", Verdict.INCONCLUSIVE, 0.1, 0.0, (-1.0, 1.0), 1e-12, "n = 3"),),
        0.0,
    ),
]


def test_text_shows_everything():
    text = reports.text(RESULTS)
    for word in ("A slide", "Another", "M09", "FAIL", "NOT PROVIDED", "INCONCLUSIVE", "[-1, 1]", "lacks f", "n = 3"):
        assert word in text
    assert "4 claims: 1 PASS, 1 FAIL, 1 INCONCLUSIVE, 1 NOT PROVIDED" in text


def test_json_round_trips():
    report = json.loads(reports.as_json(RESULTS, nonce=7))
    assert report["nonce"] == 7
    assert [r["verdict"] for r in report["results"]] == ["PASS", "FAIL", "NOT PROVIDED", "INCONCLUSIVE"]
    assert report["results"][3]["evidence"][0]["alpha"] == 1e-12
    assert report["results"][1]["evidence"][0]["measured"] == "nan"


def test_junit_counts():
    suite = ElementTree.fromstring(reports.as_junit(RESULTS))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "2")
    assert len(suite.findall("testcase/failure")) == 1


def test_html_escapes():
    page = reports.as_html(RESULTS)
    assert "&lt;always&gt;" in page
    assert page.count('class="claim"') == 4


def test_coverage_lists_every_row():
    listing = reports.coverage(discover(), list(ROWS.values()))
    assert "M09" in listing
    assert "94 rows" in listing


def test_an_interrupted_run_says_so():
    assert json.loads(reports.as_json(RESULTS, nonce=7, complete=False))["complete"] is False


def test_reports_bear_any_text():
    one = RESULTS[1]._replace(note="\x1b[31m \ud800 \x00")
    ElementTree.fromstring(reports.as_junit([one]).encode(errors="backslashreplace"))
    json.loads(reports.as_json([one], nonce=0).encode(errors="backslashreplace"))
