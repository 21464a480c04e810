"""Mixtures of Gaussians: log-density, its gradient and Hessian against high precision and automatic differentiation."""

import autograd
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.calculus.mixtures import mixture_gradient, mixture_log_density, mixture_score_jacobian

FUNCTIONS = [mixture_log_density, mixture_gradient, mixture_score_jacobian]


def mixture(rng, k, p):
    """Weights, means and covariances of a generic mixture."""
    A = rng.standard_normal((k, p, p))
    return rng.dirichlet(np.ones(k)), 2 * rng.standard_normal((k, p)), A @ A.mT + 0.5 * np.eye(p)


def exact_log_density(x, weights, means, covariances):
    """Logarithm of the density by its definition, in high precision; x may hold mpmath numbers."""
    p = len(x)
    terms = []
    for w, m, C in zip(weights, means, covariances, strict=True):
        a, C = mpmath.matrix([t - mpmath.mpf(s) for t, s in zip(x, m, strict=True)]), mpmath.matrix(C.tolist())
        q = (a.T * mpmath.inverse(C) * a)[0]
        terms.append(mpmath.mpf(w) * mpmath.exp(-q / 2) / mpmath.sqrt((2 * mpmath.pi) ** p * mpmath.det(C)))
    return mpmath.log(mpmath.fsum(terms))


def exact_score(x, *parameters):
    """Gradient of the log-density by high-precision differences."""

    def along(i):
        return lambda t: exact_log_density([mpmath.mpf(v) + t * (i == j) for j, v in enumerate(x)], *parameters)

    return [float(mpmath.diff(along(i), 0)) for i in range(len(x))]


@pytest.mark.parametrize("scale", [1.0, 10.0, 1e6], ids="at {} from the mixture".format)
def test_against_high_precision(scale):
    rng = np.random.default_rng(1)
    with mpmath.workdps(80):
        for k, p in [(1, 1), (2, 1), (3, 2), (4, 3)]:
            parameters, x = mixture(rng, k, p), scale * rng.standard_normal(p)
            log_density = float(exact_log_density([mpmath.mpf(v) for v in x], *parameters))
            np.testing.assert_allclose(mixture_log_density(x, *parameters), log_density, rtol=1e-12)
            score = exact_score(x, *parameters)
            np.testing.assert_allclose(mixture_gradient(x, *parameters), score, atol=1e-12 * np.linalg.norm(score))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), batch=st.lists(st.integers(1, 3), max_size=2), k=st.integers(1, 4))
def test_a_batch_is_its_points(seed, batch, k):
    rng = np.random.default_rng(seed)
    parameters, x = mixture(rng, k, 2), 3 * rng.standard_normal((*batch, 2))
    for function, trailing in zip(FUNCTIONS, [(), (2,), (2, 2)], strict=True):
        values = function(x, *parameters)
        assert values.shape == (*batch, *trailing)
        points = [function(point, *parameters) for point in x.reshape(-1, 2)]
        np.testing.assert_allclose(values.reshape(-1, *trailing), points, rtol=1e-11, atol=1e-11)


def test_derivatives_against_automatic_differentiation():
    rng = np.random.default_rng(2)
    parameters = mixture(rng, 3, 2)
    for x in 3 * rng.standard_normal((5, 2)):
        gradient = autograd.grad(lambda x: mixture_log_density(x, *parameters))(x)
        np.testing.assert_allclose(mixture_gradient(x, *parameters), gradient, rtol=1e-11)
        J = autograd.jacobian(lambda x: mixture_gradient(x, *parameters))(x)
        np.testing.assert_allclose(mixture_score_jacobian(x, *parameters), J, rtol=1e-11, atol=1e-12)


@settings(deadline=None)
@given(
    exponents=st.tuples(st.integers(-8, 8), st.integers(0, 8), st.integers(0, 8)),
    direction=st.floats(0, 2 * np.pi),
)
def test_nothing_overflows(exponents, direction):
    sigma, far, apart = (10.0**e for e in exponents)
    means, covariances = apart * np.array([[1.0, 0.5], [-1.0, 0.3]]), np.stack([sigma**2 * np.eye(2)] * 2)
    x = far * np.array([np.cos(direction), np.sin(direction)])
    s = mixture_gradient(x, [0.25, 0.75], means, covariances)
    D = x + sigma**2 * s
    assert np.isfinite(s).all()
    outside = np.maximum(means.min(axis=0) - D, D - means.max(axis=0))
    assert outside.max() <= 1e-14 * (far + apart)
    assert np.isfinite(mixture_log_density(x, [0.25, 0.75], means, covariances))


def test_a_component_without_weight_does_not_matter():
    rng = np.random.default_rng(4)
    (weights, means, C), x = mixture(rng, 3, 2), rng.standard_normal((4, 2))
    for function in FUNCTIONS:
        with_it = function(x, [*weights, 0.0], [*means, [9.0, 9.0]], [*C, np.eye(2)])
        np.testing.assert_allclose(with_it, function(x, weights, means, C), rtol=1e-14)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_pure(function):
    arguments = [np.ones((2, 2)), np.array([0.5, 0.5]), np.array([[0.0, 1.0], [1.0, 0.0]]), np.stack([np.eye(2)] * 2)]
    before, state = [a.copy() for a in arguments], np.random.get_state()[1].copy()  # noqa: NPY002
    for a in arguments:
        a.setflags(write=False)
    function(*arguments)
    for a, b in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


GOOD = {"x": [1.0, 2.0], "weights": [0.4, 0.6], "means": np.ones((2, 2)), "covariances": np.stack([np.eye(2)] * 2)}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"x": [1.0, np.nan]}, "x must be finite, got nan"),
        ({"x": []}, "x must not be empty"),
        ({"x": 1.0}, "x must have shape"),
        ({"x": [1.0, 2.0, 3.0]}, "means must have shape .* with p = 3"),
        ({"weights": [-0.2, 1.2]}, "weights must be probabilities, >= 0, got -0.2"),
        ({"weights": [0.4, 0.5]}, "weights must sum to 1, got a sum of 0.9"),
        ({"weights": [np.nan, 1.0]}, "weights must be finite"),
        ({"weights": [[0.4, 0.6]]}, "weights must have shape"),
        ({"weights": [1.0]}, "means must have shape .* with k = 1"),
        ({"means": [1.0, 1.0]}, "means must have shape"),
        ({"means": [[np.inf, 1.0], [1.0, 1.0]]}, "means must be finite"),
        ({"covariances": np.eye(2)}, "covariances must have shape"),
        ({"covariances": np.ones((2, 2, 3))}, "covariances must have shape"),
        ({"covariances": np.stack([np.eye(2)] * 3)}, "covariances must have shape .* with k = 2"),
        ({"covariances": [np.eye(2), [[1.0, 0.1], [0.2, 1.0]]]}, "covariances must be symmetric"),
        ({"covariances": [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]}, "covariances must be positive definite"),
        ({"covariances": np.zeros((2, 2, 2))}, "covariances must be positive definite"),
        ({"covariances": np.stack([1j * np.eye(2)] * 2)}, "covariances must hold real numbers"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(**(GOOD | bad))
