"""Stationarity: batches, drivers, bad input; the theorems are claims in `verify`."""

import re

import numpy as np
import pytest

from refimpl.arguments.domains import array, domain
from refimpl.arguments.errors import DivergedError
from refimpl.calculus.differentiation import jacobian
from refimpl.minimax.games import bilinear, polar, quadratic_saddle, weird_saddle
from refimpl.minimax.stationarity import classify, sgd, sgd_step


def identity(x):
    return x


def test_batches_are_points_side_by_side():
    z = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    before = z.copy()
    found, one = classify(weird_saddle().payoff, z), classify(weird_saddle().payoff, z[1, 2])
    np.testing.assert_array_equal(z, before)
    assert found.kind.shape == found.slope.shape == (3, 4)
    assert found.kind[1, 2] == one.kind
    np.testing.assert_allclose([f[1, 2] for f in found[:3]], one[:3], rtol=1e-13)


def test_flat_payoffs_are_judged_too():
    assert classify(lambda x, y: (x * y)[..., 0], np.zeros(2)).kind == "undecided"
    assert classify(lambda x, y: (x + y)[..., 0], np.zeros(2)).kind == "not critical"


def test_the_tolerance_says_what_is_zero():
    point = [1e-4, 0.0]
    assert classify(quadratic_saddle().payoff, point).kind == "not critical"
    assert classify(quadratic_saddle().payoff, point, tolerance=1e-3).kind == "strict equilibrium"


def test_jacobians_of_linear_fields_are_their_matrices():
    M = np.random.default_rng(0).standard_normal((3, 3))
    J = jacobian(lambda z: z @ M.T, np.ones((2, 5, 3)))
    np.testing.assert_allclose(J, np.broadcast_to(M, (2, 5, 3, 3)), rtol=1e-14)


def test_sgd_repeats_its_step_with_the_generator_s_errors():
    x0, etas = np.arange(6.0).reshape(3, 2), np.array([0.3, 0.2, 0.1])
    path = sgd(identity, x0, etas, 0.5, np.random.default_rng(7))
    rng, x = np.random.default_rng(7), x0
    for k, eta in enumerate(etas):
        np.testing.assert_array_equal(path[k], x)
        x = sgd_step(identity, x, eta, 0.5 * rng.standard_normal(x.shape))
    np.testing.assert_array_equal(path[-1], x)


def test_divergence_carries_the_last_finite_state():
    with pytest.raises(DivergedError) as caught:
        sgd(lambda x: -1e100 * x, np.ones(1), np.ones(10), 0.0, np.random.default_rng(0))
    assert caught.value.step == 3
    np.testing.assert_allclose(caught.value.last, [1e300])


def test_divergence_is_reported_where_the_gradient_refuses_what_is_not_finite():
    cubic = domain(x=array("... p"))(lambda x: -(x**3))
    with pytest.raises(DivergedError) as caught:
        sgd(lambda x: cubic(x), [2.0], np.ones(50), 0.0, np.random.default_rng(0))
    assert np.isfinite(caught.value.last).all()
    assert caught.value.step == 6


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda rng: classify(polar().payoff, np.zeros(2)), TypeError, "payoff must be callable, got None"),
        (lambda rng: classify(bilinear().payoff, [np.inf, 0.0]), ValueError, "z must be finite, got inf"),
        (lambda rng: classify(bilinear().payoff, [0.0]), ValueError, "z must have more than dim_x = 1 coordinates"),
        (lambda rng: classify(bilinear().payoff, [0.0, 0.0], 0), ValueError, "dim_x must be >= 1, got 0"),
        (lambda rng: classify(bilinear().payoff, [0.0, 0.0], tolerance=-1), ValueError, "tolerance must be >= 0"),
        (lambda rng: sgd_step(identity, [1.0], 0.0, [0.0]), ValueError, "eta must be > 0, got 0.0"),
        (lambda rng: sgd_step(identity, [1.0], 0.1, [0.0, 1.0]), ValueError, "noise must have shape"),
        (lambda rng: sgd(identity, [1.0], [0.1, -0.1], 1.0, rng), ValueError, "etas must be > 0, got -0.1"),
        (lambda rng: sgd(identity, [1.0], 0.1, 1.0, rng), ValueError, "etas must have shape (N)"),
        (lambda rng: sgd(identity, [1.0], [0.1], -1.0, rng), ValueError, "sigma must be >= 0, got -1.0"),
        (lambda rng: sgd(identity, [1.0], [0.1], 1.0, None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda rng: sgd(np.sum, [1.0], [0.1], 1.0, rng), ValueError, "grad_f must return shape (1,) for (1,), got ()"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(np.random.default_rng(0))
