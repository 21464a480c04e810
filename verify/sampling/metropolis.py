"""LMC without its bias, by Metropolis adjustment (beyond the lecture)."""

import numpy as np
import scipy

from refimpl.sampling import metropolis, targets
from verify.claims import claim, shipped
from verify.evidence import equal, mean, rounding
from verify.sampling.langevin import SLIDE, chains

SOURCE = "Roberts & Tweedie 1996"


@claim("S04", slide=SLIDE, source=SOURCE)
def acceptance_balances_every_pair(rng, *, log_acceptance=metropolis.log_acceptance, mala_step=metropolis.mala_step):
    r"""π(a)q(a → b)α(a, b) = π(b)q(b → a)α(b, a) for every pair, α = min(1, ratio); a step moves iff u < α."""
    target = targets.double_well(3, rng.uniform(0.5, 2))
    a, z = rng.uniform(-1.5, 1.5, (2, 200, 3))
    for eta in 10 ** rng.uniform(-2, 0, 4):
        spread = np.sqrt(2 * eta)
        b = a - eta * target.grad_f(a) + spread * z
        there = scipy.stats.norm.logpdf(b, a - eta * target.grad_f(a), spread).sum(1) - target.f(a)
        back = scipy.stats.norm.logpdf(a, b - eta * target.grad_f(b), spread).sum(1) - target.f(b)
        ratio = np.asarray(log_acceptance(target.f, target.grad_f, a, b, eta))
        error = rounding(1e3, 10 + np.abs(there) + np.abs(back))
        yield equal(f"log ratio at η = {eta:.3g}", ratio, back - there, atol=error)
        likely = np.exp(np.clip(back - there, -600, 0))
        for name, factor, moves in (("below", 0.999, True), ("above", 1.001, False)):
            chosen = (likely < 0.99) & (likely > 1e-200)
            expected = b[chosen] if moves else a[chosen]
            after = mala_step(target.f, target.grad_f, a[chosen], eta, z[chosen], factor * likely[chosen])
            if chosen.any():
                yield equal(f"u {name} α", after, expected, atol=rounding(16, 10 * (1 + np.abs(b).max())))


acceptance_balances_every_pair.mutants(
    {
        "ratio reversed": shipped(
            lambda f, grad_f, a, b, eta: -metropolis.log_acceptance(f, grad_f, a, b, eta),
            project="fab-jax",
            thread="#14",
        ),
        "proposal taken as symmetric": lambda f, grad_f, a, b, eta: f(a) - f(b),
        "transition energies exchanged": shipped(
            lambda f, grad_f, a, b, eta: 2 * (f(a) - f(b)) - metropolis.log_acceptance(f, grad_f, a, b, eta),
            project="blackjax",
            version="MALA",
            thread="PR #653",
        ),
        "2η for 4η": shipped(
            lambda f, grad_f, a, b, eta: 2 * metropolis.log_acceptance(f, grad_f, a, b, eta) - (f(a) - f(b)),
            project="AdvancedMH.jl",
            thread="#95",
        ),
    },
    replaces="log_acceptance",
)
acceptance_balances_every_pair.mutants(
    {
        "accepts all: LMC": shipped(
            lambda f, grad_f, a, eta, z, u: a - eta * grad_f(a) + np.sqrt(2 * eta) * z,
            project="caustics",
            version="MALA",
            thread="PR #388",
        ),
        "u for log u": lambda f, grad_f, a, eta, z, u: metropolis.mala_step(f, grad_f, a, eta, z, np.exp(u - 1)),
        "one decision for the batch": lambda f, grad_f, a, eta, z, u: metropolis.mala_step(
            f, grad_f, a, eta, z, np.full(np.shape(u), np.ravel(u)[0])
        ),
    },
    replaces="mala_step",
)


@claim("S04", slide=SLIDE, source=SOURCE)
def adjusted_chains_stay_in_the_target(rng, *, mala=metropolis.mala):
    r"""40,000 chains started in N(0, I₃) are there still after 60 steps, at a step where LMC's variance has trebled."""
    target = targets.gaussian(np.zeros(3), np.eye(3))
    start = rng.standard_normal((40_000, 3))
    a = np.asarray(mala(target.f, target.grad_f, start, 4 / 3, 60, rng).a)[-1]
    moved = (a - start) / np.sqrt(2)
    yield mean("E e^(−x²/2), differences from the start", np.exp(-(moved[:, 0] ** 2) / 2), np.sqrt(0.5), delta=0.02)
    yield mean("E e^(−x²/2)", np.exp(-(a.ravel() ** 2) / 2), np.sqrt(0.5), delta=0.02)
    yield mean("E e^(−x²/2), along the diagonal", np.exp(-(a.sum(1) ** 2) / 6), np.sqrt(0.5), delta=0.02)


