"""The exact Lipschitz constant of tiny networks: slide "estimation of Lipschitz constant"."""

import unittest.mock

import numpy as np

from refimpl.robustness import activation_patterns, lipschitz
from verify.claims import claim
from verify.evidence import equal
from verify.robustness._small_networks import (
    all_active,
    all_patterns,
    exchanged,
    gradients_in_a_box,
    gradients_on_the_circle,
    largest,
    network,
)

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
NORMS = (1, 2, np.inf)
IN_THE_PLANE = [(2, 1), (2, 3), (2, 9), (2, 4, 4), (2, 3, 2, 3), (2, 6, 5, 4)]
ELSEWHERE = [(1, 1), (1, 4), (3, 4), (4, 3), (3, 2, 3)]


@claim("R04", slide=SLIDE, source="Definition")
def brute_force_is_the_largest_gradient_that_occurs(rng, *, brute_force=lipschitz.brute_force):
    r"""max ‖∇h‖_* over all arcs of the circle, and over all choices of slopes that a linear program finds to occur."""
    plane = [network(rng, *sizes) for sizes in IN_THE_PLANE]
    found = [[brute_force(W, norm) for norm in NORMS] for W in plane]
    known = [[largest(gradients_on_the_circle(W), norm) for norm in NORMS] for W in plane]
    yield equal("networks in the plane", found, known, rtol=1e-12)
    yield equal("gradients in ℓ₂ if no norm is given", [brute_force(W) for W in plane], [row[1] for row in known],
                rtol=1e-12)  # fmt: skip
    space = [network(rng, *sizes) for sizes in ELSEWHERE]
    found = [[brute_force(W, norm) for norm in NORMS] for W in space]
    gradients = [gradients_in_a_box(W, -np.ones(len(W[0].T)), np.ones(len(W[0].T))) for W in space]
    known = [[largest(g, norm) for norm in NORMS] for g in gradients]
    yield equal("in one, three and four dimensions", found, known, rtol=1e-12)


def arrays(weights):
    """Weights as arrays."""
    return [np.asarray(W, float) for W in weights]


def at_points(weights, norm, n, last=lambda u: 1 + 0 * u):
    """The largest gradient at n points, with some slope of the last layer."""
    weights = arrays(weights)
    h = np.random.default_rng(0).standard_normal((n, weights[0].shape[1]))
    J = np.eye(h.shape[1])
    for W in weights[:-1]:
        z = h @ W.T
        h, J = np.maximum(z, 0), (z > 0)[..., None] * (W @ J)
    return largest((last(h @ weights[-1].T) * (weights[-1] @ J)[..., 0, :]), norm)


def of_layers(change):
    """Brute force on weights that were changed."""
    return lambda weights, norm=2: lipschitz.brute_force(change(arrays(weights)), norm)


def without_thin_cells(weights, norm=2):
    """Brute force that takes thin cones for empty ones."""
    with unittest.mock.patch.object(activation_patterns, "_THIN", 1e-3):
        return lipschitz.brute_force(weights, norm)


def in_one_half_space(weights, norm=2):
    """Brute force on the cells where the first neuron is active."""
    cells = activation_patterns.cells(weights)
    kept = [cell for cell in cells if len(weights) == 1 or cell.pattern[0][0] > 0]
    return max((largest(weights[-1] @ cell.forms, norm) for cell in kept), default=0.0)


brute_force_is_the_largest_gradient_that_occurs.mutants({
    "all neurons active": lambda weights, norm=2: largest(all_active(weights), norm),
    "patterns of one half space only": in_one_half_space,
    "patterns that do not occur": lambda weights, norm=2: largest(all_patterns(arrays(weights)), norm),
    "at a few points": lambda weights, norm=2: at_points(weights, norm, 8),
    "ReLU after the last layer": lambda weights, norm=2: at_points(weights, norm, 4000, lambda u: 1.0 * (u > 0)),
    "the norm itself for its dual": lambda weights, norm=2: lipschitz.brute_force(weights, exchanged(norm)),
    "ℓ₂ whatever the norm": lambda weights, norm=2: lipschitz.brute_force(weights, 2),
    "ℓ∞ if no norm is given": lambda weights, norm=np.inf: lipschitz.brute_force(weights, norm),
    "last layer left out": of_layers(lambda weights: [*weights[:-1], np.ones_like(weights[-1])]),
    "absolute weights": of_layers(lambda weights: [np.abs(W) for W in weights]),
    "1 % too large": lambda weights, norm=2: 1.01 * lipschitz.brute_force(weights, norm),
})


