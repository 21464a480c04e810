"""Perturbation stability, its estimators and bounds: shapes, purity, bad input; what they are worth is in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import perturbation_stability as ps
from refimpl.networks import stability_estimators as estimators
from refimpl.networks.initialization import Scales, scales
from refimpl.networks.stability_bounds import NAMES, related_bounds, stability_bound

sizes = st.integers(1, 5)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)
DATA = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])
DENSE = [estimators.plain_samples, estimators.rao_blackwell_samples]


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.sampled_from([(), (1,), (4,), (2, 3)]), sizes)
def test_points_stand_on_leading_axes(leading, p):
    z, g = rng().standard_normal((2, *leading, p))
    point = ps.ball_point(z, 1 - rng().random(leading))
    assert point.shape == z.shape
    assert (np.linalg.norm(point, axis=-1) <= 1 + 1e-12).all()
    assert np.shape(ps.perturbation(g, z)) == leading
    assert np.shape(ps.expected_perturbation(g, 0.1)) == leading


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


@pytest.mark.parametrize("name", NAMES)
def test_samples_average_to_the_exact_value(name):
    s = scales(name, 2, 9)
    for draws in (
        estimators.plain_samples(s, DATA, 0.3, 9, 3, 4000, rng()),
        estimators.rao_blackwell_samples(s, DATA, 0.3, 9, 3, 4000, rng()),
        estimators.conditional_samples(s, 2, 0.3, 9, 3, 4000, rng()),
    ):
        assert abs(draws.mean() - ps.stability(s, 2, 9, 3, 0.3)) < 6 * draws.std() / 4000**0.5


def test_bounds_are_plain_numbers():
    assert type(stability_bound("he", 784, 10**6, 10)) is float
    assert all(type(bound) is float for bound in related_bounds(10**30, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability_bound("xavier", 4, 8, 2), "name must be one of 'lecun', 'he', 'ntk', got 'xavier'"),
        (lambda: stability_bound("he", 0, 8, 2), "p must be >= 1, got 0"),
        (lambda: stability_bound("he", 4, 0, 2), "m must be >= 1, got 0"),
        (lambda: stability_bound("he", 4, 8, 1), "L must be >= 2, got 1"),
        (lambda: related_bounds(8, 1), "L must be >= 2, got 1"),
        (lambda: ps.ball_constant(0), "p must be >= 1, got 0"),
        (lambda: ps.stability(UNIT, 2, 3, 2, 0.0), "eps must be > 0, got 0.0"),
        (lambda: ps.expected_perturbation([1.0], -0.1), "eps must be > 0, got -0.1"),
        (lambda: ps.expected_perturbation([np.inf], 0.1), "gradient must be finite, got inf"),
        (lambda: ps.perturbation([1.0, 2.0], [1.0]), "displacement must have shape (..., p) with p = 2, got (1,)"),
        (lambda: ps.ball_point([1.0], -0.5), "u must be > 0, got -0.5"),
        (lambda: ps.ball_point([1.0], 1.5), "u must be <= 1"),
        (lambda: ps.ball_point([[1.0], [2.0]], 0.5), "of shape (2,)"),
        (lambda: ps.ball_point([0.0, 0.0], 0.5), "z must not be 0 at any point"),
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