def too_little_noise(f, grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = metropolis.mala_step(f, grad_f, a0, eta, rng.standard_normal(a0.shape) / np.sqrt(2), rng.random(len(a0)))
    return metropolis.Chains(a0[None], 1.0)


adjusted_chains_stay_in_the_target.mutants({
    "never moves": lambda f, grad_f, a0, eta, num_steps, rng: metropolis.Chains(a0[None], 0.0),
    "is LMC": lambda f, grad_f, a0, eta, num_steps, rng: metropolis.Chains(
        chains(grad_f, a0, eta, num_steps, rng)[None], 1.0
    ),
    "noise √η, accepted as if it were √(2η)": too_little_noise,
})


@claim("S04", slide=SLIDE, source="the same generator gives the same path, whatever is kept of it")
def adjusted_chains_are_recorded_as_they_ran(rng, *, mala=metropolis.mala):
    r"""Kept are the states after 0, e, 2e, … steps; the share accepted is the share of steps that moved."""
    a0, seed = rng.uniform(-1, 1, (300, 2)), int(rng.integers(2**32))
    target = targets.double_well(2, 1.0)
    given = a0.copy()
    path, acceptance = mala(target.f, target.grad_f, given, 0.15, 12, np.random.default_rng(seed))
    path = np.asarray(path)
    yield equal("the start is left alone", given, a0)
    yield equal("every step where nothing is said, the start first", [len(path), *(path[0] == a0).all(0)], [13, 1, 1])
    moves = (path[1:] != path[:-1]).any(-1)
    yield equal("share accepted", acceptance, moves.mean(), atol=1e-12)
    yield equal("some are refused, most are not", 0.5 < moves.mean() < 0.999, True)
    for every, rows in [(3, 5), (5, 3), (12, 2)]:
        kept = mala(target.f, target.grad_f, a0, 0.15, 12, np.random.default_rng(seed), every=every)
        yield equal(f"every {every}th", kept.a, path[::every][:rows])
        yield equal("share accepted", kept.acceptance, acceptance, atol=1e-12)


def run(record=lambda path, every: path[::every], share=lambda moves: moves.mean()):
    """MALA, to be spoilt in what it records."""

    def mala(f, grad_f, a0, eta, num_steps, rng, every=1):
        path = metropolis.mala(f, grad_f, a0, eta, num_steps, rng).a
        return metropolis.Chains(record(path, every), float(share((path[1:] != path[:-1]).any(-1))))

    return mala


adjusted_chains_are_recorded_as_they_ran.mutants({
    "the start left out": run(lambda path, every: path[every::every]),
    "one step late": run(lambda path, every: np.concatenate([path[:1], path[1::every]])),
    "every state": run(lambda path, every: path),
    "the last state for all": run(
        lambda path, every: np.concatenate([path[:1]] + [path[-1:]] * ((len(path) - 1) // every))
    ),
    "share refused": run(share=lambda moves: 1 - moves.mean()),
    "share of the last step": run(share=lambda moves: moves[-1].mean()),
    "number accepted": run(share=lambda moves: moves.sum()),
    "share among n − 1": run(share=lambda moves: moves.sum() / moves.shape[0] / (moves.shape[1] - 1)),
})


@claim("S04", slide=SLIDE, source=SOURCE)
def linear_potentials_accept_every_proposal(rng, *, mala=metropolis.mala):
    r"""f = ⟨c, a⟩: every proposal is accepted, and chains are LMC: N(−kηc, 2kηI) after k steps from 0, exactly."""
    n, c, eta = 200_000, rng.uniform(0.5, 2, 2), rng.uniform(0.2, 0.8)
    linear = mala(lambda a: a @ c, lambda a: 0 * a + c, np.zeros((n, 2)), eta, 3, rng, every=3)
    yield equal("linear f: all accepted", linear.acceptance, 1.0, atol=1e-5)
    x = (np.asarray(linear.a)[-1] + 3 * eta * c) / np.sqrt(6 * eta)
    yield mean("linear f: E e^(−x²/2)", np.exp(-(x.ravel() ** 2) / 2), np.sqrt(0.5), delta=0.01)
    yield mean("linear f: P(x ≤ 0)", x.ravel() <= 0, 0.5, delta=0.02)


linear_potentials_accept_every_proposal.mutants({
    "η a tenth too small": lambda f, grad_f, a0, eta, num_steps, rng, every=1: metropolis.mala(
        f, grad_f, a0, 0.9 * eta, num_steps, rng, every
    )
})


@claim("S04", slide=SLIDE, source=SOURCE)
def proposals_where_the_density_vanishes_are_refused(rng, *, mala_step=metropolis.mala_step):
    r"""The uniform law on a square, f = ∞ and ∇f not a number outside: what would leave it stays where it was."""
    inside = lambda a: np.where((np.abs(a) < 1).all(-1), 0.0, np.inf)  # noqa: E731
    grad = lambda a: np.where((np.abs(a) < 1).all(-1, keepdims=True), 0.0, np.nan) + 0 * a  # noqa: E731
    a, z, u = rng.uniform(-1, 1, (300, 2)), rng.standard_normal((300, 2)), rng.random(300)
    after, b = np.asarray(mala_step(inside, grad, a, 0.5, z, u)), a + z
    expected = np.where((np.abs(b) < 1).all(-1, keepdims=True), b, a)
    yield equal("uniform on a square: what leaves it is refused", after, expected, atol=1e-14)
    yield equal("a single point", mala_step(inside, grad, a[7], 0.5, z[7], u[7]), after[7], atol=1e-14)


def moves_where_the_ratio_is_undefined(f, grad_f, a, eta, z, u):
    b = a - eta * grad_f(a) + np.sqrt(2 * eta) * z
    refused = np.log(u) >= metropolis.log_acceptance(f, grad_f, a, b, eta)
    return np.where(np.asarray(refused)[..., None], a, b)


proposals_where_the_density_vanishes_are_refused.mutants({
    "moves where the ratio is not a number": moves_where_the_ratio_is_undefined
})
