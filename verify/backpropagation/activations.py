"""Activations of networks: slide "Application to 25 Gaussians: Algorithms matter"."""

import autograd
import autograd.numpy as np

from refimpl.backpropagation import activations
from verify.backpropagation.mlp import ACTIVATIONS, SLIDE, VALUES
from verify.claims import claim
from verify.evidence import equal, rounding


@claim("M27", slide=SLIDE, source="definitions")
def activations_know_their_derivatives(rng, *, leaky_relu=activations.leaky_relu):
    r"""σ, σ' and σ'' of each activation, against automatic differentiation of other formulas, from −30 to 30.

    At a kink, 0, the slope is that of the left side.
    """
    u, s = np.concatenate([[0.0], rng.uniform(-3, 3, 200), rng.uniform(-30, 30, 50)]), rng.uniform(0.05, 0.95)
    leaky = [(leaky_relu(s), s), (leaky_relu(slope=s), s), (leaky_relu(0.0), 0.0), (leaky_relu(), 0.2)]
    functions = [(one, lambda u, s=s: np.where(u > 0, u, s * u)) for one, s in leaky]
    for activation, f in functions + [(one, VALUES[one.name]) for one in ACTIVATIONS[1:]]:
        name = activation.name
        slope = autograd.elementwise_grad(f)
        curvature = autograd.elementwise_grad(lambda u: slope(u) + 0 * u)  # noqa: B023
        yield equal(f"{name}: σ", activation.value(u), f(u), atol=rounding(64, 1 + np.abs(u)))
        yield equal(f"{name}: σ'", activation.slope(u), slope(u), atol=rounding(64, 1 + np.abs(u)))
        if by_value := activation.slope_by_value:
            yield equal(f"{name}: σ' by σ", by_value(f(u)), slope(u), atol=rounding(64, 1 + np.abs(u)))
        yield equal(f"{name}: σ''", activation.curvature(u), curvature(u), atol=rounding(64, 1 + np.abs(u)))


activations_know_their_derivatives.mutants({
    "slope on the wrong side": lambda slope=0.2: activations.leaky_relu(slope)._replace(
        slope=lambda u: 1.0 + (slope - 1) * (u > 0)
    ),
    "kink's slope in the curvature": lambda slope=0.2: activations.leaky_relu(slope)._replace(
        curvature=lambda u: slope + 0 * u
    ),
    "negative slope 1 % too large": lambda slope=0.2: activations.leaky_relu(1.01 * slope),
    "slope always 0.3": lambda slope=0.2: activations.leaky_relu(0.3),
    "another default": lambda slope=0.01: activations.leaky_relu(slope),
    "slope of the right side at the kink": lambda slope=0.2: activations.leaky_relu(slope)._replace(
        slope=lambda u: np.where(u < 0, slope, 1.0)
    ),
})
