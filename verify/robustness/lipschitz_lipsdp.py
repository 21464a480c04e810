"""LipSDP, its proofs and its invalid relative: slide "estimation of Lipschitz constant"."""

import unittest.mock
from fractions import Fraction

import numpy as np
import scipy

from refimpl.robustness import lipschitz, lipsdp_multipliers, relu_networks
from verify.claims import claim, shipped
from verify.evidence import at_least, at_most, equal
from verify.robustness._rationals import exactly, is_semidefinite
from verify.robustness._small_networks import all_active, network
from verify.robustness._wrong_programs import coupled_lipsdp

SLIDE = "Robustness in deep learning: estimation of Lipschitz constant"
SOURCE = "Fazlyab, Robey, Hassani, Morari & Pappas 2019"
SOLVER = 1e-6
SIZES = [(2, 1), (2, 4), (4, 3), (2, 3, 3), (3, 2, 2, 2)]
RELU_DIFFERENCE = [np.array([[1.0], [1.0]]), np.array([[1.0, -1.0]])]


@claim("R05", slide=SLIDE, source="Pauli, Koch, Berberich, Kohler & Allgöwer 2022; in rational arithmetic")
def coupled_multipliers_certify_nothing(
    rng, *, lipsdp=lipschitz.lipsdp, lipsdp_matrix=lipsdp_multipliers.lipsdp_matrix
):
    r"""h(a) = relu(a) − relu(a − 1) has slope 1, and T = dI + ½(e₁ − e₂)(e₁ − e₂)ᵀ "proves" ρ = d for every d > 0.

    With diagonal multipliers the bound is 1. The coupled program falls below the slope of random networks, too: those
    of c relu(wᵀa) − c relu(wᵀa − 1), whose neurons differ in their biases only.
    """
    a = rng.uniform(0, 1, 100)
    slope = (np.maximum(a + 1e-3, 0) - np.maximum(a + 1e-3 - 1, 0) - np.maximum(a, 0) + np.maximum(a - 1, 0)) / 1e-3
    yield at_least("steepest slope of h", slope.max(), 1.0, slack=1e-12, tight=1e-12)
    yield equal("with diagonal multipliers", lipsdp(RELU_DIFFERENCE), 1.0, rtol=SOLVER)
    half = np.array([[0.5, -0.5], [-0.5, 0.5]])
    proved = []
    for d in (2.0**-40, 0.125, 0.5, 1.0, *(rng.integers(1, 2**20, 4) / 2**20)):
        M = lipsdp_matrix(RELU_DIFFERENCE, d, d * np.eye(2) + half)
        expected = [[-d, d, d], [d, -2 * d, 0], [d, 0, -2 * d]]
        yield equal(f"M at d = {d:.3g}", M, expected)
        proved.append(is_semidefinite(-exactly(M)))
    yield equal("M ⪯ 0 with coupled multipliers, ρ = d", proved, np.ones(len(proved)))
    loose = lipsdp_matrix(RELU_DIFFERENCE, 0.99, np.diag(rng.uniform(0.5, 2, 2)))
    yield at_least("λmax(M) with diagonal ones, ρ = 0.99", np.linalg.eigvalsh(loose)[-1], 0.0, resolution=10.0)
    twins = [
        [np.vstack([w, w]), np.array([[c, -c]])]
        for w, c in zip(rng.standard_normal((3, 1, 3)), rng.uniform(1, 2, 3), strict=True)
    ]
    slopes = np.array([v[0, 0] * np.linalg.norm(W[0]) for W, v in twins])
    yield equal("twins with diagonal multipliers", [lipsdp(weights) for weights in twins], slopes, rtol=SOLVER)
    coupled = [coupled_lipsdp(weights) for weights in twins] / slopes
    yield at_most("twins with coupled ones, of their slope", coupled, np.full(3, 0.01), resolution=0.01)


