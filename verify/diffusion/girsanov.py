"""What the theorem bounds, the divergence of whole paths, and the bound itself: slide "Theoretical guarantees"."""

import numpy as np

from refimpl.diffusion import girsanov as path
from refimpl.diffusion.girsanov import Bound
from verify.claims import claim
from verify.diffusion.convergence import SLIDE, variance
from verify.evidence import at_most, equal, rate


@claim("D18", slide=SLIDE, source="Girsanov's theorem; joint laws of the Ornstein-Uhlenbeck process")
def path_divergences_add_up_start_steps_and_error(rng, *, path_divergence=path.path_divergence):
    r"""KL of the paths = KL(p_T‖N(0, I)) + ∫E‖s(x_t) − s(x_t')‖²dt + T‖ε‖², where t' is the start of t's step."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    for n in (1, 3, 8):
        p, v, T = int(rng.integers(1, 5)), rng.uniform(0.3, 2), rng.uniform(0.5, 3)
        m, error, h = rng.standard_normal(p), rng.standard_normal(p), T / n
        missed = 0.0
        for late in h * np.arange(1, n + 1):
            t = late - h * (1 + nodes) / 2
            joint = np.exp(-(late - t)) * variance(t, v)
            gap = 1 / variance(t, v) + 1 / variance(late, v) - 2 * joint / variance(t, v) / variance(late, v)
            missed += p * h / 2 * weights @ gap
        V = variance(T, v)
        start = p * (V - 1 - np.log(V)) / 2 + np.exp(-2 * T) * (m @ m) / 2
        expected = start + missed + T * error @ error
        yield equal(f"{n} steps", path_divergence(m, v, T, n, error), expected, rtol=1e-9)


@claim("D18", slide=SLIDE, source="Girsanov's theorem; joint laws of the Ornstein-Uhlenbeck process")
def path_divergences_scale_like_the_terms_of_the_bound(rng, *, path_divergence=path.path_divergence):
    r"""On N(m, I) KL of the paths is about KL e^{−2T} + L²ph T: √(ph), √T and e^{−T} are right for paths."""
    m, none = np.array([0.7]), np.zeros(1)
    counts = np.round(np.geomspace(2000, 20000, 10)).astype(int)
    steps = [path_divergence(0 * m, 1.0, 2.0, int(n), none) for n in counts]
    yield rate("∫ against n", counts, steps, -1.0)
    long = np.linspace(2, 20, 10)
    yield rate("∫ against T, h = 10⁻³", long, [path_divergence(0 * m, 1.0, t, int(1e3 * t), none) for t in long], 1.0)
    wide = 4 ** np.arange(5)
    yield rate("∫ against p", wide, [path_divergence(np.zeros(p), 1.0, 2.0, 2000, np.zeros(p)) for p in wide], 1.0)
    early = np.linspace(1, 5, 9)
    start = [path_divergence(m, 1.0, t, 1000, none) - path_divergence(none, 1.0, t, 1000, none) for t in early]
    yield rate("start against e^T", np.exp(early), start, -2.0)


@claim("D18", slide=SLIDE, source="Chen et al. 2022, Theorem 2; Pinsker's inequality")
def the_printed_bound_holds_for_paths(
    rng, *, total_variation_bound=path.total_variation_bound, path_divergence=path.path_divergence
):
    r"""√(KL/2) of the paths ≤ √KL e^{−T} + (L√(ph) + Lm₂h)√T + ε√T, the printed bound with the constant 1."""
    shares = []
    for _ in range(40):
        p, v, T = int(rng.integers(1, 50)), 10 ** rng.uniform(-2, 0.5), rng.uniform(0.5, 6)
        n, m, error = int(rng.integers(200, 2000)), rng.standard_normal(p), 0.1 * rng.standard_normal(p)
        kl = (p * (v - 1 - np.log(v)) + m @ m) / 2
        bound = total_variation_bound(kl, 1 / min(v, 1), np.sqrt(p * v + m @ m), p, T, n, np.sqrt(error @ error))
        shares.append(np.sqrt(path_divergence(m, v, T, n, error) / 2) / sum(bound))
    yield at_most("√(KL/2) as part of the printed bound", shares, 1.0, resolution=0.9)
    kl, L, m2, epsilon = rng.uniform(0.5, 2, 4)
    p, T, n = 5, rng.uniform(1, 3), 30
    parts = total_variation_bound(kl, L, m2, p, T, n, epsilon)
    first, second = L * T * np.sqrt(p / n), L * m2 * T**1.5 / n
    terms = [np.sqrt(kl) * np.exp(-T), first + second, epsilon * np.sqrt(T)]
    yield equal("printed terms", tuple(parts), terms, rtol=1e-13)
    stretched = total_variation_bound(kl, 4 * L, m2 / 2, 4 * p, T + np.log(2), n, 9 * epsilon)
    longer = 1 + np.log(2) / T
    steps = 8 * longer * first + 2 * longer**1.5 * second
    expected = [parts.start / 2, steps, 9 * np.sqrt(longer) * parts.score]
    yield equal("their scalings", tuple(stretched), expected, rtol=1e-13)


def half_of_the_integral(m, v, T, num_steps, error):
    start = path.path_divergence(m, v, T, 10**6, 0 * error)
    return (path.path_divergence(m, v, T, num_steps, error) + start) / 2


def error_for_its_square(m, v, T, num_steps, error):
    exact = path.path_divergence(m, v, T, num_steps, 0 * error)
    return exact + T * np.sqrt(error @ error)


def start_left_out(m, v, T, num_steps, error):
    V, p = variance(T, v), len(m)
    start = (p * (V - 1 - np.log(V)) + np.exp(-2 * T) * (m @ m)) / 2
    return path.path_divergence(m, v, T, num_steps, error) - start


def variance_at_the_end_of_each_step(m, v, T, num_steps, error):
    h, p = T / num_steps, len(m)
    shift = (1 / v - 1 / variance(T, v)) * p * (h - 2 + 2 * np.exp(-h))
    return path.path_divergence(m, v, T, num_steps, error) + shift


path_divergences_add_up_start_steps_and_error.mutants(
    {
        "½ of the integral, as for a process of diffusion 1": half_of_the_integral,
        "ε for ε²": error_for_its_square,
        "V at the end of each step": variance_at_the_end_of_each_step,
        "1 % too large": lambda m, v, T, num_steps, error: 1.01 * path.path_divergence(m, v, T, num_steps, error),
    },
)
path_divergences_scale_like_the_terms_of_the_bound.mutants({
    "what is not known at time T left out": start_left_out,
    "a single coordinate": lambda m, v, T, num_steps, error: path.path_divergence(m[:1], v, T, num_steps, error[:1]),
})


def terms(change):
    """The bound with other terms."""
    return lambda kl, L, m2, p, T, num_steps, epsilon: Bound(*change(kl, L, m2, p, T, T / num_steps, epsilon))


def printed(kl, L, m2, p, T, h, epsilon):
    """Its terms, to be spoilt."""
    return [np.sqrt(kl) * np.exp(-T), (L * np.sqrt(p * h) + L * m2 * h) * np.sqrt(T), epsilon * np.sqrt(T)]


the_printed_bound_holds_for_paths.mutants(
    {
        "p for √p": terms(lambda kl, L, m2, p, T, h, e: printed(kl, L, m2, p * p, T, h, e)),
        "e^{−2T}": terms(lambda kl, L, m2, p, T, h, e: printed(kl * np.exp(-2 * T), L, m2, p, T, h, e)),
        "T for √T with ε": terms(lambda kl, L, m2, p, T, h, e: printed(kl, L, m2, p, T, h, e * np.sqrt(T))),
        "m₂ left out": terms(lambda kl, L, m2, p, T, h, e: printed(kl, L, 0.0, p, T, h, e)),
        "L in the first term only": terms(lambda kl, L, m2, p, T, h, e: printed(kl, L, m2 / L, p, T, h, e)),
        "KL for its root": terms(lambda kl, L, m2, p, T, h, e: printed(kl**2, L, m2, p, T, h, e)),
    },
    replaces="total_variation_bound",
)
the_printed_bound_holds_for_paths.mutants(
    {"twenty times as large": lambda m, v, T, num_steps, error: 20 * path.path_divergence(m, v, T, num_steps, error)},
    replaces="path_divergence",
)
