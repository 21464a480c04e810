"""Entropic mirror descent and mirror-prox in finite games: slide "… infinite dimensional matrix games"."""

import decimal
import operator
from decimal import Decimal

import numpy as np

from refimpl.minimax import mixed_nash
from verify.claims import claim
from verify.evidence import at_most, equal, rate, rounding

SLIDE = "GAN training as infinite dimensional matrix games"


def random_games(rng):
    """Games of many shapes, with offsets."""
    for m, n in [(1, 7), (6, 1), (2, 2), (3, 5), (8, 4), (20, 30)]:
        yield rng.uniform(-1, 1, (m, n)) + rng.uniform(-2, 2)


def played_exactly(A, eta, num_steps, extrapolate):
    """Averages of mirror descent or mirror-prox, in the product form and in 50 digits."""
    with decimal.localcontext(prec=50):
        rows, step = [[Decimal(a) for a in row] for row in A.tolist()], Decimal(eta)
        columns = list(zip(*rows, strict=True))

        def multiplied(p, matrix, opponent, sign):
            payoffs = [sum(map(operator.mul, row, opponent)) for row in matrix]
            w = [p_i * (sign * step * payoff).exp() for p_i, payoff in zip(p, payoffs, strict=True)]
            return [w_i / sum(w) for w_i in w]

        def answer(start, opponent):
            return multiplied(start[0], rows, opponent[1], -1), multiplied(start[1], columns, opponent[0], 1)

        point, played = [[Decimal(1) / size] * size for size in A.shape], []
        for _ in range(num_steps):
            played.append(answer(point, point) if extrapolate else point)
            point = answer(point, played[-1])
        sums = [sum(p_i) for side in zip(*played, strict=True) for p_i in zip(*side, strict=True)]
        return np.array([float(total / num_steps) for total in sums])


def averages_are_exact(method, extrapolate, rng):
    """Evidence that a method's averages are those of its product form, at small and at huge step sizes.

    An error in one strategy moves the answer to it by up to 1 + 2η max|A| times as much.
    """
    for eta, num_steps in [(0.3, 7), (3.0, 2), (1e4, 1 if extrapolate else 2)]:
        for m, n in [(2, 2), (3, 5), (6, 1)]:
            A = rng.standard_normal((m, n)) + rng.uniform(-2, 2)
            answers = 2 * num_steps - 1 if extrapolate else num_steps - 1
            error = rounding(64, (1 + 2 * eta * np.abs(A).max()) ** answers)
            measured = np.concatenate(method(A, eta, num_steps))
            exact = played_exactly(A, eta, num_steps, extrapolate)
            yield equal(f"{m} × {n}, η = {eta:g}, T = {num_steps}: p and q", measured, exact, atol=error)


def costly_game(m, n):
    """Aᵢⱼ = aᵢ − bⱼ, a = (0, 1, …, 1), b likewise: each player must find one strategy, which costs (ln m + ln n)/η."""
    return np.minimum(np.arange(m), 1.0)[:, None] - np.minimum(np.arange(n), 1.0)


def costly_games():
    """Costly games of all sizes."""
    return [costly_game(m, n) for m, n in ((2, 2), (10, 10), (1000, 400))]


def gap(A, strategies):
    """Gain from answering."""
    p, q = strategies
    return (A.T @ p).max() - (A @ q).min()


@claim("M23", slide=SLIDE, source="Nemirovski & Yudin 1983")
def mirror_descent_multiplies_weights(rng, *, mirror_descent=mixed_nash.mirror_descent):
    r"""From uniform p, q: p⁺ ∝ p exp(−ηAq), q⁺ ∝ q exp(ηAᵀp); averages of the points 0 … T − 1."""
    yield from averages_are_exact(mirror_descent, False, rng)


def averages_from_the_second_point(A, eta, num_steps):
    more, start = mixed_nash.mirror_descent(A, eta, num_steps + 1), mixed_nash.mirror_descent(A, eta, 1)
    return [((num_steps + 1) * a - b) / num_steps for a, b in zip(more, start, strict=True)]


