"""Bounds on perturbation stability: slides "main results (Lazy-training regime)" and "width and depth"."""

from decimal import Decimal, localcontext

import numpy as np

from refimpl.networks import perturbation_stability
from refimpl.networks.initialization import scales
from refimpl.networks.perturbation_stability import BOUNDED, RelatedBounds
from verify.claims import claim
from verify.evidence import at_most, equal, rate, sign

SLIDE = "Robustness in deep learning: main results (Lazy-training regime)"
COMPARISON = "Robustness in deep learning: width and depth & other trade-offs"
SOURCE = "Zhu, Liu, Chrysos & Cevher 2022"
WIDTHS = np.unique(np.geomspace(1, 10**6, 60).astype(int)).tolist()
CONSTANTS = {"lecun": 1 / (2 * np.sqrt(np.pi)), "he": 1 / np.sqrt(np.pi), "ntk": 1 / np.sqrt(2 * np.pi)}


def exact(stability, name, p, m, L):
    """P/ε at initialisation."""
    return stability(scales(name, p, m), p, m, L)


def in_decimals(name, p, m, L):
    """The bound with 40 digits: w² = (L³m/p) e^{−2m/L³}, and halves of powers of 2."""
    with localcontext() as context:
        context.prec = 40
        p, m, L = map(Decimal, (p, m, L))
        w = (L**3 * m * (-2 * m / L**3).exp() / p).sqrt()
        floor = Decimal(1) if name == "ntk" else (1 / p).sqrt()
        return float((w + floor) / (Decimal(2).sqrt() ** (L - 2) if name == "lecun" else 1))


@claim("N05", slide=SLIDE, source=SOURCE)
def bounds_have_their_values_and_turn_at_half_the_cube_of_the_depth(
    rng, *, stability_bound=perturbation_stability.stability_bound
):
    r"""The bounds to 40 digits; in m they rise up to L³/2, by L³/√(2ep), and then fall: the printed trend of width."""
    for name in BOUNDED:
        instances = [(int(p), int(m), int(L)) for p, m, L in rng.integers((1, 1, 2), (4000, 3000, 12), (200, 3))]
        instances += [(784, 10**6, 10), (1, 1, 2), (10**6, 500, 10)]
        found = [stability_bound(name, *sizes) for sizes in instances]
        yield equal(f"{name}: bound", found, [in_decimals(name, *sizes) for sizes in instances], rtol=1e-12)
        for L in (2, 4, 10):
            m = np.arange(1, 2 * L**3)
            values = np.array([stability_bound(name, 784, int(width), L) for width in m])
            yield equal(f"{name}: where it turns, L = {L}", m[values.argmax()], L**3 / 2)
            yield equal(f"{name}: turns, L = {L}", np.count_nonzero(np.diff(np.sign(np.diff(values)))), 1)
            level = stability_bound(name, 784, 10**6, L)
            damping = 2 ** (-(L - 2) / 2) if name == "lecun" else 1
            height = damping * L**3 / np.sqrt(2 * np.e * 784)
            yield equal(f"{name}: height of the hump, L = {L}", values.max() - level, height, rtol=1e-12)


def changed(change):
    """Bounds as change(name, w, floor, p, m, L) of their two terms w and floor."""

    def bound(name, p, m, L):
        w, floor = (L**3 * m / p) ** 0.5 * np.exp(-m / L**3), 1.0 if name == "ntk" else p**-0.5
        return float(change(name, w, floor, p, m, L))

    return bound


def damped(name, L):
    return 0.5 ** ((L - 2) / 2) if name == "lecun" else 1.0


WRONG_IN_DEPTH = {
    "L for L³": changed(lambda n, w, c, p, m, L: damped(n, L) * (c + (L * m / p) ** 0.5 * np.exp(-m / L))),
    "e^{−m/L³} left out": changed(lambda n, w, c, p, m, L: damped(n, L) * (c + (L**3 * m / p) ** 0.5)),
    "e^{−m/L²}": changed(lambda n, w, c, p, m, L: damped(n, L) * (c + (L**3 * m / p) ** 0.5 * np.exp(-m / L**2))),
    "p left out of the first term": changed(lambda n, w, c, p, m, L: damped(n, L) * (c + w * p**0.5)),
    "the damping spares the first term": changed(lambda n, w, c, p, m, L: damped(n, L) * c + w),
    "damping by ½": changed(lambda n, w, c, p, m, L: damped(n, L) ** 2 * (c + w)),
    "damping for every initialisation": changed(lambda n, w, c, p, m, L: damped("lecun", L) * (c + w)),
    "no damping": changed(lambda n, w, c, p, m, L: c + w),
}
BOUNDS = {
    **WRONG_IN_DEPTH,
    "1 for √(1/p)": changed(lambda n, w, c, p, m, L: damped(n, L) * (1 + w)),
    "√(1/p) for 1": changed(lambda n, w, c, p, m, L: damped(n, L) * (p**-0.5 + w)),
    "1/p for √(1/p)": changed(lambda n, w, c, p, m, L: damped(n, L) * (c**2 + w)),
    "first term without its root": changed(
        lambda n, w, c, p, m, L: damped(n, L) * (c + L**3 * m / p * np.exp(-m / L**3))
    ),
    "the damping spares the second term": changed(lambda n, w, c, p, m, L: damped(n, L) * w + c),
    "damping from the first layer": changed(lambda n, w, c, p, m, L: damped(n, L + 2) * (c + w)),
    "1 % too large": lambda name, p, m, L: 1.01 * perturbation_stability.stability_bound(name, p, m, L),
}

