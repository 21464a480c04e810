"""The denoiser of a data set: accuracy at every noise level, blocks, memory, limits."""

import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.diffusion import empirical
from refimpl.diffusion.empirical import empirical_weights, weight_entropy
from refimpl.diffusion.tweedie import empirical_denoiser, mixture_score, tweedie_denoiser


def exact(x, data, sigma):
    """Denoised point and weights by their definition, in high precision."""
    with mpmath.workdps(60):
        x, data = [mpmath.mpf(v) for v in x], [[mpmath.mpf(v) for v in row] for row in data.tolist()]
        h = [mpmath.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * mpmath.mpf(sigma) ** 2) for y in data]
        w = [mpmath.exp(min(h) - t) for t in h]
        total = mpmath.fsum(w)
        D = [mpmath.fsum(a * y[k] for a, y in zip(w, data, strict=True)) / total for k in range(len(x))]
        return np.array(D, float), np.array([a / total for a in w], float)


def draw(rng, place, sigma):
    """A query and a few samples, in various places."""
    n, p = rng.integers(2, 30), rng.integers(1, 12)
    data = rng.standard_normal((n, p)) * (sigma if place == "a cluster as wide as the noise" else 1)
    data += 1e6 * (place == "far from the origin")
    if place == "a query anywhere":
        return rng.standard_normal(p), data
    if place == "a query far away":
        return 1e6 * rng.standard_normal(p), data
    return data[0] + sigma * rng.standard_normal(p), data


PLACES = [
    "a query anywhere",
    "a noisy sample",
    "a query far away",
    "far from the origin",
    "a cluster as wide as the noise",
]


@pytest.mark.parametrize("sigma", [1e-8, 1e-3, 0.03, 0.3, 1.0, 3.0, 30.0, 1e3, 1e8])
@pytest.mark.parametrize("place", PLACES)
def test_against_high_precision(place, sigma):
    rng = np.random.default_rng(5)
    for _ in range(6):
        x, data = draw(rng, place, sigma)
        D, w = exact(x, data, sigma)
        np.testing.assert_allclose(empirical_denoiser(x, data, sigma), D, atol=1e-12 * np.linalg.norm(D))
        np.testing.assert_allclose(empirical_weights(x, data, sigma), w, atol=1e-12 * w.max())


@pytest.mark.parametrize("sigma", [1e-4, 1e-3, 1e-2, 0.1])
def test_between_two_samples_it_loses_no_more_than_the_rounding_of_the_point(sigma):
    rng = np.random.default_rng(6)
    for _ in range(10):
        data = rng.standard_normal((8, 5)) + 10 * np.repeat([0.0, 1.0], [2, 6])[:, None]
        x = data[:2].mean(axis=0) + sigma**2 * rng.standard_normal(5)
        D, _ = exact(x, data, sigma)
        gap, size = np.linalg.norm(data[0] - data[1]), np.linalg.norm(np.abs(data[:2]).max(axis=0))
        conditioning = np.finfo(float).eps * gap * size / sigma**2
        error = np.linalg.norm(empirical_denoiser(x, data, sigma) - D)
        assert error <= gap * (2 * conditioning + 1e-14)


def test_the_limits_are_the_nearest_sample_and_the_mean():
    rng = np.random.default_rng(7)
    data, x = rng.standard_normal((50, 6)), rng.standard_normal((40, 6))
    nearest = data[((x[:, None] - data) ** 2).sum(axis=2).argmin(axis=1)]
    for sigma in (1e-300, 1e-8, 1e-3):
        np.testing.assert_array_equal(empirical_denoiser(x, data, sigma), nearest)
    for sigma in (1e8, 1e300, 1e308):
        np.testing.assert_allclose(empirical_denoiser(x, data, sigma), np.tile(data.mean(axis=0), (40, 1)), atol=1e-15)


def test_equally_near_samples_share():
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    np.testing.assert_array_equal(empirical_weights([0.0, 0.0], corners, 1e-8), np.full(4, 0.25))
    np.testing.assert_array_equal(empirical_denoiser([5.0, 0.0], corners, 1e-8), [1.0, 0.0])


