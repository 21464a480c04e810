"""Projected chains and their law on an interval: shapes, purity, divergence, bad input."""

import re

import numpy as np
import pytest

from refimpl.calculus.projections import onto_box
from refimpl.sampling.projected import interval_cdf, interval_law, projected_lmc, uniform_boundary_mass

ONES, BOX = np.ones((3, 2)), onto_box(0.0, 1.0)


def projected(start=ONES, grad=lambda a: a, project=BOX, eta=0.1, num_steps=7, rng=None):
    return projected_lmc(grad, project, start, eta, num_steps, np.random.default_rng(0) if rng is None else rng)


def test_chains_are_reproducible_and_change_nothing(assert_reproducible):
    assert_reproducible(projected)


def test_no_steps_change_nothing(assert_no_steps_change_nothing):
    assert_no_steps_change_nothing(projected)


def test_divergence_carries_the_last_finite_state(assert_divergence_is_reported):
    assert_divergence_is_reported(projected, project=lambda a: a)


def test_bad_input_of_the_driver_is_refused(bad_input_of_drivers):
    changes, error, message = bad_input_of_drivers
    with pytest.raises(error, match=re.escape(message)):
        projected(**changes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: projected(eta=0.0), ValueError, "eta must be > 0, got 0.0"),
        (lambda: projected(num_steps=1.5), TypeError, "num_steps must be an integer, got 1.5"),
        (lambda: projected(project=lambda a: a[0]), ValueError, "project must return shape"),
        (lambda: interval_law(np.zeros_like, 1.0, 1.0, 0.1), ValueError, "lower must be < upper, got 1.0 and 1.0"),
        (lambda: interval_law(np.zeros_like, 0.0, 1.0, 1e-12), ValueError, "eta must be >= 5e-07 for this interval"),
        (lambda: interval_cdf((1, 2), 0.0), TypeError, "law must be a IntervalLaw, got tuple"),
        (lambda: uniform_boundary_mass(0.1, -1.0), ValueError, "width must be > 0, got -1.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_the_whole_law_on_an_interval_is_a_probability():
    law = interval_law(lambda a: 3 * a, -0.5, 2.0, 0.05)
    assert (law.mass > 0).all()
    np.testing.assert_allclose([law.mass.sum(), interval_cdf(law, -0.5)], [1, law.mass[0]], atol=1e-12)
