"""Parameters of networks, as layers and as one vector: slide "Application to 25 Gaussians: Algorithms matter"."""

from itertools import pairwise

import numpy as np
import scipy

from refimpl.backpropagation import layers
from refimpl.backpropagation.layers import Layer
from verify.claims import claim
from verify.evidence import ALPHA, distribution, equal

SLIDE = "Application to 25 Gaussians: Algorithms matter"


@claim("M27", slide=SLIDE, source="definition")
def vectors_hold_layers_in_order(rng, *, flatten=layers.flatten, unflatten=layers.unflatten):
    r"""The vector is W₁ row by row, b₁, W₂, …; `unflatten` cuts it into the same layers, views of it."""
    for widths in ((3, 2), (2, 5, 1), [4, 3, 3, 2]):
        numbers, drawn = iter(range(1000)), []
        for p, m in pairwise(widths):
            W = np.array([[float(next(numbers)) for _ in range(p)] for _ in range(m)])
            drawn.append(Layer(W, np.array([float(next(numbers)) for _ in range(m)])))
        x = np.arange(float(next(numbers)))
        yield equal(f"{widths}: the vector of layers", flatten(drawn), x)
        cut = unflatten(x, widths)
        yield equal(f"{widths}: number of layers", len(cut), len(drawn))
        for part, expected in zip(flat(cut), flat(drawn), strict=True):
            yield equal(f"{widths}: W or b of a layer", part, expected)
        x += 0.5
        yield equal(f"{widths}: a change of the vector in its layers", flatten(cut), x)


def flat(drawn):
    """Weights and biases one after the other."""
    return [part for layer in drawn for part in layer]


def all_weights_before_all_biases(x, widths):
    parts, start = [], 0
    for shape in [(m, p) for p, m in pairwise(widths)] + [(m,) for m in widths[1:]]:
        parts.append(x[start : start + np.prod(shape)].reshape(shape))
        start += np.prod(shape)
    return tuple(map(Layer, parts[: len(widths) - 1], parts[len(widths) - 1 :]))


vectors_hold_layers_in_order.mutants(
    {
        "column by column": lambda drawn: np.concatenate([np.ravel(part.T) for part in flat(drawn)]),
        "biases first": lambda drawn: np.concatenate([np.ravel(part) for layer in drawn for part in layer[::-1]]),
        "last layer first": lambda drawn: layers.flatten(drawn[::-1]),
    },
    replaces="flatten",
)
vectors_hold_layers_in_order.mutants(
    {
        "column by column": lambda x, widths: tuple(
            Layer(W.ravel().reshape(W.shape, order="F"), b) for W, b in layers.unflatten(x, widths)
        ),
        "all weights before all biases": all_weights_before_all_biases,
        "copies": lambda x, widths: layers.unflatten(x.copy(), widths),
    },
    replaces="unflatten",
)


@claim("M27", slide=SLIDE, source="He, Zhang, Ren & Sun 2015")
def weights_start_gaussian_and_biases_at_zero(rng, *, random_layers=layers.random_layers):
    r"""W_ij ~ N(0, gain/p), p the layer's inputs, gain 2 by default, independent in and between layers; b = 0."""
    for given, gain in (((), 2.0), ((0.7,), 0.7)):
        widths = [40, 600, 600, 600, 60]
        drawn = random_layers(widths, rng, *given)
        shapes = [(*np.shape(W), *np.shape(b)) for W, b in drawn]
        yield equal(f"gain {gain}: shapes", shapes, [(m, p, m) for p, m in pairwise(widths)])
        yield equal(f"gain {gain}: biases", np.concatenate([b for _, b in drawn]), np.zeros(sum(widths[1:])))
        z = [W * np.sqrt(p / gain) for (W, _), p in zip(drawn, widths, strict=False)]
        pooled = np.concatenate([z_l.ravel() for z_l in z])
        yield distribution(f"gain {gain}: law of √(p/gain) W", pooled, scipy.special.ndtr, delta=0.01)
        quantile, n = np.log(2 / ALPHA), pooled.size
        bound = 2 * np.sqrt(quantile / n) + 2 * quantile / n
        yield equal(f"gain {gain}: p/gain · variance", (pooled**2).mean(), 1.0, atol=bound)._replace(alpha=ALPHA)
        pairs = {"rows": (z[1][1:], z[1][:-1]), "columns": (z[1][:, 1:], z[1][:, :-1]), "layers": (z[1], z[2])}
        for name, (u, v) in pairs.items():
            error = 4 * (np.sqrt(quantile / u.size) + quantile / u.size)
            yield equal(f"gain {gain}: correlation of {name}", (u * v).mean(), 0.0, atol=error)._replace(alpha=ALPHA)


def variance_gain_over_outputs(widths, rng, gain=2.0):
    drawn = layers.random_layers(widths, rng, gain)
    return [Layer(W * np.sqrt(W.shape[1] / W.shape[0]), b) for W, b in drawn]


def uniform_weights(widths, rng, gain=2.0):
    ends = [np.sqrt(3 * gain / p) for p in widths]
    return [Layer(rng.uniform(-c, c, (m, p)), np.zeros(m)) for c, (p, m) in zip(ends, pairwise(widths), strict=False)]


def layers_of_one_shape_share_weights(widths, rng, gain=2.0):
    drawn = layers.random_layers(widths, rng, gain)
    return [drawn[1] if W.shape == drawn[1].W.shape else Layer(W, b) for W, b in drawn]


weights_start_gaussian_and_biases_at_zero.mutants({
    "variance gain over the outputs": variance_gain_over_outputs,
    "gain for its root": lambda widths, rng, gain=2.0: layers.random_layers(widths, rng, gain**2),
    "default gain 1": lambda widths, rng, gain=1.0: layers.random_layers(widths, rng, gain),
    "weights 1 % too large": lambda widths, rng, gain=2.0: [
        Layer(1.01 * W, b) for W, b in layers.random_layers(widths, rng, gain)
    ],
    "uniform weights of the same variance": uniform_weights,
    "layers of one shape share their weights": layers_of_one_shape_share_weights,
    "random biases": lambda widths, rng, gain=2.0: [
        Layer(W, 1e-3 * rng.standard_normal(len(b))) for W, b in layers.random_layers(widths, rng, gain)
    ],
})
