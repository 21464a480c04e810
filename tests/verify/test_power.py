"""Power: how mutants end, and what is asked of them together."""

import json

import numpy as np
import pytest

import verify
from refimpl.arguments.errors import DivergedError
from refimpl.minimax.algorithms import eg_step, gda_step
from verify import reports
from verify.claims import claim
from verify.evidence import Verdict, at_most, distribution, equal, mean, sign
from verify.face import Face, mutant_lines, mutants_summary
from verify.power import Power, distance, is_number
from verify.probes import unchanged
from verify.running import Job, judge, kill, perform, plan


def diverges(V, z, alpha):
    raise DivergedError(z, 0)


def broken(V, z):
    return z


TRUTH = {"a 1 % longer step": lambda V, z, alpha: z - 1.01 * alpha * V(z)}


def steps(mutants, *, other=None, coarse="", evidence=None):
    """A claim on a GDA step (and an EG step, where that has mutants), with the mutants given."""

    def both(rng, *, gda_step=gda_step, eg_step=eg_step):
        """Steps on V = z from 1 reach 1 − α, and 1 − α + α²."""
        yield equal("GDA", gda_step(lambda z: z, np.ones(1), 0.5), [0.5])
        yield equal("EG", eg_step(lambda z: z, np.ones(1), 0.5), [0.75])

    def one(rng, *, gda_step=gda_step):
        """A step on V = z from 1 reaches 1 − α."""
        z = gda_step(lambda z: z, np.ones(1), 0.5)
        yield equal("shape", np.ndim(z), 1)
        yield equal("idle", 1.0, 1.0)
        yield from evidence(z) if evidence else [equal("z⁺", z, [0.5])]
        yield equal("z⁺ again", z, [0.5])

    made = claim("M09", slide="a slide", source="a paper", coarse=coarse)(one if other is None else both)
    made.mutants(mutants, replaces="gda_step")
    if other:
        made.mutants(other, replaces="eg_step")
    return made


def tried(one, **keywords):
    return [kill(one, mutant, 0, **keywords) for mutant in one.catalogue]


def judged(one, **keywords):
    return judge(one, tried(one, **keywords), **keywords)


def test_a_trial_says_what_happened():
    one = steps({
        **TRUTH,
        "loses its shape": lambda V, z, alpha: 0.5,
        "is not a number": lambda V, z, alpha: z * np.nan,
        "diverges": diverges,
        "is the truth": gda_step,
        "is broken": broken,
    })
    near, shape, nan, diverged, truth, bad = (done.trial for done in tried(one))
    assert (near.need, near.text, near.end, near.what, near.number) == (
        "gda_step",
        "a 1 % longer step",
        "evidence",
        "z⁺",
        True,
    )
    assert near.distance == pytest.approx(0.01)
    assert (shape.end, shape.what, shape.number, shape.distance) == ("evidence", "shape", True, 1.0)
    assert (nan.end, nan.number, nan.distance) == ("evidence", False, None)
    assert (diverged.end, diverged.what, diverged.number, diverged.distance) == ("diverged", "", False, None)
    assert (truth.end, bad.end) == ("survived", "broken")


@pytest.mark.parametrize(
    ("evidence", "number", "away"),
    [
        (equal("", 1.02, 1.0), True, 0.02),
        (equal("", -3.0, -2.0), True, 0.5),
        (equal("", 1 + 1.01j, 1 + 1j), True, 0.01 / np.sqrt(2)),
        (equal("", 1e-9, 0.0), True, None),
        (equal("", 1e308, 1e-308), True, np.inf),
        (equal("", np.nan, 1.0), False, None),
        (equal("", np.inf, 1.0), False, None),
        (equal("", np.ones(2), np.ones(3)), False, None),
        (at_most("", 1.1, 1.0, tight=0.5), True, 0.1),
        (sign("", -1.0), True, None),
        (mean("", np.arange(10_000) % 2 == 0, 0.4, delta=0.3), True, 0.25),
        (mean("", [np.nan], 0.4, delta=0.3), False, None),
        (distribution("", np.zeros(500), lambda x: x, delta=0.3), True, None),
        (next(unchanged("", lambda z: z.fill(0), np.ones(2))), False, None),
    ],
)
def test_distances_are_relative_and_of_finite_numbers(evidence, number, away):
    assert evidence.verdict is Verdict.FAIL
    assert is_number(evidence) is number
    assert distance(evidence) == (None if away is None else pytest.approx(away))


