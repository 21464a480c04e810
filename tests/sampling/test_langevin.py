"""Langevin Monte Carlo: batches, blocks of chains, divergence, bad input; its theorems are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.arguments.errors import DivergedError
from refimpl.sampling import langevin
from refimpl.sampling.posterior import logistic_regression
from refimpl.sampling.targets import double_well, gaussian

STEPS = {
    "lmc": lambda a: langevin.lmc_step(np.arctan, a, 0.3, a - 1),
    "projected": lambda a: langevin.projected_lmc_step(np.arctan, np.tanh, a, 0.3, a - 1),
    "BAOAB": lambda a: np.stack(langevin.baoab_step(np.arctan, a, a + 2, 0.3, 1.0, 2.0, a - 1), -1),
}
batches = arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-9, 9))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@given(a=batches)
def test_batches_are_points_side_by_side(step, a):
    before = a.copy()
    batch = step(a)
    np.testing.assert_array_equal(a, before)
    np.testing.assert_allclose(batch[-1, 0], step(a[-1, 0]), rtol=1e-12, atol=1e-12)


def test_projected_steps_are_projections_of_lmc_steps():
    a, z = np.random.default_rng(0).standard_normal((2, 9, 3))
    expected = np.clip(langevin.lmc_step(np.sin, a, 0.7, z), -0.5, 0.5)
    measured = langevin.projected_lmc_step(np.sin, lambda b: np.clip(b, -0.5, 0.5), a, 0.7, z)
    np.testing.assert_allclose(measured, expected, rtol=1e-14)


def test_baoab_keeps_the_variance_of_a_quadratic_exactly():
    """f = lx²/2: Var x = u/(ul) = 1/l and Var v = u(1 − h²ul/4), from the linear map of one step."""
    l, h, gamma, u = 2.0, 0.4, 0.7, 1.5
    columns = [langevin.baoab_step(lambda a: l * a, [x], [v], h, gamma, u, [z]) for x, v, z in np.eye(3)]
    M, noise = np.array(columns[:2])[..., 0].T, np.array(columns[2])[:, 0]
    S = np.diag([1 / l, u * (1 - h**2 * u * l / 4)])
    np.testing.assert_allclose(M @ S @ M.T + np.outer(noise, noise), S, atol=1e-14)


TARGETS = {
    "planar": gaussian([1.0, -1.0], [[1.0, 0.3], [0.3, 0.5]]),
    "Gaussian": gaussian([1.0, -1.0, 2.0], np.eye(3) + 0.2),
    "wells": double_well(4, 0.5),
    "logistic": logistic_regression([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]], [1.0, -1.0, 1.0]),
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("n", [1, 7, 1300])
def test_threads_and_compiling_do_not_change_the_chains(target, n):
    p = {"Gaussian": 3, "double well": 4}.get(target.name, 2)
    p = 2 if target is TARGETS["planar"] else p
    a0 = np.random.default_rng(1).standard_normal((n, p))
    before = a0.copy()

    def run(gradient, **options):
        return langevin.lmc(gradient, a0, 0.05, 20, np.random.default_rng(0), **options)

    a = run(target.grad_f)
    np.testing.assert_array_equal(a, run(target.grad_f, threads=1))
    np.testing.assert_array_equal(a, run(target.grad_f, threads=3))
    np.testing.assert_allclose(a, run(lambda a: target.grad_f(a)), rtol=1e-12, atol=1e-12)
    trace = langevin.lmc_trace(target.grad_f, a0, 0.05, 20, np.random.default_rng(0), every=4)
    assert trace.shape == (6, n, p)
    np.testing.assert_array_equal(trace[[0, -1]], [a0, a])
    np.testing.assert_array_equal(a0, before)


def test_a_generator_is_used_up():
    rng = np.random.default_rng(0)
    first, second = (langevin.lmc(np.arctan, np.zeros((5, 1)), 0.1, 3, rng) for _ in range(2))
    assert (first != second).all()


def test_the_global_generator_is_left_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    langevin.lmc(np.arctan, np.zeros((5, 1)), 0.1, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("run", [langevin.lmc, langevin.lmc_trace])
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("target", [TARGETS["planar"], TARGETS["Gaussian"]], ids=["p = 2", "p = 3"])
def test_divergence_carries_the_last_finite_states(run, plain, target):
    gradient = (lambda a: target.grad_f(a)) if plain else target.grad_f
    a0 = np.ones((3, 2 if target is TARGETS["planar"] else 3))
    with pytest.raises(DivergedError, match="diverged") as caught:
        run(gradient, a0, 10.0, 1000, np.random.default_rng(0))
    assert caught.value.last.shape == a0.shape
    assert np.isfinite(caught.value.last).all()
    again = langevin.lmc(gradient, a0, 10.0, caught.value.step, np.random.default_rng(0))
    np.testing.assert_allclose(again, caught.value.last, rtol=1e-12)


GRAD, A, RNG = TARGETS["planar"].grad_f, np.array([[1.0, 2.0]]), np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: langevin.lmc_step(GRAD, A, 0.0, A), ValueError, "eta must be > 0, got 0.0"),
        (lambda: langevin.lmc_step(GRAD, A, np.nan, A), ValueError, "eta must be finite, got nan"),
        (lambda: langevin.lmc_step(GRAD, A, 0.1, [1.0]), ValueError, "z must have shape (..., p) with p = 2"),
        (lambda: langevin.lmc_step(lambda a: a[:1, :1], A, 0.1, A), ValueError, "grad_f must return shape"),
        (lambda: langevin.lmc_step(None, A, 0.1, A), TypeError, "grad_f must be callable, got None"),
        (lambda: langevin.projected_lmc_step(GRAD, 1, A, 0.1, A), TypeError, "project must be callable, got 1"),
        (lambda: langevin.baoab_step(GRAD, A, A, 0.1, -1.0, 1.0, A), ValueError, "gamma must be > 0, got -1.0"),
        (lambda: langevin.baoab_step(GRAD, A, [1.0], 0.1, 1.0, 1.0, A), ValueError, "v must have shape"),
        (lambda: langevin.lmc(GRAD, [1.0, 2.0], 0.1, 5, RNG), ValueError, "a0 must have shape (n, p), got (2,)"),
        (lambda: langevin.lmc(GRAD, A[:, :1], 0.1, 5, RNG), ValueError, "a must have shape (..., 2), got (1, 1)"),
        (lambda: langevin.lmc(GRAD, A, -0.1, 5, RNG), ValueError, "eta must be > 0, got -0.1"),
        (lambda: langevin.lmc(GRAD, A, 0.1, 5.0, RNG), TypeError, "num_steps must be an integer, got 5.0"),
        (lambda: langevin.lmc(GRAD, A, 0.1, -5, RNG), ValueError, "num_steps must be >= 0, got -5"),
        (lambda: langevin.lmc(GRAD, A, 0.1, 5, None), TypeError, "rng must be a numpy.random.Generator, got None"),
        (lambda: langevin.lmc_trace(GRAD, A, 0.1, 5, RNG, every=0), ValueError, "every must be >= 1, got 0"),
        (
            lambda: langevin.lmc_trace(GRAD, A, 0.1, 5, RNG, every=6),
            ValueError,
            "every must be <= num_steps = 5, got 6",
        ),
        (
            lambda: langevin.lmc_step(GRAD, A, 0.1, A[0]),
            ValueError,
            "z must have the shape (1, 2) of what goes with it",
        ),
        (lambda: langevin.baoab_step(GRAD, A, A, 0.1, 1.0, 1.0, A[0]), ValueError, "z must have the shape (1, 2)"),
        (lambda: langevin.lmc(lambda a: a[:, :1], A, 0.1, 5, RNG), ValueError, "grad_f must return shape"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
