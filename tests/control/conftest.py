"""A linear-quadratic problem, and what every function of its gains must do."""

from types import SimpleNamespace

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError

A, B = np.array([[0.9, 0.2], [-0.1, 0.8]]), np.array([[0.5], [1.0]])
GAMMA, K = 0.9, np.array([[0.1, 0.2]])


@pytest.fixture
def lq():
    Q, R, S0 = np.diag([1.0, 2.0]), np.array([[3.0]]), np.array([[2.0, 0.5], [0.5, 1.0]])
    return SimpleNamespace(problem=(A, B, Q, R, GAMMA), dynamics=(A, B, GAMMA), K=K, S0=S0)


@pytest.fixture
def takes_batches():
    """Gains come in batches and stay as they are."""

    def check(function):
        gains = K + 0.1 * np.random.default_rng(0).standard_normal((2, 3, 1, 2))
        kept = gains.copy()
        together = np.asarray(function(gains))
        assert together.shape[:2] == (2, 3)
        np.testing.assert_array_equal(gains, kept)
        np.testing.assert_allclose(together[1, 2], function(gains[1, 2]), rtol=1e-12, atol=1e-12)

    return check


@pytest.fixture
def refuses_infinite_costs():
    """Infinite costs are refused with the gains."""

    def check(function):
        gains = np.stack([K, K - 10])
        with pytest.raises(DivergedError) as caught:
            function(gains)
        np.testing.assert_array_equal(caught.value.last, gains)
        growth = np.sqrt(GAMMA) * np.abs(np.linalg.eigvals(A - B @ gains[1])).max()
        assert caught.value.__notes__ == [f"K must make √γρ(A − BK) < 1 for costs to be finite, got {growth:.6g}"]

    return check