def test_each_function_must_die_by_a_finite_wrong_number():
    assert judged(steps(TRUTH), thorough=True).verdict is Verdict.PASS
    for wrong in ({"NaN": lambda V, z, alpha: z * np.nan}, {"diverges": diverges}):
        done = judged(steps(wrong), thorough=True)
        assert done.verdict is Verdict.FAIL
        assert "no mutant of gda_step dies by a finite wrong number" in done.note
        assert "test_power.py:" in done.note
        assert judged(steps({**wrong, **TRUTH}), thorough=True).verdict is Verdict.PASS
    done = judged(steps(TRUTH, other={"a lost axis": lambda V, z, alpha: np.ones((1, 1))}), thorough=True)
    assert done.note.endswith(": no mutant of eg_step dies by a finite wrong number")


def test_each_function_must_have_a_mutant():
    one = steps(TRUTH, other={})
    assert "has no mutant of eg_step: nothing shows" in one.problem()
    assert one.problem(needs_mutants=False) == ""
    assert judged(one).verdict is Verdict.FAIL
    assert judged(one).note.count("eg_step") == 1


def test_fine_power_is_asked_for_when_thorough():
    near, far = steps(TRUTH), steps({"doubles": lambda V, z, alpha: 2 * z})
    assert judged(near, thorough=True).verdict is judged(far).verdict is Verdict.PASS
    assert judged(near).power.finest == pytest.approx(0.01)
    assert judged(near).power.fine
    done = judged(far, thorough=True)
    assert done.verdict is Verdict.FAIL
    assert "no mutant within 0.02 of the truth (the nearest dies at 3), and coarse= says not why" in done.note
    excused = steps({"doubles": lambda V, z, alpha: 2 * z}, coarse="z⁺ is a whole number.")
    assert judged(excused, thorough=True).verdict is Verdict.PASS
    assert judged(excused).power.coarse == "z⁺ is a whole number."


def test_evidence_that_decides_nothing_is_named():
    assert judged(steps(TRUTH)).power.idle == ("shape", "idle")
    assert judged(steps({**TRUTH, "a number": lambda V, z, alpha: 0.5})).power.idle == ("idle",)
    late = {"late": lambda V, z, alpha: np.full(1, 0.7)}
    assert judged(steps(late, evidence=lambda z: [at_most("z⁺ ≤ ¾", z, 0.75, tight=0.5)])).power.idle == (
        "shape",
        "idle",
        "z⁺ ≤ ¾",
    )


def test_a_thorough_run_goes_on_after_the_first_failure():
    one = steps({"a number": lambda V, z, alpha: 0.505})
    assert [e.what for e in tried(one)[0].evidence] == ["shape"]
    (done,) = tried(one, thorough=True)
    assert [e.what for e in done.evidence] == ["shape", "idle", "z⁺", "z⁺ again"]
    assert (done.verdict, done.trial.end, done.trial.what) == (Verdict.PASS, "evidence", "shape")


def test_what_is_raised_after_a_failure_changes_nothing():
    def late(z):
        yield equal("z⁺", z, [0.5])
        raise ValueError("bad")

    one = steps(TRUTH, evidence=late)
    assert tried(one, thorough=True)[0].trial == tried(one)[0].trial


