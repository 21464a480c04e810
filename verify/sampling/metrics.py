"""Distances between laws: slide "Langevin Monte Carlo"."""

import itertools

import numpy as np
import scipy

from refimpl.sampling import metrics
from verify.claims import claim, shipped
from verify.evidence import equal, rounding

SLIDE = "Langevin Monte Carlo"


def random_law(rng, p=3):
    """Mean and well-conditioned covariance (condition number below 20)."""
    Q = np.linalg.qr(rng.standard_normal((p, p)))[0]
    C = (Q * rng.uniform(0.1, 2, p)) @ Q.T
    return rng.standard_normal(p), (C + C.T) / 2


def normal_density(m, v):
    """Density of N(m, v) on the line."""
    return lambda x: np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)


def normal_score(m, v):
    """Score of N(m, v) on the line."""
    return lambda x: (m - x) / v


@claim("S02", slide=SLIDE, source="definition of KL; Gauss-Hermite quadrature, exact for polynomials")
def gaussian_kl_is_the_mean_log_ratio(rng, *, gaussian_kl=metrics.gaussian_kl):
    r"""KL(p‖q) = E_p[log p − log q] for generic Gaussians, and p·x²/4 for covariances that differ by a factor 1 + x."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    u, w = np.array(list(itertools.product(nodes, repeat=3))), np.array(list(itertools.product(weights, repeat=3)))
    w = w.prod(1) / w.prod(1).sum()
    for _ in range(10):
        (m0, C0), (m1, C1) = random_law(rng), random_law(rng)
        x = m0 + u @ np.linalg.cholesky(C0).T
        log_ratio = scipy.stats.multivariate_normal(m0, C0).logpdf(x) - scipy.stats.multivariate_normal(m1, C1).logpdf(
            x
        )
        kl = w @ log_ratio
        yield equal("KL(p‖q)", gaussian_kl(m0, C0, m1, C1), kl, atol=rounding(1e4, 10 + kl))
    for s in (1e-150, 1e150):
        scaled = gaussian_kl(s * m0, s * s * C0, s * m1, s * s * C1)
        yield equal(f"KL, × {s:g}", scaled, kl, atol=rounding(1e4, 10 + kl))
    far = gaussian_kl([0.0], [[1e-300]], [0.0], [[1e300]])
    yield equal("KL of variances 10⁻³⁰⁰ and 10³⁰⁰", far, 300 * np.log(10) - 0.5, rtol=1e-12)
    x = 10 ** rng.uniform(-5, -4)
    series = 3 / 2 * (x**2 / 2 - x**3 / 3 + x**4 / 4)
    yield equal("KL of near laws", gaussian_kl(m1, (1 + x) * C1, m1, C1), series, atol=rounding(1e3, x))


gaussian_kl_is_the_mean_log_ratio.mutants({
    "the two laws exchanged": lambda m0, C0, m1, C1: metrics.gaussian_kl(m1, C1, m0, C0),
    "no ½": lambda m0, C0, m1, C1: 2 * metrics.gaussian_kl(m0, C0, m1, C1),
    "means left out": lambda m0, C0, m1, C1: metrics.gaussian_kl(m0, C0, m0, C1),
    "determinants left out": lambda m0, C0, m1, C1: (
        metrics.gaussian_kl(m0, C0, m1, C1) + np.linalg.slogdet(np.linalg.solve(C1, C0))[1] / 2
    ),
    "Mahalanobis distance by C₀": lambda m0, C0, m1, C1: (
        metrics.gaussian_kl(m0, C0, m0, C1) + (m0 - m1) @ np.linalg.solve(C0, m0 - m1) / 2
    ),
    "1 % too large": lambda m0, C0, m1, C1: 1.01 * metrics.gaussian_kl(m0, C0, m1, C1),
})


@claim("S02", slide=SLIDE, source="Brenier 1991: gradients of convex functions transport optimally")
def gaussian_w2_is_the_cost_of_the_monotone_map(rng, *, gaussian_w2=metrics.gaussian_w2):
    r"""x ↦ Tx + b with T ≻ 0 is optimal: W₂² = ‖(T − I)m + b‖² + tr (T − I)C(T − I), also for T near I."""
    for size in (1.0, 1.0, 1.0, 1e-3, 1e-6):
        m, C = random_law(rng)
        T = np.eye(3) + size * (random_law(rng)[1] - 0.05 * np.eye(3))
        b = size * rng.standard_normal(3)
        shift, stretch = (T - np.eye(3)) @ m + b, T - np.eye(3)
        expected = np.sqrt(shift @ shift + np.trace(stretch @ C @ stretch))
        image = (T @ C @ T + (T @ C @ T).T) / 2
        yield equal(f"W₂ at ‖T − I‖ ~ {size}", gaussian_w2(m, C, T @ m + b, image), expected, atol=rounding(1e4, 10))
        pure = np.sqrt(np.trace(stretch @ C @ stretch))
        yield equal(f"W₂, equal means, ‖T − I‖ ~ {size}", gaussian_w2(m, C, m, image), pure, atol=rounding(1e4, 10))


def as_if_covariances_commuted(m0, C0, m1, C1):
    roots = scipy.linalg.sqrtm(C0).real - scipy.linalg.sqrtm(C1).real
    return np.sqrt(((m0 - m1) ** 2).sum() + (roots**2).sum())


def traces_that_cancel(m0, C0, m1, C1):
    root = scipy.linalg.sqrtm(C1).real
    squared = ((m0 - m1) ** 2).sum() + np.trace(C0 + C1 - 2 * scipy.linalg.sqrtm(root @ C0 @ root).real)
    return np.sqrt(np.maximum(squared, 0))


gaussian_w2_is_the_cost_of_the_monotone_map.mutants({
    "its square": lambda m0, C0, m1, C1: metrics.gaussian_w2(m0, C0, m1, C1) ** 2,
    "as if the covariances commuted": as_if_covariances_commuted,
    "distance of the Cholesky factors": lambda m0, C0, m1, C1: np.sqrt(
        ((m0 - m1) ** 2).sum() + ((np.linalg.cholesky(C0) - np.linalg.cholesky(C1)) ** 2).sum()
    ),
    "traces that cancel: digits lost for near laws": traces_that_cancel,
    "1 % too small": lambda m0, C0, m1, C1: 0.99 * metrics.gaussian_w2(m0, C0, m1, C1),
})


def gaussians_on_the_line(rng):
    """Means and variances of two laws, an even and an uneven grid that cover both, and the error of either.

    The error is that of the trapezoidal rule with a kink: bend · h², where `bend` bounds |p''| + |q''| and the jump of
    |p − q|' where the densities cross. Smooth integrands on an even grid have none.
    """
    x = np.linspace(-20, 20, 40001)
    for _ in range(5):
        m0, m1 = rng.uniform(-1, 1, 2)
        v0, v1 = rng.uniform(0.3, 1), rng.uniform(1.2, 3)
        bend = 2 / v0
        for name, grid in (("even", x), ("uneven", x + 0.3 * np.sin(x))):
            yield name, m0, v0, m1, v1, grid, bend * np.diff(grid).max() ** 2


def smooth_error(name, kinked):
    """Error of the rule for a smooth integrand."""
    return rounding(1e5, 1e2) + (0.0 if name == "even" else 10 * kinked)


HALF, UPPER, WHOLE = np.linspace(0, 1, 1001), lambda x: 2.0 * (x > 0.5), np.ones_like


@claim("S02", slide=SLIDE, source="distribution functions where the densities cross")
def quadrature_gives_the_total_variation_of_gaussians(rng, *, total_variation=metrics.total_variation):
    r"""TV of N(m, v) and N(m', v'): the difference of their masses between the points where the densities cross."""
    for name, m0, v0, m1, v1, grid, kinked in gaussians_on_the_line(rng):
        crossing = np.sort(
            np.roots([1 / v1 - 1 / v0, 2 * (m0 / v0 - m1 / v1), m1**2 / v1 - m0**2 / v0 + np.log(v1 / v0)])
        )
        inside = [np.diff(scipy.stats.norm(m, np.sqrt(v)).cdf(crossing))[0] for m, v in ((m0, v0), (m1, v1))]
        tv = total_variation(normal_density(m0, v0), normal_density(m1, v1), grid)
        yield equal(f"TV, {name} grid", tv, inside[0] - inside[1], atol=kinked)
    yield equal("TV with an atomless half", total_variation(UPPER, WHOLE, HALF), 0.5, atol=3e-3)


quadrature_gives_the_total_variation_of_gaussians.mutants({
    "∫|p − q|, no ½": lambda density_p, density_q, grid: 2 * metrics.total_variation(density_p, density_q, grid),
    "∫(p − q)²/2": lambda density_p, density_q, grid: (
        scipy.integrate.trapezoid((density_p(grid) - density_q(grid)) ** 2, grid) / 2
    ),
    "even grid assumed": lambda density_p, density_q, grid: (
        np.abs(density_p(grid) - density_q(grid)).sum() * (grid[1] - grid[0]) / 2
    ),
    "1 % too large": lambda density_p, density_q, grid: 1.01 * metrics.total_variation(density_p, density_q, grid),
})


@claim("S02", slide=SLIDE, source="moments of Gaussians")
def quadrature_gives_the_divergence_of_gaussians(rng, *, kl_divergence=metrics.kl_divergence):
    r"""KL(N(m, v) ‖ N(m', v')) = ½[log(v'/v) + (v + (m − m')²)/v' − 1]; ∞ where q = 0 < p, nothing where p = 0 < q."""
    for name, m0, v0, m1, v1, grid, kinked in gaussians_on_the_line(rng):
        kl = (np.log(v1 / v0) + (v0 + (m0 - m1) ** 2) / v1 - 1) / 2
        measured = kl_divergence(normal_density(m0, v0), normal_density(m1, v1), grid)
        yield equal(f"KL, {name} grid", measured, kl, atol=smooth_error(name, kinked))
    yield equal("KL where q = 0 < p", np.isinf(kl_divergence(WHOLE, UPPER, HALF)), True)
    yield equal("KL where p = 0 < q", kl_divergence(UPPER, WHOLE, HALF), np.log(2), atol=3e-3)


