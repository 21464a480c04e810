"""CEG+ on regularised games: slide "When do the algorithms converge?"."""

import numpy as np

from refimpl.calculus import projections
from refimpl.minimax import weak_minty
from verify.claims import claim
from verify.evidence import at_least, at_most, equal, rounding
from verify.minimax.weak_minty import SLIDE, SOURCE
from verify.minimax.weak_minty_methods import WRONG


def regularised(rng, lam, skew):
    """A field V = L(M(z − z*) − s) with ‖M‖ = 1, monotone, and a sparse z* that solves 0 ∈ V(z) + Lλ∂‖z‖₁: V, z*, L."""
    A, L = rng.standard_normal((4, 4)), 10 ** rng.uniform(-2, 2)
    c = rng.uniform(0.5, 0.9)
    s = np.sqrt(1 - c**2)
    turn = np.array([[0, c, s, 0], [-c, 0, 0, -s], [-s, 0, 0, c], [0, s, -c, 0]])
    M = turn if skew else (A - A.T + np.diag([1.0, 0.5, 0.0, 0.2]))
    M = M / np.linalg.norm(M, 2)
    z_star = np.array([2.0, -1.5, 0.0, 0.0]) * rng.uniform(0.5, 1.5, 4)
    s = lam * np.where(z_star == 0, rng.uniform(-0.9, 0.9, 4), np.sign(z_star))
    return (lambda z: L * ((z - z_star) @ M.T - s)), z_star, L


def book(done, z_star):
    """‖z − z*‖² − ‖z⁺ − z*‖², ‖d‖², and ‖z₀ − z*‖²."""
    size = ((np.asarray(done.z) - z_star) ** 2).sum(-1)
    return size[:-1] - size[1:], (np.asarray(done.d) ** 2).sum(-1), size[0]


@claim("M33", slide=SLIDE, source=SOURCE)
def ceg_plus_takes_proximal_steps(rng, *, ceg_plus=weak_minty.ceg_plus, soft_threshold=projections.soft_threshold):
    r"""0 ∈ V(z) + λ∂‖z‖₁, V monotone, γ = 1/L: ‖z − z*‖² falls by α(1 − α)‖d‖² or more, just that where V turns and no
    coordinate is cut off; min ‖d‖² ≤ ‖z₀ − z*‖²/(Kα(1 − α)); z̄ has the zeros of z* in the end.
    """
    for skew in (True, False):
        lam, alpha = 10 ** rng.uniform(-2, -0.5), rng.uniform(0.2, 0.8)
        V, z_star, L = regularised(rng, lam, skew)
        prox, K = soft_threshold(lam), 3000
        z0 = z_star + rng.standard_normal((50, 4))
        done, what = ceg_plus(V, z0, 1 / L, alpha, K, project=prox), "turning field" if skew else "monotone field"
        fall, d, start = book(done, z_star)
        error = rounding(256, start.max() + np.abs(z_star).max())
        tight = {"resolution": 1e-9}
        yield at_least(f"{what}: fall of ‖z − z*‖²", fall, alpha * (1 - alpha) * d, slack=error, **tight)
        least = np.minimum.accumulate(d, axis=0)
        bound = start / (np.arange(1, K + 1)[:, None] * alpha * (1 - alpha))
        yield at_most(f"{what}: min ‖d‖²", least, bound, tight=0.99)
        yield equal(f"{what}: last z̄", done.z_bar[-1], z_star + 0 * z0, atol=1e-6)
        zeros = np.asarray(done.z_bar[-1])[:, z_star == 0]
        yield equal(f"{what}: zeros of z* in z̄", zeros, 0 * zeros)
        z = np.asarray(done.z[:-1])
        h = z - V(z) / L
        z_bar = np.where(np.abs(h) > lam, h - lam * np.sign(h), 0.0)
        yield equal(f"{what}: z̄ by cases", done.z_bar, z_bar, atol=rounding(64, 10.0))
        yield equal(f"{what}: z⁺", done.z[1:], z + alpha * np.asarray(done.d), atol=rounding(64, 10.0))
        d = z_bar - V(z_bar) / L - h
        yield equal(f"{what}: d", done.d, d, atol=rounding(128, 10.0))


ceg_plus_takes_proximal_steps.mutants(WRONG, replaces="ceg_plus")
ceg_plus_takes_proximal_steps.mutants(
    {
        "threshold 1 % too large": lambda threshold: projections.soft_threshold(1.01 * threshold),
        "hard threshold": lambda threshold: lambda z: z * (np.abs(z) > threshold),
        "clips": lambda threshold: lambda z: np.clip(z, -threshold, threshold),
        "no threshold below 0": lambda threshold: lambda z: np.maximum(z - threshold, 0),
    },
    replaces="soft_threshold",
)


@claim("M33", slide=SLIDE, source="optimality of the proximal step")
def soft_threshold_minimises(rng, *, soft_threshold=projections.soft_threshold):
    r"""w = Q(z) has z − w ∈ t∂‖w‖₁: z − w = t sign(w) where w ≠ 0, |z| ≤ t where w = 0; t = 0 is the identity."""
    for t in (0.0, 1e-8, rng.uniform(0.1, 2), 10 ** rng.uniform(-150, 150)):
        scale = t or 1.0
        z = scale * np.append(
            rng.standard_normal((2, 30, 5)) * 10 ** rng.uniform(-2, 2, (2, 30, 5)), np.ones((2, 1, 5)), 1
        )
        w = np.asarray(soft_threshold(t)(z))
        moved = z - w
        yield equal(
            f"t = {t:.3g}: where w ≠ 0", np.where(w == 0, 0, moved), t * np.sign(w), atol=rounding(4, np.abs(z))
        )
        yield equal(f"t = {t:.3g}: w = 0 iff |z| ≤ t", (w == 0).astype(int), (np.abs(z) <= t).astype(int))


soft_threshold_minimises.mutants({
    "threshold 1 % too large": lambda threshold: projections.soft_threshold(1.01 * threshold),
    "hard threshold": lambda threshold: lambda z: z * (np.abs(z) > threshold),
    "grows": lambda threshold: lambda z: z + threshold * np.sign(z),
    "shrinks the norm": lambda threshold: (
        lambda z: z * np.maximum(0, 1 - threshold / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-300))
    ),
})
