"""Spurious attractors: shapes, purity, bad input; cycles and their multipliers are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.minimax.games import almost_bilinear, bilinear, polar, quadratic_saddle
from refimpl.minimax.spurious_attractors import critical_point, limit_cycle, return_map

POLAR = polar().operator
REPELS = almost_bilinear(0.5, "min").operator
ORIGIN = np.zeros(2)


def test_return_maps_take_radii_of_any_shape():
    radius = np.array([[0.3, 0.9, 1.1], [0.5, 0.75, 1.0]])
    before = radius.copy()
    back = return_map(POLAR, ORIGIN, radius)
    np.testing.assert_array_equal(radius, before)
    assert back.shape == (2, 3)
    np.testing.assert_allclose(back[0, 1], return_map(POLAR, ORIGIN, 0.9), rtol=1e-10)
    np.testing.assert_allclose(back[1, 1:], [0.75, 1.0], atol=1e-10)


@pytest.mark.parametrize("num_points", [3, 100])
def test_cycles_have_as_many_points_as_asked(num_points):
    cycle = limit_cycle(POLAR, ORIGIN, [0.9, 1.1], num_points)
    assert cycle.z.shape == (num_points, 2)
    assert cycle.extent.shape == (2, 2)
    np.testing.assert_allclose(cycle.z[0], [1.0, 0.0], atol=1e-10)
    np.testing.assert_allclose(cycle.extent, [[-1, -1], [1, 1]], atol=1e-10)


def test_critical_points_come_with_the_eigenvalues_of_the_jacobian():
    point = critical_point(quadratic_saddle().operator, [1.0, -2.0])
    np.testing.assert_allclose(point.z, [0, 0], atol=1e-15)
    np.testing.assert_allclose(point.eigenvalues, [2, 2])


def test_points_of_one_coordinate():
    found = critical_point(lambda z: z**3 - 8, [3.0])
    np.testing.assert_allclose(found.z, [2.0], rtol=1e-14)
    np.testing.assert_allclose(found.eigenvalues, [12.0], rtol=1e-14)


@pytest.mark.parametrize("V", [lambda z: np.ones(2) + 0 * z, lambda z: z * z + 1])
def test_fields_without_a_zero_are_reported(V):
    with pytest.raises(DivergedError):
        critical_point(V, [0.3, 0.4])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: return_map(POLAR, ORIGIN, -1.0), "radius must be > 0, got -1.0"),
        (lambda: return_map(POLAR, ORIGIN, [1.0, np.nan]), "radius must be finite, got nan"),
        (lambda: return_map(POLAR, np.zeros(3), 1.0), "centre must have shape (2)"),
        (lambda: return_map(POLAR, [2.0, 0.0], 0.5), "radius must be such that the flow comes back around [2. 0.]"),
        (lambda: return_map(quadratic_saddle().operator, ORIGIN, 1.0), "radius must be such that the flow comes back"),
        (lambda: return_map(REPELS, ORIGIN, [1.0, 3.0]), "radius must be such that the flow comes back"),
        (lambda: limit_cycle(REPELS, ORIGIN, [1.0, 3.0]), "radius must be such that the flow comes back"),
        (lambda: limit_cycle(POLAR, ORIGIN, [0.8, 0.9]), "bracket must hold one cycle"),
        (lambda: limit_cycle(bilinear().operator, ORIGIN, [0.8, 0.9]), "bracket must hold one cycle"),
        (lambda: limit_cycle(POLAR, ORIGIN, [-0.8, 0.9]), "bracket must be > 0, got -0.8"),
        (lambda: limit_cycle(POLAR, ORIGIN, [0.9]), "bracket must have shape (2)"),
        (lambda: limit_cycle(POLAR, ORIGIN, [0.9, 1.1], 2), "num_points must be >= 3, got 2"),
        (lambda: critical_point(bilinear().operator, [1.0, np.inf]), "z0 must be finite, got inf"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
