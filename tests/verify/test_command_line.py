"""``python -m verify`` as a user runs it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from verify.__main__ import main
from verify.register import ROWS


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "verify", *map(str, arguments)], capture_output=True, text=True)


def test_help_helps():
    done = run("--help")
    assert done.returncode == 0
    for option in (
        "--verbose",
        "--list",
        "--errata",
        "--against",
        "--mutants",
        "--thorough",
        "--nonce",
        "--workers",
        "--json",
        "--junit",
        "--html",
    ):
        assert option in done.stdout


def test_list_shows_all_rows(capsys):
    assert main(["--list"]) == 0
    assert f"{len(ROWS)} rows" in capsys.readouterr().out


def test_listing_imports_nothing_heavy():
    heavy = "{'scipy.stats', 'scipy.optimize', 'numba', 'matplotlib', 'mpmath'}"
    code = f"from verify.choosing import discover; import sys; discover(); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_run_writes_reports(tmp_path):
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "junit", "html")}
    done = run("M10", *(word for kind, path in files.items() for word in (f"--{kind}", path)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 claim: 1 PASS" in done.stdout
    assert json.loads(files["json"].read_text())["results"][0]["row"] == "M10"
    assert files["junit"].read_text().startswith("<?xml")
    assert files["html"].read_text().startswith("<!DOCTYPE html>")


def test_mutants_are_killed(capsys):
    assert main(["M10", "--mutants", "--nonce", "random", "--workers", "1"]) == 0
    assert "mutants killed" in capsys.readouterr().out


def test_a_thorough_run_fails_without_fine_power(chapter, capsys):
    chapter(made_up=COARSE)
    command = ["--mutants", "minimax.made_up", "--workers", "1"]
    assert main(command) == 0
    assert "1 claim without a mutant within 2 % or a word why" in capsys.readouterr().out
    assert main([*command, "--thorough", "-v"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "FAIL minimax.made_up.doubled_made_up: " in out
    assert "no mutant within 2 %: minimax.made_up.doubled_made_up (nearest: 3)" in out


COARSE = '''
import numpy as np
from refimpl.minimax.algorithms import gda_step
from verify.claims import claim
from verify.evidence import equal

@claim("M09", slide="", source="")
def doubled_made_up(rng, *, gda_step=gda_step):
    """It halves."""
    yield equal("GDA", gda_step(lambda z: z, np.ones(1), 0.5), [0.5])

doubled_made_up.mutants({"doubles": lambda V, z, alpha: 2 * z})
'''


def test_errata_run_the_claims_on_corrected_rows(monkeypatch, capsys):
    rows = {row.id: row._replace(status="corrected" if row.id == "M10" else "as printed") for row in ROWS.values()}
    monkeypatch.setattr("verify.__main__.ROWS", rows)
    monkeypatch.setattr("verify.choosing.ROWS", rows)
    assert main(["--errata", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "1 row: 1 corrected; 1 claim." in out
    assert "1 claim: 1 PASS" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["minimx"], "close: minimax"),
        (["--workers", "0"], "must be an integer >= 1, got '0'"),
        (["--nonce", "-1"], "nonce"),
        (["--nonce", "x"], "must be an integer >= 0, got 'x'"),
        (["--json", "no/such/folder/report.json"], "must be a file in a writable directory"),
        (["--against", "no_such_module"], "'no_such_module' does not import"),
        (["--frobnicate"], "unrecognized"),
        (["--list", "--mutants"], "not allowed with"),
        (["--thorough"], "--thorough goes with --mutants"),
    ],
)
def test_mistakes_get_one_clear_message(arguments, message, capsys):
    assert status(arguments) == 2
    assert message in capsys.readouterr().err


def status(arguments):
    """The exit status of the command, also where reading its options ends it."""
    try:
        return main(arguments)
    except SystemExit as end:
        return end.code


def test_against_a_users_module(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(
        "class minimax:\n"
        "    class algorithms:\n"
        "        def eg_step(V, z, alpha):\n"
        "            return z - alpha * V(z - alpha * V(z))\n"
        "        def gda_step(V, z, alpha):\n"
        "            raise RuntimeError('not today')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["M09", "--against", "mine", "--workers", "1"]) == 1
    out = capsys.readouterr().out
    assert "RuntimeError: not today" in out
    assert "NOT PROVIDED" in out
    assert "1 PASS" in out


def test_a_full_list_and_a_run_go_on_past_what_is_broken(chapter, capsys):
    chapter(broken_module="1 / 0\n")
    assert main(["--list"]) == 1
    out = capsys.readouterr().out
    assert f"{len(ROWS)} rows" in out
    assert "broken_module.py:1: does not import: ZeroDivisionError" in out
    assert main(["minimax.broken_module", "M10", "--workers", "1"]) == 1
    out = capsys.readouterr().out
    assert "✗ FAIL minimax.broken_module: " in out
    assert "✓ M10" in out
    assert main(["M10", "--workers", "1"]) == 0


def test_a_renamed_pattern_is_answered_with_a_note(monkeypatch, capsys):
    monkeypatch.setattr("verify.former_names.MODULES", {"minimax.old_steps": "minimax.algorithms_optimistic"})
    assert main(["minimax.old_steps", "--list"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "verify: minimax.old_steps is now minimax.algorithms_optimistic\n"
    assert "M10" in shown.out


def test_evidence_is_shown_with_verbose_only(capsys):
    assert main(["M10", "--workers", "1"]) == 0
    short = capsys.readouterr().out
    assert "expected" not in short
    assert ROWS["M10"].statement in short
    assert main(["-v", "M10", "--workers", "1"]) == 0
    assert "expected" in capsys.readouterr().out


def test_an_error_of_the_budget_comes_after_the_results(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("verify.running.BUDGET", -1.0)
    assert main(["M10", "--workers", "1", "--json", str(tmp_path / "report.json")]) == 1
    out = capsys.readouterr().out
    assert "✓ M10" in out
    assert "the error budget is overdrawn" in out
    assert (tmp_path / "report.json").exists()


SLOW = """
import functools, sys, time
import verify.minimax.algorithms_optimistic as claims
from verify.__main__ import main

one = claims.optimistic_and_reflected_steps_part_on_nonlinear_fields
before = one.function
@functools.wraps(before)
def sleeps(*args, **keywords):
    yield from before(*args, **keywords)
    print("asleep", flush=True)
    time.sleep(60)
one.function = sleeps
if __name__ == "__main__":
    sys.exit(main(["M09", "M10", "--workers", "1", "--json", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_with_what_is_finished(tmp_path, number):
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    report = tmp_path / "report.json"
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen([sys.executable, script, report], stdout=subprocess.PIPE, text=True, env=environment)
    assert any("asleep" in line for line in process.stdout)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "interrupted, the results so far" in out
    written = json.loads(report.read_text())
    assert not written["complete"]
    assert {one["row"] for one in written["results"]} == {"M09"}


def test_reports_are_written_though_nobody_reads(tmp_path):
    report = tmp_path / "report.json"
    process = subprocess.Popen([sys.executable, "-m", "verify", "M10", "--json", report], stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert report.exists()