bounds_have_their_values_and_turn_at_half_the_cube_of_the_depth.mutants(BOUNDS)


@claim("N05", slide=SLIDE, source=SOURCE)
def bounds_hold_at_initialisation(
    rng, *, stability_bound=perturbation_stability.stability_bound, stability=perturbation_stability.stability
):
    r"""P/ε ≤ C times the bound for every m and L, C being 1/√π (He), 1/√(2π) (NTK), 1/(2√π) (LeCun)."""
    for name in BOUNDED:
        sizes = [(p, m, L) for p in (1, 784, 10**6) for m in WIDTHS for L in (2, 3, 5, 10)]
        values = np.array([exact(stability, name, *size) for size in sizes])
        ratios = values / [stability_bound(name, *size) for size in sizes]
        yield at_most(f"{name}: P/ε over its bound", ratios, CONSTANTS[name], tight=1e-5)


bounds_hold_at_initialisation.mutants(
    {
        "the bound without its floor": lambda name, p, m, L: (L**3 * m / p) ** 0.5 * np.exp(-m / L**3) + 1e-300,
        "damping by ½": BOUNDS["damping by ½"],
        "damping for every initialisation": BOUNDS["damping for every initialisation"],
        "√(1/p) for 1": BOUNDS["√(1/p) for 1"],
        "1/p for √(1/p)": BOUNDS["1/p for √(1/p)"],
        "damping from the first layer": BOUNDS["damping from the first layer"],
        "0.1 % too small": lambda name, p, m, L: 0.999 * perturbation_stability.stability_bound(name, p, m, L),
    },
    replaces="stability_bound",
)

LARGE = {
    "the last neuron always fires": lambda s, p, m, L: 2 * perturbation_stability.stability(s, p, m, L),
    "a layer too few": lambda s, p, m, L: perturbation_stability.stability(s, p, m, L - 1 if L > 2 else 2),
    "p/(p + 1) twice as near 1": lambda s, p, m, L: (
        perturbation_stability.stability(s, p, m, L) * (1 + 1 / p) * (1 + 1e-4)
    ),
}
bounds_hold_at_initialisation.mutants(LARGE, replaces="stability")


RELATED = "Zhu et al. 2022 [83]; Wu et al. 2021 [81]; Huang et al. 2021 [41]"


def random_sizes(rng):
    """Widths and depths, some at the edges."""
    return [(int(m), int(L)) for m, L in rng.integers((1, 2), (10**5, 12), (200, 2))] + [(10**6, 10), (1, 2), (3, 3)]


@claim("N06", slide=COMPARISON, source=RELATED)
def three_bounds_under_ntk_stand_as_in_the_table(rng, *, related_bounds=perturbation_stability.related_bounds):
    r"""√(L³m)e^{−m/L³} + 1, L²m^{1/3}√(log m) + √(mL) and 2^{(3L−5)/2}√m, to 40 digits.

    The table writes √(L³m) where the theorem has √(L³m/p): the weaker form, which agrees at p = 1 alone.
    """
    sizes = random_sizes(rng)
    found = np.array([related_bounds(m, L) for m, L in sizes])
    yield equal("[83], [81], [41]", found, [related_in_decimals(m, L) for m, L in sizes], rtol=1e-12)
    for p in (1, 784):
        theorem = [perturbation_stability.stability_bound("ntk", p, m, 5) - 1 for m in (9, 60)]
        ratios = [(related_bounds(m, 5).zhu - 1) / w for m, w in zip((9, 60), theorem, strict=True)]
        yield equal(f"first terms, table over theorem, p = {p}", ratios, np.sqrt(p), rtol=1e-10)


@claim("N06", slide=COMPARISON, source=RELATED)
def three_bounds_under_ntk_hold_at_initialisation(
    rng, *, related_bounds=perturbation_stability.related_bounds, stability=perturbation_stability.stability
):
    r"""P/ε under NTK's scales is at most 1/√(2π) times each of the three."""
    sizes = random_sizes(rng)
    found = np.array([related_bounds(m, L) for m, L in sizes])
    values = np.array([exact(stability, "ntk", 784, m, L) for m, L in sizes])
    for number, bound in zip((83, 81, 41), found.T, strict=True):
        if number == 83:
            yield at_most(f"P/ε over [{number}]", values / bound, CONSTANTS["ntk"], tight=0.01)
        else:
            yield sign(f"1/√(2π) less P/ε over [{number}]", CONSTANTS["ntk"] - values / bound)


