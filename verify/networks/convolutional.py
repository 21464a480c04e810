"""The hand-written convolutional network, pixel by pixel and against automatic differentiation."""

import autograd
import autograd.numpy as np
import scipy

from refimpl.backpropagation.activations import identity, relu, tanh
from refimpl.networks import convolutional
from verify.claims import claim
from verify.evidence import distribution, equal, rounding
from verify.networks.training import OUTPUTS
from verify.probes import unchanged

SLIDE = "Robustness in deep learning: lazy training experiment for CNN"
SOURCE = "definition of a convolution; chain rule"


def value(weights, a, alpha, output):
    """The network again: each filter's pixel times a shifted picture, summed; channels first."""
    h = a[:, None]
    for l, X in enumerate(weights[:-1]):
        stride, (n, c, height, width) = 2 if l < 2 else 1, h.shape
        padded = np.concatenate([np.zeros((n, c, height, 1)), h, np.zeros((n, c, height, 1))], axis=3)
        zeros = np.zeros((n, c, 1, width + 2))
        padded = np.concatenate([zeros, padded, zeros], axis=2)
        K, total = np.reshape(X, (len(X), 3, 3, c)), 0.0
        for i in range(3):
            for j in range(3):
                shifted = padded[:, :, i : i + height : stride, j : j + width : stride]
                total = total + np.einsum("fc,nchw->nfhw", K[:, i, j], shifted)
        h = np.where(total > 0, total, 0.0)
    u = np.einsum("nfhw,hwf->n", h, np.reshape(weights[-1], (*h.shape[2:], h.shape[1])))
    return OUTPUTS[output.name](u) / alpha


def instances(rng):
    """Weights, pictures, α and last activation, for even and odd sizes."""
    for (height, width), L, output in (((6, 9), 3, identity), ((5, 4), 4, relu), ((8, 8), 5, tanh)):
        weights = convolutional.sample_filters(int(rng.integers(2, 4)), L, height, width, rng)
        yield weights, rng.standard_normal((4, height, width)), rng.uniform(0.5, 2), output


def firing(rng):
    """Weights and pictures such that the last neuron fires at one picture at least."""
    weights, a, *_ = next(instances(rng))
    sign = 1.0 if (value(weights, a, 1.0, relu) > 0).any() else -1.0
    return [*weights[:-1], sign * weights[-1]], a


def tolerance(weights, a):
    """A thousand roundings of outputs as large as spectral norms and nine overlaps allow."""
    size = np.prod([1 + 3 * np.linalg.norm(X, 2) for X in weights])
    return rounding(1000, size * (1 + np.linalg.norm(a, axis=(1, 2)).max()))


@claim("N07", slide=SLIDE, source=SOURCE)
def convolutional_outputs_are_sums_of_shifted_pictures(rng, *, forward=convolutional.forward):
    r"""h is what a sum over shifts gives, for even and odd sizes, with any last activation and any α."""
    for weights, a, alpha, output in instances(rng):
        found, expected = forward(weights, a, alpha, output), value(weights, a, alpha, output)
        yield equal(f"L = {len(weights)}, {output.name}: h", found, expected, atol=tolerance(weights, a))
    weights, a = firing(rng)
    yield equal("defaults: h", forward(weights, a), value(weights, a, 1.0, relu), atol=tolerance(weights, a))


def other_filters(change):
    """The outputs for filters (m, 9, c), by pixel and channel, that went through change."""

    def forward(weights, a, alpha=1.0, output=relu):
        changed = [change(np.reshape(X, (len(X), 9, -1))).reshape(X.shape) for X in weights[:-1]]
        return convolutional.forward([*changed, weights[-1]], a, alpha, output)

    return forward


convolutional_outputs_are_sums_of_shifted_pictures.mutants({
    "filters turned by 180°": other_filters(lambda K: K[:, ::-1]),
    "channels before pixels in a patch": other_filters(lambda K: K.swapaxes(1, 2)),
    "rows and columns of pictures swapped": lambda weights, a, alpha=1.0, output=relu: convolutional.forward(
        weights, a[:, ::-1], alpha, output
    ),
    "last layer always linear": lambda weights, a, alpha=1.0, output=relu: convolutional.forward(
        weights, a, alpha, identity
    ),
    "α left out": lambda weights, a, alpha=1.0, output=relu: convolutional.forward(weights, a, 1.0, output),
})


@claim("N07", slide=SLIDE, source=SOURCE)
def convolutional_gradients_are_those_of_automatic_differentiation(
    rng, *, input_gradient=convolutional.input_gradient, gradient=convolutional.gradient
):
    r"""Gradients in the weights and in the pictures, by automatic differentiation and as differences."""
    for weights, a, alpha, output in instances(rng):
        name, size = f"L = {len(weights)}, {output.name}", tolerance(weights, a)
        of_a = autograd.grad(lambda a: np.sum(value(weights, a, alpha, output)))(a)  # noqa: B023
        yield equal(f"{name}: ∇h in the picture", input_gradient(weights, a, alpha, output), of_a, atol=size)

        def loss(weights, a):
            return np.sum(np.sin(value(weights, a, alpha, output)))  # noqa: B023

        found, (of_weights, of_a) = gradient(np.cos, weights, a, alpha, output), autograd.grad(loss, (0, 1))(weights, a)
        for G, expected in zip(found.weights, of_weights, strict=True):
            yield equal(f"{name}: in the weights", G, expected, atol=size)
        yield equal(f"{name}: in the pictures", found.input, of_a, atol=size)
        yield equal(f"{name}: output", found.output, value(weights, a, alpha, output), atol=size)
    yield from differences(rng, gradient)
    weights, a = firing(rng)
    yield equal("defaults: ∇h", input_gradient(weights, a), input_gradient(weights, a, 1.0, relu))
    yield equal("defaults: gradient", gradient(np.cos, weights, a).input, gradient(np.cos, weights, a, 1.0, relu).input)
    yield from unchanged("gradient", lambda *arrays: gradient(np.cos, list(arrays[:-1]), arrays[-1]), *weights, a)


