"""Steps of underdamped and overdamped chains against κ, by exact laws: slide "Iterative refinement … MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import linear_chains
from verify.claims import claim
from verify.evidence import equal, rate
from verify.sampling.linear_chains import SLIDE

KAPPA = np.geomspace(10, 1000, 15)


def divergence_after(M, Q, C0, target, k):
    """KL of the law after k steps from the target, by powers of M and a Lyapunov equation."""
    S = scipy.linalg.solve_discrete_lyapunov(M, Q)
    power = np.linalg.matrix_power(M, k)
    ratio = scipy.linalg.eigh(S + power @ (C0 - S) @ power.T, target, eigvals_only=True)
    return (ratio - 1 - np.log(ratio)).sum() / 2


@claim("S08", slide=SLIDE, source="Ma, Chatterji, Cheng, Flammarion, Bartlett & Jordan 2021")
def underdamped_langevin_takes_root_kappa_steps(rng, *, steps_to_accuracy=linear_chains.steps_to_accuracy):
    r"""Steps to KL ≤ ε from a start of twice the widths: order κ for LMC at η ∝ 1/L, √κ for BAOAB at h ∝ 1/√L."""
    eps = rng.uniform(0.04, 0.06)
    lmc, baoab, first = [], [], []
    for kappa in KAPPA:
        A = np.diag([1.0, kappa])
        overdamped = linear_chains.lmc_transition(A, 0.4 / kappa)
        underdamped = linear_chains.baoab_transition(A, 0.6 / np.sqrt(kappa), 2.0)
        for transition, target, counts in [
            (overdamped, np.linalg.inv(A), lmc),
            (underdamped, np.diag([1, 1 / kappa, 1, 1]), baoab),
        ]:
            counts.append(steps_to_accuracy(transition, 4 * target, target, eps))
            M, Q = transition.M, transition.N @ transition.N.T
            around = [divergence_after(M, Q, 4 * target, target, counts[-1] - back) for back in (1, 0)]
            first.append(around[1] <= eps < around[0])
    yield equal("the count is the first within ε", first, True)
    yield equal(
        "none where the chain starts at its target",
        steps_to_accuracy(overdamped, np.linalg.inv(A), np.linalg.inv(A), eps),
        0,
    )
    yield rate("steps of LMC in κ", KAPPA, lmc, 1.0)
    yield rate("steps of BAOAB in κ", KAPPA, baoab, 0.5)


def divergence_other_way_round(step, C0, target, eps):
    C, k = C0, 0
    while True:
        ratio = scipy.linalg.eigh(target, C, eigvals_only=True)
        if (ratio - 1 - np.log(ratio)).sum() / 2 <= eps:
            return k
        C, k = step.M @ C @ step.M.T + step.N @ step.N.T, k + 1


underdamped_langevin_takes_root_kappa_steps.mutants({
    "one step at least": lambda step, C0, target, eps: max(linear_chains.steps_to_accuracy(step, C0, target, eps), 1),
    "off by one": lambda step, C0, target, eps: linear_chains.steps_to_accuracy(step, C0, target, eps) + 1,
    "divergence the other way round": divergence_other_way_round,
    "accuracy 2ε": lambda step, C0, target, eps: linear_chains.steps_to_accuracy(step, C0, target, 2 * eps),
})
