"""Games: shapes, plain numbers, compiled runs, bad input; that fields are signed gradients is a claim in `verify`."""

import re

import autograd.numpy as anp
import numpy as np
import pytest

from refimpl.arguments.arrays import join, split
from refimpl.minimax import algorithms, games
from refimpl.minimax.games import bilinear, operator_of, planar_game


def test_payoffs_take_points_and_plain_numbers():
    game = bilinear()
    assert game.payoff(2.0, 3.0) == 6.0
    np.testing.assert_array_equal(game.payoff(np.array([[2.0], [1.0]]), np.array([[3.0], [4.0]])), [6.0, 4.0])
    B = np.arange(6.0).reshape(2, 3)
    assert bilinear(B).payoff([1.0, 2.0], [1.0, 0.0, -1.0]) == pytest.approx(-6.0)
    assert bilinear(B).operator(np.ones((4, 5))).shape == (4, 5)


def test_formulas_of_planar_games_may_name_their_arguments_as_they_like():
    game = planar_game("mine", lambda mine, yours, /: mine * yours**2, lambda w: join(split(w)[1], split(w)[0]))
    assert game.payoff(2.0, np.array([3.0])) == 18.0
    np.testing.assert_array_equal(game.operator([1.0, 2.0]), [2.0, 1.0])
    np.testing.assert_array_equal(algorithms.trajectory("gda", game.operator, [1.0, 2.0], 0.5, 1)[1], [0.0, 1.5])
    with pytest.raises(ValueError, match=re.escape("yours must have shape (..., 1)")):
        game.payoff(2.0, np.ones(2))
    with pytest.raises(TypeError, match="payoff must take the arguments x, y"):
        planar_game("mine", lambda z: z, lambda z: z)


def test_a_game_keeps_its_matrix():
    B = np.eye(2)
    game = bilinear(B)
    B[...] = 0
    np.testing.assert_array_equal(game.operator([1.0, 2.0, 3.0, 4.0]), [3.0, 4.0, -1.0, -2.0])


def test_operator_of_differentiates_batches():
    V = operator_of(lambda x, y: anp.sum(anp.sin(x), axis=-1) * y[..., 0], 2)
    z = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_allclose(V(z)[1, 0], V(z[1, 0]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bilinear([[np.nan]]), ValueError, "B must be finite, got nan"),
        (lambda: bilinear([1.0, 2.0]), ValueError, "B must have shape (m, n), got (2,)"),
        (lambda: bilinear(np.empty((0, 2))), ValueError, "B must not be empty"),
        (lambda: bilinear().operator([1.0, 2.0, 3.0]), ValueError, "z must have shape (..., 2)"),
        (lambda: bilinear(np.ones((2, 3))).operator(np.ones(4)), ValueError, "z must have shape (..., 5)"),
        (lambda: bilinear(np.ones((2, 3))).payoff(np.ones(2), np.ones(2)), ValueError, "y must have shape (..., 3)"),
        (lambda: bilinear().payoff("a", 2), TypeError, "x must be a real number"),
        (lambda: operator_of(3, 1), TypeError, "payoff must be callable, got 3"),
        (lambda: operator_of(np.add, 0), ValueError, "dim_x must be >= 1, got 0"),
        (lambda: operator_of(np.add, 1)([1.0]), ValueError, "z must have more than dim_x = 1 coordinates"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


PLANAR = {
    "bilinear": games.bilinear(),
    "quadratic saddle": games.quadratic_saddle(),
    "monkey saddle": games.monkey_saddle(),
    "weird saddle": games.weird_saddle(),
    "almost bilinear": games.almost_bilinear(0.3),
    "forsaken": games.forsaken(),
    "global forsaken": games.global_forsaken(),
    "lower bound": games.lower_bound(2.0, -0.5),
    "trap": games.trap(),
    "polar": games.polar(),
}
PLANAR_WITH_PAYOFF = {name: game for name, game in PLANAR.items() if game.payoff is not None}


@pytest.mark.parametrize("name", PLANAR)
def test_games_know_their_names(name):
    assert PLANAR[name].name == name


@pytest.mark.parametrize("game", PLANAR.values(), ids=PLANAR)
def test_fields_of_batches_are_fields_of_points(game):
    z = np.random.default_rng(0).uniform(-2, 2, (3, 4, 2))
    before = z.copy()
    V = game.operator(z)
    np.testing.assert_array_equal(z, before)
    np.testing.assert_allclose(V[2, 1], game.operator(z[2, 1]), rtol=1e-13)


@pytest.mark.parametrize("game", PLANAR_WITH_PAYOFF.values(), ids=PLANAR_WITH_PAYOFF)
def test_planar_payoffs_take_points_and_plain_numbers_and_are_differentiable(game):
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 5, 1))
    values = game.payoff(x, y)
    assert values.shape == (5,)
    assert game.payoff(x[3, 0], y[3, 0]) == pytest.approx(values[3], rel=1e-13)
    assert game.payoff([x[3, 0]], y[3, 0]) == pytest.approx(values[3], rel=1e-13)
    V = games.operator_of(game.payoff, 1)
    z = np.concatenate([x, y], -1)
    np.testing.assert_allclose(V(z), game.operator(z), atol=1e-13)


@pytest.mark.parametrize("game", PLANAR.values(), ids=PLANAR)
def test_compiled_and_plain_runs_agree(game):
    z0 = np.array([0.3, -0.2])
    plain = algorithms.trajectory("eg", lambda z: game.operator(z), z0, 0.01, 30)
    np.testing.assert_allclose(algorithms.trajectory("eg", game.operator, z0, 0.01, 30), plain, atol=1e-13)


def test_the_polar_game_has_no_payoff():
    assert games.polar().payoff is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: games.almost_bilinear(np.nan), ValueError, "eps must be finite, got nan"),
        (lambda: games.almost_bilinear(player="x"), ValueError, "player must be one of 'max', 'min', got 'x'"),
        (lambda: games.forsaken("half"), TypeError, "offset must be a real number, got 'half'"),
        (lambda: games.forsaken([0.4, 0.5]), ValueError, "offset must be one number"),
        (lambda: games.polar(np.inf), ValueError, "a must be finite, got inf"),
        (lambda: games.lower_bound(1.0, None), TypeError, "b must be a real number, got None"),
        (lambda: games.trap().operator([1.0, np.nan]), ValueError, "z must be finite, got nan"),
        (lambda: games.monkey_saddle().operator([1.0]), ValueError, "z must have shape (..., 2)"),
        (lambda: games.monkey_saddle().payoff(np.nan, 1.0), ValueError, "x must be finite, got nan"),
        (lambda: games.monkey_saddle().payoff(1.0, [1.0, 2.0]), ValueError, "y must have shape (..., 1)"),
        (lambda: games.operator_of(games.polar().payoff, 1), TypeError, "payoff must be callable, got None"),
    ],
)
def test_planar_games_refuse_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
