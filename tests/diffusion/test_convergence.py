"""The method of the theorem and its laws: simulation, limits, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import convergence
from refimpl.diffusion.sde import sub_vp, vp

OU = vp(4.0, 4.0)


def pull(a, t):
    return -a


def test_simulated_steps_have_the_law():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((40000, 1))
    for k in range(4):
        a = convergence.exponential_step(OU, pull, a, 1 - k / 4, -1 / 4, rng.standard_normal(a.shape))
    mean, variance = convergence.exponential_law(0.0, 1.0, 2.0, 4)
    assert abs(a.mean() - mean) < 5 * np.sqrt(variance / len(a))
    assert abs(a.var() - variance) < 5 * variance * np.sqrt(2 / len(a))


def test_steps_take_batches_and_change_nothing():
    a, z = np.arange(12.0).reshape(2, 3, 2), np.ones((2, 3, 2))
    kept = a.copy(), z.copy()
    stepped = convergence.exponential_step(OU, pull, a, 0.5, -0.1, z)
    np.testing.assert_allclose(stepped[1, 2], convergence.exponential_step(OU, pull, a[1, 2], 0.5, -0.1, z[1, 2]))
    np.testing.assert_array_equal((a, z), kept)


def test_many_short_steps_reach_the_data():
    mean, variance = convergence.exponential_law(0.7, 0.4, 8.0, 20000)
    assert (mean, variance) == pytest.approx((0.7, 0.4), rel=2e-3)


def test_long_times_do_not_overflow():
    assert convergence.exponential_law(0.0, 1.0, 1000.0, 10**4)[1] == pytest.approx(1, abs=0.2)


def test_distant_laws_are_apart():
    assert convergence.isotropic_total_variation(1.0, 1e6, 3) == pytest.approx(1, abs=1e-6)
    assert convergence.isotropic_total_variation(1e-300, 1e300, 3) == 1


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (convergence.exponential_step, (OU, pull, [1.0], 0.5, 0.1, [0.0]), "dt must be < 0"),
        (convergence.exponential_step, (OU, pull, [1.0], 0.5, -0.6, [0.0]), "dt must be >= -t = -0.5"),
        (convergence.exponential_step, (OU, pull, [1.0], 0.0, -0.1, [0.0]), "t must be > 0 and <= 1"),
        (convergence.exponential_step, (OU, pull, [1.0], 1.1, -0.1, [0.0]), "t must be > 0 and <= 1"),
        (convergence.exponential_step, (sub_vp(), pull, [1.0], 0.5, -0.1, [0.0]), "sde must have scale² \\+ std² = 1"),
        (convergence.exponential_step, ("vp", pull, [1.0], 0.5, -0.1, [0.0]), "sde must be an SDE"),
        (convergence.exponential_step, (OU, pull, [1.0], 0.5, -0.1, [0.0, 1.0]), "z must have shape"),
        (convergence.exponential_law, (0.0, 0.0, 1.0, 5), "v must be > 0"),
        (convergence.exponential_law, (0.0, 1.0, 0.0, 5), "T must be > 0"),
        (convergence.exponential_law, (0.0, 1.0, 1.0, 0), "num_steps must be >= 1"),
        (convergence.exponential_law, (0.0, 1.0, 1.0, 2.0), "num_steps must be an integer"),
        (convergence.exponential_law, (0.0, 1.0, 1.0, 2, 0.0, -1.0), "v0 must be >= 0"),
        (convergence.isotropic_total_variation, (1.0, -1.0, 2), "v1 must be > 0"),
        (convergence.isotropic_total_variation, (1.0, 1.0, 0), "p must be >= 1"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
