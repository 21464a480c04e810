"""Attacks on inputs: shapes, norms by number or name, purity, bad input; what they attain is claimed in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from refimpl.robustness.adversarial import fgsm, onto_bounds, pgd

NORMS = {"inf": np.inf, "2": 2, "1": 1}
A = np.array([[0.2, 0.5, 0.9], [0.4, 0.1, 0.3]])


def grad(a):
    return np.cos(3 * a) - 0.2


@settings(deadline=None)
@given(array_shapes(max_dims=3, max_side=4), st.sampled_from(list(NORMS)))
def test_shapes_and_names_of_norms(shape, norm):
    a = np.linspace(0.1, 0.9, np.prod(shape)).reshape(shape)
    for one in (norm, NORMS[norm], np.float64(NORMS[norm])):
        assert fgsm(grad, a, 0.1, one).shape == shape
        np.testing.assert_array_equal(fgsm(grad, a, 0.1, one), fgsm(grad, a, 0.1, norm))
        if norm != "1":
            assert pgd(grad, a, 0.1, 0.03, 4, one, (0.0, 1.0)).shape == shape


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0.01, 2), st.integers(0, 6), st.sampled_from(["inf", "2"]), st.booleans())
def test_attacks_stay_in_ball_and_bounds(eps, step, num_steps, norm, bounded):
    moved = pgd(grad, A, eps, step, num_steps, norm, (0.0, [0.9, 1.0, 0.95]) if bounded else None)
    assert (np.linalg.norm(moved - A, NORMS[norm], axis=-1) <= eps + 1e-15).all()
    assert not bounded or ((moved >= 0) & (moved <= [0.9, 1.0, 0.95])).all()


def test_zero_radius_returns_a_copy():
    for moved in (fgsm(grad, A, 0.0), pgd(grad, A, 0.0, 0.1, 3), pgd(grad, A, 0.0, 0.1, 3, 2), pgd(grad, A, 1, 1, 0)):
        np.testing.assert_array_equal(moved, A)
        assert not np.shares_memory(moved, A)


def test_a_vanishing_gradient_moves_nothing():
    for norm in NORMS:
        np.testing.assert_array_equal(fgsm(np.zeros_like, A, 0.3, norm), A)
    np.testing.assert_array_equal(pgd(np.zeros_like, A, 0.3, 0.1, 3, 2), A)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_steps_far_longer_than_the_ball_reach_its_boundary(size):
    for norm in ("inf", "2"):
        moved = pgd(np.ones_like, 0 * A, size, 1e3 * size, 2, norm)
        np.testing.assert_allclose(moved, size if norm == "inf" else size / np.sqrt(3), rtol=1e-14)
        np.testing.assert_allclose(pgd(np.ones_like, A, 0.5, 1e200, 2, norm), fgsm(np.ones_like, A, 0.5, norm))


IMAGES = np.linspace(0.1, 0.9, 96).reshape(2, 3, 4, 4)


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_images_are_attacked_as_the_vectors_of_their_pixels(norm):
    rows, eps = IMAGES.reshape(2, 48), np.array([0.1, 0.3])
    expected = pgd(grad, rows, eps, 0.05, 5, norm, (0.0, 1.0)).reshape(IMAGES.shape)
    np.testing.assert_array_equal(pgd(grad, IMAGES, eps, 0.05, 5, norm, (0.0, 1.0), point_ndim=3), expected)
    np.testing.assert_array_equal(
        fgsm(grad, IMAGES, eps, norm, point_ndim=3), fgsm(grad, rows, eps, norm).reshape(IMAGES.shape)
    )
    moved = pgd(np.ones_like, IMAGES[:, 0], 1.0, 0.3, 9, norm, point_ndim=2) - IMAGES[:, 0]
    np.testing.assert_allclose(np.linalg.norm(moved.reshape(2, 16), NORMS[norm], axis=1), 1.0)


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_each_input_has_its_own_radius_and_start(norm):
    eps, start = np.array([0.0, 0.3]), A + np.array([[0.0, 0.0, 5.0], [0.1, 0.0, 0.0]])
    moved = pgd(grad, A, eps, 0.1, 4, norm, start=start)
    np.testing.assert_array_equal(moved[0], A[0])
    np.testing.assert_array_equal(moved[1], pgd(grad, A[1], 0.3, 0.1, 4, norm, start=start[1]))
    far = pgd(grad, A, 0.25, 0.1, 0, norm, start=A + np.array([0.0, 0.0, 5.0]))
    np.testing.assert_allclose(far, A + np.array([0.0, 0.0, 0.25]))


def test_bounds_are_a_pair_of_any_kind():
    expected = pgd(grad, A, 0.5, 0.2, 4, bounds=(0, 1))
    for bounds in ([0, 1], np.array([0, 1]), np.stack([np.zeros(3), np.ones(3)])):
        np.testing.assert_array_equal(pgd(grad, A, 0.5, 0.2, 4, bounds=bounds), expected)


def test_nothing_is_changed():
    a, bounds = A.copy(), (np.zeros(3), np.ones(3))
    pgd(grad, a, 0.2, 0.1, 5, bounds=bounds)
    fgsm(grad, a, 0.2)
    assert np.array_equal(a, A)
    assert not bounds[0].any()
    assert bounds[1].all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fgsm(grad, A, -0.1), "eps must be >= 0, got -0.1"),
        (lambda: fgsm(grad, [np.nan], 0.1), "a must be finite, got nan"),
        (lambda: fgsm(lambda a: np.nan * a, A, 0.1), "grad must return finite numbers, got nan"),
        (lambda: pgd(lambda a: np.inf * a, A, 0.1, 0.1, 2), "grad must return finite numbers, got inf"),
        (lambda: pgd(lambda a: a[..., :2], A, 0.1, 0.1, 2), "grad must return shape (2, 3) for (2, 3), got (2, 2)"),
        (lambda: fgsm(grad, A, 0.1, "3"), "norm must be 1 or 2 or inf"),
        (lambda: fgsm(grad, A, 0.1, "Inf"), "norm must be 1 or 2 or inf"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, 1), "norm must be 2 or inf"),
        (lambda: pgd(grad, A, 0.1, 0.0, 2), "step must be > 0, got 0.0"),
        (lambda: pgd(grad, A, 0.1, 0.1, -1), "num_steps must be >= 0, got -1"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=(0.0, 0.8)), "a must lie within bounds that broadcast to it"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=(1.0, 0.0)), "lower must be <= upper"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=(0.0, np.ones(2))), "a must lie within bounds that broadcast to it"),
        (
            lambda: pgd(grad, A[0], 0.1, 0.1, 2, bounds=(0.0, np.ones((2, 3)))),
            "a must lie within bounds that broadcast",
        ),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=0.5), "bounds must be a pair (lower, upper), got 0.5"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=np.array(0.5)), "bounds must be a pair (lower, upper), got array"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, bounds=np.ones(3)), "bounds must be a pair (lower, upper), got ["),
        (lambda: onto_bounds(A, (0.0, np.nan)), "bounds[1] must be finite, got nan"),
        (lambda: pgd(grad, A, [0.1, -0.2], 0.1, 2), "eps must be >= 0, got -0.2"),
        (lambda: pgd(grad, A, np.ones(3), 0.1, 2), "eps must be a number or broadcast to (2,), one for each input"),
        (lambda: fgsm(grad, A, np.ones((2, 1)), 2), "eps must be a number or broadcast to (2,), one for each input"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, start=A[0]), "start must have the shape (2, 3) of a, got (3,)"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2, start=np.nan * A), "start must be finite, got nan"),
        (lambda: fgsm(grad, A, 0.1, point_ndim=0), "point_ndim must be >= 1, got 0"),
        (lambda: fgsm(grad, A, 0.1, 2, point_ndim=3), "a must have at least point_ndim = 3 axes, got shape (2, 3)"),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fgsm(grad, A, 0.1, True), "norm must be 1 or 2 or inf"),
        (lambda: fgsm(3, A, 0.1), "grad must be callable, got 3"),
        (lambda: pgd(grad, A, 0.1, 0.1, 2.0), "num_steps must be an integer, got 2.0"),
        (lambda: pgd(grad, "abc", 0.1, 0.1, 2), "a must hold real numbers"),
        (lambda: pgd(lambda a: a + 1j, A, 0.1, 0.1, 2), "grad must return real numbers"),
    ],
)
def test_bad_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()
