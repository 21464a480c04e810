"""Estimators of perturbation stability: shapes, purity, bad input; their laws are claimed in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import stability_estimators as estimators
from refimpl.networks.initialization import Scales, scales
from refimpl.networks.perturbation_stability import BOUNDED, stability

sizes = st.integers(1, 5)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)
DATA = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])
DENSE = [estimators.plain_samples, estimators.rao_blackwell_samples]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("estimator", DENSE)
@given(sizes, st.integers(2, 4), st.integers(1, 7))
def test_one_sample_a_network(estimator, m, L, n):
    kept = DATA.copy()
    samples = estimator(UNIT, DATA, 0.1, m, L, n, rng())
    assert samples.shape == (n,)
    assert (samples >= 0).all()
    np.testing.assert_array_equal(DATA, kept)


def test_blocks_of_networks_are_put_together():
    samples = estimators.plain_samples(UNIT, DATA, 0.1, 200, 3, 15, rng())  # six networks a block
    assert len(np.unique(samples[samples > 0])) == np.count_nonzero(samples)
    assert samples.shape == (15,)


@pytest.mark.parametrize("name", BOUNDED)
def test_samples_average_to_the_exact_value(name):
    s = scales(name, 2, 9)
    for draws in (
        estimators.plain_samples(s, DATA, 0.3, 9, 3, 4000, rng()),
        estimators.rao_blackwell_samples(s, DATA, 0.3, 9, 3, 4000, rng()),
        estimators.conditional_samples(s, 2, 0.3, 9, 3, 4000, rng()),
    ):
        assert abs(draws.mean() - stability(s, 2, 9, 3, 0.3)) < 6 * draws.std() / 4000**0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: estimators.plain_samples(UNIT, DATA, 0.0, 3, 2, 5, rng()), "eps must be > 0, got 0.0"),
        (lambda: estimators.plain_samples(UNIT, [1.0], 0.1, 3, 2, 5, rng()), "data must have shape (n, p), got (1,)"),
        (lambda: estimators.rao_blackwell_samples(UNIT, DATA, 0.1, 3, 1, 5, rng()), "L must be >= 2, got 1"),
        (lambda: estimators.conditional_samples(UNIT, 2, 0.1, 0, 2, 5, rng()), "m must be >= 1, got 0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_estimators_need_a_generator():
    with pytest.raises(TypeError, match=re.escape("rng must be a numpy.random.Generator, got 0")):
        estimators.plain_samples(UNIT, DATA, 0.1, 3, 2, 5, 0)
