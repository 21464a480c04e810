"""The command's face: a line a statement in the register's order, and whatever is not PASS in full."""

import io
import re

import pytest

from verify.evidence import Evidence, Verdict, equal
from verify.face import Face, InOrder, face_of, group_of, heading, mutant_lines, mutants_summary, row_lines, summary
from verify.register import ROWS
from verify.running import Job, Result

GOOD = Result("minimax.a.good", "M09", "A slide", "It holds.", Verdict.PASS, (equal("x", 1.0, 1.0),) * 3, 0.1)
BAD = GOOD._replace(
    claim="minimax.a.bad", verdict=Verdict.FAIL, evidence=(equal("x", 1.0, 1.0), equal("y" * 90, 1.0, 1.0 + 1e-13))
)
LACKING = GOOD._replace(claim="minimax.b.lacking", verdict=Verdict.NOT_PROVIDED, evidence=(), note="lacks f")
BROKEN = Result("minimax.c", "", "", "", Verdict.FAIL, (), 0.0, "verify/minimax/c.py:3: does not import: NameError: x")
KILLED = GOOD._replace(note="killed: doubles")
SURVIVOR = GOOD._replace(verdict=Verdict.FAIL, note=f"SURVIVED: {'long ' * 60}text")


def plain(text):
    """A text without line breaks and what indents it."""
    return " ".join(text.split())


def test_a_row_that_passes_is_one_line():
    line = row_lines("M09", [GOOD, GOOD], 2, Face(100))
    assert re.fullmatch(r"✓ M09  On xy.*… +2 +6 +0\.20", line)
    assert len(line) == len(heading(Face(100), mutants=False)) == 100


def test_what_is_not_pass_stands_below_its_row_uncut():
    text = row_lines("M09", [GOOD, BAD, LACKING], 3, Face(80))
    assert text.startswith("✗ M09  On xy")
    for words in (
        ROWS["M09"].statement.split()[-1],
        "FAIL minimax.a.bad: It holds.",
        f"FAIL {'y' * 90}",
        "expected 1.0000000000001",
        "where none is allowed",
        "(1 other comparison PASS)",
        "NOT PROVIDED minimax.b.lacking: lacks f",
    ):
        assert words in plain(text)
    assert "minimax.a.good" not in text
    assert max(map(len, text.splitlines())) <= 8 + len(f"FAIL {'y' * 90} (1 value)")


def test_verbose_shows_all_evidence():
    text = row_lines("M09", [GOOD], 1, Face(100, verbose=True))
    assert "PASS minimax.a.good: It holds." in text
    assert text.count("1, expected 1") == 3


def test_a_note_on_a_pass_is_shown():
    assert "PASS minimax.a.good: with refimpl's g" in row_lines(
        "M09", [GOOD._replace(note="with refimpl's g")], 1, Face()
    )


def test_a_row_that_is_only_partly_finished_says_so():
    assert " 1 of 3 " in row_lines("M09", [GOOD], 3, Face())


def test_a_row_without_claims_is_neutral():
    line = row_lines("M08", [], 0, Face())
    assert line.startswith("· M08  Min-max points are NP-hard")
    assert line.endswith(": stated only")


def test_a_broken_module_is_one_line():
    assert row_lines("minimax.c", [BROKEN], 1, Face()) == f"✗ FAIL minimax.c: {BROKEN.note}"


def test_mutants_are_a_line_a_claim_and_survivors_in_full():
    assert re.fullmatch(r"✓ minimax.a.good +2 of 2 +0\.20", mutant_lines("minimax.a.good", [KILLED] * 2, 2, Face()))
    text = mutant_lines("minimax.a.good", [KILLED, SURVIVOR], 2, Face(60))
    assert "1 of 2" in text
    assert f"FAIL minimax.a.good: {SURVIVOR.note}" in plain(text)
    assert "doubles" not in text
    assert "doubles" in mutant_lines("minimax.a.good", [KILLED], 1, Face(verbose=True))
    assert mutants_summary([KILLED, SURVIVOR], 2, 3.0) == "1 of 2 mutants killed, 3.0 s."


def test_the_count_is_by_status():
    rows = [ROWS[id] for id in ("M09", "M07", "M08", "C06")] + [ROWS["M10"]._replace(status="measured")]
    assert summary([GOOD, BAD], rows, 1.0) == (
        "5 statements: 1 as printed, 1 corrected, 1 measured, 1 stated only, 1 open. 2 claims: 1 PASS, 1 FAIL. "
        "5 comparisons, false-alarm probability 0, 1.0 s."
    )


def test_a_group_waits_for_those_before_it_only():
    shown = []
    lines = InOrder({"a": 1, "none": 0, "b": 2, "c": 1}, lambda group, results: shown.append((group, len(results))))
    lines.add("b", GOOD)
    lines.add("c", GOOD)
    assert shown == []
    lines.add("a", GOOD)
    assert shown == [("a", 1), ("none", 0)]
    lines.rest()
    assert shown[2:] == [("b", 1), ("c", 1)]


def test_rows_without_claims_at_the_start_do_not_wait():
    shown = []
    InOrder({"none": 0, "a": 1}, lambda group, results: shown.append(group))
    assert shown == ["none"]


def test_groups_are_rows_and_for_mutants_claims():
    job = Job("minimax.a.good", "M09", 0)
    assert (group_of(job, False), group_of(job, True)) == ("M09", "minimax.a.good")
    assert group_of(BROKEN, False) == "minimax.c"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "no_color", "colour"),
    [(Terminal(), "", True), (Terminal(), "1", False), (io.StringIO(), "", False)],
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, stream, no_color, colour):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("COLUMNS", "77")
    face = face_of(stream)
    assert (face.colour, face.width) == (colour, 77)
    assert ("\033[" in row_lines("M09", [BAD], 1, face)) is colour


def test_colour_takes_no_room():
    coloured, bare = (row_lines("M09", [GOOD, BAD], 2, Face(90, colour)) for colour in (True, False))
    assert re.sub(r"\033\[\d*m", "", coloured) == bare


def test_evidence_without_numbers_shows_its_detail():
    raised = Evidence("raised", "error", Verdict.FAIL, None, None, detail="ValueError: bad")
    assert "FAIL raised (ValueError: bad)" in row_lines("M09", [BAD._replace(evidence=(raised,))], 1, Face())
