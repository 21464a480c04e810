"""Lipschitz constants: degenerate networks, purity, bad input, a missing extra; the theorems are claims in `verify`."""

import re
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.robustness import lipschitz
from refimpl.robustness.duality import dual_norm

NORMS = (1, 2, np.inf)
UPPER = {
    "product_1": lambda weights: lipschitz.product_bound(weights, 1),
    "product_2": lambda weights: lipschitz.product_bound(weights, 2),
    "product_inf": lambda weights: lipschitz.product_bound(weights, np.inf),
    "lipsdp_2": lipschitz.lipsdp,
    "lipopt_inf": lambda weights: lipschitz.lipopt(weights, len(weights)),
    "lipmip_1": lambda weights: lipschitz.lipmip(weights, 1, -1, 1),
    "lipmip_inf": lambda weights: lipschitz.lipmip(weights, np.inf, -1, 1),
}
ALL = {**UPPER, "brute_force": lipschitz.brute_force}
entries = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5])


@st.composite
def small_networks(draw):
    """Weights with many zeros, equal and opposite rows, so that patterns degenerate."""
    sizes = [*draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)), 1]
    return [np.array(draw(st.lists(entries, min_size=m * p, max_size=m * p))).reshape(m, p)
            for p, m in pairwise(sizes)]  # fmt: skip


@settings(deadline=None, max_examples=15)
@given(small_networks())
def test_bounds_hold_on_degenerate_networks_and_leave_the_weights(weights):
    kept = [W.copy() for W in weights]
    exact = {f"{norm:g}": lipschitz.brute_force(weights, norm) for norm in NORMS}
    samples = np.random.default_rng(0).standard_normal((50, weights[0].shape[1]))
    for norm in NORMS:
        assert lipschitz.sampled_bound(weights, samples, norm) <= exact[f"{norm:g}"] + 1e-9
    for name, bound in UPPER.items():
        value = bound(weights)
        assert type(value) is float
        assert value >= exact[name.partition("_")[2]] - 1e-9, name
        if name.startswith("lipmip"):
            assert value <= exact[name.partition("_")[2]] + 1e-9
    for W, before in zip(weights, kept, strict=True):
        np.testing.assert_array_equal(W, before)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_one_hidden_layer_in_linf(p, m, seed):
    W, v = np.random.default_rng(seed).standard_normal((m, p)), np.random.default_rng(seed + 1).standard_normal(m)
    W[0] = 0
    exact, bound = lipschitz.brute_force([W, v[None]], np.inf), lipschitz.linf_sdp(W, v)
    assert exact - 1e-12 <= bound <= lipschitz.product_bound([W, v[None]], np.inf) * (1 + 1e-6) + 1e-12


