"""Derivatives of the hand-written score network against automatic differentiation and differences."""

import autograd
import autograd.numpy as np

from refimpl.backpropagation import mlp
from refimpl.backpropagation.layers import flatten
from refimpl.diffusion import score_network, score_network_losses
from verify.claims import claim, shipped
from verify.diffusion.score_network import SLIDE, instances, tolerance, value
from verify.evidence import equal, rounding


def difference(f, step=1e-3):
    """Derivative of f at 0 by central differences, extrapolated: error of order step⁴."""
    coarse, fine = ((f(s) - f(-s)) / (2 * s) for s in (step, step / 2))
    return (4 * fine - coarse) / 3


def along_direction(rng, name, gradient, function, x, a, error):
    """Evidence that gradients in x and a are right along a random direction, by differences."""
    u, v = rng.standard_normal(x.shape), rng.standard_normal(a.shape)
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    slope = difference(lambda s: function(x + s * u, a + s * v))
    along = flatten(gradient.layers) @ u + (gradient.input * v).sum()
    yield equal(f"{name}: along a direction", along, slope, atol=1e-5 * error / rounding(1e6))


@claim("D15", slide=SLIDE, source="chain rule")
def score_network_gradients_are_exact(rng, *, backward=score_network_losses.backward):
    r"""∇⟨c, h_x(a, t)⟩ in x and a: against automatic differentiation, and against differences along a direction."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, c = h.sde.name, rng.standard_normal(a.shape)

        def pairing(x, a):
            return np.sum(c * value(h, x, sizes, a, t, y, scale, std))  # noqa: B023

        of_x, of_a = autograd.grad(pairing, (0, 1))(x, a)
        measured, error = backward(h, a, t, y, c), tolerance(of_x, of_a)
        yield equal(f"{name}: in x", flatten(measured.layers), of_x, atol=error)
        yield equal(f"{name}: in a", measured.input, of_a, atol=error)
        yield from along_direction(rng, name, measured, pairing, x, a, error)


@claim("D15", slide=SLIDE, source="chain rule")
def losses_of_score_networks_have_exact_gradients(rng, *, loss_gradient=score_network_losses.loss_gradient):
    r"""A loss of the scores, here Σ c h_x(a, t)², and its gradient in x, against automatic differentiation."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, c = h.sde.name, rng.standard_normal(a.shape)

        def squares(x):
            return np.sum(c * value(h, x, sizes, a, t, y, scale, std) ** 2)  # noqa: B023

        measured, layers = loss_gradient(h, a, t, y, lambda s: ((c * s**2).sum(), 2 * c * s))  # noqa: B023
        gradient = autograd.grad(squares)(x)
        terms = c * value(h, x, sizes, a, t, y, scale, std) ** 2
        yield equal(f"{name}: a loss", measured, squares(x), atol=tolerance(terms))
        yield equal(f"{name}: gradient of the loss", flatten(layers), gradient, atol=tolerance(gradient))


def changed(of_layers=lambda layers, std: layers, of_input=lambda g, a, size, std, c: g):
    """`backward` with its results changed."""

    def wrong(h, a, t, y, c):
        good, (_, size, std) = (
            score_network_losses.backward(h, a, t, y, c),
            score_network.perceptron_inputs(h, a, t, y),
        )
        return mlp.Gradient(of_layers(good.layers, std), of_input(good.input, a, size, std, c))

    return wrong


def unscaled(layers, factor):
    """Layers times a number."""
    return tuple(type(layer)(factor * layer.W, factor * layer.b) for layer in layers)


score_network_gradients_are_exact.mutants(
    {
        "mean over the batch": changed(lambda layers, std: unscaled(layers, 1 / len(std))),
        "1 % too large": changed(lambda layers, std: unscaled(layers, 1.01)),
        "without the score of noise": changed(of_input=lambda g, a, size, std, c: g + c / size**2),
        "the score of noise of the other sign": changed(of_input=lambda g, a, size, std, c: g + 2 * c / size**2),
        "points' 1/c left out": changed(of_input=lambda g, a, size, std, c: (g + c / size**2) * size - c / size**2),
        "cotangents not divided by r": lambda h, a, t, y, c: score_network_losses.backward(
            h, a, t, y, c * score_network.perceptron_inputs(h, a, t, y)[2]
        ),
        "labels dropped": lambda h, a, t, y, c: score_network_losses.backward(h, a, t, None, c),
    },
)


def loss_of_the_perceptrons_outputs(h, a, t, y, loss):
    inputs, _, r = score_network.perceptron_inputs(h, a, t, y)
    return mlp.loss_gradient(h.F, inputs, lambda F: (loss(F)[0], loss(F)[1] / r))


