"""Underdamped chains: shapes, purity, divergence, bad input; their law is a claim in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling.underdamped import underdamped_lmc

ONES = np.ones((3, 2))


def underdamped(start=ONES, grad=lambda a: a, v0=ONES, h=0.1, gamma=1.0, num_steps=7, rng=None, u=1.0):
    rng = np.random.default_rng(0) if rng is None else rng
    return underdamped_lmc(grad, start, v0, h, gamma, num_steps, rng, u)


def test_chains_are_reproducible_and_change_nothing(assert_reproducible):
    assert_reproducible(underdamped)


def test_no_steps_change_nothing(assert_no_steps_change_nothing):
    assert_no_steps_change_nothing(underdamped)


def test_divergence_carries_the_last_finite_state(assert_divergence_is_reported):
    assert_divergence_is_reported(underdamped)


def test_bad_input_of_the_driver_is_refused(bad_input_of_drivers):
    changes, error, message = bad_input_of_drivers
    with pytest.raises(error, match=re.escape(message)):
        underdamped(**changes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: underdamped(h=0.0), ValueError, "h must be > 0, got 0.0"),
        (lambda: underdamped(gamma=-1), ValueError, "gamma must be > 0, got -1"),
        (lambda: underdamped(u=np.inf), ValueError, "u must be finite, got inf"),
        (lambda: underdamped(v0=[[0.0]]), ValueError, "v0 must have shape (n, p)"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
