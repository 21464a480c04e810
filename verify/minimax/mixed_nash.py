"""Mixed strategies of finite games: slides "From pure to mixed Nash equilibrium" and "… matrix games"."""

import numpy as np

from refimpl.minimax import mixed_nash
from verify.claims import claim, shipped
from verify.evidence import at_least, equal, rounding

MIXED = "An alternative proposal: From pure to mixed Nash equilibrium (NE)"
MATRIX = "GAN training as infinite dimensional matrix games"
SOLVER = 1e-9  # of the game's spread: ten times the tolerances 1e-10 that the linear program is solved to
FINITE = [(1, 1), (1, 7), (6, 1), (2, 2), (3, 5), (8, 4), (20, 30)]


def random_games(rng):
    """Games of many shapes, sizes and offsets; whole numbers in every third, so that equilibria are not unique."""
    for m, n in FINITE:
        scale, shift = 10 ** rng.uniform(-3, 3), rng.uniform(-5, 5)
        yield scale * (rng.standard_normal((m, n)) + shift)
        yield scale * np.outer(rng.standard_normal(m), rng.standard_normal(n))
        yield rng.integers(-2, 3, (m, n)).astype(float)


@claim("M22", slide=MIXED, source="von Neumann 1928")
def linear_program_finds_the_value(rng, *, lp_equilibrium=mixed_nash.lp_equilibrium):
    r"""max_j (Aᵀp)_j = min_i (Aq)_i = value: min max = max min, in any finite game, by strategies on the simplex."""
    games = list(random_games(rng))
    solved = [lp_equilibrium(A) for A in games]
    yield at_least("smallest probability", [min(np.min(p), np.min(q)) for _, p, q in solved], 0.0, resolution=1e-9)
    total = [[np.sum(p), np.sum(q)] for _, p, q in solved]
    yield equal("sum of probabilities", total, np.ones((len(games), 2)), atol=rounding(32))
    value = [v for v, _, _ in solved]
    error = np.array([SOLVER * np.ptp(A) + rounding(64, np.abs(A).max()) for A in games])
    won = [(A.T @ p).max() for A, (_, p, _) in zip(games, solved, strict=True)]
    paid = [(A @ q).min() for A, (_, _, q) in zip(games, solved, strict=True)]
    yield equal("max Aᵀp, all that the column player can win", won, value, atol=error)
    yield equal("min Aq, all that the row player must pay", paid, value, atol=error)


def row_player_maximises(A):
    value, q, p = mixed_nash.lp_equilibrium(A.T)
    return value, p, q


def pure_strategies_only(A):
    i, j = A.max(1).argmin(), A.min(0).argmax()
    return A[i, j], np.eye(len(A))[i], np.eye(A.shape[1])[j]


def value_too_large(A):
    value, p, q = mixed_nash.lp_equilibrium(A)
    return 1.01 * value, p, q


def partly_uniform(A):
    value, p, q = mixed_nash.lp_equilibrium(A)
    return value, 0.99 * p + 0.01 / len(p), q


def q_scaled_by_the_value(A):
    value, p, q = mixed_nash.lp_equilibrium(A)
    return value, p, q * value


def supports_of_equal_size(A):
    """Degenerate games may have no equilibrium in which both players mix as many pure strategies."""
    value, p, q = mixed_nash.lp_equilibrium(A)
    found = np.count_nonzero(p > 1e-9) == np.count_nonzero(q > 1e-9)
    return (value, p, q) if found else (0.0, np.full(len(p), 1 / len(p)), np.full(len(q), 1 / len(q)))


linear_program_finds_the_value.mutants({
    "searches supports of equal size": shipped(supports_of_equal_size, project="nashpy", thread="#39"),
    "the row player maximises": row_player_maximises,
    "pure strategies only: max min ≠ min max": pure_strategies_only,
    "value 1 % too large": value_too_large,
    "1 % of p played uniformly": partly_uniform,
    "q scaled by the value": q_scaled_by_the_value,
})


