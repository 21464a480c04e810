"""Sweeps behind figures: kept in the cache, made anew where that is damaged, on the processes that were asked for."""

import math

import numpy as np
import pytest

import figures
from figures import discovery
from figures.sweeping import resumed

ITEMS = [1.0, 4.0]
SWEEPING = """

def data(quality, rng, workers=1):
    return Data(np.array([workers if isinstance(workers, int) else -1]))
"""


@pytest.mark.parametrize("content", [None, b"", b"something else", b"partial results of others\n"])
def test_a_damaged_cache_counts_as_absent(content, cache, tmp_path):
    np.testing.assert_array_equal(resumed("roots", math.sqrt, ITEMS, ()), [1, 2])
    (path,) = tmp_path.glob("sweep-*")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30] + bytes(30) if content is None else content)
    np.testing.assert_array_equal(resumed("roots", math.sqrt, ITEMS, ()), [1, 2])
    assert path.read_bytes() == whole


def test_figures_with_sweeps_are_told_from_others():
    assert discovery.sweeps("networks/mup")
    assert not discovery.sweeps("minimax/dirac_gan")


@pytest.mark.parametrize(("quality", "workers", "seen"), [("draft", 3, 1), ("full", 3, 3), ("full", 1, 1)])
def test_the_processes_of_a_full_figure_are_those_asked_for(quality, workers, seen, made_up, tmp_path):
    good = made_up / "made_up" / "good.py"
    (made_up / "made_up" / "sweeping.py").write_text(good.read_text().partition("def data")[0] + SWEEPING)
    (made,) = figures.run("made_up/sweeping", tmp_path / "out", "png", quality, workers)
    assert made.error == ""
    assert made.record["parameters"]["x"]["max"] == seen
