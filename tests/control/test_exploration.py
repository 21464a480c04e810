"""Exploration: batches of gains, infinite costs, shapes of parameters, bad input; theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.control.exploration import (
    action_noise_value,
    finite_horizon_value,
    parameter_noise_value,
    smoothed,
    smoothed_gradient,
)

COSTS = {
    "action_noise_value": lambda lq, gains: action_noise_value(*lq.problem, gains, lq.S0, 0.5),
    "parameter_noise_value": lambda lq, gains: parameter_noise_value(*lq.problem, gains, lq.S0, 0.1),
}
ALL = {**COSTS, "finite_horizon_value": lambda lq, gains: finite_horizon_value(*lq.problem, gains, lq.S0, 7)}
K = np.array([[0.1, 0.2]])


@pytest.mark.parametrize("name", ALL)
def test_gains_come_in_batches_and_stay_as_they_are(name, lq, takes_batches):
    takes_batches(lambda gains: ALL[name](lq, gains))


@pytest.mark.parametrize("name", COSTS)
def test_infinite_costs_are_refused_with_the_gains(name, lq, refuses_infinite_costs):
    refuses_infinite_costs(lambda gains: COSTS[name](lq, gains))


def test_parameter_noise_may_make_costs_infinite(lq):
    with pytest.raises(DivergedError):
        parameter_noise_value(*lq.problem, lq.K, lq.S0, 10.0)


def test_smoothing_keeps_the_parameters_shape():
    theta = np.array([[0.1, 0.2], [0.3, 0.4]])
    kept = theta.copy()
    value = smoothed(lambda x: (x**2).sum((1, 2)), theta, 0.5, 2)
    np.testing.assert_allclose(value, (theta**2).sum() + 4 * 0.25)
    np.testing.assert_allclose(smoothed_gradient(lambda x: (x**2).sum((1, 2)), theta, 0.5, 2), 2 * theta)
    np.testing.assert_array_equal(theta, kept)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: smoothed(3.0, K, 0.1, 2), TypeError, "J must be callable, got 3.0"),
        (lambda: smoothed(abs, K, 0.0, 2), ValueError, "sigma must be > 0, got 0.0"),
        (lambda: smoothed(abs, K, 0.1, 0), ValueError, "num_nodes must be >= 1, got 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_noise_without_discount_costs_infinitely_much(lq):
    with pytest.raises(ValueError, match=re.escape("gamma must be > 0 and < 1, got 1.0")):
        action_noise_value(*lq.problem[:-1], 1.0, lq.K, lq.S0, 0.5)
