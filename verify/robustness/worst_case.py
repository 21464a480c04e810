"""The exact worst case of small ReLU networks: slide "Robustness examples in ML"."""

import itertools

import numpy as np
import scipy

from refimpl.activations import relu
from refimpl.layers import Layer, Network, flatten, sizes_of, unflatten
from refimpl.mlp import backward, forward, vjp
from refimpl.robustness import adversarial, worst_case
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.robustness.adversarial import SLIDE, loop_with, step_with

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
def intervals_hold_the_preactivations(rng, *, preactivation_bounds=worst_case.preactivation_bounds):
    r"""u ∈ [u̲, ū] in every layer for inputs of the box; in the first layer both ends are taken at corners."""
    for widths in ((3, 4, 5, 1), (2, 3, 1), (4, 1)):
        h, lower = random_network(rng, *widths), rng.standard_normal(widths[0])
        upper = lower + rng.uniform(0.1, 2, widths[0])
        corners = lower + (upper - lower) * np.array(list(itertools.product([0, 1], repeat=widths[0])))
        inside = lower + (upper - lower) * rng.uniform(size=(2000, widths[0]))
        found, z = preactivation_bounds(h, lower, upper), np.concatenate([corners, inside])
        yield equal("number of layers", len(found), len(widths) - 1)
        ends = np.array(
            [
                [np.minimum(W * lower, W * upper).sum(1) + b, np.maximum(W * lower, W * upper).sum(1) + b]
                for W, b in h.layers[:1]
            ]
        )
        yield equal("first layer", np.array(found[0]), ends[0], atol=rounding(32, 8.0))
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


for text, mutant in {
    "weights without sizes": lambda h, lower, upper: intervals(h, lower, upper, size=lambda W: W),
    "half the radius": lambda h, lower, upper: intervals(h, lower, upper, share=0.25),
    "1 % too narrow": lambda h, lower, upper: intervals(h, lower, upper, share=0.495),
    "1 % too wide": lambda h, lower, upper: intervals(h, lower, upper, share=0.505),
    "no ReLU between layers": lambda h, lower, upper: intervals(h, lower, upper, cut=lambda x: x),
    "biases left out": lambda h, lower, upper: intervals(
        h._replace(layers=tuple(layer._replace(b=0 * layer.b) for layer in h.layers)), lower, upper
    ),
}.items():
    intervals_hold_the_preactivations.mutant(text)(mutant)


@claim("R01", slide=SLIDE, source="Tjeng, Xiao & Tedrake 2019; linear programs on all activation patterns")
def the_worst_case_of_a_network_is_that_of_its_patterns(rng, *, exact=worst_case.worst_case):
    r"""min h(a + η) by a mixed-integer program is the least of the linear programs on all activation patterns.

    With and without bounds of inputs; the input that is found lies in the set and has that value; ε = 0 returns a.
    """
    for widths in ((3, 5, 1), (2, 3, 3, 1), (2, 1)):
        h, a, eps = random_network(rng, *widths), rng.uniform(0.2, 0.8, widths[0]), rng.uniform(0.3, 1.5)
        for bounds in (None, (0.0, np.linspace(0.9, 1.1, widths[0]))):
            lower, upper = (
                (a - eps, a + eps) if bounds is None else (np.maximum(a - eps, 0), np.minimum(a + eps, bounds[1]))
            )
            least = least_by_patterns(h, lower, upper) if widths[1:-1] else linear_least(h, lower, upper)
            found = exact(h, a, eps, bounds)
            what = f"{widths}, {'no ' if bounds is None else ''}bounds"
            yield equal(f"{what}: least output", found.value, least, atol=SOLVER * scale(h))
            yield equal(f"{what}: output there", forward(h, found.a)[0], found.value, atol=rounding(64, scale(h)))
            inside = np.maximum(lower - found.a, found.a - upper)
            yield at_most(f"{what}: out of the set", inside, 0.0, slack=rounding(8), resolution=2.0)
        still = exact(h, a, 0.0)
        yield equal(
            f"{widths}: ε = 0",
            np.append(still.a, still.value),
            np.append(a, forward(h, a)),
            atol=rounding(64, scale(h)),
        )


