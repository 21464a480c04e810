"""Sampling can be faster than optimisation: slide "Iterative refinement like in optimization: MCMC", remarks."""

from fractions import Fraction

import autograd
import autograd.numpy as np
import scipy

from refimpl.sampling import hard_to_minimise as family
from verify.claims import claim
from verify.evidence import at_least, at_most, distribution, equal, mean, rounding

SLIDE = "Iterative refinement like in optimization: MCMC"
SOURCE = "Ma, Chen, Jin, Flammarion & Jordan 2019"


def centre(p):
    """Where the claims put the needle: ‖c‖ = 2."""
    return 2 / np.sqrt(p) * np.ones(p)


@claim("S12", slide=SLIDE, source=SOURCE)
def needles_are_smooth_and_strongly_convex_far_out(rng, *, needle=family.needle):
    r"""∇f by automatic differentiation; f ≥ −d = f(c); |∇²f| ≤ 3; ∇²f ⪰ ½ beyond 2R; outside the needle f is f₀."""
    for p in (1, 3, 8):
        c = centre(p)
        f, grad_f = needle(c)[:2]
        near, far = c + rng.standard_normal((40, p)) / np.sqrt(2 * p), rng.standard_normal((40, p))
        far = far / np.linalg.norm(far, axis=-1, keepdims=True)
        points = np.concatenate([near, far * rng.uniform(0, 12, (40, 1)), [c + 1e-3]])
        slope = np.array([autograd.grad(f)(a) for a in points])
        yield equal(f"∇f, p = {p}", grad_f(points), slope, atol=rounding(100, 10))
        yield at_least(f"f, p = {p}", f(np.concatenate([points, [c]])), -0.5, slack=1e-15, tight=1e-12)
        curvature = np.linalg.eigvalsh([autograd.hessian(f)(a) for a in points])
        yield at_most(f"|∇²f|, p = {p}", np.abs(curvature).max(), family.SMOOTHNESS, slack=1e-12, tight=0.01)
        hessians = [
            autograd.hessian(f)(a) for a in np.concatenate([far * rng.uniform(8, 40, (40, 1)), 8.0001 * far[:1]])
        ]
        slack = 1.0 if p == 1 else 1e-3
        yield at_least(f"least eigenvalue beyond 2R, p = {p}", np.linalg.eigvalsh(hessians).min(), 0.5, tight=slack)
        away = points[np.linalg.norm(points - c, axis=-1) > 1]
        out = np.maximum(np.linalg.norm(away, axis=-1) - 4, 0)
        yield equal(f"f outside the needle, p = {p}", f(away), out**2 / 2, atol=1e-13)


def member(f=None, grad_f=None):
    """The family with another potential or gradient: functions of (a, c, the right one)."""

    def needle(c):
        right = family.needle(c)
        return family.Needle(
            (lambda a: f(a, c, right.f)) if f else right.f,
            (lambda a: grad_f(a, c, right.grad_f)) if grad_f else right.grad_f,
            right.log_normalizer,
        )

    return needle


needles_are_smooth_and_strongly_convex_far_out.mutants({
    "gradient of the needle with the wrong sign": member(grad_f=lambda a, c, g: 2 * family.needle(-c).grad_f(a) - g(a)),
    "gradient 1 % too large": member(grad_f=lambda a, c, g: 1.01 * g(a)),
    "no needle": member(f=lambda a, c, f: np.maximum(f(a), 0)),
    "needle twice as deep": member(f=lambda a, c, f: f(a) + np.minimum(f(a), 0)),
    "needle 1 % too deep": member(f=lambda a, c, f: f(a) + 0.01 * np.minimum(f(a), 0)),
    "grows linearly": member(f=lambda a, c, f: np.where(f(a) > 0, np.sqrt(2 * np.maximum(f(a), 1e-9)), f(a))),
})


@claim("S12", slide=SLIDE, source=SOURCE)
def normalizer_is_the_integral(rng, *, log_normalizer=family.log_normalizer):
    r"""log ∫ e^{−f} for p = 1, 2 by quadrature on a grid, for any p by balls and moments of Gaussians."""
    x = np.linspace(-14, 14, 2801)
    f = family.needle(np.array([1.3])).f(x[:, None])
    yield equal("p = 1", log_normalizer(1), np.log(scipy.integrate.simpson(np.exp(-f), x=x)), atol=1e-7)
    grid = np.stack(np.meshgrid(x[::2], x[::2]), -1)
    total = np.exp(-family.needle(np.array([1.0, -0.4])).f(grid)).sum() * (x[2] - x[0]) ** 2
    yield equal("p = 2", log_normalizer(2), np.log(total), atol=1e-5)
    for p in (1, 2, 5, 8):
        sphere = 2 * np.pi ** (p / 2) / scipy.special.gamma(p / 2)
        moments = [2 ** ((k - 1) / 2) * scipy.special.gamma((k + 1) / 2) for k in range(p)]
        outside = sum(scipy.special.comb(p - 1, k) * 4.0 ** (p - 1 - k) * moments[k] for k in range(p))
        s = np.linspace(0, 1, 2001)
        inside = scipy.integrate.simpson(s ** (p - 1) * np.expm1((1 - s**2) ** 3 / 2), x=s)
        total = np.log(sphere * (4.0**p / p + outside + inside))
        yield equal(f"by moments, p = {p}", log_normalizer(p), total, atol=1e-9)


