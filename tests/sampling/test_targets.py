"""Targets: batches and bad input; that gradients are scores is a claim in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling import constrained, langevin, posterior, targets
from refimpl.sampling.metropolis import mala
from refimpl.sampling.projected import projected_lmc

MIXTURE = ([0.5, 0.5], [[0.0, 1.0], [2.0, 0.0]], [np.eye(2), 2 * np.eye(2)])
TARGETS = {
    "Gaussian": targets.gaussian([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]]),
    "mixture": targets.gaussian_mixture(*MIXTURE),
    "wells": targets.double_well(2),
    "posterior": posterior.logistic_regression([[1.0, 2.0], [0.0, 1.0]], [1.0, -1.0]),
    "Dirichlet": constrained.dirichlet([2.0, 3.0, 0.5]),
    "Gaussian on a box": constrained.gaussian_on_box([0.1, 3.0], 0.7, [-1.0, 0.0], [1.0, 2.0]).target,
    "uniform on a ball": constrained.uniform_on_ball([0.1, 3.0], 4.0).target,
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_batches_are_points_side_by_side(target):
    a = np.random.default_rng(0).uniform(0, 0.5, (3, 4, 2))
    assert target.f(a).shape == (3, 4)
    np.testing.assert_allclose(target.f(a)[2, 1], target.f(a[2, 1]), rtol=1e-12)
    np.testing.assert_allclose(target.grad_f(a)[2, 1], target.grad_f(a[2, 1]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: targets.gaussian([0.0], [[-1.0]]), ValueError, "covariance must be positive definite"),
        (lambda: targets.gaussian([0.0], np.eye(2)), ValueError, "covariance must have shape (p, p) with p = 1"),
        (lambda: targets.gaussian_mixture([0.5, 0.6], *MIXTURE[1:]), ValueError, "weights must sum to 1"),
        (lambda: targets.gaussian_mixture([1.0], *MIXTURE[1:]), ValueError, "means must have shape (k, p) with k = 1"),
        (lambda: targets.double_well(0), ValueError, "p must be >= 1, got 0"),
        (lambda: targets.double_well(1, -1.0), ValueError, "barrier must be > 0, got -1.0"),
        (lambda: posterior.logistic_regression([[1.0]], [0.0]), ValueError, "labels must be −1 or 1, got 0.0"),
        (lambda: constrained.dirichlet([1.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: constrained.dirichlet([1.0, 0.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: TARGETS["Dirichlet"].f([0.5, 0.5]), ValueError, "a must be inside the simplex"),
        (lambda: TARGETS["Dirichlet"].grad_f([-0.1, 0.5]), ValueError, "a must be inside the simplex"),
        (lambda: TARGETS["Gaussian"].grad_f([1.0]), ValueError, "a must have shape (..., 2)"),
        (lambda: targets.log_density(TARGETS["posterior"]), ValueError, "target must know log ∫ e^(−f)"),
        (lambda: posterior.digit_regression(3, 10), ValueError, "second must be a digit, got 10"),
        (lambda: constrained.uniform_on_box([0.0], [0.0]), ValueError, "lower must be < upper, got [0.] and [0.]"),
        (lambda: constrained.gaussian_on_ball([0.0], 0.0, 1.0), ValueError, "std must be > 0, got 0.0"),
        (lambda: constrained.uniform_on_ball([0.0], -1.0), ValueError, "radius must be > 0, got -1.0"),
        (lambda: targets.score(3), TypeError, "target must be a Target, got int"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_targets_keep_copies_of_what_they_are_given():
    arrays = [np.array([0.3, -0.2]), 2 * np.eye(2), np.array([0.3, 0.7]), np.eye(2), np.stack([np.eye(2)] * 2)]
    mean, covariance, weights, means, covariances = arrays
    alpha, lower, upper = np.array([2.0, 3.0, 4.0]), np.array([-1.0, -1.0]), np.array([1.0, 1.5])
    laws = [
        targets.gaussian(mean, covariance),
        targets.gaussian_mixture(weights, means, covariances),
        posterior.logistic_regression(means, np.array([1.0, -1.0])),
        constrained.dirichlet(alpha),
        constrained.gaussian_on_box(mean, 1.0, lower, upper).target,
        constrained.gaussian_on_ball(mean, 1.0, 3.0).target,
    ]
    a = np.array([0.1, 0.2])
    before = [(law.f(a), law.grad_f(a)) for law in laws]
    for array in (*arrays, alpha, lower, upper):
        array *= 7
    for law, (f, grad_f) in zip(laws, before, strict=True):
        assert law.f(a) == f
        np.testing.assert_array_equal(law.grad_f(a), grad_f)


OUTSIDE = np.array([[0.5, 0.6], [0.2, 0.2]])


@pytest.mark.parametrize(
    "run",
    [
        lambda law, a: langevin.lmc(law.grad_f, a, 0.1, 5, np.random.default_rng(0)),
        lambda law, a: langevin.lmc_trace(law.grad_f, a, 0.1, 5, np.random.default_rng(0)),
        lambda law, a: langevin.lmc_step(law.grad_f, a, 0.1, a),
        lambda law, a: langevin.baoab_step(law.grad_f, a, a, 0.1, 1.0, 1.0, a),
        lambda law, a: projected_lmc(law.grad_f, lambda a: a, a, 0.1, 5, np.random.default_rng(0)),
        lambda law, a: mala(law.f, law.grad_f, a, 0.1, 5, np.random.default_rng(0)),
    ],
)
def test_a_sampler_that_starts_where_its_target_is_not_defined_says_so(run):
    with pytest.raises(ValueError, match="a must be inside the simplex"):
        run(TARGETS["Dirichlet"], OUTSIDE)
    with pytest.raises(ValueError, match=re.escape("a must have shape (..., 1), got (2, 2)")):
        run(targets.double_well(1), OUTSIDE)


def test_a_chain_that_leaves_the_simplex_diverges_and_metropolis_keeps_it_inside():
    law, start = TARGETS["Dirichlet"], np.full((40, 2), 0.3)
    with pytest.raises(DivergedError):
        langevin.lmc(law.grad_f, start, 0.1, 50, np.random.default_rng(0))
    a = mala(law.f, law.grad_f, start, 0.01, 200, np.random.default_rng(0)).a
    assert (a > 0).all()
    assert (a.sum(-1) < 1).all()
