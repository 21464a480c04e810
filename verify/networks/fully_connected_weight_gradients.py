"""Gradients in the weights of the lecture's networks, point by point and summed."""

import autograd
import numpy as np

from refimpl.backpropagation.activations import identity, relu
from refimpl.networks import fully_connected
from verify.claims import claim
from verify.evidence import equal
from verify.networks.training import SLIDE, instances, loss, size
from verify.probes import unchanged


@claim("N08", slide=SLIDE, source="chain rule")
def gradients_of_layers_are_products(
    rng, *, gradient_factors=fully_connected.gradient_factors, weight_gradient=fully_connected.weight_gradient
):
    r"""Point by point the gradient of ℓ(h(a)) in X_l is δ_l h⁽ˡ⁻¹⁾ᵀ; the sum over points is a step's."""
    for weights, a, b, _, alpha, output in instances(rng):
        name, tolerance = f"L = {len(weights)}, {output.name}", size(weights, a, b)
        arguments = (lambda h: h - b, weights, a, alpha, output)  # noqa: B023
        factors, sums = gradient_factors(*arguments), weight_gradient(*arguments)
        points, n = np.broadcast_to(a, (*np.shape(b), a.shape[-1])), np.shape(b)[-1]
        every = [
            autograd.grad(loss)(weights, points[..., i, None, :], b[..., i, None], alpha, output) for i in range(n)
        ]
        for l, gradients in enumerate(zip(*every, strict=True)):
            products = factors.delta[l][..., :, None] * factors.h[l][..., None, :]
            yield equal(f"{name}: δ_{l + 1}h⁽{l}⁾ᵀ", products, np.stack(gradients, -3), atol=tolerance)
            yield equal(f"{name}: their sum", sums[l], sum(gradients), atol=tolerance)
        h = fully_connected.forward(weights, a, alpha, output)
        yield equal(f"{name}: h", factors.output, h, atol=tolerance)
    weights, a, *_ = next(instances(rng))
    for call, take in ((gradient_factors, lambda found: found.delta[0]), (weight_gradient, lambda found: found[0])):
        default, said = call(np.cos, weights, a), call(np.cos, weights, a, 1.0, relu)
        yield equal("defaults", take(default), take(said))
        yield from unchanged("factors", lambda *x: call(np.cos, list(x[:-1]), x[-1]), *weights, a)  # noqa: B023


def alpha_left_out(loss_slope, weights, a, alpha=1.0, output=relu):
    good = fully_connected.gradient_factors(loss_slope, weights, a, alpha, output)
    return good._replace(delta=[alpha * delta for delta in good.delta])


def delta_not_masked(loss_slope, weights, a, alpha=1.0, output=relu):
    good = fully_connected.gradient_factors(loss_slope, weights, a, alpha, output)
    return good._replace(delta=[good.delta[1] @ weights[1], *good.delta[1:]])


def summed_over_networks_too(loss_slope, weights, a, alpha=1.0, output=relu):
    found = fully_connected.weight_gradient(loss_slope, weights, a, alpha, output)
    return [0 * G + G.sum(axis=0) if G.ndim > 2 else G for G in found]


def writes_into_points(loss_slope, weights, a, alpha=1.0, output=relu):
    found = fully_connected.weight_gradient(loss_slope, weights, a, alpha, output)
    a *= 1 + 1e-9
    return found


gradients_of_layers_are_products.mutants(
    {
        "slope taken at a tenth more": lambda loss_slope, weights, a, alpha=1.0, output=relu: (
            fully_connected.gradient_factors(lambda h: loss_slope(1.1 * h), weights, a, alpha, output)
        ),
        "α left out of δ": alpha_left_out,
        "δ not masked by the layer's own neurons": delta_not_masked,
        "linear by default": lambda loss_slope, weights, a, alpha=1.0, output=identity: (
            fully_connected.gradient_factors(loss_slope, weights, a, alpha, output)
        ),
    },
    replaces="gradient_factors",
)
gradients_of_layers_are_products.mutants(
    {
        "mean over points": lambda loss_slope, weights, a, alpha=1.0, output=relu: [
            G / a.shape[-2] for G in fully_connected.weight_gradient(loss_slope, weights, a, alpha, output)
        ],
        "summed over networks too": summed_over_networks_too,
        "in place of the points": writes_into_points,
    },
    replaces="weight_gradient",
)
