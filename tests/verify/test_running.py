"""Choosing and running claims, on this package and on others."""

import sys
import types

import pytest

import verify
from refimpl.minimax import algorithms
from verify.claims import EngineError, Result
from verify.evidence import Evidence, Verdict
from verify.running import BUDGET, find, select, spend


def result(alpha):
    return Result("a", "M09", "", "", Verdict.PASS, (Evidence("", "mean", Verdict.PASS, 0.0, 0.0, alpha=alpha),), 0.0)


def test_the_budget_is_a_ledger():
    assert spend([result(BUDGET / 4)] * 3) == pytest.approx(0.75 * BUDGET)
    with pytest.raises(EngineError, match="overdrawn"):
        spend([result(BUDGET / 4)] * 5)


@pytest.mark.parametrize(
    "pattern", ["M09", "minimax", "minimax.algorithms", "algorithms", "*contracts_on_xy", "extragradient"]
)
def test_patterns_choose_claims(pattern):
    names = [one.name for one in select([pattern])]
    assert "minimax.algorithms.extragradient_contracts_on_xy" in names


def test_an_unknown_pattern_offers_close_names():
    with pytest.raises(LookupError, match="minimax"):
        select(["minimx"])


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
