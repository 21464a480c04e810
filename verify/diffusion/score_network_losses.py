"""Losses of score matching for networks: values and gradients by hand against automatic differentiation."""

from itertools import pairwise

import autograd
import autograd.numpy as np

from refimpl.backpropagation import activations
from refimpl.backpropagation.layers import Layer, Network, unflatten
from refimpl.diffusion import score_network_losses
from refimpl.diffusion.score_network_losses import Loss
from verify.backpropagation.mlp import value
from verify.claims import claim, shipped
from verify.diffusion.score_network import tolerance
from verify.diffusion.score_network_losses_derivatives import difference
from verify.evidence import equal

SLIDE = "Learning the score"


def models(rng):
    """Networks from the space to itself, with parameters x, sizes and points."""
    for activation in (activations.tanh, activations.silu, activations.softplus):
        p = int(rng.integers(2, 5))
        sizes = [p, *map(int, rng.integers(3, 7, 2)), p]
        x = 0.7 * rng.standard_normal(sum(m * (q + 1) for q, m in pairwise(sizes)))
        yield Network(unflatten(x, sizes), activation), x, sizes, rng.standard_normal((8, p))


def evidence(what, measured, loss, x, rng):
    """A value and a gradient against a loss as automatic differentiation reads it, and along a direction."""
    gradient, u = autograd.grad(loss)(x), rng.standard_normal(x.shape)
    yield equal(f"{what}: value", measured.value, loss(x), atol=tolerance(loss(x)))
    yield equal(f"{what}: gradient", measured.gradient, gradient, atol=tolerance(gradient))
    u /= np.linalg.norm(u)
    slope = difference(lambda s: loss(x + s * u))
    yield equal(f"{what}: along a direction", measured.gradient @ u, slope, atol=1e-5 * (1 + np.abs(gradient).max()))


def output(h, x, sizes, a):
    """The network again, sum by sum."""
    return value(x, a, sizes, h.activation.name)


def slopes(h, x, sizes, a, v):
    """∇h v, entry by entry."""
    J = [autograd.elementwise_grad(lambda a, i=i: output(h, x, sizes, a)[:, i])(a) for i in range(sizes[0])]
    return np.stack([np.sum(row * v, axis=1) for row in J], axis=1)


@claim("D05", slide=SLIDE, source="chain rule; Drucker & LeCun 1992")
def implicit_losses_of_networks_have_exact_gradients(rng, *, implicit_gradient=score_network_losses.implicit_gradient):
    r"""E[½‖h‖² + tr ∇h] of a network h, with the gradient that differentiates the trace."""
    for h, x, sizes, a in models(rng):

        def loss(x, h=h, sizes=sizes, a=a):
            trace = sum(slopes(h, x, sizes, a, e)[:, i] for i, e in enumerate(np.eye(sizes[0])))
            return np.mean(np.sum(output(h, x, sizes, a) ** 2, axis=1) / 2 + trace)

        yield from evidence(h.activation.name, implicit_gradient(h, a), loss, x, rng)


@claim("D05", slide=SLIDE, source="chain rule; Song, Garg, Shi & Ermon 2019")
def sliced_losses_of_networks_have_exact_gradients(rng, *, sliced_gradient=score_network_losses.sliced_gradient):
    r"""E[vᵀ∇h v + ½(vᵀh)²] of a network h, with the gradient that differentiates the slices."""
    for h, x, sizes, a in models(rng):
        v = rng.standard_normal(a.shape)

        def loss(x, h=h, sizes=sizes, a=a, v=v):
            along = np.sum(v * output(h, x, sizes, a), axis=1)
            return np.mean(np.sum(v * slopes(h, x, sizes, a, v), axis=1) + along**2 / 2)

        yield from evidence(h.activation.name, sliced_gradient(h, a, v), loss, x, rng)


@claim("D05", slide=SLIDE, source="chain rule; Vincent 2011")
def denoising_losses_of_networks_have_exact_gradients(
    rng, *, denoising_gradient=score_network_losses.denoising_gradient
):
    r"""½E‖h(a + σz) + z/σ‖² of a network h, with its gradient."""
    for h, x, sizes, a in models(rng):
        z, sigma = rng.standard_normal(a.shape), rng.uniform(0.2, 2)

        def loss(x, h=h, sizes=sizes, a=a, z=z, sigma=sigma):
            return np.mean(np.sum((output(h, x, sizes, a + sigma * z) + z / sigma) ** 2, axis=1)) / 2

        yield from evidence(h.activation.name, denoising_gradient(h, a, z, sigma), loss, x, rng)


