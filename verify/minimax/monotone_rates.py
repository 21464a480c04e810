"""The rate table on monotone fields, of convex-concave games.

Slide "Comparison of convergence rates for smooth convex-concave minimax".
"""

from collections.abc import Callable, Iterator

import numpy as np

from refimpl.minimax import algorithms, monotone_rates
from verify.claims import claim
from verify.evidence import Evidence, at_most, equal, rate, rounding
from verify.minimax._rate_table import EG, OGDA, PPM, RFBS, SLIDE, WRONG, Method, first, mode, orbit


def scaled_games(smallest: float) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Φ = σxy + c(φ(x) − φ(y)), φ'(u) = u³/(1 + u²), L < 1: σ and V of 20 with c = 0, then of 20 with c = ½."""
    scales = np.geomspace(1, smallest, 20)
    sigma, c = np.concatenate([scales, 0.4 * scales]), np.repeat([[0.0], [0.5]], 20, axis=0)

    def V(z: np.ndarray) -> np.ndarray:
        return sigma[:, None] * np.stack([z[..., 1], -z[..., 0]], axis=-1) + c * z**3 / (1 + z**2)

    return sigma, V


def norm(z: np.ndarray) -> np.ndarray:
    """Euclidean norms of points."""
    return np.sqrt((z**2).sum(-1))


def regret(v: np.ndarray, w: np.ndarray, r: float = 1.0) -> np.ndarray:
    """max over ‖u‖ ≤ r of Σ_{k<K} ⟨V(w_k), w_k − u⟩, K = 1, 2, …: K times the gap of the average if c = 0."""
    return np.cumsum((v * w).sum(-1), axis=0) + r * norm(np.cumsum(v, axis=0))


def convex_concave_rates(method: Method, step: Callable, rng: np.random.Generator) -> Iterator[Evidence]:
    """N(ε) of the worst of games of all scales, started at distance 1: ∝ 1/ε for the average's gap and for ‖V z_k‖²."""
    name, alpha = method.name.upper(), method.alpha * rng.uniform(0.95, 1)
    K = int(6000 / alpha)
    sigma, V = scaled_games(np.pi / (alpha * K))
    z0 = np.exp(2j * np.pi * rng.random((40, 1))).view(float)
    z, k = orbit(method, step, V, z0, alpha, K), np.arange(1, K + 1)[:, None]
    w = method.field_points(V, z, alpha)
    v, decades = V(w), np.geomspace(6 / alpha, K, 16)
    R = regret(v, w)
    N = first((R / k).max(axis=1, keepdims=True) <= 2 / (alpha * decades)) + 1
    yield rate(f"{name}: iterations against ε, gap of the average", 1 / decades, N, -1.0)
    D = 1 + norm(z0 + alpha * V(z0))
    yield at_most(f"{name}: K · gap", R, D[None] ** 2 / (2 * alpha), slack=rounding(K, D**2 / alpha), tight=0.01)
    decades = decades[:-1]
    N = first((V(z) ** 2).sum(-1).max(axis=1, keepdims=True) <= 1 / (np.e * alpha**2 * decades))
    yield rate(f"{name}: iterations against ε, ‖V z_k‖²", 1 / decades, N, -1.0)
    a = -1j * alpha * sigma[:20]
    moved = 1 - mode(method, a, K) - (a * (mode(method, a, K - 1) - 1) if method is OGDA else 0)
    yield equal(f"{name}: K · gap if c = 0", R[-1, :20], np.abs(moved) / alpha, atol=rounding(4 * K, 1 / alpha))


@claim("M12", slide=SLIDE, source=PPM.source)
def proximal_point_on_convex_concave_games(rng, *, ppm_step=algorithms.ppm_step):
    r"""PP, convex-concave: N ∝ 1/ε for the average's gap and for ‖V z_k‖²: 1/ε² for z_k's gap."""
    yield from convex_concave_rates(PPM, ppm_step, rng)


proximal_point_on_convex_concave_games.mutants(WRONG["ppm"])


@claim("M12", slide=SLIDE, source=EG.source)
def extragradient_on_convex_concave_games(rng, *, eg_step=algorithms.eg_step):
    r"""EG, convex-concave: N ∝ 1/ε for the average's gap and for ‖V z_k‖²: 1/ε² for z_k's gap."""
    yield from convex_concave_rates(EG, eg_step, rng)


extragradient_on_convex_concave_games.mutants(WRONG["eg"])


@claim("M12", slide=SLIDE, source=OGDA.source)
def optimistic_on_convex_concave_games(rng, *, ogda_step=algorithms.ogda_step):
    r"""OGDA, convex-concave: N ∝ 1/ε for the average's gap and for ‖V z_k‖²: 1/ε² for z_k's gap."""
    yield from convex_concave_rates(OGDA, ogda_step, rng)


optimistic_on_convex_concave_games.mutants(WRONG["ogda"])


@claim("M12", slide=SLIDE, source=RFBS.source)
def reflected_on_convex_concave_games(rng, *, rfbs_step=algorithms.rfbs_step):
    r"""RFBS, beyond the slide, convex-concave: N ∝ 1/ε for the average's gap and for ‖V z_k‖²: 1/ε² for z_k's gap."""
    yield from convex_concave_rates(RFBS, rfbs_step, rng)


reflected_on_convex_concave_games.mutants(WRONG["rfbs"])


