"""Linear steps and the covariances that they carry along: slide "Iterative refinement … MCMC"."""

import numpy as np
import scipy

from refimpl.sampling import linear_chains
from verify.claims import claim, shipped
from verify.evidence import equal, rounding
from verify.sampling.linear_chains import SLIDE, SOURCE, random_precision


@claim("S03", slide=SLIDE, source=SOURCE)
def lmc_on_a_gaussian_is_linear(rng, *, lmc_transition=linear_chains.lmc_transition):
    r"""M = I − ηA, NNᵀ = 2ηI: M and NNᵀ solve the Lyapunov equation of the covariance [A(I − ηA/2)]⁻¹."""
    for p, eta in [(1, 0.5), (3, 0.1)]:
        A = random_precision(rng, p)
        M, N = (np.asarray(part) for part in lmc_transition(A, eta))
        modes, Q = np.linalg.eigh(A)
        yield equal(f"M, p = {p}", M, (Q * (1 - eta * modes)) @ Q.T, atol=rounding(100))
        C = scipy.linalg.solve_discrete_lyapunov(M, N @ N.T)
        yield equal(f"end, p = {p}", C, np.linalg.inv(A - eta * A @ A / 2), atol=rounding(500, 4 / eta))


lmc_on_a_gaussian_is_linear.mutants({
    "ascends": lambda A, eta: (np.eye(len(A)) + eta * A, np.sqrt(2 * eta) * np.eye(len(A))),
    "√η for √(2η)": lambda A, eta: (np.eye(len(A)) - eta * A, np.sqrt(eta) * np.eye(len(A))),
    "noise scaled by η instead of √η": shipped(
        lambda A, eta: (np.eye(len(A)) - eta * A, np.sqrt(2) * eta * np.eye(len(A))),
        project="google-research/ibc",
        version="db89ddb",
        thread="#6",
    ),
    "drift 1 % too large": lambda A, eta: (np.eye(len(A)) - 1.01 * eta * A, np.sqrt(2 * eta) * np.eye(len(A))),
})


@claim("S08", slide=SLIDE, source=SOURCE)
def covariances_add_up_what_each_noise_has_become(rng, *, covariance_after=linear_chains.covariance_after):
    r"""C_k = Mᵏ C₀ (Mᵀ)ᵏ + Σ_{j<k} MʲN (MʲN)ᵀ for any M and N, stable or not."""
    for q, p, k in [(2, 1, 1), (2, 1, 6), (4, 2, 9), (3, 3, 0)]:
        M, N = rng.standard_normal((q, q)) / 2, rng.standard_normal((q, p))
        C0 = random_precision(rng, q)
        C = covariance_after(linear_chains.Transition(M, N), k, C0)
        spread = np.hstack([
            np.linalg.matrix_power(M, j) @ (N if j < k else np.linalg.cholesky(C0)) for j in range(k + 1)
        ])
        yield equal(f"C_{k}, q = {q}, p = {p}", C, spread @ spread.T, atol=rounding(2000, np.abs(spread).max() ** 2))


def recursion(update):
    """A recursion of covariances that can be spoiled."""

    def after(step, num_steps, C0):
        C = C0
        for _ in range(num_steps):
            C = update(C, *step)
        return C

    return after


covariances_add_up_what_each_noise_has_become.mutants({
    "transposed": recursion(lambda C, M, N: M.T @ C @ M + N @ N.T),
    "MCM": recursion(lambda C, M, N: M @ C @ M + N @ N.T),
    "noise carried by M": recursion(lambda C, M, N: M @ (C + N @ N.T) @ M.T),
    "noise dropped": recursion(lambda C, M, N: M @ C @ M.T),
    "noise 1 % too large": recursion(lambda C, M, N: M @ C @ M.T + 1.0201 * N @ N.T),
    "one step too many": lambda step, k, C0: linear_chains.covariance_after(step, k + 1, C0),
})
