"""Errors of learnt Gaussian scores: simulation, limits, bad input."""

import numpy as np
import pytest

from refimpl.diffusion import sample_complexity

C = np.array([[1.0, 0.3], [0.3, 0.5]])


def test_simulated_fits_err_as_expected():
    rng, n, runs = np.random.default_rng(0), 60, 4000
    samples = rng.standard_normal((runs, n, 2)) @ np.linalg.cholesky(C).T
    errors = [
        sample_complexity.gaussian_score_error(np.zeros(2), C, *sample_complexity.gaussian_score_matching(a))
        for a in samples
    ]
    deviation = np.std(errors) / np.sqrt(runs)
    assert abs(np.mean(errors) - sample_complexity.expected_score_error(C, n)) < 5 * deviation < 0.1 * np.mean(errors)


def test_the_same_law_has_no_error():
    assert sample_complexity.gaussian_score_error([1.0, 2.0], C, [1.0, 2.0], C) == 0


def test_no_time_left_costs_what_the_kernel_leaves():
    assert sample_complexity.least_kernel_error(2.0, 3, 1.0, 1.0 + 1e-6) == pytest.approx(3 * (1 - 1 / 3), rel=1e-5)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (sample_complexity.gaussian_score_matching, ([1.0, 2.0],), r"a must have shape \(n, p\)"),
        (sample_complexity.gaussian_score_matching, ([[1.0, 2.0], [2.0, 4.0]],), "a must span all 2 dimensions"),
        (sample_complexity.gaussian_score_matching, ([[np.nan]],), "a must be finite"),
        (sample_complexity.gaussian_score_error, ([0.0], [[1.0]], [0.0], [[-1.0]]), "C1 must be positive definite"),
        (sample_complexity.gaussian_score_error, ([0.0], [[1.0]], [0.0, 1.0], [[1.0]]), "m1 must have shape"),
        (sample_complexity.expected_score_error, (C, 6), "n must be > p"),
        (sample_complexity.expected_score_error, (C, 10.0), "n must be an integer"),
        (sample_complexity.least_kernel_error, (1.0, 1, 0.0, 1.0), "t0 must be > 0, got 0"),
        (sample_complexity.least_kernel_error, (1.0, 1, 2.0, 1.0), "t0 must be < T = 1"),
        (sample_complexity.least_kernel_error, (0.0, 1, 0.5, 1.0), "v must be > 0"),
        (sample_complexity.least_kernel_error, (1.0, 0, 0.5, 1.0), "p must be >= 1"),
    ],
)
def test_bad_input_is_refused(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(*arguments)
