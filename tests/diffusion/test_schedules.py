"""Noise levels and what marches through them: ends, bad input."""

import numpy as np
import pytest

from refimpl.diffusion.schedules import march, noise_levels


def test_noise_levels_end_in_zero():
    assert noise_levels(9.0, 1.0, 1).tolist() == [pytest.approx(9.0), 0.0]
    assert noise_levels(80.0, 0.002, 3, rho=0.02) == pytest.approx([80.0, 80.0 * 0.5**0.02, 0.002, 0.0])
    levels = noise_levels(80.0, 0.002, 18)
    assert len(levels) == 19
    assert (np.diff(levels) < 0).all()
    assert levels[[0, -2, -1]] == pytest.approx([80.0, 0.002, 0.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise_levels(1.0, 2.0, 5), "sigma_min must be < sigma_max = 1, got 2"),
        (lambda: noise_levels(1.0, 0.0, 5), "sigma_min must be > 0"),
        (lambda: noise_levels(2.0, 1.0, 0), "num_steps must be >= 1"),
        (lambda: noise_levels(2.0, 1.0, 5, rho=0.0), "rho must be > 0"),
        (
            lambda: noise_levels(80.0, 0.002, 5, rho=1e-3),
            "rho must be larger for noise levels from 80 to 0.002, got 0.001",
        ),
        (lambda: march(None, [1.0], [2.0, 1.0]), "step must be callable"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
