"""The table of initialisations, and weights drawn by it: slide "initialization in deep ReLU NNs"."""

import numpy as np
import scipy

from refimpl.networks import initialization
from refimpl.networks.initialization import Scales
from verify.claims import claim
from verify.evidence import at_most, distribution, equal, rounding, variance

SLIDE = "Robustness in deep learning: initialization in deep ReLU NNs"
FANS = {
    "lecun": lambda n_in, n_out: 1 / n_in,
    "he": lambda n_in, n_out: 2 / n_in,
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),
    "mean_field": lambda n_in, n_out: 1,
    "e": lambda n_in, n_out: 1,
}


def by_fans(name, p, m, beta_c):
    """Squares of the scales, and α, from what each layer takes in and gives out.

    NTK's hidden layers have He's variances seen from the other side: E‖X_l v‖² = 2‖v‖²; its output layer has N(0, 1).
    """
    if name == "ntk":
        return 2 / m, 2 / m, 1, 1
    fan = FANS[name]
    last = beta_c**2 if name == "e" else fan(m, 1)
    return fan(p, m), fan(m, m), last, m if name == "mean_field" else 1


@claim("N01", slide=SLIDE, source="LeCun et al. 1998; Glorot & Bengio 2010; He et al. 2015")
def scales_follow_from_what_layers_take_in_and_give_out(rng, *, scales=initialization.scales):
    r"""β² is 1/n_in (LeCun), 2/n_in (He), 2/(n_in + n_out) (Xavier), 2/n_out (NTK) or 1, to rounding; α is 1 or m."""
    for name in initialization.NAMES:
        instances = [(int(p), int(m), float(b)) for p, m, b in rng.integers(1, 10**6, (20, 3))]
        instances += [(784, 64, 0.3), (1, 1, 2.0)]
        found = [scales(name, p, m, beta_c=b * 1e-5) for p, m, b in instances]
        squares = [(s.beta_1**2, s.beta**2, s.beta_L**2, s.alpha) for s in found]
        expected = [by_fans(name, p, m, b * 1e-5) for p, m, b in instances]
        yield equal(f"{name}: β₁², β², β_L², α", squares, expected, rtol=rounding(4))


def table(**changes):
    """The table with some cells changed: functions of (scales, name, p, m)."""

    def scales(name, p, m, beta_c=None):
        s = initialization.scales(name, p, m, beta_c)
        return s._replace(**{cell: change(s, name, p, m) for cell, change in changes.items()})

    return scales


scales_follow_from_what_layers_take_in_and_give_out.mutants({
    "variances for standard deviations": table(
        beta_1=lambda s, *_: s.beta_1**2, beta=lambda s, *_: s.beta**2, beta_L=lambda s, *_: s.beta_L**2
    ),
    "last layer alone a variance": table(beta_L=lambda s, *_: s.beta_L**2),
    "p and m swapped": lambda name, p, m, beta_c=None: initialization.scales(name, m, p, beta_c),
    "LeCun with He's gain in the first layer": table(
        beta_1=lambda s, name, *_: s.beta_1 * (2**0.5 if name == "lecun" else 1)
    ),
    "He with LeCun's last layer": table(beta_L=lambda s, name, *_: s.beta_L / (2**0.5 if name == "he" else 1)),
    "NTK's first layer by its inputs": table(
        beta_1=lambda s, name, p, m: (2 / p) ** 0.5 if name == "ntk" else s.beta_1
    ),
    "NTK's last layer 2/m": table(beta_L=lambda s, name, p, m: (2 / m) ** 0.5 if name == "ntk" else s.beta_L),
    "Xavier's middle layers 2/m": table(beta=lambda s, name, p, m: (2 / m) ** 0.5 if name == "xavier" else s.beta),
    "Xavier's last layer 2/m": table(beta_L=lambda s, name, p, m: (2 / m) ** 0.5 if name == "xavier" else s.beta_L),
    "Xavier's first layer 1/(m + p)": table(
        beta_1=lambda s, name, p, m: (1 / (m + p)) ** 0.5 if name == "xavier" else s.beta_1
    ),
    "mean-field without its division by m": table(alpha=lambda *_: 1.0),
    "mean-field divided by √m": table(alpha=lambda s, *_: s.alpha**0.5),
    "β_c for every initialisation": lambda name, p, m, beta_c=None: initialization.scales(name, p, m, beta_c)._replace(
        beta_L=beta_c
    ),
    "β_c a variance": lambda name, p, m, beta_c=None: initialization.scales(name, p, m, beta_c**0.5),
    "β_c left out": table(beta_L=lambda s, name, *_: 1.0 if name == "e" else s.beta_L),
    "first and last layer swapped": table(beta_1=lambda s, *_: s.beta_L, beta_L=lambda s, *_: s.beta_1),
    "middle layers as the last": table(beta=lambda s, *_: s.beta_L),
    "middle layers 1 % too large": table(beta=lambda s, *_: 1.01 * s.beta),
})


