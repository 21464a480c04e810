"""Langevin Monte Carlo: batches, blocks of chains, divergence, bad input; its theorems are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.arguments.errors import DivergedError
from refimpl.loops import chains
from refimpl.sampling import langevin
from refimpl.sampling.double_loop import Schedule, double_loop_lmc
from refimpl.sampling.metropolis import mala
from refimpl.sampling.mirrored import mirrored_lmc
from refimpl.sampling.posterior import logistic_regression
from refimpl.sampling.projected import projected_lmc
from refimpl.sampling.targets import double_well, gaussian
from refimpl.sampling.underdamped import underdamped_lmc

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


DRIVERS = {
    "lmc": lambda a0, rng: langevin.lmc(np.arctan, a0, 0.1, 3, rng),
    "lmc, compiled": lambda a0, rng: langevin.lmc(TARGETS["planar"].grad_f, a0, 0.1, 3, rng),
    "lmc_trace": lambda a0, rng: langevin.lmc_trace(np.arctan, a0, 0.1, 3, rng)[1:],
    "mala": lambda a0, rng: mala(lambda a: 0 * a[..., 0], np.zeros_like, a0, 0.1, 3, rng).a[1:],
    "projected": lambda a0, rng: projected_lmc(np.arctan, np.tanh, a0, 0.1, 3, rng),
    "underdamped": lambda a0, rng: underdamped_lmc(np.arctan, a0, a0, 0.1, 1.0, 3, rng).a,
    "double loop": lambda a0, rng: double_loop_lmc(np.arctan, a0, Schedule((0.1,), (3,)), rng),
    "mirrored": lambda a0, rng: mirrored_lmc(np.arctan, a0 + 0.3, 0.1, 3, rng),
}


@pytest.mark.parametrize("run", DRIVERS.values(), ids=DRIVERS)
def test_what_is_drawn_follows_from_the_state_of_the_generator(run):
    a0, rng = np.zeros((5, 2)), np.random.default_rng(0)
    saved = rng.bit_generator.state
    first, second = run(a0, rng), run(a0, rng)
    assert (first != second).all()
    rng.bit_generator.state = saved
    np.testing.assert_array_equal(run(a0, rng), first)
    rng.bit_generator.state = saved
    rng.random()
    assert (run(a0, rng) != first).all()
    jumped = np.random.Generator(np.random.PCG64(0).jumped())
    assert (run(a0, jumped) != first).all()
    assert run(a0, np.random.Generator(np.random.RandomState(0)._bit_generator)).shape == first.shape


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


@pytest.mark.parametrize("run", [langevin.lmc, langevin.lmc_trace])
@pytest.mark.parametrize("num_steps", [1, 1000, 100_000])
def test_a_plain_run_that_diverges_costs_the_steps_to_there(run, num_steps):
    calls = []

    def gradient(a):
        calls.append(a)
        return a**3

    with pytest.raises(DivergedError) as caught:
        run(gradient, np.full((4, 2), 1e200), 0.1, num_steps, np.random.default_rng(0))
    assert (caught.value.step, len(calls)) == (0, 1)
    np.testing.assert_array_equal(caught.value.last, np.full((4, 2), 1e200))


@pytest.mark.parametrize("every", [1, 7, 100])
@pytest.mark.parametrize("eta", [2.6, 6.0, 5e3, 5e153])
@pytest.mark.parametrize("target", [TARGETS["planar"], TARGETS["Gaussian"]], ids=["p = 2", "p = 3"])
def test_a_compiled_run_diverges_where_a_plain_one_does(monkeypatch, every, eta, target):
    """Steps are counted, repeated ones too: at most two parts of 64 or a sixteenth beyond the last finite state."""
    a0, steps = np.ones((3, 2 if target is TARGETS["planar"] else 3)), []
    fill = chains._filled

    def counted(*arguments):
        inner = fill(*arguments)
        return inner and (lambda a, every, out: (steps.append(every * len(out)), inner(a, every, out))[1])

    monkeypatch.setattr(chains, "_filled", counted)
    with pytest.raises(DivergedError) as caught:
        langevin.lmc_trace(target.grad_f, a0, eta, 3000, np.random.default_rng(0), every=every)
    with pytest.raises(DivergedError) as plain:
        langevin.lmc(lambda a: target.grad_f(a), a0, eta, 3000, np.random.default_rng(0))
    assert caught.value.step == plain.value.step
    np.testing.assert_allclose(caught.value.last, plain.value.last, rtol=1e-9)
    assert sum(steps) <= caught.value.step + 2 * (3000 // 16 + 64 + every)


def test_the_last_state_is_finite_where_gradients_are_stochastic():
    for seed in range(20):
        noise = np.random.default_rng(seed)
        with pytest.raises(DivergedError) as caught:
            langevin.lmc(lambda a, g=noise: a * 10 ** g.uniform(0, 9), np.ones((3, 1)), 1.0, 1000, noise)
        assert np.isfinite(caught.value.last).all()


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
