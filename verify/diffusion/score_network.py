"""The hand-written score network against sums written out, on networks of all kinds."""

from itertools import pairwise

import autograd.numpy as np
import scipy

from refimpl.backpropagation import activations, mlp
from refimpl.backpropagation.layers import Network, unflatten
from refimpl.diffusion import score_network, sde
from refimpl.diffusion.score_network import ScoreNetwork
from verify.claims import claim
from verify.evidence import distribution, equal, rounding

SLIDE = "Joint training of the score network"


def kernels(t):
    """Scale and std of VP, VE and sub-VP, from their integrals as written on the slide."""
    B, rising = t / 10 + 9.95 * t**2, 0.01 * 5000.0**t
    yield sde.vp(), np.exp(-B / 2), np.sqrt(1 - np.exp(-B))
    yield sde.ve(), 1.0 + 0 * t, np.sqrt(rising**2 - 0.01**2)
    yield sde.sub_vp(), np.exp(-B / 2), 1 - np.exp(-B)


def instances(rng):
    """Score networks of all kinds with their parameters x, points, times, labels, and the kernel at the times."""
    t = rng.uniform(0.05, 1, (8, 1))
    for process, scale, std in kernels(t):
        for name in ("tanh", "silu"):
            p, frequencies, classes = rng.integers(2, 5), int(rng.integers(0, 3)), int(rng.integers(0, 4))
            sizes = [int(p + 1 + 2 * frequencies + classes), *map(int, rng.integers(2, 6, 2)), int(p)]
            x = 0.7 * rng.standard_normal(sum(m * (q + 1) for q, m in pairwise(sizes)))
            F = Network(unflatten(x, sizes), getattr(activations, name))
            h = ScoreNetwork(F, process, frequencies, classes)
            a = np.sqrt(scale**2 + std**2) * rng.standard_normal((8, p))
            yield h, x, sizes, a, t, rng.integers(-1, classes, 8), scale, std


def value(h, x, sizes, a, t, y, scale, std):
    """The score network again, sum by sum: time and label enter the first layer as biases."""
    size, start = np.sqrt(scale**2 + std**2), 0
    out, p = a / size, a.shape[-1]
    features = [t] + [np.cos(np.pi * t * 2**j) for j in range(h.frequencies)]
    features += [np.sin(np.pi * t * 2**j) for j in range(h.frequencies)]
    for l, (q, m) in enumerate(pairwise(sizes)):
        W, b = np.reshape(x[start : start + m * q], (m, q)), x[start + m * q : start + m * q + m]
        start += m * q + m
        if l == 0:
            embedding = np.concatenate([W[:, p + len(features) :], np.zeros((m, 1))], axis=1)
            b = b + sum(f * W[:, p + i] for i, f in enumerate(features)) + embedding.T[y]
            W = W[:, :p]
        out = np.einsum("ij,nj->ni", W, out) + b
        if l + 2 < len(sizes):
            out = np.tanh(out) if h.F.activation.name == "tanh" else out / (1 + np.exp(-out))
    return out * scale / (size * std) - a / size**2


def tolerance(*values):
    """A million roundings of the largest of some values: sums over layers cancel, to a hundredth of their terms."""
    return rounding(1e6, 1 + max(np.abs(value).max() for value in values))