@claim("M22", slide=MIXED, source="von Neumann & Morgenstern 1944, 2 × 2 games; Kaplansky 1945")
def small_games_have_closed_forms(rng, *, lp_equilibrium=mixed_nash.lp_equilibrium):
    r"""Diagonal games have value 1/Σ(1/dᵢ), p = q ∝ 1/d; 2 × 2 games without saddle (ad − bc)/(a + d − b − c)."""
    for n in (2, 3, 7):
        d = rng.uniform(0.5, 2, n)
        value, p, q = lp_equilibrium(np.diag(d))
        yield equal(f"diagonal, n = {n}: value", value, 1 / (1 / d).sum(), atol=10 * SOLVER)
        yield equal(f"diagonal, n = {n}: p", p, 1 / d / (1 / d).sum(), atol=10 * SOLVER)
        yield equal(f"diagonal, n = {n}: q", q, 1 / d / (1 / d).sum(), atol=10 * SOLVER)
    for a, d, b, c in np.concatenate([rng.uniform(1, 2, (5, 2)), rng.uniform(-1, 0, (5, 2))], axis=1):
        value, p, q = lp_equilibrium(np.array([[a, b], [c, d]]))
        total = a + d - b - c
        yield equal("2 × 2: value", value, (a * d - b * c) / total, atol=10 * SOLVER)
        yield equal("2 × 2: p", p, np.array([d - c, a - b]) / total, atol=10 * SOLVER)
        yield equal("2 × 2: q", q, np.array([d - b, a - c]) / total, atol=10 * SOLVER)
    K = rng.standard_normal((6, 6))
    yield equal("skew-symmetric: value 0", lp_equilibrium(K - K.T)[0], 0.0, atol=SOLVER * np.ptp(K - K.T))


def players_exchanged(A):
    value, p, q = mixed_nash.lp_equilibrium(A)
    return value, q, p


def harmonic_mean_for_the_value(A):
    value, p, q = mixed_nash.lp_equilibrium(A)
    return value * len(A), p, q


small_games_have_closed_forms.mutants({
    "p and q exchanged": players_exchanged,
    "the column player's game": lambda A: mixed_nash.lp_equilibrium(-A.T),
    "the harmonic mean for the value of a diagonal game: n times too large": harmonic_mean_for_the_value,
    "uniform strategies": lambda A: (A.mean(), np.full(len(A), 1 / len(A)), np.full(len(A), 1 / len(A))),
})


@claim("M22", slide=MIXED, source="definition")
def duality_gap_is_the_gain_from_answering(rng, *, duality_gap=mixed_nash.duality_gap):
    r"""max over pure answers i, j of pᵀA e_j − e_iᵀA q; 0 at rock-paper-scissors' equilibrium; batches alike."""
    for m, n in FINITE:
        A, p, q = rng.standard_normal((m, n)), rng.dirichlet(np.ones(m), 9), rng.dirichlet(np.ones(n), 9)
        gains = np.einsum("ki,ij->kj", p, A)[:, :, None] - np.einsum("ij,kj->ki", A, q)[:, None, :]
        expected = gains.max((1, 2))
        yield equal(f"{m} × {n}, a batch", duality_gap(A, p, q), expected, atol=rounding(64, np.abs(A).max()))
        against_one = (p @ A).max(1) - (A @ q[0]).min()
        measured = duality_gap(A, p, q[0])
        yield equal(f"{m} × {n}, a batch and one", measured, against_one, atol=rounding(64, np.abs(A).max()))
        yield equal(f"{m} × {n}, one", duality_gap(A, p[0], q[0]), expected[0], atol=rounding(64, np.abs(A).max()))
    scissors = np.array([[0.0, 1, -1], [-1, 0, 1], [1, -1, 0]])
    third = np.full(3, 1 / 3)
    yield equal("rock-paper-scissors at its equilibrium", duality_gap(scissors, third, third), 0.0, atol=rounding(8))
    near = third + 1e-9 * np.array([1.0, -1.0, 0.0])
    yield equal("10⁻⁹ away from it", duality_gap(scissors, near, third), 1e-9, atol=rounding(16))


