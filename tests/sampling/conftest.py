"""What is asked of every target, and of every driver of chains.

A driver is given as a function with defaults for all arguments; `start`, `grad` and `num_steps` are changed by name.
"""

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError

START = np.array([[0.1, 0.2], [0.3, 0.4], [0.2, 0.5]])


@pytest.fixture
def assert_reproducible():
    def check(driver):
        """The same states again, and neither the start nor the global generator changed."""
        start, before = START.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
        first, again = (np.asarray(driver(start=start)) for _ in range(2))
        assert first.shape[-2:] == START.shape
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(start, START)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    return check


@pytest.fixture
def assert_no_steps_change_nothing():
    def check(driver):
        states = np.asarray(driver(start=START, num_steps=0)).reshape(-1, *START.shape)
        np.testing.assert_allclose(states[0], START, rtol=1e-14)

    return check


@pytest.fixture
def assert_divergence_is_reported():
    def check(driver, **changes):
        """An error with the last finite state and its step, for a gradient that drives chains apart."""
        with pytest.raises(DivergedError) as caught:
            driver(start=START, grad=lambda a: -1e60 * a, **changes)
        assert np.isfinite(caught.value.last).all()
        assert caught.value.step > 0

    return check


@pytest.fixture(
    params=[
        ({"grad": 3.0}, TypeError, "must be callable, got 3.0"),
        ({"grad": lambda a: a[..., 0]}, ValueError, "must return shape"),
        ({"start": [0.1, 0.2]}, ValueError, "must have shape (n, p), got (2,)"),
        ({"start": [[np.nan, 0.2]]}, ValueError, "must be finite, got nan"),
        ({"start": np.empty((0, 2))}, ValueError, "must not be empty"),
        ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator, got 0"),
    ],
    ids=lambda case: case[2],
)
def bad_input_of_drivers(request):
    """Changes of a driver's arguments, and the error that they must raise."""
    changes, error, message = request.param
    return {"start": START, **changes}, error, message


@pytest.fixture
def assert_points_side_by_side():
    def check(target):
        a = np.random.default_rng(0).uniform(0, 0.5, (3, 4, 2))
        assert target.f(a).shape == (3, 4)
        np.testing.assert_allclose(target.f(a)[2, 1], target.f(a[2, 1]), rtol=1e-12)
        np.testing.assert_allclose(target.grad_f(a)[2, 1], target.grad_f(a[2, 1]), rtol=1e-12, atol=1e-14)

    return check


@pytest.fixture
def assert_copies_are_kept():
    def check(laws, *arrays):
        """Laws stay the same when the arrays that they were made from change."""
        a = np.array([0.1, 0.2])
        before = [(law.f(a), law.grad_f(a)) for law in laws]
        for array in arrays:
            array *= 7
        for law, (f, grad_f) in zip(laws, before, strict=True):
            assert law.f(a) == f
            np.testing.assert_array_equal(law.grad_f(a), grad_f)

    return check
