"""Inner maxima that are found only nearly: slide "Recall SGD results from Lecture 10"."""

import numpy as np

from refimpl.minimax import games, inner_maximization
from verify.claims import claim
from verify.evidence import at_most, equal, rounding
from verify.minimax.games import perturbed

SLIDE = "Recall SGD results from Lecture 10"
SOURCE = "Danskin 1966; Φ = xᵀBy − μ‖y‖²/2, whose F = ‖Bᵀx‖²/(2μ) has ∇F = BBᵀx/μ, worked out here"


def coupled(rng, p):
    """ℓ, μ, B with BBᵀ = ℓ²I, and ∇F at a random x, of sizes over six decades."""
    ell, mu = 10 ** rng.uniform(-3, 3, 2)
    B = ell * np.linalg.qr(rng.standard_normal((p, p)))[0]
    return ell, mu, B, B @ B.T @ rng.standard_normal(p) / mu


def angle(u, v):
    """The angle between vectors, also where it is small."""
    a, b = (w / np.linalg.norm(w, axis=-1, keepdims=True) for w in (u, v))
    return 2 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))


@claim("M29", slide=SLIDE, source=SOURCE)
def near_maximisers_turn_the_gradient_by_a_known_angle(rng, *, descent_angle=inner_maximization.descent_angle):
    r"""∇ₓΦ(x, ŷ) is within arcsin((ℓ/‖∇F‖)√(2ε/μ)) of ∇F where ŷ misses the maximum by ε; the worst ŷ attains it."""
    for p in (2, 3, 7):
        ell, mu, B, g = coupled(rng, p)
        slope = np.linalg.norm(g)
        for share in (0.0, 1e-12, rng.uniform(0.01, 0.3), rng.uniform(0.3, 0.9), 0.999):
            gap = share * mu * slope**2 / (2 * ell**2)
            e = rng.standard_normal((200, p))
            e *= np.sqrt(2 * gap / mu) / np.linalg.norm(e, axis=-1, keepdims=True)
            across = rng.standard_normal(p)
            across -= across @ g / slope**2 * g
            sine = np.sqrt(share)
            pull = (
                ell * np.sqrt(2 * gap / mu) * (np.sqrt(1 - share) * across / np.linalg.norm(across) - sine * g / slope)
            )
            bound, what = descent_angle(slope, ell, mu, gap), f"p = {p}, ε = {share:.2g} of the limit"
            turned, error = angle(g + e @ B.T, g), rounding(256, 1 / np.sqrt(1 - share))
            yield at_most(f"{what}: angles", turned, bound, slack=error, resolution=max(bound, 1e-12))
            yield equal(f"{what}: the worst", bound, angle(g + pull, g), atol=error)
        for share in (1.001, 10.0):
            bound = descent_angle(slope, ell, mu, share * mu * slope**2 / (2 * ell**2))
            yield equal(f"p = {p}, {share} times the limit: no bound", bound, np.pi)


near_maximisers_turn_the_gradient_by_a_known_angle.mutants({
    "√(ε/μ): ½ forgotten": lambda slope, coupling, concavity, gap: inner_maximization.descent_angle(
        slope, coupling, concavity, gap / 2
    ),
    "arctangent": lambda slope, coupling, concavity, gap: np.arctan(coupling / slope * np.sqrt(2 * gap / concavity)),
    "sine for the angle": lambda slope, coupling, concavity, gap: coupling / slope * np.sqrt(2 * gap / concavity),
    "ℓ 1 % too large": lambda slope, coupling, concavity, gap: inner_maximization.descent_angle(
        slope, 1.01 * coupling, concavity, gap
    ),
    "ℓ² for ℓ": lambda slope, coupling, concavity, gap: inner_maximization.descent_angle(
        slope, coupling**2, concavity, gap
    ),
    "ℓ and μ exchanged": lambda slope, coupling, concavity, gap: inner_maximization.descent_angle(
        slope, concavity, coupling, gap
    ),
})


@claim("M29", slide=SLIDE, source=SOURCE)
def descent_needs_an_accuracy(rng, *, descent_accuracy=inner_maximization.descent_accuracy):
    r"""Along −∇ₓΦ(x, ŷ) F falls for every ŷ of a gap below μ‖∇F‖²/(2ℓ²); at t² times that the worst slope is t − 1."""
    for p in (1, 2, 7):
        ell, mu, B, g = coupled(rng, p)
        slope = np.linalg.norm(g)
        limit = descent_accuracy(slope, ell, mu)
        for t in (0.0, 1e-8, rng.uniform(0.1, 0.9), 1.0, rng.uniform(1.1, 3.0)):
            worst = -np.sqrt(2 * t**2 * limit / mu) * (B.T @ g) / np.linalg.norm(B.T @ g)
            along = -((g + B @ worst) @ g) / slope**2
            yield equal(f"p = {p}, gap {t**2:.2g} of the limit: slope", along, t - 1, atol=rounding(256, 1 + t))


descent_needs_an_accuracy.mutants({
    "½ forgotten": lambda slope, coupling, concavity: (
        2 * inner_maximization.descent_accuracy(slope, coupling, concavity)
    ),
    "‖∇F‖ for ‖∇F‖²": lambda slope, coupling, concavity: concavity * slope / (2 * coupling**2),
    "ℓ for ℓ²": lambda slope, coupling, concavity: concavity * slope**2 / (2 * coupling),
    "1 % too large": lambda slope, coupling, concavity: (
        1.01 * inner_maximization.descent_accuracy(slope, coupling, concavity)
    ),
})


@claim("M29", slide=SLIDE, source="Φ = xy on |y| ≤ 1, whose F is |x|")
def without_strong_concavity_no_accuracy_is_enough(rng, *, bilinear=games.bilinear):
    r"""Φ = xy, |y| ≤ 1: for every ε > 0 there is x = ε/2 where ŷ = −1 misses the maximum by ε and −∇ₓΦ leads uphill."""
    eps = 10.0 ** np.append(rng.uniform(-300, 0, 20), [-12, 0])
    x, y_hat, alpha = eps / 2, -np.ones(22), 0.1
    game = bilinear()
    values = [game.payoff(x[:, None], y[:, None]) for y in (-y_hat, y_hat)]
    yield equal("gap of ŷ", values[0] - values[1], eps, rtol=rounding(4))
    gradient = np.asarray(game.operator(np.stack([x, y_hat], -1)))[:, 0]
    yield equal("∇ₓΦ at ŷ and at y* = 1: opposite", gradient, -np.ones(22), rtol=rounding(4))
    rise = np.abs(x - alpha * gradient) - np.abs(x)
    yield equal("what F rises by in a step α along −∇ₓΦ(x, ŷ)", rise, np.full(22, alpha), atol=rounding(8))


without_strong_concavity_no_accuracy_is_enough.mutants({
    "payoff 1 % too large": perturbed(games.bilinear, payoff=lambda value: 1.01 * value),
    "∇ₓΦ 1 % too large": perturbed(games.bilinear, V=lambda V, z: V * [1.01, 1]),
    "players exchanged": perturbed(games.bilinear, V=lambda V, z: -V),
})