def without_needle(p):
    s = scipy.integrate.quad(lambda s: s ** (p - 1) * np.exp(-(max(s - 4, 0) ** 2) / 2), 0, 30, points=[4])[0]
    return float(np.log(2 * np.pi ** (p / 2) / scipy.special.gamma(p / 2) * s))


normalizer_is_the_integral.mutants({
    "without the needle": without_needle,
    "without the sphere": lambda p: (
        family.log_normalizer(p) - np.log(2) - p / 2 * np.log(np.pi) + scipy.special.gammaln(p / 2)
    ),
    "1 % too large": lambda p: family.log_normalizer(p) + 0.01,
})


@claim("S12", slide=SLIDE, source=SOURCE)
def any_search_needs_exponentially_many_queries(
    rng, *, search_lower_bound=family.search_lower_bound, multistart_search=family.multistart_search
):
    r"""p = 1..8: no search asks less than (3ᵖ + 1)/2 times on average; restarted descent's count is geometric(4⁻ᵖ)."""
    shares = []
    for p in range(1, 9):
        q = Fraction(1, 3**p)
        queries = sum(max(1 - n * q, 0) for n in range(3**p + 1))
        yield equal(f"least mean number of queries, p = {p}", search_lower_bound(p), float(queries), rtol=1e-14)
        counts = np.array([multistart_search(centre(p), rng) for _ in range(100)])
        shares.append(-np.expm1((counts - rng.random(100)) * np.log1p(-(4.0**-p))))
    yield distribution("share of the geometric law, p = 1..8", np.concatenate(shares), lambda u: u, delta=0.3)


any_search_needs_exponentially_many_queries.mutants(
    {
        "3ᵖ": lambda p: 3.0**p,
        "4 for 3": lambda p: (4.0**p + 1) / 2,
        "polynomial": lambda p: 2.0 * p**3,
    },
    replaces="search_lower_bound",
)
any_search_needs_exponentially_many_queries.mutants(
    {
        "starts in the ball of the centres": lambda c, rng: int(
            np.ceil(family.multistart_search(c, rng) * 0.75 ** len(c))
        ),
        "knows half of the ball": lambda c, rng: (family.multistart_search(c, rng) + 1) // 2,
    },
    replaces="multistart_search",
)


def exact_means(p):
    """P(⟨a, c⟩ > 0) and P(‖a‖ ≤ R) under π, from balls and the needle's integral."""
    Z, sphere = np.exp(family.log_normalizer(p)), 2 * np.pi ** (p / 2) / scipy.special.gamma(p / 2)
    bump = sphere * scipy.integrate.quad(lambda s: s ** (p - 1) * np.expm1((1 - s**2) ** 3 / 2), 0, 1)[0]
    return ((Z - bump) / 2 + bump) / Z, (sphere * 4.0**p / p + bump) / Z


@claim("S12", slide=SLIDE, source=SOURCE)
def langevin_samples_the_needle_in_polynomially_many_steps(rng, *, needle=family.needle):
    r"""p = 1..8, η = 1/(5p), from the far side of the ball: P(⟨a, c⟩ > 0) is within 0.1 in 150 p steps, then exact."""
    n, counts = 2500, []
    for p in range(1, 9):
        c, eta, after = centre(p), 0.2 / p, []
        grad_f = needle(c).grad_f
        a = np.tile(-2 * c, (n, 1))
        for _ in range(300 + 75 * p):
            a = a - eta * grad_f(a) + np.sqrt(2 * eta) * rng.standard_normal((n, p))
            after.append((a @ c > 0).mean())
        side, inside = exact_means(p)
        counts.append(1 + np.argmax(np.array(after) >= side - 0.1))
        yield mean(f"P(⟨a, c⟩ > 0), p = {p}", a @ c > 0, side, delta=0.15)
        yield mean(f"P(‖a‖ ≤ R), p = {p}", np.linalg.norm(a, axis=1) <= 4, inside, delta=0.15)
    counts = np.array(counts)
    yield at_most("steps until within 0.1, over 150 p", counts / (150 * np.arange(1, 9)), 1.0, tight=0.6)
    fewest = np.array([family.search_lower_bound(p) for p in range(1, 9)])
    yield at_least("search's queries over LMC's steps, p = 8", fewest[-1] / counts[-1], 1.0, tight=100.0)