@claim("D15", slide=SLIDE, source="definition of the network")
def score_networks_add_to_the_score_of_noise(
    rng, *, score=score_network.score, time_features=score_network.time_features
):
    r"""h_x(a, t) = −a/c² + F_x(a/c, φ(t), e_y)/r, r = c std/scale; one time or many, no label as label −1."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, expected = h.sde.name, value(h, x, sizes, a, t, y, scale, std)
        yield equal(f"{name}: h(a, t) with labels", score(h, a, t, y), expected, atol=tolerance(expected))
        one = [part[:1] + 0 * part for part in (t, scale, std)]
        expected = value(h, x, sizes, a, one[0], 0 * y - 1, *one[1:])
        yield equal(f"{name}: one time, no label", score(h, a, float(t[0, 0])), expected, atol=tolerance(expected))
        expected = np.concatenate([t] + [f(np.pi * t * 2**j) for f in (np.cos, np.sin) for j in range(3)], axis=1)
        yield equal(f"{name}: φ(t)", time_features(t, 3), expected, atol=rounding(64, 20))


def tampered(**parts):
    """The score with other functions of (h, a, t, y): of the points, the times or the labels that F sees."""

    def wrong(h, a, t, y=None):
        inputs, c, r = score_network.perceptron_inputs(h, a, t, y)
        seen = {"inputs": inputs, "c": c, "r": r, **{k: f(h, a, t, inputs, c, r) for k, f in parts.items()}}
        return -a / seen["c"] ** 2 + mlp.forward(h.F, seen["inputs"]) / seen["r"]

    return wrong


def with_label(shift):
    """The score at other labels."""

    def wrong(h, a, t, y=None):
        return score_network.score(
            h, a, t, y if y is None or not h.classes else np.where(y < 0, y, (y + shift) % h.classes)
        )

    return wrong


score_networks_add_to_the_score_of_noise.mutants(
    {
        "not divided by r": tampered(r=lambda h, a, t, inputs, c, r: 1.0),
        "divided by std": tampered(r=lambda h, a, t, inputs, c, r: h.sde.kernel(t)[1]),
        "divided by σ = std/scale": tampered(r=lambda h, a, t, inputs, c, r: r / c),
        "divided by c std": tampered(r=lambda h, a, t, inputs, c, r: r * h.sde.kernel(t)[0]),
        "c = 1, right for VP alone": tampered(c=lambda h, a, t, inputs, c, r: 1.0),
        "points not divided by c": tampered(
            inputs=lambda h, a, t, inputs, c, r: np.concatenate([a, inputs[..., a.shape[-1] :]], axis=-1)
        ),
        "c² for c in the points": tampered(
            inputs=lambda h, a, t, inputs, c, r: np.concatenate([a / c**2, inputs[..., a.shape[-1] :]], axis=-1)
        ),
        "the next label": with_label(1),
        "time late by 1 %": lambda h, a, t, y=None: score_network.score(h, a, 0.99 * t, y),
        "labels ignored": lambda h, a, t, y=None: score_network.score(h, a, t),
        "without the score of noise": lambda h, a, t, y=None: (
            score_network.score(h, a, t, y) + a / score_network.perceptron_inputs(h, a, t, y)[1] ** 2
        ),
        "the first time for all": lambda h, a, t, y=None: score_network.score(h, a, np.ravel(t)[0], y),
    },
    replaces="score",
)


def sines_first(t, frequencies):
    good = score_network.time_features(t, frequencies)
    return np.concatenate([good[..., :1], np.roll(good[..., 1:], frequencies, axis=-1)], axis=-1)


def frequencies_twice_as_high(t, frequencies):
    angle = 2 * np.pi * t * 2.0 ** np.arange(frequencies)
    return np.concatenate([t, np.cos(angle), np.sin(angle)], axis=-1)


score_networks_add_to_the_score_of_noise.mutants(
    {
        "sines first": sines_first,
        "frequencies from 2 on": lambda t, frequencies: np.concatenate(
            [t, score_network.time_features(2 * t / 2, frequencies + 1)[..., 2:-1]], axis=-1
        ),
        "2π for π": frequencies_twice_as_high,
    },
    replaces="time_features",
)


@claim("D15", slide=SLIDE, source="definition of the network")
def untrained_networks_are_the_score_of_noise(rng, *, random_score_network=score_network.random_score_network):
    r"""Weights N(0, 1/inputs) but 0 in the last layer, biases 0: h(a, t) = −a/(scale² + std²), whatever the label."""
    t = rng.uniform(0.05, 1, (8, 1))
    for process, scale, std in kernels(t):
        h, a = random_score_network(process, (3, 400, 60), rng, 2, 4), rng.standard_normal((8, 3))
        found = score_network.score(h, a, t, rng.integers(-1, 4, 8))
        yield equal(f"{process.name}: score", found, -a / (scale**2 + std**2), rtol=rounding(64))
        yield equal("biases", np.concatenate([layer.b for layer in h.F.layers]), 0.0)
        for l, inputs in enumerate((3 + 1 + 2 * 2 + 4, 400)):
            W = np.sqrt(inputs) * h.F.layers[l].W
            yield distribution(f"{process.name}: weights of layer {l}", W.ravel(), scipy.stats.norm.cdf, delta=0.12)


def with_layers(change):
    """Networks with other layers: a function of each weight matrix and of its number."""

    def wrong(process, widths, rng, frequencies=0, classes=0):
        h = score_network.random_score_network(process, widths, rng, frequencies, classes)
        layers = tuple(layer._replace(W=change(layer.W, l, rng)) for l, layer in enumerate(h.F.layers))
        return h._replace(F=h.F._replace(layers=layers))

    return wrong


untrained_networks_are_the_score_of_noise.mutants({
    "weights in the last layer too": with_layers(lambda W, l, rng: W + rng.standard_normal(W.shape) / 8),
    "variance 2/inputs": with_layers(lambda W, l, rng: np.sqrt(2) * W),
    "variance 1": with_layers(lambda W, l, rng: np.sqrt(W.shape[1]) * W),
    "weights uniform, of the same variance": with_layers(
        lambda W, l, rng: np.sqrt(12) * np.std(W) * (rng.random(W.shape) - 0.5)
    ),
})
