"""Learning the score without knowing it: slide "Hyvärinen's trick".

Expectations are exact: means over equally weighted points that are right for all polynomials of degree 3, or sums over
the nodes of a quadrature, to whose points the losses are applied one by one.
"""

import itertools

import numpy as np

from refimpl.diffusion import score_matching
from verify.claims import claim, shipped
from verify.evidence import at_least, equal, rounding
from verify.sampling.metrics import random_law

SLIDE = "Hyvärinen's trick"


def gaussian_points(mean, root):
    """2p points, of equal weight, with the moments of N(m, RRᵀ) up to the third."""
    axes = np.sqrt(len(mean)) * root.T
    return mean + np.concatenate([axes, -axes])


def waves(rng, p):
    """A generic smooth field, with its Jacobian in closed form."""
    W, U, b = rng.uniform(-1, 1, (4, p)), rng.standard_normal((4, p)), rng.standard_normal(4)

    def h(a):
        return np.sin(a @ W.T + b) @ U

    def jacobian(a):
        return np.einsum("...k,ki,kj->...ij", np.cos(a @ W.T + b), U, W)

    return h, jacobian


def parabola(loss):
    """Where a loss that is quadratic in c is least, and how little it is there."""
    c = np.array([-0.7, 0.6, 2.3])
    curvature, slope, constant = np.polyfit(c, [loss(one) for one in c], 2)
    return -slope / (2 * curvature), constant - slope**2 / (4 * curvature)


def expectation(loss, points, weights):
    """Σ_i w_i loss(point i), each point as a batch of one."""
    return sum(w * loss(point[None]) for point, w in zip(points, weights, strict=True))


@claim("D01", slide=SLIDE, source="Hyvärinen 2005, Theorem 1; Gaussian integrals")
def implicit_loss_is_the_explicit_one_up_to_a_constant(
    rng, *, implicit_loss=score_matching.implicit_loss, explicit_loss=score_matching.explicit_loss
):
    r"""E[½‖h‖² + tr ∇h] = ½E‖h − ∇log π‖² − ½E‖∇log π‖² for affine h on Gaussians, in closed form."""
    for p in (1, 3, 5):
        m, C = random_law(rng, p)
        A, B, b = np.linalg.inv(C), rng.standard_normal((p, p)), rng.standard_normal(p)
        a = gaussian_points(m, np.linalg.cholesky(C))
        implicit = implicit_loss(lambda a, B=B, b=b: a @ B.T + b, a)
        explicit = explicit_loss(lambda a, B=B, b=b: a @ B.T + b, lambda a, A=A, m=m: (m - a) @ A, a)
        centre = B @ m + b
        closed = (np.trace(B @ C @ B.T) + centre @ centre) / 2 + np.trace(B)
        size = rounding(1e4, np.abs(closed) + np.trace(A) + np.trace(B @ C @ B.T))
        yield equal(f"p = {p}: implicit loss", implicit, closed, atol=size)
        yield equal(f"p = {p}: explicit loss", explicit, closed + np.trace(A) / 2, atol=size)


@claim("D01", slide=SLIDE, source="Hyvärinen 2005, Theorem 1; Gauss-Hermite quadrature")
def implicit_loss_needs_no_score_of_mixtures(rng, *, implicit_loss=score_matching.implicit_loss):
    r"""E[½‖h‖² + tr ∇h] = ½E‖h‖² − ∫hᵀ∇π for waves h on planar mixtures; a batch's loss is the mean over its points."""
    h, _ = waves(rng, 2)
    weights, means, roots = rng.dirichlet(np.ones(2)), rng.uniform(-1, 1, (2, 2)), rng.uniform(-0.7, 0.7, (2, 2, 2))
    nodes, w = np.polynomial.hermite_e.hermegauss(20)
    u, w = np.array(list(itertools.product(nodes, nodes))), np.outer(w, w).ravel() / (2 * np.pi)
    measured = oracle = 0.0
    for share, mean, R in zip(weights, means, roots + np.eye(2), strict=True):
        a = mean + u @ R.T
        measured += share * expectation(lambda a: implicit_loss(h, a), a, w)
        pull = -u @ np.linalg.inv(R)  # the component's own score: ∫ hᵀ∇π is the sum of its terms
        oracle += share * (w @ (h(a) ** 2 / 2 - h(a) * pull).sum(-1))
    yield equal("mixture: implicit loss against ½E‖h‖² − ∫hᵀ∇π", measured, oracle, atol=rounding(1e5, 30))
    a = rng.standard_normal((7, 2))
    alone = np.mean([implicit_loss(h, one[None]) for one in a])
    yield equal("of a batch: the mean over its points", implicit_loss(h, a), alone, atol=rounding(1e4, 30))


