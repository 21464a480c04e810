"""Reports: the same results as text, JSON, JUnit XML and HTML."""

import json
from xml.etree import ElementTree

from verify import reports
from verify.choosing import discover
from verify.evidence import Evidence, Verdict, equal
from verify.register import ROWS
from verify.running import Result

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
    for word in ("A slide", "Another", "M09", "NOT PROVIDED", "INCONCLUSIVE", "[-1, 1]", "lacks f", "n = 3"):
        assert word in page
    assert "4 claims: 1 PASS, 1 FAIL, 1 INCONCLUSIVE, 1 NOT PROVIDED" in page


def test_coverage_lists_every_row():
    listing = reports.coverage(discover().claims, list(ROWS.values()))
    assert all(f"  {row}  " in listing for row in ROWS)
    assert f"{len(ROWS)} rows" in listing


def test_coverage_names_formulas_claims_and_figures_within_its_width():
    claims = [one for one in discover().claims if one.row in ("M09", "M10")]
    listing = reports.coverage(claims, [ROWS["M09"], ROWS["M08"]], {"M09": ["minimax/algorithms"]}, width=80)
    words = " ".join(listing.split())
    for text in (
        "status as printed; 4 claims, ",
        "formulas minimax.algorithms.",
        "minimax.algorithms.eg_step",
        "claims minimax.algorithms: ",
        "extragradient_contracts_on_xy",
        "figures minimax/algorithms",
        "status stated only why a bound",
        ROWS["M09"].statement,
        "2 rows: 1 as printed, 1 stated only; 4 claims.",
    ):
        assert text in words
    assert max(map(len, listing.splitlines())) <= 80


def test_an_interrupted_run_says_so():
    assert json.loads(reports.as_json(RESULTS, nonce=7, complete=False))["complete"] is False


def test_reports_bear_any_text():
    one = RESULTS[1]._replace(note="\x1b[31m \ud800 \x00")
    ElementTree.fromstring(reports.as_junit([one]).encode(errors="backslashreplace"))
    json.loads(reports.as_json([one], nonce=0).encode(errors="backslashreplace"))
