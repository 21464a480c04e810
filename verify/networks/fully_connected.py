"""The network of the lecture and its gradients: slide "impact of the NN architecture"."""

from collections.abc import Callable
from typing import NamedTuple

import autograd
import autograd.numpy as np

from refimpl.backpropagation.activations import identity, relu
from refimpl.networks import fully_connected
from refimpl.networks.initialization import Scales, sample_weights
from verify.claims import claim
from verify.evidence import equal
from verify.probes import batched

SLIDE = "Robustness in deep learning: impact of the NN architecture"
SOURCE = "its definition"


def tent_network(depth):
    """Weights of t T^depth(y) at the input (ty, t), t > 0, for the tent map T: neurons σ(x), σ(x − t/2), σ(t)."""
    first = np.array([[1.0, 0.0], [1.0, -0.5], [0.0, 1.0]])
    tent = np.array([[2.0, -4.0, 0.0], [0.0, 0.0, 1.0]])  # 2σ(x) − 4σ(x − t/2), and t
    return [first, *[first @ tent] * (depth - 1), tent[:1]]


def by_definition(weights, a, alpha):
    """The outputs at points (n, p), neuron by neuron, as automatic differentiation can follow."""
    h = [a[:, j] for j in range(a.shape[1])]
    for X in weights:
        u = [sum(X[i, j] * h[j] for j in range(len(h))) for i in range(len(X))]
        h = [np.where(u_i > 0, u_i, 0.0) for u_i in u]
    return h[0] / alpha


def generic(rng, p, m, L, n):
    """Weights and points such that at some points the last neuron fires."""
    weights = sample_weights(Scales(1.0, (2 / m) ** 0.5, 1.0, 1.0), p, m, L, rng)
    a = rng.standard_normal((n, p))
    fires = by_definition(weights, a, 1.0) > 0
    weights[-1] *= 1.0 if fires.mean() > 0.3 else -1.0
    return weights, a


@claim("N01", slide=SLIDE, source=SOURCE)
def tent_networks_have_their_outputs_and_gradients(
    rng, *, forward=fully_connected.forward, input_gradient=fully_connected.input_gradient
):
    r"""Deep networks that are tent maps: T^k(y) = arccos(cos 2^k πy)/π, and its slopes ±2^k, α included."""
    for depth in (1, 2, 5, 9):
        y, t = rng.uniform(0, 1, 200), rng.uniform(0.5, 2, 200)
        a = np.stack([y * t, t], -1)
        angle = 2**depth * np.pi * y
        tent, slope = np.arccos(np.cos(angle)) / np.pi, 2**depth * np.sign(np.sin(angle))
        alpha, weights = rng.uniform(0.3, 3), tent_network(depth)
        yield equal(f"T^{depth}", forward(weights, a, alpha), t * tent / alpha, atol=1e-11)
        gradients = np.stack([slope, tent - y * slope], -1) / alpha
        yield equal(f"∇T^{depth}", input_gradient(weights, a, alpha), gradients, atol=1e-10 * 2**depth)


@claim("N01", slide=SLIDE, source=SOURCE)
def networks_have_their_outputs_and_gradients(
    rng, *, forward=fully_connected.forward, input_gradient=fully_connected.input_gradient
):
    r"""Random networks neuron by neuron, and by automatic differentiation; gradient 0 where no neuron fires."""
    for p, m, L in [(3, 4, 2), (1, 5, 3), (4, 1, 2), (5, 6, 6)]:
        alpha, (weights, a) = rng.uniform(0.3, 3), generic(rng, p, m, L, 60)
        name = f"p = {p}, m = {m}, L = {L}"
        yield equal(f"h, {name}", forward(weights, a, alpha), by_definition(weights, a, alpha), atol=1e-11)
        expected = autograd.grad(lambda a, X=weights, c=alpha: by_definition(X, a, c).sum())(a)
        yield equal(f"∇h, {name}", input_gradient(weights, a, alpha), expected, atol=1e-11)
    yield equal("h, α = 1 unless given", forward(weights, a), by_definition(weights, a, 1.0), atol=1e-11)
    yield from batched("h", lambda a: forward(weights, a), a, atol=1e-12)
    yield from batched("∇h", lambda a: input_gradient(weights, a), a, atol=1e-12)
    dead = [-np.abs(weights[0]), *weights[1:]]
    yield equal("∇h where no neuron fires", input_gradient(dead, np.abs(a)), 0 * a)
    yield equal("∇h at 0, where none fires", input_gradient(weights, 0 * a), 0 * a)


