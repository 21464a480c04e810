"""Jobs of trained networks: kept by sweeps, refused when they make no sense."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.networks import fully_connected, trained_stability
from refimpl.networks.initialization import Scales, sample_weights
from refimpl.networks.trained_stability import Job, Outcome, adam_on_batches, outcome
from refimpl.parallel import sweep

SMALL = Job("dense", "he", 4, 3, 0, 2, points=20)


def test_sweeps_keep_outcomes(tmp_path, monkeypatch):
    jobs, path = [SMALL, SMALL._replace(seed=1), SMALL._replace(kind="convolutional")], tmp_path / "outcomes.npz"
    first = sweep(outcome, jobs, path=path)
    assert [Outcome(*one) for one in first.tolist()] == [outcome(job) for job in jobs]
    monkeypatch.setattr(trained_stability, "_digits", None)
    assert (sweep(outcome, jobs, map, path=path) == first).all()
    assert (first[0] != first[1]).any()


def problem():
    rng = np.random.default_rng(0)
    return sample_weights(Scales(1.0, 1.0, 1.0, 1.0), 3, 4, 2, rng), rng.standard_normal((5, 3)), np.ones(5), rng


def test_divergence_carries_the_last_finite_weights():
    with pytest.raises(DivergedError) as caught:
        adam_on_batches(fully_connected.gradient, *problem(), 30, 1e200)
    assert all(np.isfinite(X).all() for X in caught.value.last)


def test_as_many_labels_as_points():
    weights, a, b, rng = problem()
    with pytest.raises(ValueError, match="a must hold 3 points, one a label, got 5"):
        adam_on_batches(fully_connected.gradient, weights, a, b[:3], rng, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outcome(SMALL._replace(kind="conv")), "job.kind must be one of 'dense', 'convolutional', got 'conv'"),
        (lambda: outcome(SMALL._replace(name="ntk")), "job.name must be one of 'he', 'lecun', got 'ntk'"),
        (lambda: outcome(SMALL._replace(L=1)), "job.L must be >= 2, got 1"),
        (lambda: outcome(SMALL._replace(kind="convolutional", L=2)), "job.L must be >= 3, got 2"),
        (lambda: outcome(SMALL._replace(points=6000)), "job.points must be <= 5000"),
        (lambda: outcome(SMALL._replace(step=0.0)), "job.step must be > 0, got 0.0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": np.ones(5)}, "a must have shape (n, ...), one point a row, got (5,)"),
        ({"a": np.full((5, 3), np.nan)}, "a must"),
        ({"b": np.full(5, np.inf)}, "b must"),
        ({"weights": [np.full((4, 3), np.nan)]}, "weights[0] must"),
        ({"steps": 0}, "steps must be >= 1, got 0"),
        ({"batch": 0}, "batch must be >= 1, got 0"),
        ({"step": -1.0}, "step must be > 0, got -1.0"),
    ],
)
def test_bad_training(change, message):
    weights, a, b, rng = problem()
    good = {"gradient": fully_connected.gradient, "weights": weights, "a": a, "b": b, "rng": rng, "steps": 2}
    with pytest.raises(ValueError, match=re.escape(message)):
        adam_on_batches(**(good | change))


def train(weights, a):
    return adam_on_batches(fully_connected.gradient, weights, a, np.ones(5), np.random.default_rng(0), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outcome(3), "job must be a Job, got int"),
        (lambda: train(3, np.ones((5, 3))), "weights must be a list of arrays, got int: 3"),
        (lambda: train([], np.ones((5, 3))), "weights must be a list of arrays, got list: []"),
        (lambda: train([["x"]], np.ones((5, 3))), "weights[0] must"),
        (lambda: train([np.ones((1, 3))], "digits"), "a must"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