def trace_divided_by_the_dimension(score, a):
    squares = (score(a) ** 2).sum(-1).mean() / 2
    return squares + (score_matching.implicit_loss(score, a) - squares) / a.shape[-1]


def trace_at_the_first_point(score, a):
    squares = (score(a) ** 2).sum(-1) / 2
    return squares.mean() + score_matching.implicit_loss(score, a[:1]) - squares[0]


implicit_loss_is_the_explicit_one_up_to_a_constant.mutants(
    {
        "‖h‖² without the ½, as printed in (5)": lambda score, a: (
            score_matching.implicit_loss(score, a) + (score(a) ** 2).sum(-1).mean() / 2
        ),
        "trace divided by the dimension": shipped(
            trace_divided_by_the_dimension, project="torchebm", version="0.8.9, approximate score matching"
        ),
        "trace subtracted": lambda score, a: (score(a) ** 2).sum(-1).mean() - score_matching.implicit_loss(score, a),
        "trace left out": lambda score, a: (score(a) ** 2).sum(-1).mean() / 2,
        "1 % too large": lambda score, a: 1.01 * score_matching.implicit_loss(score, a),
    },
    replaces="implicit_loss",
)
implicit_loss_is_the_explicit_one_up_to_a_constant.mutants(
    {
        "no ½": lambda score, target_score, a: 2 * score_matching.explicit_loss(score, target_score, a),
        "mean over coordinates": lambda score, target_score, a: ((score(a) - target_score(a)) ** 2).mean() / 2,
    },
    replaces="explicit_loss",
)
implicit_loss_needs_no_score_of_mixtures.mutants({
    "summed over the batch": lambda score, a: len(a) * score_matching.implicit_loss(score, a),
    "the trace at the first point": trace_at_the_first_point,
    "1 % too large": lambda score, a: 1.01 * score_matching.implicit_loss(score, a),
})


@claim("D01", slide=SLIDE, source="integration by parts on an interval")
def what_integration_by_parts_leaves_out_is_pi_h_at_the_boundary(
    rng, *, implicit_loss=score_matching.implicit_loss, explicit_loss=score_matching.explicit_loss
):
    r"""On [l, u] the two sides differ by π(u)h(u) − π(l)h(l), which is 0 for an h that vanishes at both ends."""
    low, high, slope = rng.uniform(-2, -1), rng.uniform(0.5, 2), rng.standard_normal()
    nodes, w = np.polynomial.legendre.leggauss(40)
    a, w = ((low + high + (high - low) * nodes) / 2)[:, None], w * (high - low) / 2

    def weight(a):
        return np.exp(np.sin(a) + slope * a)

    def score(a):
        return np.cos(a) + slope

    mass = w @ weight(a[:, 0])
    pi, (h, _) = w * weight(a[:, 0]) / mass, waves(rng, 1)

    def leftover(h):
        one = expectation(lambda a: implicit_loss(h, a) - explicit_loss(h, score, a), a, pi)
        return one + pi @ score(a[:, 0]) ** 2 / 2

    ends = np.array([[low], [high]])
    at_ends = weight(ends) / mass * h(ends)
    error = rounding(1e4, 10 + np.abs(at_ends).max())
    yield equal("what is left over", leftover(h), (at_ends[1] - at_ends[0])[0], atol=error)
    yield equal("of an h that is 0 at both ends", leftover(lambda a: (a - low) * (high - a) * h(a)), 0.0, atol=error)


@claim("D01", slide=SLIDE, source="integration by parts on an interval")
def implicit_loss_misleads_where_the_density_ends(
    rng, *, implicit_loss=score_matching.implicit_loss, explicit_loss=score_matching.explicit_loss
):
    r"""On the uniform law of [0, 1], whose score is 0, the implicit loss prefers h = −3a among all h = ca."""
    nodes, w = np.polynomial.legendre.leggauss(40)
    a, half = (nodes[:, None] + 1) / 2, w / 2
    best, _ = parabola(lambda c: expectation(lambda a: implicit_loss(lambda a: c * a, a), a, half))
    yield equal("the best c by the implicit loss", best, -3.0, atol=rounding(1e4))
    best, _ = parabola(lambda c: expectation(lambda a: explicit_loss(lambda a: c * a, lambda a: 0 * a, a), a, half))
    yield equal("the best c in truth", best, 0.0, atol=rounding(1e4))


