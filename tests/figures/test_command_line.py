"""``python -m figures`` as its users meet it: another process, its output and its exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import figures

DRIVER = """
import sys
import figures
figures.__path__.append({added!r})
from figures.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(figures.__file__).parents[1])}


def command(*arguments, start=("-m", "figures"), **environment):
    words = [sys.executable, *start, *map(str, arguments)]
    environment = ENVIRONMENT | environment
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def driver(made_up, tmp_path):
    """Script that runs the command with the made-up chapter, in its worker processes too."""
    path = tmp_path / "driver.py"
    path.write_text(DRIVER.format(added=str(made_up)))
    return (str(path),)


def test_help():
    done = command("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("PATTERN", "--out", "--format", "--quality", "--list", "--workers"))


def test_list_shows_names_slides_and_titles():
    done = command("--list", "dirac*")
    assert done.returncode == 0
    assert done.stdout.split("\n") == [
        "minimax/dirac_gan  Difficulties of GAN training  Two ways to train the Dirac-GAN, and neither arrives",
        "",
    ]


def test_listing_imports_neither_matplotlib_nor_a_figure():
    code = """if True:
        import sys
        from figures.__main__ import listing
        from figures.discovery import names
        assert listing(names())
        print([m for m in sys.modules if m.split(".")[0] in ("matplotlib", "numba", "autograd")])
        print([name for name in names() if "figures." + name.replace("/", ".") in sys.modules])"""
    assert command(start=("-c", code)).stdout == "[]\n[]\n"


def test_one_figure_end_to_end_and_the_same_bytes_again(tmp_path):
    first = command("minimax/dirac_gan", "--out", tmp_path / "a", "--format", "png", "svg", "pdf", PYTHONHASHSEED="1")
    assert first.returncode == 0
    assert first.stdout == f"1 of 1 made: {tmp_path / 'a' / 'index.html'}\n"
    assert first.stderr.startswith("[1/1] minimax/dirac_gan  ")
    assert first.stderr.count("\n") == 1
    command("dirac", "--out", tmp_path / "b", "--format", "svg", "pdf", "png", PYTHONHASHSEED="2")
    for name in ("dirac_gan.png", "dirac_gan.svg", "dirac_gan.pdf"):
        assert (tmp_path / "a/minimax" / name).read_bytes() == (tmp_path / "b/minimax" / name).read_bytes()
    assert json.loads((tmp_path / "a/minimax/dirac_gan.json").read_text())["name"] == "minimax/dirac_gan"
    assert "minimax/dirac_gan.svg" in (tmp_path / "a/index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dirac_gna"], "figures: no figure matches 'dirac_gna'; close: dirac_gan, minimax/dirac_gan\n"),
        (["--workers", "0"], "must be an integer >= 1, got '0'"),
        (["--workers", "two"], "must be an integer >= 1, got 'two'"),
        (["--format", "jpg"], "invalid choice: 'jpg'"),
        (["--quality", "best"], "invalid choice: 'best'"),
    ],
)
def test_what_is_not_understood_is_refused(arguments, message, tmp_path):
    done = command(*arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").touch()
    done = command("--out", tmp_path / "file")
    assert done.returncode == 2
    assert done.stderr == f"figures: cannot write into {tmp_path / 'file'}: a file is in the way\n"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_figure_that_fails_is_named_and_the_others_are_made(workers, driver, tmp_path):
    out = tmp_path / "out"
    done = command("good", "raising", "--out", out, "--workers", workers, start=driver)
    assert done.returncode == 1
    assert "made_up/raising  FAILED: ValueError: x must be > 0, got -1\n" in done.stderr
    assert done.stdout == f"1 of 2 made: {out / 'index.html'}\n"
    assert (out / "made_up/good.png").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_what_was_finished(workers, driver, tmp_path):
    out = tmp_path / "out"
    arguments = ["good", "slow", "--out", out, "--workers", workers]
    words = [sys.executable, *driver, *map(str, arguments)]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **streams, env=ENVIRONMENT, start_new_session=True) as process:
        first = process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
        status = process.wait(timeout=60)
    assert first.startswith("[1/2] made_up/good  ")
    assert rest == f"figures: interrupted, 1 of 2 finished in {out}\n"
    assert status == 130
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == ["good.json", "good.png", "index.html"]
    assert "made_up/good.png" in (out / "index.html").read_text()
