"""Optimizers: limits that can be seen by hand, and bad input."""

import numpy as np
import pytest

from refimpl.backpropagation.optimizers import adam_start, adam_step, langevin_step, rms_start, sgd_step


def test_adam_moves_by_its_step_along_a_constant_gradient() -> None:
    g, state = np.array([3.0, -0.2]), adam_start([1.0, 1.0])
    for _ in range(10):
        state = adam_step(g, state, 0.1, eps=1e-300)
    np.testing.assert_allclose(state.x, [0.0, 2.0], atol=1e-12)


def test_without_temperature_noise_does_not_matter() -> None:
    g, state = np.array([3.0, -0.2]), rms_start([1.0, 1.0])
    with_noise = langevin_step(g, state, 0.1, 0.0, [5.0, -7.0])
    np.testing.assert_array_equal(with_noise.x, langevin_step(g, state, 0.1, 0.0, [0.0, 0.0]).x)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha must be > 0, got 0"):
        sgd_step([1.0], [1.0], 0)
    with pytest.raises(ValueError, match=r"g must have shape \(..., d\) with d = 1|x must have shape"):
        sgd_step([1.0], [1.0, 2.0], 0.1)
    with pytest.raises(ValueError, match="beta_1 must be >= 0 and < 1"):
        adam_step([1.0], adam_start([1.0]), 0.1, beta_1=1.0)
    with pytest.raises(TypeError, match="state must be a AdamState"):
        adam_step([1.0], rms_start([1.0]), 0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="temperature must be >= 0"):
        langevin_step([1.0], rms_start([1.0]), 0.1, -1.0, [0.0])
    with pytest.raises(ValueError, match="z must be finite"):
        langevin_step([1.0], rms_start([1.0]), 0.1, 1.0, [np.inf])
