"""Linear policies: batches of gains, infinite costs; the theorems are claims in `verify`."""

import pytest

from refimpl.control.linear_policies import closed_loop_growth, state_correlation, value_matrix

COSTS = {
    "value_matrix": lambda lq, gains: value_matrix(*lq.problem, gains),
    "state_correlation": lambda lq, gains: state_correlation(*lq.dynamics, gains, lq.S0),
}
ALL = {**COSTS, "closed_loop_growth": lambda lq, gains: closed_loop_growth(*lq.dynamics, gains)}


@pytest.mark.parametrize("name", ALL)
def test_gains_come_in_batches_and_stay_as_they_are(name, lq, takes_batches):
    takes_batches(lambda gains: ALL[name](lq, gains))


@pytest.mark.parametrize("name", COSTS)
def test_infinite_costs_are_refused_with_the_gains(name, lq, refuses_infinite_costs):
    refuses_infinite_costs(lambda gains: COSTS[name](lq, gains))
