"""Two layers that start small: the condition under which they are not lazy, and what becomes of their stability."""

from itertools import product

import numpy as np

from refimpl.backpropagation.activations import identity, relu
from refimpl.networks import non_lazy, perturbation_stability, phase_diagram
from refimpl.networks.fully_connected import forward, input_gradient
from refimpl.networks.initialization import Scales, sample_weights
from refimpl.networks.lazy_training import lazy_ratio
from refimpl.networks.training import gradient_descent
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rate, rounding, sign
from verify.networks.phase_diagram_rates import circle

SLIDE = "Robustness in deep learning: main results (Non-lazy training regime)"
ZHU = "Zhu, Liu, Chrysos & Cevher 2022"


@claim("N10", slide=SLIDE, source=ZHU)
def printed_condition_asks_for_small_starts(
    rng, *, non_lazy_ratio=non_lazy.non_lazy_ratio, small_scales=non_lazy.small_scales
):
    r"""(m^(3/2) Σβᵢ)^L/α is of order m^(L(3/2 − c)) for α = 1, β = m^(−c): it goes to 0 for c > 1.5."""
    for L, c in product((2, 3, 5), (0.25, 1.25, 1.5, 1.75, 4.0)):
        low, high = (np.log2(non_lazy_ratio(small_scales(c, m), m, L)) for m in (2**20, 2**40))
        what = f"L = {L}, c = {c}: exponent of the ratio"
        yield equal(what, (high - low) / 20, L * (1.5 - c), atol=rounding(1000))
    s = Scales(*rng.uniform(0.1, 2, 4))
    expected = [(8 * (s.beta_1 + s.beta_L + (L - 2) * s.beta)) ** L / s.alpha for L in (2, 3, 6)]
    yield equal("at m = 4", [non_lazy_ratio(s, 4, L) for L in (2, 3, 6)], expected, rtol=rounding(100))


printed_condition_asks_for_small_starts.mutants(
    {
        "m in place of m^(3/2)": lambda scales, m, L: non_lazy.non_lazy_ratio(scales, m, L) / float(m) ** (L / 2),
        "not to the power L": lambda scales, m, L: (
            (non_lazy.non_lazy_ratio(scales, m, L) * scales.alpha) ** (1 / L) / scales.alpha
        ),
        "L − 1 middle layers": lambda scales, m, L: non_lazy.non_lazy_ratio(
            scales._replace(beta=scales.beta * (L - 1) / max(L - 2, 1)), m, L
        ),
        "without the last layer": lambda scales, m, L: non_lazy.non_lazy_ratio(scales._replace(beta_L=1e-300), m, L),
        "α upside down": lambda scales, m, L: non_lazy.non_lazy_ratio(scales, m, L) * scales.alpha**2,
    },
    replaces="non_lazy_ratio",
)
printed_condition_asks_for_small_starts.mutants(
    {
        "variances m^(−c)": lambda c, m: non_lazy.small_scales(c / 2, m),
        "α = m^(−c) too": lambda c, m: non_lazy.small_scales(c, m)._replace(alpha=float(m) ** -c),
    },
    replaces="small_scales",
)


@claim("N10", slide=SLIDE, source=ZHU)
def condition_is_sufficient_and_not_necessary(rng, *, non_lazy_ratio=non_lazy.non_lazy_ratio):
    r"""Where (m^(3/2) Σβᵢ)²/α → 0 two layers are condensed; they are condensed elsewhere too, for β = m^(−c) if c > ½.

    At γ, γ' the ratio is of order m^(3 + |γ'| − γ), exactly.
    """
    places = [(i / 2, j / 2) for i, j in product(range(-2, 13), range(-6, 7))]
    orders, condensed = [], []
    for place in places:
        low, high = (np.log2(non_lazy_ratio(phase_diagram.scales_at(*place, m), m, 2)) for m in (2**20, 2**40))
        orders.append((high - low) / 20)
        condensed.append(phase_diagram.regime(*place) == "condensed")
    gamma, gamma_prime = np.array(places).T
    yield equal("exponent at (γ, γ')", orders, 3 + np.abs(gamma_prime) - gamma, atol=0.06)
    holds = np.array(orders) < -0.1
    yield equal("where it holds, not condensed", np.sum(holds & ~np.array(condensed)), 0)
    yield sign("condensed without it", np.sum(~holds & np.array(condensed)))


