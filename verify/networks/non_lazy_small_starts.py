"""How far layers that start small must move, whatever training does."""

import numpy as np

from refimpl.backpropagation.activations import identity
from refimpl.networks import non_lazy
from refimpl.networks.fully_connected import forward
from refimpl.networks.initialization import Scales, sample_weights
from verify.claims import claim
from verify.evidence import at_least, equal, rate, rounding
from verify.networks.non_lazy import SLIDE


@claim("N10", slide=SLIDE, source="submultiplicativity of the spectral norm")
def small_starts_must_move(rng, *, least_change=non_lazy.least_change):
    r"""Some layer moves by (α|h|/(‖a‖Π‖X_l‖₂))^(1/L) − 1 at least, before the output is h: for any depth, any training.

    Tight for neurons in parallel, all scaled alike.
    """
    for L, p, (low, high) in ((2, 3, (1.5, 4)), (3, 1, (0.2, 0.8)), (5, 4, (1.5, 4))):
        start = sample_weights(Scales(1, 1, 1, 1), p, 6, L, rng, 300)
        end = [X + 3 * rng.random() * rng.standard_normal(X.shape) for X in start]
        alpha, a = rng.uniform(0.3, 3), rng.standard_normal((1, p))
        h, r = np.abs(forward(end, a, alpha, identity))[:, 0], np.linalg.norm(a)
        moved = np.max([spectral(Y - X) / spectral(X) for X, Y in zip(start, end, strict=True)], axis=0)
        least = [least_change([X[i] for X in start], h[i], r, alpha) for i in range(300)]
        slack = rounding(1e4, 1 + moved.max())
        yield at_least(f"L = {L}: largest relative change", moved, least, slack=slack, resolution=1 + moved.max())
        shapes, q = [(3, 1), *[(3, 3)] * (L - 2), (1, 3)], rng.uniform(low, high)
        X = [rng.uniform(0.5, 2) * np.eye(*shape) for shape in shapes]
        found = least_change(X, forward([q * Y for Y in X], [r], alpha, identity), r, alpha)
        yield equal(f"L = {L}: neurons that do not meet", found, q - 1, atol=rounding(1000, q))


def spectral(X):
    """Spectral norms of matrices on a further first axis."""
    return np.linalg.norm(X, 2, axis=(1, 2))


@claim("N10", slide=SLIDE, source="submultiplicativity of the spectral norm")
def least_change_of_small_starts_grows_with_the_width(rng, *, least_change=non_lazy.least_change):
    r"""For β = m^(−c), α = 1 the least relative change grows like m^(c−½): training is not lazy for any c > ½."""
    m = np.array([16.0, 64.0, 256.0])
    for c, L in ((0.75, 2), (1.75, 2), (1.0, 3)):
        starts = [sample_weights(non_lazy.small_scales(c, int(width)), 1, int(width), L, rng, 16) for width in m]
        y = np.concatenate([1 + least_change(X, 1.0, 1.0) for X in starts])
        yield rate(f"c = {c}, L = {L}: 1 + least change in m", np.repeat(m, 16), y, c - 0.5)


def frobenius_norms(weights, h, a_norm, alpha=1.0):
    sizes = np.prod([np.linalg.norm(X, axis=(-2, -1)) for X in weights], axis=0)
    return (alpha * h / (a_norm * sizes)) ** (1 / len(weights)) - 1


def last_layer_left_out(weights, h, a_norm, alpha=1.0):
    last = np.linalg.norm(weights[-1], 2, axis=(-2, -1))
    more = 1 + non_lazy.least_change(weights, h, a_norm, alpha)
    return more * last ** (1 / len(weights)) - 1


small_starts_must_move.mutants({
    "not to the power 1/L": lambda weights, h, a_norm, alpha=1.0: (
        (1 + non_lazy.least_change(weights, h, a_norm, alpha)) ** len(weights) - 1
    ),
    "without − 1": lambda weights, h, a_norm, alpha=1.0: 1 + non_lazy.least_change(weights, h, a_norm, alpha),
    "0 where no layer need change": lambda weights, h, a_norm, alpha=1.0: np.maximum(
        non_lazy.least_change(weights, h, a_norm, alpha), 0
    ),
    "α left out": lambda weights, h, a_norm, alpha=1.0: non_lazy.least_change(weights, h, a_norm),
    "‖a‖ left out": lambda weights, h, a_norm, alpha=1.0: non_lazy.least_change(weights, h, 1.0, alpha),
    "1 % too much": lambda weights, h, a_norm, alpha=1.0: 1.01 * non_lazy.least_change(weights, h, a_norm, alpha),
    "Frobenius' norms": frobenius_norms,
    "the last layer left out": last_layer_left_out,
})
least_change_of_small_starts_grows_with_the_width.mutants({
    "not to the power 1/L": lambda weights, h, a_norm, alpha=1.0: (
        (1 + non_lazy.least_change(weights, h, a_norm, alpha)) ** len(weights) - 1
    ),
    "Frobenius' norms": frobenius_norms,
    "the last layer left out": last_layer_left_out,
})