def gradient_halved(h, a, t, y, loss):
    value, layers = score_network_losses.loss_gradient(h, a, t, y, loss)
    return value, unscaled(layers, 0.5)


losses_of_score_networks_have_exact_gradients.mutants(
    {
        "a loss of the perceptron's outputs": loss_of_the_perceptrons_outputs,
        "the loss's gradient halved": gradient_halved,
    },
)


def trace(h, x, sizes, a, t, y, scale, std):
    """Trace of the score's Jacobian in the points, by automatic differentiation of each coordinate."""

    def slope(i):
        return autograd.elementwise_grad(lambda a: value(h, x, sizes, a, t, y, scale, std)[:, i])(a)[:, i]

    return sum(slope(i) for i in range(a.shape[-1]))


@claim("D15", slide=SLIDE, source="chain rule; Pearlmutter 1994")
def divergences_and_their_gradients_are_exact(
    rng,
    *,
    divergence=score_network_losses.divergence,
    divergence_backward=score_network_losses.divergence_backward,
):
    r"""tr ∇h_x(a, t) is the trace of automatic differentiation's Jacobian, and Σ w tr ∇h_x has its gradients."""
    for h, x, sizes, a, t, y, scale, std in instances(rng):
        name, w = h.sde.name, rng.standard_normal(8)
        expected = trace(h, x, sizes, a, t, y, scale, std)
        yield equal(f"{name}: divergence", divergence(h, a, t, y), expected, atol=tolerance(expected))

        def total(x, a):
            return np.sum(w * trace(h, x, sizes, a, t, y, scale, std)) + 0 * np.sum(a)  # noqa: B023

        of_x, of_a = autograd.grad(total, (0, 1))(x, a)
        g, error = divergence_backward(h, a, t, y, w), tolerance(of_x, of_a)
        yield equal(f"{name}: its gradient in x", flatten(g.layers), of_x, atol=error)
        yield equal(f"{name}: its gradient in a", g.input, of_a, atol=error)
        yield from along_direction(rng, name, g, total, x, a, error)


def divergence_of_the_perceptron(h, a, t, y=None):
    return (
        score_network_losses.divergence(h, a, t, y)
        + a.shape[-1] / score_network.perceptron_inputs(h, a, t, y)[1][:, 0] ** 2
    )


def sum_of_all_entries(h, a, t, y=None):
    e = np.eye(a.shape[-1])
    slopes = [
        (score_network.score(h, a + 1e-6 * d, t, y) - score_network.score(h, a - 1e-6 * d, t, y)) / 2e-6 for d in e
    ]
    return sum(slopes).sum(-1)


def scaling_of_points_left_out(h, a, t, y=None):
    c, p = score_network.perceptron_inputs(h, a, t, y)[1][:, 0], a.shape[-1]
    return (score_network_losses.divergence(h, a, t, y) + p / c**2) * c - p / c**2


def second_derivatives_dropped(h, a, t, y, w):
    flat = h.F.activation._replace(curvature=lambda u: 0 * u)
    return score_network_losses.divergence_backward(h._replace(F=h.F._replace(activation=flat)), a, t, y, w)


def scaling_of_inputs_left_out(h, a, t, y, w):
    good = score_network_losses.divergence_backward(h, a, t, y, w)
    return good._replace(input=good.input * score_network.perceptron_inputs(h, a, t, y)[1])


def scaling_of_outputs_left_out(h, a, t, y, w):
    r = score_network.perceptron_inputs(h, a, t, y)[2][:, 0]
    return score_network_losses.divergence_backward(h, a, t, y, w * r)


divergences_and_their_gradients_are_exact.mutants(
    {
        "divided by the dimension": shipped(
            lambda h, a, t, y=None: score_network_losses.divergence(h, a, t, y) / a.shape[-1],
            project="torchebm",
            version="0.8.9, approximate score matching",
        ),
        "the perceptron's alone": divergence_of_the_perceptron,
        "sum of all entries of the Jacobian": sum_of_all_entries,
        "1/c left out": scaling_of_points_left_out,
    },
    replaces="divergence",
)
divergences_and_their_gradients_are_exact.mutants(
    {
        "weights dropped": lambda h, a, t, y, w: score_network_losses.divergence_backward(h, a, t, y, 0 * w + 1),
        "second derivatives dropped": second_derivatives_dropped,
        "input's 1/c left out": scaling_of_inputs_left_out,
        "1/r left out": scaling_of_outputs_left_out,
    },
    replaces="divergence_backward",
)