IMPACT = "Robustness in deep learning: impact of the NN architecture"


def distinct_scales(rng):
    """Scales no two of which are nearer than a fifth, in any order."""
    return Scales(*(rng.permutation([0.5, 0.8, 1.25, 2.0]) * rng.uniform(0.9, 1.1, 4)))


def blocks_of(sample_weights, scales, rng):
    """First layers X₁, middle layers X_l and last layers X_L, each divided by its scale."""
    first = sample_weights(scales, 900, 400, 2, rng)[0] / scales.beta_1
    middle = np.array(sample_weights(scales, 3, 130, 42, rng)[1:-1]) / scales.beta
    lasts = np.array([sample_weights(scales, 1, 700, 2, rng)[1][0] for _ in range(500)]) / scales.beta_L
    return {"X₁": first, "X_l": middle, "X_L": lasts}


@claim("N01", slide=IMPACT, source="its definition")
def weights_are_gaussians_of_their_scales(rng, *, sample_weights=initialization.sample_weights):
    r"""L arrays of their shapes in float64; entries have variances β² by exact χ² intervals, and the Gaussian law.

    For one input and one neuron too, in many networks at once.
    """
    scales = distinct_scales(rng)
    layers = [*sample_weights(scales, 9, 4, 3, rng), *sample_weights(scales, 3, 13, 42, rng)]
    expected = [(4, 9), (4, 4), (1, 4), (13, 3), *[(13, 13)] * 40, (1, 13)]
    yield equal("layers with wrong shapes", sum(X.shape != s for X, s in zip(layers, expected, strict=False)), 0)
    yield equal("layers", len(layers), len(expected))
    yield equal("layers not in float64", sum(np.asarray(X).dtype != float for X in layers), 0)
    for name, block in blocks_of(sample_weights, scales, rng).items():
        yield variance(f"{name}: entries over β²", block, 1.0, delta=0.05)
        yield distribution(f"{name}: entries over β", block, scipy.special.ndtr, delta=0.02)
    for p, m in ((1, 1), (1, 2), (2, 1), (3, 2)):
        few = sample_weights(scales, p, m, 3, rng, num_networks=60_000)
        for l, (X, beta) in enumerate(zip(few, (scales.beta_1, scales.beta, scales.beta_L), strict=True), start=1):
            yield variance(f"p, m = {p}, {m}: entries of X_{l} over β²", X / beta, 1.0, delta=0.06)
            yield distribution(f"p, m = {p}, {m}: X_{l} over β", X[:, 0, 0] / beta, scipy.special.ndtr, delta=0.04)


@claim("N01", slide=IMPACT, source="its definition")
def weights_are_independent(rng, *, sample_weights=initialization.sample_weights):
    r"""Sums along rows, columns, layers and across the diagonal vary as those of independent entries; no rows agree."""
    scales = distinct_scales(rng)
    blocks = blocks_of(sample_weights, scales, rng)
    for name, X in (("columns", blocks["X₁"]), ("rows", blocks["X₁"].T)):
        related = np.abs(np.corrcoef(X, rowvar=False) - np.eye(X.shape[1])).max()
        yield at_most(f"correlation of two {name} of X₁: nine deviations", related, 9 / 400**0.5, resolution=0.45)
    for name, block in blocks.items():
        for axis in range(block.ndim):
            sums = block.sum(axis) / np.sqrt(block.shape[axis])
            yield variance(f"{name}: sums along axis {axis}", sums, 1.0, delta=1.5)
    i, j = np.triu_indices(130, 1)
    across = (blocks["X_l"][:, i, j] + blocks["X_l"][:, j, i]) / np.sqrt(2)
    yield variance("X_l: sums across the diagonal", across, 1.0, delta=0.05)
    first, second, _ = sample_weights(scales, 900, 400, 3, rng)
    both = (first[:, :400] / scales.beta_1 + second / scales.beta) / np.sqrt(2)
    yield variance("sums of X₁ and X₂", both, 1.0, delta=0.1)
    begin = (first.ravel()[: 400 * 400] / scales.beta_1 + second.ravel() / scales.beta) / np.sqrt(2)
    yield variance("sums of X₁ and X₂, row by row", begin, 1.0, delta=0.1)