def scale(h):
    """A bound of the network's size and slope: products of the layers' norms."""
    return np.prod([1 + np.abs(W).sum(1).max() + np.abs(b).max() for W, b in h.layers])


def linear_least(h, lower, upper):
    """The least value of one layer on a box."""
    ((W, b),) = h.layers
    return np.minimum(W * lower, W * upper).sum() + b[0]


def opposite(found, a):
    """The worst case with its input on the other side of a."""
    return found._replace(a=2 * a - found.a)


def scaled(found, factor):
    """The worst case with another value."""
    return found._replace(value=factor * found.value)


def judged(found, h, a):
    """The value of the network at an input, as a worst case."""
    return found._replace(value=float(forward(h, a)[0]), a=a)


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("the largest output")
def _(h, a, eps, bounds=None):
    W, b = h.layers[-1]
    found = worst_case.worst_case(h._replace(layers=(*h.layers[:-1], Layer(-W, -b))), a, eps, bounds)
    return judged(found, h, found.a)


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("the best of the corners only")
def _(h, a, eps, bounds=None):
    lower, upper = (a - eps, a + eps) if bounds is None else np.clip([a - eps, a + eps], *bounds)
    corners = lower + (upper - lower) * np.array(list(itertools.product([0, 1], repeat=len(a))))
    return judged(worst_case.worst_case(h, a, 0.0), h, corners[forward(h, corners)[:, 0].argmin()])


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("the pattern at the input kept: one linear program")
def _(h, a, eps, bounds=None):
    clip = adversarial.onto_bounds(a, bounds)
    return judged(worst_case.worst_case(h, a, 0.0), h, clip(a - eps * np.sign(vjp(h, a, np.ones(1)))))


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("radius 1 % too small")
def _(h, a, eps, bounds=None):
    return worst_case.worst_case(h, a, 0.99 * eps, bounds)


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("bounds left out")
def _(h, a, eps, bounds=None):
    return worst_case.worst_case(h, a, eps)


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("last bias left out")
def _(h, a, eps, bounds=None):
    found = worst_case.worst_case(h, a, eps, bounds)
    return found._replace(value=found.value - float(h.layers[-1].b[0]))


@the_worst_case_of_a_network_is_that_of_its_patterns.mutant("relaxed: signs between 0 and 1, bound of intervals")
def _(h, a, eps, bounds=None):
    found = worst_case.worst_case(h, a, eps, bounds)
    clip = adversarial.onto_bounds(a, bounds)
    return found._replace(value=float(worst_case.preactivation_bounds(h, clip(a - eps), clip(a + eps))[-1][0][0]))


@claim("R01", slide=SLIDE, source="Madry et al. 2018; Tjeng, Xiao & Tedrake 2019; products of norms")
def pgd_lies_between_fgsm_and_the_lipschitz_bound(
    rng, *, fgsm=adversarial.fgsm, pgd=adversarial.pgd, exact=worst_case.worst_case
):
    r"""On ReLU networks h(PGD) ≥ min h(a + η) ≥ h(a) − ε Π‖W_l‖: attacks fall short of the worst, the bound overshoots.

    Each is attained on some networks and not on all; over thirty of them PGD finds most of the margin that can be lost.
    """
    lost = {"FGSM": [], "PGD": [], "exact": [], "bound": []}
    for _ in range(30):
        h, a, eps = random_network(rng, 3, 6, 1), rng.standard_normal(3), rng.uniform(0.2, 1.0)
        grad = lambda z, h=h: -vjp(h, z, np.ones((*z.shape[:-1], 1)))  # noqa: E731
        at = {
            "FGSM": fgsm(grad, a, eps),
            "PGD": pgd(grad, a, eps, eps / 8, 40),
            "exact": exact(h, a, eps).a,
        }
        for name, z in at.items():
            yield at_most(f"{name}: ‖η‖", np.abs(z - a).max(), eps, slack=rounding(16, 8), resolution=1.0)
            lost[name].append((forward(h, a) - forward(h, z))[0])
        lost["bound"].append(eps * np.prod([np.linalg.norm(W, np.inf) for W, _ in h.layers]))
    lost = {name: np.array(values) for name, values in lost.items()}
    yield at_most("exact: margin lost", lost["exact"], lost["bound"], slack=1e-9, tight=0.9)
    for name in ("FGSM", "PGD"):
        yield at_most(f"{name}: margin lost", lost[name], lost["exact"], slack=1e-4, tight=1e-6)
        share = lost[name].sum() / lost["exact"].sum()
        yield at_least(f"{name}: share of the exact margin lost", share, 0.5, resolution=0.5)