condition_is_sufficient_and_not_necessary.mutants({
    "m^1.55 in place of m^(3/2)": lambda scales, m, L: non_lazy.non_lazy_ratio(scales, m, L) * float(m) ** (0.05 * L),
    "m in place of m^(3/2)": lambda scales, m, L: non_lazy.non_lazy_ratio(scales, m, L) / float(m) ** (L / 2),
    "without the last layer": lambda scales, m, L: non_lazy.non_lazy_ratio(scales._replace(beta_L=1e-300), m, L),
    "α upside down": lambda scales, m, L: non_lazy.non_lazy_ratio(scales, m, L) * scales.alpha**2,
})


@claim("N10", slide=SLIDE, source="Euler's theorem on homogeneous functions")
def homogeneity_bounds_stability_from_below(rng, *, homogeneity_floor=non_lazy.homogeneity_floor):
    r"""h(a) = ⟨∇h(a), a⟩ without biases, so that c_p‖∇h(a)‖ ≥ c_p|h(a)|/‖a‖: networks that fit labels are not flat.

    For deep networks too, with and without the outer ReLU, in any dimension; tight on the line.
    """
    for p, L, output in ((1, 2, identity), (1, 3, relu), (3, 2, relu), (6, 4, identity)):
        weights, a = sample_weights(Scales(1, 1, 1, 1), p, 6, L, rng), rng.standard_normal((400, p))
        alpha, eps = rng.uniform(0.3, 3, 2)
        h, g = (call(weights, a, alpha, output) for call in (forward, input_gradient))
        measured = perturbation_stability.expected_perturbation(g, eps)
        floor, size = homogeneity_floor(h, a, eps), rounding(1e4, np.abs(measured).max())
        yield at_least(f"p = {p}, L = {L}", measured, floor, slack=size, resolution=measured.max() / 2 or 1.0)
        yield equal(f"p = {p}, L = {L}: even in h", homogeneity_floor(-h, a, eps), floor)
        if p == 1:
            yield equal("on the line", floor, measured, atol=size)
    yield equal("default ε = 1", homogeneity_floor(h, a), homogeneity_floor(h, a, 1.0))


homogeneity_bounds_stability_from_below.mutants({
    "c_p left out": lambda h, a, eps=1.0: eps * np.abs(h) / np.linalg.norm(a, axis=-1),
    "multiplied by ‖a‖": lambda h, a, eps=1.0: non_lazy.homogeneity_floor(h, a, eps) * np.linalg.norm(a, axis=-1) ** 2,
    "h with its sign": lambda h, a, eps=1.0: non_lazy.homogeneity_floor(h, a, eps) * np.sign(h),
    "1 % too large": lambda h, a, eps=1.0: 1.01 * non_lazy.homogeneity_floor(h, a, eps),
    "1 % too small": lambda h, a, eps=1.0: 0.99 * non_lazy.homogeneity_floor(h, a, eps),
    "ε = ½ by default": lambda h, a, eps=0.5: non_lazy.homogeneity_floor(h, a, eps),
})


@claim("N10", slide=SLIDE, source=ZHU)
def printed_bound_fails_at_initialisation(
    rng,
    *,
    small_scales=non_lazy.small_scales,
    printed_bound=non_lazy.printed_bound,
    stability=perturbation_stability.stability,
):
    r"""At the start P ~ m^(½−2c), exactly known: n/m^(c+1.5) is smaller by m^(c−2), without limit, where c < 2.

    As printed it would hold for every c > 1.5; before training it holds for c ≥ 2 only. The number of points may grow
    too, as long as m ≫ n². With n = m^¼ the bound still fails for c < 1¾; with n near √m it holds for c > 1.5.
    """
    widths, (p, n) = 2.0 ** np.arange(10, 29, 3), rng.integers(2, 50, 2).tolist()
    for c in (1.6, 1.75, 2.0, 2.5):
        P = [stability(small_scales(c, int(m)), p, int(m), 2) for m in widths]
        bound = [printed_bound(n, int(m), c) for m in widths]
        yield rate(f"c = {c}: P at the start in m", widths, np.array(P), 0.5 - 2 * c)
        yield equal(f"c = {c}: printed bound", bound, n * np.exp(-(c + 1.5) * np.log(widths)), rtol=rounding(1e4))
        yield rate(f"c = {c}: P over the printed bound", widths, np.array(P) / bound, 2 - c)
    wide, c = [2**k for k in range(8, 29, 4)], 1.6
    ratio = [stability(small_scales(c, m), p, m, 2) / printed_bound(round(m**0.25), m, c) for m in wide]
    yield rate(f"c = {c}, n = m^¼: P over the printed bound", wide, ratio, 1.75 - c)


