"""Double-loop chains: shapes, purity, divergence, bad input; their law is a claim in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling.double_loop import Schedule, double_loop_covariance, double_loop_lmc, geometric_schedule

ONES, SCHEDULE = np.ones((3, 2)), Schedule((0.2, 0.1), (3, 4))


def double_loop(start=ONES, grad=lambda a: a, schedule=SCHEDULE, rng=None):
    return double_loop_lmc(grad, start, schedule, np.random.default_rng(0) if rng is None else rng)


def test_chains_are_reproducible_and_change_nothing(assert_reproducible):
    assert_reproducible(double_loop)


def test_divergence_carries_the_last_finite_state(assert_divergence_is_reported):
    assert_divergence_is_reported(double_loop)


def test_bad_input_of_the_driver_is_refused(bad_input_of_drivers):
    changes, error, message = bad_input_of_drivers
    with pytest.raises(error, match=re.escape(message)):
        double_loop(**changes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: double_loop(schedule=0.1), TypeError, "schedule must be a Schedule"),
        (lambda: double_loop(schedule=((0.1,), (1, 2))), TypeError, "schedule must be a Schedule"),
        (lambda: double_loop(schedule=((-0.1,), (1,))), ValueError, "schedule.eta must be > 0, got -0.1"),
        (lambda: double_loop(schedule=((0.1,), (-1,))), ValueError, "schedule.num_steps must be >= 0, got -1"),
        (lambda: geometric_schedule(0.1, 3, 0), ValueError, "num_outer must be >= 1, got 0"),
        (lambda: geometric_schedule(0.1, 3, 2, shrink=1.0), ValueError, "shrink must be > 0 and < 1, got 1.0"),
        (lambda: geometric_schedule(0.1, 3, 2, grow=0.5), ValueError, "grow must be >= 1, got 0.5"),
        (lambda: double_loop_covariance([[-1.0]], SCHEDULE, [[1.0]]), ValueError, "A must be positive definite"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