def differences(rng, gradient):
    """The loss along a direction, between points so near that no neuron is switched (but once in 10⁷ times)."""
    weights, a, *_ = next(instances(rng))
    direction, eps = [rng.standard_normal(X.shape) for X in weights], 1e-10
    slope = sum(np.sum(G * V) for G, V in zip(gradient(np.cos, weights, a, 1.0, tanh).weights, direction, strict=True))

    def loss(eps):
        return np.sum(np.sin(value([X + eps * V for X, V in zip(weights, direction, strict=True)], a, 1.0, tanh)))

    yield equal("directional difference", (loss(eps) - loss(-eps)) / (2 * eps), slope, atol=1e-4 * (1 + abs(slope)))


def other_weights(change):
    """The gradient whose part in the weights went through change(list of arrays, pictures)."""

    def gradient(loss_slope, weights, a, alpha=1.0, output=relu):
        good = convolutional.gradient(loss_slope, weights, a, alpha, output)
        return good._replace(weights=change(good.weights, a))

    return gradient


convolutional_gradients_are_those_of_automatic_differentiation.mutants(
    {
        "gradient of the mean": lambda weights, a, alpha=1.0, output=relu: (
            convolutional.input_gradient(weights, a, alpha, output) / len(a)
        ),
        "default α = 2": lambda weights, a, alpha=2.0, output=relu: convolutional.input_gradient(
            weights, a, alpha, output
        ),
    },
    replaces="input_gradient",
)
convolutional_gradients_are_those_of_automatic_differentiation.mutants(
    {
        "mean over pictures in the weights": other_weights(lambda found, a: [G / len(a) for G in found]),
        "first filters' gradient dropped": other_weights(lambda found, a: [0 * found[0], *found[1:]]),
        "gradients 1 % too large": other_weights(lambda found, a: [1.01 * G for G in found]),
        "slope at the unscaled output": lambda loss_slope, weights, a, alpha=1.0, output=relu: convolutional.gradient(
            lambda h: loss_slope(alpha * h), weights, a, alpha, output
        ),
    },
    replaces="gradient",
)


@claim("N07", slide=SLIDE, source="He et al. 2015")
def filters_keep_the_second_moment(rng, *, sample_filters=convolutional.sample_filters):
    r"""Entries N(0, gain/columns): He's gain 2, its rows of 9, 9m and qm weights; sizes for any picture."""
    for m, L, (height, width), gain in ((8, 4, (28, 28), 2.0), (3, 3, (9, 5), 1.0), (40, 6, (4, 4), 0.5)):
        weights = sample_filters(m, L, height, width, rng, gain)
        pixels = int(np.ceil(height / 4) * np.ceil(width / 4))
        shapes = [(m, 9), *[(m, 9 * m)] * (L - 2), (1, pixels * m)]
        yield equal("shapes", [X.shape == shape for X, shape in zip(weights, shapes, strict=True)], [1] * L)
        z = np.concatenate([X.ravel() * np.sqrt(X.shape[1] / gain) for X in weights])
        yield equal(f"m = {m}: variance", np.mean(z**2), 1.0, atol=7.5 * np.sqrt(2 / z.size) + 50 / z.size)
        yield equal(f"m = {m}: mean", np.mean(z), 0.0, atol=7.5 / np.sqrt(z.size))
        if z.size > 1e4:
            yield distribution(f"m = {m}: normal", z, scipy.stats.norm.cdf, delta=0.05)
    for l, X in enumerate(sample_filters(64, 4, 28, 28, rng), start=1):
        z = X.ravel() * np.sqrt(X.shape[1] / 2)
        yield equal(f"default gain 2: X_{l}", np.mean(z**2), 1.0, atol=7.5 * np.sqrt(2 / z.size) + 50 / z.size)


def drawn(change):
    """Filters each of which went through change(X, gain, rng)."""

    def sample_filters(m, L, height, width, rng, gain=2.0):
        return [change(X, gain, rng) for X in convolutional.sample_filters(m, L, height, width, rng, gain)]

    return sample_filters


filters_keep_the_second_moment.mutants({
    "deviations gain/columns": drawn(lambda X, gain, rng: X * np.sqrt(gain / X.shape[1])),
    "LeCun's gain by default": lambda m, L, height, width, rng, gain=1.0: convolutional.sample_filters(
        m, L, height, width, rng, gain
    ),
    "uniform": drawn(lambda X, gain, rng: np.sqrt(3 * gain / X.shape[1]) * rng.uniform(-1, 1, X.shape)),
    "one layer more": lambda m, L, height, width, rng, gain=2.0: convolutional.sample_filters(
        m, L + 1, height, width, rng, gain
    )[1:],
    "10 % too large": drawn(lambda X, gain, rng: 1.1 * X),
})
