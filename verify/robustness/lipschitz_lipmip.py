"""LipMIP on boxes, and the norms that it has a program for: slide "estimation of Lipschitz constant"."""

import unittest.mock

import numpy as np

from refimpl.robustness import activation_patterns, lipmip_programs, lipschitz
from verify.claims import claim
from verify.evidence import at_most, equal
from verify.robustness._small_networks import all_patterns, exchanged, gradients_in_a_box, largest, network

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
SOURCE = "Jordan & Dimakis 2020"
SIZES = [(1, 3), (2, 4), (3, 4), (4, 2), (2, 3, 3), (3, 2, 2, 2)]
SOLVER = 2e-6  # of the product of norms of layers


def boxes(rng, p):
    """Around 0, with 0 at a corner, on a side and far away; a flat one; the last one has numbers for bounds."""
    centre, size = rng.standard_normal(p), rng.uniform(0.1, 1, p)
    return [
        (-size, 2 * size),
        (np.zeros(p), size),
        (np.append(-size[:-1], 0), size),
        (centre, centre + size),
        (centre + 3, centre + 3 + np.append(size[:-1], 1e-6)),
        (-0.7, 0.3),
    ]


def product(weights):
    """Product of norms of layers in ℓ∞."""
    return np.prod([np.abs(W).sum(1).max() for W in weights])


@claim("R04", slide=SLIDE, source=SOURCE)
def lipmip_is_exact_on_boxes(rng, *, lipmip=lipschitz.lipmip):
    r"""max ‖∇h‖_* over the choices of slopes that a linear program finds to occur inside the box, in ℓ₁ and ℓ∞.

    Boxes contain 0, touch it or are far from it.
    """
    nets = [network(rng, *sizes) for sizes in SIZES]
    for k in range(6):
        known, found, allowed = [], [], []
        for weights in nets:
            p = weights[0].shape[1]
            lower, upper = boxes(rng, p)[k]
            gradients = gradients_in_a_box(weights, np.broadcast_to(lower, p), np.broadcast_to(upper, p))
            known.append([largest(gradients, norm) for norm in (1, np.inf)])
            found.append([lipmip(weights, norm, lower, upper) for norm in (1, np.inf)])
            allowed.append(2 * [SOLVER * product(weights)])
        yield equal(f"box {k + 1}", found, known, rtol=1e-12, atol=np.array(allowed))


def without_cuts(weights, norm, lower, upper):
    """The first program's answer, which may be a pattern that occurs only where preactivations are 0."""
    weights = [np.asarray(W, float) for W in weights]
    if len(weights) == 1 or not weights[0].any():
        return lipschitz.lipmip(weights, norm, lower, upper)
    p = weights[0].shape[1]
    cone = lipmip_programs.box_cone(lower, upper, p)
    unit = [W / np.abs(W).sum(axis=1).max() for W in weights]
    best = 0.0
    for coordinates in [list(range(p))] if norm == np.inf else [[j] for j in range(p)]:
        program = lipmip_programs._program(unit, coordinates, cone)
        pattern = lipmip_programs._best_pattern(program, len(unit) - 1)
        g = lipmip_programs.pattern_gradient(weights, pattern)
        best = max(best, float(np.abs(g[coordinates]).sum()))
    return best


def other_box(change):
    """LipMIP on a box that was changed."""
    return lambda weights, norm, lower, upper: lipschitz.lipmip(
        weights, norm, *change(np.asarray(lower, float), np.asarray(upper, float))
    )


def without_thin_cells(*arguments):
    """LipMIP that takes thin cones for empty ones."""
    with unittest.mock.patch.object(activation_patterns, "_THIN", 1e-2):
        return lipschitz.lipmip(*arguments)


