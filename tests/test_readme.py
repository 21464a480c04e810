"""What README.md says is true: its code runs, and what it quotes is in the code."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from refimpl.minimax import algorithms

README = Path(__file__).parents[1] / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md stands in a checkout only")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


def test_two_commands_set_up():
    section = README.read_text(encoding="utf-8").partition("## Set-up")[2].partition("\n## ")[0]
    assert len(re.findall(r"^```bash", section, re.M)) == 2


def test_python_runs():
    namespace = {"np": np, "__name__": "readme"}
    for code in blocks("python"):
        exec(code, namespace)
    claim = namespace["extragradient_contracts_on_xy"]
    assert [e.verdict for e in claim.evidence(0, {})] == ["PASS"]
    mutant = claim.catalogue[0].function
    assert [e.verdict for e in claim.evidence(0, {"eg_step": mutant})] == ["FAIL"]


def test_results_in_comments_are_right():
    for code in blocks("python"):
        for expression, result in re.findall(r"^(algorithms\.eg_step\(.*\))  # (\[\[.*\]\])$", code, re.M):
            namespace = {"algorithms": algorithms, "V": lambda z: np.stack([z[..., 1], -z[..., 0]], -1)}
            np.testing.assert_allclose(eval(expression, namespace), eval(result))


def test_the_quoted_formula_is_the_code():
    quoted = next(code for code in blocks("python") if code.startswith("def eg_step"))
    body = inspect.getsource(inspect.unwrap(algorithms.eg_step))
    assert quoted.splitlines()[-1] in body.splitlines()


def test_files_it_names_exist():
    for path in re.findall(r"`((?:refimpl|verify|figures|tests)/[\w/.-]*)`", README.read_text(encoding="utf-8")):
        assert (README.parent / path).exists(), path