def small_gaps_are_zero(A, p, q):
    gap = mixed_nash.duality_gap(A, p, q)
    return np.where(gap < 1e-6, 0.0, gap)


duality_gap_is_the_gain_from_answering.mutants({
    "0 below 10⁻⁶": small_gaps_are_zero,
    "only the first of a batch against a single q": lambda A, p, q: mixed_nash.duality_gap(
        A, p[0] if q.ndim < p.ndim else p, q
    ),
    "the row player maximises": lambda A, p, q: (q @ A.T).max(-1) - (p @ A).min(-1),
    "gain of the column player alone": lambda A, p, q: (p @ A).max(-1) - ((p @ A) * q).sum(-1),
    "mean of the two gains": shipped(
        lambda A, p, q: mixed_nash.duality_gap(A, p, q) / 2, project="open_spiel", thread="#486"
    ),
    "one answer for the whole batch": lambda A, p, q: (p @ A).max() - (q @ A.T).min(-1),
})


@claim("M22", slide=MATRIX, source="Hsieh, Liu & Cevher 2019")
def payoff_operators_are_adjoint(
    rng, *, mixed_payoff=mixed_nash.mixed_payoff, mixed_payoff_adjoint=mixed_nash.mixed_payoff_adjoint
):
    r"""⟨p, Gq⟩ = Σᵢⱼ pᵢqⱼ Φ(xᵢ, yⱼ) = ⟨G†p, q⟩; for Φ = x₁²y + x₂y³, Gq(x) = x₁² E y + x₂ E y³."""
    m, n = 40, 30
    x, y = rng.uniform(-2, 2, (m, 2)), rng.uniform(-2, 2, (n, 1))
    p, q = rng.dirichlet(np.ones(m)), rng.dirichlet(np.ones(n))

    def payoff(x, y):
        return x[..., 0] ** 2 * y[..., 0] + x[..., 1] * y[..., 0] ** 3

    Gq, Gp, error = mixed_payoff(payoff, x, y, q), mixed_payoff_adjoint(payoff, y, x, p), rounding(4 * n, 24.0)
    table = x[:, :1] ** 2 * y[:, 0] + x[:, 1:] * y[:, 0] ** 3
    yield equal("⟨p, Gq⟩", p @ Gq, np.einsum("i,ij,j", p, table, q), atol=error)
    yield equal("⟨G†p, q⟩", q @ Gp, np.einsum("i,ij,j", p, table, q), atol=error)
    mean_y, mean_y3 = q @ y[:, 0], q @ y[:, 0] ** 3
    yield equal("Gq at any points", Gq, x[:, 0] ** 2 * mean_y + x[:, 1] * mean_y3, atol=error)
    yield equal("G†p at any points", Gp, (p @ x[:, 0] ** 2) * y[:, 0] + (p @ x[:, 1]) * y[:, 0] ** 3, atol=error)


payoff_operators_are_adjoint.mutants(
    {
        "payoff at the mean of q": lambda payoff, x, y, q: payoff(x, q @ y),
        "uniform weights": lambda payoff, x, y, q: payoff(x[..., None, :], y).mean(-1),
    },
    replaces="mixed_payoff",
)
payoff_operators_are_adjoint.mutants(
    {
        "adjoint with the sign of the other player's gain": lambda payoff, y, x, p: (
            -mixed_nash.mixed_payoff_adjoint(payoff, y, x, p)
        ),
        "payoff at the mean of p": lambda payoff, y, x, p: payoff(p @ x, y),
        "1 % too large": lambda payoff, y, x, p: 1.01 * mixed_nash.mixed_payoff_adjoint(payoff, y, x, p),
    },
    replaces="mixed_payoff_adjoint",
)
