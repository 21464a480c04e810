"""``python -m verify`` as a user runs it."""

import json
import subprocess
import sys

import pytest


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "verify", *map(str, arguments)], capture_output=True, text=True, cwd=cwd
    )


def test_help_helps():
    done = run("--help")
    assert done.returncode == 0
    for option in (
        "--list",
        "--errata",
        "--against",
        "--mutants",
        "--nonce",
        "--workers",
        "--json",
        "--junit",
        "--html",
    ):
        assert option in done.stdout


def test_list_shows_all_rows():
    done = run("--list")
    assert done.returncode == 0
    assert "94 rows" in done.stdout


def test_listing_imports_nothing_heavy():
    heavy = "{'scipy.stats', 'scipy.optimize', 'numba', 'matplotlib', 'mpmath'}"
    code = f"from verify.claims import discover; import sys; discover(); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_run_writes_reports(tmp_path):
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "junit", "html")}
    done = run("M10", *(word for kind, path in files.items() for word in (f"--{kind}", path)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 claims: 1 PASS" in done.stdout
    assert json.loads(files["json"].read_text())["results"][0]["row"] == "M10"
    assert files["junit"].read_text().startswith("<?xml")
    assert files["html"].read_text().startswith("<!DOCTYPE html>")


def test_mutants_are_killed():
    done = run("M10", "--mutants", "--nonce", "random")
    assert done.returncode == 0
    assert "mutants killed" in done.stdout


def test_errata():
    assert run("--errata").returncode == 0


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
    ],
)
def test_mistakes_get_one_clear_message(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_against_a_users_module(tmp_path):
    (tmp_path / "mine.py").write_text(
        "class minimax:\n"
        "    class algorithms:\n"
        "        def eg_step(V, z, alpha):\n"
        "            return z - alpha * V(z - alpha * V(z))\n"
        "        def gda_step(V, z, alpha):\n"
        "            raise RuntimeError('not today')\n"
    )
    done = run("M09", "--against", "mine", cwd=tmp_path)
    assert done.returncode == 1
    assert "RuntimeError: not today" in done.stdout
    assert "NOT PROVIDED" in done.stdout
    assert "1 PASS" in done.stdout
    assert "Traceback" not in done.stderr