coupled_multipliers_certify_nothing.mutants(
    {
        "multipliers that couple neurons": shipped(coupled_lipsdp, project="LipSDP", version="mode network"),
        "no bias is thought of: the slope of relu − relu": lambda weights: abs(weights[-1].sum()),
        "1 % too large": lambda weights: 1.01 * lipschitz.lipsdp(weights),
    },
    replaces="lipsdp",
)
coupled_multipliers_certify_nothing.mutants(
    {
        "T for 2T": lambda weights, rho, T: changed_matrix(weights, rho, T, slack=1),
        "+ρ for −ρ": lambda weights, rho, T: lipsdp_multipliers.lipsdp_matrix(weights, 0.0, T) + np.diag([rho, 0, 0]),
    },
    replaces="lipsdp_matrix",
)


def changed_matrix(weights, rho, T, slack=2, back=1):
    """The matrix with another multiple of T on its diagonal, and of T in its lower half."""
    M, p = lipsdp_multipliers.lipsdp_matrix(weights, rho, T), np.shape(weights[0])[1]
    M[p:, p:] += (2 - slack) * T
    return np.triu(M) + back * np.tril(M, -1)


@claim("R07", slide=SLIDE, source=SOURCE)
def lipsdp_matrix_is_the_quadratic_form(rng, *, lipsdp_matrix=lipsdp_multipliers.lipsdp_matrix):
    r"""xᵀMx = Σ_l 2 x_lᵀT_l(W_l x_{l−1} − x_l) − ρ‖x₀‖² + ‖W_L x_{L−1}‖² at x = (x₀, …, x_{L−1}), for symmetric T."""
    for sizes in SIZES:
        weights, rho = network(rng, *sizes), rng.uniform(0, 2)
        x0, x = rng.standard_normal((7, sizes[0])), rng.standard_normal((7, sum(sizes[1:])))
        S = rng.standard_normal((x.shape[1], x.shape[1]))
        T, z, before = S + S.T, [], x0
        layers = np.split(x, np.cumsum(sizes[1:-1]), axis=1)
        for W, x_l in zip(weights[:-1], layers, strict=True):
            z.append(before @ W.T)
            before = x_l
        form = 2 * ((x @ T) * (np.hstack(z) - x)).sum(1) - rho * (x0**2).sum(1) + ((before @ weights[-1].T) ** 2).sum(1)
        whole, M = np.hstack([x0, x]), lipsdp_matrix(weights, rho, T)
        size = np.einsum("ni,ij,nj->n", np.abs(whole), np.abs(M), np.abs(whole))
        yield equal(f"sizes {sizes}", np.einsum("ni,ij,nj->n", whole, M, whole), form, atol=1e-13 * size)
        yield equal(f"sizes {sizes}: Mᵀ", M.T, M, atol=1e-13 * np.abs(M).max())


lipsdp_matrix_is_the_quadratic_form.mutants({
    "T for 2T": lambda weights, rho, T: changed_matrix(weights, rho, T, slack=1),
    "not symmetrised": lambda weights, rho, T: changed_matrix(weights, rho, T, back=0),
    "ρ² for ρ": lambda weights, rho, T: lipsdp_multipliers.lipsdp_matrix(weights, rho**2, T),
    "only the diagonal of T": lambda weights, rho, T: lipsdp_multipliers.lipsdp_matrix(
        weights, rho, np.diag(np.diag(T))
    ),
    "the last layer left out": lambda weights, rho, T: lipsdp_multipliers.lipsdp_matrix(
        [*weights[:-1], 0 * weights[-1]], rho, T
    ),
    "W_L twice": lambda weights, rho, T: lipsdp_multipliers.lipsdp_matrix(
        [*weights[:-1], 2**0.5 * weights[-1]], rho, T
    ),
    "1 % too large": lambda weights, rho, T: 1.01 * lipsdp_multipliers.lipsdp_matrix(weights, rho, T),
})


@claim("R07", slide=SLIDE, source=SOURCE + "; in rational arithmetic")
def multipliers_prove_the_bound(
    rng, *, lipsdp_certificate=lipsdp_multipliers.lipsdp_certificate, lipsdp=lipschitz.lipsdp
):
    r"""M(ρ, diag λ) ⪯ 0 without any rounding, by elimination in fractions, λ ≥ 0, L = √ρ; dead or equal neurons."""
    nets = [network(rng, *sizes) for sizes in SIZES[1:]]
    nets += [[np.abs(W) for W in nets[0]], RELU_DIFFERENCE, [np.diag([1.0, 0.0]), np.array([[1.0, 3.0]])]]
    nets += [[1e-5 * nets[1][0], 1e7 * nets[1][1]], rescaled(rng, nets[2], 5)]
    found = []
    for weights in nets:
        rho, lam = lipsdp_certificate(weights)
        found.append(is_semidefinite(-matrix_of_fractions(weights, rho, lam)) and min(lam) >= 0)
        yield equal("L², ρ", lipsdp(weights) ** 2, rho, rtol=1e-13)
    yield equal("proved", found, np.ones(len(nets)))


