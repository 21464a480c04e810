"""Losses of two parameters: bad input."""

import pytest

from refimpl.robustness.landscapes import factorization


def test_points_have_two_coordinates():
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., 2\), got \(3,\)"):
        factorization().f([1.0, 2.0, 3.0])
