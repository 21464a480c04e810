r"""LiPopt: the gradient as a polynomial on a cube, bounded by a linear program over Krivine-Handelman certificates.

In ℓ∞ the Lipschitz constant is at most the largest ⟨t, ∇h⟩ over t ∈ [−1, 1]^p and slopes s ∈ [0, 1] of all neurons,
which is a polynomial in t and u = 2s − 1, n = p + m variables in [−1, 1], of degree 1 in each. Its monomials
u_J = Π_{j ∈ J} u_j are numbered by the bits of J.
"""

from itertools import combinations
from typing import Any

import numpy as np
import scipy

from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import Domain, Sizes, array, domain, integer, shortened
from refimpl.robustness.relu_networks import Weights, network_weights

Polynomial = dict[int, float]


@domain(weights=network_weights)
def gradient_polynomial(weights: Weights) -> Polynomial:
    r"""Coefficients of ⟨t, ∇h⟩ in t and u = 2s − 1.

    .. math:: t^\top W_1^\top \operatorname{diag}(s_1) W_2^\top \cdots \operatorname{diag}(s_{L-1}) W_L^\top
              = \sum_J f_J u_J

    Parameters
    ----------
    weights : list of L arrays
        W₁ (m, p), …, W_L (1, m).

    Returns
    -------
    dict
        From J to f_J: the bits 0, …, p − 1 of J stand for t, the next ones for the neurons, first layer first.

    Examples
    --------
    >>> gradient_polynomial([[[2.0]], [[3.0]]])  # 6 t (1 + u)/2
    {1: 3.0, 3: 3.0}
    """
    h: list[Polynomial] = [{1 << j: 1.0} for j in range(weights[0].shape[1])]
    bit = len(h)
    for W in weights[:-1]:
        z = [_combination(row / 2, h) for row in W]
        h = [form | {J | 1 << bit + i: f for J, f in form.items()} for i, form in enumerate(z)]
        bit += len(W)
    return _combination(weights[-1][0], h)


def _combination(row: Array, polynomials: list[Polynomial]) -> Polynomial:
    total: Polynomial = {}
    for w, polynomial in zip(row.tolist(), polynomials, strict=True):
        for J, f in polynomial.items():
            total[J] = total.get(J, 0.0) + w * f
    return total


def _check_polynomial(name: str, value: Any, sizes: Sizes) -> Polynomial:
    if not isinstance(value, dict) or not value:
        raise TypeError(f"{name} must be a dict from monomials to coefficients, got {shortened(value)}")
    array("n").check(f"{name}'s coefficients", list(value.values()), {})
    return value


@domain(f=Domain("dict from monomials to coefficients", _check_polynomial), n=integer(1), degree=integer(1))
def krivine_bound(f: Polynomial, n: int, degree: int) -> float:
    r"""The least λ with a certificate of some degree k that a polynomial on a cube is nowhere larger.

    .. math:: \lambda - f(u) = \sum_{|I| = k} \sum_{\epsilon \in \{\pm 1\}^I} c_{I, \epsilon}
              \prod_{i \in I} (1 + \epsilon_i u_i), \qquad c \ge 0

    These products suffice. Where u² = 1 those with (1 + uᵢ)(1 − uᵢ) vanish and powers reduce, which changes neither
    side. A product of a lower degree is half the sum of two of the next. What the solver leaves of the equation is
    added to λ, and what rounding may hide of it.

    Parameters
    ----------
    f : dict
        From J to f_J, of degree 1 in each variable, as `gradient_polynomial` gives it.
    n : int
        Number of variables, ≥ 1.
    degree : int
        k, at least the degree of f.

    Returns
    -------
    float

    Raises
    ------
    ArithmeticError
        The solver gives up.

    References
    ----------
    Krivine 1964; Handelman 1988; Latorre, Rolland & Cevher 2020.

    Examples
    --------
    >>> round(krivine_bound({1: 1.0, 3: 2.0}, 2, 2), 9)  # u₀ + 2u₀u₁
    3.0
    """
    if not (scale := max(map(abs, f.values()))):
        return 0.0
    monomials, products = _products(n, min(degree, n))
    wanted = -np.array([f.get(J, 0.0) for J in monomials]) / scale
    solution: Any = scipy.optimize.linprog(
        np.ones(products.shape[1]),
        A_eq=products[1:],
        b_eq=wanted[1:],
        bounds=(0, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solution.x is None:
        raise ArithmeticError(f"no solution: {solution.message}")
    c = np.maximum(solution.x, 0.0)
    left = wanted - products @ c
    rounding = np.finfo(float).eps * 2.0 ** (min(degree, n) + 2) * (1 + c.sum())
    return float(scale * (c.sum() + np.abs(left[1:]).sum() + rounding))


def _products(n: int, degree: int) -> tuple[list[int], Any]:
    """Monomials of at most a degree, and the coefficients in them of all products Π (1 + εᵢuᵢ) of this degree."""
    monomials = [sum(1 << j for j in J) for size in range(degree + 1) for J in combinations(range(n), size)]
    place = {J: row for row, J in enumerate(monomials)}
    signs = scipy.linalg.hadamard(2**degree)
    rows = []
    for I in combinations(range(n), degree):
        subsets = np.zeros(1, int)  # in the order of the columns of `signs`
        for i in I:
            subsets = np.append(subsets, subsets + (1 << i))
        rows.append([place[int(J)] for J in subsets])
    row = np.repeat(np.array(rows)[:, :, None], 2**degree, axis=2)
    column = np.arange(len(rows))[:, None, None] * 2**degree + np.arange(2**degree) + 0 * row
    values = np.broadcast_to(signs, row.shape)
    shape = (len(monomials), len(rows) * 2**degree)
    return monomials, scipy.sparse.csr_array((values.ravel().astype(float), (row.ravel(), column.ravel())), shape)
