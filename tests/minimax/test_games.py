"""Games: shapes, plain numbers, bad input; that fields are signed gradients is a claim in `verify`."""

import re

import autograd.numpy as anp
import numpy as np
import pytest

from refimpl.minimax.games import bilinear, operator_of


def test_payoffs_take_points_and_plain_numbers():
    game = bilinear()
    assert game.payoff(2.0, 3.0) == 6.0
    np.testing.assert_array_equal(game.payoff(np.array([[2.0], [1.0]]), np.array([[3.0], [4.0]])), [6.0, 4.0])
    B = np.arange(6.0).reshape(2, 3)
    assert bilinear(B).payoff([1.0, 2.0], [1.0, 0.0, -1.0]) == pytest.approx(-6.0)
    assert bilinear(B).operator(np.ones((4, 5))).shape == (4, 5)


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
