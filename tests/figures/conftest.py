"""An empty cache, and a chapter of small figures made for the tests: a good one, a random one, some that go wrong."""

import sys
from textwrap import dedent

import pytest

import figures

HEAD = '''
"""A made-up figure."""
import time
from typing import NamedTuple
import numpy as np
from matplotlib.figure import Figure

SLIDE = "A <slide>"
CAPTION = "Points & lines."
ALT = 'One "line".'

class Data(NamedTuple):
    x: np.ndarray
    step: float = 0.5

def draw(data):
    figure = Figure()
    figure.subplots().plot(data.x)
    return figure

def data(quality, rng):
'''
BODIES = {
    "good": "return Data(np.arange(5.0))",
    "random": "return Data(rng.standard_normal(1000 if quality == 'full' else 10))",
    "raising": "raise ValueError('x must be > 0, got -1')",
    "slow": "time.sleep(100)",
    "stopped": "raise KeyboardInterrupt",
}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Partial results of sweeps go to a directory of the test."""
    monkeypatch.setenv("REFIMPL_CACHE", str(tmp_path))


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """The directory to add to `figures.__path__`; already there in this process."""
    chapter = tmp_path / "added" / "made_up"
    chapter.mkdir(parents=True)
    (chapter / "__init__.py").touch()
    for name, body in BODIES.items():
        (chapter / f"{name}.py").write_text(dedent(HEAD).lstrip() + "    " + body + "\n")
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(chapter.parent)])
    yield chapter.parent
    for name in [name for name in sys.modules if name.startswith("figures.made_up")]:
        del sys.modules[name]
