"""Bounds on non-lazy training: bad input; what they are worth is in `verify`."""

import re

import numpy as np
import pytest

from refimpl.networks import non_lazy
from refimpl.networks.initialization import Scales, sample_weights

UNIT = Scales(1.0, 1.0, 1.0, 1.0)
W = sample_weights(UNIT, 3, 4, 2, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: non_lazy.homogeneity_floor(1.0, [0.0, 0.0]), "a must hold points other than 0"),
        (lambda: non_lazy.homogeneity_floor([1.0, 2.0], [[1.0]]), "h must have shape (1,), one number a point, got"),
        (lambda: non_lazy.least_change([0 * W[0], W[1]], 1.0, 1.0), "weights must be other than 0"),
        (lambda: non_lazy.non_lazy_ratio(UNIT, 4, 1), "L must be >= 2, got 1"),
        (lambda: non_lazy.printed_bound(0, 4, 2.0), "n must be >= 1, got 0"),
        (lambda: non_lazy.least_change(W, -1.0, 1.0), "h must be >= 0, got -1.0"),
        (lambda: non_lazy.least_change(W, 1.0, 0.0), "a_norm must be > 0, got 0.0"),
        (lambda: non_lazy.least_change(W[:1], 1.0, 1.0), "weights must be those of L >= 2 layers, got 1"),
        (lambda: non_lazy.homogeneity_floor(1.0, [1.0], eps=0.0), "eps must be > 0, got 0.0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
