"""Two distant modes: extremes, batches, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import fisher_blindness

DISTANCES = [fisher_blindness.mode_fisher_divergence, fisher_blindness.mode_kl, fisher_blindness.mode_total_variation]


@pytest.mark.parametrize("distance", DISTANCES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("a", [1e-3, 1.0, 30.0, 1000.0])
def test_distances_are_finite_and_zero_between_equals(distance, a):
    assert distance(a, 0.3, 0.3) == pytest.approx(0, abs=1e-15)
    assert 0 <= distance(a, 0.3, 0.6) < 1


def test_small_divergences_keep_their_digits():
    ratio = [
        fisher_blindness.mode_fisher_divergence(a, 0.2, 0.7) / fisher_blindness.mode_fisher_asymptote(a, 0.2, 0.7)
        for a in (20.0, 35.0)
    ]
    np.testing.assert_allclose(ratio, 1, atol=3e-3)


def test_extreme_weights_do_no_harm():
    for a in (1e-3, 3.0, 30.0):
        for w, v in ((0.5, 1e-300), (1e-300, 1 - 1e-16), (1e-300, 1e-299)):
            assert np.isfinite(fisher_blindness.mode_fisher_divergence(a, w, v))
    assert fisher_blindness.mode_fisher_divergence(3.0, 0.5, 1e-300) == pytest.approx(36 / 2, rel=0.01)


def test_density_and_score_of_batches():
    x = np.linspace(-3, 3, 12).reshape(3, 4)
    assert fisher_blindness.mode_density(x, 2.0, 0.3).shape == (3, 4)
    h = 1e-5
    log_slope = np.log(fisher_blindness.mode_density(x + h, 2.0, 0.3) / fisher_blindness.mode_density(x - h, 2.0, 0.3))
    np.testing.assert_allclose(fisher_blindness.mode_score(x, 2.0, 0.3), log_slope / (2 * h), rtol=1e-6, atol=1e-8)


FUNCTIONS = [f for f in vars(fisher_blindness).values() if hasattr(f, "domains")]

GOOD = {"x": [1.0, -1.0], "a": 1.0, "w": 0.5, "v": 0.5}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": 0.0}, "a must be > 0, got 0"),
        ({"a": np.nan}, "a must be finite"),
        ({"w": 0.0}, "w must be > 0 and < 1, got 0"),
        ({"w": 1.0}, "w must be > 0 and < 1, got 1"),
        ({"v": -0.1}, "v must be > 0 and < 1, got -0.1"),
        ({"x": [np.inf]}, "x must be finite, got inf"),
        ({"x": []}, "x must not be empty"),
        ({"x": ["b"]}, "x must hold real numbers"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    if set(bad) <= set(function.domains):
        with pytest.raises((TypeError, ValueError), match=message):
            function(**{name: value for name, value in (GOOD | bad).items() if name in function.domains})
