"""The law of robustness on tiny networks: slide "worst-case metric"."""

import numpy as np

from refimpl.robustness import law_of_robustness
from refimpl.robustness.activation_patterns import cells
from refimpl.robustness.lipschitz import brute_force
from verify.claims import claim
from verify.evidence import at_least, at_most, equal
from verify.robustness._small_networks import exchanged

SLIDE = "Robustness in deep learning: worst-case metric"
SOURCE = "Bubeck, Li & Nagaraj 2021; Bubeck & Sellke 2021"
WIDTHS = (12, 16, 24)
SOLVER = 1e-6


def data_and_neurons(rng):
    """Six points on the sphere with signs for values, and 24 neurons of length 1."""
    a, W = rng.standard_normal((6, 3)), rng.standard_normal((WIDTHS[-1], 3))
    b = rng.permutation(np.repeat([-1.0, 1.0], 3))
    return a / np.linalg.norm(a, axis=1, keepdims=True), b, W / np.linalg.norm(W, axis=1, keepdims=True)


@claim("R08", slide=SLIDE, source=SOURCE)
def no_interpolating_network_nearby_is_flatter(rng, *, flattest_interpolant=law_of_robustness.flattest_interpolant):
    r"""vᵀσ(Wa) goes through the data, L is its Lipschitz constant, and no other such v nearby has a smaller one."""
    two = flattest_interpolant(np.array([[1.0], [-1.0]]), np.array([[2.0], [-0.5]]), np.array([1.0, 3.0]), np.inf)
    yield equal("two neurons on a line: slopes ½ and 6", [*two.v, two.L], [0.5, 6.0, 6.0], rtol=1e-9)
    for norm in (1, np.inf):
        for _ in range(3):
            a, b, W = data_and_neurons(rng)
            v, L = flattest_interpolant(W, a, b, norm)
            yield equal(f"ℓ_{norm}: h(aᵢ) − bᵢ", np.maximum(a @ W.T, 0) @ v, b, atol=SOLVER * L)
            yield equal(f"ℓ_{norm}: L of the network", L, steepest(W, v, norm), rtol=1e-9)
            free = np.linalg.svd(np.maximum(a @ W.T, 0))[2][len(a) :]
            others = v + 0.1 * np.abs(v).max() * rng.standard_normal((5, len(free))) @ free
            values = steepest(W, others, norm)
            yield at_least(f"ℓ_{norm}: L of others through the data", values, L, slack=SOLVER * L, resolution=100 * L)


def steepest(W, v, norm):
    """Lipschitz constants of networks with the same neurons."""
    patterns = np.array([cell.pattern[0] for cell in cells([W, np.ones((1, len(W)))])])
    size = np.abs((v[..., None, :] * patterns) @ W)
    return (size.max(-1) if norm == 1 else size.sum(-1)).max(-1)


def changed(change):
    """The flattest interpolant, changed."""
    return lambda W, a, b, norm: change(law_of_robustness.flattest_interpolant(W, a, b, norm))


def of_least_norm(W, a, b, norm):
    """The interpolant whose second layer is shortest."""
    v = np.linalg.lstsq(np.maximum(a @ W.T, 0), b)[0]
    return law_of_robustness.Interpolant(v, brute_force([W, v[None]], norm))


def as_steep_as_the_data(W, a, b, norm):
    """The flattest interpolant, with the constant of the data."""
    found = law_of_robustness.flattest_interpolant(W, a, b, norm)
    return found._replace(L=law_of_robustness.steepest_pair(a, b, norm))


no_interpolating_network_nearby_is_flatter.mutants({
    "v of least norm": of_least_norm,
    "L of the data": as_steep_as_the_data,
    "0.99 b for b": lambda W, a, b, norm: law_of_robustness.flattest_interpolant(W, a, 0.99 * b, norm),
    "the norm itself for its dual": lambda W, a, b, norm: law_of_robustness.flattest_interpolant(
        W, a, b, exchanged(norm)
    ),
    "1 % too flat": changed(lambda found: found._replace(L=0.99 * found.L)),
    "1 % too steep": changed(lambda found: found._replace(L=1.01 * found.L)),
})