class Spoiled(NamedTuple):
    """A wrong network and its gradient."""

    forward: Callable
    input_gradient: Callable


def network(value=relu.value, slope=relu.slope, last=relu, scale=lambda alpha: 1 / alpha):
    """A network with other activations or another division by α, and its gradient."""

    def layers(weights, a):
        u = [np.asarray(a) @ weights[0].T]
        for X in weights[1:]:
            u.append(value(u[-1]) @ X.T)
        return u

    def forward(weights, a, alpha=1.0):
        return (last.value(layers(weights, a)[-1]) * scale(alpha))[..., 0]

    def input_gradient(weights, a, alpha=1.0):
        u = layers(weights, a)
        delta = last.slope(u[-1]) * scale(alpha)
        for X, u_l in zip(weights[:0:-1], u[-2::-1], strict=True):
            delta = (delta @ X) * slope(u_l)
        return delta @ weights[0]

    return Spoiled(forward, input_gradient)


def leaky(u):
    return np.maximum(u, 0.01 * u)


NETWORKS = {
    "hidden layers are linear": network(value=identity.value, slope=identity.slope),
    "leaky": network(value=leaky, slope=lambda u: 0.01 + 0.99 * (u > 0)),
    "absolute values": network(value=np.abs, slope=np.sign),
    "α left out": network(scale=lambda alpha: 1.0),
    "multiplied by α": network(scale=lambda alpha: alpha),
    "divided by α²": network(scale=lambda alpha: alpha**-2),
    "divided by √α": network(scale=lambda alpha: alpha**-0.5),
    "1 % too large": network(scale=lambda alpha: 1.01 / alpha),
}
OUTPUTS = {text: wrong.forward for text, wrong in NETWORKS.items()}
GRADIENTS = {text: wrong.input_gradient for text, wrong in NETWORKS.items()}
LINEAR = network(last=identity)  # tent maps are never negative: they cannot tell it from the truth

tent_networks_have_their_outputs_and_gradients.mutants(OUTPUTS, replaces="forward")
tent_networks_have_their_outputs_and_gradients.mutants(GRADIENTS, replaces="input_gradient")


def fires_at_zero(u):
    return 1.0 * (u >= 0)


def writes_into_points(weights, a, alpha=1.0):
    h = fully_connected.forward(weights, a, alpha)
    a *= 1.0 + 1e-9
    return h


networks_have_their_outputs_and_gradients.mutants(
    {**OUTPUTS, "the last layer is linear": LINEAR.forward, "writes into its points": writes_into_points},
    replaces="forward",
)
networks_have_their_outputs_and_gradients.mutants(
    {
        **GRADIENTS,
        "the last layer is linear": LINEAR.input_gradient,
        "slope 1 for every hidden neuron": network(slope=identity.slope).input_gradient,
        "slopes of the inactive neurons": network(slope=lambda u: 1.0 * (u <= 0)).input_gradient,
        "slope 1 at u = 0": network(slope=fires_at_zero, last=relu._replace(slope=fires_at_zero)).input_gradient,
        "of the sum over a batch at every point": lambda X, a, alpha=1.0: (
            0 * np.asarray(a) + fully_connected.input_gradient(X, np.atleast_2d(a), alpha).sum(-2)
        ),
        "minus": lambda X, a, alpha=1.0: -fully_connected.input_gradient(X, a, alpha),
        "first layer forgotten": lambda X, a, alpha=1.0: fully_connected.input_gradient(
            [np.eye(*X[0].shape), *X[1:]], a, alpha
        ),
        "normalised": lambda X, a, alpha=1.0: (
            fully_connected.input_gradient(X, a, alpha) / (1e-300 + alpha * np.abs(a))
        ),
    },
    replaces="input_gradient",
)