@claim("R04", slide=SLIDE, source="Definition")
def dead_equal_and_parallel_neurons_make_no_patterns(rng, *, brute_force=lipschitz.brute_force):
    r"""Known constants: a linear network; neurons that are dead, equal, opposite or parallel; cells that are thin."""
    w, (c, d) = rng.standard_normal((1, 3)), rng.uniform(1, 2, 2)
    u = np.vstack([w, -w, w, 0 * w])
    cases = {
        "linear": ([w], w),
        "c relu(wa) + d relu(−wa)": ([u[:2], [[c, d]]], np.vstack([c * w, d * w])),
        "c relu(wa) − d relu(wa)": ([u[[0, 2]], [[c, -d]]], (c - d) * w),
        "parallel: c relu(wa) + d relu(2wa)": ([u[:1] * [[1], [2]], [[c, d]]], (c + 2 * d) * w),
        "a dead neuron": ([u[[0, 3]], [[c, d]]], c * w),
        "a dead layer": ([u[:2], [[-c, -d]], [[1.0]]], 0 * w),
        "a cell thin as 10⁻⁵": ([[[1, 0], [-1, 1e-5]], [[c, -d]]], np.array([c + d, -1e-5 * d])),
        "relu of a relu": ([u[:1], [[c]], [[d]]], c * d * w),
        "relu of minus a relu, plus one": ([u[:2], [[-c, 0], [0, d]], [[1.0, 1.0]]], d * w),
    }
    found = [[brute_force(weights, norm) for norm in NORMS] for weights, _ in cases.values()]
    known = [[largest(g, norm) for norm in NORMS] for _, g in cases.values()]
    yield equal("known cases", found, known, rtol=1e-12, atol=1e-12)


dead_equal_and_parallel_neurons_make_no_patterns.mutants({
    "thin cells left out": without_thin_cells,
    "patterns that do not occur": lambda weights, norm=2: largest(all_patterns(arrays(weights)), norm),
    "1 % too large": lambda weights, norm=2: 1.01 * lipschitz.brute_force(weights, norm),
})


@claim("R04", slide=SLIDE, source="Definition; slopes between the kinks of one input")
def biases_decide_which_slopes_occur(rng, *, brute_force=lipschitz.brute_force, lipmip=lipschitz.lipmip):
    r"""One input, vᵀσ(wa + b): the largest slope between neighbouring kinks −bᵢ/wᵢ, everywhere and in an interval.

    With biases 0 it is the constant without; of relu(a) − relu(a − 1) it is 1, and 0 in [2, 3].
    """
    W, v, b = np.array([[1.0], [1.0]]), np.array([[1.0, -1.0]]), [np.array([0.0, -1.0]), np.zeros(1)]
    known = [brute_force([W, v], biases=b), *(lipmip([W, v], 1, *box, biases=b) for box in ((-1.0, 3.0), (2.0, 3.0)))]
    yield equal("relu(a) − relu(a − 1)", known, [1.0, 1.0, 0.0], atol=1e-12)
    for m in (1, 2, 5):
        w, v, b = rng.standard_normal((3, 4, m))
        ends = [np.sort(-one / slopes) for one, slopes in zip(b, w, strict=True)]
        everywhere = [np.concatenate([[e[0] - 1], (e[1:] + e[:-1]) / 2, [e[-1] + 1]]) for e in ends]
        nets = [([w[i][:, None], v[i][None]], [b[i], rng.standard_normal(1)]) for i in range(4)]
        exact = [slopes_at(w[i], v[i], b[i], everywhere[i]) for i in range(4)]
        for norm in (1, 2, np.inf):
            found = [brute_force(weights, norm, biases=biases) for weights, biases in nets]
            yield equal(f"{m} neurons, ℓ_{norm}", found, exact, rtol=1e-12, atol=1e-12)
        inner = [np.append(-0.5, np.append(e[np.abs(e) < 0.5], 0.5)) for e in ends]
        exact = [slopes_at(w[i], v[i], b[i], (inner[i][1:] + inner[i][:-1]) / 2) for i in range(4)]
        found = [lipmip(weights, 1, -0.5, 0.5, biases=biases) for weights, biases in nets]
        yield equal(f"{m} neurons, in an interval", found, exact, rtol=1e-12, atol=1e-5)
    weights = network(rng, 2, 3, 2)
    none = [np.zeros(len(W)) for W in weights]
    found = [brute_force(weights, biases=none), lipmip(weights, 1, -1.0, 1.0, biases=none)]
    yield equal("biases 0", found, [brute_force(weights), lipmip(weights, 1, -1.0, 1.0)], rtol=1e-9)


def slopes_at(w, v, b, a):
    """The largest size of a slope at some inputs."""
    return np.abs(((np.outer(a, w) + b > 0) * w) @ v).max()


def biased(function, change):
    """A constant for other biases."""
    return lambda *args, biases=None: function(*args, biases=None if biases is None else change(biases))


for name, exactly in (("brute_force", lipschitz.brute_force), ("lipmip", lipschitz.lipmip)):
    biases_decide_which_slopes_occur.mutants(
        {
            "without biases": biased(exactly, lambda biases: [0 * b for b in biases]),
            "biases of the other sign": biased(exactly, lambda biases: [-b for b in biases]),
            "1 % too large": lambda *args, biases=None, exact=exactly: 1.01 * exact(*args, biases=biases),
        },
        replaces=name,
    )
