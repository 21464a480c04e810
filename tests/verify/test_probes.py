"""Probes: functions that keep their promises pass, those that break one fail."""

import numpy as np
import pytest

from verify.evidence import Verdict
from verify.probes import batched, unchanged

X = np.arange(1.0, 13.0).reshape(4, 3)


def passes(evidence):
    return all(e.verdict is Verdict.PASS for e in evidence)


def overwriting(x):
    x *= 2
    return x


@pytest.mark.parametrize(
    "function", [np.exp, lambda x: x.sum(-1), lambda x: x[..., None] * x[..., None, :]], ids=["(p,)", "()", "(p, p)"]
)
def test_functions_of_points_pass(function):
    assert passes(batched("", function, X, rtol=1e-15))
    assert passes(unchanged("", function, X))


def test_points_of_several_arguments_go_together():
    assert passes(batched("", np.add, X, 2 * X))
    assert not passes(batched("", lambda x, y: x + y[..., ::-1] if x.ndim == 1 else x + y, X, X))


@pytest.mark.parametrize(
    "function",
    [
        overwriting,
        lambda x: x + (x.ndim == 1),
        lambda x: x + (x.ndim == 3),
        lambda x: x[None],
        lambda x: np.atleast_2d(x),
        lambda x: x + 0j,
        lambda x: x - x.mean(),
        lambda x: x if len(x) == 4 else x[:1],
        lambda x: x * np.nan,
    ],
    ids=["overwrites", "alone", "in 3-D", "an axis more", "always 2-D", "complex", "mixes", "loses points", "nan"],
)
def test_functions_that_break_a_promise_fail(function):
    assert not passes(batched("", function, X))


def test_overwritten_arguments_are_seen():
    assert not passes(unchanged("", overwriting, X))
    assert not passes(unchanged("", lambda a, b: overwriting(b), X, X))
