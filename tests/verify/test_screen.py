"""What a run shows while it runs."""

import io
import sys
import time

from verify.evidence import Verdict
from verify.face import Face
from verify.register import ROWS
from verify.running import Job, Result
from verify.screen import Screen, sizes

JOBS = [Job(f"minimax.a.{name}", row, 0) for name, row in [("one", "M01"), ("two", "M01"), ("three", "M02")]]
BROKEN = Result("minimax.c", "", "", "", Verdict.FAIL, (), 0.0, "verify/minimax/c.py:3: does not import")


def done(job):
    return Result(job.claim, job.row, "", "", Verdict.PASS, (), 0.0)


def screen(**keywords):
    return Screen(JOBS, Face(80), **{"mutants": False, "whole": False, "workers": 1} | keywords)


def test_rows_come_out_in_order(capsys):
    with screen() as shown:
        shown.add(done(JOBS[2]))
        shown.add(done(JOBS[0]))
        assert "M0" not in capsys.readouterr().out
        shown.add(done(JOBS[1]))
        out = capsys.readouterr().out
    assert out.index("M01") < out.index("M02")
    assert shown.in_order(shown.finished) == [done(job) for job in JOBS]


def test_the_status_says_how_much_is_done_and_what_runs(capsys):
    with screen(workers=2) as shown:
        shown.add(done(JOBS[0]))
        assert shown.status().startswith("1 of 3 claims, 0 s: minimax.a.two, minimax.a.three")


def test_off_a_terminal_a_line_comes_by_the_clock(capsys):
    with screen(period=0.01):
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 1
    assert lines[0] == "verify: 0 of 3 claims, 0 s: minimax.a.one"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_a_line_is_written_over(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with screen() as shown:
        shown.add(done(JOBS[0]))
    text = sys.stderr.getvalue()
    assert "\r\033[K1 of 3 claims" in text
    assert text.endswith("\r\033[K")
    assert "\n" not in text


def test_a_terminal_that_is_gone_stops_nothing(monkeypatch, capsys):
    class Gone(Terminal):
        def write(self, text):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Gone())
    with screen() as shown:
        shown.add(done(JOBS[0]))


def test_what_is_finished_of_an_interrupted_run_is_shown(capsys):
    with screen() as shown:
        shown.add(done(JOBS[1]))
    shown.rest()
    assert "1 of 2" in capsys.readouterr().out


def test_a_whole_run_shows_every_row_and_broken_modules_first():
    counted = sizes([BROKEN, *JOBS, Job("minimax.z.lost", "M99", 0)], mutants=False, whole=True)
    assert list(counted) == ["minimax.c", *ROWS, "minimax.z.lost"]
    assert (counted["M01"], counted["M08"]) == (2, 0)
    assert list(sizes(JOBS, mutants=False, whole=False)) == ["M01", "M02"]
    assert len(sizes(JOBS, mutants=True, whole=True)) == 3