printed_bound_fails_at_initialisation.mutants(
    {
        "n/m^c": lambda n, m, c: non_lazy.printed_bound(n, m, c - 1.5),
        "without n": lambda n, m, c: non_lazy.printed_bound(1, m, c),
        "1 % too large": lambda n, m, c: 1.01 * non_lazy.printed_bound(n, m, c),
    },
    replaces="printed_bound",
)
printed_bound_fails_at_initialisation.mutants(
    {
        "first layer of order 1": lambda c, m: non_lazy.small_scales(c, m)._replace(beta_1=1.0),
        "variances m^(−c)": lambda c, m: non_lazy.small_scales(c / 2, m),
    },
    replaces="small_scales",
)
printed_bound_fails_at_initialisation.mutants(
    {
        "√m too much": lambda scales, p, m, L, eps=1.0: (
            perturbation_stability.stability(scales, p, m, L, eps) * np.sqrt(m)
        )
    },
    replaces="stability",
)


WIDTHS, NETWORKS, STEPS = (128, 512, 2048), 12, 320


@claim(
    "N10",
    slide="Robustness in deep learning: non-lazy training experiment",
    source=ZHU,
    coarse="the interval of κ's exponent, from twelve networks a width, is wider than 2 % of it",
)
def trained_networks_that_start_small_move_and_stay_rough(
    rng, *, small_scales=non_lazy.small_scales, lazy_ratio=lazy_ratio, curvature_bound=phase_diagram.curvature_bound
):
    r"""After training κ ~ m^(c−½) → ∞ for all c > ½, and P keeps its size at every width; n/m^(c+1.5) is printed.

    Width neither helps nor hurts. P is the mean over the points of training, on the unit circle. It is ≥ c₂|h| there,
    and less than twice that.
    """
    a, b = circle()
    for c in (1.0, 1.75):
        kappa, P, least, x = [], [], [], np.repeat(np.array(WIDTHS, float), NETWORKS)
        for m in WIDTHS:
            start = sample_weights(small_scales(c, m), 2, m, 2, rng, NETWORKS)

            def eta(weights):
                return 0.5 / curvature_bound(weights, a, b)

            path = gradient_descent(start, a, b, eta, STEPS).weights
            end = [X[-1] for X in path]
            h, g = (call(end, a, 1.0, identity) for call in (forward, input_gradient))
            kappa.append(lazy_ratio(path)[-1])
            P.append(perturbation_stability.expected_perturbation(g, 1.0).mean(-1))
            least.append(np.abs(h / b).min(-1))
        yield at_least(f"c = {c}: outputs over labels", least, 0.8, resolution=0.2)
        yield rate(f"c = {c}: κ in m", x, np.concatenate(kappa), c - 0.5)
        floor = 0.8 * np.abs(b).mean() * perturbation_stability.ball_constant(2)
        yield at_least(f"c = {c}: P after training", P, floor, tight=0.5)
        yield at_most(f"c = {c}: P after training, above", P, 2 * floor, tight=0.5)