def test_tweedie_agrees_at_every_noise_level():
    rng = np.random.default_rng(8)
    data, x = rng.standard_normal((12, 3)), rng.standard_normal((5, 3))
    for sigma in (0.1, 0.5, 2.0):
        law = np.full(12, 1 / 12), data, np.tile(sigma**2 * np.eye(3), (12, 1, 1))
        D = tweedie_denoiser(x, lambda x, law=law: mixture_score(x, *law), sigma)
        np.testing.assert_allclose(empirical_denoiser(x, data, sigma), D, rtol=1e-11, atol=1e-12)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.lists(st.integers(1, 3), max_size=3),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 4)),
    sigma=st.floats(1e-3, 1e3),
)
def test_a_batch_is_its_points(seed, batch, sizes, sigma):
    rng = np.random.default_rng(seed)
    n, p = sizes
    data, x = rng.standard_normal((n, p)), rng.standard_normal((*batch, p))
    D, w = empirical_denoiser(x, data, sigma), empirical_weights(x, data, sigma)
    assert D.shape == x.shape
    assert w.shape == (*batch, n)
    assert weight_entropy(w).shape == tuple(batch)
    expected = [empirical_denoiser(point, data, sigma) for point in x.reshape(-1, p)]
    np.testing.assert_allclose(D.reshape(-1, p), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(w @ data, D, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sigma", [1e-4, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("block", [1, 1000, 10_000])
def test_blocks_do_not_show(monkeypatch, block, sigma):
    rng = np.random.default_rng(9)
    data, x = rng.standard_normal((60, 7)), rng.standard_normal((45, 7))
    D, w = empirical_denoiser(x, data, sigma), empirical_weights(x, data, sigma)
    monkeypatch.setattr(empirical, "_BLOCK", block)
    monkeypatch.setattr(empirical, "_CACHED", block)
    np.testing.assert_allclose(empirical_denoiser(x, data, sigma), D, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(empirical_weights(x, data, sigma), w, atol=1e-12)


@pytest.mark.parametrize("sigma", [1e-6, 1.0])
def test_memory_does_not_grow_with_the_number_of_queries(sigma):
    rng = np.random.default_rng(10)
    data, x = rng.standard_normal((1000, 8)), rng.standard_normal((50_000, 8))
    tracemalloc.start()
    try:
        D = empirical_denoiser(x, data, sigma)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - D.nbytes < 150e6  # all weights at once would take 400e6


def test_memory_when_every_distance_is_computed_again():
    data = np.sign(np.random.default_rng(11).standard_normal((2000, 50)))  # all as far from the origin
    tracemalloc.start()
    try:
        D = empirical_denoiser(np.zeros((200, 50)), data, 1e-6)  # their differences would take 160e6 an array
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(D, np.tile(data.mean(axis=0), (200, 1)), atol=1e-13)
    assert peak < 200e6


def test_entropy_of_equal_weights_and_of_one():
    np.testing.assert_allclose(weight_entropy(np.eye(5)), 0)
    np.testing.assert_allclose(weight_entropy(np.full((2, 5), 0.2)), np.log(5))


@settings(deadline=None)
@given(a=st.floats(0, 1))
def test_entropy_of_two(a):
    with mpmath.workdps(40):
        terms = [-mpmath.mpf(w) * mpmath.log(w) for w in (a, 1 - a) if w]
    np.testing.assert_allclose(weight_entropy([a, 1 - a]), float(sum(terms)), rtol=1e-13)


@settings(max_examples=30, deadline=None)
@given(sigma=st.floats(1e-6, 1e6), dtype=st.sampled_from([np.float64, np.float32, np.int64, np.uint8]))
def test_inputs_and_the_global_generator_stay_as_they_were(sigma, dtype):
    data, x = np.arange(12).reshape(4, 3).astype(dtype), np.arange(6).reshape(2, 3).astype(dtype)
    data.setflags(write=False)
    x.setflags(write=False)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    D = empirical_denoiser(x, data, sigma)
    assert D.dtype == float
    weight_entropy(empirical_weights(x, data, sigma))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(data, np.arange(12).reshape(4, 3))


def test_strided_arrays():
    rng = np.random.default_rng(12)
    data, x = rng.standard_normal((30, 8)), rng.standard_normal((5, 8))
    D = empirical_denoiser(x[::2, ::2], np.asfortranarray(data)[::-1, ::2], 0.4)
    np.testing.assert_allclose(D, empirical_denoiser(x[::2, ::2].copy(), data[::-1, ::2].copy(), 0.4), rtol=1e-13)


GOOD = {"x": [1.0, 2.0], "data": [[0.0, 0.0], [1.0, 1.0]], "sigma": 1.0}


@pytest.mark.parametrize("function", [empirical_denoiser, empirical_weights])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"x": [1.0, np.nan]}, "x must be finite, got nan"),
        ({"x": [1.0, -np.inf]}, "x must be finite, got -inf"),
        ({"x": []}, "x must not be empty"),
        ({"x": 1.0}, "x must have shape"),
        ({"x": "digits"}, "x must hold real numbers"),
        ({"x": [1.0, 2.0, 3.0]}, r"data must have shape \(n, p\) with p = 3"),
        ({"data": np.empty((0, 2))}, "data must not be empty"),
        ({"data": [0.0, 0.0]}, r"data must have shape \(n, p\)"),
        ({"data": [[0.0, 0.0], [1.0]]}, "data must be an array, got rows of different lengths"),
        ({"data": [[0.0, np.nan]]}, "data must be finite"),
        ({"data": [[True, False]]}, "data must hold real numbers"),
        ({"sigma": 0.0}, "sigma must be > 0"),
        ({"sigma": -1.0}, "sigma must be > 0, got -1.0"),
        ({"sigma": np.inf}, "sigma must be finite"),
        ({"sigma": [1.0, 2.0]}, r"sigma must be one number, got"),
        ({"sigma": None}, "sigma must"),
        ({"x": [1e200, 0.0]}, "squares below"),
        ({"data": [[1e200, 0.0], [0.0, 0.0]]}, "squares below"),
    ],
)
def test_bad_input_is_refused(function, bad, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(**(GOOD | bad))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5, 0.6], "weights must sum to 1, got a sum of 1.1"),
        ([-0.5, 1.5], "weights must be probabilities, >= 0"),
        ([[1.0, 0.0], [0.5, 0.4]], "weights must sum to 1, got a sum of 0.9"),
        ([np.nan, 1.0], "weights must be finite"),
        ([], "weights must not be empty"),
        (1.0, "weights must have shape"),
    ],
)
def test_bad_weights_are_refused(weights, message):
    with pytest.raises((TypeError, ValueError), match=message):
        weight_entropy(weights)
