"""Choosing and running claims, on this package and on others."""

import re
import sys
import types

import pytest

import verify
from refimpl.minimax import algorithms
from verify.claims import EngineError
from verify.evidence import Evidence, Verdict
from verify.running import BUDGET, Job, Result, find, plan, spend

MADE_UP = '''
from refimpl.minimax.algorithms import gda_step
from verify.claims import claim
from verify.evidence import equal

@claim("M99", slide="", source="")
def stands_on_no_row(rng, *, gda_step=gda_step):
    """It holds."""
    yield equal("", 1.0, 1.0)

@claim("M09", slide="", source="")
def says_nothing(rng, *, gda_step=gda_step):
    yield equal("", 1.0, 1.0)

@claim("M09", slide="", source="")
def has_no_mutant(rng, *, gda_step=gda_step):
    """It holds."""
    yield equal("", 1.0, 1.0)
'''


def result(alpha):
    return Result("a", "M09", "", "", Verdict.PASS, (Evidence("", "mean", Verdict.PASS, 0.0, 0.0, alpha=alpha),), 0.0)


def test_the_budget_is_a_ledger():
    assert spend([result(BUDGET / 4)] * 3) == pytest.approx(0.75 * BUDGET)
    with pytest.raises(EngineError, match="overdrawn"):
        spend([result(BUDGET / 4)] * 5)


def test_an_overdrawn_budget_names_a_claim_and_its_place():
    one = result(2 * BUDGET)._replace(claim="minimax.algorithms.extragradient_contracts_on_xy")
    with pytest.raises(
        EngineError, match=r"^verify/minimax/algorithms\.py:\d+: .* claim \S+contracts_on_xy took 2e-09"
    ):
        spend([one, result(0.0)])


def test_results_do_not_depend_on_the_number_of_workers():
    one, two = (verify.run(["M09"], workers=workers) for workers in (1, 2))
    assert [r._replace(seconds=0) for r in one] == [r._replace(seconds=0) for r in two]


def test_nonces_choose_instances():
    a, b = (verify.run(["extragradient_contracts_on_xy"], nonce=nonce)[0] for nonce in (1, 2))
    assert a.verdict is b.verdict is Verdict.PASS
    assert [e.measured for e in a.evidence] != [e.measured for e in b.evidence]


def test_workers_must_be_positive():
    with pytest.raises(ValueError, match="workers must be >= 1, got 0"):
        verify.run(workers=0)


@pytest.fixture
def module(monkeypatch):
    """An importable module `foreign` to be filled by the test."""
    made = types.ModuleType("foreign")
    monkeypatch.setitem(sys.modules, "foreign", made)
    return made


def test_against_runs_on_their_functions(module):
    def eg_step(V, z, alpha):
        return z - alpha * V(z - alpha * V(z))

    module.minimax = types.SimpleNamespace(algorithms=types.SimpleNamespace(eg_step=eg_step))
    verdicts = {one.claim.rpartition(".")[2]: one for one in verify.run(["M09"], against="foreign")}
    assert verdicts["extragradient_contracts_on_xy"].verdict is Verdict.PASS
    assert verdicts["proximal_point_contracts_on_xy"].verdict is Verdict.NOT_PROVIDED
    assert "minimax.algorithms.ppm_step" in verdicts["proximal_point_contracts_on_xy"].note
    module.minimax.algorithms.eg_step = lambda V, z, alpha: z - alpha * V(z)
    assert verify.run(["extragradient_contracts_on_xy"], against="foreign")[0].verdict is Verdict.FAIL


def test_against_fills_in_what_a_module_lacks_and_says_so(module):
    module.minimax = types.SimpleNamespace(algorithms=types.SimpleNamespace(ogda_step=algorithms.ogda_step))
    result = verify.run(["M10"], against="foreign")[0]
    assert result.verdict is Verdict.PASS
    assert "refimpl's minimax.algorithms.rfbs_step" in result.note


def test_find_imports_submodules(tmp_path, monkeypatch):
    folder = tmp_path / "theirs" / "minimax"
    folder.mkdir(parents=True)
    (tmp_path / "theirs" / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "algorithms.py").write_text("def gda_step(V, z, alpha):\n    return z - alpha * V(z)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import theirs

    assert find(theirs, "minimax.algorithms.gda_step") is not None
    assert find(theirs, "minimax.algorithms.eg_step") is None
    assert find(theirs, "sampling.langevin.lmc_step") is None


def test_against_a_module_that_does_not_import(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="'broken_module' does not import: ZeroDivisionError"):
        verify.run(["M09"], against="broken_module")


def test_what_is_broken_or_unfinished_fails_and_all_else_runs(chapter):
    chapter(broken_module="1 / 0\n", made_up=MADE_UP)
    results = verify.run(["broken_module", "made_up", "M10"])
    verdicts = {one.claim.rpartition(".")[2]: one for one in results}
    assert verdicts.pop("broken_module").note.endswith(
        "broken_module.py:1: does not import: ZeroDivisionError: division by zero"
    )
    assert re.search(r"made_up\.py:\d+: .* names row 'M99'", verdicts.pop("stands_on_no_row").note)
    assert "needs a docstring" in verdicts.pop("says_nothing").note
    assert {name: one.verdict for name, one in verdicts.items()} == {
        "has_no_mutant": Verdict.PASS,
        "optimistic_and_reflected_steps_part_on_nonlinear_fields": Verdict.PASS,
    }


def test_only_a_full_run_and_mutants_insist_on_mutants(chapter):
    chapter(made_up=MADE_UP)

    def lacking(planned):
        return [one.claim for one in planned if isinstance(one, Result) and "has no mutant" in one.note]

    assert lacking(plan(["has_no_mutant"])) == []
    assert "minimax.made_up.has_no_mutant" in lacking(plan())
    assert lacking(plan(["has_no_mutant"], mutants=True)) == ["minimax.made_up.has_no_mutant"]
    assert all(one.verdict is Verdict.FAIL for one in verify.run(["has_no_mutant"], mutants=True))


def test_a_plan_names_everything_once_in_the_order_of_the_register():
    planned = plan(["minimax"])
    assert all(isinstance(one, Job) for one in planned)
    assert [one.row for one in planned] == sorted(one.row for one in planned)
    assert len({one.claim for one in planned}) == len(planned)
