"""Langevin play: shapes, boxes, purity, divergence, bad input; its laws are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.minimax.games import bilinear
from refimpl.minimax.langevin_play import langevin_mirror_descent, langevin_mirror_prox, reflected_langevin_step

METHODS = [langevin_mirror_descent, langevin_mirror_prox]
BOX = (-1.0, 1.0)
X0, Y0 = np.array([[0.1], [0.2], [0.3]]), np.array([[0.5], [-0.5]])


def play(method, x0=X0, y0=Y0, V=None, eta=0.5, num_rounds=4, box=BOX, rng=None, **settings):
    V = bilinear().operator if V is None else V
    return method(V, x0, y0, eta, num_rounds, box, np.random.default_rng(0) if rng is None else rng, **settings)


@pytest.mark.parametrize("method", METHODS)
def test_rounds_are_stacked_inside_the_box_and_reproducible(method):
    x0, y0 = X0.copy(), Y0.copy()
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    x, y = play(method, x0, y0)
    assert (x.shape, y.shape) == ((4, 3, 1), (4, 2, 1))
    assert max(np.abs(x).max(), np.abs(y).max()) <= 1
    np.testing.assert_array_equal(x, play(method)[0])
    np.testing.assert_array_equal((*x0.flat, *y0.flat), (*X0.flat, *Y0.flat))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("method", METHODS)
def test_players_of_different_dimension_in_a_box_with_different_sides(method):
    rng = np.random.default_rng(1)
    lower, upper = np.array([-1.0, 0.0, 2.0]), np.array([1.0, 3.0, 2.5])
    V = bilinear(rng.standard_normal((2, 1))).operator
    x0, y0 = rng.uniform(lower[:2], upper[:2], (5, 2)), rng.uniform(lower[2:], upper[2:], (4, 1))
    x, y = play(method, x0, y0, V=V, box=(lower, upper))
    assert ((lower[:2] <= x) & (x <= upper[:2])).all()
    assert ((lower[2:] <= y) & (y <= upper[2:])).all()


def test_a_box_may_be_an_array():
    for given in (np.array([-1.0, 1.0]), [-1.0, 1.0]):
        np.testing.assert_array_equal(play(langevin_mirror_descent, box=given).x, play(langevin_mirror_descent).x)


def test_mirror_descent_plays_the_start_first():
    x, y = play(langevin_mirror_descent, num_rounds=1)
    np.testing.assert_array_equal(x[0], X0)
    np.testing.assert_array_equal(y[0], Y0)


def test_a_point_may_bounce_many_times():
    a = reflected_langevin_step(lambda a: -100.3 + 0 * a, [0.0], 1.0, 1.0, [0.0], BOX)
    np.testing.assert_allclose(a, [0.3], atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_divergence_carries_the_last_finite_particles(method):
    calls = []

    def V(z):
        calls.append(z)
        return z / 0 if len(calls) > 6 else 0 * z

    with pytest.raises(DivergedError) as caught, np.errstate(all="ignore"):
        play(method, V=V, num_inner=2)
    assert caught.value.step == (2 if method is langevin_mirror_descent else 1)
    assert np.isfinite(caught.value.last[0]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x0": [0.1, 0.2]}, ValueError, "x0 must have shape (n, d), got (2,)"),
        ({"x0": np.empty((0, 1))}, ValueError, "x0 must not be empty"),
        ({"y0": [[np.nan]]}, ValueError, "y0 must be finite, got nan"),
        ({"x0": [[1.5]]}, ValueError, "x0 must lie in the box from [-1.] to [1.], got [1.5] to [1.5]"),
        ({"y0": [[0.0], [-3.0]]}, ValueError, "y0 must lie in the box"),
        ({"eta": 0.0}, ValueError, "eta must be > 0, got 0.0"),
        ({"h": -1.0}, ValueError, "h must be > 0, got -1.0"),
        ({"num_rounds": 0}, ValueError, "num_rounds must be >= 1, got 0"),
        ({"num_inner": 1.5}, TypeError, "num_inner must be an integer, got 1.5"),
        ({"box": 2.0}, TypeError, "box must be a pair (lower, upper), got 2.0"),
        ({"box": (1.0, -1.0)}, ValueError, "box must have lower < upper everywhere"),
        ({"box": (-np.inf, 1.0)}, ValueError, "box[0] must be finite, got -inf"),
        ({"box": (np.full(3, -1.0), 1.0)}, ValueError, "box must have numbers or points of 2 coordinates"),
        ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator, got 0"),
        ({"V": 3.0}, TypeError, "V must be callable, got 3.0"),
        ({"V": lambda z: z[..., 0]}, ValueError, "V must return shape"),
    ],
)
def test_bad_input_is_refused_by_name(method, changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        play(method, **changes)
