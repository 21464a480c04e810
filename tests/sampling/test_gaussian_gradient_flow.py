"""Gradient flow of Gaussians: fixed points and bad input; what the flow does is claimed in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling.gaussian_gradient_flow import gaussian_flow, gaussian_jko_step


def test_time_zero_and_the_fixed_point_of_gaussians():
    assert gaussian_flow(1.5, 0.7, 2.0, 0.0) == (1.5, 0.7)
    np.testing.assert_allclose(gaussian_jko_step(0.0, 0.5, 4.0, 0.3), (0.0, 0.5))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gaussian_flow(0.0, 0.0, 1.0, 1.0), ValueError, "std must be > 0, got 0.0"),
        (lambda: gaussian_flow(0.0, 1.0, 1.0, -1.0), ValueError, "t must be >= 0, got -1.0"),
        (lambda: gaussian_jko_step(0.0, 1.0, 0.0, 1.0), ValueError, "l must be > 0, got 0.0"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