for text, mutant in {
    "descends": step_with(lambda grad, a, norm: -np.sign(grad(a))),
    "twice as long": step_with(lambda grad, a, norm: np.sign(grad(a)), lambda eps, a: 2 * eps),
}.items():
    pgd_lies_between_fgsm_and_the_lipschitz_bound.mutant(text, replaces="fgsm")(mutant)

for text, mutant in {
    "around the previous iterate": loop_with(centre=lambda a, z: z),
    "descends": loop_with(direction=lambda grad, z, a, norm: -np.sign(grad(z))),
    "radius 1 % too large": loop_with(radius=lambda eps: 1.01 * eps),
}.items():
    pgd_lies_between_fgsm_and_the_lipschitz_bound.mutant(text, replaces="pgd")(mutant)


@pgd_lies_between_fgsm_and_the_lipschitz_bound.mutant("the best of the corners only", replaces="exact")
def _(h, a, eps, bounds=None):
    corners = a + eps * np.array(list(itertools.product([-1, 1], repeat=len(a))))
    return judged(worst_case.worst_case(h, a, 0.0), h, corners[forward(h, corners)[:, 0].argmin()])


@claim("R01", slide=SLIDE, source="Danskin 1967; Madry et al. 2018, Appendix A")
def the_gradient_of_the_worst_case_is_that_at_the_worst_input(rng, *, exact=worst_case.worst_case):
    r"""∂ₓ min_η h_x(a + η) = ∇ₓh_x(a + η*) by backpropagation at η*, against differences of the minimum itself.

    Where Danskin's theorem applies: the worst input is the same for all those x, and no neuron is near its kink there.
    The attack may move with x, but its motion would not count.
    """
    slopes, clean, measured = [], [], []
    for _ in range(200):
        h, a, eps = random_network(rng, 2, 4, 1), rng.standard_normal(2), rng.uniform(0.3, 0.8)
        z = exact(h, a, eps).a
        x, shape, v = flatten(h.layers), sizes_of(h.layers), rng.standard_normal(len(flatten(h.layers)))
        ends = [exact(h._replace(layers=unflatten(x + s * v, shape)), a, eps) for s in (1e-5, -1e-5)]
        if np.abs(next(at_point(h, z))).min() < 0.01 or np.ptp([z, *(end.a for end in ends)], axis=0).max() > 1e-9:
            continue
        slopes.append(flatten(backward(h, z, np.ones(1)).layers) @ v)
        clean.append(flatten(backward(h, a, np.ones(1)).layers) @ v)
        measured.append((ends[0].value - ends[1].value) / 2e-5)
        if len(slopes) == 12:
            break
    yield equal("networks on which the theorem applies", len(slopes), 12)
    yield equal("directional derivatives", slopes, measured, atol=1e-6)
    yield at_least("the clean gradient is another", np.ptp(np.subtract(clean, measured)), 0.1, resolution=1e3)


for text, mutant in {
    "the clean input": lambda h, a, eps, bounds=None: worst_case.worst_case(h, a, eps, bounds)._replace(a=a),
    "the opposite input": lambda h, a, eps, bounds=None: opposite(worst_case.worst_case(h, a, eps, bounds), a),
    "value 1 % too large": lambda h, a, eps, bounds=None: scaled(worst_case.worst_case(h, a, eps, bounds), 1.01),
    "value of the clean input": lambda h, a, eps, bounds=None: worst_case.worst_case(h, a, eps, bounds)._replace(
        value=float(forward(h, a)[0])
    ),
}.items():
    the_gradient_of_the_worst_case_is_that_at_the_worst_input.mutant(text)(mutant)
