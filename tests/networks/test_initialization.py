"""Initialisations: shapes, purity, bad input; the table itself is claimed in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import initialization
from refimpl.networks.initialization import NAMES, Scales, sample_weights, scales

sizes = st.integers(1, 6)


def rng():
    return np.random.default_rng(0)


@given(sizes, sizes, st.integers(2, 5), st.sampled_from([None, 1, 3]))
def test_weights_chain_from_inputs_to_one_output(p, m, L, k):
    weights = sample_weights(scales("he", p, m), p, m, L, rng(), num_networks=k)
    leading = () if k is None else (k,)
    assert [X.shape for X in weights] == [(*leading, m, p), *[(*leading, m, m)] * (L - 2), (*leading, 1, m)]


def test_scales_multiply_one_noise():
    unit, scaled = (sample_weights(s, 3, 4, 4, rng()) for s in (Scales(1, 1, 1, 1), Scales(2, 3, 5, 7)))
    assert all(np.array_equal(beta * X, Y) for beta, X, Y in zip((2, 3, 3, 5), unit, scaled, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_scales(name):
    found = scales(name, 3, 4, beta_c=0.3)
    assert all(type(number) is float for number in found)
    assert (found.beta_L == 0.3) == (name == "e")


def test_global_generator_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    sample_weights(scales("ntk", 2, 3), 2, 3, 3, rng())
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: scales("xaver", 3, 4),
            "must be one of 'lecun', 'he', 'ntk', 'xavier', 'mean_field', 'e', got 'xaver'",
        ),
        (lambda: scales("e", 3, 4), "beta_c must be a number > 0 for 'e', got None"),
        (lambda: scales("e", 3, 4, beta_c=0.0), "beta_c must be > 0, got 0.0"),
        (lambda: scales("he", 0, 4), "p must be >= 1, got 0"),
        (lambda: scales("he", 3, 0), "m must be >= 1, got 0"),
        (lambda: sample_weights(scales("he", 3, 4), 3, 4, 0, rng()), "L must be >= 2, got 0"),
        (lambda: sample_weights(scales("he", 3, 4), 3, 4, 1, rng()), "L must be >= 2, got 1"),
        (lambda: sample_weights(Scales(1, 1, 0, 1), 3, 4, 2, rng()), "scales's beta_L must be > 0, got 0"),
        (lambda: sample_weights(Scales(1, np.nan, 1, 1), 3, 4, 2, rng()), "scales's beta must be finite, got nan"),
        (lambda: sample_weights(scales("he", 3, 4), 3, 4, 2, rng(), 0), "num_networks must be >= 1, got 0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scales("he", 3.0, 4), "p must be an integer, got 3.0"),
        (lambda: sample_weights("he", 3, 4, 2, rng()), "scales must be Scales (beta_1, beta, beta_L, alpha), got 'he'"),
        (lambda: sample_weights(scales("he", 3, 4), 3, 4, 2, None), "rng must be a numpy.random.Generator, got None"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


def test_names_are_those_of_the_table():
    assert set(initialization.NAMES) == {"lecun", "he", "ntk", "xavier", "mean_field", "e"}