def zero_where_q_vanishes(density_p, density_q, grid):
    p, q = density_p(grid), density_q(grid)
    return scipy.integrate.trapezoid(np.where((p > 0) & (q > 0), p * np.log(p / np.maximum(q, 1e-300)), 0), grid)


def infinite_where_p_vanishes(density_p, density_q, grid):
    p, q = density_p(grid), density_q(grid)
    return np.inf if (p[q > 0] < 1e-300).any() else scipy.integrate.trapezoid(p * np.log(p / q), grid)


quadrature_gives_the_divergence_of_gaussians.mutants({
    "0 where q = 0": zero_where_q_vanishes,
    "∞ where p = 0": infinite_where_p_vanishes,
    "laws exchanged": lambda density_p, density_q, grid: metrics.kl_divergence(density_q, density_p, grid),
})


@claim("S02", slide=SLIDE, source="moments of Gaussians")
def quadrature_gives_the_fisher_divergence_of_gaussians(rng, *, fisher_divergence=metrics.fisher_divergence):
    r"""E_p(s_p − s_q)² = (√v/v' − 1/√v)² + (m − m')²/v'² for p = N(m, v) and q = N(m', v')."""
    for name, m0, v0, m1, v1, grid, kinked in gaussians_on_the_line(rng):
        fisher = (np.sqrt(v0) / v1 - 1 / np.sqrt(v0)) ** 2 + ((m0 - m1) / v1) ** 2
        measured = fisher_divergence(normal_score(m0, v0), normal_score(m1, v1), normal_density(m0, v0), grid)
        yield equal(f"Fisher divergence, {name} grid", measured, fisher, atol=smooth_error(name, kinked))
    x = np.linspace(-12, 12, 2001)
    for s in (1e-150, 1e150):
        of_scaled = fisher_divergence(
            lambda y, s=s: -(y / s) / s,
            lambda y, s=s: (1 - y / s) / s,
            lambda y, s=s: normal_density(0, 1)(y / s) / s,
            s * x,
        )
        yield equal(f"Fisher divergence, × {s:g}", of_scaled * s * s, 1.0, rtol=1e-9)