def lazily(A, eta, num_steps, alternate=False, last=False, linear=False):
    """Mirror descent with one thing wrong."""
    p, q = (np.full(size, 1 / size) for size in A.shape)
    played = []
    for _ in range(num_steps):
        played.append((p, q))
        grown = np.exp(-eta * (A @ q)) if not linear else np.maximum(1 - eta * (A @ q), 1e-300)
        p_next = p * grown / (p * grown).sum()
        q = q * np.exp(eta * (A.T @ (p_next if alternate else p)))
        p, q = p_next, q / q.sum()
    return played[-1] if last else [np.mean(side, axis=0) for side in zip(*played, strict=True)]


mirror_descent_multiplies_weights.mutants({
    "averages the points 1 … T": averages_from_the_second_point,
    "η 1 % too large": lambda A, eta, num_steps: mixed_nash.mirror_descent(A, 1.01 * eta, num_steps),
    "both players ascend": lambda A, eta, num_steps: mixed_nash.mirror_descent(-A, eta, num_steps),
    "mirror-prox": lambda A, eta, num_steps: mixed_nash.mirror_prox(A, eta, num_steps),
    "alternates: q sees the new p": lambda A, eta, num_steps: lazily(A, eta, num_steps, alternate=True),
    "the last point, not the average": lambda A, eta, num_steps: lazily(A, eta, num_steps, last=True),
    "weights multiplied by 1 − η(Aq)ᵢ": lambda A, eta, num_steps: lazily(A, eta, num_steps, linear=True),
    "weights multiplied without the log domain: 0/0 at huge η": lambda A, eta, num_steps: lazily(A, eta, num_steps),
})


@claim("M23", slide=SLIDE, source="Freund & Schapire 1999")
def mirror_descent_converges_like_one_over_root_t(rng, *, mirror_descent=mixed_nash.mirror_descent):
    r"""gap ≤ (ln m + ln n)/(ηT) + ηw²/4, w = max A − min A: at the best η w √((ln m + ln n)/T); and attained."""
    for eta, num_steps, tight in [(0.1, 40, 0.15), (1.0, 40, 0.8), (0.3, 500, 0.8)]:
        share = []
        for A in [*random_games(rng), *costly_games()]:
            bound = np.log(A.size) / (eta * num_steps) + eta * np.ptp(A) ** 2 / 4
            share.append(gap(A, mirror_descent(A, eta, num_steps)) / bound)
        yield at_most(f"gap/bound at η = {eta}, T = {num_steps}", share, 1.0, slack=rounding(256), tight=tight)
    A, eta, num_steps = costly_game(100, 30), 0.01, 1000
    bound = np.log(3000) / (eta * num_steps) + eta * np.ptp(A) ** 2 / 4
    yield at_most("Aᵢⱼ = aᵢ − bⱼ, small η", gap(A, mirror_descent(A, eta, num_steps)), bound, tight=0.02)
    steps = np.geomspace(30, 10000, 8).astype(int)
    etas = np.sqrt(np.log(3000) / steps)
    gaps = [gap(A, mirror_descent(A, eta, int(T))) for eta, T in zip(etas, steps, strict=True)]
    yield rate("gap against T at the best η", steps, gaps, -0.5)


mirror_descent_converges_like_one_over_root_t.mutants({
    "η 1/10 of what it should be": lambda A, eta, num_steps: mixed_nash.mirror_descent(A, eta / 10, num_steps),
    "strategies stay uniform": lambda A, eta, num_steps: mixed_nash.mirror_descent(A, eta, 1),
    "both players ascend": lambda A, eta, num_steps: mixed_nash.mirror_descent(-A, eta, num_steps),
    "the last point, not the average": lambda A, eta, num_steps: lazily(A, eta, num_steps, last=True),
})


