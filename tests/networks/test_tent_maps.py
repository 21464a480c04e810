"""The tent map, deep and shallow: shapes, purity, bad input; pieces and neurons are counted in `verify`."""

import re

import numpy as np
import pytest

from refimpl.networks import tent_maps


@pytest.mark.parametrize("tent", [tent_maps.deep_tent, tent_maps.shallow_tent])
def test_points_keep_their_shape(tent):
    x = np.linspace(0, 1, 12).reshape(2, 3, 2)
    kept = x.copy()
    assert tent(x, 3).shape == x.shape
    assert tent(0.25, 1) == 0.5
    np.testing.assert_array_equal(x, kept)


def test_neurons_without_a_kink_have_one_piece():
    assert tent_maps.shallow_pieces([0.0], [1.0], [2.0]) == 1
    assert tent_maps.shallow_pieces([1.0, 1.0], [0.0, -1.0], [1.0, 1.0]) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tent_maps.deep_tent([0.5, 1.5], 2), "x must be in [0, 1], got 1.5"),
        (lambda: tent_maps.shallow_tent([1.5], 2), "x must be in [0, 1], got 1.5"),
        (lambda: tent_maps.deep_tent([-0.5], 2), "x must be"),
        (lambda: tent_maps.deep_tent([0.5], 0), "L must be >= 1, got 0"),
        (lambda: tent_maps.shallow_pieces([1.0], [1.0, 2.0], [1.0]), "b must have shape"),
        (lambda: tent_maps.shallow_pieces([1.0], [np.nan], [1.0]), "b must"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
