"""Targets on boxes, balls and the simplex: batches, samplers that leave their set, bad input."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.sampling import constrained, langevin, targets
from refimpl.sampling.metropolis import mala
from refimpl.sampling.projected import projected_lmc

TARGETS = {
    "Dirichlet": constrained.dirichlet([2.0, 3.0, 0.5]),
    "Gaussian on a box": constrained.gaussian_on_box([0.1, 3.0], 0.7, [-1.0, 0.0], [1.0, 2.0]).target,
    "uniform on a ball": constrained.uniform_on_ball([0.1, 3.0], 4.0).target,
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_batches_are_points_side_by_side(target, assert_points_side_by_side):
    assert_points_side_by_side(target)


def test_targets_keep_copies_of_what_they_are_given(assert_copies_are_kept):
    alpha, centre = np.array([2.0, 3.0, 4.0]), np.array([0.3, -0.2])
    lower, upper = np.array([-1.0, -1.0]), np.array([1.0, 1.5])
    laws = [
        constrained.dirichlet(alpha),
        constrained.gaussian_on_box(centre, 1.0, lower, upper).target,
        constrained.gaussian_on_ball(centre, 1.0, 3.0).target,
    ]
    assert_copies_are_kept(laws, alpha, centre, lower, upper)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: constrained.dirichlet([1.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: constrained.dirichlet([1.0, 0.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: constrained.uniform_on_box([0.0], [0.0]), ValueError, "lower must be < upper, got [0.] and [0.]"),
        (lambda: constrained.gaussian_on_ball([0.0], 0.0, 1.0), ValueError, "std must be > 0, got 0.0"),
        (lambda: constrained.uniform_on_ball([0.0], -1.0), ValueError, "radius must be > 0, got -1.0"),
        (lambda: TARGETS["Dirichlet"].f([0.5, 0.5]), ValueError, "a must be inside the simplex"),
        (lambda: TARGETS["Dirichlet"].grad_f([-0.1, 0.5]), ValueError, "a must be inside the simplex"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


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
