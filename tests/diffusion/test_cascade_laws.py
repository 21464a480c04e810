"""Laws of cascades: singular cases, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import cascade_laws

C = np.array([[1.0, 0.3], [0.3, 0.5]])

A = np.array([[1.0, 2.0]])

MIXTURE = [0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [np.eye(2), C]


def test_a_component_without_weight_stays_without():
    law = cascade_laws.conditional_mixture([100.0], A, 0.1, [0.0, 1.0], *MIXTURE[1:])
    np.testing.assert_array_equal(law.weights, [0.0, 1.0])
    far = cascade_laws.conditional_mixture([1e6], A, 0.1, *MIXTURE)
    assert np.isfinite(far.means).all()
    assert far.weights.sum() == pytest.approx(1)


def test_everything_seen_leaves_nothing_to_sample():
    law = cascade_laws.conditional_mixture([0.3, 0.7], np.eye(2), 0.0, *MIXTURE)
    np.testing.assert_allclose(law.means, [[0.3, 0.7]] * 2, atol=1e-14)
    np.testing.assert_allclose(law.covariances, 0, atol=1e-14)


def test_nothing_seen_leaves_the_data():
    mean, covariance = cascade_laws.cascade_law([1.0, 2.0], C, A, 1e9, [50.0], [[7.0]])
    np.testing.assert_allclose(mean, [1.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(covariance, C, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (cascade_laws.conditional_mixture, ([0.0, 1.0], A, 0.1, *MIXTURE), "A must have shape"),
        (cascade_laws.conditional_mixture, ([0.0], A, -0.1, *MIXTURE), "s must be >= 0"),
        (cascade_laws.conditional_mixture, ([0.0], A, 0.1, [0.5, 0.4], *MIXTURE[1:]), "weights must sum to 1"),
        (cascade_laws.conditional_mixture, ([0.0], 0 * A, 0.0, *MIXTURE), "A must have independent rows"),
        (cascade_laws.cascade_law, ([0.0, 0.0], C, A, 0.0, [0.0], [[-1.0]]), "stage_covariance must be positive semi"),
        (cascade_laws.cascade_law, ([0.0, 0.0], -C, A, 0.0, [0.0], [[1.0]]), "C must be positive definite"),
        (
            cascade_laws.cascade_law,
            ([0.0, 0.0], C, np.ones((2, 2)), 0.0, [0.0, 0.0], C),
            "A must have independent rows",
        ),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
