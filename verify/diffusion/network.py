"""The hand-written score network against sums written out, automatic differentiation and differences."""

from itertools import pairwise

import autograd
import autograd.numpy as np

from refimpl import activations, mlp
from refimpl.diffusion import network, network_gradients, sde
from refimpl.diffusion.network import ScoreNetwork
from refimpl.layers import Network, flatten, unflatten
from verify.claims import claim
from verify.evidence import equal, rounding

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
def score_networks_add_to_the_score_of_noise(rng, *, score=network.score, time_features=network.time_features):
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
        inputs, c, r = network.perceptron_inputs(h, a, t, y)
        seen = {"inputs": inputs, "c": c, "r": r, **{k: f(h, a, t, inputs, c, r) for k, f in parts.items()}}
        return -a / seen["c"] ** 2 + mlp.forward(h.F, seen["inputs"]) / seen["r"]

    return wrong


def with_label(shift):
    """The score at other labels."""

    def wrong(h, a, t, y=None):
        return network.score(h, a, t, y if y is None or not h.classes else np.where(y < 0, y, (y + shift) % h.classes))

    return wrong


for text, wrong in {
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
    "time late by 1 %": lambda h, a, t, y=None: network.score(h, a, 0.99 * t, y),
    "labels ignored": lambda h, a, t, y=None: network.score(h, a, t),
    "without the score of noise": lambda h, a, t, y=None: (
        network.score(h, a, t, y) + a / network.perceptron_inputs(h, a, t, y)[1] ** 2
    ),
    "the first time for all": lambda h, a, t, y=None: network.score(h, a, np.ravel(t)[0], y),
}.items():
    score_networks_add_to_the_score_of_noise.mutant(text, replaces="score")(wrong)


@score_networks_add_to_the_score_of_noise.mutant("sines first", replaces="time_features")
def _(t, frequencies):
    good = network.time_features(t, frequencies)
    return np.concatenate([good[..., :1], np.roll(good[..., 1:], frequencies, axis=-1)], axis=-1)


@score_networks_add_to_the_score_of_noise.mutant("frequencies from 2 on", replaces="time_features")
def _(t, frequencies):
    return np.concatenate([t, network.time_features(2 * t / 2, frequencies + 1)[..., 2:-1]], axis=-1)


@score_networks_add_to_the_score_of_noise.mutant("2π for π", replaces="time_features")
def _(t, frequencies):
    angle = 2 * np.pi * t * 2.0 ** np.arange(frequencies)
    return np.concatenate([t, np.cos(angle), np.sin(angle)], axis=-1)


def difference(f, step=1e-3):
    """Derivative of f at 0 by central differences, extrapolated: error of order step⁴."""
    coarse, fine = ((f(s) - f(-s)) / (2 * s) for s in (step, step / 2))
    return (4 * fine - coarse) / 3


