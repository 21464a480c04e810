"""Policy gradients: batches, infinite costs, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.control.policy_gradient_theorem import (
    action_gradient,
    action_value,
    deterministic_policy_gradient,
    off_policy_gradient,
)

K = np.array([[0.1, 0.2]])


def test_gains_come_in_batches_and_stay_as_they_are(lq, takes_batches):
    takes_batches(lambda gains: off_policy_gradient(*lq.problem, gains, lq.S0))


def test_infinite_costs_are_refused_with_the_gains(lq, refuses_infinite_costs):
    refuses_infinite_costs(lambda gains: off_policy_gradient(*lq.problem, gains, lq.S0))


@pytest.mark.parametrize("function", [action_value, action_gradient])
def test_states_and_actions_come_in_batches(function, lq):
    rng = np.random.default_rng(1)
    s, a = rng.standard_normal((4, 3, 2)), rng.standard_normal((4, 3, 1))
    together = function(*lq.problem, K, s, a)
    assert together.shape == ((4, 3) if function is action_value else (4, 3, 1))
    np.testing.assert_allclose(together[2, 1], function(*lq.problem, K, s[2, 1], a[2, 1]), rtol=1e-12)


def sloped(grad_a):
    """The policy gradient of a = θs at one state, with a critic."""
    return deterministic_policy_gradient(lambda theta, s: theta * s, grad_a, [3.0], [[1.0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: deterministic_policy_gradient(1.0, abs, K, [[1.0]]), TypeError, "policy must be callable"),
        (lambda: sloped(lambda s, a: a * np.nan), ValueError, "grad_a(s, a) must be finite, got nan"),
        (lambda: sloped(lambda s, a: 1.0), ValueError, "grad_a must return the shape (1, 1) of the actions, got ()"),
        (lambda: deterministic_policy_gradient(abs, abs, K, [1.0]), ValueError, "s must have shape (k, n)"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