def drawn(change):
    """Weights that went through change(weights, scales, rng)."""

    def sample_weights(scales, p, m, L, rng, num_networks=None):
        return change(initialization.sample_weights(scales, p, m, L, rng, num_networks), scales, rng)

    return sample_weights


def times_their_scales(X, s, rng):
    betas = initialization.layer_scales(s, len(X))
    return [b * W for b, W in zip(betas, X, strict=True)]


def from_one_stream(s, p, m, L, rng):
    """The first two layers from one seed, each other from its own."""
    seed, shapes = int(rng.integers(2**60)), [(m, p), *[(m, m)] * (L - 2), (1, m)]
    streams = [np.random.default_rng(seed + (l if l > 1 else 0)) for l in range(L)]
    layers = zip(initialization.layer_scales(s, L), streams, shapes, strict=True)
    return [b * stream.standard_normal(shape) for b, stream, shape in layers]


weights_are_gaussians_of_their_scales.mutants({
    "first layer transposed": drawn(lambda X, s, rng: [X[0].T, *X[1:]]),
    "last layer a column": drawn(lambda X, s, rng: [*X[:-1], X[-1].T]),
    "one layer too many": lambda s, p, m, L, rng: initialization.sample_weights(s, p, m, L + 1, rng),
    "float32": drawn(lambda X, s, rng: [W.astype(np.float32) for W in X]),
    "uniform": drawn(lambda X, s, rng: [W.std() * rng.uniform(-(3**0.5), 3**0.5, W.shape) for W in X]),
    "signs": drawn(lambda X, s, rng: [np.abs(W).mean() * (np.pi / 2) ** 0.5 * np.sign(W) for W in X]),
    "truncated at two deviations": drawn(lambda X, s, rng: [np.clip(W, -2 * W.std(), 2 * W.std()) for W in X]),
    "β² for β": drawn(times_their_scales),
    "divided by α": drawn(lambda X, s, rng: [*X[:-1], X[-1] / s.alpha]),
    "middle layers 0.9 % too large": drawn(lambda X, s, rng: [X[0], *(1.009 * W for W in X[1:-1]), X[-1]]),
    "variances times 1 − 1/fan-in of narrow layers": drawn(
        lambda X, s, rng: [W * (1 - 1 / W.shape[-1] if W.shape[-1] < 4 else 1) ** 0.5 for W in X]
    ),
    "rows of a few entries divided by their own size": drawn(
        lambda X, s, rng: [
            W * (b * (W.shape[-1] / (W**2).sum(-1, keepdims=True)) ** 0.5 if W.shape[-1] in {2, 3} else 1)
            for W, b in zip(X, initialization.layer_scales(s, len(X)), strict=True)
        ]
    ),
    "first layer 2 % too large": drawn(lambda X, s, rng: [1.02 * X[0], *X[1:]]),
    "middle layers 2 % too large": drawn(lambda X, s, rng: [X[0], *(1.02 * W for W in X[1:-1]), X[-1]]),
    "last layer 2 % too large": drawn(lambda X, s, rng: [*X[:-1], 1.02 * X[-1]]),
    "last layer with the middle's scale": drawn(lambda X, s, rng: [*X[:-1], X[-1] * s.beta / s.beta_L]),
    "first layer with the middle's scale": drawn(lambda X, s, rng: [X[0] * s.beta / s.beta_1, *X[1:]]),
    "not centred": drawn(lambda X, s, rng: [np.abs(W) for W in X]),
})
weights_are_independent.mutants({
    "one matrix for all middle layers": drawn(lambda X, s, rng: [X[0], *[X[1]] * (len(X) - 2), X[-1]]),
    "one row for all neurons": drawn(lambda X, s, rng: [0 * W + W[:1] for W in X]),
    "two inputs with one column": drawn(lambda X, s, rng: [np.column_stack([X[0][:, 1:], X[0][:, -1]]), *X[1:]]),
    "one column for all inputs": drawn(lambda X, s, rng: [0 * W + W[:, :1] for W in X]),
    "symmetric middle layers": drawn(lambda X, s, rng: [X[0], *(np.triu(W) + np.triu(W, 1).T for W in X[1:-1]), X[-1]]),
    "every layer from the start of one stream": from_one_stream,
    "a stream of its own": lambda s, p, m, L, rng: initialization.sample_weights(s, p, m, L, np.random.default_rng(0)),
})
