"""The weak Minty methods as code: shapes, batches, what they leave alone, and what they refuse."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.arguments.errors import DivergedError
from refimpl.calculus.projections import onto_ball, onto_box
from refimpl.minimax import games
from refimpl.minimax._forward_backward import line_search
from refimpl.minimax.weak_minty import (
    adaptive_eg_plus,
    bc_seg_plus,
    ceg_plus,
    curvature_eg_plus,
    lipschitz_constant,
    weak_minty_constant,
)

V = games.forsaken().operator
RUNS = {
    "ceg_plus": lambda V, z0, n, **keywords: ceg_plus(V, z0, 0.08, 0.5, n, **keywords),
    "adaptive": lambda V, z0, n, **keywords: adaptive_eg_plus(V, z0, 0.08, n, **keywords),
    "curvature": lambda V, z0, n, **keywords: curvature_eg_plus(V, z0, n, **keywords),
    "stochastic": lambda V, z0, n, **keywords: bc_seg_plus(
        lambda z, xi: V(z) + 0.1 * xi, z0, 0.08, np.full(n, 0.5), np.random.default_rng(1), **keywords
    ),
}


@pytest.fixture(params=RUNS)
def run(request):
    return RUNS[request.param]


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2)])
@pytest.mark.parametrize("project", [None, onto_box(-1, 1), onto_ball([0.5, 0], 0.7)])
def test_shapes(run, shape, project):
    z0 = np.random.default_rng(0).uniform(-1, 1, shape)
    before, state = z0.copy(), copy.deepcopy(np.random.get_state()[1])  # noqa: NPY002
    done = run(V, z0, 4, project=project)
    assert done.z.shape == (5, *shape)
    assert all(part.shape == (4, *shape) for part in done[1:])
    assert all(part.dtype == float for part in done)
    np.testing.assert_array_equal(done.z[0], project(z0) if project else z0)
    np.testing.assert_array_equal(z0, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_no_steps(run):
    if run is RUNS["stochastic"]:
        pytest.skip("an empty array of step sizes is refused")
    done = run(V, [1.0, 2.0], 0)
    np.testing.assert_array_equal(done.z, [[1.0, 2.0]])
    assert done.z_bar.shape == done.d.shape == (0, 2)


@pytest.mark.parametrize("name", ["ceg_plus", "adaptive", "curvature"])
@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-1.4, 1.4), min_size=2, max_size=2))
def test_one_start_alone_and_in_a_batch(name, z0):
    alone, among = RUNS[name](V, z0, 5), RUNS[name](V, [[0.3, -0.2], z0], 5)
    for one, many in zip(alone, among, strict=True):
        np.testing.assert_allclose(one, many[:, 1], rtol=1e-9, atol=1e-12)


def test_the_start_is_projected_first(run):
    done = run(V, [3.0, 3.0], 2, project=onto_box(-1, 1))
    np.testing.assert_array_equal(done.z[0], [1.0, 1.0])


def test_a_run_that_starts_at_a_solution_stays(run):
    if run is RUNS["stochastic"]:
        pytest.skip("noise moves it")
    for start in ([0.0, 0.0], np.zeros((3, 2))):
        assert not any(part.any() for part in run(games.polar().operator, start, 3))
        assert not any(part.any() for part in run(games.monkey_saddle().operator, start, 3))


def test_divergence_is_reported(run):
    def flies_away(z):
        return -(z**3)

    start = [1e110, 2.0] if run is RUNS["curvature"] else [30.0, 2.0]
    with pytest.raises(DivergedError) as caught:
        run(flies_away, start, 50)
    assert np.isfinite(caught.value.last).all()
    assert caught.value.step < 50


@pytest.mark.parametrize("field", [lambda z: -z, games.lower_bound(0.0, -1.0).operator], ids=["plain", "compiled"])
def test_divergence_names_the_step_of_the_last_finite_state(field):
    """On V = −z a step of CEG+ with γ = α = ½ multiplies by 1 + ¾ · ½ = 1.375, up to the largest number."""
    step = int((np.log(np.finfo(float).max) - np.log(1e300)) / np.log(1.375))
    for start in ([1e300, 1.0], [[2.0, 1.0], [1e300, 1.0]]):
        with pytest.raises(DivergedError) as caught:
            ceg_plus(field, start, 0.5, 0.5, 100)
        assert caught.value.step == step
        np.testing.assert_allclose(np.atleast_2d(caught.value.last)[-1, 0], 1e300 * 1.375**step, rtol=1e-12)


@pytest.mark.parametrize("project", [None, onto_box(-1e300, 1e300)])
def test_divergence_is_reported_where_fields_and_projections_refuse_what_is_not_finite(run, project):
    def refuses(z):
        return -V(z)

    z0 = [[0.1, 0.1], [1e70 if run is RUNS["curvature"] else 50.0, 1.0]]
    with pytest.raises(DivergedError) as caught:
        run(refuses, z0, 50, project=project)
    assert np.isfinite(caught.value.last).all()
    assert caught.value.last.shape == (2, 2)
    assert 0 <= caught.value.step < 50


def test_a_projection_must_be_finite_at_the_start(run):
    with pytest.raises(ValueError, match=r"project must return finite points, got \[nan nan\] for \[1. 1.\]"):
        run(V, [1.0, 1.0], 2, project=lambda z: z * np.nan)


def test_a_projection_must_keep_the_shape(run):
    with pytest.raises(ValueError, match=r"project must return shape \(2,\) for \(2,\), got \(1,\)"):
        run(V, [1.0, 1.0], 2, project=lambda z: z[:1])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ceg_plus(V, [1, 1], 0, 0.5, 3), ValueError, "gamma must be > 0, got 0"),
        (lambda: ceg_plus(V, [1, 1], 0.1, -0.5, 3), ValueError, "alpha must be > 0, got -0.5"),
        (lambda: ceg_plus(V, [1, 1], 0.1, 0.5, -3), ValueError, "num_steps must be >= 0, got -3"),
        (lambda: ceg_plus(V, [1, 1], 0.1, 0.5, 2.5), TypeError, "num_steps must be an integer"),
        (lambda: ceg_plus(V, [np.nan, 1], 0.1, 0.5, 3), ValueError, "z0 must be finite"),
        (lambda: ceg_plus(V, [], 0.1, 0.5, 3), ValueError, "z0 must not be empty"),
        (lambda: ceg_plus(None, [1, 1], 0.1, 0.5, 3), TypeError, "V must be callable"),
        (lambda: ceg_plus(V, [1, 1], 0.1, 0.5, 3, project=1), TypeError, "project must be callable"),
        (lambda: adaptive_eg_plus(V, [1, 1], 0.1, 3, sigma=np.inf), ValueError, "sigma must be finite"),
        (lambda: curvature_eg_plus(V, [1, 1], 3, tau=1.0), ValueError, "tau must be > 0 and < 1, got 1"),
        (lambda: curvature_eg_plus(V, [1, 1], 3, nu=0), ValueError, "nu must be > 0 and < 1, got 0"),
        (lambda: curvature_eg_plus(V, [1, 1], 3, start="sigma_max"), ValueError, "start must be one of"),
        (lambda: curvature_eg_plus(_round_floats, [1.5, 1.2], 3), TypeError, "V must be differentiable"),
        (lambda: bc_seg_plus(V, [1, 1], 0.1, [0.5, 0], np.random.default_rng(0)), ValueError, "alphas must be > 0"),
        (lambda: bc_seg_plus(V, [1, 1], 0.1, [], np.random.default_rng(0)), ValueError, "alphas must not be empty"),
        (lambda: bc_seg_plus(V, [1, 1], 0.1, [0.5], None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: weak_minty_constant(V, [0.0, 0.0], (-1, 1)), ValueError, "z_star must be a zero of V"),
        (lambda: weak_minty_constant(V, [0.0, 0.0, 0.0], (-1, 1)), ValueError, "z_star must have shape"),
        (lambda: weak_minty_constant(V, [0.0780267, 0.4119339], (1, 2)), ValueError, "z_star must lie in the box"),
        (lambda: weak_minty_constant(games.monkey_saddle().operator, [0, 0], (-1, 1)), ValueError, "regular zero"),
        (lambda: lipschitz_constant(V, (1, -1)), ValueError, "box must have lower < upper"),
        (lambda: lipschitz_constant(V, 1), ValueError, "box must be a pair"),
        (lambda: lipschitz_constant(V, ([0, 0, 0], 1)), ValueError, "box must be a box in the plane"),
        (lambda: lipschitz_constant(V, (-1, np.nan)), ValueError, r"box\[1\] must be finite"),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call()


def _round_floats(z):
    return np.array([float(z[0]), float(z[1]) ** 2])


def test_a_line_search_that_cannot_stop():
    def jumps(z):
        return z + 10 * np.where(z >= 1, 1.0, -1.0)

    with pytest.raises(ValueError, match="V must be Lipschitz for the line search to stop"):
        line_search(jumps, np.ones((3, 2)), np.full((3, 1), 0.5), 0.9, 0.5, lambda z: z)


@pytest.mark.parametrize(
    "field",
    [
        lambda z: np.array([[1.0, 2.0], [-2.0, 0.5]]) @ z,
        lambda z: np.stack([z[..., 0] + 2 * z[..., 1], -2 * z[..., 0] + 0.5 * z[..., 1]], -1),
        games.operator_of(lambda x, y: (x**2 / 2 + 2 * x * y - y**2 / 4)[..., 0], 1),
    ],
)
def test_any_way_to_write_a_field(field):
    expected = curvature_eg_plus(lambda z: z @ np.array([[1.0, -2.0], [2.0, 0.5]]), [1.0, 2.0], 20)
    np.testing.assert_allclose(curvature_eg_plus(field, [1.0, 2.0], 20).z, expected.z, atol=1e-12)


def test_no_lower_bound_near_a_second_zero():
    assert weak_minty_constant(games.weird_saddle().operator, [0, 0], (-1, 1.1)) == -np.inf
