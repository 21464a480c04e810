"""The display of a run: a line a figure, the time so far and what is left, never silent for long."""

import re
import sys
import time

import pytest

from figures import display
from figures.display import Display, clock
from figures.rendering import Rendering


def made(name, error=""):
    return Rendering(name, {}, {}, 1.25, error)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (125, "2:05 min"), (3600, "1:00:00 h"), (3725, "1:02:05 h")],
)
def test_times_are_read_at_a_glance(seconds, text):
    assert clock(seconds) == text


def test_a_line_a_figure_off_a_terminal(capsys):
    finished = []
    with Display(3, finished) as shown:
        shown.start -= 20
        shown.show(made("minimax/a"))
        shown.show(made("minimax/b", "ValueError: no"))
        shown.show(made("minimax/c"))
    assert capsys.readouterr().err.split("\n") == [
        "[1/3] minimax/a  1.2 s; 20 s so far, about 40 s left",
        "[2/3] minimax/b  FAILED: ValueError: no",
        "[3/3] minimax/c  1.2 s; 20 s so far",
        "",
    ]
    assert [one.name for one in finished] == ["minimax/a", "minimax/b", "minimax/c"]


def test_a_long_silence_is_broken_off_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(display, "SILENCE", 0.2)
    with Display(2, []):
        end, text = time.monotonic() + 20, ""
        while text.count("\n") < 2 and time.monotonic() < end:
            time.sleep(0.01)
            text += capsys.readouterr().err
    assert re.fullmatch(r"(\[0/2\] \d+ s so far\n)+", text)
    time.sleep(0.3)
    capsys.readouterr()
    time.sleep(0.3)
    assert capsys.readouterr().err == ""


def test_a_terminal_has_one_line_that_is_drawn_anew(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Display(2, []) as shown:
        shown.show(made("minimax/a"))
    text = capsys.readouterr().err
    assert f"\r\033[K[{'.' * 30}] 0/2  0 s so far" in text
    assert "\r\033[K[1/2] minimax/a  1.2 s; 0 s so far, about 0 s left\n" in text
    assert f"\r\033[K[{'#' * 15}{'.' * 15}] 1/2" in text
    assert text.endswith("\r\033[K")