def test_results_of_mutants_are_fields_of_json():
    one = steps({**TRUTH, "infinitely wrong": lambda V, z, alpha: np.full(1, 1e308)})
    near, _, whole = json.loads(reports.as_json([*tried(one), judged(one)], nonce=0))["results"]
    assert near["kind"] == "mutant"
    assert near["trial"]["end"] == "evidence"
    assert near["trial"]["distance"] == pytest.approx(0.01)
    assert (near["row"], near["slide"], near["source"]) == ("M09", "a slide", "a paper")
    assert near["functions"] == ["minimax.algorithms.gda_step"]
    assert "test_power.py:" in near["place"]
    assert (whole["kind"], whole["power"]["idle"], whole["power"]["coarse"]) == ("power", ["shape", "idle"], "")


def test_lines_count_mutants_and_name_weak_claims():
    one = steps({"doubles": lambda V, z, alpha: 2 * z, "diverges": diverges})
    results = [*tried(one), judged(one)]
    text = " ".join(mutant_lines(one.name, results, 2, Face(100, verbose=True)).split())
    assert "2 of 2" in text
    assert "killed: doubles (by z⁺ at relative distance 3)" in text
    assert "killed: diverges (" in text
    summed = mutants_summary(results, 2, 1.0)
    assert summed == (
        "2 of 2 mutants killed, 2 pieces of evidence decided nothing, "
        "1 claim without a mutant within 2 % or a word why, 1.0 s."
    )
    listed = mutants_summary(results, 2, 1.0, verbose=True).splitlines()
    assert listed == [
        f"decided nothing: {one.name}: shape",
        f"decided nothing: {one.name}: idle",
        f"no mutant within 2 %: {one.name} (nearest: 3)",
        summed,
    ]
    weak = judged(steps({"diverges": diverges}), thorough=True)
    assert f"FAIL {one.name}: " in " ".join(mutant_lines(one.name, [weak], 1, Face()).split())


MADE_UP = '''
import numpy as np
from refimpl.minimax.algorithms import eg_step, gda_step
from verify.claims import claim
from verify.evidence import equal

@claim("M09", slide="", source="")
def steps_made_up(rng, *, gda_step=gda_step, eg_step=eg_step):
    """They step."""
    yield equal("GDA", gda_step(lambda z: z, np.ones(1), 0.5), [0.5])
    yield equal("EG", eg_step(lambda z: z, np.ones(1), 0.5), [0.75])

steps_made_up.mutants({"longer": lambda V, z, alpha: z - 1.01 * alpha * V(z)}, replaces="gda_step")
'''


def test_a_run_judges_each_claim_after_its_mutants(chapter):
    chapter(made_up=MADE_UP)
    seen = []
    results = verify.run(["steps_made_up", "M10"], mutants=True, progress=seen.append)
    assert seen == results
    kinds = [(one.claim.rpartition(".")[2], one.kind, one.verdict) for one in results]
    assert kinds[:2] == [("steps_made_up", "mutant", Verdict.PASS), ("steps_made_up", "power", Verdict.FAIL)]
    assert kinds[-1][1:] == ("power", Verdict.PASS)
    assert "made_up.py:7: claim minimax.made_up.steps_made_up has no mutant of eg_step" in results[1].note
    assert results[1].power == Power(pytest.approx(0.01), "", ())


def test_thorough_is_about_mutants():
    with pytest.raises(ValueError, match="thorough must be False without mutants=True"):
        verify.run(["M10"], thorough=True)


def test_a_full_run_holds_a_claim_and_insists_on_mutants_of_each_function(chapter):
    chapter(made_up=MADE_UP)
    (job,) = [one for one in plan() if isinstance(one, Job) and one.claim == "minimax.made_up.steps_made_up"]
    done = perform(job)
    assert (done.verdict, [e.verdict for e in done.evidence]) == (Verdict.FAIL, [Verdict.PASS] * 2)
    assert "has no mutant of eg_step" in done.note
    (chosen,) = plan(["steps_made_up"])
    assert perform(chosen).verdict is Verdict.PASS
