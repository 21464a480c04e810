"""Gradient flow: shapes, divergence, bad input; what the flow does is claimed in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling.gradient_flow import (
    Law,
    fisher_information,
    free_energy,
    jko_step,
    law_of,
    velocity,
)

X = np.linspace(-6, 6, 401)
LAW = law_of(lambda x: np.exp(-(x**2) / 2), X)


def test_a_step_keeps_masses_and_order_and_changes_nothing():
    before = X.copy()
    moved = jko_step(lambda x: x - 1, LAW, 0.3)
    assert (np.diff(moved.x) > 0).all()
    np.testing.assert_array_equal(moved.mass, LAW.mass)
    np.testing.assert_array_equal(X, before)


def test_the_target_stays():
    np.testing.assert_allclose(jko_step(lambda x: x, LAW, 1.0).x[100:300], X[100:300], atol=1e-3)
    assert fisher_information(lambda x: x, LAW) < 1e-6
    assert velocity(lambda x: x, LAW).shape == X.shape


def test_a_potential_that_is_too_concave_diverges():
    with pytest.raises(DivergedError), np.errstate(all="ignore"):
        jko_step(lambda x: -5 * x, LAW, 1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: jko_step(lambda x: x, LAW, 0.0), ValueError, "tau must be > 0, got 0.0"),
        (lambda: jko_step(lambda x: x, X, 0.1), TypeError, "law must be a Law (x, mass)"),
        (lambda: jko_step(lambda x: x[:3], LAW, 0.1), ValueError, "grad_f must return shape"),
        (lambda: free_energy(abs, Law(X, X)), ValueError, "law must have n increasing nodes and n − 1 masses > 0"),
        (lambda: law_of(lambda x: 1 + 0 * x, [1.0, 0.0]), ValueError, "x must be two or more increasing nodes"),
        (lambda: law_of(lambda x: 0 * x, X), ValueError, "density must be > 0 between the nodes, got 0.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
