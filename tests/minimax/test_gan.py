"""The stochastic game of a Wasserstein GAN: bad input."""

from collections.abc import Callable

import numpy as np
import pytest

from refimpl.minimax.gan import Gan, critic_slope, generate, random_draw, random_players

SMALL = Gan((2, 8, 2), (2, 8, 1), batch=16)
A = np.zeros((3, 2))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: generate(SMALL._replace(critic_widths=(3, 1)), np.zeros(3), A), ValueError, "critic begin with 2"),
        (lambda: generate(SMALL, np.zeros(3), A), ValueError, "x must have 42 entries"),
        (
            lambda: critic_slope(SMALL, *random_players(SMALL, rng()), random_draw(SMALL, rng()), 9),
            ValueError,
            "k must be < 2",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
