"""Posteriors of logistic regression: batches and bad input; gradients and features are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.sampling.posterior import digit_regression, logistic_regression
from refimpl.sampling.targets import log_density


def test_batches_are_points_side_by_side(assert_points_side_by_side):
    assert_points_side_by_side(logistic_regression([[1.0, 2.0], [0.0, 1.0]], [1.0, -1.0]))


def test_the_posterior_keeps_copies_of_what_it_is_given(assert_copies_are_kept):
    features, labels = np.eye(2), np.array([1.0, -1.0])
    assert_copies_are_kept([logistic_regression(features, labels)], features, labels)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logistic_regression([[1.0]], [0.0]), "labels must be −1 or 1, got 0.0"),
        (lambda: log_density(logistic_regression([[1.0]], [1.0])), "target must know log ∫ e^(−f)"),
        (lambda: digit_regression(3, 10), "second must be a digit, got 10"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
