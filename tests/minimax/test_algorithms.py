"""Basic algorithms: batches, purity, trajectories, divergence, bad input; their theorems are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.arguments.domains import bare
from refimpl.arguments.errors import DivergedError
from refimpl.minimax import algorithms
from refimpl.minimax.games import bilinear, lower_bound

STEPS = {
    "gda": lambda V, z: algorithms.gda_step(V, z, 0.3),
    "ppm": lambda V, z: algorithms.ppm_step(V, z, 0.3),
    "eg": lambda V, z: algorithms.eg_step(V, z, 0.3),
    "ogda": lambda V, z: algorithms.ogda_step(V, z, z - 1, 0.3),
    "rfbs": lambda V, z: algorithms.rfbs_step(V, z, z - 1, 0.3),
}
XY = bilinear().operator
batches = arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-9, 9))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@given(z=batches)
def test_batches_are_points_side_by_side(step, z):
    before = z.copy()
    batch = step(np.arctan, z)
    np.testing.assert_array_equal(z, before)
    np.testing.assert_allclose(batch[-1, 0], step(np.arctan, z[-1, 0]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", algorithms.STEPS)
@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3, 2)])
def test_trajectories_start_at_the_start(method, shape):
    z0 = np.random.default_rng(0).standard_normal(shape)
    z = algorithms.trajectory(method, XY, z0, 0.1, 5)
    assert z.shape == (6, *shape)
    np.testing.assert_array_equal(z[0], z0)
    np.testing.assert_array_equal(algorithms.trajectory(method, XY, z0, 0.1, 0), z0[None])


@pytest.mark.parametrize("method", algorithms.STEPS)
def test_compiled_and_plain_runs_agree(method):
    z0 = np.array([0.7, -1.3])
    plain = algorithms.trajectory(method, lambda z: XY(z), z0, 0.1, 50)
    np.testing.assert_allclose(algorithms.trajectory(method, XY, z0, 0.1, 50), plain, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("z0", [[1.0, 1.0], [[1.0, 1.0]]])
def test_divergence_carries_the_last_finite_state(z0):
    with pytest.raises(DivergedError, match="307") as caught:
        algorithms.trajectory("gda", XY, z0, 10.0, 1000)
    assert caught.value.step == 307
    assert np.isfinite(caught.value.last).all()
    assert caught.value.last.shape == np.shape(z0)


def last_finite(step, method, z):
    """The last finite state of a loop over a step on V = −z, α = ½, and its number."""
    k, z_prev = 0, z
    while True:
        z_next = step(lambda z: -z, z, z_prev, 0.5) if method in ("ogda", "rfbs") else step(lambda z: -z, z, 0.5)
        if not np.isfinite(z_next).all():
            return z, k
        k, z, z_prev = k + 1, z_next, z


@pytest.mark.parametrize("V", [lambda z: -z, lower_bound(0.0, -1.0).operator], ids=["plain", "compiled"])
@pytest.mark.parametrize("method", algorithms.STEPS)
def test_divergence_names_the_step_of_the_last_finite_state(method, V):
    z0 = np.array([1e300, 1.0])
    with np.errstate(over="ignore", invalid="ignore"):
        last, step = last_finite(bare(algorithms.STEPS[method]), method, z0)
    for start in (z0, np.array([[2.0, 1.0], z0])):
        with pytest.raises(DivergedError) as caught:
            algorithms.trajectory(method, V, start, 0.5, 2000)
        assert caught.value.step == step
        np.testing.assert_allclose(np.atleast_2d(caught.value.last)[-1], last, rtol=1e-9)


def test_ppm_at_a_point_does_not_depend_on_the_others():
    def V(z):
        return np.exp(3 * z)

    alone = algorithms.ppm_step(V, [0.3, -0.2], 0.1)
    among = algorithms.ppm_step(V, [[0.3, -0.2], [-1e6, -1e6]], 0.1)[0]
    np.testing.assert_allclose(among, alone, rtol=1e-15)


def test_ppm_says_when_it_finds_no_solution():
    with pytest.raises(DivergedError):
        algorithms.ppm_step(lambda z: np.exp(-z) - 10 * z, [3.0], 0.1)


Z = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: algorithms.gda_step(XY, Z, 0.0), ValueError, "alpha must be > 0, got 0.0"),
        (lambda: algorithms.eg_step(XY, [np.nan, 1], 0.1), ValueError, "z must be finite, got nan"),
        (lambda: algorithms.eg_step(XY, Z, np.inf), ValueError, "alpha must be finite, got inf"),
        (lambda: algorithms.eg_step(3, Z, 0.1), TypeError, "V must be callable, got 3"),
        (
            lambda: algorithms.eg_step(lambda z: z[:1], Z, 0.1),
            ValueError,
            "V must return shape (2,) for (2,), got (1,)",
        ),
        (lambda: algorithms.ogda_step(XY, Z, [1.0], 0.1), ValueError, "z_prev must have shape (..., p) with p = 2"),
        (lambda: algorithms.rfbs_step(XY, Z, None, 0.1), TypeError, "z_prev must hold real numbers, got None"),
        (lambda: algorithms.ppm_step(XY, [], 0.1), ValueError, "z must not be empty"),
        (lambda: algorithms.trajectory("egg", XY, Z, 0.1, 5), ValueError, "did you mean 'eg'?"),
        (lambda: algorithms.trajectory("eg", XY, Z, 0.1, -1), ValueError, "num_steps must be >= 0, got -1"),
        (lambda: algorithms.trajectory("eg", XY, Z, 0.1, 2.0), TypeError, "num_steps must be an integer, got 2.0"),
        (lambda: algorithms.trajectory("eg", XY, [1.0, 2.0, 3.0], 0.1, 2), ValueError, "must"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
