"""Inner maximisation: angles beyond the limit, bad input; its theorems are claims in `verify`."""

import numpy as np
import pytest

from refimpl.minimax.inner_maximization import descent_accuracy, descent_angle


def test_from_the_accuracy_on_the_gradient_may_point_anywhere():
    limit = descent_accuracy(2.0, 3.0, 0.5)
    assert descent_angle(2.0, 3.0, 0.5, 0.0) == 0
    assert descent_angle(2.0, 3.0, 0.5, 0.999 * limit) < np.pi / 2
    assert descent_angle(2.0, 3.0, 0.5, 1.001 * limit) == np.pi


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1.0, 1.0), "slope must be > 0, got 0.0"),
        ((1.0, -1.0, 1.0), "coupling must be > 0, got -1.0"),
        ((1.0, 1.0, 0.0), "concavity must be > 0, got 0.0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        descent_accuracy(*arguments)
    with pytest.raises(ValueError, match=message):
        descent_angle(*arguments, 0.1)
    with pytest.raises(ValueError, match=r"gap must be >= 0, got -0\.1"):
        descent_angle(1.0, 1.0, 1.0, -0.1)
