"""Trainings on digits as jobs: kept by sweeps, bad input."""

import re

import numpy as np
import pytest

from refimpl.parallel.sweeps import sweep
from refimpl.robustness import digit_classifiers
from refimpl.robustness.digit_classifiers import Job, as_network, digit_split, trained

SMALL = Job(0.1, 0, 2, points=20, m=3, batch=5, num_steps=2)


def test_sweeps_keep_trainings(tmp_path, monkeypatch):
    jobs, path = [SMALL, SMALL._replace(eps=0.0), SMALL._replace(norm=2), SMALL._replace(seed=1)], tmp_path / "x.npz"
    first = sweep(trained, jobs, path=path)
    np.testing.assert_array_equal(first, [trained(job) for job in jobs])
    assert len(np.unique(first, axis=0)) == 4
    monkeypatch.setattr(digit_classifiers, "adversarial_training", None)
    np.testing.assert_array_equal(sweep(trained, jobs, map, path=path), first)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trained(SMALL._replace(eps=-1.0)), "job.eps must be >= 0, got -1.0"),
        (lambda: trained(SMALL._replace(norm=1)), "job.norm must be 2 or inf"),
        (lambda: trained(SMALL._replace(points=10000)), "points must be < 10000, the number of digits, got 10000"),
        (lambda: digit_split(-1, 5), "seed must be >= 0, got -1"),
        (lambda: as_network(np.ones(5), 3), "x must have 2395 entries for widths (784, 3, 10), got 5"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trained(3), "job must be a Job, got int"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
