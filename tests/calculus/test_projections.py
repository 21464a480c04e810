"""Projections: bad input."""

import pytest

from refimpl.calculus.projections import onto_ball, onto_box


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
