"""Hand-written gradient descent of the lecture's networks, against automatic differentiation."""

import autograd
import autograd.numpy as np

from refimpl.arguments.domains import bare
from refimpl.backpropagation.activations import identity, relu, tanh
from refimpl.networks import training
from refimpl.networks.training import Path
from verify.claims import claim
from verify.evidence import equal, rounding
from verify.probes import unchanged

SLIDE = "Robustness in deep learning: lazy-training"
OUTPUTS = {"identity": lambda u: u, "relu": lambda u: np.where(u > 0, u, 0.0), "tanh": np.tanh}


def instances(rng):
    """Weights of k networks or one, points, labels, step sizes, α and the last activation, all of order 1."""
    for k, L, output in ((None, 2, identity), (3, 4, relu), (2, 3, tanh), (None, 5, identity)):
        n, p, m = (int(size) for size in rng.integers(2, 6, 3))
        leading = () if k is None else (k,)
        shapes = [(m, p), *[(m, m)] * (L - 2), (1, m)]
        weights = [0.6 * rng.standard_normal((*leading, *shape)) for shape in shapes]
        a = rng.standard_normal((*leading, n, p)) if L != 3 else rng.standard_normal((n, p))
        yield (
            weights,
            a,
            rng.standard_normal((*leading, n)),
            rng.uniform(0.1, 0.3, leading),
            rng.uniform(0.5, 2),
            output,
        )


def loss(weights, a, b, alpha, output):
    """Sum over networks of half the mean squared error, sum by sum, as automatic differentiation reads it."""
    h = a
    for X in weights[:-1]:
        u = np.einsum("...ij,...nj->...ni", X, h)
        h = np.where(u > 0, u, 0.0)
    u = np.einsum("...ij,...nj->...ni", weights[-1], h)
    return np.sum((OUTPUTS[output.name](u)[..., 0] / alpha - b) ** 2) / (2 * np.shape(b)[-1])


def size(weights, a, b):
    """A thousand roundings of outputs as large as spectral norms allow, squared."""
    largest = np.prod([1 + np.linalg.norm(X, 2, axis=(-2, -1)).max() for X in weights])
    largest = largest * (1 + np.linalg.norm(a, axis=-1).max() + np.abs(b).max())
    return rounding(1000, largest**2)


@claim("N08", slide=SLIDE, source="chain rule")
def gradient_descent_descends_the_squared_loss(
    rng, *, squared_loss=training.squared_loss, gradient_descent_step=training.gradient_descent_step
):
    r"""f = (1/2n)Σ(h(aᵢ) − bᵢ)² and X_l⁺ = X_l − η∂f/∂X_l, of one network and of several."""
    for weights, a, b, eta, alpha, output in instances(rng):
        name, tolerance = f"L = {len(weights)}, {output.name}", size(weights, a, b)
        value, networks = squared_loss(weights, a, b, alpha, output), list(np.ndindex(np.shape(b)[:-1]))
        alone = [loss([X[i] for X in weights], a[i] if a.ndim > 2 else a, b[i], alpha, output) for i in networks]
        yield equal(f"{name}: loss", np.ravel(value), alone, atol=tolerance)
        gradients = autograd.grad(loss)(weights, a, b, alpha, output)
        after = gradient_descent_step(weights, a, b, eta, alpha, output)
        for X, G, found in zip(weights, gradients, after, strict=True):
            yield equal(f"{name}: X⁺", found, X - eta[..., None, None] * G, atol=tolerance)
    weights, a, b, *_ = next(instances(rng))
    found, default = gradient_descent_step(weights, a, b, 0.1), autograd.grad(loss)(weights, a, b, 1.0, identity)
    tolerance, expected = size(weights, a, b), loss(weights, a, b, 1.0, identity)
    yield equal("defaults: X₁⁺", found[0], weights[0] - 0.1 * default[0], atol=tolerance)
    yield equal("default loss", squared_loss(weights, a, b), expected, atol=tolerance)
    yield from unchanged("step", lambda *arrays: gradient_descent_step(arrays[:-2], *arrays[-2:], 0.1), *weights, a, b)


def ascends(weights, a, b, eta, alpha=1.0, output=identity):
    down = training.gradient_descent_step(weights, a, b, eta, alpha, output)
    return [2 * X - Y for X, Y in zip(weights, down, strict=True)]


def layer_after_layer(weights, a, b, eta, alpha=1.0, output=identity):
    weights = list(weights)
    for l in range(len(weights)):
        weights[l] = training.gradient_descent_step(weights, a, b, eta, alpha, output)[l]
    return weights


def writes_into_weights(weights, a, b, eta, alpha=1.0, output=identity):
    new = bare(training.gradient_descent_step)(weights, a, b, eta, alpha, output)
    for X, Y in zip(weights, new, strict=True):
        X[...] = Y
    return new


