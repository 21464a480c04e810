"""All bounds on the same networks: slides "worst-case metric" and "estimation of Lipschitz constant"."""

import numpy as np

from refimpl.robustness import lipschitz
from refimpl.robustness.linf_sdp_signs import linf_matrix
from verify.claims import claim, shipped
from verify.evidence import at_most, equal, rounding
from verify.robustness._small_networks import all_active, exchanged, largest, network
from verify.robustness._wrong_programs import coupled_lipsdp, paired_with_s

WORST_CASE = "Robustness in deep learning: worst-case metric"
ESTIMATION = "Robustness in deep learning: estimation of Lipschitz constant"
NORMS = (1, 2, np.inf)
SIZES = [(3, 1), (2, 4), (3, 5), (5, 2), (1, 4), (2, 3, 3), (2, 2, 2, 2)]
SOLVER = 1e-6  # what the certified bounds of solvers may lose, of their value


def networks(rng):
    """Of many shapes, with Gaussian and with positive weights; neurons in pairs ±w; equal or dead ones."""
    gaussian = [network(rng, *sizes) for sizes in SIZES]
    positive = [[np.abs(W) for W in weights] for weights in gaussian]
    (W, v), (X, y) = network(rng, 2, 3), network(rng, 3, 2)
    pairs = [np.vstack([W, -W]), np.hstack([v, v])]
    degenerate = [np.vstack([X[:1], X, 0 * X[:1]]), np.hstack([y, y])]
    never_together = [np.array([[1.0], [-1.0]]), np.array([[1.0, -1.0]])]
    return [*gaussian, *positive, pairs, degenerate, never_together]


@claim("R04", slide=ESTIMATION, source="Definition; the papers of the methods")
def sampled_is_at_most_exact_is_at_most_certified(
    rng,
    *,
    sampled_bound=lipschitz.sampled_bound,
    brute_force=lipschitz.brute_force,
    lipmip=lipschitz.lipmip,
    lipopt=lipschitz.lipopt,
    lipsdp=lipschitz.lipsdp,
    linf_sdp=lipschitz.linf_sdp,
    product_bound=lipschitz.product_bound,
):
    r"""Sampled ≤ exact ≤ certified ≤ product of norms of layers, every method in its own norm, each attained somewhere.

    Attained: by samples in every cell; by LipSDP where weights are positive; by the product where the hidden layer has
    one neuron.
    """
    nets = networks(rng)
    product = {norm: np.array([product_bound(weights, norm) for weights in nets]) for norm in NORMS}
    exact = {norm: np.array([brute_force(weights, norm) for weights in nets]) for norm in NORMS}
    for norm in NORMS:
        points = [rng.standard_normal((2000, weights[0].shape[1])) for weights in nets]
        sampled = [sampled_bound(weights, a, norm) for weights, a in zip(nets, points, strict=True)]
        yield at_most(f"sampled ≤ exact, ℓ_{norm}", sampled, exact[norm], slack=1e-12 * product[norm], tight=1e-12)
        yield at_most(
            f"exact ≤ product, ℓ_{norm}", exact[norm], product[norm], slack=1e-12 * product[norm], tight=1e-12
        )
    for norm in (1, np.inf):
        found = [lipmip(weights, norm, -1.0, 1.0) for weights in nets]
        yield equal(f"LipMIP = exact, ℓ_{norm}", found, exact[norm], atol=2 * SOLVER * product[np.inf])
    of_two_layers = [len(weights) == 2 for weights in nets]
    certified = {
        "LipSDP, ℓ_2": (2, [lipsdp(weights) for weights in nets], slice(None)),
        "LiPopt of degree L, ℓ_inf": (np.inf, [lipopt(weights, len(weights)) for weights in nets], slice(None)),
        "LiPopt of degree L + 1, ℓ_inf": (np.inf, [lipopt(weights, len(weights) + 1) for weights in nets], slice(None)),
        "SDP, ℓ_inf": (np.inf, [linf_sdp(w[0], w[1][0]) for w in nets if len(w) == 2], of_two_layers),
    }
    for name, (norm, values, where) in certified.items():
        below, above = exact[norm][where], product[norm][where]
        yield at_most(f"exact ≤ {name}", below, values, slack=rounding(64, above), tight=SOLVER)
        yield at_most(f"{name} ≤ product", values, above, slack=SOLVER * above, tight=SOLVER)


sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "all neurons active": lambda weights, a, norm=2: largest(all_active(weights), norm),
        "in the norm itself": lambda weights, a, norm=2: lipschitz.sampled_bound(weights, a, exchanged(norm)),
        "1 % too large": lambda weights, a, norm=2: 1.01 * lipschitz.sampled_bound(weights, a, norm),
    },
    replaces="sampled_bound",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "in the norm itself": lambda weights, norm=2: lipschitz.brute_force(weights, exchanged(norm)),
        "1 % too large": lambda weights, norm=2: 1.01 * lipschitz.brute_force(weights, norm),
        "1 % too small": lambda weights, norm=2: 0.99 * lipschitz.brute_force(weights, norm),
    },
    replaces="brute_force",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "in the norm itself": lambda weights, norm, *box: lipschitz.lipmip(weights, exchanged(norm), *box),
        "on a part of the box": lambda weights, norm, lower, upper: lipschitz.lipmip(weights, norm, 0.0, upper),
    },
    replaces="lipmip",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "half": lambda weights, degree: lipschitz.lipopt(weights, degree) / 2,
        "1 % too small": lambda weights, degree: 0.99 * lipschitz.lipopt(weights, degree),
        "all neurons active": lambda weights, degree: largest(all_active(weights), np.inf),
    },
    replaces="lipopt",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "multipliers that couple neurons": shipped(coupled_lipsdp, project="LipSDP", version="mode network"),
        "ρ for √ρ": lambda weights: lipschitz.lipsdp(weights) ** 2,
        "1 % too small": lambda weights: 0.99 * lipschitz.lipsdp(weights),
        "all neurons active": lambda weights: largest(all_active(weights), 2),
    },
    replaces="lipsdp",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {
        "the constant row paired with s": shipped(
            paired_with_s, project="lipopt", version="an earlier form of the cost"
        ),
        "½ for ¼": lambda W, v: 2 * lipschitz.linf_sdp(W, v),
        "1 % too small": lambda W, v: 0.99 * lipschitz.linf_sdp(W, v),
        "without the constant row": lambda W, v: lipschitz.linf_sdp(W, v) - np.abs(linf_matrix(W, v)[0]).sum() / 2,
    },
    replaces="linf_sdp",
)
sampled_is_at_most_exact_is_at_most_certified.mutants(
    {"1 % too small": lambda weights, norm=2: 0.99 * lipschitz.product_bound(weights, norm)}, replaces="product_bound"
)


@claim("R04", slide=ESTIMATION, source="Definition")
def product_bound_multiplies_the_largest_gains_of_layers(rng, *, product_bound=lipschitz.product_bound):
    r"""‖W‖ = max ‖Wa‖ over the extreme points of the unit ball: ±eⱼ, the circle (by eigenvalues), all signs."""
    nets = [network(rng, *sizes) for sizes in [(2,), (3, 1), (4, 3), (2, 5, 3), (3, 2, 4, 2)]]
    for norm in NORMS:
        gains = [np.prod([gain(W, norm) for W in weights]) for weights in nets]
        yield equal(f"ℓ_{norm}", [product_bound(weights, norm) for weights in nets], gains, rtol=1e-13)
    yield equal("ℓ₂ if no norm is given", product_bound(nets[3]), product_bound(nets[3], 2))


def gain(W, norm):
    """max ‖Wa‖ over ‖a‖ ≤ 1."""
    if norm == 1:
        return max(np.abs(W @ e).sum() for e in np.eye(W.shape[1]))
    if norm == 2:
        return np.sqrt(np.linalg.eigvalsh(W @ W.T)[-1])
    signs = np.stack(np.meshgrid(*W.shape[1] * [[-1, 1]]), -1).reshape(-1, W.shape[1])
    return np.abs(signs @ W.T).max()


def layers(norm_of):
    """The product of some numbers of layers."""
    return lambda weights, norm=2: float(np.prod([norm_of(np.asarray(W), norm) for W in weights]))