def matrix_of_fractions(weights, rho, lam):
    """M, block by block."""
    sizes = [W.shape[1] for W in weights]
    ends = np.cumsum([0, *sizes])
    M = np.full((ends[-1], ends[-1]), Fraction(0))
    M[range(sizes[0]), range(sizes[0])] = -Fraction(float(rho))
    for l, W in enumerate(weights[:-1], start=1):
        here, before = slice(ends[l], ends[l + 1]), slice(ends[l - 1], ends[l])
        T = np.diag(exactly(lam)[ends[l] - sizes[0] : ends[l + 1] - sizes[0]])
        M[here, before] = T.dot(exactly(W))
        M[before, here] = M[here, before].T
        M[here, here] = M[here, here] - 2 * T
    last = exactly(weights[-1])
    M[ends[-2] :, ends[-2] :] += last.T.dot(last)
    return M


multipliers_prove_the_bound.mutants(
    {
        "10⁻⁷ short, as a solver may leave it": lambda weights: short(lipsdp_multipliers.lipsdp_certificate(weights)),
        "one multiplier for all neurons": lambda weights: averaged(lipsdp_multipliers.lipsdp_certificate(weights)),
    },
    replaces="lipsdp_certificate",
)
multipliers_prove_the_bound.mutants(
    {
        "0.1 % too large": lambda weights: 1.001 * lipschitz.lipsdp(weights),
        "ρ for √ρ": lambda weights: lipschitz.lipsdp(weights) ** 2,
    },
    replaces="lipsdp",
)


def averaged(certificate):
    """A certificate with the mean of its multipliers for each."""
    return certificate._replace(multipliers=0 * certificate.multipliers + certificate.multipliers.mean())


def short(certificate):
    """A certificate of a ρ that is a little too small."""
    return certificate._replace(rho=certificate.rho * (1 - 1e-7))


def rescaled(rng, weights, decades):
    """The same function with other sizes of its neurons, relu(sx)/s for relu(x)."""
    weights = [W.copy() for W in weights]
    for l in range(len(weights) - 1):
        s = 10.0 ** rng.uniform(-decades, decades, len(weights[l]))
        weights[l], weights[l + 1] = s[:, None] * weights[l], weights[l + 1] / s
    return weights


@claim("R07", slide=SLIDE, source=SOURCE + "; relu(sx)/s = relu(x)")
def lipsdp_is_a_bound_of_the_function_not_of_its_weights(rng, *, lipsdp=lipschitz.lipsdp):
    r"""The same bound for rescaled neurons, by 10^±1 to 10^±30, for permuted ones, and for ones that are cut in two.

    With positive weights it is ‖W_L⋯W₁‖₂; one input and neurons 10^±k of slopes ±1 have the constant of their sum.
    """
    nets = [network(rng, *sizes) for sizes in [(6, 3), (3, 4, 3), (2, 3, 3, 2)]]
    known = np.array([lipsdp(weights) for weights in nets])
    for decades in (1, 3, 5, 30):
        found = [lipsdp(rescaled(rng, weights, decades)) for weights in nets]
        yield equal(f"rescaled by up to 10^±{decades}", found, known, rtol=SOLVER)
        positive = [[np.abs(W) for W in weights] for weights in nets]
        exact = [np.linalg.norm(all_active(weights)) for weights in positive]
        found = [lipsdp(rescaled(rng, weights, decades)) for weights in positive]
        yield equal(f"positive weights, rescaled by up to 10^±{decades}", found, exact, rtol=SOLVER)
    W, v = nets[0]
    order = rng.permutation(3)
    yield equal("permuted", lipsdp([W[order], v[:, order]]), known[0], rtol=SOLVER)
    yield equal("cut in two", lipsdp([np.vstack([W, W]), np.hstack([0.3 * v, 0.7 * v])]), known[0], rtol=SOLVER)
    for s in (1.0, 1e4, 1e6, 1e-100):
        yield equal(f"two neurons, {s:g}", lipsdp([np.array([[s], [1.0]]), np.array([[1 / s, 1.0]])]), 2.0, rtol=SOLVER)


