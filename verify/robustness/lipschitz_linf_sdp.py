"""The ℓ∞ bound of one hidden layer by relaxing signs: slide "estimation of Lipschitz constant", its first row."""

from fractions import Fraction

import numpy as np

from refimpl.robustness import linf_sdp_signs, lipschitz
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rounding
from verify.robustness._rationals import exactly, is_semidefinite
from verify.robustness._small_networks import all_patterns, largest, network
from verify.robustness._wrong_programs import paired_with_s, relaxed

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
SOURCE = "Raghunathan, Steinhardt & Liang 2018"
SOLVER = 1e-6


@claim("R06", slide=SLIDE, source=SOURCE)
def sign_relaxation_pairs_the_constant_with_the_input(
    rng, *, linf_sdp=lipschitz.linf_sdp, linf_matrix=linf_sdp_signs.linf_matrix
):
    r"""max sᵀ diag(v) W t ≤ ¼ max⟨M, P⟩; ¼zᵀMz is the left side at z = (1, t, 2s − 1). Paired with s it is no bound.

    Take one neuron relu(wᵀa) with Σ wⱼ = 0, such as relu(a₁ − a₂). With its constant row paired with s the program
    gives half of L_∞ = ‖w‖₁. The right one is never below any pattern's gradient, and equals the primal one.
    """
    for p, m in [(1, 1), (3, 2), (2, 5)]:
        W, v, t, s = (rng.standard_normal(shape) for shape in [(m, p), m, p, m])
        z, M = np.concatenate([[1.0], t, 2 * s - 1]), linf_matrix(W, v)
        yield equal("¼ zᵀMz", z @ M @ z / 4, s @ (v * (W @ t)), atol=1e-13 * (np.abs(z) @ np.abs(M) @ np.abs(z)))
        yield equal("M is symmetric, of diagonal 0", [M - M.T, np.diag(M) + 0 * M], np.zeros((2, *M.shape)))
    W, v = np.array([[1.0, -1.0]]), np.ones(1)
    yield equal("relu(a₁ − a₂)", [linf_sdp(W, v), paired_with_s(W, v)], [2.0, 1.0], rtol=SOLVER)
    nets = [network(rng, p, m) for p, m in [(1, 1), (1, 4), (3, 1), (2, 4), (4, 4), (3, 5), (5, 2), (2, 7)]]
    nets += [[np.abs(W), np.abs(v)] for W, v in nets]
    exact = np.array([largest(all_patterns(weights), np.inf) for weights in nets])
    found = np.array([linf_sdp(W, v[0]) for W, v in nets])
    yield at_most("every pattern's gradient ≤ the bound", exact, found, slack=rounding(64, exact), tight=SOLVER)
    primal = [relaxed(linf_matrix(W, v[0])) for W, v in nets]
    yield equal("the bound is the primal program's value", found, primal, rtol=10 * SOLVER)
    centred = [w - w.mean() for w in rng.standard_normal((4, 1, 3))]
    short = [paired_with_s(w, np.ones(1)) / np.abs(w).sum() for w in centred]
    yield equal("paired with s: share of L_∞ for one neuron of mean weight 0", short, np.full(4, 0.5), rtol=SOLVER)


def without_constant(M):
    """The matrix with its constant row and column 0."""
    M = M.copy()
    M[0] = M[:, 0] = 0
    return M


sign_relaxation_pairs_the_constant_with_the_input.mutants(
    {
        "the constant row paired with s": shipped(
            paired_with_s, project="lipopt", version="an earlier form of the cost"
        ),
        "without the constant row": lambda W, v: relaxed(without_constant(linf_sdp_signs.linf_matrix(W, v))),
        "without symmetrising": lambda W, v: lipschitz.linf_sdp(W, v) / 2,
        "½ for ¼": lambda W, v: 2 * lipschitz.linf_sdp(W, v),
        "|v| for v": lambda W, v: lipschitz.linf_sdp(W, np.abs(v)),
        "v left out": lambda W, v: lipschitz.linf_sdp(W, np.sign(v)),
        "all neurons active": lambda W, v: np.abs(v @ W).sum(),
        "1 % too large": lambda W, v: 1.01 * lipschitz.linf_sdp(W, v),
        "1 % too small": lambda W, v: 0.99 * lipschitz.linf_sdp(W, v),
        "as the solver leaves it, 10⁻⁵ below": lambda W, v: (1 - 1e-5) * lipschitz.linf_sdp(W, v),
    },
    replaces="linf_sdp",
)
sign_relaxation_pairs_the_constant_with_the_input.mutants(
    {
        "without the constant row": lambda W, v: without_constant(linf_sdp_signs.linf_matrix(W, v)),
        "not symmetrised": lambda W, v: 2 * np.tril(linf_sdp_signs.linf_matrix(W, v)),
        "1 % too large": lambda W, v: 1.01 * linf_sdp_signs.linf_matrix(W, v),
    },
    replaces="linf_matrix",
)


@claim("R06", slide=SLIDE, source=SOURCE + "; in rational arithmetic")
def multipliers_prove_the_sign_relaxation(
    rng, *, linf_certificate=linf_sdp_signs.linf_certificate, linf_sdp=lipschitz.linf_sdp
):
    r"""diag(d) − M ⪰ 0 without any rounding, by elimination in fractions, and the bound is ¼ Σ dᵢ."""
    nets = [network(rng, p, m) for p, m in [(1, 1), (2, 3), (3, 2), (4, 4)]]
    nets.append([np.array([[1.0, -1.0], [1.0, -1.0], [0.0, 0.0]]), np.array([[1.0, -1.0, 2.0]])])
    found = []
    for W, v in nets:
        d, C = linf_certificate(W, v[0]), exactly(W) * exactly(v[0])[:, None]
        p, n = W.shape[1], 1 + sum(W.shape)
        S = np.full((n, n), Fraction(0))
        S[0, 1 : 1 + p] = S[1 : 1 + p, 0] = -C.sum(axis=0)
        S[1 + p :, 1 : 1 + p], S[1 : 1 + p, 1 + p :] = -C, -C.T
        found.append(is_semidefinite(S + np.diag(exactly(d))))
        yield equal("¼ Σ dᵢ", linf_sdp(W, v[0]), d.sum() / 4, rtol=1e-13)
    yield equal("proved", found, np.ones(len(nets)))


def averaged(d):
    """Their mean for each."""
    return np.full(len(d), d.mean())


multipliers_prove_the_sign_relaxation.mutants(
    {
        "10⁻⁷ short, as a solver may leave it": lambda W, v: (1 - 1e-7) * linf_sdp_signs.linf_certificate(W, v),
        "a mean multiplier for all": lambda W, v: averaged(linf_sdp_signs.linf_certificate(W, v)),
    },
    replaces="linf_certificate",
)
multipliers_prove_the_sign_relaxation.mutants(
    {"½ for ¼": lambda W, v: 2 * lipschitz.linf_sdp(W, v)}, replaces="linf_sdp"
)