@claim("N01", slide=SLIDE, source="Rumelhart, Hinton & Williams 1986")
def gradients_of_losses_are_those_of_automatic_differentiation(rng, *, gradient=fully_connected.gradient):
    r"""∇ of Σ(⅓h³ − bh) in every weight, with the outputs and the terms' gradients in the points; several networks."""
    for p, m, L in [(3, 4, 2), (2, 5, 5)]:
        alpha, (X, a) = rng.uniform(0.3, 3), generic(rng, p, m, L, 12)
        b, doubled = rng.standard_normal(12), [np.stack([W, W * (1 + l / 5)]) for l, W in enumerate(X)]
        found = gradient(lambda h, b=b: h**2 - b, X, a, alpha)
        both = gradient(lambda h, b=b: h**2 - b, doubled, a, alpha)

        def loss(X, a, alpha=alpha, b=b):
            h = by_definition(X, a, alpha)
            return (h**3 / 3 - b * h).sum()

        yield equal(f"outputs, L = {L}", found.output, by_definition(X, a, alpha), atol=1e-11)
        yield equal(f"∇ in the points, L = {L}", found.input, autograd.grad(loss, 1)(X, a), rtol=1e-9, atol=1e-9)
        for i in range(2):
            expected = autograd.grad(loss)([W[i] for W in doubled], a)
            for l in range(L):
                tolerance = {"rtol": 1e-9, "atol": 1e-9 * np.abs(expected[l]).max()}
                if i == 0:
                    yield equal(f"∇ in X_{l + 1} of {L}", found.weights[l], expected[l], **tolerance)
                yield equal(f"∇ in X_{l + 1} of {L}, network {i + 1}", both.weights[l][i], expected[l], **tolerance)


def each(change):
    """The gradient whose part in every X_l went through change(G, l, L, n), l = 0, …, L − 1."""

    def gradient(loss_slope, weights, a, alpha=1.0):
        good = fully_connected.gradient(loss_slope, weights, a, alpha)
        return good._replace(weights=[change(G, l, len(weights), len(a)) for l, G in enumerate(good.weights)])

    return gradient


gradients_of_losses_are_those_of_automatic_differentiation.mutants({
    "mean over the points": each(lambda G, l, L, n: G / n),
    "minus": each(lambda G, l, L, n: -G),
    "last layer alone": each(lambda G, l, L, n: G if l == L - 1 else 0 * G),
    "first layer without its gradient": each(lambda G, l, L, n: G if l else 0 * G),
    "twice the middle layers": each(lambda G, l, L, n: 2 * G if 0 < l < L - 1 else G),
    "first layer 1 % too large": each(lambda G, l, L, n: G if l else 1.01 * G),
    "input gradients of the outputs": lambda slope, X, a, alpha=1.0: fully_connected.gradient(
        slope, X, a, alpha
    )._replace(input=fully_connected.input_gradient(X, a, alpha)),
    "the loss sees the outputs before α": lambda slope, X, a, alpha=1.0: fully_connected.gradient(
        lambda h: slope(alpha * h), X, a, alpha
    ),
    "α divides twice": lambda slope, X, a, alpha=1.0: fully_connected.gradient(lambda h: slope(h) / alpha, X, a, alpha),
    "slope of the loss at the first point": lambda slope, X, a, alpha=1.0: fully_connected.gradient(
        lambda h: slope(h)[..., :1] + 0 * h, X, a, alpha
    ),
    "linear last layer": lambda slope, X, a, alpha=1.0: fully_connected.gradient(slope, X, a, alpha, identity),
    "networks summed": each(lambda G, l, L, n: G.sum(0) + 0 * G if G.ndim > 2 else G),
})
