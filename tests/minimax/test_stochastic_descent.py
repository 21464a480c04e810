"""Stochastic gradient descent: its driver, divergence, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.domains import array, domain
from refimpl.arguments.errors import DivergedError
from refimpl.minimax.stochastic_descent import sgd, sgd_step


def identity(x):
    return x


def test_sgd_repeats_its_step_with_the_generator_s_errors():
    x0, etas = np.arange(6.0).reshape(3, 2), np.array([0.3, 0.2, 0.1])
    path = sgd(identity, x0, etas, 0.5, np.random.default_rng(7))
    rng, x = np.random.default_rng(7), x0
    for k, eta in enumerate(etas):
        np.testing.assert_array_equal(path[k], x)
        x = sgd_step(identity, x, eta, 0.5 * rng.standard_normal(x.shape))
    np.testing.assert_array_equal(path[-1], x)


def test_divergence_carries_the_last_finite_state():
    with pytest.raises(DivergedError) as caught:
        sgd(lambda x: -1e100 * x, np.ones(1), np.ones(10), 0.0, np.random.default_rng(0))
    assert caught.value.step == 3
    np.testing.assert_allclose(caught.value.last, [1e300])


def test_divergence_is_reported_where_the_gradient_refuses_what_is_not_finite():
    cubic = domain(x=array("... p"))(lambda x: -(x**3))
    with pytest.raises(DivergedError) as caught:
        sgd(lambda x: cubic(x), [2.0], np.ones(50), 0.0, np.random.default_rng(0))
    assert np.isfinite(caught.value.last).all()
    assert caught.value.step == 6


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda rng: sgd_step(identity, [1.0], 0.0, [0.0]), ValueError, "eta must be > 0, got 0.0"),
        (lambda rng: sgd_step(identity, [1.0], 0.1, [0.0, 1.0]), ValueError, "noise must have shape"),
        (lambda rng: sgd(identity, [1.0], [0.1, -0.1], 1.0, rng), ValueError, "etas must be > 0, got -0.1"),
        (lambda rng: sgd(identity, [1.0], 0.1, 1.0, rng), ValueError, "etas must have shape (N)"),
        (lambda rng: sgd(identity, [1.0], [0.1], -1.0, rng), ValueError, "sigma must be >= 0, got -1.0"),
        (lambda rng: sgd(identity, [1.0], [0.1], 1.0, None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda rng: sgd(np.sum, [1.0], [0.1], 1.0, rng), ValueError, "grad_f must return shape (1,) for (1,), got ()"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(np.random.default_rng(0))