@claim("N06", slide=COMPARISON, source=RELATED)
def wide_networks_order_the_three_bounds(rng, *, related_bounds=perturbation_stability.related_bounds):
    r"""[83] is the least if m ≥ L⁴ and tends to 1; [81] is √(mL) if m ≥ L¹²log⁶m; [41] grows like √m."""
    for m, L in random_sizes(rng):
        if m >= L**4:
            bounds = related_bounds(m, L)
            yield sign(f"[83] less the others, m = {m}, L = {L}", bounds[0] - min(bounds[1:]), -1)
    for L in (2, 3):
        m = [int(L**12 * c) for c in (10**10, 10**12, 10**14)]
        wide = np.array([related_bounds(width, L) for width in m])
        enough = np.array(m, float) / np.log(np.array(m, float)) ** 6 / L**12
        yield sign(f"m over L¹² log⁶m, less 1, L = {L}", enough - 1)
        yield at_most(f"[81] over √(mL), L = {L}", wide[:, 1] / np.sqrt(np.array(m, float) * L), 2.0, tight=0.5)
    widths = np.geomspace(10**5, 10**9, 12)
    table = np.array([related_bounds(int(m), 3) for m in widths])
    yield equal("[83] does not grow with m", table[:, 0], 1.0, rtol=1e-12)
    yield rate("[41] in m", widths, table[:, 2], 0.5)


def related_in_decimals(m, L):
    """The three bounds with 40 digits."""
    with localcontext() as context:
        context.prec = 40
        m, L = Decimal(m), Decimal(L)
        zhu = (L**3 * m * (-2 * m / L**3).exp()).sqrt() + 1
        wu = (L**4 * m.ln() * (m.ln() * 2 / 3).exp()).sqrt() + (m * L).sqrt()
        return [float(zhu), float(wu), float((Decimal(8) ** L * m / 32).sqrt())]


def related(**changes):
    """The three bounds with some of them changed."""

    def bounds(m, L):
        found = perturbation_stability.related_bounds(m, L)
        return found._replace(**{name: change(getattr(found, name), m, L) for name, change in changes.items()})

    return bounds


three_bounds_under_ntk_stand_as_in_the_table.mutants({
    "√(L³m/p) at p = 784": related(zhu=lambda b, m, L: perturbation_stability.stability_bound("ntk", 784, m, L)),
    "He's": related(zhu=lambda b, m, L: perturbation_stability.stability_bound("he", 784, m, L)),
    "[83] without its 1": related(zhu=lambda b, m, L: b - 1),
    "[81] without its second term": related(wu=lambda b, m, L: b - (m * L) ** 0.5),
    "[81] without its logarithm": related(wu=lambda b, m, L: L**2 * m ** (1 / 3) + (m * L) ** 0.5),
    "[81] with log m for its root": related(wu=lambda b, m, L: L**2 * m ** (1 / 3) * np.log(m) + (m * L) ** 0.5),
    "[81] with L": related(wu=lambda b, m, L: L * m ** (1 / 3) * np.log(m) ** 0.5 + (m * L) ** 0.5),
    "[81] with √m": related(wu=lambda b, m, L: L**2 * m**0.5 * np.log(m) ** 0.5 + (m * L) ** 0.5),
    "[41] with m": related(huang=lambda b, m, L: b * m**0.5),
    "[41] without the ½": related(huang=lambda b, m, L: 2.0 ** (3 * L - 5) * m**0.5),
    "[41] with 3L − 4": related(huang=lambda b, m, L: b * 2**0.5),
    "[41] with L": related(huang=lambda b, m, L: b * 2.0**-L),
    "columns swapped": lambda m, L: RelatedBounds(*perturbation_stability.related_bounds(m, L)[::-1]),
    "1 % too large": related(zhu=lambda b, m, L: 1.01 * b),
})
three_bounds_under_ntk_hold_at_initialisation.mutants(
    {
        "[83] fifty times too small": related(zhu=lambda b, m, L: b / 50),
        "[83] 1 % too small": related(zhu=lambda b, m, L: 0.99 * b),
    },
    replaces="related_bounds",
)
three_bounds_under_ntk_hold_at_initialisation.mutants(
    {"fifty times too large": lambda s, p, m, L: 50 * perturbation_stability.stability(s, p, m, L)},
    replaces="stability",
)
wide_networks_order_the_three_bounds.mutants({
    "[83] 1 % too large": related(zhu=lambda b, m, L: 1.01 * b),
    "[83] without its 1": related(zhu=lambda b, m, L: b - 1),
    "[81] with √m": related(wu=lambda b, m, L: L**2 * m**0.5 * np.log(m) ** 0.5 + (m * L) ** 0.5),
    "[41] with m": related(huang=lambda b, m, L: b * m**0.5),
    "columns swapped": lambda m, L: RelatedBounds(*perturbation_stability.related_bounds(m, L)[::-1]),
})
