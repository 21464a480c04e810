"""Orbits: compiled and plain, alone and in batches, on one thread and on several."""

import numpy as np
import pytest

from refimpl.arguments.arrays import join, split
from refimpl.arguments.errors import DivergedError
from refimpl.loops import iteration
from refimpl.loops.compiling import enabled, planar
from refimpl.minimax import algorithms
from refimpl.minimax.games import bilinear, forsaken

PLANAR = {name: step for name, step in algorithms.STEPS.items() if name != "ppm"}
XY = bilinear().operator


@planar
def curved(z):
    """A field that is neither linear nor monotone, with a function that has no vector instruction."""
    x, y = split(z)
    return join(y + 0.3 * x * x * y - 0.1 * x, -x + 0.2 * np.tanh(y) / (1 + x * x))


@pytest.fixture
def starts():
    return np.random.default_rng(7).standard_normal((2 * iteration.BLOCK + 5, 2))


@pytest.mark.parametrize("step", PLANAR.values(), ids=PLANAR)
@pytest.mark.parametrize("V", [XY, curved], ids=["xy", "curved"])
def test_a_start_runs_alike_alone_among_others_and_on_any_number_of_threads(step, V, starts, monkeypatch):
    together = iteration.orbit(step, V, starts, 0.1, 20)
    monkeypatch.setattr(iteration, "WORTH_THREADS", 0)
    np.testing.assert_array_equal(iteration.orbit(step, V, starts, 0.1, 20), together)
    monkeypatch.setattr(iteration.os, "cpu_count", lambda: 1)
    np.testing.assert_array_equal(iteration.orbit(step, V, starts, 0.1, 20), together)
    for j in (0, 1, iteration.BLOCK - 1, iteration.BLOCK, len(starts) - 1):
        np.testing.assert_array_equal(iteration.orbit(step, V, starts[j], 0.1, 20), together[:, j])


@pytest.mark.parametrize("step", PLANAR.values(), ids=PLANAR)
def test_compiled_batches_agree_with_plain_ones(step, starts):
    plain = iteration.orbit(step, lambda z: curved(z), starts, 0.1, 20)
    np.testing.assert_allclose(iteration.orbit(step, curved, starts, 0.1, 20), plain, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shape", [(2,), (1, 2), (3, 2), (2, 3, 2), (1, 1, 1, 2)])
def test_shapes_are_kept_whatever_the_memory_layout(shape):
    z0 = np.random.default_rng(0).standard_normal(shape[::-1]).T
    z = iteration.orbit(algorithms.rfbs_step, XY, z0, 0.1, 4)
    assert z.shape == (5, *shape)
    np.testing.assert_array_equal(z[0], z0)
    np.testing.assert_allclose(z, iteration.orbit(algorithms.rfbs_step, lambda z: XY(z), z0, 0.1, 4), rtol=1e-13)


@pytest.mark.parametrize("V", [XY, lambda z: z[..., ::-1] * [1, -1]], ids=["compiled", "plain"])
def test_divergence_of_one_start_is_that_of_the_batch(V):
    z0 = np.array([[0.0, 0.0], [1.0, 1.0]])
    with pytest.raises(DivergedError) as caught:
        algorithms.trajectory("gda", V, z0, 10.0, 1000)
    assert caught.value.last.shape == (2, 2)
    assert np.isfinite(caught.value.last).all()
    np.testing.assert_array_equal(caught.value.last[0], [0.0, 0.0])
    again = algorithms.trajectory("gda", V, z0, 10.0, caught.value.step)
    np.testing.assert_array_equal(again[-1], caught.value.last)


@pytest.mark.skipif(not enabled(), reason="NUMBA_DISABLE_JIT=1 compiles nothing")
def test_planar_batches_are_compiled(monkeypatch, starts):
    def forbidden(*args):
        raise AssertionError("ran in plain Python")

    monkeypatch.setattr(iteration._orbit, "__wrapped__", forbidden)
    monkeypatch.setattr(iteration._orbits, "__wrapped__", forbidden)
    iteration.orbit(algorithms.eg_step, XY, starts, 0.1, 3)
    with pytest.raises(AssertionError, match="plain Python"):
        iteration.orbit(algorithms.eg_step, lambda z: XY(z), starts, 0.1, 3)


@pytest.mark.parametrize("step", PLANAR.values(), ids=PLANAR)
def test_a_field_that_refuses_what_is_not_finite_diverges_as_any_other(step):
    """A game's checked field in a user's own function: what it raises at inf is not what the user should see."""
    V = forsaken().operator
    reached = []
    for field in (V, lambda z: V(z)):
        with pytest.raises(DivergedError) as caught:
            iteration.orbit(step, field, np.full(2, 3.0), 1.0, 30)
        assert np.isfinite(caught.value.last).all()
        reached.append(caught.value.step)
    assert reached[0] == reached[1]
