"""The law of gradients: shapes, reproducibility, purity, bad input; the law itself is claimed in `verify`."""

import re

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.networks import gradient_law, gradient_moments
from refimpl.networks.initialization import NAMES, Scales, scales

sizes = st.integers(1, 6)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)
SAMPLERS = [gradient_law.sample_gradients, gradient_law.sample_gradients_by_neurons]


def rng(seed=0):
    return np.random.default_rng(seed)


@given(sizes, sizes, st.integers(2, 5), sizes, st.sampled_from(NAMES))
def test_norms_are_one_number_a_network(p, m, L, n, name):
    norms = gradient_law.sample_gradient_norms(scales(name, p, m, 0.5), p, m, L, n, rng())
    assert norms.shape == (n,)
    assert norms.dtype == float
    assert (norms >= 0).all()


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


def test_enormous_and_tiny_scales_neither_overflow_nor_vanish():
    tiny, huge = (
        gradient_law.sample_gradient_norms(Scales(b, 1.0, 1.0, 1.0), 3, 4, 3, 9, rng()) for b in (1e-200, 1e200)
    )
    np.testing.assert_allclose(tiny * 1e200, huge / 1e200, rtol=1e-14)


@settings(deadline=None)
@given(st.floats(0.01, 1e6))
def test_ratio_of_gamma_functions_is_that_of_logarithms(x):
    expected = np.exp(scipy.special.gammaln(x + 0.5) - scipy.special.gammaln(x))
    np.testing.assert_allclose(gradient_moments.gamma_ratio(np.array(x)), expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_moments.expected_squared_gradient(UNIT, 0, 3, 2), "p must be >= 1, got 0"),
        (lambda: gradient_moments.expected_gradient_norm(UNIT, 3, 0, 2), "m must be >= 1, got 0"),
        (lambda: gradient_moments.expected_squared_gradient(UNIT, 3, 3, 1), "L must be >= 2, got 1"),
        (lambda: gradient_law.sample_gradient_norms(UNIT, 3, 3, 1, 5, rng()), "L must be >= 2, got 1"),
        (lambda: gradient_law.sample_gradient_norms(UNIT, 3, 3, 2, 0, rng()), "num_networks must be >= 1, got 0"),
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_law.sample_gradient_norms(UNIT, 3, 3, 2, 5, None), "rng must be a numpy.random.Generator"),
        (lambda: gradient_law.sample_gradient_norms(UNIT, 3, 2.5, 2, 5, rng()), "m must be an integer, got 2.5"),
        (lambda: gradient_moments.expected_squared_gradient("he", 3, 3, 2), "scales must be Scales"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