product_bound_multiplies_the_largest_gains_of_layers.mutants({
    "Frobenius norms": layers(lambda W, norm: np.linalg.norm(W)),
    "the Frobenius norm called operator norm": shipped(
        layers(lambda W, norm: np.linalg.norm(W) if norm == 2 else np.linalg.norm(W, norm)),
        project="lipMIP",
        version="0582776, NaiveUB",
    ),
    "in ℓ∞ the largest entry of the last layer": shipped(
        lambda weights, norm=2: (
            lipschitz.product_bound(weights, norm)
            * (np.abs(weights[-1]).max() / np.abs(weights[-1]).sum() if norm == np.inf else 1)
        ),
        project="lipMIP",
        version="0582776, NaiveUB",
    ),
    "rows and columns exchanged": layers(lambda W, norm: np.linalg.norm(W.T, norm)),
    "entrywise norms": layers(lambda W, norm: np.linalg.norm(W.ravel(), norm)),
    "the last layer left out": lambda weights, norm=2: lipschitz.product_bound(
        [*weights[:-1], weights[-1] * 0 + 1], norm
    ),
    "the norm of the product": lambda weights, norm=2: np.linalg.norm(all_active(weights), norm),
    "the sum": lambda weights, norm=2: sum(np.linalg.norm(W, norm) for W in weights),
    "ℓ∞ if no norm is given": lambda weights, norm=np.inf: lipschitz.product_bound(weights, norm),
    "1 % too large": lambda weights, norm=2: 1.01 * lipschitz.product_bound(weights, norm),
})


@claim("R04", slide=WORST_CASE, source="Definition")
def sampled_bound_is_the_steepest_sampled_slope(rng, *, sampled_bound=lipschitz.sampled_bound):
    r"""max ‖∇h(aᵢ)‖_* is the largest (h(a + δe) − h(a))/δ over extreme points e of the unit ball, δ small."""
    for sizes in [(2, 4), (3, 3, 5), (4, 2, 3, 2), (3,)]:
        weights, a = network(rng, *sizes), rng.standard_normal((5, sizes[0]))
        signs = np.stack(np.meshgrid(*sizes[0] * [[-1, 1]]), -1).reshape(-1, sizes[0])
        gradient = slopes(weights, a, np.eye(sizes[0]))
        expected = [np.abs(gradient).max(), np.sqrt((gradient**2).sum(-1).max()), slopes(weights, a, signs).max()]
        found = [sampled_bound(weights, a, norm) for norm in NORMS]
        yield equal(f"sizes {sizes}", found, expected, rtol=1e-9, atol=1e-9)
        several_axes, flat = (sampled_bound(weights, points, 1) for points in (a[:4].reshape(2, 2, -1), a[:4]))
        yield equal("points on several axes", several_axes, flat)
    yield equal("ℓ₂ if no norm is given", sampled_bound(weights, a), found[1])


def slopes(weights, a, e):
    """Slopes (n, k) of the network at points (n, p) in directions (k, p), by the complex step."""
    h = a[:, None, :] + 1e-30j * e
    for W in weights[:-1]:
        z = h @ W.T
        h = np.where(z.real > 0, z, 0)
    return (h @ weights[-1].T)[..., 0].imag / 1e-30


sampled_bound_is_the_steepest_sampled_slope.mutants({
    "the norm itself for its dual": lambda weights, a, norm=2: lipschitz.sampled_bound(weights, a, exchanged(norm)),
    "the mean over points": lambda weights, a, norm=2: np.mean([
        lipschitz.sampled_bound(weights, point, norm) for point in np.reshape(a, (-1, np.shape(a)[-1]))
    ]),
    "at the first point": lambda weights, a, norm=2: lipschitz.sampled_bound(weights, a[:1], norm),
    "at −a": lambda weights, a, norm=2: lipschitz.sampled_bound(weights, -a, norm),
    "the last layer left out": lambda weights, a, norm=2: lipschitz.sampled_bound(
        [*weights[:-1], 0 * weights[-1] + 1], a, norm
    ),
    "ℓ∞ if no norm is given": lambda weights, a, norm=np.inf: lipschitz.sampled_bound(weights, a, norm),
    "1 % too small": lambda weights, a, norm=2: 0.99 * lipschitz.sampled_bound(weights, a, norm),
})
