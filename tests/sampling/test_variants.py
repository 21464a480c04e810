"""Underdamped, projected, mirrored and double-loop chains: shapes, purity, divergence, bad input."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.calculus.projections import onto_box
from refimpl.sampling.double_loop import Schedule, double_loop_covariance, double_loop_lmc, geometric_schedule
from refimpl.sampling.mirrored import (
    dirichlet_dual_gradient,
    dual_gradient,
    entropic_conjugate,
    mirrored_lmc,
    to_dual,
    to_simplex,
)
from refimpl.sampling.projected import interval_cdf, interval_law, projected_lmc, uniform_boundary_mass
from refimpl.sampling.underdamped import underdamped_lmc

START = np.array([[0.1, 0.2], [0.3, 0.4], [0.2, 0.5]])
BOX = onto_box(0.0, 1.0)
SCHEDULE = Schedule((0.2, 0.1), (3, 4))


def underdamped(grad_f=lambda a: a, a0=START, v0=START, h=0.1, gamma=1.0, num_steps=7, rng=None, u=1.0):
    rng = np.random.default_rng(0) if rng is None else rng
    return underdamped_lmc(grad_f, a0, v0, h, gamma, num_steps, rng, u)


def projected(grad_f=lambda a: a, project=BOX, a0=START, eta=0.1, num_steps=7, rng=None):
    return projected_lmc(grad_f, project, a0, eta, num_steps, np.random.default_rng(0) if rng is None else rng)


def mirrored(grad_W=lambda y: y, x0=START, eta=0.1, num_steps=7, rng=None):
    return mirrored_lmc(grad_W, x0, eta, num_steps, np.random.default_rng(0) if rng is None else rng)


def double_loop(grad_f=lambda a: a, a0=START, schedule=SCHEDULE, rng=None):
    return double_loop_lmc(grad_f, a0, schedule, np.random.default_rng(0) if rng is None else rng)


DRIVERS = [underdamped, projected, mirrored, double_loop]


@pytest.mark.parametrize("driver", DRIVERS)
def test_chains_are_reproducible_and_change_nothing(driver):
    start, before = START.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = np.asarray(driver()), np.asarray(driver())
    assert first.shape[-2:] == START.shape
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(START, start)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("driver", [underdamped, projected, mirrored])
def test_no_steps_change_nothing(driver):
    np.testing.assert_allclose(np.asarray(driver(num_steps=0)).reshape(-1, 3, 2)[0], START, rtol=1e-14)


@pytest.mark.parametrize("driver", DRIVERS)
def test_divergence_carries_the_last_finite_state(driver):
    free = {"project": lambda a: a} if driver is projected else {}
    slope = {"grad_W" if driver is mirrored else "grad_f": lambda a: -1e60 * a}
    with pytest.raises(DivergedError) as caught:
        driver(**slope, **free)
    assert np.isfinite(caught.value.last).all()
    assert caught.value.step > 0


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"grad": 3.0}, TypeError, "must be callable, got 3.0"),
        ({"grad": lambda a: a[..., 0]}, ValueError, "must return shape"),
        ({"start": [0.1, 0.2]}, ValueError, "must have shape (n, p), got (2,)"),
        ({"start": [[np.nan, 0.2]]}, ValueError, "must be finite, got nan"),
        ({"start": np.empty((0, 2))}, ValueError, "must not be empty"),
        ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator, got 0"),
    ],
)
def test_bad_input_of_drivers_is_refused(driver, changes, error, message):
    names = {"grad": "grad_W" if driver is mirrored else "grad_f", "start": "x0" if driver is mirrored else "a0"}
    with pytest.raises(error, match=re.escape(message)):
        driver(**{names.get(name, name): value for name, value in changes.items()})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: underdamped(h=0.0), ValueError, "h must be > 0, got 0.0"),
        (lambda: underdamped(gamma=-1), ValueError, "gamma must be > 0, got -1"),
        (lambda: underdamped(u=np.inf), ValueError, "u must be finite, got inf"),
        (lambda: underdamped(v0=[[0.0]]), ValueError, "v0 must have shape (n, p)"),
        (lambda: projected(eta=0.0), ValueError, "eta must be > 0, got 0.0"),
        (lambda: projected(num_steps=1.5), TypeError, "num_steps must be an integer, got 1.5"),
        (lambda: projected(project=lambda a: a[0]), ValueError, "project must return shape"),
        (lambda: interval_law(np.zeros_like, 1.0, 1.0, 0.1), ValueError, "lower must be < upper, got 1.0 and 1.0"),
        (lambda: interval_law(np.zeros_like, 0.0, 1.0, 1e-12), ValueError, "eta must be >= 5e-07 for this interval"),
        (lambda: interval_cdf((1, 2), 0.0), TypeError, "law must be a IntervalLaw, got tuple"),
        (lambda: uniform_boundary_mass(0.1, -1.0), ValueError, "width must be > 0, got -1.0"),
        (lambda: mirrored(x0=[[0.5, 0.6]]), ValueError, "x0 must be inside the simplex"),
        (lambda: mirrored(x0=[[0.5, 0.0]]), ValueError, "x0 must be inside the simplex"),
        (lambda: to_dual([0.7, 0.3]), ValueError, "x must be inside the simplex"),
        (lambda: dirichlet_dual_gradient([1.0]), ValueError, "alpha must be two or more numbers > 0, got [1.0]"),
        (lambda: dirichlet_dual_gradient([1.0, -1.0]), ValueError, "alpha must be two or more numbers > 0"),
        (lambda: dirichlet_dual_gradient([1.0, 1.0])([0.0, 1.0]), ValueError, "y must have shape (..., 1)"),
        (lambda: dual_gradient(2), TypeError, "grad_V must be callable, got 2"),
        (lambda: to_simplex([np.inf]), ValueError, "y must be finite, got inf"),
        (lambda: double_loop(schedule=0.1), TypeError, "schedule must be a Schedule"),
        (lambda: double_loop(schedule=((0.1,), (1, 2))), TypeError, "schedule must be a Schedule"),
        (lambda: double_loop(schedule=((-0.1,), (1,))), ValueError, "schedule.eta must be > 0, got -0.1"),
        (lambda: double_loop(schedule=((0.1,), (-1,))), ValueError, "schedule.num_steps must be >= 0, got -1"),
        (lambda: geometric_schedule(0.1, 3, 0), ValueError, "num_outer must be >= 1, got 0"),
        (lambda: geometric_schedule(0.1, 3, 2, shrink=1.0), ValueError, "shrink must be > 0 and < 1, got 1.0"),
        (lambda: geometric_schedule(0.1, 3, 2, grow=0.5), ValueError, "grow must be >= 1, got 0.5"),
        (lambda: double_loop_covariance([[-1.0]], SCHEDULE, [[1.0]]), ValueError, "A must be positive definite"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_maps_of_the_simplex_take_batches_and_extremes():
    y = np.random.default_rng(1).standard_normal((4, 5, 3))
    assert (entropic_conjugate(y).shape, to_simplex(y).shape) == ((4, 5), (4, 5, 3))
    np.testing.assert_allclose(to_dual(to_simplex(y)), y, atol=1e-12)
    np.testing.assert_array_equal(to_simplex([1e4, -1e4]), [1.0, 0.0])


def test_the_general_dual_gradient_agrees_with_the_dirichlet_one():
    alpha, y = np.array([0.4, 1.5, 0.8]), np.random.default_rng(2).standard_normal((6, 2))
    slope = dual_gradient(lambda x: (1 - alpha[:2]) / x - (1 - alpha[2]) / (1 - x.sum(-1, keepdims=True)))
    np.testing.assert_allclose(slope(y), dirichlet_dual_gradient(alpha)(y), atol=1e-12)


def test_the_whole_law_on_an_interval_is_a_probability():
    law = interval_law(lambda a: 3 * a, -0.5, 2.0, 0.05)
    assert (law.mass > 0).all()
    np.testing.assert_allclose([law.mass.sum(), interval_cdf(law, -0.5)], [1, law.mass[0]], atol=1e-12)
