"""Claims, mutants and their engine: what cannot fail is refused."""

import re

import numpy as np
import pytest

from refimpl.arguments.errors import DivergedError
from refimpl.minimax.algorithms import gda_step
from verify.choosing import discover
from verify.claims import Claim, claim, shipped
from verify.evidence import Evidence, Verdict, equal
from verify.register import ROWS
from verify.running import check, kill, worst


def make(body, row="M09"):
    """A claim on `gda_step` with a body (rng, gda_step) -> evidence."""

    def steps_down(rng, *, gda_step=gda_step):
        """A GDA step on V = z halves z at α = ½."""
        yield from body(rng, gda_step)

    return claim(row, slide="a slide", source="a paper")(steps_down)


def halves(rng, step):
    z = rng.standard_normal(3)
    yield equal("z⁺", step(lambda z: z, z, 0.5), z / 2)


def test_claim_knows_what_it_needs():
    one = make(halves)
    assert one.needs == {"gda_step": gda_step}
    assert one.path("gda_step") == "minimax.algorithms.gda_step"
    assert one.name.endswith(".steps_down")


def test_check_passes_the_truth_and_fails_a_wrong_number():
    one = make(halves)
    assert check(one, 0, {}).verdict is Verdict.PASS
    assert check(one, 0, {"gda_step": lambda V, z, alpha: z}).verdict is Verdict.FAIL
    assert check(one, 0, {"gda_step": lambda V, z, alpha: z * np.nan}).verdict is Verdict.FAIL


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(0), ZeroDivisionError("oops")])
def test_what_a_function_raises_is_a_failure_that_says_so(error):
    def raises(V, z, alpha):
        raise error

    result = check(make(halves), 0, {"gda_step": raises})
    assert result.verdict is Verdict.FAIL
    assert type(error).__name__ in result.evidence[-1].detail


@pytest.mark.parametrize("body", [lambda rng, step: iter(()), lambda rng, step: ["not evidence"]])
def test_a_claim_without_evidence_fails_at_its_place(body):
    done = check(make(body), 0, {})
    assert done.verdict is Verdict.FAIL
    assert re.search(
        r"test_claims\.py:\d+: claim \S+ (yields no evidence|must yield Evidence)", done.evidence[-1].detail
    )


def test_a_claim_that_returns_nothing_fails():
    def is_no_generator(rng, *, gda_step=gda_step):
        """It yields nothing."""

    assert "yields no evidence" in check(claim("M09", slide="", source="")(is_no_generator), 0, {}).evidence[0].detail


def test_a_finished_claim_has_no_problem():
    one = make(halves)
    one.mutants({"adds": lambda V, z, alpha: z + alpha * V(z)})
    assert one.problem() == ""


def test_an_unfinished_claim_says_what_it_lacks_and_where():
    def bare(rng):
        yield equal("", 1.0, 1.0)

    def number(rng, *, alpha=0.5):
        """It checks a number."""

    row, nothing = make(halves, row="X99"), Claim(bare, "M09", "", "")
    assert re.match(r"\S*test_claims\.py:\d+: claim \S+ names row 'X99', which the register does not", row.problem())
    assert "needs a docstring that states it; needs the functions that it checks" in nothing.problem()
    assert "has no mutant" in make(halves).problem()
    assert make(halves).problem(needs_mutants=False) == ""
    assert "needs a function as the default of alpha" in Claim(number, "M09", "", "").problem()


def test_mutants_are_killed_survive_or_are_broken():
    one = make(halves)
    one.mutants({
        "survives": lambda V, z, alpha: z - alpha * V(z),
        "doubles": shipped(lambda V, z, alpha: 2 * z, project="a project", version="1.0"),
        "diverges": lambda V, z, alpha: (_ for _ in ()).throw(DivergedError(z, 0)),
        "is broken": lambda V, z: z,
    })
    results = [kill(one, mutant, 0) for mutant in one.catalogue]
    assert [result.verdict for result in results] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    assert [result.note.partition(":")[0] for result in results] == ["SURVIVED", "killed", "killed", "BROKEN"]
    assert "a project 1.0" in results[1].note


def test_inconclusive_does_not_kill():
    one = make(lambda rng, step: [Evidence("", "mean", Verdict.INCONCLUSIVE, 0.0, 0.0)])
    one.mutants({"anything": gda_step})
    assert kill(one, one.catalogue[0], 0).verdict is Verdict.FAIL


def test_a_mutant_says_what_it_replaces():
    one = make(halves)
    one.mutants({"elsewhere": gda_step}, replaces="eg_step")
    assert "must replace one of gda_step, got 'eg_step'" in one.problem()


def test_seeds_come_from_the_claim_and_the_nonce():
    one = make(halves)
    a, b, c = (one.rng(nonce).standard_normal() for nonce in (0, 0, 1))
    assert a == b != c


def test_seeds_stay_when_a_claim_moves_or_is_renamed():
    def shrinks(rng, *, gda_step=gda_step):
        """It does."""

    one, moved = make(halves), make(halves)
    moved.function.__module__ = "verify.elsewhere"
    renamed = claim("M09", slide="", source="", formerly=("steps_down", "steps_lower"))(shrinks)
    other = claim("M09", slide="", source="")(shrinks)
    draws = [each.rng(0).standard_normal() for each in (one, moved, renamed, other)]
    assert draws[0] == draws[1] == draws[2] != draws[3]


def test_verdicts_together_are_the_worst():
    assert worst([Verdict.PASS, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert worst([Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_PROVIDED]) is Verdict.FAIL


def test_names_of_claims_are_unique_for_ever():
    names = [name for one in discover().claims for name in (one.function.__name__, *one.formerly)]
    assert sorted(names) == sorted(set(names))


def test_claims_and_register_agree():
    claims, broken = discover()
    assert not broken
    assert [one.problem() for one in claims if one.problem()] == []
    claimed = {one.row for one in claims}
    for row in ROWS.values():
        if row.status == "open":
            assert row.id not in claimed, f"{row.id} is open but has a claim"
        elif row.status == "stated only":
            assert row.note
        else:
            assert row.id in claimed, f"{row.id} is {row.status} but has no claim"


def test_register_holds_every_row_once():
    letters = "".join(row_id[0] for row_id in ROWS)
    assert {letter: letters.count(letter) for letter in dict.fromkeys(letters)} == {
        "M": 27,
        "S": 13,
        "D": 24,
        "N": 17,
        "R": 9,
        "C": 7,
    }