@claim("D15", slide=SLIDE, source="chain rule")
def score_network_gradients_are_exact(rng, *, backward=network_gradients.backward, pullback=network_gradients.pullback):
    r"""∇⟨c, h_x(a, t)⟩ in x and a: against automatic differentiation, and against differences along a direction."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, c = h.sde.name, rng.standard_normal(a.shape)

        def loss(x, a):
            return np.sum(c * value(h, x, sizes, a, t, y, scale, std))  # noqa: B023

        of_x, of_a = autograd.grad(loss, (0, 1))(x, a)
        measured, error = backward(h, a, t, y, c), tolerance(of_x, of_a)
        yield equal(f"{name}: in x", flatten(measured.layers), of_x, atol=error)
        yield equal(f"{name}: in a", measured.input, of_a, atol=error)
        u, v = rng.standard_normal(x.shape), rng.standard_normal(a.shape)
        u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
        slope = difference(lambda s: loss(x + s * u, a + s * v))  # noqa: B023
        along = flatten(measured.layers) @ u + (measured.input * v).sum()
        yield equal(f"{name}: along a direction", along, slope, atol=1e-5 * tolerance(of_x, of_a) / rounding(1e6))
        values, back = pullback(h, a, t, y)
        expected = value(h, x, sizes, a, t, y, scale, std)
        yield equal(f"{name}: pullback's value", values, expected, atol=tolerance(expected))
        yield equal(f"{name}: pullback's gradient", flatten(back(c).layers), of_x, atol=error)
        yield equal(f"{name}: pullback's gradient in a", back(c).input, of_a, atol=error)


def changed(of_layers=lambda layers, std: layers, of_input=lambda g, a, size, std, c: g):
    """`backward` with its results changed."""

    def wrong(h, a, t, y, c):
        good, (_, size, std) = network_gradients.backward(h, a, t, y, c), network.perceptron_inputs(h, a, t, y)
        return mlp.Gradient(of_layers(good.layers, std), of_input(good.input, a, size, std, c))

    return wrong


for text, wrong in {
    "mean over the batch": changed(lambda layers, std: unscaled(layers, 1 / len(std))),
    "1 % too large": changed(lambda layers, std: unscaled(layers, 1.01)),
    "without the score of noise": changed(of_input=lambda g, a, size, std, c: g + c / size**2),
    "the score of noise of the other sign": changed(of_input=lambda g, a, size, std, c: g + 2 * c / size**2),
    "points' 1/c left out": changed(of_input=lambda g, a, size, std, c: (g + c / size**2) * size - c / size**2),
    "cotangents not divided by r": lambda h, a, t, y, c: network_gradients.backward(
        h, a, t, y, c * network.perceptron_inputs(h, a, t, y)[2]
    ),
    "labels dropped": lambda h, a, t, y, c: network_gradients.backward(h, a, t, None, c),
}.items():
    score_network_gradients_are_exact.mutant(text, replaces="backward")(wrong)


def unscaled(layers, factor):
    """Layers times a number."""
    return tuple(type(layer)(factor * layer.W, factor * layer.b) for layer in layers)


@score_network_gradients_are_exact.mutant("the perceptron's value", replaces="pullback")
def _(h, a, t, y=None):
    values, back = network_gradients.pullback(h, a, t, y)
    return values * network.perceptron_inputs(h, a, t, y)[2], back


@score_network_gradients_are_exact.mutant("cotangents halved", replaces="pullback")
def _(h, a, t, y=None):
    values, back = network_gradients.pullback(h, a, t, y)
    return values, lambda c: back(c / 2)


@claim("D15", slide=SLIDE, source="chain rule; Pearlmutter 1994")
def divergences_and_their_gradients_are_exact(
    rng,
    *,
    divergence=network_gradients.divergence,
    divergence_backward=network_gradients.divergence_backward,
):
    r"""tr ∇h_x(a, t) is the trace of automatic differentiation's Jacobian, and Σ w tr ∇h_x has its gradients."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, w, p = h.sde.name, rng.standard_normal(8), a.shape[-1]

        def trace(x, a):
            def of(i):
                slope = autograd.elementwise_grad(lambda a: value(h, x, sizes, a, t, y, scale, std)[:, i])  # noqa: B023
                return slope(a)[:, i]

            return sum(of(i) for i in range(p))  # noqa: B023

        expected = trace(x, a)
        yield equal(f"{name}: divergence", divergence(h, a, t, y), expected, atol=tolerance(expected))

        def total(x, a):
            return np.sum(w * trace(x, a)) + 0 * np.sum(a)  # noqa: B023

        of_x, of_a = autograd.grad(total, (0, 1))(x, a)
        g, error = divergence_backward(h, a, t, y, w), tolerance(of_x, of_a)
        yield equal(f"{name}: its gradient in x", flatten(g.layers), of_x, atol=error)
        yield equal(f"{name}: its gradient in a", g.input, of_a, atol=error)
        u, v = rng.standard_normal(x.shape), rng.standard_normal(a.shape)
        u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
        slope = difference(lambda s: total(x + s * u, a + s * v))  # noqa: B023
        along = flatten(g.layers) @ u + (g.input * v).sum()
        yield equal(f"{name}: along a direction", along, slope, atol=1e-5 * tolerance(of_x, of_a) / rounding(1e6))


@divergences_and_their_gradients_are_exact.mutant(
    "divided by the dimension", replaces="divergence", shipped="torchebm 0.8.9, approximate score matching"
)
def _(h, a, t, y=None):
    return network_gradients.divergence(h, a, t, y) / a.shape[-1]


@divergences_and_their_gradients_are_exact.mutant("the perceptron's alone", replaces="divergence")
def _(h, a, t, y=None):
    return network_gradients.divergence(h, a, t, y) + a.shape[-1] / network.perceptron_inputs(h, a, t, y)[1][:, 0] ** 2


@divergences_and_their_gradients_are_exact.mutant("sum of all entries of the Jacobian", replaces="divergence")
def _(h, a, t, y=None):
    e = np.eye(a.shape[-1])
    slopes = [(network.score(h, a + 1e-6 * d, t, y) - network.score(h, a - 1e-6 * d, t, y)) / 2e-6 for d in e]
    return sum(slopes).sum(-1)


@divergences_and_their_gradients_are_exact.mutant("1/c left out", replaces="divergence")
def _(h, a, t, y=None):
    c, p = network.perceptron_inputs(h, a, t, y)[1][:, 0], a.shape[-1]
    return (network_gradients.divergence(h, a, t, y) + p / c**2) * c - p / c**2


@divergences_and_their_gradients_are_exact.mutant("weights dropped", replaces="divergence_backward")
def _(h, a, t, y, w):
    return network_gradients.divergence_backward(h, a, t, y, 0 * w + 1)


@divergences_and_their_gradients_are_exact.mutant("second derivatives dropped", replaces="divergence_backward")
def _(h, a, t, y, w):
    flat = h.F.activation._replace(curvature=lambda u: 0 * u)
    return network_gradients.divergence_backward(h._replace(F=h.F._replace(activation=flat)), a, t, y, w)


@divergences_and_their_gradients_are_exact.mutant("input's 1/c left out", replaces="divergence_backward")
def _(h, a, t, y, w):
    good = network_gradients.divergence_backward(h, a, t, y, w)
    return good._replace(input=good.input * network.perceptron_inputs(h, a, t, y)[1])


@divergences_and_their_gradients_are_exact.mutant("1/r left out", replaces="divergence_backward")
def _(h, a, t, y, w):
    r = network.perceptron_inputs(h, a, t, y)[2][:, 0]
    return network_gradients.divergence_backward(h, a, t, y, w * r)
