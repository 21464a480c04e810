"""Depth against width on the line: pieces of compositions of the tent map, and neurons of one hidden layer."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from refimpl.networks import tent_maps
from verify.claims import claim
from verify.evidence import equal, rounding, sign

SLIDE = "Robustness in deep learning: width and depth & other trade-offs"
TELGARSKY = "Telgarsky 2016"


@claim("N16", slide=SLIDE, source=TELGARSKY)
def depth_doubles_the_pieces(rng, *, deep_tent=tent_maps.deep_tent, shallow_tent=tent_maps.shallow_tent):
    r"""T^L, by L layers of two neurons, is the zigzag of 2^L pieces of slope ±2^L: 1 − |1 − (2^L x mod 2)|.

    One hidden layer of 2^L neurons is the same function. On a grid of eighths of pieces both are exact, and bend in
    2^L − 1 places.
    """
    for L in (1, 2, 3, 7, 12):
        x = np.arange(8 * 2**L + 1) / (8 * 2**L)
        zigzag = [1 - abs(1 - Fraction(k, 8) % 2) for k in range(len(x))]
        for name, values in (("deep", deep_tent(x, L)), ("one layer", shallow_tent(x, L) if L < 12 else None)):
            if values is not None:
                yield equal(f"{name}: T^L, L = {L}", values, np.array(zigzag, float))
                yield equal(f"{name}: kinks, L = {L}", np.count_nonzero(np.diff(values, 2)), 2**L - 1)
        between = rng.random((3, 50))
        expected = 1 - np.abs(1 - 2**L * between % 2)
        yield equal(f"T^L anywhere, L = {L}", deep_tent(between, L), expected, atol=rounding(8 * 2**L))


depth_doubles_the_pieces.mutants(
    {
        "a layer too many": lambda x, L: tent_maps.deep_tent(x, L + 1),
        "a layer too few": lambda x, L: tent_maps.deep_tent(x, max(L - 1, 1)),
        "L pieces in place of 2^L: layers added": lambda x, L: L * tent_maps.deep_tent(x, 1),
        "1 % too large": lambda x, L: 1.01 * tent_maps.deep_tent(x, L),
        "kinks 1 % off": lambda x, L: tent_maps.deep_tent(np.minimum(1.01 * x, 1), L),
    },
    replaces="deep_tent",
)
depth_doubles_the_pieces.mutants(
    {
        "1 % too large": lambda x, L: 1.01 * tent_maps.shallow_tent(x, L),
        "half of the neurons": lambda x, L: tent_maps.shallow_tent(x, max(L - 1, 1)),
        "without the neuron at 0": lambda x, L: tent_maps.shallow_tent(x, L) - 2**L * x,
    },
    replaces="shallow_tent",
)


@claim("N16", slide=SLIDE, source="kinks counted one by one")
def one_layer_has_at_most_a_piece_more_than_neurons(rng, *, shallow_pieces=tent_maps.shallow_pieces):
    r"""Pieces of random layers as exact slopes show them; m + 1 if all kinks are different, inside and do not cancel.

    With neurons that share a kink, cancel there, are constant, or bend outside (0, 1) or at its ends; one neuron too.
    """
    for m in (1, 2, 5, 80):
        for _ in range(10):
            w, t = rng.integers(-3, 4, m) / 2, rng.integers(-2, 11, m) / 8
            v = rng.integers(-2, 3, m).astype(float)
            yield equal(f"m = {m}", shallow_pieces(w, -w * t, v), pieces_by_slopes(w, -w * t, v))
        t, w, v = rng.permutation(128)[:m] / 128 + 1 / 256, 2.0 ** rng.integers(-3, 4, m), rng.choice([-1.0, 1.0], m)
        yield equal(f"m = {m}: generic", shallow_pieces(w, -w * t, v), m + 1)
    w, v = np.array([2.0, -2.0, 2.0]), np.array([1.0, 1.0, -2.0])
    yield equal("three neurons that cancel", shallow_pieces(w, -w / 2, v), 1)


def pieces_by_slopes(w, b, v):
    """Pieces by exact slopes between points that are nearer than any two kinks."""
    kinks = {-Fraction(c) / Fraction(k) for k, c in zip(w, b, strict=True) if k}
    ends = [Fraction(0), *sorted(t for t in kinks if 0 < t < 1), Fraction(1)]
    middles = [(s + t) / 2 for s, t in pairwise(ends)]
    neurons = [tuple(map(Fraction, one)) for one in zip(w, b, v, strict=True)]
    slopes = [sum((c * k for k, d, c in neurons if k * x + d > 0), Fraction(0)) for x in middles]
    return 1 + sum(s != t for s, t in pairwise(slopes))


one_layer_has_at_most_a_piece_more_than_neurons.mutants({
    "every neuron bends": lambda w, b, v: len(w) + 1,
    "kinks outside too": lambda w, b, v: tent_maps.shallow_pieces(w, b / 100, v) if (w * b).all() else len(w) + 1,
    "one too few": lambda w, b, v: tent_maps.shallow_pieces(w, b, v) - 1,
    "orientations for their sizes": lambda w, b, v: tent_maps.shallow_pieces(w, b, v * np.sign(w)),
    "of 81 pieces one too many": lambda w, b, v: tent_maps.shallow_pieces(w, b, v) + (len(w) == 80),
})


@claim(
    "N16",
    slide=SLIDE,
    source="slopes of neurons, counted",
    coarse="it counts neurons, and states the sign of an error that fewer of them leave",
)
def one_layer_needs_a_neuron_a_piece(rng, *, deep_tent=tent_maps.deep_tent, shallow_pieces=tent_maps.shallow_pieces):
    r"""T^L has 2^L pieces and needs 2^L neurons in one layer: 2^L − 1, which have pieces enough, always leave an error.

    They would have one kink each, where T^L has its own. For each of their orientations, with the best output weights
    and the best constant, an error is left: more than
    2^{−L−2} in the root of the mean square; L = 1, 2, 3. With 2^L neurons there is none.
    """
    for L in (1, 2, 3):
        n = 2**L - 1
        t, x = np.arange(1, n + 1) / 2**L, np.arange(4 * 2**L + 1) / (4 * 2**L)
        goal, errors = deep_tent(x, L), []
        for signs in product((-1.0, 1.0), repeat=n):
            w = np.array(signs)
            errors.append(error_of_the_best(np.maximum(np.outer(x, w) - w * t, 0), goal))
            yield equal(f"L = {L}: pieces of {n} neurons", shallow_pieces(w, -w * t, np.ones(n)), 2**L)
        yield sign(f"L = {L}: error of {n} neurons, less 2^(−L−2)", np.array(errors) - 2.0 ** -(L + 2))
        all_right = np.maximum(x[:, None] - np.arange(n + 1) / 2**L, 0)
        yield equal(f"L = {L}: error of {n + 1} neurons", error_of_the_best(all_right, goal), 0.0, atol=1e-12)


def error_of_the_best(neurons, goal):
    """Root of the mean squared error of the best output weights and constant."""
    columns = np.column_stack([neurons, np.ones(len(goal))])
    rest = goal - columns @ np.linalg.lstsq(columns, goal, rcond=None)[0]
    return np.sqrt((rest**2).mean())


one_layer_needs_a_neuron_a_piece.mutants(
    {
        "one side of the tent only": lambda x, L: np.minimum(2**L * x, 1),
        "a layer too many": lambda x, L: tent_maps.deep_tent(x, L + 1),
    },
    replaces="deep_tent",
)
one_layer_needs_a_neuron_a_piece.mutants(
    {"one too few": lambda w, b, v: tent_maps.shallow_pieces(w, b, v) - 1}, replaces="shallow_pieces"
)
