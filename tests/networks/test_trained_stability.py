"""Jobs of trained networks: kept in files, the same by any workers, refused when they make no sense."""

import re

import pytest

from refimpl.networks import trained_stability
from refimpl.networks.trained_stability import Job, outcome, outcomes

SMALL = Job("dense", "he", 4, 3, 0, 2, points=20)


def test_a_job_is_done_once(tmp_path, monkeypatch):
    jobs, seen = [SMALL, SMALL._replace(seed=1)], []
    first = outcomes(jobs, tmp_path, progress=seen.append)
    assert seen == [1, 2]
    monkeypatch.setattr(trained_stability, "outcome", None)
    assert outcomes(jobs, str(tmp_path)) == first
    assert first[0] != first[1]


def test_workers_may_be_a_map():
    jobs = [SMALL, SMALL._replace(kind="convolutional")]
    assert outcomes(jobs, workers=map) == [outcome(job) for job in jobs]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outcome(SMALL._replace(kind="conv")), "job.kind must be one of 'dense', 'convolutional', got 'conv'"),
        (lambda: outcome(SMALL._replace(name="ntk")), "job.name must be one of 'he', 'lecun', got 'ntk'"),
        (lambda: outcome(SMALL._replace(L=1)), "job.L must be >= 2, got 1"),
        (lambda: outcome(SMALL._replace(kind="convolutional", L=2)), "job.L must be >= 3, got 2"),
        (lambda: outcome(SMALL._replace(points=6000)), "job.points must be <= 5000"),
        (lambda: outcome(SMALL._replace(step=0.0)), "job.step must be > 0, got 0.0"),
        (lambda: outcomes([SMALL], workers=0), "workers must be >= 1, got 0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outcome(3), "job must be a Job, got int"),
        (lambda: outcomes([]), "jobs must be a sequence of Jobs, got []"),
        (lambda: outcomes([SMALL, 3]), "jobs[1] must be a Job, got int"),
        (lambda: outcomes([SMALL], directory=3), "directory must be a path, got 3"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