@claim("M23", slide=SLIDE, source="Nemirovski 2004")
def mirror_prox_looks_ahead(rng, *, mirror_prox=mixed_nash.mirror_prox):
    r"""p̄ ∝ p exp(−ηAq), then p⁺ ∝ p exp(−ηAq̄), and q likewise from the other side; averages of p̄, q̄."""
    yield from averages_are_exact(mirror_prox, True, rng)


def proximally(A, eta, num_steps, go_on=False, average_points=False, fresh=False):
    """Mirror-prox with one thing wrong."""

    def answer(p, q, p_seen, q_seen):
        p, q = np.log(p) - eta * (A @ q_seen), np.log(q) + eta * (A.T @ p_seen)
        p, q = np.exp(p - p.max()), np.exp(q - q.max())
        return np.maximum(p / p.sum(), 1e-300), np.maximum(q / q.sum(), 1e-300)

    p, q = (np.full(size, 1 / size) for size in A.shape)
    played = []
    for _ in range(num_steps):
        p_bar, q_bar = answer(p, q, p, q)
        if fresh:
            q_bar = answer(p, q, p_bar, q)[1]
        played.append((p, q) if average_points else (p_bar, q_bar))
        start = (p_bar, q_bar) if go_on else (p, q)
        p, q = answer(*start, p_bar, q_bar)
    return [np.mean(side, axis=0) for side in zip(*played, strict=True)]


mirror_prox_looks_ahead.mutants({
    "evaluates once: mirror descent": lambda A, eta, num_steps: mixed_nash.mirror_descent(A, eta, num_steps),
    "η 1 % too large": lambda A, eta, num_steps: mixed_nash.mirror_prox(A, 1.01 * eta, num_steps),
    "both players ascend": lambda A, eta, num_steps: mixed_nash.mirror_prox(-A, eta, num_steps),
    "steps on from the extrapolated point": lambda A, eta, num_steps: proximally(A, eta, num_steps, go_on=True),
    "averages the points, not the extrapolated ones": lambda A, eta, num_steps: proximally(
        A, eta, num_steps, average_points=True
    ),
    "q̄ answers p̄": lambda A, eta, num_steps: proximally(A, eta, num_steps, fresh=True),
})


@claim("M23", slide=SLIDE, source="Nemirovski 2004")
def mirror_prox_converges_like_one_over_t(rng, *, mirror_prox=mixed_nash.mirror_prox):
    r"""gap ≤ (ln m + ln n)/(ηT) whenever η ≤ 1/max|Aᵢⱼ|, and attained up to 10 %."""
    for part, num_steps, tight in [(1.0, 1, 0.65), (1.0, 30, 0.1), (0.3, 30, 0.05), (1.0, 500, 0.1)]:
        share = []
        for A in [*random_games(rng), *costly_games()]:
            eta = part / np.abs(A).max()
            share.append(gap(A, mirror_prox(A, eta, num_steps)) * eta * num_steps / np.log(A.size))
        what = f"gap/bound at η = {part}/max|A|, T = {num_steps}"
        yield at_most(what, share, 1.0, slack=rounding(256 * num_steps), tight=tight)
    A = costly_game(100, 30)
    steps = np.geomspace(10, 10000, 8).astype(int)
    yield rate("gap against T", steps, [gap(A, mirror_prox(A, 1.0, int(T))) for T in steps], -1.0)


mirror_prox_converges_like_one_over_t.mutants({
    "evaluates once: mirror descent": lambda A, eta, num_steps: mixed_nash.mirror_descent(A, eta, num_steps),
    "half the step size": lambda A, eta, num_steps: mixed_nash.mirror_prox(A, eta / 2, num_steps),
    "both players ascend": lambda A, eta, num_steps: mixed_nash.mirror_prox(-A, eta, num_steps),
    "strategies stay uniform": lambda A, eta, num_steps: mixed_nash.mirror_prox(A, eta, 1),
})