lipmip_is_exact_on_boxes.mutants({
    "patterns at zero preactivations admitted": without_cuts,
    "all patterns": lambda weights, norm, lower, upper: largest(all_patterns(weights), norm),
    "the global constant": lambda weights, norm, lower, upper: lipschitz.brute_force(weights, norm),
    "the norm itself for its dual": lambda weights, norm, *box: lipschitz.lipmip(weights, exchanged(norm), *box),
    "the box mirrored": other_box(lambda lower, upper: (-upper, -lower)),
    "the box moved to 0": other_box(lambda lower, upper: ((lower - upper) / 2, (upper - lower) / 2)),
    "half of the box": other_box(lambda lower, upper: (lower, (lower + upper) / 2)),
    "twice the box": other_box(lambda lower, upper: ((3 * lower - upper) / 2, (3 * upper - lower) / 2)),
    "at the centre": other_box(lambda lower, upper: ((lower + upper) / 2 - 1e-9, (lower + upper) / 2 + 1e-9)),
    "last layer left out": lambda weights, *others: lipschitz.lipmip(
        [*weights[:-1], np.ones_like(weights[-1])], *others
    ),
    "1 % too large": lambda *arguments: 1.01 * lipschitz.lipmip(*arguments),
    "1 % too small": lambda *arguments: 0.99 * lipschitz.lipmip(*arguments),
})


@claim("R04", slide=SLIDE, source=SOURCE)
def lipmip_sees_through_dead_equal_and_opposite_neurons(rng, *, lipmip=lipschitz.lipmip):
    r"""Known constants on boxes: neurons that are all active, all inactive, dead, equal or opposite; thin cells."""
    w, (c, d) = rng.standard_normal(3), rng.uniform(1, 2, 2)
    u = np.vstack([w, -w, w, 0 * w])
    corner = rng.uniform(1e-3, 5e-3)
    towards = (np.where(w > 0, 0.1, -2), np.where(w > 0, 2, -0.1))
    cases = {
        "linear": ([w[None]], (-1, 1), w),
        "all active": ([u[[0, 2]], [[c, d]]], towards, (c + d) * w),
        "all inactive": ([u[[1, 3]], [[c, d]]], towards, 0 * w),
        "equal": ([u[[0, 2]], [[c, -d]]], (-1, 1), (c - d) * w),
        "opposite": ([u[:2], [[c, d]]], (-1, 1), max(c, d) * w),
        "a cell thin as 10⁻³": ([[[1, 0], [-1, 1e-3]], [[c, -d]]], (-1, 1), np.array([c + d, -1e-3 * d])),
        "steepest in a corner": ([[[1, 1], [-1, -1]], [[c + d, d]]], (-2, [1, corner - 1]), (c + d) * np.ones(2)),
        "dead": ([u[[0, 3]], [[c, d]]], (-1, 1), c * w),
        "relu of minus a relu": ([u[:2], [[-c, 0], [0, d]], [[1.0, 1.0]]], (-1, 1), d * w),
        "no weights": ([0 * u, [[c, d, c, d]]], (-1, 1), 0 * w),
    }
    found = [[lipmip(weights, norm, *box) for norm in (1, np.inf)] for weights, box, _ in cases.values()]
    known = [[largest(g, norm) for norm in (1, np.inf)] for *_, g in cases.values()]
    yield equal("known cases", found, known, rtol=1e-12, atol=1e-12)


lipmip_sees_through_dead_equal_and_opposite_neurons.mutants({
    "thin cells left out": without_thin_cells,
    "1 % less of the box": other_box(lambda lower, upper: (0.99 * lower + 0.01 * upper, 0.01 * lower + 0.99 * upper)),
    "1 % too large": lambda *arguments: 1.01 * lipschitz.lipmip(*arguments),
})


def two_gradients(g, other):
    """The network a ↦ ⟨g, a⟩ + relu⟨other − g, a⟩, whose gradients are these two."""
    I = np.eye(len(g))
    return [np.vstack([I, -I, other - g]), np.append(np.append(g, -g), 1.0)[None]]


