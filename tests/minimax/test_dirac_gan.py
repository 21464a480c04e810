"""Dirac-GAN: shapes, batches, purity, bad input; the lemmas are claims in `verify`."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refimpl.minimax import dirac_gan, dirac_gan_penalty
from refimpl.minimax.dirac_gan import standard_slope, wasserstein_slope

STEPS = {
    "vector_field": lambda z: dirac_gan.vector_field(z, standard_slope),
    "penalized_field": lambda z: dirac_gan_penalty.penalized_field(z, standard_slope, 0.3),
    "simultaneous_step": lambda z: dirac_gan.simultaneous_step(z, 0.2, standard_slope),
    "alternating_step": lambda z: dirac_gan.alternating_step(z, 0.2, standard_slope, 2, 3),
}
points = arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 4), st.just(2)), elements=st.floats(-50, 50))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@given(z=points)
def test_batches_are_points_side_by_side(step, z):
    before = z.copy()
    batch = step(z)
    assert batch.shape == z.shape
    np.testing.assert_array_equal(z, before)
    np.testing.assert_allclose(batch[-1, 0], step(z[-1, 0]), rtol=1e-14, atol=1e-14)


def test_slopes_do_not_overflow():
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(standard_slope([-1e4, 0.0, 700.0]), [1.0, 0.5, np.exp(-700)], rtol=1e-12)
    np.testing.assert_array_equal(wasserstein_slope([1.0, 2.0]), [1.0, 1.0])


@pytest.mark.parametrize("slope", [standard_slope, wasserstein_slope])
def test_zero_stays_zero(slope):
    for step in (dirac_gan.simultaneous_step, dirac_gan.alternating_step):
        np.testing.assert_array_equal(step(np.zeros(2), 0.2, slope), np.zeros(2))


def test_eigenvalues_do_not_cancel():
    slow, fast = dirac_gan_penalty.penalized_eigenvalues(1e9, 1.0)
    np.testing.assert_allclose([slow, fast], [-1e-9, -1e9], rtol=1e-15)
    inner, outer = dirac_gan.alternating_eigenvalues(1e5, 1.0, 2, 2)
    np.testing.assert_allclose([inner, outer], [-2.5e-11, -4e10], rtol=1e-9)
    np.testing.assert_array_equal(dirac_gan_penalty.penalized_eigenvalues(0.0, 0.0), [0, 0])
    np.testing.assert_array_equal(dirac_gan.alternating_eigenvalues(1.0, 0.0), [1, 1])


@pytest.mark.filterwarnings("ignore:overflow")
def test_huge_arguments_end_in_infinity():
    np.testing.assert_array_equal(dirac_gan.alternating_eigenvalues(1e200, 1.0), [0, -np.inf])
    np.testing.assert_array_equal(dirac_gan.simultaneous_eigenvalues(1e200, 1e200).imag, [np.inf, -np.inf])
    np.testing.assert_allclose(dirac_gan_penalty.penalized_eigenvalues(1e200, 1.0), [-1e-200, -1e200], rtol=1e-15)


Z = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: dirac_gan.vector_field([1.0, 2.0, 3.0], standard_slope), ValueError, "z must have shape (..., 2)"),
        (lambda: dirac_gan.vector_field(Z, 0.5), TypeError, "f_prime must be callable, got 0.5"),
        (lambda: dirac_gan.simultaneous_step(Z, -0.1, standard_slope), ValueError, "h must be > 0, got -0.1"),
        (lambda: dirac_gan.simultaneous_step([np.nan, 1.0], 0.1, standard_slope), ValueError, "z must be finite"),
        (lambda: dirac_gan.alternating_step(Z, 0.1, standard_slope, n_g=0), ValueError, "n_g must be >= 1, got 0"),
        (lambda: dirac_gan.alternating_step(Z, 0.1, standard_slope, n_d=1.5), TypeError, "n_d must be an integer"),
        (lambda: dirac_gan.simultaneous_eigenvalues(0.0, 1.0), ValueError, "h must be > 0, got 0.0"),
        (lambda: dirac_gan.alternating_eigenvalues(0.1, np.inf), ValueError, "slope must be finite, got inf"),
        (lambda: dirac_gan_penalty.penalized_eigenvalues(-1.0, 0.5), ValueError, "gamma must be >= 0, got -1.0"),
        (lambda: dirac_gan_penalty.penalized_field(Z, standard_slope, "x"), TypeError, "gamma must be a real number"),
        (lambda: dirac_gan.standard_slope([]), ValueError, "t must not be empty"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