quadrature_gives_the_fisher_divergence_of_gaussians.mutants({
    "½ in front": lambda score_p, score_q, density_p, grid: (
        metrics.fisher_divergence(score_p, score_q, density_p, grid) / 2
    ),
    "no weight p": lambda score_p, score_q, density_p, grid: scipy.integrate.trapezoid(
        (score_p(grid) - score_q(grid)) ** 2, grid
    ),
    "no square": lambda score_p, score_q, density_p, grid: scipy.integrate.trapezoid(
        density_p(grid) * np.abs(score_p(grid) - score_q(grid)), grid
    ),
})


@claim("S02", slide=SLIDE, source="Olkin & Pukelsheim 1982; projections")
def transport_of_singular_gaussians_is_exact(rng, *, gaussian_w2=metrics.gaussian_w2):
    r"""W₂² = ‖m − m'‖² + tr C of N(m, C) from a point; from a projection P, C and PCP: tr (I − P)C(I − P); 10^±150."""
    for p, rank in ((1, 0), (2, 1), (5, 2), (5, 4)):
        R = rng.standard_normal((p, rank)) if rank else np.zeros((p, 1))
        C, (m0, m1) = (R @ R.T + (R @ R.T).T) / 2, rng.standard_normal((2, p))
        expected = np.sqrt(((m0 - m1) ** 2).sum() + np.trace(C))
        for s in (1e-150, 1.0, 1e150):
            found = gaussian_w2(s * m0, s * s * C, s * m1, 0 * C) / s, gaussian_w2(s * m0, 0 * C, s * m1, s * s * C) / s
            yield equal(f"W₂ from a point, rank {rank} of {p}, × {s:g}", found, expected, rtol=1e-12)
    full, P = random_law(rng, 4)[1], np.diag([1.0, 1.0, 0.0, 0.0])
    # the map x ↦ Px is the gradient of ½‖Px‖², so it is optimal
    expected = np.sqrt(np.trace((np.eye(4) - P) @ full @ (np.eye(4) - P)))
    yield equal("W₂ of a projection", gaussian_w2(np.zeros(4), full, np.zeros(4), P @ full @ P), expected, rtol=1e-9)


def by_square_root(m0, C0, m1, C1):
    """W₂ by the square root of the product, as implementations of FID have it."""
    with np.errstate(all="ignore"):
        root = scipy.linalg.sqrtm(C0 @ C1)
        return np.sqrt(((m0 - m1) ** 2).sum() + np.trace(C0 + C1) - 2 * np.trace(root).real)


transport_of_singular_gaussians_is_exact.mutants({
    "1 % too large": lambda m0, C0, m1, C1: 1.01 * metrics.gaussian_w2(m0, C0, m1, C1),
    "a thousandth on the diagonal": shipped(
        lambda m0, C0, m1, C1: by_square_root(m0, C0 + 1e-3 * np.eye(len(m0)), m1, C1 + 1e-3 * np.eye(len(m0))),
        project="pytorch-fid",
        thread="#13",
    ),
    "means left out": lambda m0, C0, m1, C1: metrics.gaussian_w2(m0, C0, m0, C1),
})
