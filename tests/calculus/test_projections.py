"""Projections: bad input."""

import numpy as np
import pytest

from refimpl.calculus.projections import onto_ball, onto_box, soft_threshold


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: onto_box(1, -1), "lower must be <= upper"),
        (lambda: onto_ball(0, 0), "radius must be > 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_thresholds_are_checked():
    with pytest.raises(ValueError, match="threshold must be >= 0, got -1"):
        soft_threshold(-1.0)
    with pytest.raises(ValueError, match="z must be finite, got nan"):
        soft_threshold(1.0)([np.nan])