@claim("R08", slide=SLIDE, source=SOURCE)
def flattest_interpolants_get_flatter_with_width(rng, *, flattest_interpolant=law_of_robustness.flattest_interpolant):
    r"""Least L of interpolating vᵀσ(Wa), measured: from 12 to 24 neurons it falls in the mean, a trend; it never rises.

    The first neurons are kept as more are drawn.
    """
    for norm in (1, np.inf):
        draws = [data_and_neurons(rng) for _ in range(3)]
        flatness = np.array([[1 / flattest_interpolant(W[:m], a, b, norm).L for m in WIDTHS] for a, b, W in draws])
        fewer, more = flatness[:, :-1], flatness[:, 1:]
        yield at_most(f"ℓ_{norm}: 1/L with fewer neurons", fewer, more, slack=SOLVER, resolution=1.0)
        share = (flatness[:, 0] / flatness[:, -1]).mean()
        yield at_most(f"ℓ_{norm}: L of 24 neurons, of that of 12 (a trend)", share, 0.99, resolution=1.0)


def of_the_first_twelve(W, a, b, norm):
    """The flattest interpolant of twelve neurons; the others have weight 0."""
    found = law_of_robustness.flattest_interpolant(W[:12], a, b, norm)
    return found if found.v is None else found._replace(v=np.append(found.v, np.zeros(len(W) - 12)))


flattest_interpolants_get_flatter_with_width.mutants({"no more neurons than 12": of_the_first_twelve})


@claim("R08", slide=SLIDE, source=SOURCE + "; McShane 1934")
def no_network_is_flatter_than_its_data(
    rng, *, flattest_interpolant=law_of_robustness.flattest_interpolant, steepest_pair=law_of_robustness.steepest_pair
):
    r"""max |bᵢ − bⱼ|/‖aᵢ − aⱼ‖ is at most L: a network that is flatter than its data cannot fit them."""
    line = steepest_pair(np.array([[2.0], [-0.5]]), np.array([1.0, 3.0]))
    yield equal("two points on a line", line, 0.8, rtol=1e-14)
    for norm in (1, np.inf):
        for _ in range(3):
            a, b, W = data_and_neurons(rng)
            L = flattest_interpolant(W, a, b, norm).L
            pairs = [abs(b[i] - b[j]) / length(a[i] - a[j], norm) for i in range(6) for j in range(i)]
            steepest = steepest_pair(a, b, norm)
            yield equal(f"ℓ_{norm}: steepest pair", steepest, max(pairs), rtol=1e-13)
            yield at_least(f"ℓ_{norm}: L, steepest pair", L, steepest, slack=SOLVER * L, resolution=100 * L)


def length(a, norm):
    """‖a‖."""
    return {1: np.abs(a).sum(), 2: np.sqrt(a @ a), np.inf: np.abs(a).max()}[norm]


no_network_is_flatter_than_its_data.mutants(
    {
        "in the dual norm": lambda a, b, norm=2: law_of_robustness.steepest_pair(a, b, exchanged(norm)),
        "neighbours in the list only": lambda a, b, norm=2: max(
            abs(b[i] - b[i - 1]) / length(a[i] - a[i - 1], norm) for i in range(1, len(a))
        ),
        "half": lambda a, b, norm=2: law_of_robustness.steepest_pair(a, b, norm) / 2,
        "1 % too large": lambda a, b, norm=2: 1.01 * law_of_robustness.steepest_pair(a, b, norm),
    },
    replaces="steepest_pair",
)
no_network_is_flatter_than_its_data.mutants(
    {"half as steep": changed(lambda found: found._replace(L=found.L / 2))}, replaces="flattest_interpolant"
)
