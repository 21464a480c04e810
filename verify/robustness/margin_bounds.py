"""Complexity and generalization: slide "worst-case metric"."""

import itertools

import numpy as np

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network, random_layers
from refimpl.backpropagation.mlp import forward
from refimpl.robustness import margin_bounds
from refimpl.robustness.digit_classifiers import digit_split
from refimpl.robustness.robust_training import adversarial_training
from verify.claims import claim
from verify.evidence import at_least, equal

SLIDE = "Robustness in deep learning: worst-case metric"
SOURCE = "Bartlett, Foster & Telgarsky 2017"


def of_layers(weights):
    """A network of ReLU with these weights and any biases."""
    return Network(tuple(Layer(W, np.arange(len(W)) + 1.0) for W in weights), relu)


@claim("R10", slide=SLIDE, source=f"{SOURCE}, equation 1.2")
def complexity_is_one_of_the_function_where_layers_are_rescaled(
    rng, *, spectral_complexity=margin_bounds.spectral_complexity
):
    r"""Layers c_l W_l with Π c_l = 1 have the same complexity; with Π c_l = c it is c times as large.

    Of orthogonal layers (m, m) it is m L^{3/2}, of one row its norm; beside the identity that of rank one is known.
    """
    for L in (1, 2, 4):
        for m in (1, 2, 5):
            turns = [np.linalg.qr(rng.standard_normal((m, m)))[0] for _ in range(L)]
            c = 10.0 ** rng.uniform(-5, 5, L)
            scaled = of_layers([a * Q for a, Q in zip(c, turns, strict=True)])
            yield equal(f"{L} orthogonal layers", spectral_complexity(scaled), c.prod() * m * L**1.5, rtol=1e-12)
    sizes = (3, 6, 4, 2)
    weights = [rng.standard_normal((m, p)) for p, m in itertools.pairwise(sizes)]
    c = 10.0 ** rng.uniform(-9, 9, 3)
    c[2] = 1 / (c[0] * c[1])
    found = spectral_complexity(of_layers([a * W for a, W in zip(c, weights, strict=True)]))
    yield equal("rescaled", found, spectral_complexity(of_layers(weights)), rtol=1e-12)
    u, v = rng.standard_normal((4, 1)), rng.standard_normal((1, 3))
    size = np.sqrt((u**2).sum() * (v**2).sum())
    share = np.abs(u).sum() / np.sqrt((u**2).sum())
    expected = size * (share ** (2 / 3) + 4 ** (2 / 3)) ** 1.5
    yield equal("rank one, then the identity", spectral_complexity(of_layers([u @ v, np.eye(4)])), expected, rtol=1e-12)
    row = rng.standard_normal((1, 7))
    yield equal("one row", spectral_complexity(of_layers([row])), np.sqrt((row**2).sum()), rtol=1e-12)


def complexity(share=lambda W: np.linalg.norm(W, axis=1).sum(), norm=lambda W: np.linalg.norm(W, 2), power=2 / 3):
    """The complexity, to be spoilt."""

    def spectral_complexity(h):
        weights = [layer.W for layer in h.layers]
        shares = sum((share(W) / norm(W)) ** power for W in weights)
        return float(np.prod([norm(W) for W in weights]) * shares ** (1 / power))

    return spectral_complexity


complexity_is_one_of_the_function_where_layers_are_rescaled.mutants({
    "norms of columns": complexity(share=lambda W: np.linalg.norm(W, axis=0).sum()),
    "Frobenius norms": complexity(norm=np.linalg.norm),
    "a plain sum over layers": complexity(power=1),
    "not relative to the layer's norm": lambda h: (
        float(np.prod([np.linalg.norm(layer.W, 2) for layer in h.layers]))
        * sum(np.linalg.norm(layer.W, axis=1).sum() ** (2 / 3) for layer in h.layers) ** 1.5
    ),
    "1 % too large": lambda h: 1.01 * margin_bounds.spectral_complexity(h),
})


@claim("R10", slide=SLIDE, source=f"{SOURCE}; the digits decide")
def complexity_over_margin_rises_with_random_labels_as_the_gap_does(
    rng, *, spectral_complexity=margin_bounds.spectral_complexity
):
    r"""64 hidden neurons fitted to 300 digits by 1000 steps of Adam, with their own labels and with random ones.

    The gap between accuracy on these and on other digits is larger for random ones, and so is the complexity over the
    median margin: the one by half and more, the other at least twice.
    """
    seed = int(rng.integers(2**31))
    a, y, a_new, y_new = digit_split(seed, 300)
    gaps, complexities = [], []
    for share in (0.0, 1.0):
        labels = np.where(rng.random(300) < share, rng.integers(0, 10, 300), y)
        start = Network(random_layers((784, 64, 10), np.random.default_rng(seed)), relu)
        h = adversarial_training(start, a, labels, 0.0, np.random.default_rng(seed), 1000)
        outputs = np.asarray(forward(h, a))
        others = np.where(np.arange(10) == labels[:, None], -np.inf, outputs).max(1)
        margins = outputs[np.arange(300), labels] - others
        accuracy = (np.asarray(forward(h, a_new)).argmax(1) == y_new).mean()
        gaps.append((margins > 0).mean() - accuracy)
        complexities.append(spectral_complexity(h) / np.median(margins))
    growth = complexities[1] / complexities[0]
    yield at_least("rise of the gap of accuracies", gaps[1] - gaps[0], 0.5, resolution=0.35)
    yield at_least("growth of complexity over margin", growth, 2.0, resolution=1.0)


complexity_over_margin_rises_with_random_labels_as_the_gap_does.mutants({
    "the reciprocal": lambda h: 1 / margin_bounds.spectral_complexity(h),
    "the same for all networks": lambda h: 1.0,
})