what_integration_by_parts_leaves_out_is_pi_h_at_the_boundary.mutants(
    {
        "no ½": lambda score, a: score_matching.implicit_loss(score, a) + (score(a) ** 2).sum(-1).mean() / 2,
        "trace subtracted": lambda score, a: (score(a) ** 2).sum(-1).mean() - score_matching.implicit_loss(score, a),
    },
    replaces="implicit_loss",
)
what_integration_by_parts_leaves_out_is_pi_h_at_the_boundary.mutants(
    {"adds the scores": lambda score, target_score, a: ((score(a) + target_score(a)) ** 2).sum(-1).mean() / 2},
    replaces="explicit_loss",
)
implicit_loss_misleads_where_the_density_ends.mutants(
    {
        "no ½": lambda score, a: score_matching.implicit_loss(score, a) + (score(a) ** 2).sum(-1).mean() / 2,
        "the explicit loss": lambda score, a: score_matching.explicit_loss(score, lambda a: 0 * a, a),
    },
    replaces="implicit_loss",
)
implicit_loss_misleads_where_the_density_ends.mutants(
    {"the implicit loss": lambda score, target_score, a: score_matching.implicit_loss(score, a)},
    replaces="explicit_loss",
)


@claim("D02", slide=SLIDE, source="Hyvärinen 2005, Theorem 1")
def score_matching_needs_the_half(rng, *, implicit_loss=score_matching.implicit_loss):
    r"""Over h = c∇log π, E[½‖h‖² + tr ∇h] is least at c = 1; E[‖h‖² + tr ∇h], left in (5), at c = ½."""
    m, C = random_law(rng, 3)
    A, a = np.linalg.inv(C), gaussian_points(m, np.linalg.cholesky(C))
    gap, tilt = rng.uniform(0.5, 1.5), rng.standard_normal()
    nodes = np.arange(-12, 12, 0.125)[:, None] + rng.uniform(-0.05, 0.05)
    density = np.exp(-(nodes[:, 0] ** 2) / 2) * np.cosh(gap * nodes[:, 0] + tilt)
    laws = {
        "Gaussian": (lambda a: (m - a) @ A, a, np.full(len(a), 1 / len(a))),
        "two modes": (lambda a: gap * np.tanh(gap * a + tilt) - a, nodes, density / density.sum()),
    }
    for name, (score, points, weights) in laws.items():
        size = weights @ (score(points) ** 2).sum(-1)

        def right(c, score=score, points=points, weights=weights):
            return expectation(lambda a: implicit_loss(lambda a: c * score(a), a), points, weights)

        def left(c, right=right, size=size):
            return right(c) + c**2 * size / 2

        (best, least), (best_left, least_left) = parabola(right), parabola(left)
        error = rounding(1e4, 1 + size)
        yield equal(f"{name}: the best c, right-hand side of (5)", best, 1.0, atol=error / size)
        yield equal(f"{name}: its loss, −½E‖∇log π‖²", least, -size / 2, atol=error)
        yield equal(f"{name}: the best c, left-hand side of (5)", best_left, 0.5, atol=error / size)
        excess = left(1.0) - least_left
        yield at_least(f"{name}: the true score's excess there", excess, size / 4, slack=error, tight=1e-6)


score_matching_needs_the_half.mutants({
    "the left-hand side of (5), as printed": lambda score, a: (
        score_matching.implicit_loss(score, a) + (score(a) ** 2).sum(-1).mean() / 2
    ),
    "trace divided by the dimension": shipped(
        trace_divided_by_the_dimension, project="torchebm", version="0.8.9, approximate score matching"
    ),
    "trace 1 % too large": lambda score, a: (
        1.01 * score_matching.implicit_loss(score, a) - 0.01 * (score(a) ** 2).sum(-1).mean() / 2
    ),
    "doubled as a whole": lambda score, a: 2 * score_matching.implicit_loss(score, a),
    "trace of the wrong sign": lambda score, a: (score(a) ** 2).sum(-1).mean() - score_matching.implicit_loss(score, a),
})