def played(method: Method, step: Callable, alpha: float, r: float, rng: np.random.Generator, K: int) -> tuple:
    """K steps on games of all scales from distance r: σ, V, the states z and the points w of their fields."""
    sigma, V = scaled_games(np.pi / (alpha * K))
    z = orbit(method, step, V, r * np.exp(2j * np.pi * rng.random((40, 1))).view(float), alpha, K)
    return sigma, V, z, method.field_points(V, z, alpha)


@claim("M12", slide=SLIDE, source="Nemirovski 2004")
def ergodic_bound_holds_and_is_attained(
    rng, *, ergodic_bound=monotone_rates.ergodic_bound, eg_step=algorithms.eg_step, ppm_step=algorithms.ppm_step
):
    r"""regret ≤ D²/(2αK), convex-concave games: EG with α < 1/L, PPM with every α."""
    r, K = rng.uniform(2, 4), 1000
    for method, step, alpha in (
        (EG, eg_step, np.sqrt(0.5)),
        (EG, eg_step, rng.uniform(0.3, 0.9)),
        (PPM, ppm_step, 2.0),
    ):
        name = f"{method.name.upper()}, α = {alpha:.2g}"
        sigma, V, _, w = played(method, step, alpha, r, rng, K)
        R, bound = regret(V(w), w, r)[-1] / K, ergodic_bound(2 * r, alpha, K)
        yield at_most(f"{name}: regret", R, bound, slack=rounding(K, bound), tight=0.01)
        share = np.abs(1 - mode(method, -1j * alpha * sigma[:20], K)) / 2
        yield equal(f"{name}: regret if c = 0", R[:20], bound * share, atol=rounding(4 * K, bound))


ergodic_bound_holds_and_is_attained.mutants(
    {
        "without the ½": lambda distance, alpha, num_steps: distance**2 / (alpha * num_steps),
        "distance, not squared": lambda distance, alpha, num_steps: distance / (2 * alpha * num_steps),
    },
    replaces="ergodic_bound",
)
ergodic_bound_holds_and_is_attained.mutants(
    {"extrapolation 1 % too long": lambda V, z, alpha: z - alpha * V(z - 1.01 * alpha * V(z))}, replaces="eg_step"
)
ergodic_bound_holds_and_is_attained.mutants(
    {"step 1 % too short": lambda V, z, alpha: algorithms.ppm_step(V, z, 0.99 * alpha)}, replaces="ppm_step"
)


@claim("M12", slide=SLIDE, source="Korpelevich 1976")
def extragradient_bound_holds_and_is_attained(
    rng, *, extragradient_bound=monotone_rates.extragradient_bound, eg_step=algorithms.eg_step
):
    r"""EG: min ‖V z_k‖² ≤ ‖z₀ − z*‖²/(K α²(1 − α²L²)), monotone V, α < 1/L."""
    r, K = rng.uniform(2, 4), 1000
    for alpha in (np.sqrt(0.5), rng.uniform(0.3, 0.9)):
        sigma, V, z, _ = played(EG, eg_step, alpha, r, rng, K)
        sizes, L = (V(z[:-1]) ** 2).sum(-1), sigma + np.repeat([0, 0.5 * 9 / 8], 20)
        bounds = np.array([[extragradient_bound(r, L_i, alpha, k) for L_i in L] for k in (1, 2, 4, 30, K)])
        least = np.array([sizes[:k].min(axis=0) for k in (1, 2, 4, 30, K)])
        yield at_most(f"α = {alpha:.2g}: min ‖V z_k‖²", least, bounds, slack=rounding(K, bounds), tight=0.65)
        shrunk = (alpha * sigma[:20]) ** 2 * (1 - (alpha * sigma[:20]) ** 2)
        expected = K * bounds[-1, :20] * -np.expm1(K * np.log1p(-shrunk))
        total = sizes[:, :20].sum(axis=0)
        yield equal(f"α = {alpha:.2g}: Σ‖V z_k‖², Φ = Lxy", total, expected, rtol=rounding(4 * K))


extragradient_bound_holds_and_is_attained.mutants(
    {
        "without 1 − α²L²": lambda distance, lipschitz, alpha, num_steps: distance**2 / (num_steps * alpha**2),
        "1 − αL for 1 − α²L²": lambda distance, lipschitz, alpha, num_steps: (
            distance**2 / (num_steps * alpha**2 * (1 - alpha * lipschitz))
        ),
        "1 % too large": lambda distance, lipschitz, alpha, num_steps: (
            1.01 * monotone_rates.extragradient_bound(distance, lipschitz, alpha, num_steps)
        ),
        "distances at most 2": lambda distance, lipschitz, alpha, num_steps: monotone_rates.extragradient_bound(
            min(distance, 2.0), lipschitz, alpha, num_steps
        ),
        "L at least 0.9": lambda distance, lipschitz, alpha, num_steps: monotone_rates.extragradient_bound(
            distance, max(lipschitz, 0.9), alpha, num_steps
        ),
        "K + 1 for K": lambda distance, lipschitz, alpha, num_steps: monotone_rates.extragradient_bound(
            distance, lipschitz, alpha, num_steps + 1
        ),
    },
    replaces="extragradient_bound",
)
extragradient_bound_holds_and_is_attained.mutants(
    {"extrapolation 1 % too long": lambda V, z, alpha: z - alpha * V(z - 1.01 * alpha * V(z))}, replaces="eg_step"
)
