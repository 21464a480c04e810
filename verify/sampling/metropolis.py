"""LMC without its bias, by Metropolis adjustment (beyond the lecture)."""

import numpy as np
import scipy

from refimpl.sampling import metropolis, targets
from verify.claims import claim
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


@acceptance_balances_every_pair.mutant("ratio reversed", replaces="log_acceptance", shipped="fab-jax, #14")
def _(f, grad_f, a, b, eta):
    return -metropolis.log_acceptance(f, grad_f, a, b, eta)


@acceptance_balances_every_pair.mutant("proposal taken as symmetric", replaces="log_acceptance")
def _(f, grad_f, a, b, eta):
    return f(a) - f(b)


@acceptance_balances_every_pair.mutant(
    "transition energies exchanged", replaces="log_acceptance", shipped="blackjax, MALA, PR #653"
)
def _(f, grad_f, a, b, eta):
    return 2 * (f(a) - f(b)) - metropolis.log_acceptance(f, grad_f, a, b, eta)


@acceptance_balances_every_pair.mutant("2η for 4η", replaces="log_acceptance", shipped="AdvancedMH.jl, #95, its kind")
def _(f, grad_f, a, b, eta):
    return 2 * metropolis.log_acceptance(f, grad_f, a, b, eta) - (f(a) - f(b))


@acceptance_balances_every_pair.mutant("accepts all: LMC", replaces="mala_step", shipped="caustics, MALA, PR #388")
def _(f, grad_f, a, eta, z, u):
    return a - eta * grad_f(a) + np.sqrt(2 * eta) * z


@acceptance_balances_every_pair.mutant("u for log u", replaces="mala_step")
def _(f, grad_f, a, eta, z, u):
    return metropolis.mala_step(f, grad_f, a, eta, z, np.exp(u - 1))


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


@adjusted_chains_stay_in_the_target.mutant("never moves")
def _(f, grad_f, a0, eta, num_steps, rng):
    return metropolis.Chains(a0[None], 0.0)


@adjusted_chains_stay_in_the_target.mutant("is LMC")
def _(f, grad_f, a0, eta, num_steps, rng):
    return metropolis.Chains(chains(grad_f, a0, eta, num_steps, rng)[None], 1.0)


@adjusted_chains_stay_in_the_target.mutant("noise √η, accepted as if it were √(2η)")
def _(f, grad_f, a0, eta, num_steps, rng):
    for _ in range(num_steps):
        a0 = metropolis.mala_step(f, grad_f, a0, eta, rng.standard_normal(a0.shape) / np.sqrt(2), rng.random(len(a0)))
    return metropolis.Chains(a0[None], 1.0)
