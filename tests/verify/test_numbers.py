"""Numbers in words: what differs looks different, and what fails says by how much."""

import pytest

from verify.evidence import at_least, at_most, equal, mean, sign
from verify.numbers import apart, comparison


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1.0, 1.0 + 1e-15),
        (1 + 2j, 1 + 2.0000000001j),
        (1.0, 1 + 1e-12j),
        (1.0, float("nan")),
        (1e300, -1e300),
        (0, 5e-324),
    ],
)
def test_numbers_that_differ_look_different(a, b):
    x, y = apart(a, b)
    assert x != y


def test_equal_numbers_look_equal():
    assert apart(1 / 3, 1 / 3) == ("0.333333", "0.333333")


@pytest.mark.parametrize("unit", [1.0, 1 + 1j])
def test_a_failure_shows_the_difference_and_its_ratio_to_the_tolerance(unit):
    text = comparison(equal("", unit * (1 + 1e-10), unit, atol=1e-12 * abs(unit)))
    assert "= 100 × the tolerance" in text
    measured, expected = text.split(", ")[:2]
    assert measured.removeprefix("measured ") != expected.removeprefix("expected ")


def test_a_failure_without_tolerance_says_so():
    assert comparison(equal("", 1.0, 2.0)) == "measured 1, expected 2, difference -1 where none is allowed"


def test_inequalities_read_as_such():
    assert comparison(at_most("", 1.5, 1.0, slack=0.25, resolution=1.0)) == (
        "measured 1.5, at most 1, difference 0.5 = 2 × the tolerance 0.25"
    )
    assert comparison(at_least("", 1.5, 1.0, resolution=1.0)) == "1.5, at least 1"


def test_a_sign_reads_as_such():
    assert comparison(sign("", 0.5)) == "0.5, sign +1"
    assert comparison(sign("", [2.0, 0.5], -1)) == "measured 2, sign -1"


def test_the_worst_place_of_an_inequality_fails_where_it_does():
    evidence = at_most("", [1.5, 1.2], 1.0, slack=[1.0, 0.1], resolution=1.0)
    assert (evidence.verdict, evidence.measured) == ("FAIL", 1.2)


def test_statistics_show_their_interval():
    failed = comparison(mean("", [0.0, 1.0] * 5000, 0.9, delta=0.1))
    assert "measured 0.5, expected 0.9, difference -0.4 = " in failed
    assert "[" in failed
    assert "[" in comparison(mean("", [0.0, 1.0] * 5000, 0.5, delta=0.1))


def test_what_has_no_numbers_says_nothing():
    assert comparison(equal("", [], [])) == ""
