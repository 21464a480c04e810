"""Bounds on monotone fields: bad input, and hypotheses without which nothing is guaranteed."""

import re

import pytest

from refimpl.minimax.monotone_rates import ergodic_bound, extragradient_bound


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: extragradient_bound(1.0, 2.0, 0.5, 3), ValueError, "alpha must be < 1/lipschitz = 0.5, got 0.5"),
        (lambda: extragradient_bound(0.0, 2.0, 0.1, 3), ValueError, "distance must be > 0, got 0.0"),
        (lambda: extragradient_bound(1.0, -2.0, 0.1, 3), ValueError, "lipschitz must be > 0, got -2.0"),
        (lambda: extragradient_bound(1.0, 2.0, 0.1, 0), ValueError, "num_steps must be >= 1, got 0"),
        (lambda: ergodic_bound(1.0, 0.0, 3), ValueError, "alpha must be > 0, got 0.0"),
        (lambda: ergodic_bound(1.0, 0.1, 3.0), TypeError, "num_steps must be an integer, got 3.0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
