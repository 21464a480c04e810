"""The exact worst case of small ReLU networks: slide "Robustness examples in ML"."""

import itertools

import numpy as np
import scipy

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network
from refimpl.backpropagation.mlp import forward, vjp
from refimpl.robustness import adversarial, worst_case_milp
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.robustness.adversarial import SLIDE

SOLVER = 2e-6  # HiGHS meets constraints to 1e-7 and signs to 1e-6


def random_network(rng, *widths):
    """A ReLU network with Gaussian weights and biases."""
    pairs = itertools.pairwise(widths)
    return Network(tuple(Layer(rng.standard_normal((m, p)), rng.standard_normal(m) / 2) for p, m in pairs), relu)


def least_by_patterns(h, lower, upper):
    """The least output on a box: a linear program for each pattern of signs of all hidden neurons."""
    hidden = [len(layer.b) for layer in h.layers[:-1]]
    best = np.inf
    for signs in itertools.product([0.0, 1.0], repeat=sum(hidden)):
        A, c, rows, limits = np.eye(len(lower)), np.zeros(len(lower)), [], []
        for (W, b), pattern in zip(h.layers[:-1], np.split(np.array(signs), np.cumsum(hidden)[:-1]), strict=True):
            A, c = W @ A, W @ c + b
            rows.append((1 - 2 * pattern)[:, None] * A)
            limits.append((2 * pattern - 1) * c)
            A, c = pattern[:, None] * A, pattern * c
        W, b = h.layers[-1]
        box = list(zip(lower, upper, strict=True))
        found = scipy.optimize.linprog((W @ A)[0], np.concatenate(rows), np.concatenate(limits), bounds=box)
        best = min(best, found.fun + (W @ c + b)[0]) if found.status == 0 else best
    return best


@claim("R01", slide=SLIDE, source="interval arithmetic; Tjeng, Xiao & Tedrake 2019, Section 4")
def intervals_hold_the_preactivations(rng, *, preactivation_bounds=worst_case_milp.preactivation_bounds):
    r"""u ∈ [u̲, ū] in every layer for inputs of the box; in the first layer both ends are taken at corners."""
    for widths in ((3, 4, 5, 1), (2, 3, 1), (4, 1)):
        h, lower = random_network(rng, *widths), rng.standard_normal(widths[0])
        upper = lower + rng.uniform(0.1, 2, widths[0])
        corners = lower + (upper - lower) * np.array(list(itertools.product([0, 1], repeat=widths[0])))
        inside = lower + (upper - lower) * rng.uniform(size=(2000, widths[0]))
        found, z = preactivation_bounds(h, lower, upper), np.concatenate([corners, inside])
        yield equal("number of layers", len(found), len(widths) - 1)
        W, b = h.layers[0]
        ends = [np.minimum(W * lower, W * upper).sum(1) + b, np.maximum(W * lower, W * upper).sum(1) + b]
        yield equal("first layer", np.array(found[0]), np.array(ends), atol=rounding(32, 8.0))
        for l, ((W, b), (least, most)) in enumerate(zip(h.layers, found, strict=True), start=1):
            u = z @ W.T + b
            yield at_least(f"layer {l}: u from below", u.min(0), least, slack=rounding(64, 20), resolution=100.0)
            yield at_most(f"layer {l}: u from above", u.max(0), most, slack=rounding(64, 20), resolution=100.0)
            z = np.maximum(u, 0)
        middle = (lower + upper) / 2
        point = zip(preactivation_bounds(h, middle, middle), at_point(h, middle), strict=True)
        for (least, most), u in point:
            yield equal("a point: both ends", np.array([least, most]), np.array([u, u]), atol=rounding(64, 20))


def at_point(h, a):
    """Preactivations of all layers at a point."""
    for l, (W, b) in enumerate(h.layers):
        a = W @ (np.maximum(a, 0) if l else a) + b
        yield a


def intervals(h, lower, upper, size=np.abs, cut=lambda x: np.maximum(x, 0), share=0.5):
    """Interval arithmetic, to be spoilt."""
    found = []
    for W, b in h.layers:
        centre, radius = W @ (lower + upper) / 2 + b, size(W) @ (upper - lower) * share
        found.append((centre - radius, centre + radius))
        lower, upper = cut(found[-1][0]), cut(found[-1][1])
    return found


intervals_hold_the_preactivations.mutants({
    "weights without sizes": lambda h, lower, upper: intervals(h, lower, upper, size=lambda W: W),
    "half the radius": lambda h, lower, upper: intervals(h, lower, upper, share=0.25),
    "1 % too narrow": lambda h, lower, upper: intervals(h, lower, upper, share=0.495),
    "1 % too wide": lambda h, lower, upper: intervals(h, lower, upper, share=0.505),
    "no ReLU between layers": lambda h, lower, upper: intervals(h, lower, upper, cut=lambda x: x),
    "biases left out": lambda h, lower, upper: intervals(
        h._replace(layers=tuple(layer._replace(b=0 * layer.b) for layer in h.layers)), lower, upper
    ),
})


