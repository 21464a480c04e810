"""The complexity table: slide "Langevin Monte Carlo"."""

import numpy as np
import scipy

from refimpl.sampling import complexity, langevin
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.sampling.metrics import SLIDE


def largest_step(l, eps, distance):
    """η at which the bias alone is ε, to leading order: KL Σ(ηl)²/16, W₂² η²Σl/16, TV by KL = 2ε²."""
    size = {"W₂": eps / np.sqrt(l.sum()), "TV": np.sqrt(2 * eps**2 / (l @ l)), "KL": np.sqrt(eps / (l @ l))}[distance]
    return 4 * size


def fewest_steps(steps, l, eps, distance):
    """Over a grid of step sizes."""
    eta = np.minimum(largest_step(l, eps, distance), 1 / l.max()) * np.geomspace(0.1, 1, 25)
    return min(steps(l, e, eps, distance) for e in eta)


@claim("S06", slide=SLIDE, source="exact law of LMC on Gaussians")
def exact_numbers_of_steps_stay_below_the_table(
    rng, *, complexity_table=complexity.complexity_table, steps_on_gaussian=complexity.steps_on_gaussian
):
    r"""On N(0, A⁻¹), eigenvalues 1 and L: the best fixed step needs no more steps than any row of smooth f says.

    Constants and logarithms are taken as 1. With the eigenvalues 0.001 and 1 the rows for KL do not hold so.
    Gaussians need, up to logarithms, L√(p/ε) (KL), L√p/ε (TV), √(Lp)/ε (W₂).
    """
    rows = [row for row in complexity_table() if not row.of_C_P]
    sizes = [(p, L, eps) for p in (2, 20, 200) for L in (1.0, 10.0, 100.0) for eps in (0.3, 0.03, 0.003)]
    fewest = {
        (distance, *size): fewest_steps(steps_on_gaussian, np.repeat([1.0, size[1]], size[0] // 2), size[2], distance)
        for distance in {row.distance for row in rows}
        for size in sizes
    }
    for row in rows:
        bound = np.array([row.steps(*size) for size in sizes])
        measured = np.array([fewest[(row.distance, *size)] for size in sizes])
        yield at_most(f"{row.reference}, {row.distance}: {row.formula}", measured / bound, 1.0, slack=0, tight=1 - 1e-6)
    flat = fewest_steps(steps_on_gaussian, np.array([0.001, 1.0]), 0.3, "KL")
    below = [row.steps(2, 1.0, 0.3) < flat for row in rows if row.distance == "KL"]
    yield equal("rows below the count at eigenvalues 0.001 and 1, KL", below, True)
    ends = {"p": [(2, 10.0, 0.03), (200, 10.0, 0.03)], "L": [(20, 1.0, 0.03), (20, 100.0, 0.03)]}
    ends["ε"] = [(20, 10.0, 0.3), (20, 10.0, 0.003)]
    for distance in ("KL", "TV", "W₂"):
        for name, (low, high) in ends.items():
            exponent = np.log10(fewest[(distance, *high)] / fewest[(distance, *low)]) / 2
            steps = [largest_step(np.repeat([1.0, L], p // 2), eps, distance) for p, L, eps in (low, high)]
            expected = np.log10(steps[0] / steps[1]) / 2
            yield equal(f"{distance}: exponent in {name}, up to logarithms", exponent, expected, atol=0.2)


def table_with(**powers):
    """The table with some of its exponents replaced."""
    return lambda: [row._replace(**powers) for row in complexity.complexity_table()]


exact_numbers_of_steps_stay_below_the_table.mutants(
    {
        "ε in the numerator": table_with(of_eps=-1),
        "dimension left out": table_with(of_p=0),
        "smoothness left out": table_with(of_L=0, of_p=1),
    },
    replaces="complexity_table",
)
exact_numbers_of_steps_stay_below_the_table.mutants(
    {
        "bias left out: more steps never hurt": lambda l, eta, eps, distance: (
            complexity.steps_on_gaussian(l, min(eta, 1e-4), eps, distance) * 1e-4 / eta
        ),
        "ε² for ε": lambda l, eta, eps, distance: complexity.steps_on_gaussian(l, eta, eps**2, distance),
    },
    replaces="steps_on_gaussian",
)


def first_near(l, eta, eps, distance):
    """The first k < 3000 after which the variances, iterated from 4/l, are ε-near 1/l; ∞ where there is none."""
    v = 4 / l
    for k in range(3000):
        r = l * v
        kl, w2 = (r - 1 - np.log(r)).sum() / 2, np.sqrt(((np.sqrt(v) - l**-0.5) ** 2).sum())
        if {"KL": kl, "TV": np.sqrt(kl / 2), "W₂": w2}[distance] < eps:
            return float(k)
        v = (1 - eta * l) ** 2 * v + 2 * eta
    return np.inf


@claim("S06", slide=SLIDE, source="exact law of LMC on Gaussians, by iteration")
def numbers_of_steps_on_gaussians_are_exact(rng, *, steps_on_gaussian=complexity.steps_on_gaussian):
    r"""The first k at which the law, iterated step by step, is ε-near in KL, W₂ or √(KL/2); ∞ where it never is."""
    found, expected = [], []
    for _ in range(120):
        l, eps, distance = rng.uniform(0.5, 3, 4), 10 ** rng.uniform(-2.5, 0), str(rng.choice(["KL", "W₂", "TV"]))
        eta = 10 ** rng.uniform(-2, 0) / l.max()
        found.append(np.exp(-steps_on_gaussian(l, eta, eps, distance) / 1e3))
        expected.append(np.exp(-first_near(l, eta, eps, distance) / 1e3))
    yield equal("e^{−k/1000}", found, expected, atol=rounding(16))


numbers_of_steps_on_gaussians_are_exact.mutants({
    "one step too many": lambda l, eta, eps, distance: complexity.steps_on_gaussian(l, eta, eps, distance) + 1,
    "only the stiffest direction": lambda l, eta, eps, distance: complexity.steps_on_gaussian(
        l[-1:], eta, eps, distance
    ),
    "TV: 1 % above 2ε²": lambda l, eta, eps, distance: complexity.steps_on_gaussian(
        l, eta, eps * np.sqrt(1.01) if distance == "TV" else eps, distance
    ),
    "KL without ½": lambda l, eta, eps, distance: complexity.steps_on_gaussian(
        l, eta, eps / 2 if distance == "KL" else eps, distance
    ),
})


def spectral_gap(pi, h):
    """The gap 1/C_P of a law on a grid of width h, by the chain of jumps to neighbours that it is in balance with."""
    flux = np.sqrt(pi[1:] * pi[:-1]) / h**2
    symmetric = -flux / np.sqrt(pi[1:] * pi[:-1])
    leaving = (np.append(flux, 0) + np.append(0, flux)) / pi
    return scipy.linalg.eigh_tridiagonal(leaving, symmetric, select="i", select_range=(0, 1))[0][1]


def on_line_w2(law, pi, x):
    """W₂ of two laws on a grid, by 4000 quantiles."""
    u = (np.arange(4000) + 0.5) / 4000
    a, b = (np.interp(u, np.cumsum(p) - p / 2, x) for p in (law, pi))
    return np.sqrt(np.mean((a - b) ** 2))


@claim("S06", slide=SLIDE, source="[54] Lehec 2021; quadrature")
def steps_on_a_lipschitz_potential_stay_below_the_table(
    rng, *, complexity_table=complexity.complexity_table, lmc_step=langevin.lmc_step
):
    r"""On f = √(1 + x²), L(f) = 1: W₂ ≤ ε takes no more steps than L(f)²p⁴C_P³ε⁻⁴, with C_P computed."""
    x = np.linspace(-40, 40, 1601)
    h, pi, one = x[1] - x[0], scipy.special.softmax(-np.sqrt(1 + x**2)), np.ones((len(x), 1))
    (row,) = [row for row in complexity_table() if row.of_C_P]
    share = []
    for eps in (0.6, 0.4, 0.25):
        eta = eps**2 / 4
        centre = np.asarray(lmc_step(lambda a: a / np.sqrt(1 + a**2), x[:, None], eta, 0 * one))
        spread = np.asarray(lmc_step(lambda a: a / np.sqrt(1 + a**2), x[:, None], eta, one)) - centre
        P = scipy.stats.norm.pdf(x, centre, np.abs(spread)) * h
        law, k = scipy.special.softmax(-2 * x**2), 0
        while on_line_w2(law, pi, x) > eps and k < 2000:
            law, k = law @ P, k + 1
            law /= law.sum()
        share.append(k / row.steps(1.0, 1.0, eps, 1 / spectral_gap(pi, h)))
    yield at_most("measured steps / bound", share, 1.0, slack=0, tight=1 - 1e-3)


steps_on_a_lipschitz_potential_stay_below_the_table.mutants(
    {
        "no Poincaré constant, ε⁻¹": lambda: [
            row._replace(of_eps=1, of_C_P=1e-9) if row.of_C_P else row for row in complexity.complexity_table()
        ]
    },
    replaces="complexity_table",
)
steps_on_a_lipschitz_potential_stay_below_the_table.mutants(
    {"noise √η: another law": lambda grad_f, a, eta, z: a - eta * grad_f(a) + np.sqrt(eta) * z}, replaces="lmc_step"
)