gradient_descent_descends_the_squared_loss.mutants(
    {
        "sum in place of the mean": lambda weights, a, b, eta, alpha=1.0, output=identity: (
            training.gradient_descent_step(weights, a, b, eta * np.shape(b)[-1], alpha, output)
        ),
        "step 1 % too long": lambda weights, a, b, eta, alpha=1.0, output=identity: training.gradient_descent_step(
            weights, a, b, 1.01 * eta, alpha, output
        ),
        "ascends": ascends,
        "layer after layer, with new weights": layer_after_layer,
        "last layer not trained": lambda weights, a, b, eta, alpha=1.0, output=identity: [
            *training.gradient_descent_step(weights, a, b, eta, alpha, output)[:-1],
            weights[-1],
        ],
        "outer ReLU by default": lambda weights, a, b, eta, alpha=1.0, output=relu: training.gradient_descent_step(
            weights, a, b, eta, alpha, output
        ),
        "one step size for all networks": lambda weights, a, b, eta, alpha=1.0, output=identity: (
            training.gradient_descent_step(weights, a, b, np.mean(eta), alpha, output)
        ),
        "α left out of the gradient": lambda weights, a, b, eta, alpha=1.0, output=identity: (
            training.gradient_descent_step(weights, a, b, alpha * eta, alpha, output)
        ),
        "in place": writes_into_weights,
    },
    replaces="gradient_descent_step",
)
gradient_descent_descends_the_squared_loss.mutants(
    {
        "without the half": lambda weights, a, b, alpha=1.0, output=identity: (
            2 * training.squared_loss(weights, a, b, alpha, output)
        ),
        "absolute error": lambda weights, a, b, alpha=1.0, output=identity: (
            abs(training.forward(weights, a, alpha, output) - b).mean(-1) / 2
        ),
        "α applied to the error": lambda weights, a, b, alpha=1.0, output=identity: training.squared_loss(
            weights, a, b / alpha, 1.0, output
        ),
    },
    replaces="squared_loss",
)


@claim("N08", slide=SLIDE, source="definition of the method")
def gradient_descent_repeats_its_step(rng, *, gradient_descent=training.gradient_descent):
    r"""Records are the start and so many steps; η may depend on the weights, and be each network's own."""
    for weights, a, b, eta, alpha, output in instances(rng):
        name, tolerance = f"L = {len(weights)}", 100 * size(weights, a, b)
        for rate in (lambda X: eta / 30, lambda X: 0.01 * (1.5 + np.sin(9 * X[0].sum(axis=(-2, -1))))):  # noqa: B023
            path = gradient_descent(weights, a, b, rate, 7, 3, alpha, output)
            yield equal(f"{name}: steps", path.steps, [0, 2, 5, 7])
            for X, layer in zip(path.weights, repeated(weights, a, b, rate, 7, alpha, output), strict=True):
                yield equal(f"{name}: X(t)", X, layer[[0, 2, 5, 7]], atol=tolerance)
        path = gradient_descent(weights, a, b, eta / 30, 2)
        expected = repeated(weights, a, b, lambda X: eta / 30, 2, 1.0, identity)  # noqa: B023
        for X, layer in zip(path.weights, expected, strict=True):
            yield equal(f"{name}, defaults: X(t)", X, layer[[0, 2]], atol=tolerance)


def repeated(weights, a, b, rate, num_steps, alpha, output):
    """Weights after 0, 1, …, num_steps steps, a layer at a time."""
    path = [weights]
    for _ in range(num_steps):
        path.append(training.gradient_descent_step(path[-1], a, b, rate(path[-1]), alpha, output))
    return [np.stack(layer) for layer in zip(*path, strict=True)]


def one_step_less(weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity):
    path = training.gradient_descent(weights, a, b, eta, num_steps, num_steps, alpha, output)
    chosen = np.rint(np.linspace(0, num_steps, records + 1)).astype(int)
    return Path(chosen, [X[np.maximum(chosen - 1, 0)] for X in path.weights])


def without_the_start(weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity):
    path = training.gradient_descent(weights, a, b, eta, num_steps, records, alpha, output)
    return Path(path.steps[1:], [X[1:] for X in path.weights])


def step_size_of_the_start(weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity):
    rate = eta(weights) if callable(eta) else eta
    return training.gradient_descent(weights, a, b, rate, num_steps, records, alpha, output)


gradient_descent_repeats_its_step.mutants({
    "one step less": one_step_less,
    "without the start": without_the_start,
    "step size of the start kept": step_size_of_the_start,
    "α = 1 always": lambda weights, a, b, eta, num_steps, records=1, alpha=1.0, output=identity: (
        training.gradient_descent(weights, a, b, eta, num_steps, records, 1.0, output)
    ),
    "two records by default": lambda weights, a, b, eta, num_steps, records=2, alpha=1.0, output=identity: (
        training.gradient_descent(weights, a, b, eta, num_steps, records, alpha, output)
    ),
    "outer ReLU by default": lambda weights, a, b, eta, num_steps, records=1, alpha=1.0, output=relu: (
        training.gradient_descent(weights, a, b, eta, num_steps, records, alpha, output)
    ),
})