langevin_samples_the_needle_in_polynomially_many_steps.mutants({
    "ascends": member(grad_f=lambda a, c, g: -g(a)),
    "gradient ½ of it": member(grad_f=lambda a, c, g: g(a) / 2),
    "no gradient": member(grad_f=lambda a, c, g: 0 * a),
    "needle 60 times as deep": member(
        grad_f=lambda a, c, g: np.where(((a - c) ** 2).sum(-1, keepdims=True) < 1, 60, 1) * g(a)
    ),
    "pulls to the origin": member(grad_f=lambda a, c, g: g(a) + a / 2),
})


def convexified(s):
    """Radial slope of the strongly convex potential that differs from f₀ by at most 1.125."""
    return np.maximum(s - 4, 0) + np.where(s < 8, s / 32, np.maximum(0.25 - (s - 8) / 4, 0))


@claim("S12", slide=SLIDE, source="Vempala & Wibisono 2019; Holley & Stroock 1987")
def langevin_bound_is_that_of_the_log_sobolev_theorem(rng, *, lmc_upper_bound=family.lmc_upper_bound):
    r"""k = log(2KL₀/ε)/(aη) makes e^{−aηk}KL₀ + 8ηpL²/a = ε, with a of Holley-Stroock and KL₀ ≤ log ∫e^{−f} − ….

    a = e^{−1.125 − d}/(2R²): a potential with curvature 1/(2R²) differs from f by at most 1.125 and the needle.
    """
    s = np.linspace(0, 20, 200_001)
    added = convexified(s) - np.maximum(s - 4, 0)
    yield equal("oscillation of what is added", scipy.integrate.trapezoid(added, s), 1.125, atol=1e-8)
    steepness = np.minimum(np.diff(convexified(s)) / np.diff(s), convexified(s[1:]) / s[1:])
    yield at_least("least curvature with it", steepness.min(), 1 / 32, slack=1e-9, tight=1e-6)
    a = np.exp(-1.125 - 0.5) / 32
    yield equal("log-Sobolev constant", family.LOG_SOBOLEV, a, rtol=1e-14)
    for p, eps in [(1, 0.1), (8, 0.02), (30, 0.5)]:
        k, start = lmc_upper_bound(p, eps), family.log_normalizer(p) - p / 2 * np.log(2 * np.pi)
        eta = a * eps / (16 * p * 9)
        bound = np.exp(-a * eta * k) * start + 8 * eta * p * 9 / a
        yield equal(f"KL bound after k steps, p = {p}", bound, eps, rtol=1e-9)
    yield equal("nothing to do where ε ≥ 2KL₀", [lmc_upper_bound(p, 4.0 * p) for p in range(1, 9)], 0.0)
    samples, bound = rng.standard_normal((20_000, 3)), family.log_normalizer(3) - 1.5 * np.log(2 * np.pi)
    start = family.log_normalizer(3) - 1.5 * np.log(2 * np.pi * np.e) + family.needle(centre(3)).f(samples).mean()
    yield at_most("KL of the start, p = 3", start, bound, tight=1.0)


WITHOUT_16 = {"without its 16": lambda p, eps: family.lmc_upper_bound(p, eps) / 16}
langevin_bound_is_that_of_the_log_sobolev_theorem.mutants({
    **WITHOUT_16,
    "ε for ε/2 in the logarithm": lambda p, eps: (
        family.lmc_upper_bound(p, eps) - 16 * p * 9 * np.log(2) / (family.LOG_SOBOLEV**2 * eps)
    ),
    "1 % too small": lambda p, eps: 0.99 * family.lmc_upper_bound(p, eps),
})


@claim("S12", slide=SLIDE, source="Vempala & Wibisono 2019")
def langevin_bound_is_polynomial(rng, *, lmc_upper_bound=family.lmc_upper_bound):
    r"""k = O(p log p) for p ≤ 30, while search needs 3ᵖ/2: beyond k from p = 21 on."""
    p = np.arange(1, 31)
    bounds = np.array([lmc_upper_bound(int(i), 0.1) for i in p])
    growth = bounds / (p * np.log(9 * p)) / (bounds[0] / np.log(9))
    yield at_most("bound over p log(9p) of p = 1", growth, 2.0, tight=0.6)
    yield equal("first p where search's least exceeds the bound", p[np.argmax(3.0**p / 2 > bounds)], 21)


langevin_bound_is_polynomial.mutants({
    **WITHOUT_16,
    "p left out": lambda p, eps: family.lmc_upper_bound(p, eps) / p,
    "p² for p": lambda p, eps: p * family.lmc_upper_bound(p, eps),
})
