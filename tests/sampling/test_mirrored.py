"""Mirrored chains and the maps of the simplex: shapes, batches, purity, divergence, bad input."""

import re

import numpy as np
import pytest

from refimpl.sampling.mirrored import (
    dirichlet_dual_gradient,
    dual_gradient,
    entropic_conjugate,
    mirrored_lmc,
    to_dual,
    to_simplex,
)

THIRDS = np.full((3, 2), 1 / 3)


def mirrored(start=THIRDS, grad=lambda y: y, eta=0.1, num_steps=7, rng=None):
    return mirrored_lmc(grad, start, eta, num_steps, np.random.default_rng(0) if rng is None else rng)


def test_chains_are_reproducible_and_change_nothing(assert_reproducible):
    assert_reproducible(mirrored)


def test_no_steps_change_nothing(assert_no_steps_change_nothing):
    assert_no_steps_change_nothing(mirrored)


def test_divergence_carries_the_last_finite_state(assert_divergence_is_reported):
    assert_divergence_is_reported(mirrored)


def test_bad_input_of_the_driver_is_refused(bad_input_of_drivers):
    changes, error, message = bad_input_of_drivers
    with pytest.raises(error, match=re.escape(message)):
        mirrored(**changes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mirrored([[0.5, 0.6]]), ValueError, "x0 must be inside the simplex"),
        (lambda: mirrored([[0.5, 0.0]]), ValueError, "x0 must be inside the simplex"),
        (lambda: to_dual([0.7, 0.3]), ValueError, "x must be inside the simplex"),
        (lambda: dirichlet_dual_gradient([1.0]), ValueError, "alpha must be two or more numbers > 0, got [1.0]"),
        (lambda: dirichlet_dual_gradient([1.0, -1.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: dirichlet_dual_gradient([1.0, 1.0])([0.0, 1.0]), ValueError, "y must have shape (..., 1)"),
        (lambda: dual_gradient(2), TypeError, "grad_V must be callable, got 2"),
        (lambda: to_simplex([np.inf]), ValueError, "y must be finite, got inf"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_maps_of_the_simplex_take_batches_and_extremes():
    y = np.random.default_rng(1).standard_normal((4, 5, 3))
    assert (entropic_conjugate(y).shape, to_simplex(y).shape) == ((4, 5), (4, 5, 3))
    np.testing.assert_allclose(to_dual(to_simplex(y)), y, atol=1e-12)
    np.testing.assert_array_equal(to_simplex([1e4, -1e4]), [1.0, 0.0])


def test_the_general_dual_gradient_agrees_with_the_dirichlet_one():
    alpha, y = np.array([0.4, 1.5, 0.8]), np.random.default_rng(2).standard_normal((6, 2))
    slope = dual_gradient(lambda x: (1 - alpha[:2]) / x - (1 - alpha[2]) / (1 - x.sum(-1, keepdims=True)))
    np.testing.assert_allclose(slope(y), dirichlet_dual_gradient(alpha)(y), atol=1e-12)