trained_networks_that_start_small_move_and_stay_rough.mutants(
    {
        "scales of order m^(−½)": lambda c, m: non_lazy.small_scales(0.5, m),
        "variances m^(−c)": lambda c, m: non_lazy.small_scales(c / 2, m),
    },
    replaces="small_scales",
)
trained_networks_that_start_small_move_and_stay_rough.mutants(
    {
        "not divided by the start": lambda path: sum(np.linalg.norm(X - X[0], axis=(-2, -1)) for X in path),
        "squares": lambda path: lazy_ratio(path) ** 2,
        "relative to the end": lambda path: lazy_ratio([X[::-1] for X in path])[::-1] * [[1], [1]],
    },
    replaces="lazy_ratio",
)
trained_networks_that_start_small_move_and_stay_rough.mutants(
    {"steps too short": lambda weights, a, b, alpha=1.0: 30 * phase_diagram.curvature_bound(weights, a, b, alpha)},
    replaces="curvature_bound",
)


@claim("N10", slide="Robustness in deep learning: non-lazy training experiment", source=ZHU)
def networks_behind_the_outer_relu_stay_rough_too(
    rng, *, small_scales=non_lazy.small_scales, lazy_ratio=lazy_ratio, homogeneity_floor=non_lazy.homogeneity_floor
):
    r"""With the slide's outer ReLU too κ ~ m^(c−½), and P after training keeps its size: that of labels, at least.

    For c = 1 and 1.75, labels > 0, and starts whose output is > 0 at all four points of the circle: where it is 0 there
    is no gradient. All of these learn. P is at least c₂E|h|, and at most half as much again.
    """
    a, b = circle()
    for c in (1.0, 1.75):
        kappa, P, x = [], [], np.repeat(np.array(WIDTHS, float), NETWORKS)
        for m in WIDTHS:
            start = sample_weights(small_scales(c, m), 2, m, 2, rng, 60 * NETWORKS)
            fires = (forward(start, a, 1.0, relu) > 0).all(axis=-1)
            start = [X[fires][:NETWORKS] for X in start]

            def eta(weights):
                return 0.5 / phase_diagram.curvature_bound(weights, a, np.abs(b))

            path = gradient_descent(start, a, np.abs(b), eta, STEPS, 1, 1.0, relu).weights
            end = [X[-1] for X in path]
            h, g = (call(end, a, 1.0, relu) for call in (forward, input_gradient))
            yield equal(f"c = {c}, m = {m}: outputs over labels", h / np.abs(b), 1.0, atol=0.1)
            kappa.append(lazy_ratio(path)[-1])
            P.append(perturbation_stability.expected_perturbation(g, 1.0).mean(-1))
            over = P[-1] / np.array([homogeneity_floor(one, a).mean() for one in h])
            yield at_least(f"c = {c}, m = {m}: P over c₂E|h|", over, 1.0, slack=rounding(1000), tight=0.1)
            yield at_most(f"c = {c}, m = {m}: P over c₂E|h|, above", over, 1.5, tight=0.4)
        yield rate(f"c = {c}: κ in m", x, np.concatenate(kappa), c - 0.5)
        yield rate(f"c = {c}: P after training in m", x, np.concatenate(P), 0.0)


networks_behind_the_outer_relu_stay_rough_too.mutants(
    {
        "scales of order m^(−½)": lambda c, m: non_lazy.small_scales(0.5, m),
        "variances m^(−c)": lambda c, m: non_lazy.small_scales(c / 2, m),
    },
    replaces="small_scales",
)
networks_behind_the_outer_relu_stay_rough_too.mutants(
    {
        "not divided by the start": lambda path: sum(np.linalg.norm(X - X[0], axis=(-2, -1)) for X in path),
        "squares": lambda path: lazy_ratio(path) ** 2,
    },
    replaces="lazy_ratio",
)
networks_behind_the_outer_relu_stay_rough_too.mutants(
    {
        "1.5 % too large": lambda h, a, eps=1.0: 1.015 * non_lazy.homogeneity_floor(h, a, eps),
        "c_p left out": lambda h, a, eps=1.0: eps * np.abs(h) / np.linalg.norm(a, axis=-1),
        "largest c_p": lambda h, a, eps=1.0: 0.5 * eps * np.abs(h) / np.linalg.norm(a, axis=-1),
        "half of it": lambda h, a, eps=1.0: 0.5 * non_lazy.homogeneity_floor(h, a, eps),
    },
    replaces="homogeneity_floor",
)
