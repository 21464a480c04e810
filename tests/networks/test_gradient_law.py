"""The law of gradients: shapes, reproducibility, purity, bad input; the law itself is claimed in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import gradient_law
from refimpl.networks.initialization import Scales

sizes = st.integers(1, 6)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)
SAMPLERS = [gradient_law.sample_gradients, gradient_law.sample_gradients_by_neurons]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("sample", SAMPLERS)
@given(sizes, sizes, st.integers(2, 5), sizes)
def test_outputs_and_gradients_go_together(sample, p, m, L, n):
    a = rng(1).standard_normal(p)
    kept = a.copy()
    draws = sample(UNIT, a, m, L, n, rng())
    assert (draws.output.shape, draws.gradient.shape) == ((n,), (n, p))
    assert np.array_equal(draws.output > 0, (draws.gradient != 0).any(1))
    np.testing.assert_array_equal(a, kept)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_nothing_but_the_generator_decides(sample):
    first, again, other = (sample(UNIT, [1.0, 2.0], 4, 3, 50, rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.gradient, again.gradient)
    assert not np.array_equal(first.gradient, other.gradient)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_dead_networks_are_zero_and_not_nan(sample):
    draws = sample(UNIT, [1.0, 2.0], 1, 9, 2000, rng())
    assert np.isfinite(draws.gradient).all()
    assert (draws.output == 0).mean() > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_law.sample_gradients(UNIT, [0.0, 0.0], 3, 2, 5, rng()), "a must not be 0"),
        (lambda: gradient_law.sample_gradients_by_neurons(UNIT, [[1.0]], 3, 2, 5, rng()), "a must have shape (p)"),
        (
            lambda: gradient_law.sample_gradients(UNIT._replace(beta=-1.0), [1.0], 3, 2, 5, rng()),
            "scales's beta must be",
        ),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