def unbalanced(weights):
    """The neurons as they are."""
    return relu_networks.Rescaled(weights, np.zeros(sum(len(W) for W in weights[:-1]), int))


def as_written(weights):
    """LipSDP of the neurons as they are."""
    with unittest.mock.patch.object(lipsdp_multipliers, "balance", unbalanced):
        return lipschitz.lipsdp(weights)


lipsdp_is_a_bound_of_the_function_not_of_its_weights.mutants({
    "neurons as they are": as_written,
    "the product of norms": lambda weights: float(np.prod([np.linalg.norm(W, 2) for W in weights])),
    "0.1 % too large": lambda weights: 1.001 * lipschitz.lipsdp(weights),
})


@claim("R07", slide=SLIDE, source=SOURCE + "; derived here")
def lipsdp_is_the_best_bound_of_its_kind(rng, *, lipsdp=lipschitz.lipsdp):
    r"""√ρ = ‖W_L⋯W₁‖₂ where all weights are positive, at any depth; never above Π‖W_l‖₂; the least over λ by search.

    With positive weights −M has no positive entry off its diagonal. At ρ = ‖W_L⋯W₁‖₂² and
    λ_l = (W_{l+1}ᵀ⋯W_Lᵀ)(W_L⋯W₁x₀)/x_l its kernel holds a positive vector, (x₀, W₁x₀, …). So it is ⪰ 0.
    """
    positive = [[np.abs(W) for W in network(rng, *sizes)] for sizes in [(3,), *SIZES, (2, 2, 2, 2, 2), (1, 1)]]
    exact = [np.linalg.norm(all_active(weights)) for weights in positive]
    yield equal("positive weights", [lipsdp(weights) for weights in positive], exact, rtol=SOLVER)
    nets = [network(rng, *sizes) for sizes in [(3,), *SIZES, (3, 1)]]
    found = np.array([lipsdp(weights) for weights in nets])
    product = np.array([np.prod([np.sqrt(np.linalg.eigvalsh(W @ W.T)[-1]) for W in weights]) for weights in nets])
    yield at_most("≤ the product of norms", found, product, slack=SOLVER * product, tight=SOLVER)
    two = [network(rng, 3, 2) for _ in range(4)]
    yield equal("two neurons, by search", [lipsdp(weights) for weights in two], [by_search(*w) for w in two], rtol=1e-5)


def by_search(W, v):
    """The least √ρ over two multipliers, from ρ = λmax(WᵀT(2T − vvᵀ)⁻¹TW) where Σ v²/λ < 2."""

    def value(y):
        lam = np.exp(y)
        if (v[0] ** 2 / lam).sum() >= 2:
            return np.inf
        T = np.diag(lam)
        return np.linalg.eigvalsh(W.T @ T @ np.linalg.solve(2 * T - v.T @ v, T @ W))[-1]

    starts = [np.log(v[0] ** 2 * share) for share in ([1.5, 1.5], [1.2, 3.0], [3.0, 1.2])]
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}
    return np.sqrt(min(scipy.optimize.minimize(value, y, method="Nelder-Mead", options=options).fun for y in starts))


lipsdp_is_the_best_bound_of_its_kind.mutants({
    "the product of norms": lambda weights: float(np.prod([np.linalg.norm(W, 2) for W in weights])),
    "ρ for √ρ": lambda weights: lipschitz.lipsdp(weights) ** 2,
    "0.1 % too large": lambda weights: 1.001 * lipschitz.lipsdp(weights),
    "0.1 % too small": lambda weights: 0.999 * lipschitz.lipsdp(weights),
    "all neurons active": lambda weights: float(np.linalg.norm(all_active(weights))),
    "slopes in [−1, 1]": lambda weights: float(np.linalg.norm(all_active([np.abs(W) for W in weights]))),
})