def squares(h, a, scale):
    """Loss ½ scale E‖h‖² and its gradient, from the denoising loss without noise in its target."""
    tiny = 1e-9
    good = score_network_losses.denoising_gradient(h, a, 0 * a, tiny)
    return Loss(scale * good.value, scale * good.gradient)


def plus(loss, other):
    """Sum of two losses."""
    return Loss(loss.value + other.value, loss.gradient + other.gradient)


def along_squares(h, a, v, scale):
    """Loss ½ scale E(vᵀh)² and its gradient: what is quadratic in v, the slope's part, taken from twice v."""
    once, twice = score_network_losses.sliced_gradient(h, a, v), score_network_losses.sliced_gradient(twofold(h), a, v)
    return scaled(plus(twice, scaled(once, -2.0)), scale / 2)


def twofold(h):
    """The network 2h, as one of as many parameters."""
    *first, (W, b) = h.layers
    return Network((*first, Layer(2 * W, 2 * b)), h.activation)


def scaled(loss, factor):
    """A loss times a number."""
    return Loss(factor * loss.value, factor * loss.gradient)


def trace_divided_by_the_dimension(h, a):
    half = squares(h, a, 1.0)
    trace = plus(score_network_losses.implicit_gradient(h, a), scaled(half, -1.0))
    return plus(scaled(trace, 1 / a.shape[1]), half)


implicit_losses_of_networks_have_exact_gradients.mutants(
    {
        "‖h‖² without ½": lambda h, a: plus(score_network_losses.implicit_gradient(h, a), squares(h, a, 1.0)),
        "trace 1 % too large": lambda h, a: scaled(
            plus(score_network_losses.implicit_gradient(h, a), squares(h, a, -0.01 / 1.01)), 1.01
        ),
        "sum over the batch": lambda h, a: scaled(score_network_losses.implicit_gradient(h, a), len(a)),
        "trace subtracted": lambda h, a: plus(
            scaled(score_network_losses.implicit_gradient(h, a), -1.0), squares(h, a, 2.0)
        ),
        "trace not differentiated": lambda h, a: Loss(
            score_network_losses.implicit_gradient(h, a).value, squares(h, a, 1.0).gradient
        ),
        "h not differentiated": lambda h, a: Loss(
            score_network_losses.implicit_gradient(h, a).value,
            score_network_losses.implicit_gradient(h, a).gradient - squares(h, a, 1.0).gradient,
        ),
        "trace divided by the dimension": shipped(
            trace_divided_by_the_dimension, project="torchebm", version="0.8.9, approximate score matching"
        ),
    },
)
sliced_losses_of_networks_have_exact_gradients.mutants(
    {
        "unit directions": lambda h, a, v: score_network_losses.sliced_gradient(
            h, a, v / np.linalg.norm(v, axis=1)[:, None]
        ),
        "‖h‖² for (vᵀh)²": lambda h, a, v: plus(
            plus(score_network_losses.sliced_gradient(h, a, v), squares(h, a, 1.0)), along_squares(h, a, v, -1.0)
        ),
        "no ½": lambda h, a, v: plus(score_network_losses.sliced_gradient(h, a, v), along_squares(h, a, v, 1.0)),
        "the same direction for all": lambda h, a, v: score_network_losses.sliced_gradient(h, a, v[:1] + 0 * v),
    },
)
denoising_losses_of_networks_have_exact_gradients.mutants(
    {
        "target −z": lambda h, a, z, sigma: score_network_losses.denoising_gradient(h, a + (sigma - 1) * z, z, 1.0),
        "target +z/σ": shipped(
            lambda h, a, z, sigma: score_network_losses.denoising_gradient(h, a + 2 * sigma * z, -z, sigma),
            project="torchebm",
            version="0.8.8",
            thread="#318",
        ),
        "no ½": lambda h, a, z, sigma: scaled(score_network_losses.denoising_gradient(h, a, z, sigma), 2.0),
        "weighted by σ²": lambda h, a, z, sigma: scaled(
            score_network_losses.denoising_gradient(h, a, z, sigma), sigma**2
        ),
        "clean points": lambda h, a, z, sigma: score_network_losses.denoising_gradient(h, a - sigma * z, z, sigma),
        "mean over coordinates": lambda h, a, z, sigma: scaled(
            score_network_losses.denoising_gradient(h, a, z, sigma), 1 / a.shape[1]
        ),
    },
)