@pytest.mark.parametrize("name", ALL)
def test_linear_networks(name):
    norm = {"1": 1, "2": 2, "inf": np.inf, "force": 2}[name.rpartition("_")[2]]
    W = np.array([[3.0, -4.0, 0.0]])
    np.testing.assert_allclose(ALL[name]([W]), dual_norm(W[0], norm), rtol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_networks_without_weights_have_the_constant_0(name):
    for weights in ([np.zeros((1, 2))], [np.zeros((2, 1)), np.ones((1, 2))], [np.ones((2, 1)), np.zeros((1, 2))]):
        assert ALL[name](weights) == 0


def test_no_weights_no_bound_in_linf():
    assert lipschitz.linf_sdp(np.zeros((2, 3)), np.ones(2)) == 0


@pytest.mark.parametrize("name", ALL)
def test_constants_scale_with_the_weights(name):
    rng = np.random.default_rng(1)
    W, v = rng.standard_normal((3, 2)), rng.standard_normal((1, 3))
    np.testing.assert_allclose(ALL[name]([1e-6 * W, 1e9 * v]), 1e3 * ALL[name]([W, v]), rtol=1e-6)


def test_norms_are_numbers_or_text():
    weights = [[[1.0, -2.0]], [[3.0]]]
    for function in (lipschitz.product_bound, lipschitz.brute_force):
        for norm, others in {1: ("1", 1.0), 2: ("2", np.int64(2)), np.inf: ("inf", np.float64("inf"))}.items():
            assert {function(weights, other) for other in others} == {function(weights, norm)}
    assert lipschitz.lipmip(weights, "inf", -1, 1) == lipschitz.lipmip(weights, np.inf, [-1, -1], [1.0, 1.0]) == 9.0


def test_patterns_that_never_occur_do_not_count():
    twins = [[[1.0, 2.0], [1.0, 2.0]], [[1.0, -1.0]]]
    assert lipschitz.brute_force(twins) == lipschitz.lipmip(twins, 1, -1, 1) == 0
    np.testing.assert_allclose(lipschitz.lipsdp(twins), np.sqrt(5), rtol=1e-6)  # with biases they occur


@pytest.mark.parametrize("exponent", [-660, 660])
def test_layers_of_extreme_scales_keep_their_constants(exponent):
    weights = [np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([[2.0, -1.0]])]
    scaled = [np.ldexp(weights[0], exponent), np.ldexp(weights[1], -exponent)]
    for norm in (1, 2, "inf"):
        assert lipschitz.brute_force(scaled, norm) == lipschitz.brute_force(weights, norm)
    assert lipschitz.lipsdp(scaled) == lipschitz.lipsdp(weights)
    assert lipschitz.lipsdp(scaled[:1] + weights[1:]) == np.ldexp(lipschitz.lipsdp(weights), exponent)


def test_a_box_far_from_the_kinks_is_linear():
    weights = [[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [[1.0, 2.0, 5.0]]]
    assert lipschitz.lipmip(weights, "inf", [1.0, 1.0], 2.0) == 3.0
    assert lipschitz.lipmip(weights, "inf", [-1.0, 1.0], 2.0) == 7.0
    assert lipschitz.lipmip(weights, 1, [1e9, 1e9], 2e9) == 2.0


def test_a_flat_box_whose_program_a_presolve_calls_infeasible():
    weights = [
        [[-1.279, 0.419], [0.385, -0.278], [0.112, -0.644]],
        [[0.205, -0.331, -1.743], [-0.384, -0.751, -0.392], [-0.045, 0.392, 0.428]],
        [[-0.75, 0.489, -0.828]],
    ]
    lower, upper = np.array([3.181, 3.034]), np.array([3.84, 3.034 + 1e-6])
    points = np.random.default_rng(0).uniform(lower, upper, (1000, 2))
    for norm in (1, np.inf):
        exact = lipschitz.sampled_bound(weights, points, norm)
        np.testing.assert_allclose(lipschitz.lipmip(weights, norm, lower, upper), exact, rtol=1e-12)


GOOD = [np.ones((2, 3)), np.ones((1, 2))]


@pytest.mark.parametrize("call", [lipschitz.brute_force, lambda *a, **k: lipschitz.lipmip(*a, 1, -1, 1, **k)])
@pytest.mark.parametrize(
    ("biases", "error", "message"),
    [
        ([np.ones(2)], ValueError, "biases must be of layers of [2, 1] neurons, got [2]"),
        ([np.ones(3), [0.0]], ValueError, "biases must be of layers of [2, 1] neurons, got [3, 1]"),
        ([np.ones((2, 1)), [0.0]], ValueError, "biases's b_1 must have shape (m), got (2, 1)"),
        ([[np.nan, 0.0], [0.0]], ValueError, "biases's b_1 must be finite, got nan"),
        (3.0, TypeError, "biases must be a list of arrays, got 3.0"),
    ],
)
def test_bad_biases_are_refused(call, biases, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(GOOD, biases=biases)


def test_linear_networks_with_biases():
    assert lipschitz.brute_force([[[3.0, -4.0]]], biases=[[7.0]]) == 5.0
    assert lipschitz.lipmip([[[3.0, -4.0]]], 1, -1, 1, biases=[[7.0]]) == 4.0


NAMED = {
    "product_bound": lipschitz.product_bound,
    "brute_force": lipschitz.brute_force,
    "lipsdp": lipschitz.lipsdp,
    "lipmip": lambda weights: lipschitz.lipmip(weights, 1, -1, 1),
    "lipopt": lambda weights: lipschitz.lipopt(weights, 2),
    "sampled_bound": lambda weights: lipschitz.sampled_bound(weights, np.ones((4, 3))),
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "weights must be those of at least one layer, got none"),
        ([np.ones((2, 3)), np.ones((2, 2))], "weights's W_2 must have one row, got shape (2, 2)"),
        ([np.ones((2, 3)), np.ones((1, 3))], "weights's W_2 must have shape (n, m) with m = 2, got (1, 3)"),
        ([np.ones((2, 3)), np.ones(2)], "weights's W_2 must have shape (n, m), got (2,)"),
        ([np.ones((2, 3)), [[np.nan, 1.0]]], "weights's W_2 must be finite, got nan"),
        ([np.ones((0, 3)), np.ones((1, 0))], "weights's W_1 must not be empty, got shape (0, 3)"),
        ([[[1.0, 2.0], [3.0]], [[1.0]]], "weights's W_1 must be an array, got rows of different lengths"),
    ],
)
def test_bad_weights_are_refused(name, weights, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        NAMED[name](weights)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("weights", [None, 3.0, [["a"]], [None], [[[1j]]]])
def test_weights_of_another_type_are_refused(name, weights):
    with pytest.raises((TypeError, ValueError), match="weights"):
        NAMED[name](weights)


@pytest.mark.parametrize("norm", [-2, "fro", 3, 0, np.nan, "2.0", "", -np.inf, True, None, [2]])
def test_other_norms_are_refused(norm):
    calls = [
        lambda: lipschitz.product_bound(GOOD, norm),
        lambda: lipschitz.brute_force(GOOD, norm),
        lambda: lipschitz.lipmip(GOOD, norm, -1, 1),
        lambda: lipschitz.sampled_bound(GOOD, np.ones(3), norm),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match="norm must be 1 or"):
            call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lipschitz.lipmip(GOOD, 2, -1, 1), ValueError, "norm must be 1 or inf, got 2"),
        (lambda: lipschitz.lipmip(GOOD, 1, 1, -1), ValueError, "lower must be < upper, got 1.0 and -1.0"),
        (lambda: lipschitz.lipmip(GOOD, 1, 1, 1), ValueError, "lower must be < upper"),
        (lambda: lipschitz.lipmip(GOOD, 1, [0, 0, 2], [1, 1, 1]), ValueError, "lower must be < upper"),
        (lambda: lipschitz.lipmip(GOOD, 1, [0, 0], 1), ValueError, "lower must be a number or have shape (3,)"),
        (lambda: lipschitz.lipmip(GOOD, 1, 0, [[1, 1, 1]]), ValueError, "upper must be a number or have shape (3,)"),
        (lambda: lipschitz.lipmip(GOOD, 1, -np.inf, 1), ValueError, "lower must be finite, got -inf"),
        (lambda: lipschitz.lipmip(GOOD, 1, None, 1), TypeError, "lower must hold real numbers"),
        (lambda: lipschitz.lipopt(GOOD, 1), ValueError, "degree must be >= 2, the number of layers, got 1"),
        (lambda: lipschitz.lipopt(GOOD, 0), ValueError, "degree must be >= 1, got 0"),
        (lambda: lipschitz.lipopt(GOOD, 2.0), TypeError, "degree must be an integer, got 2.0"),
        (lambda: lipschitz.lipopt(GOOD, True), TypeError, "degree must be an integer, got True"),
        (lambda: lipschitz.linf_sdp(np.ones((2, 3)), np.ones(3)), ValueError, "v must have shape (m) with m = 2"),
        (lambda: lipschitz.linf_sdp(np.ones(3), np.ones(3)), ValueError, "W must have shape (m, p), got (3,)"),
        (lambda: lipschitz.linf_sdp([[np.inf]], [1.0]), ValueError, "W must be finite, got inf"),
        (lambda: lipschitz.linf_sdp(np.ones((0, 2)), []), ValueError, "W must not be empty"),
        (lambda: lipschitz.sampled_bound(GOOD, np.ones(2)), ValueError, "a must have shape (..., p) with p = 3"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("missing", ["cvxpy", "clarabel"])
def test_a_missing_extra_is_named(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    for call in (lambda: lipschitz.lipsdp(GOOD), lambda: lipschitz.linf_sdp(np.ones((2, 3)), np.ones(2))):
        with pytest.raises(ImportError, match=re.escape("pip install 'refimpl[sdp]'")):
            call()
