"""The kinds of evidence: a wrong number fails, NaN fails, false alarms are as rare as declared, δ is seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.evidence import (
    Verdict,
    at_least,
    at_most,
    binomial_interval,
    confidence_sequence,
    distribution,
    equal,
    mean,
    rate,
    rounding,
    sign,
    variance,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
NONCES = 400


def share_compatible(count, trials, probability):
    """Whether a frequency may come from events of at most this probability (exact binomial, error 10⁻⁶)."""
    return binomial_interval(count, trials, 1e-6)[0] <= probability


@given(st.floats(-1e300, 1e300), st.floats(1e-12, 1e-3))
def test_equal_tells_values_beyond_its_tolerance(value, rtol):
    assert equal("", value * (1 + rtol / 2), value, rtol=rtol).verdict is PASS
    beyond = value * (1 + 3 * rtol)
    if np.isfinite(beyond) and beyond != value:
        assert equal("", beyond, value, rtol=rtol).verdict is FAIL


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, np.inf),
        ([1.0, np.nan], 1.0),
        (np.ones(2), np.ones(3)),
        (1.0, np.ones(3)),
        (np.ones((3, 1)), np.ones((3, 3))),
        ([], []),
        (1 + 1j, 1.0),
    ],
)
def test_equal_fails(measured, expected):
    assert equal("", measured, expected, rtol=1e-3, atol=1e-3).verdict is FAIL


def test_equal_shows_the_worst_place_and_its_tolerance():
    evidence = equal("", [1.0, 2.0, 3.1], [1.0, 2.0, 3.0], atol=0.2)
    assert (evidence.verdict, evidence.measured, evidence.expected) == (PASS, 3.1, 3.0)
    assert evidence.interval == pytest.approx((2.8, 3.2))
    assert equal("", 1.0, 1.0).verdict is PASS
    assert equal("", np.nextafter(1.0, 2), 1.0).verdict is FAIL


def test_inequalities_need_a_witness_or_a_resolution():
    with pytest.raises(TypeError, match="tight"):
        at_most("", 1.0, 2.0)
    with pytest.raises(TypeError, match="tight"):
        at_least("", 1.0, 2.0, tight=0.1, resolution=0.1)
    assert at_most("", [1.0, 1.99], 2.0, tight=0.01).verdict is PASS
    assert at_most("", [1.0, 1.9], 2.0, tight=0.01).verdict is INCONCLUSIVE
    assert at_most("", [1.0, 2.01], 2.0, tight=0.01).verdict is FAIL
    assert at_most("", [1.0, 2.01], 2.0, slack=0.02, tight=0.01).verdict is PASS
    assert at_most("", [1.0, np.nan], 2.0, tight=0.01).verdict is FAIL
    assert at_least("", [3.0, 2.2], 2.0, resolution=0.3).verdict is PASS
    assert at_least("", [3.0, 2.2], 2.0, resolution=0.1).verdict is INCONCLUSIVE
    assert at_least("", [3.0, 1.9], 2.0, resolution=0.3).verdict is FAIL
    assert at_most("", [], 2.0, tight=0.01).verdict is FAIL


@pytest.mark.parametrize(
    ("measured", "expected", "verdict"),
    [
        (3.0, 1, PASS),
        (-5e-324, -1, PASS),
        ([1.0, -2.0], [1, -1], PASS),
        ([[1.0, -2.0], [3.0, -4.0]], [1, -1], PASS),
        (-3.0, 1, FAIL),
        (0.0, 1, FAIL),
        (-0.0, -1, FAIL),
        ([1.0, np.nan], 1, FAIL),
        (np.inf, 1, FAIL),
        ([1.0, 2.0, -1e-300], 1, FAIL),
        ([1.0, 2.0], [1, 1, 1], FAIL),
        ([], 1, FAIL),
        (1 + 1j, 1, FAIL),
        ("1", 1, FAIL),
    ],
)
def test_a_sign_is_that_of_every_number(measured, expected, verdict):
    assert sign("", measured, expected).verdict is verdict


def test_a_sign_shows_the_worst_place():
    evidence = sign("slope", [3.0, 1.0, 2.0])
    assert (evidence.measured, evidence.expected, evidence.interval) == (1.0, 1.0, (0.0, np.inf))
    assert sign("slope", [-3.0, 1.0], [-1, -1]).measured == 1.0
    assert np.isnan(sign("slope", [np.nan, 1.0]).measured)


@pytest.mark.parametrize("expected", [0, 2.0, np.nan, [1, 0], []])
def test_a_sign_is_plus_or_minus_one(expected):
    with pytest.raises(ValueError, match=r"expected must be \+1 or -1, got"):
        sign("", 1.0, expected)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (at_most("", 1.0, 1.0, tight=0.51), "tight must be <= 0.5, got 0.51: state a sign, or a bound that"),
        (at_least("", 1.5, 1.0, tight=1e40), "tight must be <= 0.5, got 1e+40"),
        (
            at_most("", [1.0, 3.0], 4.0, resolution=2.1),
            "resolution must be <= 2, half the scale, got 2.1: state a sign",
        ),
        (at_least("", [8.0, 5.0], 4.0, resolution=4.1), "must be <= 4, half the scale"),
        (at_least("missed", [0.0, 20.0], 0.0, resolution=1e3), "must be <= 10, half the scale"),
        (at_least("", 1e-9, 0.0, resolution=1e-8), "must be <= 5e-10, half the scale"),
        (at_least("", 0.0, 0.0, resolution=1e-8), "must be <= 0, half the scale"),
        (
            mean("", [0.0, 1.0] * 500, 0.5, delta=0.5),
            "δ must be < 0.5, got 0.5: every mean in the support is within it",
        ),
        (mean("", np.arange(1000) % 4 == 0, 0.25, delta=0.75), "δ must be < 0.75"),
        (mean("", [-1.0, 1.0] * 500, 0.0, support=(-1, 3), delta=3.0), "δ must be < 3"),
        (variance("", [-2.0, 2.0] * 500, 4.0, delta=4.0), "δ must be < 4, got 4: a variance of 0"),
        (distribution("", np.linspace(0, 1, 500), lambda x: x, delta=1.0), "δ must be < 1, got 1: every distance"),
    ],
)
def test_what_asks_nothing_says_why(evidence, reason):
    assert evidence.verdict is not FAIL
    assert evidence.detail.startswith("asks nothing: ")
    assert reason in evidence.detail


@pytest.mark.parametrize(
    "evidence",
    [
        at_most("", 1.0, 1.5, tight=0.5),
        at_most("", [1.0, 3.0], 4.0, resolution=2.0),
        at_least("", [1e-9, 3e-9], 0.0, resolution=1.5e-9),
        mean("", [0.0, 1.0] * 500, 0.5, delta=0.49),
        mean("", np.arange(1000) % 4 == 0, 0.25, delta=0.74),
        variance("", [-2.0, 2.0] * 500, 4.0, delta=3.9),
        distribution("", np.linspace(0, 1, 500), lambda x: x, delta=0.9),
    ],
)
def test_what_asks_just_enough_passes(evidence):
    assert evidence.verdict is PASS


@pytest.mark.parametrize(
    "evidence",
    [
        at_most("", 2.0, 1.0, tight=0.9),
        at_least("", [np.nan, 1.0], 0.0, resolution=9.0),
        mean("", [0.0, 1.0] * 5000, 0.9, delta=1.0),
        variance("", [-2.0, 2.0] * 500, 1.0, delta=9.0),
        distribution("", np.zeros(500), lambda x: x, delta=2.0),
    ],
)
def test_what_asks_nothing_and_is_violated_still_fails(evidence):
    assert evidence.verdict is FAIL


def noisy_powers(rng, order, noise, n=12):
    x = np.geomspace(1, 1e3, n)
    return x, x**order * np.exp(noise * rng.standard_normal(n))


def test_rate_raises_false_alarms_as_rarely_as_declared():
    rng = np.random.default_rng(1)
    alarms = sum(rate("", *noisy_powers(rng, 2.0, 0.1), 2.0, alpha=0.1).verdict is FAIL for _ in range(NONCES))
    low, high = binomial_interval(alarms, NONCES, 1e-6)
    assert low <= 0.1 <= high


def test_rate_sees_half_an_order():
    rng = np.random.default_rng(2)
    assert all(rate("", *noisy_powers(rng, 1.5, 0.05), 2.0).verdict is not PASS for _ in range(NONCES))
    assert all(rate("", *noisy_powers(rng, 2.0, 0.02), 2.0).verdict is PASS for _ in range(NONCES))


def test_rate_is_inconclusive_when_too_wide_and_fails_on_nonsense():
    rng = np.random.default_rng(3)
    assert rate("", *noisy_powers(rng, 2.0, 5.0), 2.0).verdict is INCONCLUSIVE
    x = np.arange(1.0, 6)
    assert rate("", x, x**2, 2.0).verdict is PASS
    assert rate("", x, -(x**2), 2.0).verdict is FAIL
    assert rate("", x, np.full(5, np.nan), 2.0).verdict is FAIL
    with pytest.raises(ValueError, match="n >= 4"):
        rate("", x[:3], x[:3], 1.0)


LAWS = {
    "uniform": lambda rng, n: rng.uniform(size=n),
    "rare": lambda rng, n: (rng.uniform(size=n) < 0.01).astype(float),
    "beta": lambda rng, n: rng.beta(0.3, 0.3, n),
    "boolean": lambda rng, n: rng.uniform(size=n) < 0.3,
}
MEANS = {"uniform": 0.5, "rare": 0.01, "beta": 0.5, "boolean": 0.3}


@pytest.mark.parametrize("law", LAWS)
def test_mean_raises_false_alarms_as_rarely_as_declared(law):
    rng = np.random.default_rng(4)
    alarms = sum(mean("", LAWS[law](rng, 300), MEANS[law], delta=1.0, alpha=0.1).verdict is FAIL for _ in range(NONCES))
    assert share_compatible(alarms, NONCES, 0.1)


@pytest.mark.parametrize("law", LAWS)
def test_mean_sees_delta(law):
    rng = np.random.default_rng(5)
    wrong = [mean("", LAWS[law](rng, 2000), MEANS[law] + 0.2, delta=0.2, alpha=0.05).verdict for _ in range(NONCES)]
    assert share_compatible(sum(verdict is not FAIL for verdict in wrong), NONCES, 0.05)
    right = [mean("", LAWS[law](rng, 4000), MEANS[law], delta=0.2).verdict for _ in range(50)]
    assert set(right) == {PASS}


def test_mean_is_inconclusive_with_few_samples_and_fails_outside_the_support():
    rng = np.random.default_rng(6)
    assert mean("", rng.uniform(size=20), 0.5, delta=0.05).verdict is INCONCLUSIVE
    assert mean("", [0.5, 1.5], 0.5, delta=0.5).verdict is FAIL
    assert mean("", [0.5, np.nan], 0.5, delta=0.5).verdict is FAIL
    assert mean("", rng.uniform(-3, 1, 40_000), -1.0, support=(-3, 1), delta=0.2).verdict is PASS


def test_confidence_sequence_holds_at_every_time():
    rng = np.random.default_rng(7)
    misses = 0
    for _ in range(NONCES):
        low, high = confidence_sequence(rng.uniform(size=200), (0, 1), 0.1)
        misses += not low <= 0.5 <= high
    assert share_compatible(misses, NONCES, 0.1)


def test_binomial_interval_is_exact():
    assert binomial_interval(0, 10, 0.1) == pytest.approx((0.0, 1 - 0.05**0.1))
    assert binomial_interval(10, 10, 0.1) == pytest.approx((0.05**0.1, 1.0))


def test_distribution_raises_false_alarms_as_rarely_as_declared():
    rng = np.random.default_rng(8)
    verdicts = [
        distribution("", rng.uniform(size=50), lambda x: x, delta=1.0, alpha=0.1).verdict for _ in range(NONCES)
    ]
    assert share_compatible(verdicts.count(FAIL), NONCES, 0.1)


def test_distribution_sees_delta():
    rng = np.random.default_rng(9)
    wrong = [distribution("", rng.uniform(size=2000) ** 1.5, lambda x: x, delta=0.14).verdict for _ in range(100)]
    assert PASS not in wrong
    right = [distribution("", rng.uniform(size=20_000), lambda x: x, delta=0.1).verdict for _ in range(100)]
    assert set(right) == {PASS}
    assert distribution("", rng.uniform(size=20), lambda x: x, delta=0.1).verdict is INCONCLUSIVE
    assert distribution("", [np.nan, 0.5], lambda x: x, delta=0.1).verdict is FAIL


def test_rounding_scales():
    np.testing.assert_allclose(rounding(4, [-2.0, 1.0]), [8 * 2.0**-52, 4 * 2.0**-52])


def test_variance_raises_false_alarms_as_rarely_as_declared():
    x = np.random.default_rng(8).standard_normal((NONCES, 300))
    alarms = sum(variance("σ²", row, 1.0, delta=9.0, alpha=0.05).verdict is FAIL for row in x)
    assert share_compatible(alarms, NONCES, 0.05)
    assert share_compatible(NONCES - alarms, NONCES, 0.95)


def test_variance_sees_delta():
    x = np.random.default_rng(9).standard_normal(100_000)
    assert variance("σ²", x, 1.0, delta=0.1).verdict is PASS
    assert variance("σ²", x, 1.1, delta=0.1).verdict is FAIL
    assert variance("σ²", x[:50], 1.0, delta=0.1).verdict is INCONCLUSIVE
    assert variance("σ²", [*x, np.nan], 1.0, delta=0.1).verdict is FAIL
