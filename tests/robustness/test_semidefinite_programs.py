"""Semidefinite programs: what the solver is given."""

import pytest

from refimpl.robustness.semidefinite_programs import modelling, solve

cvxpy = pytest.importorskip("cvxpy")


def test_a_program_leaves_its_solution_in_its_variables():
    x = modelling().Variable()
    solve(cvxpy.Minimize(x), x >= 2)
    assert x.value == pytest.approx(2, abs=1e-6)


def test_what_is_not_a_program_is_refused():
    x = cvxpy.Variable()
    with pytest.raises(TypeError, match=r"objective must be cvxpy's Minimize or Maximize, got 3"):
        solve(3, x >= 2)
    with pytest.raises(TypeError, match="constraint must be a constraint of cvxpy, got None"):
        solve(cvxpy.Minimize(x), None)
    with pytest.raises(ArithmeticError, match="no solution: the program is unbounded"):
        solve(cvxpy.Minimize(x), x <= 2)
