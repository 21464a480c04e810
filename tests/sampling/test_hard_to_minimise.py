"""Needles: shapes, batches, bad input; their counts are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling.hard_to_minimise import (
    lmc_upper_bound,
    log_normalizer,
    multistart_search,
    needle,
    search_lower_bound,
)


def test_potentials_take_batches_and_points():
    f, grad_f, _ = needle([1.0, -2.0])
    a = np.random.default_rng(0).uniform(-6, 6, (3, 4, 2))
    assert (f(a).shape, grad_f(a).shape) == ((3, 4), (3, 4, 2))
    np.testing.assert_allclose(f(a)[1, 2], f(a[1, 2]), rtol=1e-15)
    np.testing.assert_array_equal(grad_f(np.zeros(2)), np.zeros(2))


def test_a_search_counts_every_gradient():
    counts = [multistart_search([0.0], np.random.default_rng(i)) for i in range(200)]
    assert min(counts) == 1
    assert 2 < np.mean(counts) < 8


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: needle([3.0, 1.0]), ValueError, "c must have a norm <= 3.0, got 3.16"),
        (lambda: needle([]), ValueError, "c must not be empty"),
        (lambda: needle([1.0]).f([1.0, 2.0]), ValueError, "a must have shape (..., 1)"),
        (lambda: multistart_search([1.0], None), TypeError, "rng must be a numpy.random.Generator, got None"),
        (lambda: log_normalizer(0), ValueError, "p must be >= 1, got 0"),
        (lambda: search_lower_bound(1.5), TypeError, "p must be an integer, got 1.5"),
        (lambda: lmc_upper_bound(2, 0.0), ValueError, "eps must be > 0, got 0.0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
