"""Bounds under a log-Sobolev inequality: where there is none, and bad input; they are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling import log_sobolev_rates


def test_no_bound_is_given_where_the_theorem_says_nothing():
    assert log_sobolev_rates.lsi_lmc_bound(1.0, 0.5, 2.0, 3, 0.5 / 16, 4) < np.inf
    assert log_sobolev_rates.lsi_lmc_bound(1.0, 0.5, 2.0, 3, 0.5 / 16 + 1e-9, 4) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_sobolev_rates.lsi_flow_bound(-1.0, 1.0, 1.0), "kl0 must be >= 0, got -1.0"),
        (lambda: log_sobolev_rates.lsi_lmc_bound(1.0, 0.0, 1.0, 1, 0.1, 1), "a must be > 0, got 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