VALLEY = Network(
    (Layer(np.array([[1.0], [-1.0]]), np.array([-0.6, 0.6])), Layer(np.array([[1.0, 1.0]]), np.zeros(1))), relu
)
"""|x − 0.6|, least inside of an interval."""

CLIFF = Network(
    (Layer(np.array([[1.0], [1.0]]), np.array([10.0, -0.8])), Layer(np.array([[1.0, -8.0]]), np.array([-10.0]))), relu
)
"""x − 8 relu(x − 0.8), least where another neuron is active than at ½."""


@claim("R01", slide=SLIDE, source="Tjeng, Xiao & Tedrake 2019; linear programs on all activation patterns")
def the_worst_case_of_a_network_is_that_of_its_patterns(rng, *, exact=worst_case_milp.worst_case):
    r"""min h(a + η) by a mixed-integer program is the least of the linear programs on all activation patterns.

    With and without bounds of inputs; the input that is found lies in the set and has that value; ε = 0 returns a.
    """
    drawn = [
        (str(widths), random_network(rng, *widths), rng.uniform(0.2, 0.8, widths[0]), rng.uniform(0.3, 1.5))
        for widths in ((3, 5, 1), (2, 3, 3, 1), (2, 1))
    ]
    centre = np.array([0.5])
    for name, h, a, eps in (*drawn, ("valley", VALLEY, centre, 0.5), ("cliff", CLIFF, centre, 0.5)):
        for bounds in (None, (0.0, np.linspace(0.9, 1.1, len(a)))):
            lower, upper = (
                (a - eps, a + eps) if bounds is None else (np.maximum(a - eps, 0), np.minimum(a + eps, bounds[1]))
            )
            least = least_by_patterns(h, lower, upper) if len(h.layers) > 1 else linear_least(h, lower, upper)
            found = exact(h, a, eps, bounds)
            what = f"{name}, {'no ' if bounds is None else ''}bounds"
            yield equal(f"{what}: least output", found.value, least, atol=SOLVER * scale(h))
            yield equal(f"{what}: output there", forward(h, found.a)[0], found.value, atol=rounding(64, scale(h)))
            inside = np.maximum(lower - found.a, found.a - upper)
            yield at_most(f"{what}: out of the set", inside, 0.0, slack=rounding(8), resolution=2.0)
        value, z = exact(h, a, 0.0)
        yield equal(f"{name}: ε = 0", [*z, value], [*a, *forward(h, a)], atol=rounding(64, scale(h)))


def scale(h):
    """A bound of the network's size and slope: products of the layers' norms."""
    return np.prod([1 + np.abs(W).sum(1).max() + np.abs(b).max() for W, b in h.layers])


def linear_least(h, lower, upper):
    """The least value of one layer on a box."""
    ((W, b),) = h.layers
    return np.minimum(W * lower, W * upper).sum() + b[0]


def judged(found, h, a):
    """The value of the network at an input, as a worst case."""
    return found._replace(value=float(forward(h, a)[0]), a=a)


def largest_output(h, a, eps, bounds=None):
    """The opposite extreme."""
    W, b = h.layers[-1]
    found = worst_case_milp.worst_case(h._replace(layers=(*h.layers[:-1], Layer(-W, -b))), a, eps, bounds)
    return judged(found, h, found.a)


def best_corner(h, a, eps, bounds=None):
    """The least output at corners of the box."""
    lower, upper = (a - eps, a + eps) if bounds is None else np.clip([a - eps, a + eps], *bounds)
    corners = lower + (upper - lower) * np.array(list(itertools.product([0, 1], repeat=len(a))))
    return judged(worst_case_milp.worst_case(h, a, 0.0), h, corners[forward(h, corners)[:, 0].argmin()])


def in_the_pattern_of_the_input(h, a, eps, bounds=None):
    """The worst input of the linear function that the network is about a."""
    clip = adversarial.onto_bounds(a, bounds)
    return judged(worst_case_milp.worst_case(h, a, 0.0), h, clip(a - eps * np.sign(vjp(h, a, np.ones(1)))))


def without_the_last_bias(h, a, eps, bounds=None):
    """The value of the network without its last bias."""
    found = worst_case_milp.worst_case(h, a, eps, bounds)
    return found._replace(value=found.value - float(h.layers[-1].b[0]))


def bound_of_intervals(h, a, eps, bounds=None):
    """The value that intervals bound it by."""
    found = worst_case_milp.worst_case(h, a, eps, bounds)
    clip = adversarial.onto_bounds(a, bounds)
    return found._replace(value=float(worst_case_milp.preactivation_bounds(h, clip(a - eps), clip(a + eps))[-1][0][0]))


the_worst_case_of_a_network_is_that_of_its_patterns.mutants({
    "the largest output": largest_output,
    "the best of the corners only": best_corner,
    "the pattern at the input kept: one linear program": in_the_pattern_of_the_input,
    "radius 1 % too small": lambda h, a, eps, bounds=None: worst_case_milp.worst_case(h, a, 0.99 * eps, bounds),
    "bounds left out": lambda h, a, eps, bounds=None: worst_case_milp.worst_case(h, a, eps),
    "last bias left out": without_the_last_bias,
    "relaxed: signs between 0 and 1, bound of intervals": bound_of_intervals,
})
