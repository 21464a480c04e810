r"""LipMIP: the exact Lipschitz constant on a box by mixed-integer linear programs, for the norms ℓ∞ and ℓ₁.

These networks are homogeneous, so that only the cone of the box matters: inputs cτ + h∘u with |u| ≤ τ, for a box of
centre c and half widths h, scaled to Σ|W₁a| = 1. Further unknowns are the active and inactive parts y⁺, y⁻ ≥ 0 of the
preactivations, patterns s ∈ {0, 1}, the gradient from behind, v_l = s_l ∘ W_{l+1}ᵀv_{l+1}, and its two parts g⁺, g⁻ ≥ 0
at the inputs:

.. math:: y_l^+ - y_l^- = W_l y_{l-1}^+, \quad y_l^+ \le s_l, \quad y_l^- \le 1 - s_l, \quad g^+ - g^- = W_1^\top v_1

The program also admits patterns that occur only where preactivations are 0. Such a pattern is recognised and cut off,
and the program solved again.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy

from refimpl.arguments.array_domains import integers
from refimpl.arguments.arrays import Array
from refimpl.arguments.domains import array, domain, integer
from refimpl.arguments.records import record
from refimpl.robustness.activation_patterns import common_sign, next_forms
from refimpl.robustness.relu_networks import Weights, network_weights, pattern_gradient

Pattern = list[Array]
_MOST = 0.25  # of unknowns that a choice in {0, 1} switches off, which HiGHS rounds to 1e-6
Neuron = tuple[int, int]


class Rows(NamedTuple):
    """Constraints low ≤ Σ terms[name] @ unknown[name] ≤ high."""

    terms: dict[str, Array]
    low: Any = -np.inf
    high: Any = np.inf


class Cone(NamedTuple):
    """Inputs forms @ (u, τ) of the cone on which all rows @ (u, τ) are positive."""

    forms: Array
    rows: Array


@domain(lower=array("..."), upper=array("..."), p=integer(1), ones=integer(0))
def box_cone(lower: Any, upper: Any, p: int, *, ones: int = 0) -> Cone:
    r"""The cone of a box.

    .. math:: a = c \tau + h \circ u, \quad |u| \le \tau, \qquad c = \tfrac12 (l + u), \quad h = \tfrac12 (u - l)

    Parameters
    ----------
    lower, upper : float or (p,) array
        The box, lower < upper.
    p : int
        Number of inputs.
    ones : int
        Number of inputs that follow and are τ, so 1 on the box.

    Returns
    -------
    Cone

    Raises
    ------
    ValueError
        Not lower < upper.

    Examples
    --------
    >>> box_cone(1.0, 3.0, 1)  # a = (u + 2τ)/2, scaled
    Cone(forms=array([[0.5, 1. ]]), rows=array([[ 1.,  1.],
           [-1.,  1.]]))
    """
    for name, bound in (("lower", lower), ("upper", upper)):
        if bound.shape not in ((), (p,)):
            raise ValueError(f"{name} must be a number or have shape ({p},), got shape {bound.shape}")
    if not (lower < upper).all():
        raise ValueError(f"lower must be < upper, got {lower} and {upper}")
    centre, half = np.broadcast_to(lower / 2 + upper / 2, p), np.broadcast_to(upper / 2 - lower / 2, p)
    I = np.eye(p)
    forms = np.column_stack([np.diag(half), centre])
    forms = np.vstack([forms, *ones * [np.eye(p + 1)[-1]]])
    return Cone(forms / np.abs(forms).max(), np.column_stack([np.vstack([I, -I]), np.ones(2 * p)]))


@domain(weights=network_weights, coordinates=integers(0), cone=record(Cone))
def largest_sum(weights: Weights, coordinates: Any, cone: Cone) -> float:
    r"""The largest sum of partial derivatives' sizes among the patterns that occur on a cone, by ever more cuts.

    .. math:: \max \sum_j |\partial_j h|

    Parameters
    ----------
    weights : list of L ≥ 2 arrays
        W₁ (m, p), …, W_L (1, m), none of them 0.
    coordinates : (k,) array of int
        The inputs j.
    cone : Cone
        As `box_cone` gives it.

    Returns
    -------
    float

    Raises
    ------
    ArithmeticError
        The solver gives up.

    Examples
    --------
    >>> largest_sum([[[1.0, 4.0]], [[2.0]]], [0], box_cone(0.0, 1.0, 2))
    2.0
    """
    unit = [W / np.abs(W).sum(axis=1).max() for W in weights]
    program = _program(unit, coordinates, cone)
    while True:
        pattern = _best_pattern(program, len(unit) - 1)
        if not (conflict := _conflict(unit, pattern, cone)):
            return float(np.abs(pattern_gradient(weights, pattern)[coordinates]).sum())
        program.append(_cut(pattern, conflict))


def _program(unit: Weights, coordinates: Any, cone: Cone) -> list[Rows]:
    """All constraints, for layers in whose rows the absolute values sum to 1 at most.

    Every unknown that a choice switches off is scaled to at most `_MOST`.
    """
    both, last = np.ones((1, len(unit[0]))), len(unit) - 1
    program = [Rows({"input": cone.rows}, low=0), Rows({"active1": both, "inactive1": both}, _MOST, _MOST)]
    program += _forward(1, "input", unit[0] @ cone.forms)
    for l, W in enumerate(unit[1:-1], start=2):
        program += _forward(l, f"active{l - 1}", W)
    w = unit[-1][0] * _MOST / np.abs(unit[-1]).max()
    program.append(Rows({f"v{last}": np.eye(len(w)), f"s{last}": -np.diag(w)}, 0, 0))
    size = np.abs(w)
    for l in range(last - 1, 0, -1):
        W, size = _scaled(unit[l].T, size)
        program += _backward(l, W, size)
    return program + _ends(*_scaled(unit[0].T[coordinates], size))


def _scaled(W: Array, size: Array) -> tuple[Array, Array]:
    """A multiple of W with |W| @ size at most `_MOST`, and that."""
    W = W * _MOST / ((np.abs(W) @ size).max() or 1.0)
    return W, np.abs(W) @ size


def _forward(l: int, before: str, W: Array) -> list[Rows]:
    """Preactivations of layer l, of which the pattern keeps one sign."""
    I = np.eye(len(W))
    return [
        Rows({f"active{l}": I, f"inactive{l}": -I, before: -W}, 0, 0),
        Rows({f"active{l}": I, f"s{l}": -_MOST * I}, high=0),
        Rows({f"inactive{l}": I, f"s{l}": _MOST * I}, high=_MOST),
    ]


def _backward(l: int, W: Array, size: Array) -> list[Rows]:
    """v_l = s_l ∘ Wv_{l+1}, where |Wv_{l+1}| ≤ size."""
    I, C, behind = np.eye(len(size)), np.diag(size), {f"v{l + 1}": -W}
    return [
        Rows({f"v{l}": I, f"s{l}": -C}, high=0),
        Rows({f"v{l}": I, f"s{l}": C}, low=0),
        Rows({f"v{l}": I, f"s{l}": C, **behind}, high=size),
        Rows({f"v{l}": I, f"s{l}": -C, **behind}, low=-size),
    ]


def _ends(W: Array, size: Array) -> list[Rows]:
    """g⁺ − g⁻ = Wv₁, of which a sign keeps one part, |Wv₁| ≤ size."""
    I, C = np.eye(len(size)), np.diag(size)
    return [
        Rows({"g+": I, "g-": -I, "v1": -W}, 0, 0),
        Rows({"g+": I, "sign": -C}, high=0),
        Rows({"g-": I, "sign": C}, high=size),
    ]


def _best_pattern(program: list[Rows], depth: int) -> Pattern:
    """The pattern at which Σ (g⁺ + g⁻) is largest. HiGHS may write a line of its own to the screen.

    Some pattern always occurs. Where HiGHS finds none, on flat boxes, its presolve has gone too far.
    """
    sizes = {name: block.shape[1] for rows in program for name, block in rows.terms.items()}

    def filled(other: float, **values: float) -> Array:
        """Values of the unknowns whose names begin so, and of the others."""
        chosen = {name: [v for begin, v in values.items() if name.startswith(begin)] for name in sizes}
        return np.concatenate([np.full(n, (chosen[name] or [other])[0]) for name, n in sizes.items()])

    for presolve in (True, False):
        solution: Any = scipy.optimize.milp(
            filled(0, g=-1 / _MOST),
            integrality=filled(0, s=1).astype(int),
            bounds=scipy.optimize.Bounds(filled(0, input=-np.inf, v=-np.inf), filled(_MOST, input=np.inf, s=1)),
            constraints=[_constraint(rows, sizes) for rows in program],
            options={"mip_rel_gap": 0.0, "presolve": presolve},
        )
        if solution.x is not None:
            break
    else:
        raise ArithmeticError(f"no solution: {solution.message}")
    x = dict(zip(sizes, np.split(solution.x, np.cumsum(list(sizes.values()))[:-1]), strict=True))
    return [np.round(x[f"s{l}"]) for l in range(1, depth + 1)]


def _constraint(rows: Rows, sizes: dict[str, int]) -> Any:
    height = len(next(iter(rows.terms.values())))
    blocks = [rows.terms.get(name, np.zeros((height, n))) for name, n in sizes.items()]
    return scipy.optimize.LinearConstraint(np.hstack(blocks), rows.low, rows.high)


def _conflict(weights: Weights, pattern: Pattern, cone: Cone) -> list[Neuron]:
    """Neurons whose part of the pattern occurs on no open part of the cone; none where all of it occurs."""
    rows, owners, forms = cone.rows, [(0, i) for i in range(len(cone.rows))], cone.forms
    for l, (W, s) in enumerate(zip(weights[:-1], pattern, strict=True), start=1):
        z = next_forms(W, forms)
        live = np.flatnonzero(z.any(axis=1))
        rows = np.vstack([rows, np.where(s[:, None] > 0, z, -z)[live]])
        before, owners = owners, owners + [(l, int(i)) for i in live]
        if (found := common_sign(rows)).point is None:
            part = [owners[k] for k in found.conflict] + (before if l > 1 else [])
            return sorted({neuron for neuron in part if neuron[0]})
        forms = s[:, None] * z
    return []


def _cut(pattern: Pattern, neurons: list[Neuron]) -> Rows:
    """At least one of the neurons is not as in the pattern."""
    terms = {f"s{l}": np.zeros((1, len(s))) for l, s in enumerate(pattern, start=1)}
    for l, i in neurons:
        terms[f"s{l}"][0, i] = 1 - 2 * pattern[l - 1][i]
    return Rows(terms, low=1 - sum(pattern[l - 1][i] for l, i in neurons))
