"""Fits of the weight of a distant mode: extremes, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import mode_weight


def test_likelihood_counts_distant_modes():
    assert mode_weight.weight_by_likelihood([30.0, 30.0, -30.0], 30.0) == pytest.approx(2 / 3)
    assert mode_weight.weight_by_likelihood([5.0, 6.0], 5.0) == pytest.approx(1)


def test_score_matching_is_blind_to_distant_modes():
    one, other = [30.0, 30.0, -30.0], [-30.0, -30.0, 30.0]
    assert mode_weight.weight_by_score_matching(one, 30.0) == mode_weight.weight_by_score_matching(other, 30.0)


def test_variances_of_distant_modes():
    assert mode_weight.likelihood_variance(200.0, 0.3) == pytest.approx(0.21)
    assert mode_weight.score_matching_variance(20.0, 0.3) > 1e80
    assert (
        1e290 < mode_weight.score_matching_variance(37.0, 0.3) < mode_weight.score_matching_variance(1e4, 0.3) == np.inf
    )


FUNCTIONS = [f for f in vars(mode_weight).values() if hasattr(f, "domains")]

GOOD = {"x": [1.0, -1.0], "a": 1.0, "w": 0.5}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": 0.0}, "a must be > 0, got 0"),
        ({"a": np.nan}, "a must be finite"),
        ({"w": 0.0}, "w must be > 0 and < 1, got 0"),
        ({"w": 1.0}, "w must be > 0 and < 1, got 1"),
        ({"x": [np.inf]}, "x must be finite, got inf"),
        ({"x": []}, "x must not be empty"),
        ({"x": ["b"]}, "x must hold real numbers"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    if set(bad) <= set(function.domains):
        with pytest.raises((TypeError, ValueError), match=message):
            function(**{name: value for name, value in (GOOD | bad).items() if name in function.domains})
