"""Semidefinite programs: the optional solver, and eigenvalues whose sign is certain in spite of rounding.

A solver meets its constraints up to a tolerance only: what it returns is repaired until its certificate holds.
"""

from types import ModuleType
from typing import Any

import numpy as np

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, shortened

_EPS = float(np.finfo(float).eps)


def modelling() -> ModuleType:
    """The package in which programs are written, with its solver.

    Raises
    ------
    ImportError
        The extra `sdp` is not installed.
    """
    try:
        import clarabel  # noqa: F401
        import cvxpy
    except ImportError as error:
        raise ImportError(
            f"semidefinite programs need the extra sdp: pip install 'refimpl[sdp]' ({error})", name=error.name
        ) from error
    return cvxpy


def _of_the_package(text: str, kinds: tuple[str, ...]) -> Domain:
    """What `modelling` makes, of some of its classes."""

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        cvxpy = modelling()
        if not isinstance(value, tuple(cvxpy.__dict__[kind] for kind in kinds)):
            raise TypeError(f"{name} must be {text}, got {shortened(value)}")
        return value

    return Domain(text, check)


@domain(
    objective=_of_the_package("cvxpy's Minimize or Maximize", ("Minimize", "Maximize")),
    constraint=_of_the_package("a constraint of cvxpy", ("Constraint",)),
)
def solve(objective: Any, constraint: Any) -> None:
    """Solve a program and leave the values in its variables.

    Parameters
    ----------
    objective : cvxpy.Minimize or cvxpy.Maximize
    constraint : cvxpy.Constraint

    Raises
    ------
    TypeError
        Another objective or constraint.
    ImportError
        The extra `sdp` is not installed.
    ArithmeticError
        The solver gives up.
    """
    cvxpy = modelling()
    problem = cvxpy.Problem(objective, [constraint])
    try:
        problem.solve(solver=cvxpy.CLARABEL)
    except cvxpy.error.SolverError as error:
        raise ArithmeticError(f"no solution: {error}") from error
    if problem.status not in (cvxpy.OPTIMAL, cvxpy.OPTIMAL_INACCURATE):
        raise ArithmeticError(f"no solution: the program is {problem.status}")


@domain(M=array("n n"))
def largest_eigenvalue(M: Array) -> float:
    """An upper bound of the largest eigenvalue of a symmetric matrix, above it by no more than rounding.

    Parameters
    ----------
    M : (n, n) array

    Returns
    -------
    float

    Examples
    --------
    >>> 3 <= largest_eigenvalue([[2.0, 1.0], [1.0, 2.0]]) < 3 + 1e-13
    True
    """
    return float(np.linalg.eigvalsh(M)[-1]) + 4 * len(M) * _EPS * float(np.linalg.norm(M))
