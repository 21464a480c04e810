"""The curves of the picture: slopes, order, and the level that T ends at."""

import numpy as np
import pytest

from figures.diffusion import convergence


@pytest.fixture(scope="module")
def data() -> convergence.Data:
    return convergence.data("draft", np.random.default_rng(0))


def slopes(x: np.ndarray, curves: np.ndarray) -> np.ndarray:
    return np.log(curves[:, -1] / curves[:, -2]) / np.log(x[-1] / x[-2])


def test_ends_are_below_paths_and_paths_below_the_bound(data: convergence.Data) -> None:
    for curves in (data.by_step, data.by_dimension, data.by_time, data.by_error):
        assert (np.diff(curves, axis=0) < 0).all()


def test_slopes(data: convergence.Data) -> None:
    np.testing.assert_allclose(slopes(data.steps, data.by_step), [0.5, 0.5, 1.0], atol=0.05)
    np.testing.assert_allclose(slopes(data.dimensions, data.by_dimension), [0.5, 0.5, 0.5], atol=0.05)


def test_the_end_stays_where_the_bound_grows(data: convergence.Data) -> None:
    bound, _, end = data.by_time[:, -3:]
    assert (np.diff(bound) > 0).all()
    np.testing.assert_allclose(end, end[-1], rtol=1e-2)
    early = np.log(data.by_time[2, 1] / data.by_time[2, 3]) / (data.times[3] - data.times[1])
    assert early == pytest.approx(2, abs=0.3)
