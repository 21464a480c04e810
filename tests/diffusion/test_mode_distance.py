"""The distance of two modes: far and near modes, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import mode_distance

FUNCTIONS = (mode_distance.distance_likelihood_variance, mode_distance.distance_score_matching_variance)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_very_distant_and_very_near_modes_have_finite_variances(function):
    for a in (1e-3, 1e3, 1e6):
        assert np.isfinite(function(a, 0.3))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 0.5), "a must be > 0, got 0"),
        ((1.0, 1.0), "w must be > 0 and < 1"),
        ((1.0, 0.0), "w must be > 0 and < 1"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