@claim("R09", slide=SLIDE, source=SOURCE + "; derived here")
def lipmip_covers_l1_and_linf_but_not_l2(rng, *, lipmip=lipschitz.lipmip, brute_force=lipschitz.brute_force):
    r"""Exact in ℓ₁ and ℓ∞, not in any norm. Two networks agree in L₁ = 3 and L_∞ = 4 and have L₂ = 3 and √10.

    Their gradients are (3, 0) and (2, 2); (3, 1) and (1, 2). In the first, ‖∇h‖₁ is largest at (2, 2), and ‖∇h‖₂ is
    not. So neither the two values nor the pattern that a program finds give L₂: all that is known is
    L₁ ≤ L₂ ≤ L_∞ ≤ √p L₂. In ‖∇h‖₁ and ‖∇h‖_∞ signs make the objective linear; ‖∇h‖₂ is the largest of infinitely many
    linear functions.
    """
    turn = rng.permutation(2), rng.choice([-1.0, 1.0], 2)
    pairs = [((3, 0), (2, 2)), ((3, 1), (1, 2))]
    nets = [two_gradients(*(turn[1] * np.array(g, float)[turn[0]] for g in pair)) for pair in pairs]
    found = [[lipmip(weights, norm, -1.0, 1.0) for norm in (1, np.inf)] for weights in nets]
    yield equal("LipMIP in ℓ₁ and ℓ∞, two networks", found, [[3.0, 4.0], [3.0, 4.0]], atol=1e-9)
    yield equal("L₂ of the two", [brute_force(weights, 2) for weights in nets], [3.0, np.sqrt(10)], rtol=1e-12)
    yield equal(
        "LipMIP in ℓ₂: refused, or right", [refused_or(lipmip, weights) for weights in nets], [0.0, 0.0], atol=1e-6
    )
    others = [network(rng, 3, 5) for _ in range(8)] + [two_gradients(np.ones(2), -np.ones(2)), [[[1.0, 0.0]]]]
    L1, Linf = np.array([[lipmip(weights, norm, -1.0, 1.0) for norm in (1, np.inf)] for weights in others]).T
    L2 = np.array([brute_force(weights, 2) for weights in others])
    p = np.array([np.shape(weights[0])[1] for weights in others])
    yield at_most("L₁ ≤ L₂", L1, L2, slack=1e-5 * Linf, tight=1e-9)
    yield at_most("L₂ ≤ L_∞", L2, Linf, slack=1e-5 * Linf, tight=1e-9)
    yield at_most("L_∞ ≤ √p L₂", Linf, np.sqrt(p) * L2, slack=1e-5 * Linf, tight=1e-9)


def refused_or(lipmip, weights):
    """By how much the ℓ₂ value is wrong: 0 where it is refused."""
    try:
        return lipmip(weights, 2, -1.0, 1.0) - lipschitz.brute_force(weights, 2)
    except (TypeError, ValueError):
        return 0.0


def as_in(norm, size):
    """LipMIP with ℓ₂ answered from another norm's value."""
    return lambda weights, given, lower, upper: (
        size * lipschitz.lipmip(weights, norm if given == 2 else given, lower, upper)
    )


def at_the_pattern_of_linf(weights, norm, lower, upper):
    """LipMIP with ℓ₂ answered by the length of the gradient that is steepest in ℓ∞."""
    if norm != 2:
        return lipschitz.lipmip(weights, norm, lower, upper)
    gradients = np.array([np.asarray(weights[-1]) @ cell.forms for cell in activation_patterns.cells(weights)])[:, 0]
    return np.linalg.norm(gradients[np.abs(gradients).sum(1).argmax()])


lipmip_covers_l1_and_linf_but_not_l2.mutants(
    {
        "any norm: ℓ₂ as ℓ∞": as_in(np.inf, 1.0),
        "any norm: ℓ₂ as ℓ₁": as_in(1, 1.0),
        "any norm: the 2-norm at the pattern that is best in ℓ∞": at_the_pattern_of_linf,
        "1 % too large": as_in(1, 1.01),
        "the norm itself for its dual": lambda weights, norm, *box: (
            lipschitz.brute_force(weights, 2) if norm == 2 else lipschitz.lipmip(weights, exchanged(norm), *box)
        ),
    },
    replaces="lipmip",
)

lipmip_covers_l1_and_linf_but_not_l2.mutants(
    {
        "in the norm itself": lambda weights, norm: lipschitz.brute_force(weights, np.inf),
        "1 % too small": lambda weights, norm: 0.99 * lipschitz.brute_force(weights, norm),
    },
    replaces="brute_force",
)
