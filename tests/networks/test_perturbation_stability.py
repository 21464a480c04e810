"""Perturbation stability, its gradients and bounds: shapes, bad input; what they are worth is in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.networks import perturbation_stability as ps
from refimpl.networks.initialization import NAMES, Scales, scales

sizes = st.integers(1, 5)
UNIT = Scales(1.0, 1.0, 1.0, 1.0)


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


@given(sizes, sizes, st.integers(2, 5), sizes, st.sampled_from(NAMES))
def test_norms_are_one_number_a_network(p, m, L, n, name):
    norms = ps.sample_gradient_norms(scales(name, p, m, 0.5), p, m, L, n, rng())
    assert norms.shape == (n,)
    assert norms.dtype == float
    assert (norms >= 0).all()


def test_enormous_and_tiny_scales_neither_overflow_nor_vanish():
    tiny, huge = (ps.sample_gradient_norms(Scales(b, 1.0, 1.0, 1.0), 3, 4, 3, 9, rng()) for b in (1e-200, 1e200))
    np.testing.assert_allclose(tiny * 1e200, huge / 1e200, rtol=1e-14)


def test_bounds_are_plain_numbers():
    assert type(ps.stability_bound("he", 784, 10**6, 10)) is float
    assert all(type(bound) is float for bound in ps.related_bounds(10**30, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ps.stability_bound("xavier", 4, 8, 2), "name must be one of 'lecun', 'he', 'ntk', got 'xavier'"),
        (lambda: ps.stability_bound("he", 0, 8, 2), "p must be >= 1, got 0"),
        (lambda: ps.stability_bound("he", 4, 0, 2), "m must be >= 1, got 0"),
        (lambda: ps.stability_bound("he", 4, 8, 1), "L must be >= 2, got 1"),
        (lambda: ps.related_bounds(8, 1), "L must be >= 2, got 1"),
        (lambda: ps.ball_constant(0), "p must be >= 1, got 0"),
        (lambda: ps.stability(UNIT, 2, 3, 2, 0.0), "eps must be > 0, got 0.0"),
        (lambda: ps.expected_perturbation([1.0], -0.1), "eps must be > 0, got -0.1"),
        (lambda: ps.expected_perturbation([np.inf], 0.1), "gradient must be finite, got inf"),
        (lambda: ps.perturbation([1.0, 2.0], [1.0]), "displacement must have shape (..., p) with p = 2, got (1,)"),
        (lambda: ps.ball_point([1.0], -0.5), "u must be > 0, got -0.5"),
        (lambda: ps.ball_point([1.0], 1.5), "u must be <= 1"),
        (lambda: ps.ball_point([[1.0], [2.0]], 0.5), "of shape (2,)"),
        (lambda: ps.ball_point([0.0, 0.0], 0.5), "z must not be 0 at any point"),
        (lambda: ps.expected_squared_gradient(UNIT, 0, 3, 2), "p must be >= 1, got 0"),
        (lambda: ps.expected_squared_gradient(UNIT, 3, 3, 1), "L must be >= 2, got 1"),
        (lambda: ps.sample_gradient_norms(UNIT, 3, 3, 1, 5, rng()), "L must be >= 2, got 1"),
        (lambda: ps.sample_gradient_norms(UNIT, 3, 3, 2, 0, rng()), "num_networks must be >= 1, got 0"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ps.sample_gradient_norms(UNIT, 3, 3, 2, 5, None), "rng must be a numpy.random.Generator"),
        (lambda: ps.sample_gradient_norms(UNIT, 3, 2.5, 2, 5, rng()), "m must be an integer, got 2.5"),
        (lambda: ps.expected_squared_gradient("he", 3, 3, 2), "scales must be Scales"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
